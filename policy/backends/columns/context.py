"""What compiling one question holds: its graph, the columns of the table with their ranges, and what is missing.

In: the ranges of a table's columns. Out: facts as values; and the faults and needs of several values combined.
Absent: expressions (`compile`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import polars as pl
from attrs import define, evolve, field

from policy.backends.columns.graph import BOOLEAN, INT64, ROWS, TEXT, ColumnNode, Graph, RowFrame
from policy.backends.columns.numbers import BoundedInt, Numbers
from policy.backends.columns.values import (
    NUMBER,
    TEXTS,
    TRUTH,
    Codes,
    Kind,
    ListAt,
    Ranges,
    RecordAt,
    Scalar,
    UnsupportedError,
    Value,
    code_type,
)
from policy.ir.program import FieldDeclaration, Function
from policy.model import types
from policy.model.types import Type

OPAQUE = 62  # the bit of needs that only the interpreter can name, as `items[3].price`


@define(eq=False)
class QuestionGraph:
    """The graph of one question and the facts it reads."""

    records: Mapping[str, tuple[FieldDeclaration, ...]]
    ranges: Ranges
    wants_needs: bool
    graph: Graph = field(factory=Graph)
    needs: list[str] = field(factory=list)  # the name of each bit

    # ── facts ───────────────────────────────────────────────────────────────────────────────

    def parameters(self, function: Function) -> dict[str, Value]:
        return {name: self.fact(of, name, ROWS) for name, of in function.parameters}

    def fact(self, of: Type, path: str, scope: RowFrame) -> Value:
        """The facts of a type at a path."""
        match of:
            case types.OptionalOf(types.Record(name)):
                return RecordAt(name, path, scope, self.presence(path, scope))
            case types.OptionalOf(types.ListOf() | types.SetOf()):
                raise UnsupportedError(f"`{path}` is an optional list")
            case types.OptionalOf(item):
                presence, value = self.presence(path, scope), self.fact(item, path, scope)
                assert isinstance(value, Scalar)
                return evolve(value, present=presence.value, needs=presence.needs)
            case types.Record(name):
                return RecordAt(name, path, scope)
            case types.ListOf(item) | types.SetOf(item):
                if isinstance(item, types.OptionalOf):
                    raise UnsupportedError(f"`{path}` is a list of optionals")
                return ListAt(item, path, scope, self.leaf(path, scope, INT64, NUMBER))
            case types.Boolean():
                return self.leaf(path, scope, BOOLEAN, TRUTH)
            case types.Text():
                return self.leaf(path, scope, TEXT, TEXTS)
            case types.Enum():
                return self.leaf(path, scope, code_type(of.every), Codes(of.every))
            case types.Number() | types.Date() | types.Instant() | types.Broken():
                return self.leaf(path, scope, INT64, NUMBER)
            case _:
                assert_never(of)

    def field(self, record: Value, name: str) -> Value:
        assert isinstance(record, RecordAt)
        of = next(f.type for f in self.records[record.name] if f.name == name)
        return self.fact(of, f"{record.path}.{name}", record.scope)

    def leaf(self, path: str, scope: RowFrame, dtype: pl.DataType, kind: Kind) -> Scalar:
        known = self.ranges.get(path)
        if known is None:
            return Scalar(self.graph.null(dtype), kind, needs=self.need(path))
        members = len(kind.members) if isinstance(kind, Codes) else 0
        node = self.graph.leaf(scope, path, dtype, known.nullable, members)
        bit = self.need(path) if node.nullable else None
        nothing = self.graph.constant(0, INT64)
        needs = None if bit is None else self.graph.pick(self.graph.known(node), nothing, bit)
        return Scalar(node, kind, known.low, known.high, needs=needs)

    def presence(self, path: str, scope: RowFrame) -> Scalar:
        """Whether an optional fact is present: unknown for every row where its column is not in the table."""
        if path not in self.ranges:
            return Scalar(self.graph.null(BOOLEAN), TRUTH, needs=self.need(path))
        return Scalar(self.graph.leaf(scope, path + "?", BOOLEAN, False), TRUTH)

    # ── needs and faults ────────────────────────────────────────────────────────────────────

    def need(self, name: str) -> ColumnNode | None:
        """The bit of something that is missing."""
        if not self.wants_needs:
            return None
        if "[]" in name:
            return self.graph.constant(1 << OPAQUE, INT64)
        if name not in self.needs:
            if len(self.needs) == OPAQUE:
                raise UnsupportedError("more than 62 facts may be missing")
            self.needs.append(name)
        return self.graph.constant(1 << self.needs.index(name), INT64)

    def all_needs(self, *needs: ColumnNode | None) -> ColumnNode | None:
        """All these needs."""
        whole: ColumnNode | None = None
        for need in needs:
            if need is not None and need is not whole:
                whole = need if whole is None else self.graph.node("or", whole, need, dtype=INT64)
        return whole

    def needs_where(self, condition: ColumnNode, needs: ColumnNode | None) -> ColumnNode | None:
        """The needs of the rows where the condition, which is never null, holds."""
        return None if needs is None else self.graph.pick(condition, needs, self.graph.constant(0, INT64))

    def needs_unless_known(self, result: ColumnNode, *needs: ColumnNode | None) -> ColumnNode | None:
        """The needs where the result is not known."""
        return self.needs_where(self.graph.negated(self.graph.known(result)), self.all_needs(*needs))

    def any_fault(self, *faults: ColumnNode | None) -> ColumnNode | None:
        """Where any of these faults is."""
        merged: ColumnNode | None = None
        for fault in faults:
            if fault is not None and fault is not self.graph.false:
                merged = fault if merged is None else self.graph.either(merged, fault)
        return merged

    def fault_where(self, condition: ColumnNode, fault: ColumnNode | None) -> ColumnNode | None:
        """A fault that counts only where the condition, which is never null, holds."""
        return None if fault is None else self.graph.both(condition, fault)

    def number(self, numbers: Numbers, result: BoundedInt, *operands: Scalar) -> Scalar:
        """A number computed from these operands."""
        fault = self.any_fault(*(o.fault for o in operands), numbers.fault)
        needs = self.all_needs(*(o.needs for o in operands))
        return Scalar(result.node, NUMBER, result.low, result.high, fault=fault, needs=needs)
