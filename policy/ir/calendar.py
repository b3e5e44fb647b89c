"""Operators of the calendar as arithmetic on days, of which the first is a Monday. Part of `lower`.

A written number of months has a node of its own; of any other the month and its last day are worked out.
"""

from __future__ import annotations

from typing import assert_never

from policy.ir.logic import any_of, once, remainder
from policy.ir.program import Arithmetic, Compare, Const, DatePart, Divide, Expr, Fault, If, MonthsLater
from policy.vocabulary import ArithmeticOperator, CalendarOperator, ElapsedOperator

_ONE = Const(1)


def calendar(operator: CalendarOperator, day: Expr) -> Expr:
    match operator:
        case "year of":
            return DatePart("year", day)
        case "month of":
            return DatePart("month", day)
        case "day of":
            return DatePart("day", day)
        case "weekday of":
            return Arithmetic("+", remainder(_before(day), Const(7)), _ONE)
        case "first day of the month of":
            return _first_of_month(day)
        case "last day of the month of":
            return _before(MonthsLater(_first_of_month(day), 1))
        case "first day of the quarter of":
            return _first_of_quarter(day)
        case "last day of the quarter of":
            return _before(MonthsLater(_first_of_quarter(day), 3))
        case "first day of the year of":
            return _first_of_year(day)
        case "last day of the year of":
            return _before(MonthsLater(_first_of_year(day), 12))
        case _:
            assert_never(operator)


def _before(day: Expr) -> Expr:
    return Arithmetic("-", day, _ONE)


def _first_of_month(day: Expr) -> Expr:
    return Arithmetic("-", day, _before(DatePart("day", day)))


def _first_of_year(day: Expr) -> Expr:
    return Arithmetic("-", day, _before(DatePart("day of the year", day)))


def _first_of_quarter(day: Expr) -> Expr:
    """The first of the year, and three, six or nine months later from April, July or October on."""
    first = result = _first_of_year(day)
    for months in (3, 6, 9):
        begun = Compare(">", DatePart("month", day), Const(months))
        result = If(begun, MonthsLater(first, months), result)
    return result


# ── months that are worked out ──────────────────────────────────────────────────────────────

_OUTSIDE = Fault("a date is out of the calendar")


def months_later(day: Expr, months: Expr) -> Expr:
    """The day so many months on, or the last of that month where it is shorter."""
    if isinstance(months, Const):
        return MonthsLater(day, months.value)
    return once(day, lambda d: once(_with(_month(d), "+", months), lambda month: _in_month(d, month)))


def _in_month(day: Expr, month: Expr) -> Expr:
    outside = any_of([Compare("<", month, Const(12)), Compare(">", month, Const(9_999 * 12 + 11))])
    same_day = _with(_before(_first_of(month)), "+", DatePart("day", day))
    return If(outside, _OUTSIDE, Arithmetic("min", same_day, _before(_first_of(_with(month, "+", _ONE)))))


def _month(day: Expr) -> Expr:
    """The month of a day, counted from January of the year nought."""
    return _with(_with(DatePart("year", day), "*", Const(12)), "+", _before(DatePart("month", day)))


def _first_of(month: Expr) -> Expr:
    """The first day of a month that is counted from January of the year nought.

    Years begin in March here, so that a leap day ends one. Five months have 153 days, again and again.
    """

    def of_march(since: Expr) -> Expr:
        return once(Divide("down", since, Const(12)), lambda year: of_year(since, year))

    def of_year(since: Expr, year: Expr) -> Expr:
        passed = _with(since, "-", _with(year, "*", Const(12)))
        days = Divide("down", _with(_with(passed, "*", Const(153)), "+", Const(2)), Const(5))
        fourth, hundredth, last = (Divide("down", year, Const(n)) for n in (4, 100, 400))
        leaps = _with(_with(fourth, "-", hundredth), "+", last)
        return _with(_with(_with(_with(year, "*", Const(365)), "+", leaps), "+", days), "-", Const(305))

    return once(_with(month, "-", Const(2)), of_march)


def elapsed(operator: ElapsedOperator, first: Expr, last: Expr) -> Expr:
    """The most whole months, or years, that lead from the first day no further than to the last."""
    months = once(first, lambda a: once(last, lambda b: _months_between(a, b)))
    match operator:
        case "whole months from":
            return months
        case "whole years from":
            return once(months, _floor_of_twelfth)
        case _:
            assert_never(operator)


def _months_between(a: Expr, b: Expr) -> Expr:
    """A month that is shorter than the day of the first counts as whole on its last day."""
    started = Compare(">", DatePart("day", a), DatePart("day", b))
    ends = Compare("is", DatePart("day", _with(b, "+", _ONE)), _ONE)
    return _with(_with(_month(b), "-", _month(a)), "-", If(started, If(ends, Const(0), _ONE), Const(0)))


def _floor_of_twelfth(months: Expr) -> Expr:
    """Rounded down, also below nought."""
    below = _with(months, "-", Const(11))
    return Divide("down", If(Compare("<", months, Const(0)), below, months), Const(12))


def _with(a: Expr, operator: ArithmeticOperator, b: Expr) -> Expr:
    return Arithmetic(operator, a, b)
