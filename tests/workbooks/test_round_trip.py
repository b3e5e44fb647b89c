"""Every table, parameter and set of the shipped rulebooks goes to a workbook and comes back byte by byte."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from random import Random

import pytest

import optional
from case_files import CORPUS
from policy import resources
from policy.pipeline import Checked, RulesFile, check, read_folder
from policy.workbooks.changes import Added, Change, ChangedCell, Removed
from policy.workbooks.edits import edited, in_shape
from policy.workbooks.sheets import Role, Sheet, sheets_of

optional.library("xlsxwriter", "xlsx")

from policy.workbooks.importing import imported  # noqa: E402
from policy.workbooks.to_xlsx import named, workbook_of  # noqa: E402
from workbooks import changed  # noqa: E402

STAGE = CORPUS / "workbooks" / "stage.policy"
SHIPPED = ("", "adgm_fsra")
OTHER: dict[Role, str] = {
    "test": "any", "result": "7 + 7", "value": "7 + 7", "from": "2098-01-01", "until": "2099-01-01", "is": "QQ, ZZ",
    "add": "ZZ", "remove": "QQ, ZZ", "per": "QQ/1, ZZ/2",
}  # fmt: skip


@cache
def shipped(folder: str) -> Checked:
    rules = check(read_folder([resources.folder("rulesets") / folder])[0])
    assert not rules.errors
    return rules


def saved_by_libreoffice(data: bytes, folder: Path) -> bytes:
    program = optional.program("libreoffice-calc-nogui", "soffice", "libreoffice")
    (folder / "rules.xlsx").write_bytes(data)
    format, home = "xlsx:Calc MS Excel 2007 XML", f"-env:UserInstallation=file://{folder / 'home'}"
    words = [program, home, "--headless", "--convert-to", format, "--outdir", "saved", "rules.xlsx"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=300)
    return (folder / "saved" / "rules.xlsx").read_bytes()


def is_untouched(data: bytes, rules: Checked) -> bool:
    made = imported(data, "rules.xlsx", rules)
    assert made.findings == ()
    assert made.changes == ()
    return made.after.texts == rules.texts


@pytest.mark.slow
@pytest.mark.parametrize("folder", SHIPPED)
def test_the_shipped_rules_come_back(folder: str) -> None:
    rules = shipped(folder)
    assert len(named(sheets_of(rules))) > 5
    assert is_untouched(workbook_of(rules), rules)
    assert is_untouched(changed(workbook_of(rules), ""), rules)


@pytest.mark.slow
@pytest.mark.parametrize("folder", SHIPPED)
def test_they_come_back_from_libreoffice(folder: str, tmp_path: Path) -> None:
    rules = shipped(folder)
    assert is_untouched(saved_by_libreoffice(workbook_of(rules), tmp_path), rules)


@pytest.mark.slow
def test_a_change_comes_back_from_libreoffice(tmp_path: Path) -> None:
    rules = check([RulesFile("t.policy", STAGE.read_bytes())])
    lines = "haircut!E9 = 15%\nopen!D8 = false\ndays_to_pay!D8 = number 4\nadd row tier: any | 4 | LAW/1"
    data = changed(workbook_of(rules), lines)
    ours, theirs = (imported(d, "t.xlsx", rules) for d in (data, saved_by_libreoffice(data, tmp_path)))
    assert len(ours.changes) == 4
    assert theirs.after.texts == ours.after.texts != rules.texts


# ── edits undone by reading ─────────────────────────────────────────────────────────────────


def other(sheet: Sheet, column: int, old: str) -> str:
    role = sheet.columns[column].role
    return "" if role in ("from", "until") and old and sheet.kind == "parameter" else OTHER[role]


def some_changes(sheets: list[Sheet], chance: Random) -> tuple[list[Change], list[list[tuple[str, ...]]]]:
    """Cells, rows that are new and rows that go; and the rows that each sheet is to have then."""
    changes: list[Change] = []
    expected = []
    for sheet in sheets:
        rows = []
        for n, line in enumerate(sheet.lines):
            texts = list(line.texts)
            if n and chance.random() < 0.1:
                changes.append(Removed(sheet, line, ""))
                continue
            for column, cell in enumerate(line.cells):
                is_of_set = sheet.columns[column].role in ("is", "add", "remove")
                if chance.random() < 0.4 and (cell.text or not is_of_set):
                    texts[column] = other(sheet, column, cell.text)
                    if texts[column] != cell.text:
                        changes.append(ChangedCell(sheet, line, column, texts[column], "t!A1"))
            rows.append(tuple(texts))
            if chance.random() < 0.2:
                new = tuple("" if c.role in ("add", "remove") else OTHER[c.role] for c in sheet.columns)
                changes.append(Added(sheet, line, new, ("t!A2",) * len(new), "t!2"))
                rows.append(new)
        expected.append(rows)
    return changes, expected


def come_back(rules: Checked, seed: int) -> None:
    sheets = sheets_of(rules)
    changes, expected = some_changes(sheets, Random(seed))
    assert changes
    texts = in_shape(rules.texts, edited(rules.texts, changes))
    again = sheets_of(Checked(texts, rules.model, ()))
    for was, sheet, rows in zip(sheets, again, expected, strict=True):
        assert (sheet.identity, sheet.columns) == (was.identity, was.columns)
        assert [line.texts for line in sheet.lines] == rows
        if rows == [line.texts for line in was.lines]:
            assert sheet.span.text == was.span.text


@pytest.mark.parametrize("seed", range(12))
def test_what_is_edited_is_what_is_read(seed: int) -> None:
    come_back(check([RulesFile("t.policy", STAGE.read_bytes())]), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_what_is_edited_in_the_shipped_rules_is_what_is_read(seed: int) -> None:
    come_back(shipped(""), seed)
