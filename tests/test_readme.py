"""The README keeps its word: commands exist, transcripts are what is printed, the gate runs its two commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policy.cli import VERBS, main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
POSITION = '{"position": {"asset": {"class": "virtual_asset", "symbol": "BTC"}, "market_value": "100.00 HKD"}}'


def masked(text: str) -> str:
    """The text without the rulebook's digest, which changes with every word of the rules."""
    return re.sub(r"rulebook [0-9a-f]{12}", "rulebook …", text).strip()


def test_the_transcript_is_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command, _, shown = README.split("```console\n$ policy explain ")[1].partition("\n")
    monkeypatch.chdir(tmp_path)
    Path("position.json").write_text(POSITION, encoding="utf-8")
    result = CliRunner().invoke(main, ["explain", *shlex.split(command)])
    assert masked(shown.partition("```")[0]) == masked(result.output)


def test_every_command_shown_exists() -> None:
    shown = re.findall(r"^(?:\$ |`)?policy ([a-z]+)([^#`\n]*)", README, re.MULTILINE)
    assert len(shown) >= 9
    for verb, rest in shown:
        assert verb in VERBS
        kind = rest.split()[:1] if verb == "report" and "KIND" not in rest else []
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
