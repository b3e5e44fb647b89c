"""`policy tables import` as people use it: what changes is told before anything is written, and written on demand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import optional
from case_files import CORPUS
from policy.cli import main

optional.library("xlsxwriter", "xlsx")
optional.library("z3", "proofs")

from workbooks import changed  # noqa: E402

HOUSE = """language 1
ruleset house amends t "House" zh "本行"
tighten parameter largest_loan from 2026-02-01 = 2 million HKD per LAW/2
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rules and the workbook of them, that each test gets a copy of."""
    home = tmp_path_factory.mktemp("exported")
    folder = home / "rules"
    folder.mkdir()
    shutil.copy(CORPUS / "workbooks" / "stage.policy", folder / "t.policy")
    (folder / "house.policy").write_text(HOUSE, encoding="utf-8")
    assert run(f"tables export {folder} -o {home / 'rules.xlsx'}").exit_code == 0
    return home


@pytest.fixture(autouse=True)
def rules(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported, tmp_path, dirs_exist_ok=True)
    return tmp_path / "rules"


def run(line: str) -> Result:
    return CliRunner().invoke(main, line.split(), prog_name="policy")


def change(lines: str) -> None:
    Path("rules.xlsx").write_bytes(changed(Path("rules.xlsx").read_bytes(), lines))


def test_what_it_changes_is_told_and_nothing_is_written(rules: Path) -> None:
    before = (rules / "t.policy").read_bytes()
    change("days_to_pay!D8 = 0")
    done = run("tables import rules.xlsx rules --seconds 1")
    assert done.exit_code == 1
    assert "days_to_pay!D8  value: 3 becomes 0" in done.output
    assert "what it changes:" in done.output
    assert "value t.lent" in done.output
    assert "nothing was written" in done.output
    assert (rules / "t.policy").read_bytes() == before


def test_written_on_demand(rules: Path) -> None:
    change("days_to_pay!D8 = 4")
    done = run("tables import rules.xlsx rules --write --seconds 1")
    assert done.exit_code == 0
    assert f"changed {Path('rules/t.policy')}" in done.output
    assert "= 4 per LAW/2" in (rules / "t.policy").read_text(encoding="utf-8")
    assert run("tables import rules.xlsx rules").output.startswith("nothing differs from the rules, exported from")


def test_a_change_of_an_overlay_is_compared_under_it(rules: Path) -> None:
    before = (rules / "t.policy").read_bytes()
    change("largest_loan+!D8 = 1 million HKD")
    done = run("tables import rules.xlsx rules --write --seconds 1")
    assert "what it changes, under house:" in done.output
    assert "stricter  parameter t.largest_loan" in done.output
    assert "what it changes:\n" not in done.output
    assert (rules / "t.policy").read_bytes() == before
    assert "1 million HKD" in (rules / "house.policy").read_text(encoding="utf-8")


def test_as_json() -> None:
    change("days_to_pay!D8 = 0")
    told = json.loads(run("tables import rules.xlsx rules --format json --seconds 1").stdout)
    assert told["changes"] == ["days_to_pay!D8  value: 3 becomes 0"]
    assert {d["question"] for d in told["differences"]} >= {"t.days_to_pay", "t.lent"}
    assert told["written"] == []
    change("days_to_pay!D8 = formula =1+1")
    done = run("tables import rules.xlsx rules --format json --write")
    assert done.exit_code == 2
    assert [f["code"] for f in json.loads(done.stdout)["findings"]] == ["workbook-cell"]


def test_rules_that_are_no_files_are_not_written() -> None:
    change("days_to_pay!D8 = 0")
    done = run("tables import rules.xlsx HEAD:rules --write")
    assert done.exit_code == 2
    assert "no file or folder" in done.output


# ── CSV ─────────────────────────────────────────────────────────────────────────────────────


def csv_of(name: str) -> Path:
    return Path("sheets", f"{name}.csv")


def test_a_folder_of_csv_files_comes_back(rules: Path) -> None:
    assert run("tables export rules -o sheets").exit_code == 0
    assert csv_of("haircut").read_text(encoding="utf-8").splitlines()[:2] == [
        "row,kind,from,until,haircut,per,comment",
        "1,cash,any,any,0%,LAW/1,# always",
    ]
    assert run("tables import sheets rules").output.startswith("nothing differs")
    csv_of("haircut").write_text(csv_of("haircut").read_text().replace("10%", "15%"))
    done = run("tables import sheets rules --write --no-diff")
    assert "haircut!E3  haircut: 10% becomes 15%" in done.output
    assert "| bond  | any        | 2026-06-01 | 15%     | LAW/1 |" in (rules / "t.policy").read_text(encoding="utf-8")


def test_csv_as_spreadsheets_of_other_countries_save_it() -> None:
    run("tables export rules -o sheets")
    text = csv_of("largest_loan").read_text(encoding="utf-8").replace("LAW/2, LAW/1", "LAW/2, LAW/1")
    lines = text.replace('"LAW/2, LAW/1"', "LAW/2, LAW/1").replace("2026-01-01", "01.01.2026").splitlines()
    heads, first, second = (line.replace(", ", "\0").replace(",", ";").replace("\0", ", ") for line in lines)
    csv_of("largest_loan").write_bytes("\r\n".join(["\ufeff" + heads, first, second, ""]).encode())
    done = run("tables import sheets rules")
    assert done.exit_code == 2
    assert "`largest_loan!B2` says `01.01.2026`, which is no date of the rules" in done.output
    assert "1 finding" in done.output


def test_what_a_spreadsheet_would_run_is_not_run(rules: Path) -> None:
    law = rules / "t.policy"
    law.write_text(
        law.read_text(encoding="utf-8").replace("| 60%     | LAW/1 |", "| -(-60%) | LAW/1 |"), encoding="utf-8"
    )
    run("tables export rules -o sheets")
    assert "'-(-60%)" in csv_of("haircut").read_text(encoding="utf-8")
    assert run("tables import sheets rules").output.startswith("nothing differs")


def test_a_folder_is_new_or_empty() -> None:
    assert run("tables export rules -o rules").exit_code == 2
    run("tables export rules -o sheets")
    assert "not a new or empty folder" in run("tables export rules -o sheets").output
