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
from typing import Any, Protocol

from attrs import field, frozen

from policy.decisions import Answer, Evaluator, Outcome
from policy.diagnostics import PolicyError
from policy.facts.from_json import FactReader
from policy.ir.program import Function, Program
from policy.model.types import Number, Type
from policy.model.values import scaled
from policy.reports.figures import Unread
from policy.source import Source

DATA = Path(__file__).parent / "data"


class Rulebook(Protocol):
    """What the demonstration wants of a rulebook as of one date."""

    @property
    def program(self) -> Program: ...
    def question(self, name: str) -> Function: ...
    def evaluator(self, name: str) -> Evaluator: ...
    def reader(self, name: str) -> FactReader: ...


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
    """What the rulebook says of someone or something as a whole, and the fact of an order that this is."""

    of: str
    fact: str  # none, if empty
    investors: tuple[str, ...]  # the classes whose orders it is a fact of; all, if empty
    question: Function
    answer: Answer

    def facts(self, investor: str) -> dict[str, bool]:
        """The fact, unless the rulebook could not tell; then nobody knows it."""
        known = self.answer.outcome in (Outcome.PERMITTED, Outcome.DENIED)
        concerned = not self.investors or investor in self.investors
        return {self.fact: self.answer.permitted} if self.fact and known and concerned else {}


@frozen(eq=False)
class Standings:
    """Everyone's standing under one rulebook, by file and line."""

    all: tuple[Standing, ...]
    by_line: dict[tuple[str, str], tuple[Standing, ...]] = field(factory=dict)

    def facts(self, line: Line, investor: str) -> dict[str, Any]:
        """What the line states of every order that concerns it, and what the rulebook adds."""
        found: dict[str, Any] = {**line.content.get("facts", {})}
        for standing in self.by_line[line.file, line["id"]]:
            found |= standing.facts(investor)
        return found


def standings(rulebook: Rulebook, files: Iterable[str]) -> Standings:
    """Asks what each line of the files wants asked of it."""
    by_line = {
        (file, id): tuple(_standing(rulebook, line, ask) for ask in line.list("asks"))
        for file in files
        for id, line in by_id(file).items()
    }
    return Standings(tuple(s for each in by_line.values() for s in each), by_line)


def _standing(rulebook: Rulebook, line: Line, ask: dict[str, Any]) -> Standing:
    arguments = read(rulebook, ask["question"], ask["facts"], line)
    return Standing(
        of=line["name"],
        fact=ask["fact"] or "",
        investors=tuple(ask.get("of", ())),
        question=rulebook.question(ask["question"]),
        answer=rulebook.evaluator(ask["question"]).answer(*arguments),
    )
