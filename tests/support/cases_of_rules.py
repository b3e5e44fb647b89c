"""Rulesets, questions and answers as the corpus and the pages write them.

A text may hold several files, each begun by a line `@@ name.policy`; without one, the file is `t.policy`.
Where a file has no head of its own, the standard one stands in front of it, as its first line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from attrs import frozen

import optional
from policy.answers import Answer, Outcome, UndecidedError
from policy.diagnostics import Diagnostic, draw
from policy.model.values import show
from policy.pipeline import Rulebook, RulesFile, check, dated, program
from policy.source import Source

HEAD = (
    'language 1 ruleset t "t" zh "規則" '
    'source LAW "the law" zh "法例" reference "L1" status official '
    'source HOUSE "the manual" zh "手冊" reference "M1" status house '
    'provision LAW/1 "one" zh "一" provision LAW/2 "two" zh "二" provision HOUSE/1 "own" zh "自訂"\n'
)


@frozen
class Asked:
    """A line `@@ ask QUESTION on DATE [under OVERLAY]`, and the JSON facts below it, one line each."""

    question: str
    on: str
    under: str
    facts: tuple[str, ...]


def split(text: str) -> tuple[list[RulesFile], list[Asked]]:
    """The files and the questions of an input."""
    files: dict[str, str] = {}
    asked: list[Asked] = []
    preamble, *blocks = ("\n" + text).split("\n@@ ")
    if preamble.strip():
        files["t.policy"] = preamble[1:] + "\n"
    for block in blocks:
        head, _, rest = block.partition("\n")
        words = head.split()
        if words[0] == "ask":
            assert words[2] == "on", head
            facts = tuple(line for line in rest.splitlines() if line.strip())
            asked.append(Asked(words[1], words[3], words[5] if len(words) > 4 else "", facts))
        else:
            files[words[0]] = rest + "\n"
    return [RulesFile(n, (t if n.endswith(".csv") else with_head(t)).encode()) for n, t in files.items()], asked


def with_head(text: str) -> str:
    return text if re.search(r"^(language|ruleset)\b", text, re.MULTILINE) else HEAD + text


def drawn(diagnostics: Sequence[Diagnostic]) -> str:
    return "\n\n".join(map(draw, diagnostics)) or "ok"


def findings(texts: Sequence[RulesFile]) -> str:
    """Everything wrong with the rules, drawn; the rules are also made into a program where nothing is.

    That the provisions of the standard head are not used is no finding.
    """
    checked = check(texts)
    if not checked.errors:
        program(checked)
    return drawn([d for d in checked.diagnostics if not _in_head(d)])


def _in_head(d: Diagnostic) -> bool:
    place = d.span
    return not d.is_error and place is not None and place.source.text.startswith(HEAD) and place.start < len(HEAD)


def rulebook(texts: Sequence[RulesFile], on: str, under: str = "") -> Rulebook:
    """The rulebook, which must have no errors."""
    checked = check(texts)
    assert not checked.errors, drawn(checked.errors)
    return dated(program(checked, under), on)


def answers(texts: Sequence[RulesFile], asked: Sequence[Asked]) -> Iterator[str]:
    """Every answer as text, the same from every backend."""
    for a in asked:
        book = rulebook(texts, a.on, a.under)
        for facts in a.facts:
            heading = f"{a.question} on {a.on}{' under ' + a.under if a.under else ''} {facts}"
            read = book.reader(a.question).read(Source("<facts>", facts))
            if isinstance(read, list):
                yield f"{heading}\n{drawn(read)}"
            else:
                yield f"{heading}\n{shown(agreed(book, a.question, read), book)}"


def agreed(book: Rulebook, question: str, arguments: tuple[Any, ...]) -> Answer:
    """The reference interpreter's answer, which every backend must give too."""
    meant = book.interpreter(question).answer(*arguments)
    compiled = book.evaluator(question)
    assert compiled.answer(*arguments) == meant
    assert compiled.verdict(*arguments) == meant.verdict
    if meant.outcome in (Outcome.UNDECIDED, Outcome.FAILED):
        with pytest.raises(UndecidedError) as refusal:
            compiled.fast(*arguments)
        assert refusal.value.answer == meant
    else:
        decision = book.question(question).kind == "decision"
        assert compiled.fast(*arguments) == (meant.permitted if decision else meant.value)
    if optional.there_is("polars", "columns") and optional.there_is("pyarrow", "columns"):
        import tables  # imported here, for Polars is an extra

        with suppress(tables.MixedError):  # no table can say it
            tables.agree(book, question, [arguments], [meant])
    return meant


def shown(answer: Answer, book: Rulebook) -> str:
    """The full answer as stable text."""
    function = book.question(answer.question.name)
    match answer.outcome:
        case Outcome.VALUE:
            lines = [f"  = {show(answer.value, function.type)}"]
        case Outcome.UNDECIDED:
            lines = [f"  undecided: needs {', '.join(answer.needs)}"]
        case Outcome.FAILED:
            lines = [f"  fails: {answer.verdict.fault}"]
        case _:
            lines = [f"  {answer.outcome.value}"]
    for r in answer.reasons:
        cited = ", ".join(map(str, r.citations)) or "nothing"
        status = r.status.value if r.status else "none"
        words = f"{r.text.en!r} {r.text.zh}".rstrip()
        lines.append(f"    {r.effect} {r.rule}: {words} per {cited}, status {status}, {r.place}")
    if answer.verdict.relevant_facts:
        lines.append(f"    turned on {', '.join(answer.verdict.relevant_facts)}")
    basis = answer.basis
    if basis.citations or basis.facts:
        cited = ", ".join(map(str, basis.citations)) or "nothing"
        facts = ", ".join(f"{path} = {value}" for path, value in basis.facts) or "no facts"
        lines.append(f"    rests on {cited}; {facts}")
    return "\n".join(lines)
