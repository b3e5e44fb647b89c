"""Products, quotients and months of unknowns, with exactly the interpreter's meaning.

Each becomes a new name. Its lemmas follow from its axiom and are easy on the solver; the axiom is exact and may be
hard (`axioms`). A quotient by a constant needs lemmas only. In: terms. Out: terms, with `Terms.lemmas` and
`Terms.axioms` of the new names.
"""

from __future__ import annotations

from functools import cache
from typing import assert_never

from policy.ir.operators import date_part as exact_part, divide, months_later as exactly, root as exact_root
from policy.model.values import LAST_DAY
from policy.verify.axioms import MonthsAxiom, PartAxiom, ProductAxiom
from policy.verify.terms import Term, Terms
from policy.vocabulary import PartOfDate, RoundingMode

_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
MOST_NEIGHBOURS = 12  # products or months that are compared with each new one


def product(t: Terms, a: Term, b: Term) -> Term:
    """`a * b`."""
    for x, y in ((a, b), (b, a)):
        if x.op == "num":
            return t.times(int(x.value), y)
        if x.constants:
            return t.leaves(x, lambda leaf, y=y: t.times(int(leaf.value), y))  # type: ignore[misc]
        if x.op == "*":
            return t.times(int(x.value), product(t, x.args[0], y))
    return t.once(("product", frozenset((a, b))), lambda: _new_product(t, a, b))


def _new_product(t: Terms, a: Term, b: Term) -> Term:
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high) if x is not None and y is not None]
    low, high = (min(corners), max(corners)) if len(corners) == 4 else (None, None)
    p = t.fresh("product", low, high)
    t.axioms[p] = ProductAxiom(p, a, b)
    zero = t.number(0)
    lemmas = [t.same(t.same(p, zero), t.any(t.same(a, zero), t.same(b, zero)))]
    positive_a, positive_b = t.less(zero, a), t.less(zero, b)
    negative_a, negative_b = t.less(a, zero), t.less(b, zero)
    minus_a, minus_b = t.times(-1, a), t.times(-1, b)
    for signs, x, y in (
        ((positive_a, positive_b), a, b),
        ((negative_a, negative_b), minus_a, minus_b),
    ):
        lemmas.append(t.implies(t.all(*signs), t.all(t.at_most(x, p), t.at_most(y, p))))
    for signs, x, y in (
        ((positive_a, negative_b), minus_a, b),
        ((negative_a, positive_b), a, minus_b),
    ):
        lemmas.append(t.implies(t.all(*signs), t.all(t.at_most(p, x), t.at_most(p, y))))
    t.lemmas[p] = lemmas
    for shared, other in ((a, b), (b, a)):
        neighbours = t.neighbours.setdefault(("product", shared), [])
        for before, neighbour in neighbours[-MOST_NEIGHBOURS:]:
            t.links.extend((p, neighbour, lemma) for lemma in _in_step(t, shared, (other, p), (before, neighbour)))
        neighbours.append((other, p))
    return p


def _in_step(t: Terms, shared: Term, one: tuple[Term, Term], other: tuple[Term, Term]) -> list[Term]:
    """Products with a common factor are ordered as their other factors are, or reversed."""
    zero = t.number(0)
    (x, p), (y, q) = one, other
    result = []
    for a, b, c, d in ((x, y, p, q), (y, x, q, p)):
        result.append(t.implies(t.all(t.at_most(zero, shared), t.at_most(a, b)), t.at_most(c, d)))
        result.append(t.implies(t.all(t.at_most(shared, zero), t.at_most(a, b)), t.at_most(d, c)))
    return result


def quotient(t: Terms, mode: RoundingMode, a: Term, b: Term) -> Term:
    """The exact quotient rounded to an int; any number where `b` is zero, which is a fault."""
    if b.op == "num":
        if b.value == 0:
            return t.number(0)
        if a.constants:
            divisor = int(b.value)
            return t.leaves(a, lambda leaf: t.number(divide(mode, int(leaf.value), divisor)))
    return t.once(("quotient", mode, a, b), lambda: _new_quotient(t, mode, a, b))


def _new_quotient(t: Terms, mode: RoundingMode, a: Term, b: Term) -> Term:
    bounds = [abs(x) + 1 for x in (a.low, a.high) if x is not None]
    most = max(bounds) if len(bounds) == 2 else None
    low = None if most is None else 0 if _never_negative(a) and _never_negative(b) else -most
    q = t.fresh("quotient", low, most)
    zero, size = t.number(0), t.size(b)
    twice = t.times(2, t.minus(a, product(t, q, b)))
    rest, whole = t.minus(a, product(t, q, b)), t.at_most(zero, a)
    neither = t.less(t.times(-1, size), rest), t.less(rest, size)
    from_below = t.all(t.at_most(zero, rest), neither[1])
    from_above = t.all(neither[0], t.at_most(rest, zero))
    half_below, half_above = t.at_most(t.times(-1, size), twice), t.at_most(twice, size)
    match mode:
        case "down":
            lemma = t.choose(whole, from_below, from_above)
        case "up":
            lemma = t.choose(whole, from_above, from_below)
        case "half up":
            ties = t.choose(whole, t.less(twice, size), t.less(t.times(-1, size), twice))
            lemma = t.all(half_below, half_above, ties)
        case "half even":
            tie = t.any(t.same(twice, size), t.same(twice, t.times(-1, size)))
            even = t.same(q, t.times(2, t.floor(q, 2)))
            lemma = t.all(half_below, half_above, t.implies(tie, even))
        case _:
            assert_never(mode)
    t.lemmas[q] = [t.any(t.same(b, zero), lemma)]
    if b.op == "num":
        _rising(t, (mode, b), a, q, t.false)
    return q


def root(t: Terms, a: Term) -> Term:
    """The square root rounded down; zero of what is below zero."""
    if a.op == "num":
        return t.number(exact_root(int(a.value)))
    return t.once(("root", a), lambda: _new_root(t, a))


def _new_root(t: Terms, a: Term) -> Term:
    r = t.fresh("root", 0, None if a.high is None else exact_root(a.high))
    square, zero = product(t, r, r), t.number(0)
    within = t.all(t.at_most(square, a), t.less(a, t.plus(square, t.times(2, r), t.number(1))))
    t.lemmas[r] = [t.choose(t.less(a, zero), t.same(r, zero), within)]
    _rising(t, "root", a, r, t.false)
    return r


def _never_negative(a: Term) -> bool:
    return a.low is not None and a.low >= 0


def _rising(t: Terms, kind: object, a: Term, result: Term, unless: Term) -> None:
    """Monotonicity: a greater operand gives no lesser result."""
    neighbours = t.neighbours.setdefault(kind, [])
    for before, neighbour in neighbours[-MOST_NEIGHBOURS:]:
        t.links.append(
            (result, neighbour, t.any(unless, t.implies(t.at_most(a, before), t.at_most(result, neighbour))))
        )
        t.links.append(
            (result, neighbour, t.any(unless, t.implies(t.at_most(before, a), t.at_most(neighbour, result))))
        )
    neighbours.append((a, result))


# ── the calendar ────────────────────────────────────────────────────────────────────────────


def months_later(t: Terms, day: Term, months: int) -> tuple[Term, Term]:
    """The day so many months on, and whether that is out of the calendar."""
    if day.op == "num":
        return _known_day(t, int(day.value), months)
    return t.once(("months", day, months), lambda: _new_months(t, day, months))


def date_part(t: Terms, part: PartOfDate, day: Term) -> tuple[Term, Term]:
    """A number of the calendar of the day, and whether the day is out of it."""
    if day.op == "num":
        try:
            return t.number(exact_part(part, int(day.value))), t.false
        except ValueError:
            return t.number(0), t.true
    return t.once(("part", part, day), lambda: _new_part(t, part, day))


def _new_part(t: Terms, part: PartOfDate, day: Term) -> tuple[Term, Term]:
    outside = t.no(t.all(t.at_most(t.number(1), day), t.at_most(day, t.number(LAST_DAY))))
    result = t.fresh(part.replace(" ", "_"), 1, {"year": 9_999, "month": 12, "day": 31, "day of the year": 366}[part])
    year, month, of_month, lemmas = _dated(t, day)
    of_year = t.minus(day, _days_before(t, year, t.number(0)))
    found = {"year": year, "month": t.plus(month, t.number(1)), "day": of_month, "day of the year": of_year}[part]
    whole = [t.any(outside, lemma) for lemma in (*lemmas, t.same(result, found))]
    t.axioms[result] = PartAxiom(result, part, day, tuple(whole))
    if part == "year":
        near = t.all(t.at_most(t.times(365, t.plus(result, t.number(-1))), day), t.less(day, t.times(367, result)))
        t.lemmas[result] = [t.any(outside, near)]
        _rising(t, "year", day, result, outside)
    return result, outside


def _dated(t: Terms, day: Term) -> tuple[Term, Term, Term, list[Term]]:
    """Year, month from zero and day of the month of a day of the calendar, and what holds of them."""
    year, month, of_month = t.once(
        ("calendar", day), lambda: (t.fresh("year", 1, 9_999), t.fresh("month", 0, 11), t.fresh("day", 1, 31))
    )
    is_day = t.same(day, t.plus(_days_before(t, year, month), of_month))
    return year, month, of_month, [is_day, t.at_most(of_month, _length(t, year, month))]


def _known_day(t: Terms, day: int, months: int) -> tuple[Term, Term]:
    try:
        return t.number(exactly(day, months)), t.false
    except ValueError:
        return t.number(day), t.true


def _new_months(t: Terms, day: Term, months: int) -> tuple[Term, Term]:
    in_calendar = t.all(t.at_most(t.number(1), day), t.at_most(day, t.number(LAST_DAY)))
    first, last = _edges(months)
    outside = t.no(t.all(in_calendar, t.at_most(t.number(first), day), t.at_most(day, t.number(last))))
    result = t.fresh("months", 1, LAST_DAY)
    about = months * 365_2425 // 12_0000
    near = t.all(
        t.at_most(t.plus(day, t.number(about - 4)), result), t.at_most(result, t.plus(day, t.number(about + 4)))
    )
    t.lemmas[result] = [t.any(outside, near)]
    _rising(t, ("months", months), day, result, outside)
    t.axioms[result] = MonthsAxiom(result, day, months, outside, tuple(_calendar(t, day, months, result)))
    return result, outside


@cache
def _edges(months: int) -> tuple[int, int]:
    """The first and the last day from which so many months on is still in the calendar."""

    def inside(day: int) -> bool:
        try:
            exactly(day, months)
        except ValueError:
            return False
        return True

    low, high = 1, LAST_DAY
    if months >= 0:
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if inside(middle) else (low, middle - 1)
        return 1, low if inside(low) else 0
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if inside(middle) else (middle + 1, high)
    return (low, LAST_DAY) if inside(low) else (1, 0)


def _calendar(t: Terms, day: Term, months: int, result: Term) -> list[Term]:
    """That `result` is the day of the month of `day`, or the last, in the month that comes so many months later."""
    year, month, of_month, lemmas = _dated(t, day)
    later = t.plus(t.times(12, year), month, t.number(months))
    year_later = t.floor(later, 12)
    month_later = t.minus(later, t.times(12, year_later))
    kept = t.least(of_month, _length(t, year_later, month_later))
    return [
        *lemmas,
        t.same(result, t.plus(_days_before(t, year_later, month_later), kept)),
    ]


def _leap(t: Terms, year: Term) -> Term:
    def divisible(by: int) -> Term:
        return t.same(year, t.times(by, t.floor(year, by)))

    return t.all(divisible(4), t.any(t.no(divisible(100)), divisible(400)))


def _length(t: Terms, year: Term, month: Term) -> Term:
    february = t.choose(_leap(t, year), t.number(29), t.number(28))
    short = t.any(*(t.same(month, t.number(m)) for m in (3, 5, 8, 10)))
    return t.choose(t.same(month, t.number(1)), february, t.choose(short, t.number(30), t.number(31)))


def _days_before(t: Terms, year: Term, month: Term) -> Term:
    """Days of the calendar before the first of the month; months count from zero."""
    past = t.plus(year, t.number(-1))
    whole = t.plus(t.times(365, past), t.floor(past, 4), t.times(-1, t.floor(past, 100)), t.floor(past, 400))
    in_year = t.number(_BEFORE_MONTH[11])
    for m in range(10, -1, -1):
        in_year = t.choose(t.at_most(month, t.number(m)), t.number(_BEFORE_MONTH[m]), in_year)
    leap_day = t.choose(t.all(t.less(t.number(1), month), _leap(t, year)), t.number(1), t.number(0))
    return t.plus(whole, in_year, leap_day)
