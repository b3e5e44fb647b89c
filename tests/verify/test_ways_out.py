"""What would have to be otherwise, under the shipped rules: questions, facts and the ways in corpus/ways_out."""

from __future__ import annotations

import shlex
from pathlib import Path

from click.testing import CliRunner

import optional
from case_files import Case, parametrised
from policy.cli import main

optional.library("z3", "proofs")


@parametrised("ways_out")
def test_ways_out(case: Case, update: bool, tmp_path: Path) -> None:
    """The first line is the question, the rest its facts; expected are the answer and what stands before its tree."""
    asked, _, facts = case.input.partition("\n")
    (tmp_path / "facts.json").write_text(facts, encoding="utf-8")
    result = CliRunner().invoke(main, ["explain", *shlex.split(asked), "--facts", str(tmp_path / "facts.json")])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    told = result.stdout.split("\n\n")
    case.settle("\n".join((told[0].splitlines()[1], told[1].strip())), update)
