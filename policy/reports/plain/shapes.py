"""Shapes of expressions that are told in a way of their own. Part of `phrasing`."""

from __future__ import annotations

from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.model.types import Type
from policy.model.values import show
from policy.reports.plain.names import record_of


def length_of_one(e: x.Literal) -> bool:
    """Whether something is one day, one month or the like, of which there may be many."""
    is_length = isinstance(e.type, types.Number) and e.type.unit in ("duration", "period")
    return is_length and show(e.value, e.type).startswith("1 ")


def compared_field(e: Expression) -> tuple[Expression, Expression, str] | None:
    """Two things of a kind, where a condition is that a field of both is the same, or is not; and that field."""
    if not isinstance(e, x.Binary) or e.operator not in ("is", "is not"):
        return None
    left, right = e.left, e.right
    if not isinstance(left, x.FieldAccess) or not isinstance(right, x.FieldAccess):
        return None
    of_a_kind = left.name == right.name and record_of(left.of) == record_of(right.of)
    return (left.of, right.of, left.name) if of_a_kind and left.of != right.of else None


def counts(of: Type) -> bool:
    """Whether nought of a type is nothing; that of a moment is a moment."""
    return isinstance(of, types.Number) and of.unit not in ("duration", "period")


def two_alike(e: Expression) -> tuple[Expression, Expression] | None:
    """The two things, where the condition is that they are the same in a field."""
    found = compared_field(e) if isinstance(e, x.Binary) and e.operator == "is" else None
    return found[:2] if found else None


def denies(e: Expression) -> bool:
    """Whether a condition is told by what is not so; denied, it is told by what is."""
    return isinstance(e, x.Unary | x.Binary) and e.operator in ("not", "is not", "not in", "is absent")


def other_of_two(e: Expression) -> x.Literal | None:
    """The other value, where something has one of two."""
    if not isinstance(e, x.Literal) or not isinstance(e.type, types.Enum) or len(e.type.members) != len("ab"):
        return None
    (other,) = (m for m in e.type.members if m != e.value)
    return x.Literal(other, type=e.type)


def some_and_all(some: Expression, every: Expression) -> bool:
    """Whether of two conditions one is that each of many is so, and the other that there are any."""
    if not isinstance(some, x.Aggregate) or not isinstance(every, x.Aggregate):
        return False
    alike = (some.over, some.where, some.variable, some.body) == (every.over, every.where, every.variable, every.body)
    return some.kind == "any" and every.kind == "all" and alike
