"""Facts from a table: which of its columns is which fact, settled once, and then each batch of rows as frames.

In: a table's columns and their types. A fact stands in a column of its own (`position.asset.class`, or
`asset.class` where the question asks about one record only), or inside a column of structs; a list is a column of
lists. Out: for the table, and for every list in it, a frame of scaled integers, codes, texts and booleans; and the
rows that cannot be used as they are. A null says that an optional fact is absent, and of any other that nobody
knows it; so does a column that is not there at all, of every row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
from attrs import define, field, frozen

from policy.diagnostics import Collector, did_you_mean
from policy.facts.cells import CheckedColumn, cell
from policy.ir.program import FieldDeclaration, Function, Program
from policy.model import types
from policy.model.types import Quantity, Type, describe
from policy.model.written import limits

ROW = "_row"


@frozen(eq=False)
class Leaf:
    """A fact that has a column."""

    path: str
    type: Type
    cell: CheckedColumn
    low: int
    high: int
    present: pl.Expr | None = None


@frozen(eq=False)
class TableReader:
    """How a table, or the elements of a list in it, are read."""

    path: str
    leaves: list[Leaf] = field(factory=list)
    records: list[tuple[str, pl.Expr]] = field(factory=list)  # optional ones, and whether they are there
    lists: list[tuple[pl.Expr, TableReader]] = field(factory=list)


@frozen
class Range:
    """Whether a column has nulls, and its least and greatest; as the evaluator wants to know it."""

    nullable: bool
    low: int = 0
    high: int = 0


@frozen(eq=False)
class Read:
    """A batch of facts: frames by list, the ranges of their columns, and which rows are to be read by themselves."""

    frames: dict[str, pl.DataFrame]
    ranges: dict[str, Range]
    odd: pl.Series | None


@frozen(eq=False)
class TableLayout:
    """How the columns of a table stand for the facts of a question."""

    sheet: TableReader
    missing: tuple[str, ...]  # facts without a column
    names: tuple[str, ...]  # the columns that hold facts
    wrap: str  # the record that all columns are fields of, where they do not say so

    def read(self, table: pl.DataFrame) -> Read:
        """The facts in some rows of the table."""
        read = Read({}, {}, None)
        odd = _frames(self.sheet, table, read)
        return Read(read.frames, read.ranges, odd)

    def cells(self, table: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series | None]:
        """The facts in some rows, lists apart, held against no bounds; and in which rows all cells are good."""
        columns = _columns(self.sheet)
        return (table.select(columns) if columns else pl.DataFrame(height=table.height)), _good(self.sheet, table)


def layout(
    program: Program,
    function: Function,
    schema: Mapping[str, pl.DataType],
    keep: Iterable[str] = (),
    scaled: bool = False,
) -> TableLayout | Collector:
    """How a table with these columns is read, or everything that stands in the way."""
    kept = set(keep)
    tree = _tree({name: dtype for name, dtype in schema.items() if name not in kept})
    names = dict(function.parameters)
    wrap = only_record(function)
    wrap = "" if wrap in tree else wrap
    placing = _Placing(program, scaled)
    whole = {wrap: tree} if wrap else tree
    for name in kept - set(schema):
        placing.found.error("facts-unknown", f"there is no column `{name}` to keep", None, did_you_mean(name, schema))
    for name in whole:
        if name not in names:
            known = _known(program, function, wrap)
            help = did_you_mean(name, known) or "leave the column out, or name it with --keep"
            placing.found.error("facts-unknown", f"the question has no fact for the column `{name}`", None, help)
    sheet = TableReader("")
    for name, of in names.items():
        placing.place(sheet, of, whole.get(name), name, (None, None))
    if placing.found.found:
        return placing.found
    return TableLayout(sheet, tuple(placing.missing), tuple(n for n in schema if n not in kept), wrap)


# ── matching columns with facts ─────────────────────────────────────────────────────────────

Tree = dict[str, Any]  # names to trees, or to a column and its type


def _tree(schema: Mapping[str, Any], column: pl.Expr | None = None) -> Tree:
    """Columns by the parts of their names, structs opened."""
    tree: Tree = {}
    for name, dtype in schema.items():
        inner = tree
        *outer, last = name.split(".") if column is None else [name]
        for part in outer:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                break
        if isinstance(inner, dict):
            inner[last] = _branch(pl.col(name) if column is None else column.struct.field(name), dtype)
    return tree


def _branch(column: pl.Expr, dtype: pl.DataType) -> Any:
    return (column, dtype)


def only_record(function: Function) -> str:
    """The only record asked about, whose fields may be named without it; empty where more is asked about."""
    if len(function.parameters) == 1 and isinstance(function.parameters[0][1], types.Record):
        return function.parameters[0][0]
    return ""


def _known(program: Program, function: Function, wrap: str) -> list[str]:
    names = [n for n, _ in function.parameters]
    of = function.parameters[0][1] if function.parameters else None
    return [*names, *(f.name for f in program.records[of.name])] if wrap and isinstance(of, types.Record) else names


@define(eq=False)
class _Placing:
    """Finds each fact's column."""

    program: Program
    scaled: bool
    found: Collector = field(factory=Collector)
    missing: list[str] = field(factory=list)

    def place(
        self, sheet: TableReader, of: Type, at: object, path: str, bounds: tuple[int | None, int | None]
    ) -> None:
        optional = isinstance(of, types.OptionalOf)
        inner = types.inner_of(of)
        if isinstance(at, tuple) and at[1] == pl.Null:  # what an engine makes of a column without a value
            at = (at[0].cast(as_known := self._without_values(inner)), as_known)
        if isinstance(inner, types.Record):
            self._record(sheet, inner.name, at, path, optional)
        elif isinstance(inner, types.ListOf | types.SetOf):
            self._list(sheet, inner.of, at, path)
        else:
            self._leaf(sheet, inner, at, path, bounds, optional)

    def _without_values(self, of: Type) -> pl.DataType:
        """A type for a column in which every cell is null."""
        if isinstance(of, types.Record):
            return pl.Struct({f.name: pl.Null() for f in self.program.records[of.name]})
        return pl.List(pl.Null()) if isinstance(of, types.ListOf | types.SetOf) else pl.String()

    def _record(self, sheet: TableReader, name: str, at: Any, path: str, optional: bool) -> None:
        fields = self.program.records[name]
        if isinstance(at, tuple):
            column, dtype = at
            if not isinstance(dtype, pl.Struct):
                self._wrong(path, dtype, types.Record(name), "a struct")
                return
            if optional:
                sheet.records.append((path, column.is_not_null()))
            at = _tree({f.name: f.dtype for f in dtype.fields}, column)
        elif optional and at is not None:
            self.found.error(
                "facts-type",
                f"`{path}` is an optional record, and separate columns cannot say that it is absent",
                None,
                "put it into one column of structs",
            )
            return
        for key in at or {}:
            if key not in {f.name for f in fields}:
                help = did_you_mean(key, [f.name for f in fields]) or "leave the column out, or name it with --keep"
                where = f"`{types.short(name)}` has no field `{key}`"
                self.found.error("facts-unknown", f"`{path}.{key}`: {where}", None, help)
        for f in fields:
            self._field(sheet, f, (at or {}).get(f.name), f"{path}.{f.name}")

    def _field(self, sheet: TableReader, f: FieldDeclaration, at: object, path: str) -> None:
        self.place(sheet, f.type, at, path, (f.least, f.most))

    def _list(self, sheet: TableReader, item: Type, at: object, path: str) -> None:
        if at is None:
            self.missing.append(path)
            return
        column, dtype = at if isinstance(at, tuple) else (None, None)
        if column is None or not isinstance(dtype, pl.List | pl.Array):
            self._wrong(path, dtype, types.ListOf(item), "a list")
            return
        if isinstance(dtype, pl.Array):
            column, dtype = column.arr.to_list(), pl.List(dtype.inner)
        elements = TableReader(path + "[]")
        sheet.lists.append((column, elements))
        self.place(elements, item, (pl.col("element"), dtype.inner), path + "[]", (None, None))

    def _leaf(
        self, sheet: TableReader, of: Type, at: Any, path: str, bounds: tuple[int | None, int | None], optional: bool
    ) -> None:
        if at is None:
            self.missing.append(path)
            return
        if isinstance(at, dict):
            self.found.error("facts-unknown", f"`{path}` has no fields", None, f"it is `{describe(of)}`")
            return
        column, dtype = at
        made = cell(of, dtype, column, self.scaled)
        if isinstance(made, str):
            self._wrong(path, dtype, of, made)
            return
        low, high = limits(of) if isinstance(of, types.Enum) else limits(of, *bounds)  # members outside have no codes
        sheet.leaves.append(Leaf(path, of, made, low, high, column.is_not_null() if optional else None))

    def _wrong(self, path: str, dtype: pl.DataType, of: Type, wanted: str) -> None:
        held = str(dtype).lower() if dtype is not None else "several columns"
        message = f"`{path}`: the column is {held}, but `{describe(of)}` is expected"
        self.found.error("facts-type", message, None, f"make it {wanted}")


# ── reading rows ────────────────────────────────────────────────────────────────────────────


def _frames(sheet: TableReader, raw: pl.DataFrame, read: Read) -> pl.Series | None:
    """Reads a sheet and the lists in it; gives the rows that have something odd in them, if any."""
    columns = _columns(sheet)
    for leaf in sheet.leaves:
        if leaf.present is not None:
            columns.append(leaf.present.alias(leaf.path + "?"))
    columns += [there.alias(path + "?") for path, there in sheet.records]
    columns += [column.list.len().cast(pl.Int64).alias(inner.path[:-2]) for column, inner in sheet.lists]
    frame = raw.select(columns) if columns else pl.DataFrame(height=raw.height)
    odd = _odd(sheet, raw, frame, read)
    if sheet.path:
        frame = frame.with_columns(raw[ROW])
    read.frames[sheet.path] = frame
    for column, inner in sheet.lists:
        listed = raw.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW), column.alias("element"))
        within = _frames(inner, listed.explode("element", empty_as_null=False, keep_nulls=False), read)
        read.ranges[inner.path[:-2]] = Range(frame[inner.path[:-2]].null_count() > 0, 0, types.LONGEST_LIST)
        if within is not None:
            rows = read.frames[inner.path][ROW].filter(within).unique()
            outer = pl.int_range(raw.height, dtype=pl.UInt32, eager=True).is_in(rows.implode())
            odd = outer if odd is None else odd | outer
    return odd


def _columns(sheet: TableReader) -> list[pl.Expr]:
    return [leaf.cell.value.alias(leaf.path) for leaf in sheet.leaves]


def _good(sheet: TableReader, raw: pl.DataFrame) -> pl.Series | None:
    """Where all cells can be used as they are; None where that is everywhere."""
    conditions = [leaf.cell.good for leaf in sheet.leaves if leaf.cell.good is not None]
    good = raw.select(pl.all_horizontal(conditions).alias("good"))["good"] if conditions else None
    return None if good is None or good.all() else good


def _odd(sheet: TableReader, raw: pl.DataFrame, frame: pl.DataFrame, read: Read) -> pl.Series | None:
    """Rows with a cell that is not good, or a number beyond its limits; notes the ranges of the rest."""
    good = _good(sheet, raw)
    odd = None if good is None else ~good
    numbers = [leaf for leaf in sheet.leaves if isinstance(leaf.type, Quantity)]
    edges = (
        frame.select(
            [pl.col(leaf.path).min().alias(f"{n}<") for n, leaf in enumerate(numbers)]
            + [pl.col(leaf.path).max().alias(f"{n}>") for n, leaf in enumerate(numbers)]
        ).row(0)
        if numbers
        else ()
    )
    for n, leaf in enumerate(numbers):
        low, high = edges[n], edges[n + len(numbers)]
        if low is None:  # nothing is known of it
            low = high = min(max(0, leaf.low), leaf.high)
        if low < leaf.low or high > leaf.high:
            beyond = ~frame[leaf.path].is_between(leaf.low, leaf.high).fill_null(True)
            odd = beyond if odd is None else odd | beyond
        read.ranges[leaf.path] = Range(frame[leaf.path].null_count() > 0, low, high)
    for leaf in sheet.leaves:
        if leaf.path not in read.ranges:
            read.ranges[leaf.path] = Range(frame[leaf.path].null_count() > 0)
    for path, _ in sheet.records:
        read.ranges[path] = Range(False)
    return odd
