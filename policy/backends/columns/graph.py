"""Operations on columns, a graph in which equal operations on equal columns are one node.

A `ColumnNode` is one column of one frame: the table itself, or the elements of a list. What two rules share is
computed once. Absent: what an operation means (`operators`), what the rules mean (`compile`), and running anything
(`plan`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl
from attrs import define, field, frozen

from policy.backends.columns import operators

BOOLEAN = pl.Boolean()
INT64 = pl.Int64()
INT128 = pl.Int128()
FLOAT64 = pl.Float64()
TEXT = pl.String()

Constant = int | str | float | None  # booleans are ints

MIRRORED = {"is": "is", "is not": "is not", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@frozen(eq=False)
class RowFrame:
    """A frame that columns belong to: `path` is the list whose elements are its rows, "" for the table itself.

    A crossed scope has a row for each pair of a row of its parent and an element of a list further out.
    """

    path: str
    parent: RowFrame | None = None
    crossed: bool = False

    @property
    def depth(self) -> int:
        return 0 if self.parent is None else 1 + self.parent.depth

    def within(self, other: RowFrame) -> bool:
        """Whether `other` is this scope or one further out."""
        scope: RowFrame | None = self
        while scope is not None and scope is not other:
            scope = scope.parent
        return scope is other


ROWS = RowFrame("")


@frozen(eq=False)
class ColumnNode:
    """One column. `attribute` is what an operator has besides inputs: a constant, a name, an enum's members."""

    operator: str
    inputs: tuple[ColumnNode, ...]
    attribute: Any
    scope: RowFrame
    dtype: pl.DataType
    nullable: bool
    members: int = 0  # of codes: how many there are

    @property
    def is_constant(self) -> bool:
        return self.operator == "constant"


def deepest(scopes: Iterable[RowFrame]) -> RowFrame:
    """The innermost of scopes that lie inside each other."""
    return max(scopes, key=lambda s: s.depth, default=ROWS)


@define(eq=False)
class Graph:
    """Makes nodes, and simplifies where that costs nothing: constants, and what cannot be null."""

    nodes: dict[object, ColumnNode] = field(factory=dict)

    def node(
        self,
        operator: str,
        *inputs: ColumnNode,
        dtype: pl.DataType,
        nullable: bool | None = None,
        attribute: object = None,
        scope: RowFrame | None = None,
    ) -> ColumnNode:
        if inputs and all(i.is_constant for i in inputs) and operator in operators.EXPRESSIONS and attribute is None:
            return self.folded(operator, inputs, dtype)
        if operator in MIRRORED and inputs[0].is_constant:  # Polars cannot compare the other way round in all cases
            return self.node(MIRRORED[operator], inputs[1], inputs[0], dtype=dtype, nullable=nullable, scope=scope)
        inside = scope or deepest(i.scope for i in inputs if not i.is_constant)
        lifted = tuple(i if i.is_constant else self.lifted(i, inside) for i in inputs)
        key = (operator, tuple(map(id, lifted)), type(attribute), attribute, str(dtype), id(inside))
        if key not in self.nodes:
            null = any(i.nullable for i in lifted) if nullable is None else nullable
            self.nodes[key] = ColumnNode(operator, lifted, attribute, inside, dtype, null)
        return self.nodes[key]

    def folded(self, operator: str, inputs: tuple[ColumnNode, ...], dtype: pl.DataType) -> ColumnNode:
        """The result of an operation on constants."""
        literals = (operators.literal(i.attribute, i.dtype) for i in inputs)
        return self.constant(pl.select(operators.EXPRESSIONS[operator](*literals)).item(), dtype)

    def lifted(self, node: ColumnNode, scope: RowFrame) -> ColumnNode:
        """A column of an outer frame as the inner one sees it: once for each element."""
        if node.scope is scope:
            return node
        assert scope.parent is not None, "a column is used outside its frame"
        outer = self.lifted(node, scope.parent)
        key = ("lift", id(outer), id(scope))
        if key not in self.nodes:
            self.nodes[key] = ColumnNode("lift", (outer,), None, scope, node.dtype, node.nullable)
        return self.nodes[key]

    def constant(self, value: Constant, dtype: pl.DataType) -> ColumnNode:
        return self.node("constant", dtype=dtype, attribute=value, nullable=value is None, scope=ROWS)

    def leaf(self, scope: RowFrame, name: str, dtype: pl.DataType, nullable: bool, members: int = 0) -> ColumnNode:
        key = ("leaf", name, id(scope))
        if key not in self.nodes:
            self.nodes[key] = ColumnNode("leaf", (), name, scope, dtype, nullable, members)
        return self.nodes[key]

    def reduce(
        self, kind: str, scope: RowFrame, *inputs: ColumnNode, empty: Constant, dtype: pl.DataType, nullable: bool
    ) -> ColumnNode:
        """The elements of each row reduced, as a column of the frame that the lists are in."""
        assert scope.parent is not None
        lifted = tuple(i if i.is_constant else self.lifted(i, scope) for i in inputs)
        key = (kind, tuple(map(id, lifted)), id(scope), empty, "reduce")
        if key not in self.nodes:
            self.nodes[key] = ColumnNode("reduce", lifted, (kind, scope, empty), scope.parent, dtype, nullable)
        return self.nodes[key]

    # ── logic ───────────────────────────────────────────────────────────────────────────────

    @property
    def true(self) -> ColumnNode:
        return self.constant(True, BOOLEAN)

    @property
    def false(self) -> ColumnNode:
        return self.constant(False, BOOLEAN)

    def both(self, a: ColumnNode, b: ColumnNode) -> ColumnNode:
        for one, other in ((a, b), (b, a)):
            if one is self.true or one is self.false:
                return other if one is self.true else one
        return a if a is b else self.node("and", a, b, dtype=BOOLEAN)

    def either(self, a: ColumnNode, b: ColumnNode) -> ColumnNode:
        for one, other in ((a, b), (b, a)):
            if one is self.true or one is self.false:
                return other if one is self.false else one
        return a if a is b else self.node("or", a, b, dtype=BOOLEAN)

    def negated(self, a: ColumnNode) -> ColumnNode:
        if a is self.true or a is self.false:
            return self.constant(a is self.false, BOOLEAN)
        if a.operator == "not":
            return a.inputs[0]
        return self.node("not", a, dtype=BOOLEAN)

    def known(self, a: ColumnNode) -> ColumnNode:
        """Whether a column has a value; itself never null."""
        if not a.nullable:
            return self.true
        return self.false if a.is_constant else self.node("known", a, dtype=BOOLEAN, nullable=False)

    def known_or_null(self, a: ColumnNode) -> ColumnNode:
        """True where a column has a value, null elsewhere."""
        return self.where(self.known(a), self.true)

    def or_zero(self, a: ColumnNode) -> ColumnNode:
        """A number, and zero where it is not known."""
        if not a.nullable:
            return a
        return self.constant(0, a.dtype) if a.is_constant else self.node("or zero", a, dtype=a.dtype, nullable=False)

    def certain(self, a: ColumnNode) -> ColumnNode:
        """True where a condition is known to hold; itself never null."""
        return self._settled("certain", a, self.false)

    def possible(self, a: ColumnNode) -> ColumnNode:
        """False where a condition is known not to hold; itself never null."""
        return self._settled("possible", a, self.true)

    def _settled(self, operator: str, a: ColumnNode, otherwise: ColumnNode) -> ColumnNode:
        if not a.nullable:
            return a
        return otherwise if a.is_constant else self.node(operator, a, dtype=BOOLEAN, nullable=False)

    def pick(self, condition: ColumnNode, then: ColumnNode, otherwise: ColumnNode) -> ColumnNode:
        """One of two columns of one type; the condition is never null."""
        assert not condition.nullable
        if condition is self.true or then is otherwise:
            return then
        if condition is self.false:
            return otherwise
        if then.dtype == BOOLEAN and not then.nullable and not otherwise.nullable:
            if then.is_constant:
                return (
                    self.either(condition, otherwise)
                    if then.attribute
                    else self.both(self.negated(condition), otherwise)
                )
            if otherwise.is_constant:
                met = self.both(condition, then)
                return met if not otherwise.attribute else self.either(self.negated(condition), then)
        return self.node(
            "if", condition, then, otherwise, dtype=then.dtype, nullable=then.nullable or otherwise.nullable
        )

    def null(self, dtype: pl.DataType) -> ColumnNode:
        return self.constant(None, dtype)

    def where(self, condition: ColumnNode, a: ColumnNode) -> ColumnNode:
        """`a` where the condition holds, null elsewhere."""
        return self.pick(condition, a, self.null(a.dtype))
