"""Workbooks: read back by another library, each cell is the text of the page, and nothing in it counts or runs."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import optional
from documents_made import CORPUS
from policy import documents
from policy.answers import BilingualText
from policy.cli import main
from policy.documents import Document
from policy.documents.registers import register
from policy.reports.book.figures import Cover
from policy.reports.imprint import Imprint
from policy.reports.register import register_of
from policy.reports.sheets import ReportSheet, of_register
from policy.reports.xlsx import LONGEST, digest_of, workbook_of

optional.library("xlsxwriter", "xlsx")
calamine = optional.library("python_calamine", "dev")

DAY, MARKET = CORPUS / "day.jsonl", str(CORPUS / "market")
COVER = Cover(BilingualText("A table", "表"), "P", "2026-06-18", "ab" * 32, "", (("official", 3),))
HOSTILE = (
    "=1+1", "+1", "-1.50", "@SUM(A1)", "007", "600000.1", "1e400", "2026-06-18", "TRUE", "<b>&\"'", "two\nlines",
    "x\x00y\x1b[31m", "a\u202eb", "買賣盤", "_x0041_", "http://x.example", "mailto:a@b.example", " ",
)  # fmt: skip


def read(data: bytes) -> dict[str, list[list[Any]]]:
    """Every sheet, by another library than the one that wrote it."""
    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def a_sheet(title: str, rows: Sequence[Sequence[str]], *heads: str) -> ReportSheet:
    return ReportSheet(BilingualText(title), tuple(map(BilingualText, heads)), tuple(map(tuple, rows)))


def xml(data: bytes, part: str) -> str:
    return zipfile.ZipFile(io.BytesIO(data)).read(part).decode()


# ── cells ───────────────────────────────────────────────────────────────────────────────────


def test_every_cell_is_the_text_that_it_was() -> None:
    rows = [[text, "end"] for text in HOSTILE]
    data = workbook_of(COVER, [a_sheet("Texts", rows, "Text", "Last")], "en")
    unseen = {"x\x00y\x1b[31m": "x\ufffdy\ufffd[31m", "a\u202eb": "a\ufffdb"}
    assert read(data)["Texts"] == [["Text", "Last"], *([unseen.get(text, text), "end"] for text in HOSTILE)]
    assert "<f>" not in xml(data, "xl/worksheets/sheet2.xml")
    assert "hyperlink" not in xml(data, "xl/worksheets/sheet2.xml")
    assert re.findall(r'<c [^>]*?t="(?!s")', xml(data, "xl/worksheets/sheet2.xml")) == []  # texts, one and all


def test_a_text_too_long_for_a_cell_says_how_much_is_missing() -> None:
    [_, [told]] = read(workbook_of(COVER, [a_sheet("Long", [["x" * 40_000]], "Text")], "en"))["Long"]
    assert len(told) == LONGEST
    assert told.endswith("x … +40,000")


def test_heads_stay_in_sight_and_columns_fit() -> None:
    rows = [["a", "b" * 30, "c" * 500], ["四個漢字", "", ""]]
    page = xml(workbook_of(COVER, [a_sheet("Widths", rows, "A", "B", "C")], "en"), "xl/worksheets/sheet2.xml")
    assert 'ySplit="1" topLeftCell="A2"' in page
    assert 'state="frozen"' in page
    assert '<autoFilter ref="A1:C3"/>' in page
    assert [w.partition(".")[0] for w in re.findall(r'<col [^>]*?width="([^"]+)"', page)] == ["10", "32", "62"]
    assert 'orientation="landscape"' in page


def test_names_of_sheets_are_those_that_the_format_allows() -> None:
    titles = ["A: b/c? [d] *e*", "'quoted'", "history", "About", "x" * 40, "X" * 40, "", "it's"]
    names = list(read(workbook_of(COVER, [a_sheet(t, [["a"]], "T") for t in titles], "en")))
    assert names == [
        "About",
        "A b c d e",
        "quoted",
        "history 2",
        "About 2",
        "x" * 31,
        "X" * 29 + " 2",
        "Sheet",
        "it's",
    ]


# ── the sheet about the others ──────────────────────────────────────────────────────────────


def test_the_first_sheet_names_the_rulebook_and_the_digest_of_each_other() -> None:
    sheets = [a_sheet("One", [["a", "b"], ["c", "d"]], "H", "I"), a_sheet("Two", [], "H")]
    told = read(workbook_of(COVER, sheets, "en"))
    about = {row[0]: row[1:] for row in told["About"]}
    assert about["Rulebook (SHA-256)"] == ["ab" * 32, ""]
    assert about["As of"] == ["2026-06-18", ""]
    assert about["Date of issue"] == ["draft, not issued", ""]
    assert about["One"] == ["2", digest_of(told["One"])]
    assert about["Two"] == ["0", digest_of(told["Two"])]
    assert about["One"] != about["Two"]


def test_an_imprint_and_a_language() -> None:
    made = Document("matrix.html.jinja", COVER, {}, (a_sheet("One", [["a"]], "H"),))
    signed = made.signed(Imprint(BilingualText("Harbour", "海港"), issued="2026-06-19", version="2026.4"))
    zh = {row[0]: row[1] for row in read(signed.printed("xlsx", "zh"))["說明"]}
    assert (zh["平台"], zh["發出日期"], zh["版本"], zh["文件"]) == ("海港", "2026-06-19", "2026.4", "表")
    both = {row[0]: row[1] for row in read(made.printed("xlsx"))["About 說明"]}
    assert both["Document\n文件"] == "A table\n表"


def test_a_document_without_tables_has_no_workbook() -> None:
    with pytest.raises(ValueError, match="`A table` has no tables"):
        Document("letter.html.jinja", COVER).printed("xlsx")


# ── documents ───────────────────────────────────────────────────────────────────────────────


def test_the_sheets_of_decisions_hold_the_figures_of_the_document() -> None:
    made = documents.decisions(documents.edition(MARKET, on="2026-02-11").rules, journal=DAY)
    figures = json.loads(made.printed("json"))["list"]
    told = read(made.printed("xlsx", "en"))
    assert list(told) == ["About", "Decisions", "By provision", "By client"]
    shown = [d for kind in ("refused", "undecided", "others") for d in figures[kind]["rows"]]
    assert [(row[0], row[1], row[2]) for row in told["Decisions"][1:]] == [
        (str(d["record"]), d["at"], d["client"]) for d in shown
    ]
    assert {tuple(row[:1]) for row in told["By provision"][1:]} == {(p["provision"],) for p in figures["provisions"]}


def test_the_rulebook_has_a_row_for_each_sentence_and_a_sheet_for_each_table() -> None:
    book = documents.rulebook(documents.edition(str(CORPUS / "house"), on="2026-03-01"), proofs=False)
    figures = json.loads(book.printed("json"))["book"]
    told = read(book.printed("xlsx", "en"))
    entries = [e for c in figures["concerns"] for e in c["entries"]]
    assert len(told["Rules"]) - 1 == sum(len(e["said"]) for e in entries)
    assert len(told) == 3 + sum(len(e["tables"]) for e in entries)
    assert [row[0] for row in told["Sources"][1:]] == [s["id"] for s in figures["sources"]]


def test_the_register_is_in_the_order_of_the_document(tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    file.write_text("id,kind,finding,owner,due\nA,finding,=1+1,Risk,2027-01-01\nB,exception,text,Risk,2026-01-01\n")
    [sheet] = of_register(register_of(register(file, {}), "2026-06-18"))
    [_, first, second] = read(workbook_of(COVER, [sheet], "en"))["Register"]
    assert first == ["B", "exception", "", "text", "Risk", "2026-01-01", "overdue", ""]
    assert second == ["A", "finding", "", "=1+1", "Risk", "2027-01-01", "open", ""]


def test_the_workbooks_of_a_pack_are_the_same_bytes_again_and_say_what_its_csv_says() -> None:
    law = documents.edition(MARKET, on=date(2026, 2, 11))
    one, two = (documents.pack(law, journal=DAY, proofs=False, xlsx=True, language="en") for _ in range(2))
    books = {name: data for name, data in one.items() if name.endswith(".xlsx")}
    assert books.keys() == {f"{kind}.xlsx" for kind in ("rulebook", "traceability", "decisions", "matrix")}
    assert all(two[name] == data for name, data in books.items())
    assert {name for name in documents.pack(law, proofs=False) if name.endswith(".xlsx")} == set()
    [head, *rows] = read(one["matrix.xlsx"])["Control matrix"]  # type: ignore[arg-type]
    table = list(csv.DictReader(io.StringIO(one["matrix.csv"].decode("utf-8-sig"))))  # type: ignore[union-attr]
    named = {"provision": "Provision", "tests": "Tests", "place": "Place", "decisions": "Decisions"}
    assert [[row[head.index(h)] for h in named.values()] for row in rows] == [[r[n] for n in named] for r in table]
    assert "matrix.xlsx" in one["manifest.txt"].decode()  # type: ignore[union-attr]
    assert 'href="matrix.xlsx"' in one["index.html"].decode()  # type: ignore[union-attr]


def test_the_command_line_writes_workbooks_to_files_and_of_tables_only(tmp_path: Path) -> None:
    words = ["--rules", str(CORPUS / "house"), "--on", "2026-03-01", "--format", "xlsx"]
    run = CliRunner().invoke
    told = run(main, ["report", "rulebook", "--no-proofs", *words])
    assert (told.exit_code, "XLSX goes to a file" in told.stderr) == (2, True)
    out = str(tmp_path / "x.xlsx")
    assert run(main, ["report", "rulebook", "--no-proofs", *words, "-o", out]).exit_code == 0
    assert list(read(Path(out).read_bytes()))[:2] == ["About 說明", "Rules"]
    letter = run(main, ["report", "decision", "fee", "--facts", "-", *words, "-o", out])
    assert (letter.exit_code, "'xlsx' is not one of" in letter.stderr) == (2, True)
