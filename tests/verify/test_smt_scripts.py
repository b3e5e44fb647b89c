"""The printed scripts run in other solvers as they stand: all claims of a rulebook, one declaration after another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from cases_of_rules import HEAD
from policy.cli import main

RULES = (
    HEAD
    + """
enum K { red, green }
record F { c: integer at least 0  k: K  m: money(HKD)  d: date  o: optional integer  ns: list of integer }
value lent(f: F) -> money(HKD) = round down to 0.01 (f.m * 40%) per LAW/1
table rate(f: F) -> rate exactly one row applies
  | f.k | rate | per |
  | red | 10% | LAW/1 |
  | green | 20% | LAW/1 |
decision ok(f: F) otherwise permit
  deny many when count(n for n in f.ns where n > f.c) > 1 per LAW/1
  deny late when f.d + 3 months > today per LAW/1
  deny dear when lent(f) > 5 HKD and (f.o default 0) > 3 and f.k is red per LAW/1
property small "it is small" per LAW/1 for any f: F always lent(f) <= f.m or f.m < 0 HKD
priority queue(f: F) lowest f.c then highest f.m
"""
)


@pytest.fixture
def script(tmp_path: Path) -> str:
    (tmp_path / "t.policy").write_text(RULES, encoding="utf-8")
    result = CliRunner().invoke(main, ["verify", str(tmp_path / "t.policy"), "--smt"])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("(reset)") == len(re.findall("^; ", result.stdout, re.MULTILINE)) - 1 > 2
    return result.stdout


def of_goals(script: str) -> int:
    return script.count("(check-sat-assuming")


def test_z3_runs_the_whole_script(script: str) -> None:
    optional.library("z3", "proofs")
    import z3

    context = z3.Context()
    out = z3.Z3_eval_smtlib2_string(context.ref(), script)
    assert "error" not in out, out
    assert len(re.findall("^(sat|unsat)$", out, re.MULTILINE)) == of_goals(script)


def test_cvc5_runs_the_whole_script(script: str) -> None:
    cvc5 = optional.library("cvc5", "cvc5")
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("tlimit-per", "5000")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "script")
    symbols, out = parser.getSymbolManager(), []
    while not (command := parser.nextCommand()).isNull():
        out.append(str(command.invoke(solver, symbols)).strip())
    assert not [line for line in out if "error" in line]
    assert len([line for line in out if line in ("sat", "unsat", "unknown")]) == of_goals(script)
