"""The pages keep their word: commands exist, transcripts are what is printed, links lead somewhere.

A page is any Markdown file of the project. The README's two commands are those that the gate runs.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import optional
from policy.cli import VERBS, main

ROOT = Path(__file__).parents[1]
ROOMS = ("grammar", "policy", "rulesets", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for room in ROOMS for page in (ROOT / room).rglob("*.md"))])
README = ROOT / "README.md"
LINES = 180  # the most that the README may have

COMMAND = re.compile(r"(?:^\$ |(?<!`)`)policy ([a-z]+)([^#`\n]*)", re.MULTILINE)

MADE = re.compile(r"^```\w+ [\w/]+\.\w+$", re.MULTILINE)  # a block that is a file


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE)


def transcripts(page: Path) -> list[tuple[str, str]]:
    """The commands that a page shows, in order, each with the output shown below it."""
    shown = [part for block in blocks(page, "console") for part in ("\n" + block).split("\n$ ")[1:]]
    return [(command, output.strip("\n")) for command, _, output in (part.partition("\n") for part in shown)]


def shown_here(page: Path) -> Any:
    """The transcripts of a page that makes no files of its own; `test_guide.py` runs one that does."""
    return not MADE.search(text_of(page)) and transcripts(page)


def pages(holding: Callable[[Path], Any]) -> pytest.MarkDecorator:
    """A test for every page that holds something."""
    chosen = [page for page in PAGES if holding(page)]
    return pytest.mark.parametrize("page", chosen, ids=[str(page.relative_to(ROOT)) for page in chosen])


def links(page: Path) -> list[str]:
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if not re.match(r"[a-z]+:", link)]


@pages(shown_here)
def test_transcripts_are_what_is_printed(page: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests included: `pytest --update` writes what is printed now."""
    monkeypatch.chdir(ROOT)
    text = text_of(page)
    for command, shown in transcripts(page):
        if not shown:
            continue
        program, *arguments = shlex.split(command, comments=True)
        assert program == "policy"
        if arguments[0] == "diff" and not optional.there_is("z3", "proofs"):
            continue
        printed = CliRunner().invoke(main, arguments).output.strip("\n")
        if update:
            text = text.replace(f"$ {command}\n{shown}\n", f"$ {command}\n{printed}\n")
        else:
            assert shown == printed
    if update:
        page.write_text(text, encoding="utf-8")


@pytest.mark.slow
@pages(shown_here)
def test_every_command_shown_runs_in_a_clone(page: Path, tmp_path: Path) -> None:
    """One after another, as a reader would try them; besides 0 they may end with "no" and "undecided"."""
    for name in ("rulesets", "grammar"):
        (tmp_path / name).symlink_to(ROOT / name)
    names = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command, _ in transcripts(page):
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=names, capture_output=True, text=True, timeout=900
        )
        ends = {2} if "lines that cannot be read" in command else {0, 1, 3}
        assert done.returncode in ends, f"{command}\n{done.stderr[-2000:]}"
        assert "Traceback" not in done.stderr, command


@pages(lambda page: COMMAND.search(text_of(page)))
def test_every_command_shown_exists(page: Path) -> None:
    for verb, rest in COMMAND.findall(text_of(page)):
        assert verb in VERBS
        kind = rest.split()[:1] if verb in ("report", "stress", "log", "tables") and "KIND" not in rest else []
        help = CliRunner().invoke(main, [verb, *kind, "--help"]).output
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in help, f"policy {verb} has no {option}"


@pages(links)
def test_links_lead_somewhere(page: Path) -> None:
    """Relative links and pictures; a link to a heading names one of the page that it leads to."""
    for link in links(page):
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), f"{link} is broken"
        assert not heading or heading in headings(target), f"{link}: no such heading"


def paths(page: Path) -> list[str]:
    """Files and folders that a page names in code style, but for those that a reader is to make (`NAME.py`)."""
    named = re.findall(rf"`((?:{'|'.join(ROOMS)})/[\w./-]*)`", text_of(page))
    return [path for path in named if not re.search(r"\b(NAME|CODE)\b", path)]


@pages(paths)
def test_files_named_exist(page: Path) -> None:
    for path in paths(page):
        assert (ROOT / path).exists(), f"there is no {path}"


def headings(page: Path) -> set[str]:
    """The names under which a page's headings are linked to."""
    titles = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pages(lambda page: blocks(page, "python"))
def test_modules_imported_by_python_shown_exist(page: Path) -> None:
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                place = ROOT / str(node.module).replace(".", "/")
                assert (
                    not str(node.module).startswith("policy") or place.is_dir() or place.with_suffix(".py").is_file()
                )


def test_the_readme_is_short() -> None:
    assert len(text_of(README).splitlines()) <= LINES


def test_the_gate_runs_the_two_commands_of_the_readme() -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for name in ("main-job", "tests"):
        block = text_of(README).split(f"<!-- {name} -->\n```sh\n")[1].partition("\n```")[0]
        assert "policy demo" in block or "pytest" in block
        assert f"command_of {name}" in gate


def test_the_rules_shown_are_in_the_rulebook() -> None:
    shipped = (ROOT / "rulesets" / "hk_sfc" / "haircuts.policy").read_text(encoding="utf-8")
    for line in blocks(README, "policy")[0].splitlines():
        assert line.strip() in shipped, f"the rulebook no longer says: {line.strip()}"


def test_the_python_shown_runs() -> None:
    names: dict[str, Any] = {}
    exec(blocks(README, "python")[0], names)
    assert names["lending"].fast(names["position"]) == 40_00
    assert names["lending"].answer(names["again"]).needs


@pytest.mark.slow
def test_the_figures_of_proofs_and_mutants_are_so(monkeypatch: pytest.MonkeyPatch) -> None:
    optional.library("z3", "proofs")
    monkeypatch.chdir(ROOT)
    page = text_of(ROOT / "policy" / "verify" / "README.md")
    claims = json.loads(CliRunner().invoke(main, ["verify", "rulesets", "--format", "json"]).stdout)
    proved = sum(claim["outcome"].startswith("proved") for claim in claims)
    assert f"proves {proved:,} of {len(claims):,} claims" in page
    score = json.loads(CliRunner().invoke(main, ["test", "rulesets", "--mutate", "--format", "json"]).stdout)
    mutants = sum(score[fate] for fate in ("killed", "survived", "equivalent", "not_decided"))
    assert f"makes {mutants:,} small mistakes" in page
    assert f"all {score['killed']:,}" in page
    assert score["survived"] == score["not_decided"] == 0
