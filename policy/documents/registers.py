"""The firm's register of exceptions and findings, from the CSV file that it keeps.

In: the path of a CSV file and the rulebook's provisions. Out: `Entry`, row by row; or every mistake, with its
row. Absent: any judgement; what is overdue is worked out for the day of the document.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import cast, get_args

from attrs import field, frozen

from policy import files
from policy.diagnostics import Collector, Diagnostic, PolicyError, did_you_mean, not_utf_8, which_provision
from policy.documents.firms import unprintable
from policy.reports.register import EntryKind, EntryStatus, RegisterEntry
from policy.source import Source, Span

LARGEST = 2_000_000  # bytes
MOST = 5_000  # rows
LONGEST = 2_000  # characters of a cell
COLUMNS = ("id", "kind", "provision", "finding", "owner", "due", "status", "response")
_WANTED = ("id", "kind", "finding", "owner", "due")  # in every row


def register(path: str | Path, provisions: Mapping[str, object]) -> tuple[RegisterEntry, ...]:
    """The rows of a register, in its order. Raises PolicyError with every mistake."""
    try:
        data = files.read(path, LARGEST)
    except OSError as failure:
        raise PolicyError([Diagnostic("unreadable", f"`{path}` cannot be read: {failure.strerror}")]) from failure
    try:
        source = Source(str(path), data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as failure:
        raise PolicyError([not_utf_8(str(path), data, failure, "the register")[1]]) from failure
    reader = _Reader(source, provisions)
    entries = tuple(reader.entries())
    if reader.found.found:
        raise PolicyError(reader.found.found)
    return entries


@frozen(eq=False)
class _Reader:
    source: Source
    provisions: Mapping[str, object]
    found: Collector = field(factory=Collector)
    ids: dict[str, int] = field(factory=dict)

    def entries(self) -> Iterator[RegisterEntry]:
        rows = csv.reader(io.StringIO(self.source.text), strict=True)
        line = 1
        try:
            heads = [head.strip() for head in next(rows, [])]
            if not self._heads(heads):
                return
            for number, row in enumerate(rows, 1):
                first, line = line + 1, rows.line_num
                if number > MOST:
                    self._wrong(first, f"a register has at most {MOST:,} rows")
                    return
                if any(row):
                    yield from self._entry(first, heads, row)
        except csv.Error as failure:
            self._wrong(min(rows.line_num + 1, len(self.source.line_starts)), f"this is not CSV: {failure}")

    def _heads(self, heads: list[str]) -> bool:
        for head in heads:
            if head not in COLUMNS:
                help = did_you_mean(head, COLUMNS) or f"they are {', '.join(f'`{c}`' for c in COLUMNS)}"
                self._wrong(1, f"there is no column `{head[:60]}`", help)
        for column in _WANTED:
            if column not in heads:
                self._wrong(1, f"the column `{column}` is missing", f"the first line is `{','.join(COLUMNS)}`")
        if len(set(heads)) < len(heads):
            self._wrong(1, "a column is there twice")
        return not self.found.found

    def _entry(self, line: int, heads: list[str], row: list[str]) -> Iterator[RegisterEntry]:
        before = len(self.found.found)
        if len(row) != len(heads):
            self._wrong(line, f"the row has {len(row)} cells, and there are {len(heads)} columns")
            return
        cells = dict.fromkeys(COLUMNS, "") | {h: c.strip() for h, c in zip(heads, row, strict=True)}
        for column in COLUMNS:
            if column in _WANTED and not cells[column]:
                self._wrong(line, f"`{column}` is empty")
            elif fault := unprintable(cells[column], LONGEST):
                self._wrong(line, f"`{column}` has {fault}")
        self._one_of(line, "kind", cells["kind"], get_args(EntryKind))
        self._one_of(line, "status", cells["status"] or "open", get_args(EntryStatus))
        self._provision(line, cells["provision"])
        self._date(line, cells["due"])
        if earlier := self.ids.setdefault(cells["id"], line) != line and self.ids[cells["id"]]:
            self._wrong(line, f"`{cells['id'][:60]}` is the id of line {earlier} too")
        if len(self.found.found) == before:
            kind, status = cast(EntryKind, cells.pop("kind")), cast(EntryStatus, cells.pop("status") or "open")
            yield RegisterEntry(kind=kind, status=status, **cells)

    def _one_of(self, line: int, column: str, said: str, known: tuple[str, ...]) -> None:
        if said and said not in known:
            help = did_you_mean(said, known) or f"it is one of {', '.join(f'`{k}`' for k in known)}"
            self._wrong(line, f"`{said[:60]}` is no {column}", help)

    def _provision(self, line: int, said: str) -> None:
        if said and said not in self.provisions:
            self._wrong(line, f"the rulebook has no provision `{said[:60]}`", which_provision(said, self.provisions))

    def _date(self, line: int, said: str) -> None:
        try:
            if said and date.fromisoformat(said).isoformat() != said:
                raise ValueError
        except ValueError:
            self._wrong(line, f"`{said[:60]}` is not a date", "write year, month and day, as 2026-11-27")

    def _wrong(self, line: int, message: str, help: str = "") -> None:
        start = self.source.line_starts[line - 1]
        self.found.error("register", message, Span(self.source, start, start + len(self.source.line(line))), help)
