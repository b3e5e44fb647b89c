"""CSV: scanned once for anything that would lose or shift rows, then read a part at a time.

In: a path. Out: the columns and the number of rows; and parts of the table, every cell a text, an empty one null, a
quoted empty one an empty text. Rows with another number of cells than the header are reported as malformed. A file
whose rows cannot be delimited is refused with the line: a quote that is not closed, one inside a cell, a row without
an end, bytes that are not UTF-8.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from attrs import define, field, frozen

from policy import files
from policy.batch.engines import unreadable

LONGEST_ROW = 1 << 20  # bytes
_BLOCK = 1 << 20  # bytes that are scanned at once
_READ = 1 << 23  # bytes that are read at once, more than the longest row

_CELL = rb'(?:"(?:[^"]|"")*+"|[^",\r\n][^",\r\n]*+|)'
_CELLS = re.compile(rb"%s(?:,%s)*+" % (_CELL, _CELL))
_ROWS = re.compile(rb"(?:%s(?:,%s)*+\r?\n)*+" % (_CELL, _CELL))
_QUOTED = re.compile(rb'"(?:[^"]|"")*+"')
_BLANK = re.compile(rb"^\r?\n", re.MULTILINE)
_SEPARATORS = {";": "a semicolon", "\t": "a tab", "|": "a bar"}


@frozen
class Csv:
    """The shape of a CSV file."""

    columns: tuple[str, ...]
    rows: int


def scanned(path: Path) -> Csv:
    """The columns and the number of rows, malformed ones included. Raises PolicyError."""
    columns: tuple[str, ...] = ()
    rows, line, rest = -1, 1, b""
    with open(files.opened(path, streams=False), "rb") as file:
        while True:
            block = file.read(_BLOCK)
            data = rest + block if block or rest.endswith(b"\n") or not rest else rest + b"\n"
            end = _end_of_rows(data)
            here, rest = data[:end], data[end:]
            if rest and (not block or len(rest) > LONGEST_ROW):
                _refuse_row(path, line + here.count(b"\n"), rest)
            try:
                text = here.decode()
            except UnicodeDecodeError as failure:
                at = line + here[: failure.start].count(b"\n")
                raise unreadable(path, f"line {at:,} is not UTF-8", "save it as `CSV UTF-8`") from failure
            if not columns and here:
                columns = _columns(path, text.removeprefix("\ufeff"))
            bare = _QUOTED.sub(b"x", here) if b'"' in here else here
            rows += bare.count(b"\n") - (len(_BLANK.findall(bare)) if len(columns) > 1 else 0)
            line += here.count(b"\n")
            if not block:
                break
    if not columns:
        raise unreadable(path, "it is empty", "the first line names the columns")
    return Csv(columns, rows)


def _end_of_rows(data: bytes) -> int:
    """The end of the last row that is complete and valid CSV."""
    if b'"' not in data and data.count(b"\r") == data.count(b"\r\n"):
        return data.rfind(b"\n") + 1
    match = _ROWS.match(data)
    return match.end() if match else 0


def _columns(path: Path, text: str) -> tuple[str, ...]:
    names = next(csv.reader(StringIO(text)))
    if not names:
        raise unreadable(path, "its first line is blank", "the first line names the columns")
    if len(names) == 1 and (separator := next((s for s in _SEPARATORS if s in names[0]), "")):
        help = "save it as `CSV UTF-8 (comma delimited)`, or set the list separator of your system to a comma"
        raise unreadable(path, f"its cells are set apart by {_SEPARATORS[separator]} instead of a comma", help)
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise unreadable(path, f"it has the column `{twice[0]}` twice", "name each column once")
    return tuple(names)


def _refuse_row(path: Path, line: int, rest: bytes) -> NoReturn:
    """Refuses a row that is not valid CSV, with the reason."""
    cells = _CELLS.match(rest)
    at = cells.end() if cells else 0
    before, this = rest[:at][-1:], rest[at : at + 1]
    lines = rest[:at].count(b"\n")
    here = f"line {line + lines:,}"
    if this == b'"' and before in (b"", b","):
        within = f" within {LONGEST_ROW:,} bytes" if len(rest) > LONGEST_ROW else ""
        raise unreadable(path, f"{here}: a quote is opened and not closed{within}", "close it, or write it twice")
    if this == b'"':
        raise unreadable(
            path, f"{here}: a quote stands inside a cell", "put the cell in quotes, and write the quote twice"
        )
    if before == b'"' and this not in (b"\r", b"\n", b""):
        raise unreadable(
            path, f"{here}: a cell goes on behind its closing quote", "write a quote within a cell twice"
        )
    if this == b"\r":
        raise unreadable(path, f"{here} ends with a carriage return alone", "save it with ordinary line ends")
    raise unreadable(path, f"{here}: a row of more than {LONGEST_ROW:,} bytes", "a fact is never so long")


@define(eq=False)
class _Malformed:
    """Collects the rows that do not have as many cells as the header."""

    rows: list[tuple[int, str]] = field(factory=list)

    def __call__(self, row: Any) -> str:
        self.rows.append(
            (row.number - 1, f"it has {row.actual_columns} cells, but the header has {row.expected_columns}")
        )
        return "skip"

    def until(self, first: int, height: int) -> dict[int, str]:
        """Those among the rows from `first` on, of which `height` are well formed, by position."""
        here: dict[int, str] = {}
        while self.rows and self.rows[0][0] <= first + height + len(here):
            number, why = self.rows.pop(0)
            here[number - first] = why
        return here


def parts(path: Path, most: int) -> Iterator[tuple[pl.DataFrame, Mapping[int, str]]]:
    """Parts of the table in order, and in each the positions and reasons of malformed rows."""
    from pyarrow import csv as arrow, string

    names = scanned(path).columns
    malformed, first = _Malformed(), 1
    reader = arrow.open_csv(
        path,
        read_options=arrow.ReadOptions(use_threads=False, block_size=_READ),
        parse_options=arrow.ParseOptions(
            invalid_row_handler=malformed, newlines_in_values=True, ignore_empty_lines=len(names) > 1
        ),
        convert_options=arrow.ConvertOptions(
            column_types=dict.fromkeys(names, string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    for held in reader:
        for part in pl.DataFrame(held).iter_slices(most):
            here = malformed.until(first, part.height)
            yield part, here
            first += part.height + len(here)
    if malformed.rows:
        nothing = pl.DataFrame(schema=dict.fromkeys(names, pl.String()))
        yield nothing, {number - first: why for number, why in malformed.rows}
