"""Workbooks as they are stored: read by their XML as another library reads them, and hostile ones refused."""

from __future__ import annotations

import contextlib
import io
import random
import zipfile

import pytest

import optional
from policy.diagnostics import PolicyError
from policy.workbooks import from_xlsx
from policy.workbooks.from_xlsx import letters, place, read

xlsxwriter = optional.library("xlsxwriter", "xlsx")
HOSTILE = (
    "=1+1",
    "+1",
    "007",
    "<b>&\"'",
    "two\nlines",
    "買賣盤",
    "_x0041_",
    "_x005F_",
    " lead",
    "e\u0301",
    "\U0001f600",
)


def written() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False})
    page = book.add_worksheet("Texts")
    for row, text in enumerate(HOSTILE):
        page.write_string(row, 2, text)
    page.write_rich_string(0, 4, "be", book.add_format({"bold": True}), "fore")
    page.write_number(1, 4, 12.5)
    page.write_boolean(2, 4, True)
    page.write_formula(3, 4, "=A1", None, 7)
    page.write_number(4, 4, 0.5, book.add_format({"num_format": '[Red]0.00" %"'}))
    page.write_number(5, 4, 0.5, book.add_format({"num_format": "0.00%"}))
    page.write_number(6, 4, 46204, book.add_format({"num_format": "[$-409]d mmm yyyy"}))
    page.write_number(7, 4, 9, book.add_format({"num_format": '#,##0" days"'}))
    book.close()
    return out.getvalue()


def repacked(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for p in before.infolist():
            body = before.read(p)
            assert p.filename != part or old in body
            after.writestr(p.filename, body.replace(old, new) if p.filename == part else body)
    return out.getvalue()


def test_texts_are_those_that_another_library_reads() -> None:
    calamine = optional.library("python_calamine", "dev")
    data = written()
    ours = read(data, "t.xlsx").sheets[0]
    theirs = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    rows = theirs.to_python(skip_empty_area=False)
    assert [ours.cells[n, 2].text for n in range(len(HOSTILE))] == [row[2] for row in rows] == list(HOSTILE)
    assert (ours.cells[0, 4].text, rows[0][4]) == ("before", "before")


def test_what_a_spreadsheet_shows_otherwise_is_seen() -> None:
    cells = read(written(), "t.xlsx").sheets[0].cells
    assert [(cells[n, 4].kind, cells[n, 4].text, cells[n, 4].format) for n in range(1, 8)] == [
        ("number", "12.5", "general"),
        ("boolean", "true", "general"),
        ("formula", "A1", "general"),
        ("number", "0.5", "general"),
        ("number", "0.5", "percent"),
        ("number", "46204", "date"),
        ("number", "9", "general"),
    ]


def test_cells_without_places_follow_each_other() -> None:
    data = repacked(written(), "xl/worksheets/sheet1.xml", b'<c r="C2" ', b"<c ")
    assert read(data, "t.xlsx").sheets[0].cells[1, 0].text == "+1"


def test_places_as_spreadsheets_name_them() -> None:
    assert [letters(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert [place("haircut", 6, 2), place("haircut+", 6), place("it's", 0, 0)] == [
        "haircut!C7",
        "'haircut+'!7",
        "'it''s'!A1",
    ]


# ── hostile files ───────────────────────────────────────────────────────────────────────────


def refusal(data: bytes) -> str:
    with pytest.raises(PolicyError) as refused:
        read(data, "t.xlsx")
    return refused.value.diagnostics[0].message


def test_what_is_no_workbook() -> None:
    whole = written()
    assert "no whole XLSX file" in refusal(b"kind,haircut")
    assert "no whole XLSX file" in refusal(whole[:-100])
    assert "has a password" in refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert "no whole XLSX file" in refusal(repacked(whole, "xl/workbook.xml", b"</workbook>", b""))
    assert "no whole XLSX file" in refusal(repacked(whole, "xl/worksheets/sheet1.xml", b'r="C2"', b'r="2C"'))
    assert "no whole XLSX file" in refusal(repacked(whole, "xl/worksheets/sheet1.xml", b"<v>1</v>", b"<v>999</v>"))
    assert "no whole XLSX file" in refusal(repacked(whole, "xl/_rels/workbook.xml.rels", b"rId1", b"rId9"))


def test_damage_is_refused_or_harmless() -> None:
    whole, chance = written(), random.Random(1)
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with contextlib.suppress(PolicyError):
            read(bytes(damaged[: chance.choice((len(damaged), chance.randrange(len(damaged))))]), "t.xlsx")


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><workbook '
    assert "document type" in refusal(repacked(written(), "xl/workbook.xml", b"<workbook ", bomb))


def test_a_part_twice() -> None:
    out = io.BytesIO(written())
    with zipfile.ZipFile(out, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("xl/workbook.xml", b"<workbook/>")
    assert "stands in it twice" in refusal(out.getvalue())


def test_a_file_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO(written())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/media/zeros", bytes(from_xlsx.LARGEST_UNPACKED + 1))
    assert "unpacks to too much" in refusal(out.getvalue())
    monkeypatch.setattr(from_xlsx, "MOST_CELLS", 3)
    assert "more than 3 cells" in refusal(written())


def test_a_part_that_is_longer_than_it_says() -> None:
    data = bytearray(written())
    at = data.rfind(b"PK\x01\x02")  # of the directory: the last part; its size is said 24 bytes on
    name = int.from_bytes(data[at + 28 : at + 30], "little")
    assert name
    at = data.find(b"PK\x01\x02")
    while not data[at + 46 :].startswith(b"xl/worksheets/sheet1.xml"):
        at = data.find(b"PK\x01\x02", at + 4)
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert "no whole XLSX file" in refusal(bytes(data)) or "longer" in refusal(bytes(data))
