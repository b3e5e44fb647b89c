"""Claims proved, refuted, not decided and not encoded: transcripts in corpus/verify, in the form of those of the
command line. A file of rules without a head of its own gets the standard one.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import optional
from case_files import Case, parametrised
from cases_of_rules import with_head
from policy.cli import main

optional.library("z3", "proofs")

PROGRESS = re.compile(r"[a-z]+: \d+ of \d+ \(.*\), \d+ s")  # which only a slow machine prints


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str) -> Result:
    return CliRunner().invoke(main, [*shlex.split(line)], prog_name="policy")


@parametrised("verify")
def test_transcripts(case: Case, update: bool) -> None:
    transcript: list[str] = []
    texts: dict[str, str] = {}
    name = ""
    for line in case.input.splitlines():
        if line.startswith("@@ "):
            name = line[3:]
            texts[name] = ""
        elif line.startswith("$ "):
            for file, text in texts.items():
                Path(file).parent.mkdir(exist_ok=True)
                Path(file).write_text(with_head(text) if file.endswith(".policy") else text, encoding="utf-8")
            result = run(line[2:])
            assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
            errors = [x for x in result.stderr.splitlines() if not PROGRESS.fullmatch(x)]
            transcript += [line, *result.stdout.splitlines(), *(f"! {x}" for x in errors)]
            transcript.append(f"ends with {result.exit_code}")
        elif name:
            texts[name] += line + "\n"
    case.settle("\n".join(x.rstrip() for x in transcript), update)
