"""The perpetuals desk as text, in the lines of `market_lines`: commands, `---`, events, and the books.

What stands before the first case sets every case's stage. A case begins with the date, and the overlay if there is
one: `on 2026-04-01 under example.house`. The desk's money adds up after every line.
"""

from __future__ import annotations

from collections.abc import Mapping

from case_files import Case, parametrised
from exchange_cases import rulebook
from market_lines import PERPETUALS, Venue, played
from policy.exchange.book import Book
from policy.margin.perpetuals.commands import PRICE, SIZE
from policy.margin.perpetuals.desk import COMMANDS, Desk, opened


def desk(on: str, under: str) -> Desk:
    return opened(lambda date: rulebook(date, under), on)


def books(desk: Desk) -> Mapping[str, Book]:
    return {name: contract.book for name, contract in desk.state.contracts.items()}


def balanced(desk: Desk) -> bool:
    return desk.total() == desk.state.came_in


VENUE = Venue(COMMANDS, PERPETUALS, desk, books, PRICE, SIZE, balanced)


@parametrised("perpetuals")
def test_perpetuals(case: Case, update: bool) -> None:
    case.settle(played(case, VENUE), update)
