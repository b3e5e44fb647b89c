"""Parquet and Arrow IPC: what Polars cannot take is told, or made into what it can, before it sees any of it.

In: a path. Out: the columns as Polars calls them, how many rows there are by every count that the file keeps, and the
rows as tables of a batch. Decimals of 256 bits become those of 128 where they fit; run-end encoding is undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
import pyarrow as pa
from pyarrow import compute, ipc, parquet
from pyarrow import types as arrow

from policy import files
from policy.diagnostics import Diagnostic, PolicyError

WIDEST = 38  # digits of a decimal of 128 bits
LARGEST_GROUP = 4  # batches of rows that are read at once


def shape(path: Path, format: str) -> tuple[Mapping[str, Any], int]:
    """The columns, and how many rows there are. Raises PolicyError, and what Arrow raises."""
    with _opened(path) as file:
        if format == "parquet":
            made = parquet.ParquetFile(file)
            schema, rows = made.schema_arrow, _rows_of_parquet(path, made.metadata)
        else:
            reader = ipc.open_file(file)
            schema, rows = reader.schema, _rows_of_ipc(path, reader, file)
    _names_once(path, schema)
    target = _target(path, schema)
    columns = pl.DataFrame(pa.table(_decoded(path, schema.empty_table()), schema=target)).schema
    return dict(columns), rows


def tables(path: Path, format: str, most: int) -> Iterator[pl.DataFrame]:
    """The rows, at most so many in a table; read by Polars, but where Arrow has to make something of them first."""
    with _opened(path) as file:
        if format == "parquet":
            made = parquet.ParquetFile(file)
            schema, groups = made.schema_arrow, _row_groups(made.metadata)
            batches = made.iter_batches(batch_size=most)
        else:
            reader = ipc.open_file(file)
            schema, groups = reader.schema, []
            batches = (reader.get_batch(n) for n in range(reader.num_record_batches))
        target = _target(path, schema)
        if schema != target:
            for batch in batches:
                table = pa.table(_decoded(path, pa.Table.from_batches([batch])), schema=target)
                yield from pl.DataFrame(table).iter_slices(most)
            return
    scan = pl.scan_parquet(path, glob=False) if format == "parquet" else pl.scan_ipc(path, glob=False)
    if not groups or max(groups) > LARGEST_GROUP * most:
        yield from scan.collect_batches(chunk_size=most, maintain_order=True)
        return
    start = 0
    for rows in groups:
        yield from scan.slice(start, rows).collect().iter_slices(most)
        start += rows


def _row_groups(metadata: Any) -> list[int]:
    """How many rows each row group has, which is read at once unless it is large."""
    return [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]


def _opened(path: Path) -> Any:
    """A file for Arrow; not in memory, for one that is cut off while it is read would end the process."""
    files.plain(path)
    return pa.OSFile(str(path))


# ── how many rows ───────────────────────────────────────────────────────────────────────────


def _rows_of_parquet(path: Path, metadata: Any) -> int:
    """As the file and its row groups say; not its columns, for at a damaged one Arrow ends the process."""
    rows = sum(_row_groups(metadata))
    if rows != metadata.num_rows:
        _refuse(path, f"it says that it has {metadata.num_rows:,} rows, and has {rows:,}", "make it again")
    return rows


def _rows_of_ipc(path: Path, reader: Any, file: Any) -> int:
    """As its batches say; where messages can be followed one by one, there are as many as its index names."""
    rows: int = sum(reader.get_batch(n).num_rows for n in range(reader.num_record_batches))
    found = _batches_by_message(file)
    if found is not None and found != reader.num_record_batches:
        why = f"its index names {reader.num_record_batches:,} batches, and it has {found:,}"
        _refuse(path, why, "make it again")
    return rows


def _batches_by_message(file: Any) -> int | None:
    """None where not even the first message can be followed, as in what Polars writes."""
    file.seek(8)  # behind the mark of its kind
    messages = ipc.MessageReader.open_stream(file)
    try:
        first = messages.read_next_message()
    except (OSError, pa.ArrowException, StopIteration):
        return None
    return len([m for m in (first, *messages) if m.type == "record batch"])


# ── what Polars takes ───────────────────────────────────────────────────────────────────────


def _names_once(path: Path, schema: Any) -> None:
    for names in _levels(schema):
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            _refuse(path, f"it has the column `{twice[0]}` twice", "name each column once")


def _levels(fields: Any) -> Iterator[list[str]]:
    """The names that stand side by side: of the columns, and within each of structs."""
    yield [f.name for f in fields]
    for f in fields:
        of = f.type
        while arrow.is_list(of) or arrow.is_large_list(of):
            of = of.value_type
        if arrow.is_struct(of):
            yield from _levels([of.field(n) for n in range(of.num_fields)])


def _target(path: Path, schema: Any) -> Any:
    return pa.schema([f.with_type(_taken(path, f.name, f.type)) for f in schema], metadata=schema.metadata)


def _taken(path: Path, name: str, of: Any) -> Any:
    """The type that stands for one that Polars does not take."""
    if arrow.is_run_end_encoded(of):
        return _taken(path, name, of.value_type)
    if arrow.is_union(of) or of == pa.month_day_nano_interval():
        _refuse(path, f"`{name}` is of the type {of}", "make it a column of one of the types that facts have")
    if arrow.is_decimal256(of):
        if abs(of.scale) > WIDEST:
            _refuse(path, f"`{name}` has {of.scale} decimals", f"{WIDEST} are the most")
        return pa.decimal128(WIDEST, of.scale)
    if arrow.is_list(of) or arrow.is_large_list(of):
        inner = of.value_field.with_type(_taken(path, name, of.value_type))
        return pa.list_(inner) if arrow.is_list(of) else pa.large_list(inner)
    if arrow.is_struct(of):
        inner = [of.field(n) for n in range(of.num_fields)]
        return pa.struct([f.with_type(_taken(path, f"{name}.{f.name}", f.type)) for f in inner])
    return of


def _decoded(path: Path, table: Any) -> list[Any]:
    """The columns of a table as they are taken. Raises PolicyError where a value does not fit."""
    columns = []
    for f, column in zip(table.schema, table.columns, strict=True):
        if arrow.is_run_end_encoded(f.type):
            column = compute.run_end_decode(column)
        target = _taken(path, f.name, f.type)
        try:
            columns.append(column if column.type == target else column.cast(target))
        except pa.ArrowException as failure:
            _refuse(path, f"`{f.name}`: {str(failure).partition(chr(10))[0]}", f"{WIDEST} digits are the most")
    return columns


def _refuse(path: Path, why: str, help: str) -> NoReturn:
    raise PolicyError([Diagnostic("table-format", f"`{path}` cannot be read as a table: {why}", help=help)])
