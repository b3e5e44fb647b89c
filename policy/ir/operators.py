"""What each operator does to known operands. The one table that the interpreter and the simplifier share.

Every backend has a table of its own with the same keys; a test holds them together.
"""

from __future__ import annotations

import calendar
import operator
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from math import isqrt
from typing import Literal, assert_never

from policy.vocabulary import (
    ArithmeticOperator,
    ComparisonOperator,
    MostKind,
    PartOfDate,
    ProgramAggregate,
    ReductionKind,
    RoundingMode,
    RuntimeValue,
)

_LAST_DAY = date.max.toordinal()


def _within(item: RuntimeValue, items: RuntimeValue) -> bool:
    return item in items


COMPARE: dict[ComparisonOperator, Callable[[RuntimeValue, RuntimeValue], bool]] = {
    "is": operator.eq,
    "is not": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": _within,
}

AGGREGATE_OF: dict[Literal["highest", "lowest", "sum"], ReductionKind] = {
    "highest": "max",
    "lowest": "min",
    "sum": "sum",
}  # what a hit policy makes of the rows that apply

ARITHMETIC: dict[ArithmeticOperator, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "min": min,
    "max": max,
}


def divide(mode: RoundingMode, numerator: int, denominator: int) -> int:
    """The exact quotient rounded to an int, as the General Decimal Arithmetic names the directions.

    `down` is towards zero, `up` away from zero; `half up` breaks ties away from zero, `half even` to the even
    neighbour. Raises ZeroDivisionError.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, rest = divmod(abs(numerator), denominator)
    if rest:
        match mode:
            case "half even":
                quotient += 2 * rest + quotient % 2 > denominator
            case "half up":
                quotient += 2 * rest >= denominator
            case "down":
                pass
            case "up":
                quotient += 1
            case _:
                assert_never(mode)
    return -quotient if numerator < 0 else quotient


def date_part(part: PartOfDate, day: int) -> int:
    """A number of the calendar. Raises ValueError out of it, which has the years 1 to 9999."""
    if not 1 <= day <= _LAST_DAY:
        raise ValueError(day)
    at = date.fromordinal(day)
    match part:
        case "year":
            return at.year
        case "month":
            return at.month
        case "day":
            return at.day
        case "day of the year":
            return day - date(at.year, 1, 1).toordinal() + 1
        case _:
            assert_never(part)


def root(operand: int) -> int:
    """The square root rounded down to an int; zero of what is below zero."""
    return isqrt(max(0, operand))


def months_later(day: int, months: int) -> int:
    """The day `months` calendar months on, or the last of that month where it is shorter.

    Raises ValueError out of the calendar, which has the years 1 to 9999.
    """
    if not 1 <= day <= _LAST_DAY:
        raise ValueError(day)
    start = date.fromordinal(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9_999:
        raise ValueError(year)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)).toordinal()


def only(values: list[RuntimeValue]) -> RuntimeValue:
    """The one value. Raises LookupError where there is none, or another."""
    if len(values) != 1:
        raise LookupError("there are several elements where one is meant" if values else "there is no such element")
    return values[0]


def median(values: Iterable[int]) -> int | None:
    """The sum of the two values in the middle, or twice the one that is; None of nothing."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2] if ordered else None


def sum_of_most(kind: MostKind, values: Iterable[int], most: int) -> int:
    """The sum of so many of the largest, or smallest, values; of all where there are fewer."""
    return sum(sorted(values, reverse=kind == "largest")[:most])


def in_order(keys: Sequence[tuple[int, ...]], most: int) -> list[int]:
    """The places of so many elements, or of all, by ascending keys; equal ones in the order that they are in."""
    return sorted(range(len(keys)), key=keys.__getitem__)[: most or None]


def aggregate(kind: ProgramAggregate, values: list[RuntimeValue], most: int = 0) -> RuntimeValue:
    """The aggregate of the values; None for the least, greatest or first of nothing. Raises LookupError."""
    match kind:
        case "sum":
            return sum(values)
        case "count":
            return len(values)
        case "count distinct":
            return len(set(values))
        case "min":
            return min(values, default=None)
        case "max":
            return max(values, default=None)
        case "any":
            return any(values)
        case "all":
            return all(values)
        case "median":
            return median(values)
        case "largest" | "smallest":
            return sum_of_most(kind, values, most)
        case "list":
            return tuple(values)
        case "first":
            return next(iter(values), None)
        case "only":
            return only(values)
        case _:
            assert_never(kind)
