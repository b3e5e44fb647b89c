"""Workbooks brought back: what they change in the text of the rules, and what is refused, cell by cell."""

from __future__ import annotations

import difflib
import io
import re
import zipfile
from functools import cache
from pathlib import Path

import pytest

import optional
from case_files import CORPUS, Case, parametrised
from cases_of_rules import drawn
from policy.diagnostics import PolicyError
from policy.pipeline import Checked, RulesFile, check, read_folder

optional.library("xlsxwriter", "xlsx")

from policy.workbooks.importing import ImportResult, imported, told, write  # noqa: E402
from policy.workbooks.to_xlsx import workbook_of  # noqa: E402
from workbooks import changed  # noqa: E402

STAGE = CORPUS / "workbooks" / "stage.policy"


@cache
def stage(text: str = "") -> Checked:
    return check([RulesFile("t.policy", (text or STAGE.read_text(encoding="utf-8")).encode())])


@cache
def exported() -> bytes:
    """The workbook of the stage as it is: some hundred cases begin with it."""
    return workbook_of(stage())


@parametrised("workbooks")
def test_a_changed_workbook(case: Case, update: bool) -> None:
    """Lines that begin with `rules:` change the rules after the export, the others the workbook."""
    lines = case.input.splitlines()
    data = changed(exported(), "\n".join(line for line in lines if not line.startswith("rules: ")))
    text = STAGE.read_text(encoding="utf-8")
    for line in lines:
        if line.startswith("rules: "):
            old, new = line.removeprefix("rules: ").split(" => ")
            assert text.count(old) == 1, f"`{old}` stands {text.count(old)} times in the rules"
            text = text.replace(old, new)
    now = stage(text)
    assert not now.errors
    try:
        case.settle(outcome(imported(data, "t.xlsx", now)), update)
    except PolicyError as refusal:
        case.settle(drawn(refusal.diagnostics), update)


def outcome(made: ImportResult) -> str:
    """The findings; or the changes, and the lines of the rules that they change."""
    if made.findings:
        return drawn(made.findings)
    lines = [told(c) for c in made.changes] or ["nothing changes"]
    for old, new in made.changed:
        before, after = (t.data.decode().splitlines() for t in (old, new))
        lines += [
            d for d in difflib.unified_diff(before, after, n=0, lineterm="") if d[:3] not in ("---", "+++", "@@ ")
        ]
    return "\n".join([*lines, *([drawn(made.warnings)] if made.warnings else [])])


def test_untouched_it_changes_nothing() -> None:
    made = imported(changed(exported(), ""), "t.xlsx", stage())
    assert (made.changes, made.findings, made.changed) == ((), (), [])


def test_a_file_in_another_shape_keeps_it() -> None:
    text = (
        STAGE.read_text(encoding="utf-8")
        .replace("| cash  | any        |", "|cash|any  |")
        .replace("= 3 per", "=  3  per")
    )
    rules = stage(text)
    made = imported(changed(workbook_of(rules), "haircut!E8 = 1%\ndays_to_pay!D8 = 4"), "t.xlsx", rules)
    assert made.after.texts[0].data.decode() == text.replace("0%      | LAW/1 |  #", "1%      | LAW/1 |  #").replace(
        "=  3", "=  4"
    )


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("{ HK,\n", "{ HK,  # first\n", "accepted!D8 = SG"),
        ("= 8 hours per", "= 4 hours  # by day\n    + 4 hours per", "time_to_answer!D8 = 9 hours"),
        ("| 60%     |", "| 30%  # half\n + 30% |", "haircut!E11 = 61%"),
    ],
)
def test_a_comment_inside_a_cell_is_not_lost(old: str, new: str, change: str) -> None:
    rules = stage(STAGE.read_text(encoding="utf-8").replace(old, new))
    assert not rules.errors
    data = workbook_of(rules)
    assert imported(data, "t.xlsx", rules).changes == ()
    found = imported(changed(data, change), "t.xlsx", rules).findings
    assert [d.message.partition("` ")[2] for d in found] == ["has a comment inside in the rules"]


def test_line_ends_and_a_mark_stay() -> None:
    data = b"\xef\xbb\xbf" + STAGE.read_bytes().replace(b"\n", b"\r\n")
    rules = check([RulesFile("t.policy", data)])
    lines = "days_to_pay!D8 = 4\nadd row haircut: token | any | any | 90% | LAW/1\ndelete row tier!9"
    new = imported(changed(workbook_of(rules), lines), "t.xlsx", rules).after.texts[0].data
    assert new.startswith(b"\xef\xbb\xbf")
    assert new.count(b"\n") == new.count(b"\r\n") == data.count(b"\n")
    assert b"= 4 per LAW/2\r\n" in new


def test_rows_in_a_file_beside_the_rules() -> None:
    head = STAGE.read_text(encoding="utf-8").partition("# The haircuts")[0]
    table = 'table h(kind: Kind "kind" zh "種類") -> rate "h" zh "扣" exactly one row applies from "h.csv"\n'
    csv = b'kind,h,per\r\n"cash, bond",0%,LAW/1\r\nother, 60% ,LAW/1\r\n'
    rules = check([RulesFile("t.policy", (head + table).encode()), RulesFile("h.csv", csv)])
    assert not rules.errors
    data = workbook_of(rules)
    assert imported(data, "t.xlsx", rules).changes == ()
    made = imported(
        changed(data, "h!B8 = cash\nh!C9 = 70%\nadd row h: bond, share | 5% | LAW/1, LAW/2"), "t.xlsx", rules
    )
    assert not made.findings
    assert made.after.texts[1].data == (
        b'kind,h,per\r\n"cash",0%,LAW/1\r\nother, 70% ,LAW/1\r\n"bond, share",5%,"LAW/1, LAW/2"\r\n'
    )


# ── files ───────────────────────────────────────────────────────────────────────────────────


def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "t.policy"
    file.write_bytes(STAGE.read_bytes())
    rules = check(read_folder([tmp_path])[0])
    made = imported(changed(workbook_of(rules), "days_to_pay!D8 = 4"), "t.xlsx", rules)
    assert len(write(made)) == 1
    assert file.read_bytes() == made.after.texts[0].data != STAGE.read_bytes()
    with pytest.raises(PolicyError, match="was changed while it was read"):
        write(made)
    assert list(tmp_path.iterdir()) == [file]


def test_bytes_are_the_same_for_the_same_rules() -> None:
    assert workbook_of(stage()) == exported()


# ── what a person sees ──────────────────────────────────────────────────────────────────────


def part(name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(workbook_of(stage()))) as file:
        return file.read(f"xl/{name}.xml").decode()


def test_heads_are_locked_and_in_sight_and_cells_are_chosen_from_lists() -> None:
    sheet, styles = part("worksheets/sheet2"), part("styles")
    assert '<pane ySplit="7" topLeftCell="A8" activePane="bottomLeft" state="frozen"/>' in sheet
    assert '<sheetProtection sheet="1"' in sheet
    assert {'insertRows="0"', 'deleteRows="0"', 'sort="0"'} <= set(re.findall(r'\w+="0"', sheet))
    formats = re.findall(r"<xf [^>]*?(?:/>|>.*?</xf>)", styles.partition("<cellXfs")[2].partition("</cellXfs>")[0])
    unlocked = {str(n) for n, xf in enumerate(formats) if 'locked="0"' in xf}
    style = dict(re.findall(r'<c r="([A-Z]+\d+)" s="(\d+)"', sheet))
    assert all((style[ref] in unlocked) == (int(re.sub(r"\D", "", ref)) > 7) for ref in style)
    assert all('numFmtId="49"' in formats[int(s)] for s in style.values()), "cells are texts"
    offered = re.findall(r'errorStyle="(\w+)"[^>]*sqref="([A-Z]+)8:[A-Z]+\d+"><formula1>(.*?)</formula1>', sheet)
    assert offered == [("warning", "B", "lists!$A$1:$A$6"), ("warning", "F", "lists!$B$1:$B$2")]


def test_sheets_that_are_not_for_people_are_hidden() -> None:
    states = re.findall(r'<sheet name="([^"]+)"[^>]*?(?:state="(\w+)")? r:id', part("workbook"))
    assert [name for name, state in states if not state][-1] == "provisions"
    assert [(name, state) for name, state in states if state] == [("lists", "hidden"), ("base", "veryHidden")]
