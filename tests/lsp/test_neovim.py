"""A session in Debian's Neovim, without a screen: open, type, read findings, fix, complete, rename, run a test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import optional
from cases_of_rules import HEAD

SESSION = Path(__file__).with_name("session.lua")


@pytest.mark.slow
def test_a_session_in_neovim(tmp_path: Path) -> None:
    optional.library("pygls", "lsp")
    neovim = optional.program("neovim", "nvim")
    rules, seen = tmp_path / "rules.policy", tmp_path / "seen"
    rules.write_text(
        HEAD.replace('provision HOUSE/1 "own" zh "自訂"', "") + "parameter most: integer = 5 per LAW/1\n"
    )
    run = subprocess.run(
        [neovim, "--clean", "--headless", "-c", f"luafile {SESSION}"],
        env={**os.environ, "RULES": str(rules), "SEEN": str(seen), "PYTHON": sys.executable},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert seen.exists(), run.stderr
    assert seen.read_text(encoding="utf-8").splitlines() == [
        "found: provision-without-rule,unused-parameter",
        "found: unknown-name",
        "fix: did you mean `most`?",
        "found: ",
        "line: value f(n: integer) -> boolean = n <= most per LAW/2",
        "complete: most",
        "found: ",
        "found: ",
        "renamed: parameter highest: integer = 5 per LAW/1",
        "renamed: value f(n: integer) -> boolean = n <= highest per LAW/2",
        "test: passed",
    ]
