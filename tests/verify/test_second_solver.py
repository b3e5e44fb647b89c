"""`policy verify --solver cvc5`: another solver's say on every claim, and what becomes of one on which two differ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import optional
from cases_of_rules import HEAD
from policy import extras
from policy.cli import main
from policy.diagnostics import PolicyError
from policy.verify import prove
from policy.verify.smtlib import Script

pytestmark = pytest.mark.skipif(not optional.there_is("z3", "proofs"), reason="pip install -e '.[proofs]'")
needs_second = pytest.mark.skipif(not optional.there_is("cvc5", "cvc5"), reason="pip install -e '.[cvc5]'")

RULES = (
    HEAD
    + """
record F { c: integer at least 0  m: money(HKD)  ns: list of integer }
value lent(f: F) -> money(HKD) = round down to 0.01 (f.m * 40%) per LAW/1
decision ok(f: F) otherwise permit
  deny many when count(n for n in f.ns where n > f.c) > 4 per LAW/1
  deny never when f.c < 0 per LAW/1
property small "it is small" per LAW/1 for any f: F always lent(f) <= f.m or f.m < 0 HKD
property large "it is large" per LAW/1 for any f: F always lent(f) > f.m
"""
)


def verified(folder: Path, *options: str) -> Result:
    (folder / "t.policy").write_text(RULES, encoding="utf-8")
    line = ["verify", str(folder / "t.policy"), "--solver", "cvc5", "-j", "1", *options]
    return CliRunner(env={"POLICY_CACHE": "off"}).invoke(main, line)


def second_says(monkeypatch: pytest.MonkeyPatch, reply: bool | None) -> list[str]:
    """A second solver that always says the same, and what it was asked."""
    asked: list[str] = []

    def satisfiable(_: Script, goal: str, *__: float) -> bool | None:
        asked.append(goal)
        return reply

    monkeypatch.setattr(prove, "satisfiable", satisfiable)
    monkeypatch.setattr("policy.cli.verify.needed_second", lambda: None)
    return asked


@needs_second
def test_two_solvers_agree_on_every_claim(tmp_path: Path) -> None:
    results = verified(tmp_path, "--format", "json")
    found = {(r["subject"], r["says"]): r for r in json.loads(results.stdout)}
    assert {r["second"] for r in found.values()} == {"agrees"}
    statuses = {r["status"] for r in found.values()}
    assert statuses == {"proved", "refuted"}
    assert found["t.ok", "deny many can apply"]["status"] == "proved"  # by a list of five, which the first try lacks
    assert (
        verified(tmp_path)
        .stdout.splitlines()[-1]
        .endswith(f"; a second solver agrees on {len(found)} and gave up on 0")
    )


def test_a_disagreement_is_not_confirmed_and_leaves_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second_says(monkeypatch, True)
    monkeypatch.chdir(tmp_path)
    result = verified(tmp_path, "-k", "it is small")
    assert result.exit_code == 3, result.output
    [report] = tmp_path.glob("unconfirmed-*.txt")
    head = f"could not be confirmed: z3 and cvc5 disagree; please report it with the file `{report.name}`"
    assert result.stdout.startswith(head)
    said = report.read_text(encoding="utf-8")
    assert "z3: unsatisfiable\ncvc5: satisfiable\n\n(set-logic ALL)\n" in said
    assert said.endswith("(check-sat-assuming (|goal 0|))\n")
    second_says(monkeypatch, False)
    assert "could not be confirmed" in verified(tmp_path, "-k", "it is large").stdout


def test_what_the_second_gives_up_on_is_said_and_changes_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = second_says(monkeypatch, None)
    result = verified(tmp_path, "-k", "small")
    assert result.stdout == "1 claim: 1 proved; a second solver agrees on 0 and gave up on 1\n"
    assert asked == ["0"]


def test_without_it_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(library: str, extra: str, machine: str = "", instead: str = "") -> None:
        raise PolicyError([extras._missing(library, extra, machine, ModuleNotFoundError(name=library), instead)])

    monkeypatch.setattr("policy.verify.second.require_extra", missing)
    result = verified(tmp_path)
    assert result.exit_code == 2
    assert result.stderr.strip().splitlines() == [
        "error[missing-extra]: this needs `cvc5`, which is not installed",
        "  help: pip install 'policy-that-runs[cvc5]'; or leave out `--solver cvc5`",
    ]
