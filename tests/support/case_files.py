"""Corpus files: cases of a title, an input and what is expected of it.

    === title
    input
    ---
    expected

Lines before the first case are for people, or set the stage of all cases. Titles are unique within a file. `--update`
writes what came of a case, unless that is a syntax error which nobody expected: it is a slip in the case.
"""

from __future__ import annotations

import fcntl
import re
from pathlib import Path

import pytest
from attrs import frozen

CORPUS = Path(__file__).parents[1] / "corpus"
SYNTAX_ERROR = re.compile(r"error\[unexpected-(word|character)\]")
ABOUT_SYNTAX = ("errors", "mistakes", "syntax")  # folders


@frozen
class Case:
    file: Path
    title: str
    input: str
    expected: str

    def settle(self, actual: str, update: bool) -> None:
        """Asserts that `actual` is what is expected, or writes it into the file."""
        actual = actual.strip("\n") + "\n"
        if update and actual != self.expected:
            slip = SYNTAX_ERROR.search(actual) and not SYNTAX_ERROR.search(self.expected)
            assert not slip or self.file.parent.name in ABOUT_SYNTAX, f"the case does not parse: {actual}"
            _rewrite(self, actual)
        elif not update:
            assert actual == self.expected, f"{self.file.name}: {self.title}"


def read(file: Path) -> tuple[str, list[Case]]:
    """What stands before the first case, and the cases."""
    preamble, *blocks = ("\n" + file.read_text(encoding="utf-8")).split("\n=== ")
    cases = []
    for block in blocks:
        title, _, rest = block.partition("\n")
        given, _, expected = f"\n{rest}\n".partition("\n---\n")
        cases.append(Case(file, title.strip(), f"{given[1:]}\n", expected.strip("\n") + "\n"))
    titles = [c.title for c in cases]
    assert len(titles) == len(set(titles)), f"{file}: a title stands twice"
    return preamble.strip("\n"), cases


def _rewrite(case: Case, actual: str) -> None:
    """Puts `actual` into the file, whatever else other workers are writing into it."""
    with case.file.open("r+", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        preamble, cases = read(case.file)
        parts = [preamble + "\n"] if preamble else []
        for c in cases:
            expected = actual if c.title == case.title else c.expected
            parts.append(f"=== {c.title}\n{c.input.rstrip()}\n---\n{expected.rstrip()}\n")
        handle.seek(0)
        handle.write("\n".join(parts))
        handle.truncate()


def parametrised(kind: str) -> pytest.MarkDecorator:
    """A test for every case of `tests/corpus/<kind>/*.txt`; those whose title ends in `(slow)` are marked so."""
    cases = [c for file in sorted((CORPUS / kind).glob("*.txt")) for c in read(file)[1]]
    slow = [[pytest.mark.slow] if c.title.endswith("(slow)") else [] for c in cases]
    marked = [pytest.param(c, marks=m, id=f"{c.file.stem}: {c.title}") for c, m in zip(cases, slow, strict=True)]
    return pytest.mark.parametrize("case", marked)
