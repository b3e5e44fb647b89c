"""One page for each code of a finding, `grammar/errors/<code>.md`: its wrong example is wrong, its right one right.

A page's examples are fenced blocks. `policy [FILE]` is a whole file of rules, and several make one rulebook.
`json QUESTION` are facts for a question of it. `python` builds what cannot be shown as text: it finds a folder
of its own in `folder`, and leaves what was found in `found`. `text` is what the tool prints about the wrong
example; `pytest --update` rewrites it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

import optional
import policy
from cases_of_rules import rulebook
from policy.diagnostics import Diagnostic, draw
from policy.pipeline import RulesFile, check, read_folder
from policy.source import Source

PACKAGE = Path(policy.__file__).parent
PAGES = PACKAGE.parent / "grammar" / "errors"
BLOCK = re.compile(r"^```(\w+) ?(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAKERS = {"error", "of", "warning", "fail", "refuse", "wrong", "Diagnostic", "Wrong"}


def codes_in_source() -> set[str]:
    """Every word passed as a code to whatever makes a finding."""
    found: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and _called(node.func) in MAKERS:
                words = (n.value for n in ast.walk(_first_choice(node.args[0])) if isinstance(n, ast.Constant))
                found.update(w for w in words if isinstance(w, str) and CODE.fullmatch(w))
    return found


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _first_choice(code: ast.expr) -> ast.expr:
    """The parts of `a if condition else b` that can be the code."""
    return ast.Tuple([code.body, code.orelse]) if isinstance(code, ast.IfExp) else code


def test_there_is_a_page_for_every_code_and_for_no_other() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == codes_in_source()


@frozen
class Page:
    path: Path
    code: str
    sections: dict[str, str]


def read(path: Path) -> Page:
    title, *parts = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    head, _, sentence = title.partition("\n")
    assert head == f"# {path.stem}"
    assert sentence.strip(), "a page begins with a sentence"
    sections = {name: body for name, _, body in (part.partition("\n") for part in parts)}
    assert list(sections) == ["Wrong", "Right", "Why"]
    assert sections["Why"].strip(), "a page says why"
    return Page(path, path.stem, sections)


def findings(section: str, folder: Path) -> Iterator[Diagnostic]:
    """What is found in the examples of one section."""
    blocks = BLOCK.findall(section)
    texts = [
        RulesFile(name or "rules.policy", body.encode()) for language, name, body in blocks if language == "policy"
    ]
    for language, name, body in blocks:
        if language == "json":
            book = rulebook(texts, "2026-03-01")
            read_facts = book.reader(name).read(Source("facts.json", body.rstrip("\n")))
            yield from read_facts if isinstance(read_facts, list) else []
        elif language == "python":
            if "policy.batch" in body:
                optional.columns()
            if "policy.workbooks" in body:
                optional.library("xlsxwriter", "xlsx")
            if "subprocess" in body:
                optional.program("git", "git")
            names = {"folder": folder, "check": check, "read_folder": read_folder, "RulesFile": RulesFile}
            exec(body, names)
            yield from names["found"]  # type: ignore[misc]  # the example leaves a list of findings there
    if texts:
        yield from check(texts).diagnostics


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda path: path.stem)
def test_page(path: Path, update: bool, tmp_path: Path) -> None:
    page = read(path)
    (tmp_path / "right").mkdir()
    (tmp_path / "wrong").mkdir()
    right = [d for d in findings(page.sections["Right"], tmp_path / "right") if d.is_error or d.code == page.code]
    assert not right, "\n".join(map(draw, right))
    wrong = [d for d in findings(page.sections["Wrong"], tmp_path / "wrong") if d.code == page.code]
    assert wrong, f"the wrong example does not yield `{page.code}`"
    drawn = "\n\n".join(map(draw, wrong)).replace(str(tmp_path / "wrong"), "rules") + "\n"
    drawn = re.sub(r"`[^`]*/rules(/[^`]*)?`", r"`rules\1`", drawn)
    if update:
        text = path.read_text(encoding="utf-8")
        text = BLOCK.sub(lambda m: f"```text\n{drawn}```" if m[1] == "text" else m[0], text)
        path.write_text(text, encoding="utf-8")
    else:
        shown = [body for language, _, body in BLOCK.findall(page.sections["Wrong"]) if language == "text"]
        assert shown == [drawn]
