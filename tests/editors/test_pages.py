"""What the pages about editors and reviews show can be used as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
import policy
from policy.cli import VERBS, main

GRAMMAR = Path(policy.__file__).parent.parent / "grammar"
EDITORS, REVIEW = GRAMMAR / "editors" / "README.md", GRAMMAR / "review.md"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_configurations_are_well_formed() -> None:
    [settings], [helix] = blocks(EDITORS, "json"), blocks(EDITORS, "toml")
    assert json.loads(settings)["clients"]["policy"]["command"] == ["policy", "lsp"]
    assert tomllib.loads(helix)["language-server"]["policy"]["args"] == ["lsp"]
    [emacs] = blocks(EDITORS, "elisp")
    bare = re.sub(r'\?.|"(?:[^"\\]|\\.)*"', "", emacs)
    assert bare.count("(") == bare.count(")")


@pytest.mark.parametrize("language", ["lua", "vim"])
def test_neovim_reads_its_configurations(language: str, tmp_path: Path) -> None:
    nvim = optional.program("neovim", "nvim")
    for block in blocks(EDITORS, language):
        file = tmp_path / f"init.{language}"
        file.write_text(block, encoding="utf-8")
        read = f"lua assert(loadfile('{file}'))" if language == "lua" else f"source {file}"
        done = subprocess.run(
            [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-c", read, "-c", "qa!"], capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip
        assert done.returncode == 0
        assert not done.stderr.strip()


def test_every_command_of_the_workflows_exists() -> None:
    shown = "\n".join(blocks(REVIEW, "yaml"))
    commands = re.findall(
        r"\bpolicy ((?:check|test|diff|report|verify) [^|\n]*?)(?: \|\| | > |$)", shown, re.MULTILINE
    )
    assert len(commands) == 6
    for command in commands:
        verb, *words = shlex.split(command)
        assert verb in VERBS
        help = CliRunner().invoke(main, [verb, "--help"]).output
        for n, word in enumerate(words):
            assert not word.startswith("-") or word in help, f"policy {verb} has no {word}"
            if word == "--format":
                choices = re.search(r"--format \[([^\]]+)\]", help)
                assert choices is not None
                assert words[n + 1] in choices[1].replace("\n", "").replace(" ", "").split("|")


def test_actions_are_pinned_and_no_secret_is_used() -> None:
    shown = "\n".join(blocks(REVIEW, "yaml"))
    used = re.findall(r"uses: (\S+)", shown)
    assert len(used) == 4
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in used)
    assert "secrets." not in shown
    assert not re.search(r"run: \|?[^#]*\$\{\{", re.sub(r"env:\n(?: +\w+: .*\n)+", "", shown)), "values come by env"
