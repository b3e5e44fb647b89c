"""Amounts read exactly, and figures drawn change by change in no more room than a picture has.

In: amounts as events write them, and moments. Out: integers at one scale, and steps of equal width, one a change, so
that a crash of a minute is as wide as a month without news. Absent: rounding; where changes share a step, it spans
the highest and the lowest of them.
"""

from __future__ import annotations

from datetime import datetime

from attrs import define, field, frozen

from policy.model.values import decimal_text, microseconds
from policy.reports.plain.amounts import in_hong_kong

SCALE = 12  # more decimals than any amount of the engines has
MOST_STEPS = 400
_APART = 190  # thousandths of the width between two dates, so that neither is written over the other
_LATE = 800  # a date beyond this ends at its mark


def exact(text: str | None) -> int:
    """An amount without its currency, as an integer at `SCALE`; nothing is 0."""
    if not text:
        return 0
    whole, _, part = text.partition(" ")[0].partition(".")
    assert len(part) <= SCALE, f"`{text}` has more decimals than an amount can"
    return int(whole + part.ljust(SCALE, "0"))


def plain(value: int) -> str:
    """The decimal text of an amount, with two decimals at least."""
    whole, _, part = decimal_text(value, SCALE).partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"


def tidy(value: int, currency: str) -> str:
    """An amount with its currency, and no more decimals than say something."""
    return f"{plain(value)} {currency}"


def tidied(text: str | None) -> str:
    """An amount as an event writes it, without the zeros that say nothing; nothing is empty."""
    return tidy(exact(text), text.rpartition(" ")[2]) if text else ""


def local(iso: str | None) -> str:
    """A moment as an event writes it, in Hong Kong's time; nothing is empty."""
    return in_hong_kong(microseconds(datetime.fromisoformat(iso))) if iso else ""


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
class Course:
    """A figure as it changes, and the cap that it must keep under, if there is one."""

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
class Drawn:
    """Steps in the coordinates of a picture 1000 wide and 1000 high, the line of a cap, and what to say of them."""

    path: str
    cap: str
    ticks: tuple[Tick, ...]
    changes: int
    highest: str
    lowest: str
    last: str
    top: str  # what the upper edge stands for


def drawn(course: Course) -> Drawn | None:
    """The picture of a figure and of its cap; none where nothing ever changed."""
    steps = course.steps
    if not any(s.high or s.low for s in steps):
        return None
    changes = sum(s.count for s in steps)
    top = max(1, *(max(s.high, s.cap or 0) for s in steps))
    path = cap = ""
    ticks: list[Tick] = []
    day = ""
    passed = 0
    for step in steps:
        x = 1000 * passed // changes
        passed += step.count
        until = 1000 * passed // changes
        high, low, last = (_y(value, top) for value in (step.high, step.low, step.last))
        path += f"{'V' if path else f'M{x} '}{high}" + (f"V{low}V{last}" if low != high else "") + f"H{until}"
        if step.cap is not None:
            y = _y(step.cap, top)
            cap += (f"V{y}" if cap else f"M{x} {y}") + f"H{until}"
        on = in_hong_kong(step.at)[:10]
        if on != day:
            day = on
            if not ticks or x - ticks[-1].x >= _APART:
                ticks.append(Tick(x, on, x > _LATE))
    return Drawn(
        path=path,
        cap=cap,
        ticks=tuple(ticks),
        changes=changes,
        highest=plain(max(s.high for s in steps)),
        lowest=plain(min(s.low for s in steps)),
        last=plain(steps[-1].last),
        top=plain(top),
    )


def _y(value: int, top: int) -> int:
    return 1000 - 1000 * max(value, 0) // top
