"""Margin financing as text, in the lines of `market_lines`: commands, `---`, events.

What stands before the first case sets every case's stage. A case begins with the date, and the overlay if there is
one: `on 2026-04-01 under example.house`.
"""

from __future__ import annotations

from case_files import Case, parametrised
from financing_cases import lender
from market_lines import LENDER, Played, played
from policy.financing.engine import COMMANDS

ENGINE = Played(COMMANDS, LENDER, lender)


@parametrised("financing")
def test_margin_financing(case: Case, update: bool) -> None:
    case.settle(played(case, ENGINE), update)
