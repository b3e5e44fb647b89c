"""A long table in columns: the number of the row that applies, and then what that row gives, each by one look-up.

In: an index of the rows (`ir.index`), and the columns that they test. Out: a value; where a fact that the row turns
on is missing, unknown. Where no row applies it is a fault, so that the interpreter answers. Absent: tables whose rows
give what must be worked out, and those that turn on several numbers; these are compiled row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import polars as pl
from attrs import evolve, frozen

from policy.backends.columns import operators
from policy.backends.columns.context import QuestionGraph
from policy.backends.columns.graph import BOOLEAN, INT64, TEXT, ColumnNode
from policy.backends.columns.numbers import dtype_of
from policy.backends.columns.values import NUMBER, TEXTS, TRUTH, Codes, Kind, Scalar
from policy.ir.index import FEWEST_ROWS, NO_ROW, Place, Ranges, ValueBranches, index_of
from policy.ir.program import Choose, Const, Expr, Fault, walk
from policy.vocabulary import RuntimeValue

MOST_CELLS = 4_000_000


@frozen(eq=False)
class Grid:
    """Rows by value of one column and range of another: `edges` part the ranges, and `rows` has them, value by value.

    Behind the `values` stand any other value and one that is not known, and behind the ranges a number that is not.
    A number below `count` is that of a row, `count` says that none applies, and those above name the rows, one of
    `doubts`, of which any may apply.
    """

    has_key: bool
    values: tuple[RuntimeValue, ...]
    edges: tuple[int, ...]
    rows: tuple[int, ...]
    count: int
    doubts: tuple[frozenset[int], ...]

    @property
    def wide(self) -> int:
        return len(self.edges) + 2

    def of_codes(self, members: Sequence[str]) -> Grid:
        """The same for a column that holds the positions of members."""
        known = [n for n, value in enumerate(self.values) if value in members]
        groups = (*known, len(self.values), len(self.values) + 1)
        rows = tuple(row for n in groups for row in self.rows[n * self.wide : (n + 1) * self.wide])
        return evolve(self, values=tuple(members.index(str(self.values[n])) for n in known), rows=rows)

    def expression(self, *columns: pl.Expr) -> pl.Expr:
        """The number of the row."""
        key = columns[0] if self.has_key else None
        number = columns[-1] if len(columns) > self.has_key else None
        place: pl.Expr = pl.lit(0, dtype=pl.UInt32)
        if number is not None:
            edges = pl.lit(pl.Series(self.edges, dtype=pl.Int64))
            found = edges.search_sorted(number.fill_null(0), side="right")
            place = pl.when(number.is_null()).then(self.wide - 1).otherwise(found).cast(pl.UInt32)
        if key is not None:
            other = len(self.values)
            known = {value: n for n, value in enumerate(self.values)}
            group = key.replace_strict(known, default=other, return_dtype=pl.UInt32) if known else pl.lit(other)
            group = pl.when(key.is_null()).then(other + 1).otherwise(group)
            place = (group * self.wide + place).cast(pl.UInt32)
        return operators.looked_up(pl.Series(self.rows, dtype=pl.Int32), place)


def grid_of(place: Place, count: int) -> tuple[int | None, int | None, Grid] | None:
    """The two columns by which the rows are found, and the rows; None where they are more."""
    groups = [*place.places.values(), place.other] if isinstance(place, ValueBranches) else [place]
    if any(isinstance(g, ValueBranches) or (isinstance(g, Ranges) and not _is_flat(g)) for g in groups):
        return None
    ranges = [g for g in groups if isinstance(g, Ranges)]
    columns = {g.column for g in ranges}
    edges = sorted({edge for g in ranges for edge in g.edges})
    if len(columns) > 1 or (len(groups) + 1) * (len(edges) + 2) > MOST_CELLS:
        return None
    doubts: dict[frozenset[int], int] = {}

    def doubt(rows: Iterable[int]) -> int:
        return doubts.setdefault(frozenset(rows), count + 1 + len(doubts))

    lines = [[count if row == NO_ROW else row for row in _in_ranges(g, edges)] for g in groups]
    known = [
        [*line, doubt(line) if isinstance(g, Ranges) else line[0]] for g, line in zip(groups, lines, strict=True)
    ]
    if isinstance(place, ValueBranches):
        known.append([*map(doubt, zip(*lines, strict=True)), doubt(row for line in lines for row in line)])
    key = place.column if isinstance(place, ValueBranches) else None
    values = tuple(place.places) if isinstance(place, ValueBranches) else ()
    rows = tuple(row for line in known for row in line)
    return key, next(iter(columns), None), Grid(key is not None, values, tuple(edges), rows, count, tuple(doubts))


def _is_flat(ranges: Ranges) -> bool:
    return all(isinstance(place, int) for place in ranges.places)


def _in_ranges(place: Place, edges: Sequence[int]) -> list[int]:
    """The row of each range."""
    if not isinstance(place, Ranges):
        assert isinstance(place, int)
        return [place] * (len(edges) + 1)
    flat = [p for p in place.places if isinstance(p, int)]
    found, at = [flat[0]], 0
    for edge in edges:
        at += at < len(place.edges) and place.edges[at] == edge
        found.append(flat[at])
    return found


Found = tuple[Expr | None, Expr | None, Grid] | None  # the columns by which rows are found, and the rows
Grids = dict[object, Found]  # by what the rows ask: the fields of a record are looked up alike


def _found(e: Choose, known: Grids) -> Found:
    # what is asked, and of which kind: the number 1 is equal to true
    parts = [inner for case in e.cases for inner in walk(case.condition)]
    asked = tuple(c.condition for c in e.cases), tuple(type(p.value) for p in parts if isinstance(p, Const))
    if asked not in known:
        index = index_of(e)
        found = grid_of(index.place, len(e.cases)) if index is not None else None
        known[asked] = None
        if index is not None and found is not None:
            key, number = (index.columns[c] if c is not None else None for c in found[:2])
            known[asked] = key, number, found[2]
    return known[asked]


def looked_up(e: Choose, compiled: Callable[[Expr], Scalar], context: QuestionGraph, known: Grids) -> Scalar | None:
    """The value of a long table; None where it is not one that can be looked up."""
    values = [c.value.value for c in e.cases if isinstance(c.value, Const)]
    kind = _kind(values)
    if len(e.cases) < FEWEST_ROWS or len(values) < len(e.cases) or not isinstance(e.none, Fault) or kind is None:
        return None
    found = _found(e, known)
    if found is None:
        return None
    *tested, grid = found
    key, number = (compiled(column) if column is not None else None for column in tested)
    columns = [s for s in (key, number) if s is not None]
    if not columns or any(s.present is not None or s.value.is_constant for s in columns):
        return None
    if number is not None and number.value.dtype != INT64:
        return None
    if key is not None and isinstance(key.kind, Codes):
        members = key.kind.members
        as_codes = known.setdefault((grid, members), (None, None, grid.of_codes(members)))
        assert as_codes is not None
        grid = as_codes[2]
    return _value(grid, values, kind, columns, context)


def _value(
    grid: Grid, values: Sequence[RuntimeValue], kind: Kind, columns: Sequence[Scalar], context: QuestionGraph
) -> Scalar:
    """What the rows give. Where any of several rows may apply, it is unknown, unless all give the same: of that the
    interpreter is asked, as where none applies."""
    graph = context.graph
    row = graph.node("row", *(s.value for s in columns), attribute=grid, dtype=pl.Int32(), nullable=False)
    alike = [len({values[n] if n < grid.count else grid for n in rows}) == 1 for rows in grid.doubts]
    nothing = [None] * (1 + len(alike))

    def of_row(held: Sequence[RuntimeValue], dtype: pl.DataType) -> ColumnNode:
        return graph.node("of row", row, attribute=tuple(held), dtype=dtype, nullable=None in held)

    fault = of_row([*(False for _ in values), True, *alike], BOOLEAN)
    unknown = of_row([*(False for _ in values), False, *(not same for same in alike)], BOOLEAN)
    numbers = [v for v in values if isinstance(v, int)] if kind == NUMBER else [0]
    low, high = min(numbers), max(numbers)
    dtype = dtype_of(low, high) if kind == NUMBER else BOOLEAN if kind == TRUTH else TEXT
    present = of_row([*(v is not None for v in values), *nothing], BOOLEAN) if None in values else None
    needs = context.needs_where(unknown, context.all_needs(*(s.needs for s in columns)))
    fault_of_all = context.any_fault(fault, *(s.fault for s in columns))
    return Scalar(of_row([*values, *nothing], dtype), kind, low, high, present, fault_of_all, needs)


def _kind(values: Sequence[RuntimeValue]) -> Kind | None:
    """What the rows give; None where it is not of one kind that a column holds."""
    kinds = {type(v) for v in values if v is not None}
    by_type: dict[type, Kind] = {bool: TRUTH, int: NUMBER, str: TEXTS}
    return by_type.get(kinds.pop()) if len(kinds) == 1 else None
