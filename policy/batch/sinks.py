"""Answers into files, atomically: a file appears under its name only when every row is accounted for.

In: a path and tables of answers. Out: a Parquet, CSV, JSON Lines or Arrow IPC file (see `policy.files`). In CSV,
which people open in spreadsheets, a text that a spreadsheet would run as a formula gets an apostrophe before it;
numbers do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, assert_never

import polars as pl
import pyarrow as pa
from attrs import define, field

from policy.batch.sources import format_of
from policy.diagnostics import PolicyError
from policy.files import whole
from policy.model import types
from policy.model.types import AnswerType
from policy.model.values import EPOCH_DAY
from policy.spreadsheets import FORMULA, NUMBER


@define(eq=False)
class Sink:
    """A file being written. Used in a `with`: published on success, deleted on failure."""

    path: Path
    about: Mapping[str, str]  # metadata of the file: question, date, rulebook
    rows: int = 0  # that have been written
    _whole: Any = None
    _file: Any = None
    _writer: Any = None
    _schema: Any = None
    _names: list[str] = field(factory=list)

    def __enter__(self) -> Sink:
        self._whole = whole(self.path)
        self._file = self._whole.__enter__()
        return self

    def write(self, table: pl.DataFrame) -> None:
        self.rows += table.height
        match format_of(self.path):
            case "csv":
                plain = _unnested(table)
                flat = plain.select(_in_one_cell(n, d).name.map(_no_formula) for n, d in plain.schema.items())
                flat.write_csv(self._file, include_header=not self._names)
                self._names = table.columns
            case "lines":
                table.write_ndjson(self._file)
            case "parquet" | "arrow" as format:
                self._write_arrow(table.to_arrow(), format)
            case format:
                assert_never(format)

    def _write_arrow(self, table: pa.Table, format: Literal["parquet", "arrow"]) -> None:
        if self._writer is None:
            metadata = {f"policy.{name}": value for name, value in self.about.items()}
            self._schema = table.schema.with_metadata({**(table.schema.metadata or {}), **metadata})
            self._writer = _arrow_writer(format, self._file, self._schema)
        self._writer.write_table(table.replace_schema_metadata(self._schema.metadata))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._writer is not None:
                self._writer.close()
        except BaseException as failure:
            self._whole.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._whole.__exit__(kind, error, trace)


class LostRows(PolicyError):
    """Not every row was answered or refused, so that nothing is published."""

    exit_code = 3


def check_rows(where: str | Path, rows: int, answered: int, written: int) -> None:
    """Raises LostRows where the numbers of rows, of outcomes and of answers written differ."""
    if not rows == answered == written:
        message = f"`{where}` has {rows:,} rows, {answered:,} were answered or refused, and {written:,} written"
        help = "nothing is published; see whether the file was changed while it was read, and ask again"
        raise LostRows.of("rows-lost", message, help)


def _arrow_writer(format: Literal["parquet", "arrow"], file: object, schema: Any) -> Any:
    from pyarrow import ipc, parquet

    if format == "parquet":
        few = [f.name for f in schema if not _is_of_many_values(f.type)]
        packed = {"row": "DELTA_BINARY_PACKED"} if "row" in schema.names else {}  # numbers that follow each other
        return parquet.ParquetWriter(file, schema, compression="zstd", use_dictionary=few, column_encoding=packed)
    return ipc.new_file(file, schema)


def _is_of_many_values(of: Any) -> bool:
    """Whether a dictionary of values, as of outcomes and reasons, is seldom worth it."""
    from pyarrow import types as arrow

    return bool(arrow.is_integer(of) or arrow.is_decimal(of) or arrow.is_temporal(of))


def _unnested(table: pl.DataFrame) -> pl.DataFrame:
    """A record as a column for each field, for a file without records: `value.rate`."""
    while records := [n for n, d in table.schema.items() if isinstance(d, pl.Struct)]:
        table = table.unnest(*records, separator=".")
    return table


def _in_one_cell(name: str, dtype: pl.DataType) -> pl.Expr:
    """A list as one text, for a file without lists; a text that a spreadsheet would run as one that it shows."""
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        column = column.cast(pl.List(pl.String)).list.join("; ")
    elif not isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return column
    text = column.cast(pl.String)
    harmful = text.str.contains(FORMULA) & ~text.str.contains(NUMBER)
    return pl.when(harmful).then(pl.concat_str(pl.lit("'"), text)).otherwise(text).alias(name)


def _no_formula(heading: str) -> str:
    return "'" + heading if re.search(FORMULA, heading) else heading


def presentable(of: AnswerType, scaled: bool) -> pl.Expr:
    """The column `value` as people read it: decimals, dates and moments instead of scaled integers."""
    return _presented(pl.col("value"), types.inner_of(of), scaled)


def _presented(value: pl.Expr, of: AnswerType, scaled: bool) -> pl.Expr:
    match of:
        case types.Results(fields=fields):
            return pl.struct([_presented(value.struct.field(n), t, scaled).alias(n) for n, t in fields])
        case types.Number(_, scale) if scaled or scale < 0:
            steps = value if scaled else value * 10**-scale
            return steps.reinterpret(dtype=pl.Decimal(38, 0))
        case types.Number(_, scale):
            return value.reinterpret(dtype=pl.Decimal(38, scale))
        case types.Date():
            return (value - EPOCH_DAY).cast(pl.Int32).cast(pl.Date)
        case types.Instant():
            return value.cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
        case types.ListOf(item) | types.SetOf(item):
            return value.list.eval(_presented(pl.element(), item, scaled))
        case types.Boolean() | types.Text() | types.Enum() | types.Record() | types.OptionalOf() | types.Broken():
            return value
        case _:
            assert_never(of)
