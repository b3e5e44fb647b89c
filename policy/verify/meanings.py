"""What a product or a day some months later exactly is, told to the solver whole or piece by piece.

Told whole, it is often too hard. So the solver first knows the laws only; where its case breaks a meaning, it is told
a piece of it, which is true everywhere and rules that case out.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Protocol

from attrs import frozen

from policy.ir.operators import months_later
from policy.verify.terms import Term, Terms, in_order

LAST_DAY = date.max.toordinal()
Values = dict[Term, int | bool]


class Meaning(Protocol):
    """What holds of a name, exactly."""

    def whole(self, t: Terms) -> list[Term]:
        """All of it."""

    def parts(self) -> tuple[Term, ...]:
        """The terms whose values tell whether it holds."""

    def piece(self, t: Terms, values: Values) -> list[Term]:
        """What of it rules these values out; nothing where it holds of them."""


@frozen(eq=False)
class Product:
    """`result` is `a` times `b`."""

    result: Term
    a: Term
    b: Term

    def whole(self, t: Terms) -> list[Term]:
        return [t.multiplied(self.result, self.a, self.b)]

    def parts(self) -> tuple[Term, ...]:
        return self.result, self.a, self.b

    def piece(self, t: Terms, values: Values) -> list[Term]:
        """The line on which one factor is as it is, and the plane that touches the product there."""
        p, x, y = (int(values[v]) for v in self.parts())
        if p == x * y:
            return []
        a, b, result = self.a, self.b, self.result
        at_x, at_y = t.same(a, t.number(x)), t.same(b, t.number(y))
        plane = t.plus(t.times(x, b), t.times(y, a), t.number(-x * y))
        above_x, above_y = t.at_most(t.number(x), a), t.at_most(t.number(y), b)
        below_x, below_y = t.at_most(a, t.number(x)), t.at_most(b, t.number(y))
        alike = t.any(t.all(above_x, above_y), t.all(below_x, below_y))
        apart = t.any(t.all(above_x, below_y), t.all(below_x, above_y))
        return [
            t.implies(at_x, t.same(result, t.times(x, b))),
            t.implies(at_y, t.same(result, t.times(y, a))),
            t.implies(alike, t.at_most(plane, result)),
            t.implies(apart, t.at_most(result, plane)),
        ]


@frozen(eq=False)
class Months:
    """`result` is the day so many months after `day`, unless that is `outside` the calendar."""

    result: Term
    day: Term
    months: int
    outside: Term
    calendar: tuple[Term, ...]

    def whole(self, t: Terms) -> list[Term]:
        return [t.any(self.outside, law) for law in self.calendar]

    def parts(self) -> tuple[Term, ...]:
        return self.result, self.day

    def piece(self, t: Terms, values: Values) -> list[Term]:
        """What it is in the month of that day."""
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


def pieces(t: Terms, names: set[Term], model: dict[str, int | bool]) -> list[Term]:
    """What rules out the model, of the meanings of these names; nothing where it keeps them all."""
    meanings = [t.meanings[n] for n in sorted(names, key=lambda n: str(n.value)) if n in t.meanings]
    values = valued([p for m in meanings for p in m.parts()], model)
    return [piece for m in meanings for piece in m.piece(t, values)]


def valued(roots: list[Term], model: dict[str, int | bool]) -> Values:
    """The values of terms in a model; what it leaves open is nought or false."""
    values: Values = {}
    for part in in_order(roots):
        values[part] = _value(part, [values[a] for a in part.args], model)
    return values


def _value(part: Term, args: list[int | bool], model: dict[str, int | bool]) -> int | bool:
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
    raise AssertionError(part.op)
