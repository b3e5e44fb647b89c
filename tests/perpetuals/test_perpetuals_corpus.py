"""The perpetuals desk as text, in the lines of `market_lines`: commands, `---`, events, and the books.

What stands before the first case sets every case's stage. A case begins with the date, and the overlay if there is
one: `on 2026-04-01 under example.house`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from case_files import Case, parametrised
from exchange_cases import rulebook
from market_lines import PERPETUALS, Played, played
from policy.perpetuals.commands import PRICE, SIZE
from policy.perpetuals.engine import COMMANDS, opened


def desk(on: str, under: str) -> Any:
    return opened(lambda date: rulebook(date, under), on)


def books(desk: Any) -> Mapping[str, Iterable[Any]]:
    return {name: contract.book for name, contract in desk.state.contracts.items()}


ENGINE = Played(COMMANDS, PERPETUALS, desk, books, PRICE, SIZE)


@parametrised("perpetuals")
def test_perpetuals(case: Case, update: bool) -> None:
    case.settle(played(case, ENGINE), update)
