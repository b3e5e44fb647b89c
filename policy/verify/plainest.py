"""Makes a case plainer, as long as it stays what was sought: rounder numbers, fewer elements, later law.

In: facts that the interpreter has confirmed. Out: facts that it confirms too. The solver takes no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from attrs import define

from policy.ir import program as ir
from policy.ir.operators import months_later
from policy.ir.program import Expr, Program, walk
from policy.model import types
from policy.model.types import Number, Type
from policy.verify.facts import DAYS, LARGEST_FACT

MOST_TRIES = 600
USUAL_DAY = date(2026, 1, 1).toordinal()
USUAL_MOMENT = 1_767_225_600_000_000  # 2026-01-01T00:00Z
USUAL_YEARS = (2026, 2027, 2025, 2028, 2024)
OTHER_TEXTS = ("other", "another", "a third")


def days_of(expressions: Iterator[Expr] | list[Expr]) -> list[int]:
    """The days on which something changes, latest first."""
    days = {
        c.value
        for e in expressions
        for x in walk(e)
        if isinstance(x, ir.Compare) and isinstance(x.left, ir.Today)
        for c in (x.right,)
        if isinstance(c, ir.Const) and isinstance(c.value, int)
    }
    return sorted(days, reverse=True)


@define
class Plainest:
    """Greedy: one fact after the other becomes the plainest that will do, until nothing changes."""

    program: Program
    holds: Callable[[tuple[Any, ...], int], bool]
    texts: tuple[str, ...]
    days: list[int] | None  # on which something changes; None where the date is given
    tries: int = 0

    def of(self, given: tuple[Any, ...], parameters: Any, on: int) -> tuple[tuple[Any, ...], int]:
        """The plainest facts and date found."""
        for day in self._days(on):
            if day == on or self.tried(given, day):
                on = day
                break
        else:
            given, on = self._in_usual_times(given, parameters, on)
        before = None
        while before != given and self.tries < MOST_TRIES:
            before = given
            for n, (_, of) in enumerate(parameters):

                def replaced(value: Any, n: int = n, now: tuple[Any, ...] = given) -> tuple[Any, ...]:
                    return (*now[:n], value, *now[n + 1 :])

                value = self.plainer(given[n], of, None, None, lambda v: self.tried(replaced(v), on), on)
                given = replaced(value)
        return given, on

    def _in_usual_times(self, given: tuple[Any, ...], parameters: Any, on: int) -> tuple[tuple[Any, ...], int]:
        """The case with all its dates moved by as many years, to where people think of them."""
        then = date.fromordinal(on)
        for year in USUAL_YEARS if self.days is not None else ():
            by = year - then.year
            moved = tuple(self._moved(g, of, by) for g, (_, of) in zip(given, parameters, strict=True))
            day = _years_later(on, by)
            if self.tried(moved, day):
                return moved, day
        return given, on

    def _moved(self, value: Any, of: Type, years: int) -> Any:
        match of:
            case types.OptionalOf(item):
                return None if value is None else self._moved(value, item, years)
            case types.Record(name):
                return {f.name: self._moved(value[f.name], f.type, years) for f in self.program.records[name]}
            case types.ListOf(item):
                return [self._moved(v, item, years) for v in value]
            case types.Date():
                return _years_later(value, years)
        return value

    def _days(self, on: int) -> list[int]:
        if self.days is None or on in self.days[:1]:
            return [on]
        candidates = [*self.days[:1], *self.days[1:], *(d - 1 for d in self.days), USUAL_DAY]
        return [d for d in candidates if DAYS[0] <= d <= DAYS[1]]

    def tried(self, given: tuple[Any, ...], on: int) -> bool:
        self.tries += 1
        return self.tries < MOST_TRIES and self.holds(given, on)

    def plainer(
        self, value: Any, of: Type, least: int | None, most: int | None, will_do: Callable[[Any], bool], on: int
    ) -> Any:
        """The plainest fact in the place of `value` that will do."""
        match of:
            case types.OptionalOf(item):
                if value is None or will_do(None):
                    return None
                return self.plainer(value, item, least, most, will_do, on)
            case types.Record(name):
                for f in self.program.records[name]:

                    def field_will_do(v: Any, n: str = f.name, now: Any = value) -> bool:
                        return will_do({**now, n: v})

                    value = {**value, f.name: self.plainer(value[f.name], f.type, f.least, f.most, field_will_do, on)}
                return value
            case types.ListOf(item):
                for n in reversed(range(len(value))):
                    if will_do(value[:n] + value[n + 1 :]):
                        value = value[:n] + value[n + 1 :]
                for n in range(len(value)):

                    def element_will_do(v: Any, n: int = n, now: Any = value) -> bool:
                        return will_do([*now[:n], v, *now[n + 1 :]])

                    value = [
                        *value[:n],
                        self.plainer(value[n], item, None, None, element_will_do, on),
                        *value[n + 1 :],
                    ]
                return value
            case types.SetOf():
                for item_of in sorted(value):
                    if will_do(value - {item_of}):
                        value = value - {item_of}
                return value
        for candidate in self._candidates(value, of, least, most, on):
            if candidate == value:
                break
            if will_do(candidate):
                return candidate
        return value

    def _candidates(self, value: Any, of: Type, least: int | None, most: int | None, on: int) -> Iterator[Any]:
        match of:
            case types.Boolean():
                yield False
            case types.Enum(_, members):
                yield from members
            case types.Text():
                yield from self.texts
                yield from OTHER_TEXTS
            case types.Date():
                yield from (d for d in (USUAL_DAY, on, on - 1, on + 1) if DAYS[0] <= d <= DAYS[1])
                yield from _of_usual_years(value)
            case types.Instant():
                yield USUAL_MOMENT
                yield from (USUAL_MOMENT + step for step in (1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000))
            case Number(_, scale):
                low = -LARGEST_FACT if least is None else least
                high = LARGEST_FACT if most is None else most
                yield from (c for c in _rounder(value, scale) if low <= c <= high)


def _of_usual_years(day: int) -> Iterator[int]:
    """The same day of the year in years that people think of."""
    for year in USUAL_YEARS:
        yield _years_later(day, year - date.fromordinal(day).year)


def _years_later(day: int, years: int) -> int:
    """The same day so many years later, or the day before where there is none; the day itself out of the calendar."""
    try:
        return months_later(day, 12 * years)
    except ValueError:
        return day


def _rounder(value: int, scale: int) -> Iterator[int]:
    """Numbers that are plainer than `value`, plainest first."""
    sign = -1 if value < 0 else 1
    unit = 10 ** max(0, scale)
    plain = [0, unit, 100 * unit, 1_000 * unit, 1_000_000 * unit, 1]
    digits = len(str(abs(value)))
    for kept in range(1, digits):
        step = 10 ** (digits - kept)
        down = abs(value) // step * step
        plain += [down, down + step]
    seen = set()
    for size in plain:
        if size not in seen and abs(value) != size:
            seen.add(size)
            yield sign * size
            if size and len(seen) < 7 and sign < 0:
                yield size
