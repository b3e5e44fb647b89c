"""The exchange as text, in the lines of `market_lines`: commands, `---`, events, and the books.

What stands before the first case sets every case's stage. A case begins with the date, and the overlay if there is
one: `on 2026-04-01 under example.house`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from case_files import Case, parametrised
from exchange_cases import rulebook
from market_lines import EXCHANGE, Played, played
from policy.exchange.commands import PRICE, QUANTITY
from policy.exchange.engine import COMMANDS, opened


def engine(on: str, under: str) -> Any:
    return opened(lambda date: rulebook(date, under), on)


def books(market: Any) -> Mapping[str, Iterable[Any]]:
    return {f"{instrument}, {venue}": each.book for (venue, instrument), each in market.register.markets.items()}


ENGINE = Played(COMMANDS, EXCHANGE, engine, books, PRICE, QUANTITY)


@parametrised("exchange")
def test_exchange(case: Case, update: bool) -> None:
    case.settle(played(case, ENGINE), update)
