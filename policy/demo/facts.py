"""The facts shipped with the demonstration, read line by line.

In: the `.jsonl` files of `data/`, invented by hand. Out: what each line says, and a note of every line that was
refused; the others go on. What holds of a client, a platform, a token or a market maker as a whole is itself
asked of the rulebook, and the answer becomes a fact of its orders. Absent: any rule, and any fact not given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen

from policy.decisions import Answer
from policy.diagnostics import PolicyError
from policy.ir.program import Function
from policy.model.types import Number, Type
from policy.model.values import scaled
from policy.reports.figures import Unread
from policy.rulebook import Rulebook
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

    def list(self, key: str) -> list[Any]:
        """What is listed under `key`, if anything is."""
        found: list[Any] = self.content.get(key, [])
        return found


@cache
def lines(name: str) -> tuple[Line, ...]:
    """The lines of one of the shipped files."""
    text = (DATA / name).read_text(encoding="utf-8")
    decoded = (json.loads(line, parse_float=str, parse_int=str) for line in text.splitlines())
    return tuple(Line(name, n, content) for n, content in enumerate(decoded, 1))


def by_id(name: str) -> dict[str, Line]:
    """The lines of a file by what they call themselves."""
    return {line["id"]: line for line in lines(name)}


def amount(text: str, of: Type) -> int:
    """A number of the data as a scaled integer of a fact's type."""
    assert isinstance(of, Number)
    value = scaled(Decimal(text), of.scale)
    assert value is not None, f"{text} has too many decimals"
    return value


def read(rulebook: Rulebook, question: str, facts: dict[str, Any], line: Line) -> tuple[Any, ...]:
    """The facts of a question as its arguments. Raises PolicyError where the line is refused."""
    found = rulebook.reader(question).read(
        Source(f"{line.file}:{line.number}", json.dumps(facts, ensure_ascii=False))
    )
    if isinstance(found, list):
        raise PolicyError(found)
    return found


def refused(error: PolicyError, line: Line) -> tuple[Unread, ...]:
    """Why a line was refused, for the report."""
    return tuple(Unread(line.file, line.number, d.message, d.help) for d in error.diagnostics)


# ── what holds as a whole ───────────────────────────────────────────────────────────────────


@frozen(eq=False)
class Standing:
    """What the rulebook says of someone or something as a whole."""

    of: str
    question: Function
    answer: Answer


def standings(rulebook: Rulebook, files: Iterable[str]) -> tuple[Standing, ...]:
    """Asks what each line of the files wants asked of it."""
    every = [line for file in files for line in by_id(file).values()]
    return tuple(_standing(rulebook, line, ask) for line in every for ask in line.list("asks"))


def _standing(rulebook: Rulebook, line: Line, ask: dict[str, Any]) -> Standing:
    question = ask["question"]
    answer = rulebook.evaluator(question).answer(*read(rulebook, question, ask["facts"], line))
    return Standing(line["name"], rulebook.question(question), answer)
