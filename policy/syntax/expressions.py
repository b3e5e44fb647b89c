"""Expressions as written, and the nodes that every part of the tree is made of. Part of `tree`."""

from __future__ import annotations

from decimal import Decimal

from attrs import field

from policy.nodes import frozen
from policy.source import NOWHERE, Span
from policy.vocabulary import (
    AggregateKind,
    BinaryOperator,
    BusinessDayOperator,
    ChainOperator,
    RoundingMode,
    SortDirection,
    UnaryOperator,
)


@frozen(kw_only=True)
class Node:
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen
class Name(Node):
    """A word in its place; all names in the tree are these, so that a finding can point at them."""

    text: str


# ── expressions ─────────────────────────────────────────────────────────────────────────────


@frozen
class Number(Node):
    """`5`, `60%`, `25 bp`, `8 million HKD`, `24 hours`: exact digits and the unit that followed them."""

    value: Decimal
    unit: str = ""  # "", "%", "bp", a currency, or a unit of time


@frozen
class Text(Node):
    value: str


@frozen
class Moment(Node):
    """A date or an instant, as ISO text."""

    iso: str


@frozen
class Truth(Node):
    value: bool


@frozen
class Absence(Node):
    """The word `none`."""


@frozen
class Today(Node):
    """The word `today`: the date as of which the question is asked."""


@frozen
class Reference(Node):
    name: str


@frozen
class FieldAccess(Node):
    of: Expression
    name: Name


@frozen
class Call(Node):
    name: Name
    arguments: tuple[Expression, ...]


@frozen
class Unary(Node):
    """`-x`, `not x`, `abs(x)`, `x is present`, `x is absent`."""

    operator: UnaryOperator
    operand: Expression


@frozen
class Binary(Node):
    """Operators by their written word: `+ - * / ^ is`, `is not`, `in`, `not in`, `< <= > >=`, `default`."""

    operator: BinaryOperator
    left: Expression
    right: Expression


@frozen
class OnCalendar(Node):
    """`2 business days of hong_kong after d` and its siblings."""

    operator: BusinessDayOperator
    calendar: Name
    operands: tuple[Expression, ...]


@frozen
class Chain(Node):
    """`a and b and c`, `a or b`, `min(a, b)`, `max(a, b)`."""

    operator: ChainOperator
    operands: tuple[Expression, ...]


@frozen
class Conditional(Node):
    condition: Expression
    then: Expression
    otherwise: Expression


@frozen
class Round(Node):
    mode: RoundingMode
    step: Number
    operand: Expression


@frozen
class Clamp(Node):
    operand: Expression
    low: Expression
    high: Expression


@frozen
class Keys(Node):
    """`(a, b)`, of which the different combinations are counted."""

    items: tuple[Expression, ...]


@frozen
class SortKey(Node):
    """A key by which the elements of a list are ordered; dates are `lowest` where they are earliest."""

    direction: SortDirection
    by: Expression


@frozen
class Aggregate(Node):
    """`sum(body for variable in over where condition)` and its siblings; `order` decides which element is first.

    `most` is how many of the largest, or smallest, are summed, or of the first are in a list.
    """

    kind: AggregateKind
    body: Expression
    variable: Name
    over: Expression
    where: Expression | None
    order: tuple[SortKey, ...] = ()
    most: Number | None = None


@frozen
class SetOf(Node):
    items: tuple[Expression, ...]


@frozen
class ListOf(Node):
    items: tuple[Expression, ...]


@frozen
class RecordOf(Node):
    fields: tuple[tuple[Name, Expression], ...]


@frozen
class Updated(Node):
    """`base with { field: value }`."""

    base: Expression
    changes: RecordOf


Expression = (
    Number
    | Text
    | Moment
    | Truth
    | Absence
    | Today
    | Reference
    | FieldAccess
    | Call
    | Unary
    | Binary
    | OnCalendar
    | Chain
    | Conditional
    | Round
    | Clamp
    | Aggregate
    | Keys
    | SetOf
    | ListOf
    | RecordOf
    | Updated
)
