"""Shrinks a solution while it stays one: rounder numbers, fewer elements, later law.

In: facts that the interpreter has confirmed. Out: simpler facts that it confirms too. Absent: the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import takewhile
from typing import assert_never

from attrs import define

from policy.ir import program as ir
from policy.ir.operators import months_later
from policy.ir.program import Expr, Program, walk
from policy.model import types
from policy.model.rules import Parameters
from policy.model.types import Number, Quantity, Type
from policy.model.written import limits
from policy.verify.facts import DAYS, USUAL_DAY, USUAL_MOMENT, Fact, Given, usual

MOST_TRIES = 600
USUAL_MOMENTS = [USUAL_MOMENT + step for step in (0, 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000)]
USUAL_YEARS = (2026, 2027, 2025, 2028, 2024)
OTHER_TEXTS = ("other", "another", "a third")


def days_of(expressions: Iterable[Expr]) -> list[int]:
    """The days on which a rule changes, latest first."""
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
class Minimiser:
    """Greedy: each fact in turn becomes the simplest that keeps the solution, until nothing changes."""

    program: Program
    holds: Callable[[Given, int], bool]
    texts: tuple[str, ...]
    days: list[int] | None  # on which a rule changes; None where the date is given
    tries: int = 0

    def of(self, given: Given, parameters: Parameters, on: int) -> tuple[Given, int]:
        """The simplest facts and date found."""
        for day in self._days(on):
            if day == on or self.tried(given, day):
                on = day
                break
        else:
            given, on = self._in_usual_years(given, parameters, on)
        before = None
        while before != given and self.tries < MOST_TRIES:
            before = given
            for n, (_, of) in enumerate(parameters):

                def replaced(value: Fact, n: int = n, now: Given = given) -> Given:
                    return (*now[:n], value, *now[n + 1 :])

                value = self.smaller(given[n], of, None, None, lambda v: self.tried(replaced(v), on), on)
                given = replaced(value)
        return given, on

    def _in_usual_years(self, given: Given, parameters: Parameters, on: int) -> tuple[Given, int]:
        """The facts with all dates moved by as many years, into the years that people use."""
        then = date.fromordinal(on)
        for year in USUAL_YEARS if self.days is not None else ():
            by = year - then.year
            moved = tuple(self._moved(g, of, by) for g, (_, of) in zip(given, parameters, strict=True))
            day = _years_later(on, by)
            if self.tried(moved, day):
                return moved, day
        return given, on

    def _moved(self, value: Fact, of: Type, years: int) -> Fact:
        match of:
            case types.OptionalOf(item):
                return None if value is None else self._moved(value, item, years)
            case types.Record(name):
                return {f.name: self._moved(value[f.name], f.type, years) for f in self.program.records[name]}
            case types.ListOf(item):
                return [self._moved(v, item, years) for v in value]
            case types.Date():
                return _years_later(value, years)
            case types.SetOf() | types.Boolean() | types.Text() | types.Enum() | types.Instant() | Number():
                return value
            case types.Broken():
                return value
            case _:
                assert_never(of)

    def _days(self, on: int) -> list[int]:
        if self.days is None or on in self.days[:1]:
            return [on]
        candidates = [*self.days[:1], *self.days[1:], *(d - 1 for d in self.days), USUAL_DAY]
        return [d for d in candidates if DAYS[0] <= d <= DAYS[1]]

    def tried(self, given: Given, on: int) -> bool:
        self.tries += 1
        return self.tries < MOST_TRIES and self.holds(given, on)

    def smaller(
        self, value: Fact, of: Type, least: int | None, most: int | None, will_do: Callable[[Fact], bool], on: int
    ) -> Fact:
        """The simplest fact in place of `value` that keeps the solution."""
        match of:
            case types.OptionalOf(item):
                if value is None or will_do(None):
                    return None
                return self.smaller(value, item, least, most, will_do, on)
            case types.Record(name):
                for f in self.program.records[name]:

                    def field_will_do(v: Fact, n: str = f.name, now: Fact = value) -> bool:
                        return will_do({**now, n: v})

                    value = {**value, f.name: self.smaller(value[f.name], f.type, f.least, f.most, field_will_do, on)}
                return value
            case types.ListOf(item):
                for n in reversed(range(len(value))):
                    if will_do(value[:n] + value[n + 1 :]):
                        value = value[:n] + value[n + 1 :]
                for n in range(len(value)):

                    def element_will_do(v: Fact, n: int = n, now: Fact = value) -> bool:
                        return will_do([*now[:n], v, *now[n + 1 :]])

                    value = [
                        *value[:n],
                        self.smaller(value[n], item, None, None, element_will_do, on),
                        *value[n + 1 :],
                    ]
                return value
            case types.SetOf():
                for item_of in sorted(value):
                    if will_do(value - {item_of}):
                        value = value - {item_of}
                return value
            case types.Boolean():
                return self._first([False], value, will_do)
            case types.Enum(_, members):
                return self._first(members, value, will_do)
            case types.Text():
                return self._first((*self.texts, *OTHER_TEXTS), value, will_do)
            case types.Date() | types.Instant() | Number():
                low, high = limits(of, least, most)
                candidates = (c for c in _plainer(value, of, usual(of, least, most), on) if low <= c <= high)
                return self._first(candidates, value, will_do)
            case types.Broken():
                return value
            case _:
                assert_never(of)

    def _first(self, candidates: Iterable[Fact], value: Fact, will_do: Callable[[Fact], bool]) -> Fact:
        """The first candidate that keeps the solution, before the value itself."""
        before = takewhile(lambda candidate: candidate != value, candidates)
        return next(filter(will_do, before), value)


def _plainer(value: int, of: Quantity, usual: int, on: int) -> Iterator[int]:
    """What may stand for `value`, plainest first, whether or not the bounds allow it."""
    match of:
        case types.Date():
            yield from (usual, on, on - 1, on + 1, *_of_usual_years(value))
        case types.Instant():
            yield from (usual, *USUAL_MOMENTS)
        case Number(_, scale):
            yield from _rounder(value, scale)
        case _:
            assert_never(of)


def _of_usual_years(day: int) -> Iterator[int]:
    """The same day of the year in the years that people use."""
    for year in USUAL_YEARS:
        yield _years_later(day, year - date.fromordinal(day).year)


def _years_later(day: int, years: int) -> int:
    """The same day so many years later, or the day before where there is none; the day itself out of the calendar."""
    try:
        return months_later(day, 12 * years)
    except ValueError:
        return day


def _rounder(value: int, scale: int) -> Iterator[int]:
    """Numbers simpler than `value`, simplest first."""
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
