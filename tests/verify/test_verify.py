"""What is proved, refuted, not decided and not to be encoded: transcripts in corpus/verify, read like those of the
command line. Where a file of rules has no head of its own, the standard one stands in front of it.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import optional
from case_files import Case, parametrised
from cases_of_rules import with_head
from policy.cli import main

optional.library("z3", "proofs")


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
            transcript += [line, *result.stdout.splitlines(), *(f"! {x}" for x in result.stderr.splitlines())]
            transcript.append(f"ends with {result.exit_code}")
        elif name:
            texts[name] += line + "\n"
    case.settle("\n".join(x.rstrip() for x in transcript), update)
