"""Workbooks of rules as people leave them: what was exported, saved again with cells changed.

A change is a line: `haircut!D8 = 70%` is a text; `= number 0.7`, `= percent 0.7`, `= date 46064`, `= formula =1+1`,
`= error #DIV/0!`, `= true` and `= nothing` are what a spreadsheet makes of what was typed. `hide row`, `hide column`,
`hide sheet`, `merge`, `delete row`, `delete sheet`, `add sheet`, `swap columns`, `copy row` do to sheets what their
words say; `add row haircut: a | b` fills the row below the last.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import xlsxwriter
from attrs import define, field

from policy.workbooks.from_xlsx import RawCell, RawSheet, letters, read

MADE_UP = "POLICYERROR"  # a formula that is taken out again: XlsxWriter writes no error without one


@define
class Saved:
    """A workbook as it is saved again: sheets by name, with what is formatted."""

    sheets: dict[str, RawSheet] = field(factory=dict)

    def bytes(self) -> bytes:
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False})
        formats = {
            "percent": book.add_format({"num_format": "0%"}),
            "date": book.add_format({"num_format": "dd/mm/yyyy"}),
        }
        for name, sheet in self.sheets.items():
            page = book.add_worksheet(name)
            for top, left, bottom, right in sheet.merged:
                page.merge_range(top, left, bottom, right, "")
            for (row, column), cell in sheet.cells.items():
                _put(page, row, column, cell, formats)
            for row in sheet.hidden_rows:
                page.set_row(row, None, None, {"hidden": True})
            for first, last in sheet.hidden_columns:
                page.set_column(first, last, None, None, {"hidden": True})
            if sheet.is_hidden:
                page.hide()
        book.close()
        return without_made_up(out.getvalue())


def without_made_up(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part, old.read(part).replace(f"<f>{MADE_UP}</f>".encode(), b""))
    return out.getvalue()


def _put(page: Any, row: int, column: int, cell: RawCell, formats: dict[str, Any]) -> None:
    match cell.kind:
        case "text":
            page.write_string(row, column, cell.text)
        case "number":
            page._write_number(row, column, _Digits(cell.text), formats.get(cell.format))
        case "boolean":
            page.write_boolean(row, column, cell.text == "true")
        case "formula":
            page.write_formula(row, column, cell.text, None, 2)
        case "error":
            page.write_formula(row, column, f"={MADE_UP}", None, cell.text)


class _Digits(float):
    """A number that is stored with the digits that it was given."""

    def __new__(cls, text: str) -> _Digits:
        made = super().__new__(cls, text)
        made.text = text  # type: ignore[attr-defined]
        return made

    def __format__(self, how: str) -> str:
        return str(self.text)  # type: ignore[attr-defined]


def opened(data: bytes) -> Saved:
    return Saved({s.name: s for s in read(data, "t.xlsx").sheets})


def changed(data: bytes, lines: str) -> bytes:
    """The workbook with the changes that these lines tell."""
    saved = opened(data)
    for line in lines.splitlines():
        if line.strip():
            _change(saved, line.strip())
    return saved.bytes()


def _change(saved: Saved, line: str) -> None:
    if found := re.fullmatch(r"(hide|delete|copy|merge) (row|column|sheet|cells) (.+)", line):
        _shape(saved, f"{found[1]} {found[2]}", found[3])
    elif found := re.fullmatch(r"add row (.+?): (.*)", line):
        sheet = saved.sheets[found[1]]
        for column, text in enumerate(found[2].split(" | "), 1):
            if text.strip():
                sheet.cells[max(r for r, _ in sheet.cells) + (column == 1 or 0), column] = RawCell(
                    "text", text.strip()
                )
    elif found := re.fullmatch(r"add sheet (.+)", line):
        saved.sheets[found[1]] = RawSheet(found[1], False, {(0, 0): RawCell("text", "note")})
    elif found := re.fullmatch(r"swap columns (.+)!([A-Z]+) ([A-Z]+)", line):
        sheet = saved.sheets[found[1]]
        a, b = _column(found[2]), _column(found[3])
        sheet.cells = {(r, b if c == a else a if c == b else c): cell for (r, c), cell in sheet.cells.items()}
    elif found := re.fullmatch(r"swap rows (.+)!([0-9]+) ([0-9]+)", line):
        sheet = saved.sheets[found[1]]
        a, b = int(found[2]) - 1, int(found[3]) - 1
        sheet.cells = {(b if r == a else a if r == b else r, c): cell for (r, c), cell in sheet.cells.items()}
    else:
        found = re.fullmatch(r"(.+)!([A-Z]+)([0-9]+) = (.*)", line)
        assert found, f"`{line}` tells no change"
        place = int(found[3]) - 1, _column(found[2])
        saved.sheets[found[1]].cells.pop(place, None)
        if found[4] != "nothing":
            saved.sheets[found[1]].cells[place] = _stored(found[4])


def _shape(saved: Saved, what: str, where: str) -> None:
    name, _, rest = where.partition("!")
    sheet = saved.sheets[name]
    match what:
        case "hide sheet":
            sheet.is_hidden = True
        case "delete sheet":
            del saved.sheets[name]
        case "hide row":
            sheet.hidden_rows.add(int(rest) - 1)
        case "hide column":
            sheet.hidden_columns.append((_column(rest), _column(rest)))
        case "delete row":
            gone = int(rest) - 1
            sheet.cells = {(r - (r > gone), c): cell for (r, c), cell in sheet.cells.items() if r != gone}
        case "delete column":
            gone = _column(rest)
            sheet.cells = {(r, c - (c > gone)): cell for (r, c), cell in sheet.cells.items() if c != gone}
        case "copy row":
            row, last = int(rest) - 1, sheet.height
            sheet.cells |= {(last, c): cell for (r, c), cell in sheet.cells.items() if r == row}
        case "merge cells":
            first, last = (re.fullmatch(r"([A-Z]+)([0-9]+)", ref) for ref in rest.split(":"))
            assert first
            assert last
            sheet.merged.append((int(first[2]) - 1, _column(first[1]), int(last[2]) - 1, _column(last[1])))
        case _:
            raise AssertionError(what)


def _stored(text: str) -> RawCell:
    kind, _, rest = text.partition(" ")
    match kind:
        case "number":
            return RawCell("number", rest)
        case "percent":
            return RawCell("number", rest, "percent")
        case "date":
            return RawCell("number", rest, "date")
        case "formula":
            return RawCell("formula", rest)
        case "error":
            return RawCell("error", rest)
        case "true" | "false" if not rest:
            return RawCell("boolean", kind)
        case _:
            return RawCell("text", text)


def _column(text: str) -> int:
    return next(n for n in range(1_000) if letters(n) == text)
