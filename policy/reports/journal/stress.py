"""What a portfolio would lose under shocks to its prices, as rows and bars.

In: for each shock, what the accounts then came to and what the rules then did. Out: `StressRow`. Absent: the shocks
themselves, and any guess how clients would answer them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from attrs import evolve, frozen

from policy.answers import BilingualText
from policy.financing.commands import MONEY
from policy.model.values import scaled


@frozen
class StressRow:
    """One shock: collateral, loans and shortfall at once, then all that came of it until a day later.

    Money of loans is in HKD, of contracts in USD, `after` empty where an account could not be valued. `bar`,
    `bar_after` and `mark` are market value, value after the haircut and loans, in thousandths of the largest.
    """

    shock: BilingualText
    before: str
    after: str
    loans: str
    short: str
    calls: int
    called: str
    sales: int
    proceeds: str
    uncovered: str
    liquidations: int
    from_fund: str
    deleveraged: int
    unborne: str  # losses that neither margin nor fund could bear, and deleveraging did not take
    undecided: int  # buckets of which nobody can say whether they are to be liquidated, as a contract has no index
    bar: int = 0
    bar_after: int = 0
    mark: int = 0


def drawn_together(rows: Sequence[StressRow]) -> tuple[StressRow, ...]:
    """The rows with their bars on one scale."""
    longest = max((max(_cents(r.before), _cents(r.loans)) for r in rows), default=0) or 1
    return tuple(
        evolve(
            r,
            bar=1000 * _cents(r.before) // longest,
            bar_after=1000 * _cents(r.after) // longest,
            mark=1000 * _cents(r.loans) // longest,
        )
        for r in rows
    )


def _cents(text: str) -> int:
    """An amount of a row; none is zero."""
    value = scaled(Decimal(text or "0"), MONEY.scale)
    assert value is not None
    return value
