"""The author's guide: its files are made and its commands run in order, and print what it shows.

A block with a name is a file, or goes on where the block of that name before it ended; one of `diff` changes a file.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from policy.cli import main

GUIDE = Path(__file__).parents[1] / "grammar" / "guide.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COSTLY = ("verify", "--mutate", "diff ", "report")


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["quick", "whole"])
def test_the_guide(whole: bool, update: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if whole:
        optional.library("z3", "proofs")
        optional.program("git", "git")
    monkeypatch.chdir(tmp_path)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "author")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "author@example.org")
    text = GUIDE.read_text(encoding="utf-8")
    for language, name, body in BLOCK.findall(text):
        if language == "console":
            command, _, shown = body.removeprefix("$ ").partition("\n")
            assert "\n$ " not in body, "one command a block"
            if whole or not any(word in command for word in (*COSTLY, "git ")):
                printed = run(command)
                if update:
                    text = text.replace(body, f"$ {command}\n{printed}")
                else:
                    assert shown == printed, command
        elif language == "diff":
            changed(Path(name), body)
        else:
            Path(name).parent.mkdir(exist_ok=True)
            before = Path(name).read_text(encoding="utf-8") + "\n" if Path(name).exists() else ""
            Path(name).write_text(before + body, encoding="utf-8")
    if update:
        GUIDE.write_text(text, encoding="utf-8")


def run(command: str) -> str:
    program, _, rest = command.partition(" ")
    if program == "policy":
        done = CliRunner().invoke(main, [word.strip('"') for word in rest.split()], prog_name="policy")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.output if done.output.endswith("\n") or not done.output else done.output + "\n"
    return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True).stdout


def changed(file: Path, diff: str) -> None:
    """Adds the lines marked `+` behind the lines that stand before them."""
    lines = [(line[:1], line[1:]) for line in diff.splitlines()]
    old = "\n".join(line for mark, line in lines if mark == " ")
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, "\n".join(line for _, line in lines)), encoding="utf-8")
