"""Axioms of products of unknowns and of months, instantiated lazily: counterexample-guided refinement (CEGAR).

Asserted whole, an axiom is often too hard for the solver. So it first knows lemmas only (`arithmetic`), which are an
over-approximation; where a model violates an axiom, an instance of the axiom is asserted that excludes the model.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import assert_never

from attrs import frozen

from policy.ir.operators import date_part, months_later
from policy.model.values import LAST_DAY
from policy.verify.terms import Term, Terms, Values, in_order
from policy.vocabulary import PartOfDate

Model = dict[str, int | bool]  # by name


@frozen(eq=False)
class ProductAxiom:
    """`result` is `a` times `b`."""

    result: Term
    a: Term
    b: Term

    def whole(self, t: Terms) -> list[Term]:
        return [t.multiplied(self.result, self.a, self.b)]

    def parts(self) -> tuple[Term, ...]:
        return self.result, self.a, self.b

    def instances(self, t: Terms, values: Values) -> list[Term]:
        """The lines where one factor has its value, and the plane tangent to the product there."""
        p, x, y = (int(values[v]) for v in self.parts())
        if p == x * y:
            return []
        a, b, result = self.a, self.b, self.result
        at_x, at_y = t.same(a, t.number(x)), t.same(b, t.number(y))
        plane = t.plus(t.times(x, b), t.times(y, a), t.number(-x * y))
        above_x, above_y = t.at_most(t.number(x), a), t.at_most(t.number(y), b)
        below_x, below_y = t.at_most(a, t.number(x)), t.at_most(b, t.number(y))
        same_side = t.any(t.all(above_x, above_y), t.all(below_x, below_y))
        other_side = t.any(t.all(above_x, below_y), t.all(below_x, above_y))
        return [
            t.implies(at_x, t.same(result, t.times(x, b))),
            t.implies(at_y, t.same(result, t.times(y, a))),
            t.implies(same_side, t.at_most(plane, result)),
            t.implies(other_side, t.at_most(result, plane)),
        ]


@frozen(eq=False)
class MonthsAxiom:
    """`result` is the day so many months after `day`, unless that is `outside` the calendar."""

    result: Term
    day: Term
    months: int
    outside: Term
    calendar: tuple[Term, ...]

    def whole(self, t: Terms) -> list[Term]:
        return [t.any(self.outside, lemma) for lemma in self.calendar]

    def parts(self) -> tuple[Term, ...]:
        return self.result, self.day

    def instances(self, t: Terms, values: Values) -> list[Term]:
        """The result for every day of the same month."""
        result, day = (int(values[v]) for v in self.parts())
        if not 1 <= day <= LAST_DAY:
            return []
        try:
            later = months_later(day, self.months)
        except ValueError:
            return []
        if later == result:
            return []
        first = date.fromordinal(day).replace(day=1)
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1) if first < date(9999, 12, 1) else None
        last = following.toordinal() - 1 if following else LAST_DAY
        start = months_later(first.toordinal(), self.months)
        longest = months_later(last, self.months)
        here = t.all(t.at_most(t.number(first.toordinal()), self.day), t.at_most(self.day, t.number(last)))
        shifted = t.plus(self.day, t.number(start - first.toordinal()))
        capped = t.least(shifted, t.number(max(longest, months_later(last, self.months))))
        return [t.implies(here, t.same(self.result, capped))]


@frozen(eq=False)
class PartAxiom:
    """`result` is a number of the calendar of `day`, unless that is out of the calendar."""

    result: Term
    part: PartOfDate
    day: Term
    calendar: tuple[Term, ...]

    def whole(self, t: Terms) -> list[Term]:
        return list(self.calendar)

    def parts(self) -> tuple[Term, ...]:
        return self.result, self.day

    def instances(self, t: Terms, values: Values) -> list[Term]:
        """The result for every day of the same month, or of the same year."""
        result, day = (int(values[v]) for v in self.parts())
        if not 1 <= day <= LAST_DAY or date_part(self.part, day) == result:
            return []
        at = date.fromordinal(day)
        of_year = self.part in ("year", "day of the year")
        first = at.replace(day=1, month=1 if of_year else at.month).toordinal()
        last = date(at.year, 12, 31) if of_year else at.replace(day=monthrange(at.year, at.month)[1])
        here = t.all(t.at_most(t.number(first), self.day), t.at_most(self.day, t.number(last.toordinal())))
        is_number = self.part in ("year", "month")
        found = t.number(date_part(self.part, day)) if is_number else t.plus(self.day, t.number(1 - first))
        return [t.implies(here, t.same(self.result, found))]


def instances(t: Terms, names: set[Term], model: Model) -> list[Term]:
    """Instances of the axioms of these names that exclude the model; none where it satisfies them all."""
    axioms = [t.axioms[n] for n in sorted(names, key=lambda n: str(n.value)) if n in t.axioms]
    values = valued([p for a in axioms for p in a.parts()], model)
    return [instance for a in axioms for instance in a.instances(t, values)]


def valued(roots: list[Term], model: Model) -> Values:
    """The values of terms in a model; names that it leaves open are zero or false."""
    values: Values = {}
    for part in in_order(roots):
        values[part] = _value(part, [values[a] for a in part.args], model)
    return values


def _value(part: Term, args: list[int | bool], model: Model) -> int | bool:
    match part.op:
        case "num":
            return int(part.value)
        case "true" | "false":
            return part.op == "true"
        case "name":
            return model.get(str(part.value), 0 if part.sort == "Int" else False)
        case "not":
            return not args[0]
        case "and":
            return all(args)
        case "or":
            return any(args)
        case "=":
            return args[0] == args[1]
        case "<=":
            return args[0] <= args[1]
        case "+":
            return sum(args)
        case "*":
            return int(part.value) * args[0]
        case "div":
            return args[0] // int(part.value)
        case "ite":
            return args[1] if args[0] else args[2]
        case "product":
            raise AssertionError("a product occurs in axioms only")
        case _:
            assert_never(part.op)
