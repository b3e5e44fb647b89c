"""How well a margin would have covered what prices did: the backtest of a margin rule.

In: prices in the order of their times, how many of them a position is held for, and the rulebook's margin for a
notional value. Out: how often a loss went beyond the margin, and by how much. Absent: any margin; any overlap rule
(every price opens a position, so neighbouring observations share moves).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from policy.ir.operators import divide
from policy.market.book import BUY, SELL


@frozen
class Excess:
    """A position whose loss went beyond its margin; `opened` counts the prices from 0."""

    opened: int
    side: str
    loss: int
    beyond: int


@frozen
class MarginCoverage:
    """The count and size of exceptions, in the smallest unit of money; the rate in millionths, rounded down."""

    observations: int
    exceptions: int
    covered: int
    largest: int
    mean: int
    worst: Excess | None


def coverage(prices: Sequence[int], held: int, notional: int, margin: Callable[[int], int]) -> MarginCoverage:
    """Opens a long and a short of one notional value at every price and closes both `held` prices later.

    A long loses `notional × (1 − p1/p0)`, a short `notional × (p1/p0 − 1)`, rounded up to the smallest unit.
    """
    asked = margin(notional)
    found: list[Excess] = []
    observations = 0
    for opened, (before, after) in enumerate(zip(prices, prices[held:], strict=False)):
        for side, fall in ((BUY, before - after), (SELL, after - before)):
            observations += 1
            loss = divide("up", notional * fall, before)
            if loss > asked:
                found.append(Excess(opened, side, loss, loss - asked))
    beyond = [e.beyond for e in found]
    return MarginCoverage(
        observations=observations,
        exceptions=len(found),
        covered=10**6 * (observations - len(found)) // observations if observations else 0,
        largest=max(beyond, default=0),
        mean=divide("half even", sum(beyond), len(beyond)) if beyond else 0,
        worst=max(found, key=lambda e: e.beyond, default=None),
    )
