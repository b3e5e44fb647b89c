"""Calendars as functions, and what is asked of them. Part of `from_model` and `lower`.

In: a calendar of the model. Out: three functions of nodes that exist, each a choice among the calendar's versions,
so that an answer cites what it looked at: whether a day is a business day, how many there are up to it, and which
the so-manieth is. Days of rest are arithmetic, holidays a search by halves. Outside the days that the calendar covers
nothing is known, and the calendar is what an answer needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from policy.answers import BilingualText
from policy.ir.logic import once, remainder
from policy.ir.program import (
    And,
    Arithmetic,
    Call,
    Case,
    Choose,
    Compare,
    Const,
    Divide,
    Expr,
    Fault,
    Function,
    If,
    Location,
    Missing,
    Not,
    Variable,
)
from policy.model import rules, types
from policy.model.values import show
from policy.vocabulary import BusinessDayOperator

ELAPSED, NTH = "#elapsed", "#day"
_DAY, _NUMBER = Variable("day"), Variable("number")
_WEEK = 7


# ── what is asked ───────────────────────────────────────────────────────────────────────────


def asked(operator: BusinessDayOperator, calendar: str, operands: Sequence[Expr]) -> Expr:
    def is_business_day(day: Expr) -> Expr:
        return Call(calendar, (day,))

    def elapsed(day: Expr) -> Expr:
        return Call(calendar + ELAPSED, (day,))

    def nth(number: Expr) -> Expr:
        return Call(calendar + NTH, (number,))

    def before(day: Expr) -> Expr:
        """How many there are before the day itself."""
        return _minus(elapsed(day), If(is_business_day(day), Const(1), Const(0)))

    match operator:
        case "a business day":
            return is_business_day(operands[0])
        case "business days after":
            return once(operands[1], lambda d: _counted(operands[0], lambda n: nth(_plus(elapsed(d), n))))
        case "business days before":
            return once(
                operands[1], lambda d: _counted(operands[0], lambda n: nth(_minus(_plus(before(d), Const(1)), n)))
            )
        case "business day on or after":
            return once(operands[0], lambda d: If(is_business_day(d), d, nth(_plus(elapsed(d), Const(1)))))
        case "business day on or before":
            return once(operands[0], lambda d: If(is_business_day(d), d, nth(elapsed(d))))
        case "business days between":
            return _minus(elapsed(operands[1]), elapsed(operands[0]))
        case _:
            assert_never(operator)


def _counted(number: Expr, use: Callable[[Expr], Expr]) -> Expr:
    """What is made of a number of business days, of which there is at least one."""
    none = Fault("business days are counted from 1")
    return once(number, lambda n: If(Compare("<", n, Const(1)), none, use(n)))


# ── what a calendar is ──────────────────────────────────────────────────────────────────────


def functions_of(d: rules.Calendar, place: Callable[[rules.CalendarVersion], Location]) -> list[Function]:
    """The functions of a calendar, without overflow checks."""
    week = _Week(d.rest)
    days: list[Case] = []
    counts: list[Case] = []
    nths: list[Case] = []
    begun = 0  # business days before the version
    for v in d.versions:
        assert v.start is not None
        assert v.end is not None
        holidays = sorted(day for day, _ in v.holidays if week.works(day))
        offset = begun - week.worked(v.start - 1)
        label = f"from {show(v.start, types.DATE)} until {show(v.end, types.DATE)}"
        within = And((Compare(">=", _DAY, Const(v.start)), Compare("<", _DAY, Const(v.end))))
        works = And((Not(Compare("in", _DAY, Const(frozenset(holidays)))), week.is_worked(_DAY)))
        count = _minus(_plus(week.worked_up_to(_DAY), Const(offset)), _reached(_DAY, holidays))
        reached = [offset + week.worked(day) - n for n, day in enumerate(holidays)]
        nth = week.day_of(_plus(_minus(_NUMBER, Const(offset)), _reached(_NUMBER, reached)))
        ended = offset + week.worked(v.end - 1) - len(holidays)
        here = And((Compare(">", _NUMBER, Const(begun)), Compare("<=", _NUMBER, Const(ended))))
        for cases, condition, value in ((days, within, works), (counts, within, count), (nths, here, nth)):
            cases.append(Case(condition, value, label, v.citations, place(v)))
        begun = ended
    return [
        _function(d, "", types.BOOLEAN, ("day", types.DATE), days),
        _function(d, ELAPSED, types.INTEGER, ("day", types.DATE), counts),
        _function(d, NTH, types.DATE, ("number", types.INTEGER), nths),
    ]


def _function(
    d: rules.Calendar, suffix: str, of: types.Type, parameter: tuple[str, types.Type], cases: list[Case]
) -> Function:
    body = Choose("first", tuple(cases), Missing(d.name))
    title = d.title if not suffix else BilingualText("")
    return Function(id=d.id + suffix, kind=d.kind, title=title, parameters=(parameter,), type=of, body=body)


class _Week:
    """The days of the week that are worked, as arithmetic on days, of which the first is a Monday."""

    def __init__(self, rest: Sequence[int]) -> None:
        self.days = [day for day in range(1, _WEEK + 1) if day not in rest]

    def works(self, day: int) -> bool:
        return (day - 1) % _WEEK + 1 in self.days

    def worked(self, day: int) -> int:
        """How many days are worked up to a day."""
        weeks, more = divmod(day, _WEEK)
        return weeks * len(self.days) + sum(d <= more for d in self.days)

    def is_worked(self, day: Expr) -> Expr:
        weekday = _plus(remainder(_minus(day, Const(1)), Const(_WEEK)), Const(1))
        return Compare("in", weekday, Const(frozenset(self.days)))

    def worked_up_to(self, day: Expr) -> Expr:
        weeks = Divide("down", day, Const(_WEEK))
        more = remainder(day, Const(_WEEK))
        return _plus(Arithmetic("*", weeks, Const(len(self.days))), _reached(more, self.days))

    def day_of(self, number: Expr) -> Expr:
        """The day that is worked as the so-manieth."""

        def of(n: Expr) -> Expr:
            weeks = Divide("down", n, Const(len(self.days)))
            more = remainder(n, Const(len(self.days)))
            return _plus(Arithmetic("*", weeks, Const(_WEEK)), _one_of(self.days, more))

        return once(_minus(number, Const(1)), of)


def _reached(x: Expr, steps: Sequence[int], before: int = 0) -> Expr:
    """How many of the steps, which rise, are no higher than `x`."""
    if not steps:
        return Const(before)
    half = len(steps) // 2
    low, high = _reached(x, steps[:half], before), _reached(x, steps[half + 1 :], before + half + 1)
    return If(Compare("<", x, Const(steps[half])), low, high)


def _one_of(values: Sequence[int], at: Expr, first: int = 0) -> Expr:
    """The value at a place, of which the first is at `first`."""
    if len(values) == 1:
        return Const(values[0])
    half = len(values) // 2
    low, high = _one_of(values[:half], at, first), _one_of(values[half:], at, first + half)
    return If(Compare("<", at, Const(first + half)), low, high)


def _plus(a: Expr, b: Expr) -> Expr:
    return Arithmetic("+", a, b)


def _minus(a: Expr, b: Expr) -> Expr:
    return Arithmetic("-", a, b)
