"""Sheets of rules as a workbook, by XlsxWriter: every cell a text, heads locked and in sight.

In: sheets and the rulebook that they are of. Out: the bytes of an XLSX file, the same for the same rules. Besides a
sheet for each of them it has `contents`, `provisions` to read, and, hidden, `lists` to choose from and `base`: every
text as it was exported, from which `import` sees what was changed. Absent: formulas and binary floats.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from policy.diagnostics import PolicyError, width
from policy.extras import require_extra
from policy.pipeline import Checked
from policy.workbooks.sheets import HEAD, Column, Sheet, sheets_of

FORMAT = "policy workbook 1"
CONTENTS, PROVISIONS, LISTS, BASE = "contents", "provisions", "lists", "base"
OWN = (CONTENTS, PROVISIONS, LISTS, BASE)
LONGEST_NAME = 31  # characters of the name of a sheet, as the format has it
LONGEST_CELL = 32_767
_ALWAYS = datetime(2000, 1, 1)  # where the format wants a time of making
_LAST_COLUMN = 16_383
_SPARE = 200  # rows below the last for which cells are offered from lists
_WIDEST = 60
_HOW = (
    "Change cells, add rows below the others, or delete rows. Leave `row` empty in a new row.",
    "Write as the rules do: 60%, 100_000 USD, 2026-02-11, any. No formulas, no merged or hidden cells.",
    "`policy tables import` shows what a changed workbook changes, and writes it with `--write`.",
)


@frozen
class NamedSheet:
    """A sheet under the name that the workbook gives it."""

    name: str
    sheet: Sheet

    @property
    def grid(self) -> list[list[str]]:
        """Every text of it, line by line."""
        rows = [[str(n), *line.texts, line.comment] for n, line in enumerate(self.sheet.lines, 1)]
        return [*self.sheet.head, *rows]


def named(sheets: Sequence[Sheet]) -> list[NamedSheet]:
    """Each sheet under a name of its own: that of its declaration, with `+` for what an overlay makes of it."""
    taken = {*OWN, "history"}  # which the format keeps for itself
    found = []
    for sheet in sheets:
        mark = "+" if sheet.is_overlay else ""
        name, n = sheet.name[: LONGEST_NAME - len(mark)] + mark, 1
        while name.lower() in taken:
            n += 1
            more = f"{mark} {n}"
            name = sheet.name[: LONGEST_NAME - len(more)] + more
        taken.add(name.lower())
        found.append(NamedSheet(name, sheet))
    return found


def chosen_of(checked: Checked, select: Sequence[str]) -> list[NamedSheet]:
    """The sheets whose name contains one of these texts; all where there are none. Raises PolicyError for none."""
    kept = [s for s in sheets_of(checked) if not select or any(text in s.name for text in select)]
    if not kept:
        told = " or ".join(f"`{text}`" for text in select)
        what = (
            f"no table, parameter or set has a name with {told}" if select else "the rules have no table or parameter"
        )
        raise PolicyError.of("workbook", what, "`policy questions` lists what there is" if select else "")
    return named(kept)


def workbook_of(checked: Checked, select: Sequence[str] = ()) -> bytes:
    """The workbook of a rulebook without errors, or of some of it."""
    require_extra("xlsxwriter", "xlsx")
    import xlsxwriter

    sheets = chosen_of(checked, select)
    base = list(base_of(sheets, checked.digest()))
    if any(len(text) > LONGEST_CELL for line in base for text in line):
        raise PolicyError.of(
            "workbook", f"a cell has more than {LONGEST_CELL:,} characters", "leave it out with `--select`"
        )
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "Rules", "comments": f"rulebook {checked.digest()}", "created": _ALWAYS})
    written = _Writer(book, checked)
    written.contents(sheets)
    for s in sheets:
        written.rules(s)
    written.provisions(list(sheets))
    written.hidden(base)
    book.close()
    return out.getvalue()


def base_of(sheets: Sequence[NamedSheet], digest: str) -> Iterator[list[str]]:
    """Every text of the sheets, each line after its sheet's name; the first line names the rulebook, and a digest."""
    lines = [[s.name, *line] for s in sheets for line in s.grid]
    yield [FORMAT, digest, digest_of(lines)]
    yield from lines


def digest_of(lines: Sequence[Sequence[str]]) -> str:
    """The SHA-256 of lines: a unit separator after each text, a record separator after each line."""
    text = "".join("".join(f"{cell}\x1f" for cell in _trimmed(line)) + "\x1e" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def _trimmed(line: Sequence[str]) -> Sequence[str]:
    """A line without the empty cells at its end, which no file keeps."""
    end = len(line)
    while end and not line[end - 1]:
        end -= 1
    return line[:end]


class _Writer:
    def __init__(self, book: Any, checked: Checked) -> None:
        self.book, self.checked = book, checked
        top = {"valign": "top", "text_wrap": True, "num_format": 49}  # which is that of texts
        self.title = book.add_format({**top, "bold": True, "font_size": 13, "text_wrap": False})
        self.about = book.add_format({**top, "font_color": "#555555", "text_wrap": False})
        self.told = book.add_format({**top, "italic": True, "font_color": "#555555", "bg_color": "#F2F2F2"})
        self.head = book.add_format({**top, "bold": True, "bg_color": "#D9E2F3", "bottom": 1})
        self.locked = book.add_format(top)
        self.open = book.add_format({**top, "locked": False})
        self.link = book.add_format({"font_color": "#1F4E9E", "underline": 1, "valign": "top"})
        self.lists: dict[tuple[str, ...], str] = {}

    def contents(self, sheets: Sequence[NamedSheet]) -> None:
        page = self.book.add_worksheet(CONTENTS)
        page.write_string(0, 0, "Tables, parameters and sets of the rulebook", self.title)
        page.write_string(1, 0, f"rulebook (SHA-256) {self.checked.digest()}", self.about)
        for n, line in enumerate(_HOW, 2):
            page.write_string(n, 0, line, self.about)
        first, widths = len(_HOW) + 3, [34, 18, 54, 46, 30, 7, 34]
        for column, text in enumerate(("sheet", "kind", "title", "標題", "type", "rows", "ruleset")):
            page.write_string(first, column, text, self.head)
        for row, s in enumerate(sheets, first + 1):
            page.write_url(row, 0, f"internal:'{s.name}'!A1", self.link, s.name)
            sheet = s.sheet
            rows, of = str(len(sheet.lines)) if sheet.lines else "unset", sheet.type.partition(";")[0]
            words = (sheet.word, sheet.title.en, sheet.title.zh, of, rows, sheet.ruleset)
            for column, text in enumerate(words, 1):
                page.write_string(row, column, text, self.locked)
            _fit(page, row, (s.name, *words), widths)
        _shape(page, widths, first + 1)

    def rules(self, named: NamedSheet) -> None:
        page = self.book.add_worksheet(named.name)
        sheet, grid = named.sheet, named.grid
        last = len(grid[HEAD - 1]) - 1
        page.set_column(0, _LAST_COLUMN, None, self.open)  # a row with a locked cell could not be deleted
        for at, line in enumerate(grid):
            for column, text in enumerate(line):
                if text or at >= HEAD - 2:
                    page.write_string(at, column, text, self._style(at))
        widths = [12]
        for column in range(1, last + 1):
            widest = max((width(line[column]) for line in grid[HEAD - 2 :]), default=0)
            widths.append(min(max(widest, 12), _WIDEST) + 2)
        for column, wide in enumerate(widths):
            page.set_column(column, column, wide, self.open)
        for at, line in enumerate(grid[HEAD:], HEAD):
            _fit(page, at, line, widths)
        for at, c in enumerate(sheet.columns, 1):
            if c.choices:
                page.data_validation(HEAD, at, len(grid) + _SPARE, at, self._offered(c))
        page.freeze_panes(HEAD, 0)
        allowed = ("insert_rows", "delete_rows", "sort", "format_columns", "format_rows")
        page.protect("", dict.fromkeys(allowed, True))
        page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        _paper(page, f"{sheet.ruleset} {named.name}")

    def _style(self, at: int) -> Any:
        if at == 0:
            return self.title
        if at < HEAD - 2:
            return self.about
        if at == HEAD - 2:
            return self.told
        if at == HEAD - 1:
            return self.head
        return self.open

    def _offered(self, column: Column) -> dict[str, Any]:
        """A list to choose from. Several members or provisions may stand in a cell, so another text is a warning."""
        source = self.lists.setdefault(column.choices, _column_of(len(self.lists), len(column.choices)))
        return {
            "validate": "list",
            "source": source,
            "error_type": "warning",
            "error_title": "not in the list",
            "error_message": "Several go with commas between them; the import checks each.",
        }

    def provisions(self, sheets: list[NamedSheet]) -> None:
        """What the provisions say, to read beside the numbers."""
        page = self.book.add_worksheet(PROVISIONS)
        model = self.checked.model
        cited, widths = _cited(sheets), [26, 12, 60, 50, 40, 40]
        for column, text in enumerate(("provision", "status", "words", "條文", "source", "cited by")):
            page.write_string(0, column, text, self.head)
        for row, p in enumerate(model.provisions.values(), 1):
            source = model.sources.get(p.source)
            said = source.title.en if source else ""
            words = (
                p.citation.provision,
                p.status.value,
                p.title.en,
                p.title.zh,
                said,
                ", ".join(cited.get(p.citation.provision, ())),
            )
            for column, text in enumerate(words):
                page.write_string(row, column, text[:LONGEST_CELL], self.locked)
            _fit(page, row, words, widths)
        _shape(page, widths, 1)

    def hidden(self, base: list[list[str]]) -> None:
        lists = self.book.add_worksheet(LISTS)
        for column, choices in enumerate(self.lists):
            for row, text in enumerate(choices):
                lists.write_string(row, column, text, self.locked)
        lists.hide()
        page = self.book.add_worksheet(BASE)
        for row, line in enumerate(base):
            for column, text in enumerate(line):
                if text:
                    page.write_string(row, column, text, self.locked)
        page.very_hidden()


def _cited(sheets: list[NamedSheet]) -> dict[str, list[str]]:
    """By provision, the sheets with a row that stands on it."""
    found: dict[str, list[str]] = {}
    for s in sheets:
        at = next((n for n, c in enumerate(s.sheet.columns) if c.role == "per"), None)
        names = [n for line in s.sheet.lines if at is not None for n in line.cells[at].text.split(", ")]
        for name in dict.fromkeys(names):
            found.setdefault(name, []).append(s.name)
    return found


def _column_of(column: int, rows: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"={LISTS}!${letters}$1:${letters}${rows}"


def _fit(page: Any, row: int, texts: Sequence[str], widths: Sequence[int]) -> None:
    """Makes a row as high as its longest text needs, which not every program does by itself."""
    lines = max((-(-width(t) // (wide - 2)) for t, wide in zip(texts, widths, strict=True)), default=1)
    if lines > 1:
        page.set_row(row, 15 * lines)


def _shape(page: Any, widths: Sequence[int], frozen: int) -> None:
    for column, wide in enumerate(widths):
        page.set_column(column, column, wide)
    page.freeze_panes(frozen, 0)
    page.protect("", {"format_columns": True, "format_rows": True, "sort": True})
    page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    _paper(page, "")


def _paper(page: Any, left: str) -> None:
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.set_footer(f"&L{left}&R&P / &N")
