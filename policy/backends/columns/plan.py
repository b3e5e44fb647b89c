"""Nodes as steps over frames: a node used twice becomes a column, one that depends on a few codes is looked up.

In: the nodes to be computed. Out: a `Plan`, which computes them from the frames of any table with the same ranges.
Absent: what a node means (`compile`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, assert_never

import polars as pl
from attrs import define, field, frozen

from policy.backends.columns import operators
from policy.backends.columns.graph import ROWS, TEXT, ColumnNode, Constant, RowFrame
from policy.backends.columns.lookup import Grid
from policy.backends.columns.tabulate import Domain, Tabulation, tabulated, tabulation

ROW = "_row"  # in a frame of elements: which row of the parent's frame each belongs to
AT = "_at"  # in a frame of pairs: which of the list's elements each is
DEEPEST = 60  # expressions inside each other; what lies deeper becomes a column
MOST_IDLE = 200  # columns that nothing reads any more before they are dropped

Frames = Mapping[str, pl.DataFrame]
StepKind = Literal["add", "lift", "reduce"]


@frozen(eq=False)
class ComputedColumn:
    """A column to compute: in its own frame (`add`), from the parent's (`lift`) or from the elements (`reduce`)."""

    kind: StepKind
    scope: RowFrame
    name: str
    expression: pl.Expr
    empty: Constant = None


@frozen(eq=False)
class Plan:
    """Levels of steps, each of which reads only columns of earlier ones; by frame, for Polars runs them together.

    `last_read` are, for each level, the columns that nothing after it reads.
    """

    scopes: tuple[RowFrame, ...]
    levels: tuple[tuple[tuple[StepKind, RowFrame, tuple[ComputedColumn, ...]], ...], ...]
    last_read: tuple[tuple[str, ...], ...]
    outputs: tuple[pl.Expr, ...]
    names: tuple[str, ...]

    def run(self, frames: Frames) -> pl.DataFrame:
        """The outputs, one row for each row of the table."""
        computed: dict[RowFrame, pl.DataFrame] = {ROWS: frames[ROWS.path]}
        for scope in self.scopes:
            computed[scope] = _frame(scope, computed, frames)
        idle: list[str] = []
        for level, last_read in zip(self.levels, self.last_read, strict=True):
            for kind, scope, steps in level:
                _run(kind, scope, steps, computed)
            idle += last_read
            if len(idle) > MOST_IDLE:
                computed = {scope: frame.drop(idle, strict=False) for scope, frame in computed.items()}
                idle = []
        return computed[ROWS].with_columns(self.outputs).select(self.names)


def _run(
    kind: StepKind, scope: RowFrame, steps: tuple[ComputedColumn, ...], computed: dict[RowFrame, pl.DataFrame]
) -> None:
    match kind:
        case "add":
            computed[scope] = computed[scope].with_columns([s.expression.alias(s.name) for s in steps])
        case "lift":
            assert scope.parent is not None
            outer = computed[scope.parent].select([s.expression.alias(s.name) for s in steps])
            computed[scope] = computed[scope].hstack(
                outer.select(pl.all().gather(computed[scope][ROW])).get_columns()
            )
        case "reduce":
            assert scope.parent is not None
            found = (
                computed[scope]
                .group_by(ROW, maintain_order=True)
                .agg(pl.len().alias("_len"), *(s.expression.alias(s.name) for s in steps))
            )
            rows = computed[scope.parent].select(pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW))
            joined = rows.join(found, on=ROW, how="left", maintain_order="left")
            is_empty = pl.col("_len").is_null()
            filled = joined.select(
                pl.when(is_empty).then(pl.lit(s.empty)).otherwise(pl.col(s.name)).alias(s.name) for s in steps
            )
            typed = [filled[s.name].cast(joined[s.name].dtype) for s in steps]
            computed[scope.parent] = computed[scope.parent].hstack(typed)
        case _:
            assert_never(kind)


def _frame(scope: RowFrame, computed: dict[RowFrame, pl.DataFrame], frames: Frames) -> pl.DataFrame:
    """The elements of a list, beside each row of the parent's frame where that is one of pairs."""
    elements, parent = frames.get(scope.path), scope.parent
    if elements is None:  # no column has the list: it is unknown in every row
        elements = pl.DataFrame(schema={ROW: pl.UInt32})
    assert parent is not None
    if not _is_loose(scope):
        return elements
    owner = scope.path[: scope.path[:-2].rfind("[]") + 2] if "[]" in scope.path[:-2] else ""
    outer, index = parent, computed[parent].select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("_i"))["_i"]
    while outer.path != owner:
        index = computed[outer][ROW].gather(index)
        assert outer.parent is not None
        outer = outer.parent
    if AT in computed[outer].columns:
        index = computed[outer][AT].gather(index)
    pairs = pl.DataFrame({"_at_row": index}).with_row_index(ROW)
    inner = elements.rename({ROW: "_at_row"}).drop(AT, strict=False).with_row_index(AT)
    return pairs.join(inner, on="_at_row", how="inner", maintain_order="left_right").drop("_at_row")


def _is_loose(scope: RowFrame) -> bool:
    return scope.parent is not None and (scope.crossed or _is_loose(scope.parent))


def plan_of(nodes: Mapping[str, ColumnNode]) -> Plan:
    """The plan that computes these nodes."""
    emitter = Planner()
    emitter.count(nodes.values())
    outputs = [emitter.expression(node)[0].alias(name) for name, node in nodes.items()]
    by_level: dict[int, dict[tuple[StepKind, RowFrame], list[ComputedColumn]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for level, step in emitter.steps:
        by_level[level][step.kind, step.scope].append(step)
    levels = tuple(
        tuple((kind, scope, tuple(steps)) for (kind, scope), steps in by_level[n].items()) for n in sorted(by_level)
    )
    lasts: dict[str, int] = {}
    for n, frames in enumerate(levels):
        for step in (s for _, _, steps in frames for s in steps):
            lasts.update(dict.fromkeys((step.name, *step.expression.meta.root_names()), n))
    read_by_outputs = {name for e in outputs for name in e.meta.root_names()}
    last_read: list[list[str]] = [[] for _ in levels]
    for name, n in lasts.items():
        if name[0] == "_" and name[1:].isdecimal() and name not in read_by_outputs:  # a step's column, not a fact
            last_read[n].append(name)
    scopes = sorted(emitter.scopes, key=lambda s: s.depth)
    return Plan(tuple(scopes), levels, tuple(map(tuple, last_read)), tuple(outputs), tuple(nodes))


@define(eq=False)
class Planner:
    """Expressions of nodes, and the steps that must run before. `given` are nodes that are columns already."""

    given: dict[int, str] = field(factory=dict)
    uses: Counter[int] = field(factory=Counter)
    named: dict[int, tuple[str, int]] = field(factory=dict)
    steps: list[tuple[int, ComputedColumn]] = field(factory=list)
    scopes: dict[RowFrame, None] = field(factory=dict)
    domains: dict[int, Domain | None] = field(factory=dict)
    tables: dict[int, Tabulation | None] = field(factory=dict)

    def count(self, nodes: Iterable[ColumnNode]) -> None:
        pending = list(nodes)
        self.uses.update(map(id, pending))
        seen: set[int] = set()
        while pending:
            node = pending.pop()
            if id(node) not in seen and id(node) not in self.given:
                seen.add(id(node))
                self.uses.update(map(id, node.inputs))
                pending += node.inputs

    def expression(self, node: ColumnNode) -> tuple[pl.Expr, int]:
        """The expression of a node, and the level after which all that it reads exists."""
        depth: dict[int, int] = {}  # of expressions; a named column has none
        pending = [(node, False)]
        while pending:  # no recursion: a long table is a deep graph
            inner, is_open = pending.pop()
            key = id(inner)
            if key in depth:
                continue
            if not is_open:
                pending.append((inner, True))
                pending += ((i, False) for i in reversed(self._read(inner)))
                continue
            depth[key] = 1 + max((depth[id(i)] for i in self._read(inner)), default=0)
            if depth[key] > DEEPEST and inner is not node:
                self.uses[key] += 1  # so that it becomes a column of its own
            if self.uses[key] > 1 and inner is not node:
                self._shallow(inner)
            if key in self.named:
                depth[key] = 0
        return self._shallow(node)

    def _read(self, node: ColumnNode) -> tuple[ColumnNode, ...]:
        """The nodes whose expressions occur in that of a node."""
        if id(node) in self.given or id(node) in self.named:
            return ()
        table = self._table(node)
        return tuple(k.node for k in table.keys) if table is not None else node.inputs

    def _table(self, node: ColumnNode) -> Tabulation | None:
        key = id(node)
        if key not in self.tables:
            self.tables[key] = None if self.given else tabulated(node, self.domains)
        return self.tables[key]

    def _shallow(self, node: ColumnNode) -> tuple[pl.Expr, int]:
        """The expression of a node whose deep parts are named columns."""
        key = id(node)
        if key in self.given:
            return pl.col(self.given[key]), 0
        if key in self.named:
            name, level = self.named[key]
            return pl.col(name), level
        if node.is_constant:
            return operators.literal(node.attribute, node.dtype), 0
        if node.operator == "leaf":
            self._enter(node.scope)
            return pl.col(node.attribute), 0
        if node.operator in ("lift", "reduce"):
            return self._lift(node) if node.operator == "lift" else self._reduce(node)
        table = self._table(node)
        expression, level = self._looked_up(table) if table is not None else self._operation(node)
        return self._name(node, "add", node.scope, expression, level) if self.uses[key] > 1 else (expression, level)

    def _enter(self, scope: RowFrame) -> None:
        if scope is not ROWS and scope not in self.scopes:
            assert scope.parent is not None
            self._enter(scope.parent)
            self.scopes[scope] = None

    def _name(
        self,
        node: ColumnNode,
        kind: StepKind,
        scope: RowFrame,
        expression: pl.Expr,
        level: int,
        empty: Constant = None,
    ) -> tuple[pl.Expr, int]:
        name = f"_{len(self.named)}"
        self.steps.append((level + 1, ComputedColumn(kind, ROWS if self.given else scope, name, expression, empty)))
        self.named[id(node)] = (name, level + 1)
        return pl.col(name), level + 1

    def _column(self, node: ColumnNode) -> tuple[pl.Expr, int]:
        """A node as a named column."""
        expression, level = self._shallow(node)
        if id(node) in self.named or node.operator == "leaf":
            return expression, level
        return self._name(node, "add", node.scope, expression, level)

    def _lift(self, node: ColumnNode) -> tuple[pl.Expr, int]:
        self._enter(node.scope)
        expression, level = self._column(node.inputs[0])
        return self._name(node, "lift", node.scope, expression, level)

    def _reduce(self, node: ColumnNode) -> tuple[pl.Expr, int]:
        kind, scope, empty = node.attribute
        self._enter(scope)
        inputs = [self._column(i) for i in node.inputs]
        expression = operators.REDUCE[kind](*(e for e, _ in inputs))
        return self._name(node, "reduce", scope, expression, max(level for _, level in inputs), empty)

    def _operation(self, node: ColumnNode) -> tuple[pl.Expr, int]:
        several_uses = node.operator in ("min", "max", "place")
        inputs = [self._column(i) if several_uses and not i.is_constant else self._shallow(i) for i in node.inputs]
        level = max((at for _, at in inputs), default=0)
        return self._polars(node, [e for e, _ in inputs]), level

    def _polars(self, node: ColumnNode, x: list[pl.Expr]) -> pl.Expr:
        """An operation on the expressions of its inputs."""
        if node.operator == "cast":
            return x[0].cast(node.dtype, strict=False)
        if node.operator == "column":
            self._enter(node.scope)
            return x[0]
        if node.operator == "in":
            items = pl.Series(node.attribute, dtype=node.inputs[0].dtype)
            return operators.EXPRESSIONS["in"](x[0], items.implode())
        if node.operator == "as text":
            return operators.looked_up(pl.Series(node.attribute, dtype=TEXT), x[0])
        if node.operator == "row":
            grid: Grid = node.attribute
            return grid.expression(*x)
        if node.operator == "of row":
            return operators.looked_up(pl.Series(node.attribute, dtype=node.dtype), x[0])
        if node.operator == "place":
            self._enter(node.scope)
            return operators.place(pl.col(ROW), *x)
        if node.operator == "date part":
            return operators.date_part(node.attribute, x[0])
        if node.operator == "months later":
            return operators.months_later(x[0], node.attribute)
        return operators.bits(*x) if node.operator == "bits" else operators.EXPRESSIONS[node.operator](*x)

    def _looked_up(self, table: Tabulation) -> tuple[pl.Expr, int]:
        values = values_of(table)
        if values.n_unique() == 1:
            return operators.literal(values[0], table.node.dtype), 0
        codes, level = table.code([self._shallow(k.node) for k in table.keys])
        return operators.looked_up(values, codes), level


def values_of(table: Tabulation) -> pl.Series:
    """The value of each combination of a few codes, computed once."""
    grid = table.grid()
    inner = Planner({id(k.node): k.name for k in table.keys})
    inner.count([table.node])
    expression, _ = inner.expression(table.node)
    for _, step in sorted(inner.steps, key=lambda s: s[0]):
        grid = grid.with_columns(step.expression.alias(step.name))
    return grid.with_columns(expression.alias("value"))["value"]


def never(node: ColumnNode) -> bool:
    """Whether a condition that depends on a few codes only holds for no combination of them."""
    table = tabulation(node, {})
    return table is not None and not values_of(table).any()
