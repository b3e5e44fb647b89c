"""Operators of the calendar as arithmetic on days, of which the first is a Monday. Part of `lower`."""

from __future__ import annotations

from typing import assert_never

from policy.ir.logic import remainder
from policy.ir.program import Arithmetic, Compare, Const, DatePart, Expr, If, MonthsLater
from policy.vocabulary import CalendarOperator

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
