"""The facts shipped with the demonstration, read line by line.

In: the `.jsonl` files of `data/`, invented by hand. Out: what each line says, and a note of every line that was
refused; the others go on. What holds of a platform, a token or a market maker as a whole is itself asked of
the rulebook (`asks`) and becomes a fact of each order. Absent: any rule, and any fact that the data does not give.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen

from policy.decisions import Answer, Outcome
from policy.diagnostics import Diagnostic
from policy.pipeline import Rulebook
from policy.reports.figures import Unread
from policy.source import Source

DATA = Path(__file__).parent / "data"


@frozen(eq=False)
class Line:
    """One line of a file of facts; numbers in it are kept as they were written."""

    file: str
    number: int
    content: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.content[key]


@cache
def lines(name: str) -> tuple[Line, ...]:
    """The lines of one of the shipped files."""
    text = (DATA / name).read_text(encoding="utf-8")
    return tuple(Line(name, n, _decoded(line)) for n, line in enumerate(text.splitlines(), 1) if line.strip())


def _decoded(text: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(text, parse_float=str, parse_int=str)
    return content


@frozen
class Standing:
    """What the rulebook says of someone or something as a whole: the fact it becomes, and the answer."""

    of: str
    fact: str
    answer: Answer

    @property
    def facts(self) -> dict[str, bool]:
        """The fact, unless the rulebook could not tell; then nobody knows it."""
        if self.answer.outcome in (Outcome.PERMITTED, Outcome.DENIED):
            return {self.fact: self.answer.permitted}
        return {}


def read(rulebook: Rulebook, question: str, facts: dict[str, Any], line: Line) -> tuple[Any, ...] | list[Unread]:
    """The facts of a question as its arguments, or why the line is refused."""
    source = Source(f"{line.file}:{line.number}", json.dumps(facts, ensure_ascii=False))
    found = rulebook.reader(question).read(source)
    return [_unread(d, line) for d in found] if isinstance(found, list) else found


def _unread(diagnostic: Diagnostic, line: Line) -> Unread:
    return Unread(line.file, line.number, diagnostic.message, diagnostic.help)
