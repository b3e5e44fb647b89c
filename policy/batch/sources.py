"""Tables in files, a batch of rows at a time: Parquet, CSV, Arrow IPC; and JSON Lines, a batch of lines at a time.

In: a path. Out: the columns of the file and its number of rows, known before the first, and batches in the order of
the file. A malformed row of CSV is reported with its batch, and stops no other. Absent: the file formats themselves
(`from_csv`, `from_arrow`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, assert_never

import polars as pl
from attrs import field, frozen

from policy import files
from policy.batch import from_arrow, from_csv
from policy.batch.engines import guarded
from policy.diagnostics import PolicyError
from policy.facts.from_json import LARGEST_FACTS

BATCH = 131_072  # rows: enough to be fast, few enough that several fit into a processor's cache
LINES = 2_000  # of JSON in a batch
Format = Literal["parquet", "csv", "arrow", "lines"]
FORMATS: dict[str, Format] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
    ".jsonl": "lines",
    ".ndjson": "lines",
}


@frozen(eq=False)
class RowBatch:
    """Rows of a table; the number of the first, counted from one; and by number the rows that are malformed."""

    table: pl.DataFrame
    first: int
    malformed: Mapping[int, str] = field(factory=dict)

    @property
    def height(self) -> int:
        return self.table.height + len(self.malformed)

    def numbers(self) -> pl.Series:
        """The numbers of the rows of the table."""
        numbers = pl.int_range(self.first, self.first + self.height, eager=True).alias("row")
        return numbers.filter(~numbers.is_in(list(self.malformed))) if self.malformed else numbers


@frozen(eq=False)
class JsonLines:
    """Lines of JSON, each with its number."""

    lines: tuple[tuple[int, bytes], ...]

    @property
    def height(self) -> int:
        return len(self.lines)


def format_of(path: str | Path) -> Format:
    """The format of a file, by its name. Raises PolicyError."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        known = ", ".join(f"`{s}`" for s in FORMATS)
        message = f"the name `{path}` does not say what kind of table it is"
        raise PolicyError.of("table-format", message, f"end it in {known}")
    return FORMATS[suffix]


@frozen(eq=False)
class TableFile:
    """A table in a file; of JSON Lines neither columns nor the number of rows are known beforehand."""

    path: Path
    format: Format
    columns: Mapping[str, pl.DataType]
    rows: int | None

    def batches(self) -> Iterator[RowBatch]:
        """The rows. Raises PolicyError where the file contradicts its own metadata."""
        first = 1
        with guarded(self.path):
            for table, malformed in self._tables():
                yield RowBatch(table, first, {first + n: why for n, why in malformed.items()})
                first += table.height + len(malformed)

    def _tables(self) -> Iterator[tuple[pl.DataFrame, Mapping[int, str]]]:
        """Parts of the table, and in each the positions and reasons of malformed rows."""
        match self.format:
            case "csv":
                yield from from_csv.parts(self.path, BATCH)
            case "parquet" | "arrow":
                for table in from_arrow.tables(self.path, self.format, BATCH):
                    yield table, {}
            case "lines":
                raise AssertionError("lines are not read as tables")
            case _:
                assert_never(self.format)

    def lines(self) -> Iterator[JsonLines]:
        """The lines that are not blank; one that is too long is cut off behind the limit."""
        held: list[tuple[int, bytes]] = []
        with open(files.opened(self.path), "rb") as file:
            number = 0
            while line := file.readline(LARGEST_FACTS + 2):
                number += 1
                rest = line
                while not rest.endswith(b"\n") and (rest := file.readline(LARGEST_FACTS)):
                    pass
                if line.strip():
                    held.append((number, line.rstrip(b"\r\n")))
                if len(held) == LINES:
                    yield JsonLines(tuple(held))
                    held = []
        if held:
            yield JsonLines(tuple(held))


def source_of(path: str | Path) -> TableFile:
    """The table in a file. Raises PolicyError where it cannot be read."""
    file, format = Path(path), format_of(path)
    with guarded(path):
        files.plain(file)
        if format == "lines":
            return TableFile(file, format, {}, None)
        if format == "csv":
            csv = from_csv.scanned(file)
            return TableFile(file, format, {name: pl.String() for name in csv.columns}, csv.rows)
        columns, rows = from_arrow.shape(file, format)
        return TableFile(file, format, columns, rows)
