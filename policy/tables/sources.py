"""Tables in files, a batch of rows at a time: Parquet, CSV, Arrow IPC; and JSON Lines, a batch of lines at a time.

In: a path. Out: the columns that the file has, known before the first row, and batches in the order of the file. A
row of CSV that has not as many cells as the header comes out as spoilt, and stops no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from attrs import define, field, frozen

from policy.diagnostics import Collector, PolicyError
from policy.facts.from_json import LARGEST_FACTS

BATCH = 131_072  # rows: enough to be fast, few enough that several fit into a processor's cache
LARGEST_GROUP = 4 * BATCH  # of rows that are read at once
LINES = 2_000  # of JSON in a batch
FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
    ".jsonl": "lines",
    ".ndjson": "lines",
}


@frozen(eq=False)
class Batch:
    """Rows of a table; the number of the first, counted from one; and by number the rows that cannot be read."""

    table: pl.DataFrame
    first: int
    spoilt: Mapping[int, str] = field(factory=dict)

    @property
    def height(self) -> int:
        return self.table.height + len(self.spoilt)

    def numbers(self) -> pl.Series:
        """The numbers of the rows of the table."""
        numbers = pl.int_range(self.first, self.first + self.height, eager=True).alias("row")
        return numbers.filter(~numbers.is_in(list(self.spoilt))) if self.spoilt else numbers


@frozen(eq=False)
class Lines:
    """Lines of JSON, each with its number."""

    lines: tuple[tuple[int, bytes], ...]

    @property
    def height(self) -> int:
        return len(self.lines)


def format_of(path: str | Path) -> str:
    """What kind of table a file is, by its name. Raises PolicyError."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        found = Collector()
        known = ", ".join(f"`{s}`" for s in FORMATS)
        found.error(
            "table-format", f"the name `{path}` does not say what kind of table it is", None, f"end it in {known}"
        )
        raise PolicyError(found.found)
    return FORMATS[suffix]


@frozen(eq=False)
class Source:
    """A table in a file; `columns` is empty where they are not known beforehand (JSON Lines)."""

    path: Path
    format: str
    columns: Mapping[str, Any]
    rows: int | None  # where the file says

    def batches(self) -> Iterator[Batch]:
        match self.format:
            case "csv":
                yield from _csv_batches(self.path)
            case _:
                first = 1
                for table in self._tables():
                    for part in table.iter_slices(BATCH):
                        yield Batch(part, first)
                        first += part.height

    def _tables(self) -> Iterator[pl.DataFrame]:
        """Parquet in row groups as they were written, one at a time, unless they are large; else as it streams."""
        scan = _scanned(self.path, self.format)
        groups = _row_groups(self.path) if self.format == "parquet" else []
        if not groups or max(groups) > LARGEST_GROUP:
            yield from scan.collect_batches(chunk_size=BATCH, maintain_order=True)
            return
        start = 0
        for rows in groups:
            yield scan.slice(start, rows).collect()
            start += rows

    def lines(self) -> Iterator[Lines]:
        """The lines that are not blank; of one that is too long only so much as shows that it is."""
        held: list[tuple[int, bytes]] = []
        with self.path.open("rb") as file:
            number = 0
            while line := file.readline(LARGEST_FACTS + 2):
                number += 1
                rest = line
                while not rest.endswith(b"\n") and (rest := file.readline(LARGEST_FACTS)):
                    pass
                if line.strip():
                    held.append((number, line.rstrip(b"\r\n")))
                if len(held) == LINES:
                    yield Lines(tuple(held))
                    held = []
        if held:
            yield Lines(tuple(held))


def source_of(path: str | Path) -> Source:
    """The table in a file. Raises PolicyError where it cannot be read."""
    file, format = Path(path), format_of(path)
    try:
        if format == "lines":
            file.open("rb").close()
            return Source(file, format, {}, None)
        if format == "csv":
            return Source(file, format, _csv_columns(file), None)
        scan = _scanned(file, format)
        return Source(file, format, dict(scan.collect_schema()), int(scan.select(pl.len()).collect().item()))
    except (OSError, pl.exceptions.PolarsError, ValueError) as failure:
        found = Collector()
        why = str(failure).partition("\n")[0]
        found.error("table-format", f"`{path}` cannot be read as a table: {why}", None)
        raise PolicyError(found.found) from failure


def _row_groups(path: Path) -> list[int]:
    """How many rows each row group has."""
    from pyarrow import parquet

    metadata = parquet.ParquetFile(path).metadata
    return [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]


def _scanned(path: Path, format: str) -> pl.LazyFrame:
    return pl.scan_parquet(path, glob=False) if format == "parquet" else pl.scan_ipc(path, glob=False)


# ── CSV ─────────────────────────────────────────────────────────────────────────────────────


def _csv_columns(path: Path) -> dict[str, Any]:
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        return {name: pl.String() for name in next(csv.reader(file), [])}


@define(eq=False)
class _Spoilt:
    """Notes the rows that do not have as many cells as the header."""

    rows: list[tuple[int, str]] = field(factory=list)

    def __call__(self, row: Any) -> str:
        self.rows.append(
            (row.number - 1, f"it has {row.actual_columns} cells, but the header has {row.expected_columns}")
        )
        return "skip"


def _csv_batches(path: Path) -> Iterator[Batch]:
    """Every cell is text, to be read exactly; an empty one is null, a quoted empty one an empty text."""
    from pyarrow import csv, string

    names = list(_csv_columns(path))
    spoilt, first = _Spoilt(), 1
    reader = csv.open_csv(
        path,
        read_options=csv.ReadOptions(use_threads=False, block_size=1 << 23),
        parse_options=csv.ParseOptions(invalid_row_handler=spoilt, newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    for held in reader:
        table = pl.DataFrame(held)
        for part in table.iter_slices(BATCH):
            last, here = first + part.height, {}
            while spoilt.rows and spoilt.rows[0][0] <= last:
                number, why = spoilt.rows.pop(0)
                here[number] = why
                last += 1
            yield Batch(part, first, here)
            first = last
