"""The extension of VS Code, built with npm: its colours by VS Code's own tokenizer, its package, its start."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

import optional
from coloured import Place, coloured_otherwise, texts, tokens
from editor_files import EDITORS, SCOPES

pytestmark = pytest.mark.slow
VSCODE = EDITORS / "vscode"
INSTALLING = 240  # seconds


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the extension with its npm packages."""
    npm = optional.program("npm", "npm")
    optional.program("nodejs", "node")
    folder = tmp_path_factory.mktemp("npm") / "vscode"
    shutil.copytree(VSCODE, folder, ignore=shutil.ignore_patterns("node_modules", "dist", "*.vsix"))
    words = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=INSTALLING)
    except subprocess.TimeoutExpired:
        pytest.skip("npm does not get its packages here")
    if done.returncode and any(reason in done.stderr for reason in ("ENOTFOUND", "ECONN", "EAI_AGAIN", "ETIMEDOUT")):
        pytest.skip("npm does not get its packages here")
    assert done.returncode == 0, done.stderr
    return folder


def coloured(text: str, lines: list[list[tuple[int, int, str]]]) -> list[Place]:
    """The tokens of each line, counted in UTF-16 units, as places of the text."""
    places: list[Place] = []
    at = 0
    for line, found in zip(text.split("\n"), lines, strict=True):
        units = line.encode("utf-16-le")
        for start, end, scopes in found:
            first, last = (len(units[: 2 * n].decode("utf-16-le", errors="ignore")) for n in (start, end))
            kinds = frozenset(c for c, scope in SCOPES.items() if f"{scope}.policy" in scopes.split())
            places.append((at + first, at + last, kinds))
        at += len(line) + 1
    return places


def test_vscode_colours_every_token_as_the_parser_reads_it(extension: Path) -> None:
    whole = {name: text for name, text in texts() if tokens(text) is not None}
    done = subprocess.run(
        ["node", "tokens.mjs"], cwd=extension, input=json.dumps(list(whole.values())), capture_output=True, text=True,
        check=True, timeout=120,
    )  # fmt: skip
    wrong = []
    for (name, text), lines in zip(whole.items(), json.loads(done.stdout), strict=True):
        wrong += [f"{name}: {found}" for found in coloured_otherwise(text, coloured(text, lines))]
    assert not wrong, "\n".join(wrong)


def test_the_package_has_what_it_names_and_nothing_else(extension: Path) -> None:
    npm = optional.program("npm", "npm")
    subprocess.run([npm, "run", "-s", "package"], cwd=extension, capture_output=True, check=True, timeout=120)
    with zipfile.ZipFile(extension / "policy.vsix") as package:
        files = {name.removeprefix("extension/") for name in package.namelist() if name.startswith("extension/")}
        manifest = json.loads(package.read("extension/package.json"))
    assert files == {"package.json", "readme.md", "LICENSE.txt", "language-configuration.json", "dist/extension.js",
                     "syntaxes/policy.tmLanguage.json"}  # fmt: skip
    [grammar], [language] = manifest["contributes"]["grammars"], manifest["contributes"]["languages"]
    named = [manifest["main"], grammar["path"], language["configuration"]]
    assert {path.removeprefix("./") for path in named} <= files


def test_the_extension_starts_the_server(extension: Path) -> None:
    done = subprocess.run(["node", "--test"], cwd=extension, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
