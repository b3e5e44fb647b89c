"""Values of the oracle, and what operators make of them: fractions, unknowns, faults. Part of `model_oracle`."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from functools import partial
from math import ceil, floor, isqrt, trunc
from operator import add, eq, ge, gt, le, lt, mul, ne, neg, not_, sub
from typing import Any, get_args

from policy.answers import MISSING
from policy.model import types
from policy.model.types import Number, Type
from policy.vocabulary import CalendarOperator

Thunk = Callable[[], Any]

UNKNOWN = object()


class FaultError(Exception):
    """The rules give no answer."""


class NotJudgedError(Exception):
    """The oracle cannot tell: it keeps neither the needs of an unknown nor the scales of a program."""


def exact(raw: Any, of: Type) -> Any:
    """A fact in run-time form as the oracle has it: numbers and instants as fractions. Lists of facts are lists."""
    if raw is MISSING:
        return UNKNOWN
    match of if raw is not None else None:
        case types.OptionalOf(item):
            return exact(raw, item)
        case Number(_, scale):
            return raw / Fraction(10) ** scale
        case types.Instant():
            return Fraction(raw, 10**6)
        case types.ListOf(item):
            return [exact(r, item) for r in raw]
        case types.SetOf(item):
            return frozenset(exact(r, item) for r in raw)
        case _:
            return raw


def height(of: Type) -> Callable[[Any], Any]:
    """What things of a type are compared by: members of an order by how many are below."""
    if not isinstance(of, types.Enum):
        return lambda x: x
    lowest_first = of.members if of.first == "lowest" else tuple(reversed(of.members))
    return lambda member: lowest_first.index(member)


def rounded(mode: str, x: Fraction) -> int:
    away = {"down": floor, "up": ceil, "half up": lambda size: floor(size + Fraction(1, 2)), "half even": round}[mode]
    return away(abs(x)) * (-1 if x < 0 else 1)


def known(use: Callable[..., Any], *values: Any) -> Any:
    """What most operators do: unknown where an operand is."""
    return UNKNOWN if any(v is UNKNOWN for v in values) else use(*values)


def attempt(value: Thunk) -> Any:
    """The value of a branch that may not be taken; where it faults, one that is equal to nothing."""
    try:
        return value()
    except FaultError:
        return object()


def common(values: Sequence[Any]) -> Any:
    """What a choice gives whose condition is unknown: the value of all its branches, if they agree.

    Records and lists of facts never do, wherever they are from; written lists do by their elements.
    """
    first = values[0]
    if first is UNKNOWN or isinstance(first, dict | list) or any(v != first for v in values[1:]):
        return UNKNOWN
    if isinstance(first, tuple) and UNKNOWN in first:  # perhaps another unknown in each
        raise NotJudgedError
    return first


def decide(deciding: bool, values: Iterable[Any]) -> Any:
    """`and` (which False decides) or `or` (which True decides), from left to right."""
    unsure = False
    for value in values:
        if value is deciding:
            return deciding
        unsure |= value is UNKNOWN
    return UNKNOWN if unsure else not deciding


def branch(test: Any, then: Thunk, otherwise: Thunk) -> Any:
    if test is UNKNOWN:
        return common([attempt(then), attempt(otherwise)])
    return then() if test else otherwise()


def member(item: Any, items: Any) -> Any:
    if item is UNKNOWN or items is UNKNOWN:
        return UNKNOWN
    known = [i for i in items if i is not UNKNOWN]
    return item in known or (UNKNOWN if len(known) < len(items) else False)


def choose(hit: str, cases: Iterable[tuple[Thunk, Thunk]], none: Thunk, of: Type | None = None) -> Any:
    """What the rows of a table give: tests and values, and what holds where no test does."""
    unsure: list[Thunk] = []
    holding: list[Thunk] = []
    for test, value in cases:
        holds = test()
        if holds is UNKNOWN:
            unsure.append(value)
        elif holds:
            holding.append(value)
            if hit == "first":
                break
            if hit == "only" and len(holding) > 1:
                raise FaultError("two rows apply")
    if unsure and hit != "first":
        return UNKNOWN
    if hit in ("first", "only") or not holding:
        last = holding[0] if holding else none
        return common([attempt(v) for v in (*unsure, last)]) if unsure else last()
    values = [value() for value in holding]
    if UNKNOWN in values or hit == "sum":
        return UNKNOWN if UNKNOWN in values else sum(values)
    return (max if hit == "highest" else min)(values, key=height(of) if of is not None else None)


def remainder(whole: Fraction, part: Fraction) -> Fraction:
    """What is left of `whole` after taking `part`, which is not zero, as often as it fits; signed as `whole`."""
    return whole - part * trunc(whole / part)


def rounded_root(mode: str, x: Fraction) -> int:
    """The square root rounded to an int, by the whole numbers whose squares lie about it."""
    if x < 0:
        raise FaultError("square root of a negative number")
    below = next(r for r in range(isqrt(floor(x)), -1, -1) if r * r <= x)
    if below * below == x or mode == "down":
        return below
    if mode == "up":
        return below + 1
    middle = (below + Fraction(1, 2)) ** 2
    tie_is_up = mode == "half up" or below % 2 == 1
    return below + 1 if x > middle or (x == middle and tie_is_up) else below


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "is": eq, "is not": ne, "<": lt, "<=": le, ">": gt, ">=": ge, "+": add, "-": sub, "*": mul,
    "^": lambda a, b: a ** int(b), "modulo": remainder,
    "whole years from": lambda a, b: Fraction(whole_months(a, b) // 12),
    "whole months from": lambda a, b: Fraction(whole_months(a, b)),
    "is a multiple of": lambda a, b: remainder(a, b) == 0,
}  # fmt: skip


def _month_of(day: int, first: int, months: int) -> tuple[date, date]:
    """The first day of the run of months that holds `day`, runs beginning in `first`, and the first day after it."""
    at = date.fromordinal(day)
    month = at.month - (at.month - first) % months
    after = (at.year, month + months) if month + months <= 12 else (at.year + 1, month + months - 12)
    return date(at.year, month, 1), date(*after, 1)


def calendar(operator: str, day: int) -> Any:
    try:
        at = date.fromordinal(day)
        if operator.startswith(("first", "last")):
            start, after = _month_of(day, 1, {"month": 1, "quarter": 3, "year": 12}[operator.split()[4]])
            return start.toordinal() if operator.startswith("first") else after.toordinal() - 1
    except ValueError as failure:
        raise FaultError("out of the calendar") from failure
    return {"year of": at.year, "month of": at.month, "day of": at.day, "weekday of": at.isoweekday()}[operator]


CALENDAR = get_args(CalendarOperator)
UNARY: dict[str, Callable[[Any], Any]] = {
    "-": neg,
    "abs": abs,
    "not": not_,
    "is present": lambda x: x is not None,
    "is absent": lambda x: x is None,
    **{operator: partial(calendar, operator) for operator in CALENDAR},
}


def months_later(day: int, months: int) -> int:
    try:
        start = date.fromordinal(day)
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])).toordinal()
    except ValueError as failure:
        raise FaultError("out of the calendar") from failure


def whole_months(first: int, last: int) -> int:
    """The most months that lead from the first day no further than to the last, found by trying."""
    start, end = date.fromordinal(first), date.fromordinal(last)
    months = (end.year - start.year) * 12 + end.month - start.month

    def leads_further(months: int) -> bool:
        try:
            return months_later(first, months) > last
        except FaultError:
            return months > 0

    while leads_further(months):
        months -= 1
    assert leads_further(months + 1)
    return months


def on_calendar(works: dict[int, bool], operator: str, operands: Sequence[Any]) -> Any:
    """What is asked of a calendar, by going from day to day; `works` has all the days that it covers."""
    *count, day = operands
    if operator in ("business days after", "business days before") and count[0] is not UNKNOWN and count[0] < 1:
        raise FaultError("business days are counted from 1")
    if UNKNOWN in operands or day not in works:
        return UNKNOWN
    if operator == "a business day":
        return works[day]
    if operator == "business days between":
        if count[0] not in works:
            return UNKNOWN
        low, high = sorted((int(count[0]), day))
        return Fraction(sum(works[d] for d in range(low + 1, high + 1)) * (1 if count[0] <= day else -1))
    step = 1 if operator.endswith("after") else -1
    left, at = (int(count[0]), day + step) if count else (1, day)
    while at in works:
        left -= works[at]
        if left == 0:
            return at
        at += step
    return UNKNOWN
