"""The shipped law with some words put otherwise, in memory: most of its files are as they were, and parsed once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from policy.ir.program import Program
from policy.pipeline import Rulebook, RulesFile, check, program, rulebooks
from policy.resources import folder

Change = tuple[str, str]  # words, and what stands in their place


@cache
def changed(*changes: Change) -> Program:
    """The program of the law with these words replaced wherever they stand."""
    law = folder("rulesets")
    files = sorted((law / "hk_sfc").glob("*.policy"))
    texts = {str(f.relative_to(law)): f.read_text(encoding="utf-8") for f in files}
    for before, after in changes:
        assert any(before in text for text in texts.values()), before
        texts = {name: text.replace(before, after) for name, text in texts.items()}
    return program(check([RulesFile(name, text.encode()) for name, text in texts.items()]))


@cache
def law_with(*changes: Change) -> Callable[[str], Rulebook]:
    """The same as of any date."""
    return rulebooks(changed(*changes))
