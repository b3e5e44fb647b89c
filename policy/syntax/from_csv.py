"""The rows of a table from a file beside the rules: the same cells as in a written table, commas between them.

In: the text of a CSV file (RFC 4180), its first line the head. Out: the rows that a written table would have, each
node with its place in the file, and findings. A cell is read as the language reads it, once for all cells that say
the same; one that it cannot read keeps its text, as a column of texts wants no quotation marks. Absent: types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from attrs import evolve, fields, frozen

from policy.diagnostics import Collector, Diagnostic, did_you_mean
from policy.remembered import remembered
from policy.source import TABLE, Source, Span, beside
from policy.syntax import tree
from policy.syntax.from_text import decode, parse_strictly
from policy.syntax.tree import Node

_BEFORE = "tighten table t\n| t |\n"  # makes rows a text that parses; what stands before them
MOST_ROWS = 100_000


@frozen
class _Entry:
    """What stands in a file for one cell: its text without quotation marks, its place, and whether the two agree."""

    text: str
    start: int
    end: int
    is_plain: bool = True


def with_rows(file: tree.File, texts: Mapping[str, bytes]) -> tuple[tree.File, list[Diagnostic]]:
    """The file with the rows of its tables that are in other files, and what is wrong with those.

    A table whose rows cannot be read is left out, as a declaration that cannot be.
    """
    return _with_rows(file, texts) if _names_files(file) else (file, [])


@remembered
def _names_files(file: tree.File) -> bool:
    return any(map(_is_elsewhere, file.declarations))


def _is_elsewhere(d: tree.Declaration) -> TypeGuard[tree.Table | tree.Tighten]:
    """Whether a declaration has its rows in another file."""
    return isinstance(d, tree.Table | tree.Tighten) and d.file is not None


@remembered
def _with_rows(file: tree.File, texts: Mapping[str, bytes]) -> tuple[tree.File, list[Diagnostic]]:
    found = Collector()
    declarations: list[tree.Declaration] = []
    unparsed: set[str] = set()
    for d in file.declarations:
        if not _is_elsewhere(d):
            declarations.append(d)
            continue
        assert d.file is not None
        read = _rows_in(d.file, texts, found)
        if read is not None:
            declarations.append(evolve(d, header=read[0], rows=read[1]))
        else:
            unparsed |= {d.name.text} if isinstance(d, tree.Table) else set()
    return evolve(file, declarations=tuple(declarations), unparsed=file.unparsed | unparsed), found.found


def _rows_in(
    file: tree.RowFile, texts: Mapping[str, bytes], found: Collector
) -> tuple[tree.Row, tuple[tree.Row, ...]] | None:
    name = beside(file.span.source.name, file.path)
    if name is None:
        what = f"`{file.path}` is no `{TABLE}` file in the folder of the rules"
        help = f'put it beside the rules and write its name alone, as `from "tiers{TABLE}"`'
        found.error("table-file", what, file.span, help)
        return None
    if name not in texts:
        known = [other for other in texts if other.endswith(TABLE)]
        help = did_you_mean(name, known) or "put it beside the rules; links out of their folder are not followed"
        found.error("table-file", f"there is no file `{file.path}` beside the rules", file.span, help)
        return None
    source, wrong = decode(name, texts[name])
    if texts[name].strip():
        found.found += wrong
    return rows_of(source, found) if not wrong or not texts[name].strip() else None


def rows_of(source: Source, found: Collector) -> tuple[tree.Row, tuple[tree.Row, ...]] | None:
    """The head and the rows; None, with a finding, where there are none."""
    lines = list(_lines(source, found))
    if len(lines) < 2:
        what = f"`{source.name}` has {'a head and no rows' if lines else 'no head'}"
        found.error(
            "table-file", what, Span(source, 0, 0), "the first line names the columns, and each other is a row"
        )
        return None
    if len(lines) > MOST_ROWS:
        found.error("table-file", f"`{source.name}` has more than {MOST_ROWS:,} rows", Span(source, 0, 0), "split it")
        return None
    if len(lines[0]) == 1 and ";" in lines[0][0].text:
        place = Span(source, lines[0][0].start, lines[0][0].end)
        found.error(
            "table-file", "the columns are parted by `;`", place, "save the file with commas between the cells"
        )
        return None
    read = _read({entry.text for line in lines for entry in line})
    header, *rows = (_row(source, line, read) for line in lines)
    return header, tuple(rows)


def _row(source: Source, line: list[_Entry], read: dict[str, tree.Cell | None]) -> tree.Row:
    cells = tuple(_cell(source, entry, read[entry.text]) for entry in line)
    return tree.Row(cells, span=Span(source, line[0].start, line[-1].end))


def _cell(source: Source, entry: _Entry, read: tree.Cell | None) -> tree.Cell:
    place = Span(source, entry.start, entry.end)
    if read is None:
        return tree.Cell("text", text=entry.text, span=place)
    moved: tree.Cell = _moved(read, place, entry.start - read.span.start, not entry.is_plain)
    return evolve(moved, text=entry.text, span=place)


def _moved(value: object, place: Span, by: int, whole: bool) -> Any:
    """A node at its place in the file; all of it at the one place where quotation marks are in between."""
    if isinstance(value, tuple):
        return tuple(_moved(v, place, by, whole) for v in value)
    if not isinstance(value, Node):
        return value
    changed = {
        a.name: _moved(getattr(value, a.name), place, by, whole) for a in fields(type(value)) if a.name != "span"
    }
    there = place if whole else Span(place.source, value.span.start + by, value.span.end + by)
    return type(value)(**changed, span=there)


# ── cells ───────────────────────────────────────────────────────────────────────────────────


def _read(texts: set[str]) -> dict[str, tree.Cell | None]:
    """What each text is as a cell; None where it is none."""
    ordered = sorted(texts)
    together = _cells(ordered)
    if together is not None:
        return dict(zip(ordered, together, strict=True))
    if len(ordered) == 1:
        return {ordered[0]: None}
    half = len(ordered) // 2
    return _read(set(ordered[:half])) | _read(set(ordered[half:]))


def _cells(texts: list[str]) -> list[tree.Cell] | None:
    """The texts as cells, each on a line of its own; None where one of them is no cell, or is several."""
    if any("|" in t or "#" in t or "\n" in t for t in texts):
        return None
    declarations = parse_strictly(Source("", _BEFORE + "\n".join(f"| {t} |" for t in texts)))
    if len(declarations) != 1 or not isinstance(declarations[0], tree.Tighten):
        return None
    rows = declarations[0].rows
    if len(rows) != len(texts) or any(len(row.cells) != 1 for row in rows):
        return None
    return [row.cells[0] for row in rows]


# ── lines ───────────────────────────────────────────────────────────────────────────────────


def _lines(source: Source, found: Collector) -> Iterator[list[_Entry]]:
    """The cells of each line that has any, without the blanks around them."""
    text, at = source.text, 0
    while at < len(text):
        line: list[_Entry] = []
        while True:
            entry, at = _entry(source, at, found)
            line.append(entry)
            if at >= len(text) or text[at] != ",":
                break
            at += 1
        at += 2 if text.startswith("\r\n", at) else 1
        if len(line) > 1 or line[0].text:
            yield line


def _entry(source: Source, at: int, found: Collector) -> tuple[_Entry, int]:
    """The cell that begins here, and where it ends: at a comma, or with the line."""
    text, start = source.text, at
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    if text[at : at + 1] == '"':
        end = at + 1
        while (end := text.find('"', end)) >= 0 and text[end + 1 : end + 2] == '"':
            end += 2
        if end < 0:
            found.found.append(Diagnostic("table-file", "the quotation mark is not closed", Span(source, at, at + 1)))
            return _Entry("", at, len(text)), len(text)
        inner, behind = text[at + 1 : end], end + 1
        stop = _stop(text, behind)
        if text[behind:stop].strip():
            what = "something stands behind the closing quotation mark"
            help = 'double the quotation marks inside a cell: `"say ""so"""`'
            found.error("table-file", what, Span(source, behind, stop), help)
        is_plain = '""' not in inner and inner == inner.strip()
        return _Entry(
            inner.replace('""', '"').strip(), at + 1 if is_plain else at, end if is_plain else behind, is_plain
        ), stop
    stop = _stop(text, start)
    return _Entry(text[at:stop].rstrip(), at, at + len(text[at:stop].rstrip())), stop


def _stop(text: str, at: int) -> int:
    ends = [n for c in (",", "\n") if (n := text.find(c, at)) >= 0]
    stop = min(ends, default=len(text))
    return stop - 1 if text[stop - 1 : stop] == "\r" and text[stop : stop + 1] in ("\n", "") else stop
