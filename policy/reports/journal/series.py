"""Amounts as texts, and figures that change, charted in no more room than a picture has.

In: amounts and moments. Out: their texts, and charts of steps of equal width, one a change, so that a crash of a
minute is as wide as a month without news. Absent: rounding; where changes share a step, it spans the highest and the
lowest of them.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field, frozen

from policy.model.types import Number, QuotedAmount
from policy.model.values import decimal_text

MOST_STEPS = 400
_APART = 190  # thousandths of the width between two dates, so that neither is written over the other
_LATE = 800  # a date beyond this ends at its mark


def plain(value: QuotedAmount, of: Number) -> str:
    """The decimal text of an amount, with two decimals at least and no more than say something."""
    whole, _, part = decimal_text(value, of.scale).partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"


def tidy(value: QuotedAmount | None, of: Number) -> str:
    """An amount with its currency; None is empty."""
    return f"{plain(value, of)} {of.currency}" if value is not None else ""


@define
class _Step:
    """Changes next to each other: when the first came, how many, and the span of their values."""

    at: int
    count: int
    low: int
    high: int
    last: int
    cap: int | None

    def join(self, other: _Step) -> None:
        self.count += other.count
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.last, self.cap = other.last, other.cap


@define
class Series:
    """A figure as it changes, and the cap that it must keep under, if there is one."""

    of: Number
    steps: list[_Step] = field(factory=list)
    cap: int | None = None

    def limit(self, at: int, cap: int) -> None:
        """From here on there is this cap."""
        changed, self.cap = cap != self.cap, cap
        if changed and self.steps:
            self._add(at, self.steps[-1].last)

    def add(self, at: int, value: int) -> None:
        if not self.steps or self.steps[-1].last != value:
            self._add(at, value)

    def _add(self, at: int, value: int) -> None:
        self.steps.append(_Step(at, 1, value, value, value, self.cap))
        if len(self.steps) > 2 * MOST_STEPS:
            for one, other in zip(self.steps[::2], self.steps[1::2], strict=False):
                one.join(other)
            self.steps = self.steps[::2]


@frozen
class Tick:
    """Where a day begins, in thousandths of the width; `late` where its date is written before the mark."""

    x: int
    on: str
    late: bool


@frozen
class Chart:
    """Steps in the coordinates of a picture 1000 wide and 1000 high, the line of a cap, and what to say of them."""

    path: str
    cap: str
    ticks: tuple[Tick, ...]
    changes: int
    highest: str
    lowest: str
    last: str
    top: str  # what the upper edge stands for


def chart_of(series: Series, moment: Callable[[int], str]) -> Chart | None:
    """The chart of a figure and of its cap; none where nothing ever changed. `moment` tells a time as data."""
    of, steps = series.of, series.steps
    if not any(s.high or s.low for s in steps):
        return None
    changes = sum(s.count for s in steps)
    top = max(1, *(max(s.high, s.cap or 0) for s in steps))
    path = cap = ""
    ticks: list[Tick] = []
    day = ""
    drawn = 0
    for step in steps:
        x = 1000 * drawn // changes
        drawn += step.count
        until = 1000 * drawn // changes
        high, low, last = (_y(value, top) for value in (step.high, step.low, step.last))
        path += f"{'V' if path else f'M{x} '}{high}" + (f"V{low}V{last}" if low != high else "") + f"H{until}"
        if step.cap is not None:
            y = _y(step.cap, top)
            cap += (f"V{y}" if cap else f"M{x} {y}") + f"H{until}"
        on = moment(step.at)[:10]
        if on != day:
            day = on
            if not ticks or x - ticks[-1].x >= _APART:
                ticks.append(Tick(x, on, x > _LATE))
    return Chart(
        path=path,
        cap=cap,
        ticks=tuple(ticks),
        changes=changes,
        highest=plain(max(s.high for s in steps), of),
        lowest=plain(min(s.low for s in steps), of),
        last=plain(steps[-1].last, of),
        top=plain(top, of),
    )


def _y(value: int, top: int) -> int:
    return 1000 - 1000 * max(value, 0) // top
