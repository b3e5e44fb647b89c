"""Shapes of expressions that are told in a way of their own. Part of `phrasing`."""

from __future__ import annotations

from collections.abc import Sequence

from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.model.traversal import walk
from policy.model.types import Type
from policy.model.values import show
from policy.reports.plain.names import record_of
from policy.reports.plain.wording import OPPOSITE, Comparison


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


def two_alike(e: Expression | str) -> tuple[Expression, Expression] | None:
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


def some_and_all(some: Expression | str, every: Expression | str) -> bool:
    """Whether of two conditions one is that each of many is so, and the other that there are any."""
    if not isinstance(some, x.Aggregate) or not isinstance(every, x.Aggregate):
        return False
    alike = (some.over, some.where, some.variable, some.body) == (every.over, every.where, every.variable, every.body)
    return some.kind == "any" and every.kind == "all" and alike


def _unit(e: Expression) -> str:
    of = types.inner_of(e.type)
    return of.unit.replace(" ", ":").partition(":")[0] if isinstance(of, types.Number) else ""


def is_rate(e: Expression) -> bool:
    return _unit(e) == "rate"


def is_nil(e: Expression) -> bool:
    """Whether something is no money."""
    return isinstance(e, x.Literal) and e.value == 0 and _unit(e) in ("money", "price")


def _greater_of(e: Expression) -> tuple[Expression, ...]:
    """The two of which something is the greater; nothing where it is no such."""
    return e.operands if isinstance(e, x.Chain) and e.operator == "max" and len(e.operands) == len("ab") else ()


def never_negative(e: Expression) -> tuple[Expression, Expression] | None:
    """What `max` with no money keeps from being negative, and the no money."""
    both = _greater_of(e)
    nil = next((o for o in both if is_nil(o)), None)
    return (next(o for o in both if o is not nil), nil) if nil is not None else None


def kept_above(e: Expression) -> tuple[Expression, x.Literal] | None:
    """What `max` with a number keeps from being less, and the number: nobody divides by nought."""
    both = _greater_of(e)
    least = next((o for o in both if isinstance(o, x.Literal)), None)
    return (next(o for o in both if o is not least), least) if least is not None else None


def without_guards(conditions: Sequence[Expression]) -> tuple[list[Expression], list[Expression]]:
    """The conditions without those that something is more than nil where another asks that it be more than, or at
    least, something else; and the things that are told as `if any`."""
    guards = [
        c
        for c in conditions
        if isinstance(c, x.Binary)
        and c.operator == ">"
        and is_nil(c.right)
        and any(
            isinstance(o, x.Binary) and o != c and o.operator in (">", ">=") and o.left == c.left for o in conditions
        )
    ]
    return [c for c in conditions if c not in guards], [c.left for c in guards]


def guarded(e: Expression) -> Expression | None:
    """The amount of which a condition asks that it be more than nil."""
    return e.left if isinstance(e, x.Binary) and e.operator == ">" and is_nil(e.right) else None


def within(part: Expression, whole: Expression | str | None) -> bool:
    """Whether a condition is about something, among other things."""
    if whole is None or isinstance(whole, str) or guarded(whole) is not None:
        return False
    return part in walk(whole)


def guards_first(conditions: Sequence[Expression]) -> list[Expression]:
    """The conditions, with that an amount is more than nil just before the first that computes with the amount."""
    told = list(conditions)
    for c in conditions:
        amount = guarded(c)
        user = next((o for o in told if amount is not None and within(amount, o)), None)
        if user is not None:
            told.remove(c)
            told.insert(told.index(user), c)
    return told


def some_time_after(e: Expression) -> tuple[Expression, int | Expression] | None:
    """A day or moment, and how many months or how long after it something is."""
    if isinstance(e, x.MonthsLater) and e.months > 0:
        return e.date, e.months
    if not isinstance(e, x.Binary) or e.operator != "+" or not isinstance(e.type, types.Date | types.Instant):
        return None
    return (e.left, e.right) if isinstance(e.right, x.Literal | x.Named) else None


def _as_said(e: Expression, holds: bool) -> tuple[Comparison | None, Expression]:
    """How something is compared with today."""
    if not isinstance(e, x.Binary) or not isinstance(e.right, x.Today) or e.operator not in OPPOSITE:
        return None, e
    operator: Comparison = e.operator
    return operator if holds else OPPOSITE[operator], e.left


def near_today(
    past: Expression, late: Expression, holds: bool, every: bool
) -> tuple[Expression, int | Expression] | None:
    """A day and how long: it is not after today and was no longer ago (where `every`), or it is or was."""
    (first, day), (second, then) = _as_said(past, holds), _as_said(late, holds)
    since = some_time_after(then)
    wanted = ("<=", ">=") if every else (">", "<")
    return since if since and since[0] == day and (first, second) == wanted else None
