"""A workbook as it is stored: what stands in each cell, and what a spreadsheet hides of it.

In: the bytes of an XLSX file, of whatever program. Out: its sheets with every cell as text, each with its kind, the
format of its number, and whether it is hidden, merged or a formula. The file's own XML is read, since libraries give
the last result of a formula for the formula and a binary float for a number. Refused: a file that unpacks to too
much, that is encrypted, or whose XML declares entities. Absent: what the cells mean.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from posixpath import join, normpath
from typing import Literal
from xml.parsers import expat

from attrs import define, field, frozen

from policy.diagnostics import PolicyError

CellKind = Literal["text", "number", "boolean", "error", "formula"]
NumberFormat = Literal["general", "percent", "date"]
LARGEST = 32 << 20  # bytes of a workbook
LARGEST_UNPACKED = 256 << 20
MOST_PARTS = 4_000
MOST_CELLS = 2_000_000
_PERCENT, _DATES = {9, 10}, {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_REF = re.compile(r"([A-Z]{1,3})([0-9]{1,7})\Z")
_MAGIC_OLD = b"\xd0\xcf\x11\xe0"  # of a compound file: an old `.xls`, or one with a password
_A_WORKBOOK = "name a workbook that is saved as `.xlsx`, or a folder of CSV files"


@frozen
class RawCell:
    """`text` is what is stored: a number as its digits, a date as its serial number."""

    kind: CellKind
    text: str
    format: NumberFormat = "general"


@define
class RawSheet:
    """Cells by row and column, from nought; what is hidden, and which cells were merged into one."""

    name: str
    is_hidden: bool
    cells: dict[tuple[int, int], RawCell] = field(factory=dict)
    hidden_rows: set[int] = field(factory=set)
    hidden_columns: list[tuple[int, int]] = field(factory=list)  # from, to
    merged: list[tuple[int, int, int, int]] = field(factory=list)  # first row and column, last row and column
    above: int = 0  # lines that are not in the file itself

    def place(self, row: int, column: int | None = None) -> str:
        """A cell, or a row, as spreadsheets name it."""
        return place(self.name, row - self.above, column)

    @property
    def height(self) -> int:
        return max((row for row, _ in self.cells), default=-1) + 1

    @property
    def width(self) -> int:
        return max((column for _, column in self.cells), default=-1) + 1


@frozen
class RawBook:
    sheets: tuple[RawSheet, ...]
    from_1904: bool  # whether its days are counted from 1904


def place(sheet: str, row: int, column: int | None = None) -> str:
    """A cell, or a row, as spreadsheets name it: `haircut!C7`, `haircut!7`."""
    quoted = sheet if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", sheet) else "'" + sheet.replace("'", "''") + "'"
    return f"{quoted}!{'' if column is None else letters(column)}{row + 1}"


def letters(column: int) -> str:
    found, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def is_workbook(data: bytes) -> bool:
    """Whether a file is to be read as a workbook: it is packed, or of the old format, and no plain text."""
    return data.startswith((b"PK", _MAGIC_OLD))


def read(data: bytes, name: str) -> RawBook:
    """The workbook. Raises PolicyError where it cannot be read."""
    if data.startswith(_MAGIC_OLD):
        raise _refused(name, "it has a password, or is an old `.xls`", "save it as `.xlsx`, without a password")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return _Reader(file, name).book()
    except (
        zipfile.BadZipFile,
        expat.ExpatError,
        LookupError,
        ValueError,
        NotImplementedError,
        EOFError,
        zlib.error,
        struct.error,
    ) as failure:
        raise _refused(name, f"it is no whole XLSX file: {failure}", _A_WORKBOOK) from failure
    except RuntimeError as failure:  # which `zipfile` raises for what is encrypted
        raise _refused(name, "it has a password", "save it without a password") from failure


def _refused(name: str, why: str, help: str) -> PolicyError:
    return PolicyError.of("workbook", f"`{name}` cannot be read: {why}", help)


class _Reader:
    def __init__(self, file: zipfile.ZipFile, name: str) -> None:
        self.file, self.name = file, name
        parts = file.infolist()
        names = [p.filename for p in parts]
        if len(parts) > MOST_PARTS or sum(p.file_size for p in parts) > LARGEST_UNPACKED:
            raise _refused(name, "it unpacks to too much", "export the rules again and copy the changes over")
        if len(set(names)) < len(names):
            raise _refused(name, "a part of it stands in it twice", "save it again with a spreadsheet")
        self.sizes = {p.filename: p.file_size for p in parts}
        self.left = MOST_CELLS

    def book(self) -> RawBook:
        targets = {relation: normpath(join("/xl", target))[1:] for relation, target in self._relations()}
        sheets: list[tuple[str, bool, str]] = []
        is_1904 = False

        def start(tag: str, a: dict[str, str]) -> None:
            nonlocal is_1904
            if tag == "sheet":
                sheets.append((a["name"], a.get("state", "visible") != "visible", targets[_relation(a)]))
            elif tag == "workbookPr":
                is_1904 = a.get("date1904") in ("1", "true")

        self._parse("xl/workbook.xml", start)
        shared, formats = self._shared(), self._formats()
        return RawBook(tuple(self._sheet(n, hidden, part, shared, formats) for n, hidden, part in sheets), is_1904)

    def _relations(self) -> Iterator[tuple[str, str]]:
        found: list[tuple[str, str]] = []

        def start(tag: str, a: dict[str, str]) -> None:
            if tag == "Relationship" and a.get("TargetMode") != "External":
                found.append((a["Id"], a["Target"]))

        self._parse("xl/_rels/workbook.xml.rels", start)
        return iter(found)

    def _shared(self) -> list[str]:
        """The texts that cells refer to; what is told above Chinese characters is left out."""
        texts: list[str] = []
        pieces: list[str] = []
        inside = [False, False]  # a text, a reading aid

        def start(tag: str, _: dict[str, str]) -> None:
            if tag == "si":
                pieces.clear()
            elif tag == "rPh":
                inside[1] = True
            inside[0] = tag == "t" and not inside[1]

        def end(tag: str) -> None:
            if tag == "si":
                texts.append(_unescaped("".join(pieces)))
            elif tag == "rPh":
                inside[1] = False
            inside[0] = False

        if "xl/sharedStrings.xml" in self.sizes:
            self._parse("xl/sharedStrings.xml", start, end, lambda text: pieces.append(text) if inside[0] else None)
        return texts

    def _formats(self) -> list[NumberFormat]:
        """The format of numbers by style."""
        codes: dict[int, str] = {}
        styles: list[NumberFormat] = []
        in_cells = [False]

        def start(tag: str, a: dict[str, str]) -> None:
            if tag == "numFmt":
                codes[int(a["numFmtId"])] = a["formatCode"]
            elif tag == "cellXfs":
                in_cells[0] = True
            elif tag == "xf" and in_cells[0]:
                number = int(a.get("numFmtId", "0"))
                styles.append(_format(number, codes.get(number, "")))

        def end(tag: str) -> None:
            if tag == "cellXfs":
                in_cells[0] = False

        if "xl/styles.xml" in self.sizes:
            self._parse("xl/styles.xml", start, end)
        return styles

    def _sheet(
        self, name: str, is_hidden: bool, part: str, shared: list[str], formats: list[NumberFormat]
    ) -> RawSheet:
        sheet = RawSheet(name, is_hidden)
        at, kind, style = (0, 0), "n", 0
        row, column = -1, -1
        pieces: list[str] = []
        formula: list[str] | None = None
        into: list[str] | None = None  # where the text that is read goes

        def start(tag: str, a: dict[str, str]) -> None:
            nonlocal at, kind, style, formula, into, row, column
            if tag == "f":
                formula = []
            into = pieces if tag in ("v", "t") else formula if tag == "f" else None
            if tag == "row":
                row, column = int(a["r"]) - 1 if "r" in a else row + 1, -1
                if _true(a.get("hidden")):
                    sheet.hidden_rows.add(row)
            elif tag == "c":
                at = _cell(a["r"]) if "r" in a else (row, column + 1)
                column = at[1]
                kind, style, formula = a.get("t", "n"), int(a.get("s", "0")), None
                pieces.clear()
            elif tag == "col" and _true(a.get("hidden")):
                sheet.hidden_columns.append((int(a["min"]) - 1, int(a["max"]) - 1))
            elif tag == "mergeCell":
                first, _, last = a["ref"].partition(":")
                sheet.merged.append((*_cell(first), *_cell(last or first)))

        def end(tag: str) -> None:
            nonlocal into
            into = None
            if tag != "c" or not (pieces or formula is not None):
                return
            self.left -= 1
            if self.left < 0:
                raise _refused(self.name, f"it has more than {MOST_CELLS:,} cells", "export fewer tables")
            told = None if formula is None else "".join(formula)
            made = _stored(kind, "".join(pieces), told, shared, formats[style] if style < len(formats) else "general")
            if made.text.strip() or made.kind != "text":
                sheet.cells[at] = made

        self._parse(part, start, end, lambda text: into.append(text) if into is not None else None)
        return sheet

    def _parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] = lambda tag: None,
        text: Callable[[str], object] = lambda text: None,
    ) -> None:
        """Reads a part. Names come without their namespace."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = lambda tag, a: start(tag.rpartition(" ")[2], a)
        parser.EndElementHandler = lambda tag: end(tag.rpartition(" ")[2])
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = lambda *_: self._no_entities()
        with self.file.open(part) as stream:
            data = stream.read(self.sizes[part] + 1)
        if len(data) > self.sizes[part]:
            raise _refused(self.name, "a part of it is longer than it says", "save it again with a spreadsheet")
        parser.Parse(data, True)

    def _no_entities(self) -> None:
        raise _refused(self.name, "its XML declares a document type", "save it again with a spreadsheet")


def _relation(a: dict[str, str]) -> str:
    return next(value for name, value in a.items() if name.endswith("relationships id"))


def _stored(kind: str, text: str, formula: str | None, shared: list[str], format: NumberFormat) -> RawCell:
    if formula in ("TRUE()", "FALSE()"):  # as LibreOffice stores what was typed
        return RawCell("boolean", formula[:-2].lower())
    if formula is not None:
        return RawCell("formula", formula or text)
    match kind:
        case "s":
            return RawCell("text", shared[_number(text)])
        case "str" | "inlineStr" | "d":
            return RawCell("text", _unescaped(text))
        case "b":
            return RawCell("boolean", "true" if text == "1" else "false")
        case "e":
            return RawCell("error", text)
        case _:
            return RawCell("number", text, format)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"`{text[:20]}` is no number")
    return int(text)


def _cell(ref: str) -> tuple[int, int]:
    found = _REF.match(ref.replace("$", ""))
    if found is None:
        raise ValueError(f"`{ref[:20]}` names no cell")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def _unescaped(text: str) -> str:
    """Characters that the format writes as `_x000D_`."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text)


def _true(text: str | None) -> bool:
    return text in ("1", "true")


def _format(number: int, code: str) -> NumberFormat:
    plain = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.', "", code)
    if number in _PERCENT or "%" in plain:
        return "percent"
    if number in _DATES or (re.search(r"[ymdhs]", plain, re.IGNORECASE) and "general" not in plain.lower()):
        return "date"
    return "general"
