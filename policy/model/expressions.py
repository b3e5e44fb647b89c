"""Typed expressions: every name resolved, every node with its type and its span.

Scales are still the author's; making them meet is the business of `ir.from_model`.
"""

from __future__ import annotations

from typing import assert_never

from attrs import field, frozen

from policy.model.types import Type
from policy.source import NOWHERE, Span
from policy.vocabulary import (
    AggregateKind,
    BinaryOperator,
    BusinessDayOperator,
    ChainOperator,
    RoundingMode,
    RuntimeValue,
    UnaryOperator,
)


@frozen(kw_only=True)
class Typed:
    type: Type
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen
class Literal(Typed):
    """`value` in its run-time form at the type's scale."""

    value: RuntimeValue


@frozen
class Local(Typed):
    """A parameter of the enclosing declaration, or the variable of an aggregate."""

    name: str


@frozen
class Today(Typed):
    pass


@frozen
class Named(Typed):
    """A dated parameter or set, by full name."""

    name: str


@frozen
class FieldAccess(Typed):
    of: Expression
    name: str


@frozen
class Apply(Typed):
    """A call of a value, table or decision, by full name; `wanted` are the types that it declares."""

    name: str
    arguments: tuple[Expression, ...]
    wanted: tuple[Type, ...] = field(kw_only=True)


@frozen
class Unary(Typed):
    """`-`, `abs`, `not`, `is present`, `is absent`."""

    operator: UnaryOperator
    operand: Expression


@frozen
class Binary(Typed):
    operator: BinaryOperator
    left: Expression
    right: Expression


@frozen
class OnCalendar(Typed):
    """Asked of a calendar, by full name."""

    operator: BusinessDayOperator
    name: str
    operands: tuple[Expression, ...]


@frozen
class MonthsLater(Typed):
    """A date some calendar months later (earlier where negative), clipped to the month's last day."""

    date: Expression
    months: int


@frozen
class Chain(Typed):
    """`and`, `or`, `min`, `max` of two or more."""

    operator: ChainOperator
    operands: tuple[Expression, ...]


@frozen
class Conditional(Typed):
    condition: Expression
    then: Expression
    otherwise: Expression


@frozen
class Round(Typed):
    """`step` is a scaled integer at the scale of the node's type."""

    mode: RoundingMode
    step: int
    operand: Expression


@frozen
class Clamp(Typed):
    operand: Expression
    low: Expression
    high: Expression


@frozen
class Aggregate(Typed):
    kind: AggregateKind
    body: Expression
    variable: str
    over: Expression
    where: Expression | None


@frozen
class SetOf(Typed):
    items: tuple[Expression, ...]


@frozen
class ListOf(Typed):
    items: tuple[Expression, ...]


@frozen
class Failed(Typed):
    """Stands where an expression could not be understood; never reaches lowering."""


Expression = (
    Literal
    | Local
    | Today
    | Named
    | FieldAccess
    | Apply
    | Unary
    | Binary
    | OnCalendar
    | MonthsLater
    | Chain
    | Conditional
    | Round
    | Clamp
    | Aggregate
    | SetOf
    | ListOf
    | Failed
)


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside this one."""
    match expression:
        case FieldAccess(of=of):
            return (of,)
        case (
            Apply(arguments=inner)
            | Chain(operands=inner)
            | OnCalendar(operands=inner)
            | SetOf(items=inner)
            | ListOf(items=inner)
        ):
            return inner
        case Unary(operand=inner) | Round(operand=inner):
            return (inner,)
        case Binary(left=left, right=right):
            return (left, right)
        case MonthsLater(date=inner):
            return (inner,)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Clamp(operand=operand, low=low, high=high):
            return (operand, low, high)
        case Aggregate(body=body, over=over, where=where):
            return (over, body) if where is None else (over, where, body)
        case Literal() | Local() | Today() | Named() | Failed():
            return ()
        case _:
            assert_never(expression)
