"""Nodes as steps over frames: what is used twice becomes a column, what turns on a few codes is looked up.

In: the nodes that are wanted. Out: a `Plan`, which makes them from the frames of any table with the same features.
Absent: any meaning; what a column is was settled before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import polars as pl
from attrs import define, field, frozen

from policy.backends.columns import operators
from policy.backends.columns.graph import ROWS, TEXT, Node, Scope
from policy.backends.columns.tabulate import Tabulation, tabulated, tabulation

ROW = "_row"  # in a frame of elements: which row of the parent's frame each belongs to
AT = "_at"  # in a frame of pairs: which of the list's elements each is
DEEPEST = 60  # expressions inside each other; what lies deeper becomes a column
MOST_IDLE = 200  # columns that nothing reads any more are kept up to here
EPOCH = 719_163  # 1970-01-01 as Python counts days

Frames = Mapping[str, pl.DataFrame]


@frozen(eq=False)
class Step:
    """A column to be made: in its own frame (`add`), from the parent's (`lift`) or from the elements (`reduce`)."""

    kind: str
    scope: Scope
    name: str
    expression: pl.Expr
    empty: Any = None


@frozen(eq=False)
class Plan:
    """Steps in an order in which they can be taken, those that can be taken at once together.

    `read` are, for each level, the columns that nothing after it reads.
    """

    scopes: tuple[Scope, ...]
    levels: tuple[tuple[tuple[str, Scope, tuple[Step, ...]], ...], ...]
    read: tuple[tuple[str, ...], ...]
    wanted: tuple[pl.Expr, ...]
    names: tuple[str, ...]

    def run(self, frames: Frames) -> pl.DataFrame:
        """The wanted columns, one row for each row of the table."""
        made: dict[Scope, pl.DataFrame] = {ROWS: frames[ROWS.path]}
        for scope in self.scopes:
            made[scope] = _frame(scope, made, frames)
        idle: list[str] = []
        for level, read in zip(self.levels, self.read, strict=True):
            for kind, scope, steps in level:
                _take(kind, scope, steps, made)
            idle += read
            if len(idle) > MOST_IDLE:
                made = {scope: frame.drop(idle, strict=False) for scope, frame in made.items()}
                idle = []
        return made[ROWS].with_columns(self.wanted).select(self.names)


def _take(kind: str, scope: Scope, steps: tuple[Step, ...], made: dict[Scope, pl.DataFrame]) -> None:
    match kind:
        case "add":
            made[scope] = made[scope].with_columns([s.expression.alias(s.name) for s in steps])
        case "lift":
            assert scope.parent is not None
            outer = made[scope.parent].select([s.expression.alias(s.name) for s in steps])
            made[scope] = made[scope].hstack(outer.select(pl.all().gather(made[scope][ROW])).get_columns())
        case "reduce":
            assert scope.parent is not None
            found = (
                made[scope]
                .group_by(ROW, maintain_order=True)
                .agg(pl.len().alias("_len"), *(s.expression.alias(s.name) for s in steps))
            )
            rows = made[scope.parent].select(pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW))
            joined = rows.join(found, on=ROW, how="left", maintain_order="left")
            nobody = pl.col("_len").is_null()
            filled = joined.select(
                pl.when(nobody).then(pl.lit(s.empty)).otherwise(pl.col(s.name)).alias(s.name) for s in steps
            )
            typed = [filled[s.name].cast(joined[s.name].dtype) for s in steps]
            made[scope.parent] = made[scope.parent].hstack(typed)


def _frame(scope: Scope, made: dict[Scope, pl.DataFrame], frames: Frames) -> pl.DataFrame:
    """The elements of a list, beside each row of the parent's frame where that is one of pairs."""
    elements, parent = frames[scope.path], scope.parent
    assert parent is not None
    if not _is_loose(scope):
        return elements
    owner = scope.path[: scope.path[:-2].rfind("[]") + 2] if "[]" in scope.path[:-2] else ""
    outer, index = parent, made[parent].select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("_i"))["_i"]
    while outer.path != owner:
        index = made[outer][ROW].gather(index)
        assert outer.parent is not None
        outer = outer.parent
    if AT in made[outer].columns:
        index = made[outer][AT].gather(index)
    pairs = pl.DataFrame({"_at_row": index}).with_row_index(ROW)
    inner = elements.rename({ROW: "_at_row"}).drop(AT, strict=False).with_row_index(AT)
    return pairs.join(inner, on="_at_row", how="inner", maintain_order="left_right").drop("_at_row")


def _is_loose(scope: Scope) -> bool:
    return scope.parent is not None and (scope.crossed or _is_loose(scope.parent))


def plan_of(wanted: Mapping[str, Node]) -> Plan:
    """The plan that makes the wanted columns."""
    emitter = Emitter()
    emitter.count(wanted.values())
    finals = []
    for name, node in wanted.items():
        expression, _ = emitter.expression(node)
        finals.append(expression.alias(name))
    by_level: dict[int, dict[tuple[str, Scope], list[Step]]] = defaultdict(lambda: defaultdict(list))
    for level, step in emitter.steps:
        by_level[level][step.kind, step.scope].append(step)
    levels = tuple(
        tuple((kind, scope, tuple(steps)) for (kind, scope), steps in by_level[level].items())
        for level in sorted(by_level)
    )
    lasts: dict[str, int] = {}
    for at, taken in enumerate(levels):
        for step in (s for _, _, steps in taken for s in steps):
            lasts.update(dict.fromkeys((step.name, *step.expression.meta.root_names()), at))
    wanted_still = {name for e in finals for name in e.meta.root_names()}
    read: list[list[str]] = [[] for _ in levels]
    for name, at in lasts.items():
        if name[0] == "_" and name[1:].isdecimal() and name not in wanted_still:  # a column of ours, not of the facts
            read[at].append(name)
    scopes = sorted(emitter.scopes, key=lambda s: s.depth)
    return Plan(tuple(scopes), levels, tuple(map(tuple, read)), tuple(finals), tuple(wanted))


@define(eq=False)
class Emitter:
    """Expressions of nodes, and the steps that must come first. `given` are nodes that are columns already."""

    given: dict[int, str] = field(factory=dict)
    uses: Counter[int] = field(factory=Counter)
    named: dict[int, tuple[str, int]] = field(factory=dict)
    steps: list[tuple[int, Step]] = field(factory=list)
    scopes: dict[Scope, None] = field(factory=dict)
    domains: dict[int, Any] = field(factory=dict)
    tables: dict[int, Tabulation | None] = field(factory=dict)

    def count(self, wanted: Any) -> None:
        pending = list(wanted)
        self.uses.update(map(id, pending))
        seen: set[int] = set()
        while pending:
            node = pending.pop()
            if id(node) not in seen and id(node) not in self.given:
                seen.add(id(node))
                self.uses.update(map(id, node.inputs))
                pending += node.inputs

    def expression(self, node: Node) -> tuple[pl.Expr, int]:
        """The expression of a node, and the level at which all that it reads has been made."""
        depth: dict[int, int] = {}  # of expressions; a column that is there by name has none
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

    def _read(self, node: Node) -> tuple[Node, ...]:
        """The nodes whose expressions that of a node is made of."""
        if id(node) in self.given or id(node) in self.named:
            return ()
        table = self._table(node)
        return tuple(k.node for k in table.keys) if table is not None else node.inputs

    def _table(self, node: Node) -> Tabulation | None:
        key = id(node)
        if key not in self.tables:
            self.tables[key] = None if self.given else tabulated(node, self.domains)
        return self.tables[key]

    def _shallow(self, node: Node) -> tuple[pl.Expr, int]:
        """The expression of a node of which all that lies deep has a name."""
        key = id(node)
        if key in self.given:
            return pl.col(self.given[key]), 0
        if key in self.named:
            name, level = self.named[key]
            return pl.col(name), level
        match node.operator:
            case "constant":
                return operators.literal(node.setting, node.dtype), 0
            case "leaf":
                self._enter(node.scope)
                return pl.col(node.setting), 0
            case "lift":
                return self._lift(node)
            case "reduce":
                return self._reduce(node)
        table = self._table(node)
        expression, level = self._looked_up(table) if table is not None else self._made(node)
        return self._name(node, "add", node.scope, expression, level) if self.uses[key] > 1 else (expression, level)

    def _enter(self, scope: Scope) -> None:
        if scope is not ROWS and scope not in self.scopes:
            assert scope.parent is not None
            self._enter(scope.parent)
            self.scopes[scope] = None

    def _name(
        self, node: Node, kind: str, scope: Scope, expression: pl.Expr, level: int, empty: Any = None
    ) -> tuple[pl.Expr, int]:
        name = f"_{len(self.named)}"
        self.steps.append((level + 1, Step(kind, ROWS if self.given else scope, name, expression, empty)))
        self.named[id(node)] = (name, level + 1)
        return pl.col(name), level + 1

    def _column(self, node: Node) -> tuple[pl.Expr, int]:
        """A node as a column that is there by name."""
        expression, level = self._shallow(node)
        if id(node) in self.named or node.operator == "leaf":
            return expression, level
        return self._name(node, "add", node.scope, expression, level)

    def _lift(self, node: Node) -> tuple[pl.Expr, int]:
        self._enter(node.scope)
        expression, level = self._column(node.inputs[0])
        return self._name(node, "lift", node.scope, expression, level)

    def _reduce(self, node: Node) -> tuple[pl.Expr, int]:
        kind, scope, empty = node.setting
        self._enter(scope)
        inputs = [self._column(i) for i in node.inputs]
        expression = operators.REDUCE[kind](*(e for e, _ in inputs))
        return self._name(node, "reduce", scope, expression, max(level for _, level in inputs), empty)

    def _made(self, node: Node) -> tuple[pl.Expr, int]:
        read = self._column if node.operator in ("min", "max") else self._shallow  # these name them several times
        inputs = [self._shallow(i) if i.is_constant else read(i) for i in node.inputs]
        level = max((at for _, at in inputs), default=0)
        x = [e for e, _ in inputs]
        match node.operator:
            case "cast":
                return x[0].cast(node.dtype, strict=False), level
            case "column":
                self._enter(node.scope)
                return x[0], level
            case "in":
                items = pl.Series(node.setting, dtype=node.inputs[0].dtype)
                return operators.EXPRESSIONS["in"](x[0], items.implode()), level
            case "spelt":
                return operators.looked_up(pl.Series(node.setting, dtype=TEXT), x[0]), level
            case "months later":
                return operators.months_later(x[0], node.setting, EPOCH), level
            case "bits":
                return operators.bits(*x), level
        return operators.EXPRESSIONS[node.operator](*x), level

    def _looked_up(self, table: Tabulation) -> tuple[pl.Expr, int]:
        values = values_of(table)
        if values.n_unique() == 1:
            return operators.literal(values[0], table.node.dtype), 0
        codes, level = table.code([self._shallow(k.node) for k in table.keys])
        return operators.looked_up(values, codes), level


def values_of(table: Tabulation) -> pl.Series:
    """The value that a few codes have together, worked out once for every combination."""
    grid = table.grid()
    inner = Emitter({id(k.node): k.name for k in table.keys})
    inner.count([table.node])
    expression, _ = inner.expression(table.node)
    for _, step in sorted(inner.steps, key=lambda s: s[0]):
        grid = grid.with_columns(step.expression.alias(step.name))
    return grid.with_columns(expression.alias("value"))["value"]


def never(node: Node) -> bool:
    """Whether a condition that turns on a few codes only is shown to hold for none of them."""
    table = tabulation(node, {})
    return table is not None and not values_of(table).any()
