"""Sheets of rules as a folder of CSV files, one each with a line of heads, and back.

In: a rulebook, or the folder. Out: the files by their names, or what a workbook would hold of them. `base.csv` has
what the hidden sheet of a workbook has: every text as it was exported. A text that a spreadsheet would run as a
formula has an apostrophe before it in the file. Absent: lists to choose from, and provisions to read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from policy import files
from policy.diagnostics import PolicyError
from policy.pipeline import Checked
from policy.source import TABLE
from policy.spreadsheets import cell
from policy.syntax.from_text import decode
from policy.workbooks.from_xlsx import LARGEST, RawBook, RawCell, RawSheet
from policy.workbooks.sheets import HEAD
from policy.workbooks.to_xlsx import BASE, base_of, chosen_of


def files_of(checked: Checked, select: Sequence[str] = ()) -> dict[str, bytes]:
    """The files of a rulebook without errors, or of some of it."""
    sheets = chosen_of(checked, select)
    found = {f"{s.name}{TABLE}": _written(s.grid[HEAD - 1 :]) for s in sheets}
    return found | {f"{BASE}{TABLE}": _written(base_of(sheets, checked.digest()))}


def _written(lines: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([[cell(text) for text in line] for line in lines])
    return out.getvalue().encode()


def read(folder: Path) -> RawBook:
    """The files of a folder as sheets. Raises OSError, and PolicyError where one is no CSV file."""
    names = sorted(p for p in folder.iterdir() if p.suffix == TABLE)
    lines = {p.stem: _lines(p) for p in names}
    heads: dict[str, list[list[str]]] = {}
    for title, *texts in lines.get(BASE, [])[1:]:
        heads.setdefault(title, []).append(texts)
    sheets = []
    for name, read in lines.items():
        above = [] if name == BASE else heads.get(name, [])[: HEAD - 1]
        sheets.append(_sheet(name, [*above, *read], len(above)))
    return RawBook(tuple(sheets), from_1904=False)


def _sheet(name: str, lines: Sequence[Sequence[str]], above: int) -> RawSheet:
    cells = {(r, c): RawCell("text", t) for r, line in enumerate(lines) for c, t in enumerate(line) if t.strip()}
    return RawSheet(name, is_hidden=False, cells=cells, above=above)


def _lines(path: Path) -> list[list[str]]:
    return [[_plain(text) for text in line] for line in csv_lines(files.read(path, LARGEST), str(path))]


def csv_lines(data: bytes, name: str) -> list[list[str]]:
    """The cells of each line, parted by commas, or by semicolons or tabs as some spreadsheets save them."""
    source, found = decode(name, data)
    if wrong := [d for d in found if d.code != "empty-file"]:
        raise PolicyError(wrong)
    first = source.text.partition("\n")[0]
    parted = max((",", ";", "\t"), key=first.count)
    try:
        return list(csv.reader(io.StringIO(source.text), delimiter=parted, strict=True))
    except csv.Error as failure:
        raise PolicyError.of("workbook", f"`{name}` is no CSV file: {failure}", "save it as CSV") from failure


def _plain(text: str) -> str:
    """A text without the apostrophe that keeps a spreadsheet from running it."""
    return text[1:] if text.startswith("'") and cell(text[1:]) == text else text
