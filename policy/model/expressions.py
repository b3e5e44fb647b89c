"""Typed expressions: every name resolved, every node with its type and its span.

Scales are still the author's; making them meet is the business of `ir.from_model`.
"""

from __future__ import annotations

from typing import assert_never

from attrs import field

from policy.model.types import Record, Type
from policy.nodes import frozen
from policy.source import NOWHERE, Span
from policy.vocabulary import (
    AggregateKind,
    BinaryOperator,
    BusinessDayOperator,
    ChainOperator,
    RoundingMode,
    RuntimeValue,
    SortDirection,
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
class Defined(Typed):
    """A local name of the declaration `of`, which asks about `arguments`, its parameters.

    `made` tells of a record whether it is worked out.
    """

    name: str
    of: str
    arguments: tuple[Local, ...]
    made: bool = False


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
    """A call of a value, table or decision, by full name; `takes` are the types of its parameters.

    `picks` tells of a record whether it is one of the facts.
    """

    name: str
    arguments: tuple[Expression, ...]
    takes: tuple[Type, ...] = field(kw_only=True)
    picks: bool = field(kw_only=True, default=False)


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
class SortKey:
    """A key by which elements are ordered: first comes the lowest, or the highest."""

    direction: SortDirection
    by: Expression


@frozen
class Aggregate(Typed):
    kind: AggregateKind
    body: Expression
    variable: str
    over: Expression
    where: Expression | None
    order: tuple[SortKey, ...] = ()
    most: int = 0


@frozen
class SetOf(Typed):
    items: tuple[Expression, ...]


@frozen
class ListOf(Typed):
    items: tuple[Expression, ...]


@frozen
class RecordOf(Typed):
    """A record written out: its fields in their order, and the types that they are declared with."""

    names: tuple[str, ...]
    items: tuple[Expression, ...]
    takes: tuple[Type, ...] = field(kw_only=True)


@frozen
class Failed(Typed):
    """Stands where an expression could not be understood; never reaches lowering."""


Expression = (
    Literal
    | Local
    | Defined
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
    | RecordOf
    | Failed
)


def is_made(e: Expression) -> bool:
    """Whether a record is worked out, and not one of the facts."""
    match e:
        case RecordOf() | Defined(made=True):
            return True
        case Apply(picks=picks):
            return isinstance(e.type, Record) and not picks
        case Named():
            return isinstance(e.type, Record)
        case Conditional(then=then, otherwise=otherwise):
            return isinstance(e.type, Record) and (is_made(then) or is_made(otherwise))
        case Binary(operator="default", right=right):
            return is_made(right)
        case FieldAccess(of=of):
            return isinstance(e.type, Record) and is_made(of)
        case (
            Literal() | Local() | Defined() | Today() | Unary() | Binary() | MonthsLater() | OnCalendar() | Chain()
            | Round() | Clamp() | Aggregate() | SetOf() | ListOf() | Failed()
        ):  # fmt: skip
            return False
        case _:
            assert_never(e)


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside this one."""
    match expression:
        case Literal() | Local() | Defined() | Named() | Today() | Failed():  # most are these
            return ()
        case FieldAccess(of=of):
            return (of,)
        case Binary(left=left, right=right):
            return (left, right)
        case (
            Apply(arguments=inner)
            | Chain(operands=inner)
            | OnCalendar(operands=inner)
            | SetOf(items=inner)
            | ListOf(items=inner)
        ):
            return inner
        case RecordOf(items=inner):
            return inner
        case Unary(operand=inner) | Round(operand=inner):
            return (inner,)
        case MonthsLater(date=inner):
            return (inner,)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Clamp(operand=operand, low=low, high=high):
            return (operand, low, high)
        case Aggregate(body=body, over=over, where=where, order=order):
            conditions = () if where is None else (where,)
            return (over, *conditions, *(key.by for key in order), body)
        case _:
            assert_never(expression)
