"""The document of a change says which facts the two rulebooks do not accept alike, before it compares answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from cases_of_rules import HEAD
from policy.cli import main

optional.library("z3", "proofs")

OLD = """
enum K { red, green }
record F "form" zh "表格" { a: integer at least 0 at most 9 "size" zh "數量"  k: K "kind" zh "類別"  gone: boolean }
decision ok(f: F) "allowed" zh "准許" otherwise permit
  deny big when f.a > 5 per LAW/1
  deny r when f.k is red per LAW/1
decision was(f: F) "was" zh "曾" otherwise permit deny g when f.gone per LAW/1
"""
NEW = """
enum K { red, green, blue }
record F "form" zh "表格" { a: integer at least 0 at most 7 "size" zh "數量"  k: K "kind" zh "類別" }
decision ok(f: F) "allowed" zh "准許" otherwise permit
  deny big when f.a > 5 per LAW/1
  deny r when f.k is red per LAW/1
decision was(f: F) "was" zh "曾" otherwise permit
"""


def test_facts_that_are_not_accepted_alike_are_told_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("old", OLD), ("new", NEW)):
        Path(name).mkdir()
        (Path(name) / "t.policy").write_text(HEAD + text, encoding="utf-8")
    asked = ["report", "change", "old", "new", "--on", "2026-03-01", "--language", "en", "--format", "markdown"]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0, result.output
    facts, _, answers = result.stdout.partition("- looser: 1")
    assert (
        "- form, size: less is accepted\n- form, kind: more is accepted\n- form, gone: no longer asked for\n" in facts
    )
    assert "the same for everyone: 1" in answers
    assert "- gone: true" in answers
