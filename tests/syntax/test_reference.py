"""Runs every example of the language reference, `grammar/language.md`.

A block ```` ```policy ```` is a file, or declarations in front of which the standard head stands; it must check
without errors, and its tests must hold. `as NAME` lets later blocks build on it, which say `with NAME`.
`wrong CODE` must yield that finding and no other error.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import policy
from cases_of_rules import split, with_head
from policy.diagnostics import draw
from policy.pipeline import RulesFile, check
from policy.syntax.slips import DECLARATION_WORDS
from policy.testing.run import Runner

REFERENCE = Path(policy.__file__).parent.parent / "grammar" / "language.md"
BLOCK = re.compile(r"^```policy ?(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
TEXT = REFERENCE.read_text(encoding="utf-8")


def examples() -> list[tuple[str, list[RulesFile], str]]:
    """The place, the files and the wanted code (or nothing) of every example."""
    named: dict[str, str] = {}
    result = []
    for block in BLOCK.finditer(TEXT):
        words = block[1].split()
        options = dict(zip(words[::2], words[1::2], strict=True))
        assert set(options) <= {"as", "with", "wrong"}, block[1]
        text = "".join(named[name] for name in options.get("with", "").split("+") if name) + block[2]
        if "as" in options:
            named[options["as"]] = text
        line = TEXT.count("\n", 0, block.start()) + 1
        texts = split(text)[0]
        result.append((f"line {line}", texts, options.get("wrong", "")))
    return result


EXAMPLES = examples()


@pytest.mark.parametrize(("texts", "code"), [e[1:] for e in EXAMPLES], ids=[e[0] for e in EXAMPLES])
def test_example(texts: list[RulesFile], code: str) -> None:
    checked = check(texts)
    if code:
        found = {d.code for d in checked.diagnostics if d.is_error or d.code == code}
        assert found == {code}
        return
    assert not checked.errors, "\n".join(map(draw, checked.errors))
    runner = Runner(checked.model, "")
    for test in checked.model.tests:
        result = runner.run(test)
        assert result.passed, "\n".join(map(str, result.failures))


def test_there_are_right_and_wrong_examples_and_tests_in_them() -> None:
    assert sum(bool(code) for *_, code in EXAMPLES) >= 10
    assert sum(code == "" for *_, code in EXAMPLES) >= 25
    assert sum(t.data.count(b"expect ") for _, texts, code in EXAMPLES if not code for t in texts) >= 80


@pytest.mark.parametrize("word", [w for w in DECLARATION_WORDS if w != "language"])
def test_every_declaration_has_an_example(word: str) -> None:
    pattern = re.compile(rf"^{word}\b", re.MULTILINE)
    assert any(pattern.search(block[2]) for block in BLOCK.finditer(TEXT))


def test_the_standard_head_is_shown() -> None:
    shown = re.sub(r"\s+", " ", TEXT)
    for part in re.findall(r"(?:source|provision) \S+ \"[^\"]+\"", with_head("")):
        assert part in shown, part
