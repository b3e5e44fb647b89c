"""A backtest compares answers as quantities and by earlier names, and tells the rows that neither rulebook reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import optional
from cases_of_rules import HEAD
from policy.cli import main

optional.columns()

OLD = """
enum K { red, green }
record F { m: money(HKD) at least 0 HKD at most 100 HKD  k: K }
value fee(f: F) -> money(HKD) = round down to 0.01 (f.m / 2) per LAW/1
value kind(f: F) -> K = f.k per LAW/1
value large(f: F) -> boolean = f.m > 5 HKD per LAW/1
"""


@pytest.fixture
def flips(tmp_path: Path) -> Any:
    """Runs a backtest of a question, from OLD or other rules to new ones; its text and its JSON."""
    (tmp_path / "history.csv").write_text("m,k\n2,red\n5,green\n8.5,red\n0.05,green\n-1,red\n-2,red\n")

    def run(question: str, new: str, old: str = OLD) -> tuple[str, dict[str, Any]]:
        (tmp_path / "old.policy").write_text(HEAD + old, encoding="utf-8")
        (tmp_path / "new.policy").write_text(HEAD + new, encoding="utf-8")
        asked = ["backtest", "old.policy", "new.policy", "--history", "history.csv", "--question", question]
        asked += ["--out", "flips.jsonl"]
        results = [
            CliRunner().invoke(main, [*asked, "--on", "2026-03-01", *more]) for more in ([], ["--format", "json"])
        ]
        assert all(r.exception is None or isinstance(r.exception, SystemExit) for r in results), results[0].exception
        assert all(r.exit_code < 2 for r in results), results[0].output
        found = json.loads(results[1].stdout)
        assert {r.exit_code for r in results} == {1 if found["changed"] else 0}
        return results[0].stdout, found

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        yield run


def test_amounts_in_another_step_are_compared_by_value(flips: Any) -> None:
    finer = OLD.replace("-> money(HKD) = round down to 0.01", "-> money(HKD) to 0.0001 = round down to 0.0001")
    text, found = flips("fee", finer)
    assert found["values"] == {"rows": 1, "difference": 50, "absent": 0}  # 0.02 and 0.0250
    assert "1 of 6 rows come out otherwise" in text
    assert "another value; new less old: +0.0050 HKD" in text


def test_amounts_of_two_currencies_are_never_equal(flips: Any) -> None:
    other = OLD.replace("-> money(HKD) = round down to 0.01 (f.m / 2)", "-> money(USD) = 1 USD")
    text, found = flips("fee", other)
    assert found["changed"] == found["values"]["rows"] == 4
    assert "another value; not of one unit" in text


def test_rows_that_neither_rulebook_reads_are_told(flips: Any) -> None:
    text, found = flips("fee", OLD)
    assert found["changed"] == 0
    assert "0 of 6 rows come out otherwise\n  2  refused by both: not facts of either rulebook" in text


def test_values_that_are_no_numbers_flip_too(flips: Any) -> None:
    assert flips("large", OLD.replace("> 5 HKD", ">= 5 HKD"))[1]["changed"] == 1
    assert flips("kind", OLD.replace("= f.k per", "= green per"))[1]["changed"] == 2


def test_a_member_is_compared_under_the_name_that_it_had(flips: Any) -> None:
    new = OLD.replace("{ red, green }", "{ red, vert renamed from green }").replace("= f.k per", "= f.k per")
    _, found = flips(
        "kind", new.replace("k: K", "k: text").replace("= f.k per", '= if f.k is "red" then red else vert per')
    )
    assert found["changed"] == 0
    _, found = flips(
        "kind", new.replace("renamed from green", "").replace("k: K", "k: text").replace("= f.k per", "= vert per")
    )
    assert found["changed"] == 4


def test_a_history_keeps_the_names_that_its_facts_had(flips: Any) -> None:
    new = OLD.replace("{ red, green }", "{ red, vert renamed from green }").replace(
        "k: K", "colour renamed from k: K"
    )
    new = new.replace("f.k", "f.colour").replace("value kind", "value hue renamed from kind").replace("f.m", "f.size")
    new = new.replace("m: money", "size renamed from m: money")
    _, found = flips("hue", new)
    assert found["outcomes"] == [
        {"old": "refused", "new": "refused", "rows": 2},
        {"old": "value", "new": "value", "rows": 4},
    ]
    assert found["changed"] == 0
    _, found = flips("fee", new.replace("f.size / 2", "f.size / 4"))
    assert found["values"]["rows"] == 4


OPTIONAL = OLD.replace("-> money(HKD) = round down to 0.01 (f.m / 2)", "-> optional money(HKD) = none")
ROUNDED = "round down to 0.01 (f.m / 2)"


def test_an_answer_that_is_absent_is_another_value_than_one_that_is_there(flips: Any) -> None:
    text, found = flips("fee", OPTIONAL)
    assert found["values"] == {"rows": 4, "difference": 0, "absent": 4}
    assert "4 of 6 rows come out otherwise" in text
    assert "4  another value; new less old: +0.00 HKD; 4 absent in one" in text
    assert flips("fee", OPTIONAL, OPTIONAL)[1]["changed"] == 0


@pytest.mark.parametrize("step", ["", " to 0.0001"])
def test_amounts_that_may_be_absent_are_compared_by_value(flips: Any, step: str) -> None:
    some = f"-> optional money(HKD){step} = if f.k is red then round down to 0.01 (f.m / 4) else {ROUNDED}"
    _, found = flips("fee", OPTIONAL.replace("-> optional money(HKD) = none", some))
    assert found["values"]["rows"] == 2  # 2.00 and 8.50
    assert found["values"]["difference"] == (-50 - 213) * (100 if step else 1)


def test_lists_are_compared_and_shown_as_lists(flips: Any) -> None:
    listed = "\nvalue several(f: F) -> list of money(HKD){} = [f.m, {} HKD] per LAW/1\n"
    text, found = flips("several", OLD + listed.format("", 2), OLD + listed.format("", 1))
    assert found["values"]["rows"] == 4
    assert "4  another value\n" in text
    assert (
        Path("flips.jsonl")
        .read_text()
        .startswith(
            '{"row":1,"old_outcome":"value","old_value":["2.00","1.00"],"new_outcome":"value","new_value":["2.00","2.00"]}'
        )
    )
    asked = ["backtest", "old.policy", "new.policy", "--history", "history.csv", "--question", "several"]
    Path("new.policy").write_text(HEAD + OLD + listed.format(" to 0.0001", 2), encoding="utf-8")
    result = CliRunner().invoke(main, [*asked, "--on", "2026-03-01"])
    assert result.exit_code == 2
    assert "error[facts-type]: the answers are not compared" in result.stderr


def test_rows_that_are_no_rows_are_refused_by_both(flips: Any) -> None:
    with Path("history.csv").open("a") as file:
        file.write("1\n3,red\n")
    text, found = flips("fee", OLD.replace("f.m / 2", "f.m / 4"))
    assert "5 of 8 rows come out otherwise" in text
    assert "3  refused by both" in text
    assert found["rows"] == 8
