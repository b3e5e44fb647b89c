"""Parquet and Arrow IPC: types that Polars does not support are converted, or refused, before it reads them.

In: a path. Out: the columns as Polars types, the number of rows by every count in the file, and the rows as tables of
a batch. Decimals of 256 bits become 128 where they fit; run-end encoding is decoded.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pyarrow as pa
from pyarrow import compute, ipc, parquet, types as arrow

from policy import files
from policy.batch.engines import unreadable

WIDEST = 38  # digits of a decimal of 128 bits
LARGEST_GROUP = 4  # batches of rows that are read at once
_SECONDS = "moments lie in the years 1 to 9999; leave out what is unknown or never comes"
_MARK = 0xFFFF_FFFF  # before the length of a message of Arrow IPC
_LONGEST_SCHEMA = 1 << 24  # bytes


def shape(path: Path, format: Literal["parquet", "arrow"]) -> tuple[Mapping[str, pl.DataType], int]:
    """The columns, and the number of rows. Raises PolicyError, and what Arrow raises."""
    with _opened(path) as file:
        if format == "parquet":
            parquet_file = parquet.ParquetFile(file)
            schema, rows = parquet_file.schema_arrow, _rows_of_parquet(path, parquet_file.metadata)
        else:
            reader = ipc.open_file(file)
            schema, rows = reader.schema, _rows_of_ipc(path, reader, file)
    _names_once(path, schema)
    target = _target(path, schema)
    columns = pl.DataFrame(pa.table(_decoded(path, schema.empty_table()), schema=target)).schema
    return dict(columns), rows


def tables(path: Path, format: Literal["parquet", "arrow"], most: int) -> Iterator[pl.DataFrame]:
    """The rows, at most so many in a table; read by Polars, unless Arrow has to convert them first."""
    with _opened(path) as file:
        if format == "parquet":
            parquet_file = parquet.ParquetFile(file)
            schema, groups = parquet_file.schema_arrow, _row_groups(parquet_file.metadata)
            batches = parquet_file.iter_batches(batch_size=most)
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
    """The number of rows of each row group."""
    return [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]


def _opened(path: Path) -> Any:
    """A file for Arrow; not memory-mapped, where truncation by another process would be fatal."""
    files.plain(path)
    return pa.OSFile(str(path))


# ── how many rows ───────────────────────────────────────────────────────────────────────────


def _rows_of_parquet(path: Path, metadata: Any) -> int:
    """By the file and by its row groups; not by its columns, for a damaged one makes Arrow abort."""
    rows = sum(_row_groups(metadata))
    if rows != metadata.num_rows:
        raise unreadable(path, f"it says that it has {metadata.num_rows:,} rows, and has {rows:,}", "make it again")
    return rows


def _rows_of_ipc(path: Path, reader: Any, file: Any) -> int:
    """By its batches, as the footer lists them and as they follow each other in the file."""
    rows = 0
    for n in range(reader.num_record_batches):
        batch = reader.get_batch(n)
        batch.validate()  # its columns are as long as it says
        rows += batch.num_rows
    found = _batches_by_message(path, file)
    if found != reader.num_record_batches:
        why = f"its index names {reader.num_record_batches:,} batches, and it has {found:,}"
        raise unreadable(path, why, "make it again")
    return rows


def _batches_by_message(path: Path, file: Any) -> int:
    """The number of batches between the magic bytes and the footer. Raises PolicyError.

    The first message is the schema; some writers align it, and Polars writes it without its length.
    """
    size = file.size()
    (footer,) = struct.unpack("<i", file.read_at(4, size - 10))
    end = size - 10 - footer
    at = _first_mark(file, end)
    batches = 0
    while at < end:
        mark, length = struct.unpack("<Ii", file.read_at(8, at)) if at + 8 <= end else (0, 0)
        if mark == 0 or (mark == _MARK and length == 0):  # nothing more follows
            break
        file.seek(at)
        batches += ipc.read_message(file).type == "record batch"
        at = file.tell()
    if at > end or any(file.read_at(end - at, at).replace(b"\xff", b"", 4)):
        raise unreadable(path, "its batches do not end where its index begins", "make it again")
    return batches


def _first_mark(file: Any, end: int) -> int:
    """The start of the first message that has a length; behind the magic bytes where none has a continuation mark."""
    head = file.read_at(min(end, _LONGEST_SCHEMA), 0)
    marked = (at for at in range(8, len(head) - 7, 8) if head[at : at + 4] == b"\xff" * 4)
    return next(marked, 8)


# ── types that Polars reads ───────────────────────────────────────────────────────────────────────


def _names_once(path: Path, schema: Any) -> None:
    for names in _levels(schema):
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise unreadable(path, f"it has the column `{twice[0]}` twice", "name each column once")


def _levels(fields: Any) -> Iterator[list[str]]:
    """The names of each level: of the columns, and within each struct."""
    yield [f.name for f in fields]
    for f in fields:
        of = f.type
        while _is_list(of):
            of = of.value_type
        if arrow.is_struct(of):
            yield from _levels([of.field(n) for n in range(of.num_fields)])


def _target(path: Path, schema: Any) -> Any:
    return pa.schema([f.with_type(_supported(path, f.name, f.type)) for f in schema], metadata=schema.metadata)


def _is_list(of: Any) -> bool:
    return bool(arrow.is_list(of) or arrow.is_large_list(of) or arrow.is_fixed_size_list(of))


def _supported(path: Path, name: str, of: Any) -> Any:
    """The type as which Polars reads it."""
    if arrow.is_run_end_encoded(of):
        return _supported(path, name, of.value_type)
    if arrow.is_union(of) or of == pa.month_day_nano_interval():
        raise unreadable(
            path, f"`{name}` is of the type {of}", "make it a column of one of the types that facts have"
        )
    if arrow.is_decimal256(of):
        if abs(of.scale) > WIDEST:
            raise unreadable(path, f"`{name}` has {of.scale} decimals", f"{WIDEST} are the most")
        return pa.decimal128(WIDEST, of.scale)
    if arrow.is_timestamp(of) and of.unit == "s":  # which Polars makes milliseconds, without a look at what fits
        return pa.timestamp("ms", of.tz)
    if _is_list(of):
        inner = of.value_field.with_type(_supported(path, name, of.value_type))
        if arrow.is_fixed_size_list(of):
            return pa.list_(inner, of.list_size)
        return pa.list_(inner) if arrow.is_list(of) else pa.large_list(inner)
    if arrow.is_struct(of):
        inner = [of.field(n) for n in range(of.num_fields)]
        return pa.struct([f.with_type(_supported(path, f"{name}.{f.name}", f.type)) for f in inner])
    return of


def _decoded(path: Path, table: Any) -> list[Any]:
    """The columns of a table in these types. Raises PolicyError where a value does not fit."""
    columns = []
    for f, column in zip(table.schema, table.columns, strict=True):
        if arrow.is_run_end_encoded(f.type):
            column = compute.run_end_decode(column)
        target = _supported(path, f.name, f.type)
        try:
            columns.append(column if column.type == target else column.cast(target))
        except pa.ArrowException as failure:
            why = f"`{f.name}`: {str(failure).partition(chr(10))[0]}"
            help = _SECONDS if "timestamp[s" in str(f.type) else f"{WIDEST} digits are the most"
            raise unreadable(path, why, help) from failure
    return columns
