"""What counts as tested: a provision, where something that stands on it has spoken in a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from policy.cli import main

HEAD = """language 1
ruleset t
source LAW "the law" status official
provision LAW/1 "one"
provision LAW/2 "two"
provision LAW/3 "three"
"""
DECISION = """
decision d(n: integer)
  otherwise deny "no" per LAW/1, LAW/2
  permit small when n < 5 per LAW/3
"""


def run(folder: Path, text: str) -> tuple[int, dict[str, Any]]:
    (folder / "t.policy").write_text(HEAD + text, encoding="utf-8")
    result = CliRunner().invoke(main, ["test", str(folder), "--format", "json"])
    return result.exit_code, json.loads(result.stdout)["coverage"]


def test_without_a_test_no_provision_is_tested(tmp_path: Path) -> None:
    code, coverage = run(tmp_path, DECISION)
    assert code == 1
    assert coverage["untested"] == ["LAW/1", "LAW/2", "LAW/3"]
    text = CliRunner().invoke(main, ["test", str(tmp_path)])
    assert text.exit_code == 1
    assert "there are no tests" in text.stdout
    assert "all hold" not in text.stdout


def test_an_otherwise_is_tested_where_it_has_spoken(tmp_path: Path) -> None:
    assert run(tmp_path, DECISION + 'test "t" expect d(1) permitted')[1]["untested"] == ["LAW/1", "LAW/2"]
    assert run(tmp_path, DECISION + 'test "t" expect d(9) denied')[1]["untested"] == ["LAW/3"]


def test_a_set_is_tested_where_somebody_asked_what_is_in_it(tmp_path: Path) -> None:
    rules = """
set good of text from 2026-01-01 = {"a"} per LAW/1 from 2026-06-01 = {"b"} per LAW/2
value listed(s: text) -> boolean = s in good
value other(n: integer) -> integer = n per LAW/3
"""
    assert run(tmp_path, rules + 'test "t" on 2026-03-01 expect other(1) = 1')[1]["untested"] == ["LAW/1", "LAW/2"]
    asked = 'test "t" on 2026-03-01 expect listed("a") = true'
    assert run(tmp_path, rules + asked)[1]["untested"] == ["LAW/2", "LAW/3"]


def test_a_priority_is_tested_where_it_has_put_one_before_the_other(tmp_path: Path) -> None:
    rules = """
priority p(n: integer) lowest n per LAW/1 then highest n until 2026-01-01 per LAW/2
value other(n: integer) -> integer = n per LAW/3
"""
    assert run(tmp_path, rules + 'test "t" expect other(1) = 1')[1]["untested"] == ["LAW/1", "LAW/2"]
    ordered = 'test "t" on 2026-03-01 expect 1 before 2 by p expect other(1) = 1'
    assert run(tmp_path, rules + ordered)[1]["untested"] == ["LAW/2"]


def test_a_number_that_nobody_has_given_is_tested_where_it_was_wanted(tmp_path: Path) -> None:
    rules = """
parameter cap: integer unset "not found" per LAW/1
value below(n: integer) -> boolean = n < cap per LAW/2
value other(n: integer) -> integer = n per LAW/3
"""
    assert run(tmp_path, rules + 'test "t" expect other(1) = 1')[1]["untested"] == ["LAW/1", "LAW/2"]
    wanted = 'test "t" expect below(1) undecided needs cap'
    assert run(tmp_path, rules + wanted)[1]["untested"] == ["LAW/3"]


def test_a_property_is_tested_where_it_was_tried(tmp_path: Path) -> None:
    rules = """
value other(n: integer) -> integer = n per LAW/3
property kept per LAW/1 for any n: integer always other(n) is n
test "t" expect other(1) = 1
"""
    assert run(tmp_path, rules)[1]["untested"] == ["LAW/2"]


def test_words_alone_are_no_success_either(tmp_path: Path) -> None:
    (tmp_path / "t.policy").write_text(HEAD + "record R { n: integer }\n", encoding="utf-8")
    assert CliRunner().invoke(main, ["test", str(tmp_path)]).exit_code == 1
