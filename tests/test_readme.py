"""The README keeps its word: commands exist, transcripts are what is printed, the gate runs its two commands."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import optional
from policy.cli import VERBS, main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks() -> list[tuple[str, str]]:
    """The commands that the README shows, in order, each with the output shown below it."""
    shown = [
        part for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL) for part in block.split("$ ")[1:]
    ]
    return [(command, output) for command, _, output in (part.partition("\n") for part in shown)]


def test_the_transcripts_are_what_is_printed(update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests included: `pytest --update` writes what is printed now."""
    monkeypatch.chdir(ROOT)
    text = README
    for command, shown in blocks():
        if shown.strip():
            arguments = shlex.split(command, comments=True)
            assert arguments[0] == "policy"
            if arguments[1] == "diff" and not optional.there_is("z3", "proofs"):
                continue
            printed = CliRunner().invoke(main, arguments[1:]).output.strip() + "\n"
            if update:
                text = text.replace(shown, printed if shown.endswith("\n") else printed.strip())
            else:
                assert shown.strip() == printed.strip()
    if update:
        (ROOT / "README.md").write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_every_command_shown_runs_in_a_clone(tmp_path: Path) -> None:
    """One after another, as a reader would try them; only "answered no" and "undecided" may be said besides yes."""
    for name in ("rulesets", "grammar"):
        (tmp_path / name).symlink_to(ROOT / name)
    names = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command, _ in blocks():
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=names, capture_output=True, text=True, timeout=900
        )
        assert done.returncode in (0, 1, 3), f"{command}\n{done.stderr[-2000:]}"
        assert "Traceback" not in done.stderr, command


def test_every_command_shown_exists() -> None:
    shown = re.findall(r"^(?:\$ |`)?policy ([a-z]+)([^#`\n]*)", README, re.MULTILINE)
    assert len(shown) >= 9
    for verb, rest in shown:
        assert verb in VERBS
        kind = rest.split()[:1] if verb in ("report", "stress", "log") and "KIND" not in rest else []
        help = CliRunner().invoke(main, [verb, *kind, "--help"]).output
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in help, f"policy {verb} has no {option}"


def test_the_gate_runs_the_two_commands_of_the_readme() -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for name in ("main-job", "tests"):
        block = README.split(f"<!-- {name} -->\n```sh\n")[1].partition("\n```")[0]
        assert "policy demo" in block or "pytest" in block
        assert f"command_of {name}" in gate


def test_the_rules_shown_are_in_the_rulebook() -> None:
    rules = README.split("```policy\n")[1].partition("```")[0]
    shipped = (ROOT / "rulesets" / "hk_sfc" / "haircuts.policy").read_text(encoding="utf-8")
    for line in rules.splitlines():
        assert line.strip() in shipped, f"the rulebook no longer says: {line.strip()}"


def test_the_python_shown_runs() -> None:
    names: dict[str, Any] = {}
    exec(README.split("```python\n")[1].partition("```")[0], names)
    assert names["lending"].fast(names["position"]) == 40_00
    assert names["lending"].answer(names["again"]).needs


@pytest.mark.slow
def test_the_figures_of_proofs_and_mistakes_are_so(monkeypatch: pytest.MonkeyPatch) -> None:
    optional.library("z3", "proofs")
    monkeypatch.chdir(ROOT)
    claims = json.loads(CliRunner().invoke(main, ["verify", "rulesets", "--format", "json"]).stdout)
    proved = sum(claim["outcome"].startswith("proved") for claim in claims)
    assert f"proves {proved:,} of {len(claims):,} claims" in README
    score = json.loads(CliRunner().invoke(main, ["test", "rulesets", "--mutate", "--format", "json"]).stdout)
    made = sum(score[fate] for fate in ("killed", "survived", "equivalent", "not_decided"))
    assert f"makes {made:,} small mistakes" in README
    assert f"all {score['killed']:,}" in README
    assert score["survived"] == score["not_decided"] == 0
