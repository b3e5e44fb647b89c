"""Sheets as a workbook for spreadsheets, by XlsxWriter: every cell a text, as exact as on the page.

In: sheets, and the cover of their document. Out: the bytes of an XLSX file, the same for the same sheets: first a
sheet that names the rulebook by its digest, and each other sheet by its rows and the digest of its cells. Absent:
formulas and binary floats; a text is never read as either.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from policy.answers import BilingualText
from policy.extras import require_extra
from policy.reports.book.figures import Cover
from policy.reports.sheets import Cell, ReportSheet
from policy.reports.visible import visible

LONGEST = 32_767  # characters of a cell, as the format has it
LONGEST_NAME = 31  # and of the name of a sheet
WIDEST = 60  # columns of text
_NO_NAME = re.compile(r"^'|[\[\]:*?/\\]|'$")
_FIRST_WIDE = 0x2E80
_ALWAYS = datetime(2000, 1, 1)  # where the format wants a time of making
_ABOUT = BilingualText("About", "說明")
_HEADS = (
    BilingualText("What", "項目"),
    BilingualText("Said", "內容"),
    BilingualText(
        "SHA-256 of the cells: UTF-8, a tab after each cell, a line feed after each row",
        "各格的SHA-256：UTF-8，每格後加製表符，每列後加換行符",
    ),
)


def needed_for_xlsx() -> None:
    """Raises PolicyError, naming what to install, where this machine writes no workbook."""
    require_extra("xlsxwriter", "xlsx")


def workbook_of(cover: Cover, sheets: Sequence[ReportSheet], language: str) -> bytes:
    """The workbook in a language by its tag, or in `both`, with the Chinese below the English in each cell.

    A text that is too long for a cell is cut, and ends with how much is missing.
    """
    needed_for_xlsx()
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"title": cover.title.en, "comments": f"rulebook {cover.digest}", "created": _ALWAYS})
    styles = {
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "amount": book.add_format({"align": "right", "valign": "top"}),
    }
    told = [
        (name, [[_said(c, language) for c in row] for row in (s.heads, *s.rows)])
        for name, s in _named(sheets, language)
    ]
    amounts = [s.amounts for s in sheets]
    about = [*_about(cover, language), *_digests(told)]
    for (name, rows), of in zip(
        [(_said(_ABOUT, language, " "), about), *told], [frozenset[int](), *amounts], strict=True
    ):
        _write(book.add_worksheet(name), rows, of, styles, cover.digest)
    book.close()
    return out.getvalue()


def _write(
    sheet: Any, rows: Sequence[Sequence[str]], amounts: frozenset[int], styles: dict[str, Any], digest: str
) -> None:
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            style = "head" if at == 0 else "amount" if column in amounts else "text"
            sheet.write_string(at, column, text, styles[style])
    columns = len(rows[0])
    for column in range(columns):
        widest = max(_width(row[column]) for row in rows)
        sheet.set_column(column, column, min(widest, WIDEST) + 2)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows) - 1, 0), columns - 1)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{digest[:16]}&R&P / &N")


def digest_of(rows: Sequence[Sequence[str]]) -> str:
    """The SHA-256 of a sheet: its cells as UTF-8, a tab after each cell and a line feed after each row."""
    text = "".join("".join(f"{cell}\t" for cell in row) + "\n" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


# ── what the first sheet says ───────────────────────────────────────────────────────────────


def _about(cover: Cover, language: str) -> Iterator[list[str]]:
    """What the cover says of the whole, below heads."""
    yield [_said(head, language) for head in _HEADS]
    imprint, statuses = cover.imprint, "; ".join(f"{status} {count}" for status, count in cover.sources)
    pairs: tuple[tuple[BilingualText, Cell], ...] = (
        (BilingualText("Document", "文件"), cover.title),
        (BilingualText("Platform", "平台"), imprint.name if imprint.name.en else cover.platform),
        (BilingualText("As of", "適用日期"), f"{cover.on} – {cover.until}" if cover.until else cover.on),
        (
            BilingualText("Date of issue", "發出日期"),
            imprint.issued or BilingualText("draft, not issued", "草擬本，未發出"),
        ),
        (BilingualText("Version", "版本"), imprint.version),
        (BilingualText("Rulebook (SHA-256)", "規則手冊（SHA-256）"), cover.digest),
        (BilingualText("Under", "疊加"), cover.under),
        (BilingualText("Provisions relied on, by source", "所據條文，按來源"), statuses),
        (BilingualText("Sources read until", "來源閱讀截止"), cover.read),
        *((BilingualText("Remark", "備註"), remark.in_one_line) for remark in cover.remarks),
    )
    for head, told in pairs:
        if told:
            yield [_said(head, language), _said(told, language), ""]


def _digests(told: Sequence[tuple[str, list[list[str]]]]) -> Iterator[list[str]]:
    """A row for each other sheet: how many rows, and which."""
    for name, rows in told:
        yield [name, f"{len(rows) - 1:,}", digest_of(rows)]


def _named(sheets: Sequence[ReportSheet], language: str) -> Iterator[tuple[str, ReportSheet]]:
    """Each sheet with a name of its own, in the signs and the length that the format allows."""
    taken = {_said(_ABOUT, language, " ").lower(), "history"}  # which the format keeps for itself
    for sheet in sheets:
        title = _said(sheet.title, "en" if language == "both" else language)
        whole = " ".join(_NO_NAME.sub(" ", title).split()) or "Sheet"
        for n in count(1):
            more = f" {n}" if n > 1 else ""
            name = whole[: LONGEST_NAME - len(more)].rstrip() + more
            if name.lower() not in taken:
                break
        taken.add(name.lower())
        yield name, sheet


def _said(cell: Cell, language: str, between: str = "\n") -> str:
    """A cell in a language, short enough for the format."""
    if isinstance(cell, str):
        text = cell
    elif language != "both":
        text = cell.told(language)
    elif not cell.zh or cell.en == cell.zh:
        text = cell.en
    else:
        text = f"{cell.en}{between}{cell.zh}"
    text = visible(text)
    if len(text) <= LONGEST:
        return text
    more = f" … +{len(text):,}"
    return text[: LONGEST - len(more)] + more


def _width(text: str) -> int:
    """Columns of the longest line; a Chinese character takes two."""
    return max(sum(2 if ord(c) >= _FIRST_WIDE else 1 for c in line) for line in text.split("\n"))
