"""One decision as a letter: what was asked, what was decided and why, what it turned on, what is missing.

In: an answer, and the model for the words of its facts. Out: `Letter`. Absent: the derivation in full; `policy
explain` has that.
"""

from __future__ import annotations

import re
from datetime import date

from attrs import frozen

from policy.decisions import Answer, Outcome, Words
from policy.model import rules, types
from policy.model.types import Type
from policy.reports.book.figures import Cover
from policy.reports.figures import Cited
from policy.reports.plain import amounts
from policy.reports.plain.names import Names, in_full, spaced
from policy.reports.words import cited, unanswered

_STEP = re.compile(r"\.|\[(\d+)\]\.?")
_OUTCOMES = {
    Outcome.PERMITTED: Words("Yes", "是"),
    Outcome.DENIED: Words("No", "否"),
    Outcome.UNDECIDED: Words("Not decided", "未能裁定"),
    Outcome.FAILED: Words("No answer can be given", "不能作答"),
}


@frozen
class Because:
    """One reason."""

    text: Words
    cited: tuple[Cited, ...]


@frozen
class Fact:
    """What was stated, or is wanting, with why where the rules know."""

    what: Words
    value: Words


@frozen
class Letter:
    """The whole."""

    cover: Cover
    to: str
    reference: str
    question: Words
    outcome: str
    answer: Words
    reasons: tuple[Because, ...]
    cited: tuple[Cited, ...]  # all that it rests on, where no reason has its own
    facts: tuple[Fact, ...]
    missing: tuple[Fact, ...]


def letter_of(
    cover: Cover, model: rules.Model, answer: Answer, to: str, reference: str, notes: dict[str, str]
) -> Letter:
    """The letter."""
    question = model.declared[answer.question.name]
    basis = answer.basis
    value = _OUTCOMES.get(answer.outcome)
    return Letter(
        cover,
        to,
        reference,
        in_full(question.title, question.name),
        answer.outcome.value,
        value or Words(amounts.english(answer.value, question.type), amounts.chinese(answer.value, question.type)),
        tuple(Because(r.text, tuple(cited(c) for c in r.citations)) for r in answer.reasons),
        tuple(cited(c) for c in basis.citations),
        tuple(_fact(model, question, path, text) for path, text in basis.facts if text != "not given"),
        tuple(_wanting(model, question, need, notes) for need in unanswered(answer)),
    )


def _fact(model: rules.Model, question: rules.Question, path: str, text: str) -> Fact:
    title, of = _resolved(model, question, path)
    return Fact(title, _value(model, text, of))


def _wanting(model: rules.Model, question: rules.Question, need: str, notes: dict[str, str]) -> Fact:
    known = [p for p in model.of_kind(rules.Parameter) if p.id == need or p.name == need]
    if len(known) == 1:
        why = known[0].unset
        return Fact(
            in_full(known[0].title, need), Words(why.en, why.zh or why.en) if why else Words(notes.get(need, ""))
        )
    return Fact(_resolved(model, question, need)[0], Words("not stated", "未述明"))


def _resolved(model: rules.Model, question: rules.Question, path: str) -> tuple[Words, Type]:
    """What the fact at a path is called, owners first, and its type."""
    name, *steps = [s for s in _STEP.split(path) if s]
    of = dict(getattr(question, "parameters", ())).get(name, types.BROKEN)
    titles: list[Words] = []
    for step in steps:
        inner = of.of if isinstance(of, types.OptionalOf) else of
        if isinstance(inner, types.ListOf) and step.isdigit():
            of = inner.of
            titles.append(Words(f"no. {int(step) + 1}", f"第{int(step) + 1}項"))
        elif isinstance(inner, types.Record):
            field = next(f for f in model.declared[inner.name].fields if f.name == step)
            of = field.type
            titles.append(in_full(field.title, step))
    if not titles:
        return Words(spaced(path), spaced(path)), of
    return Words(", ".join(t.en for t in titles), "，".join(t.zh for t in titles)), of


def _value(model: rules.Model, text: str, of: Type) -> Words:
    inner = of.of if isinstance(of, types.OptionalOf) else of
    match inner:
        case _ if text == "none":
            return Words("none", "無")
        case types.Boolean():
            return Words("yes", "是") if text == "true" else Words("no", "否")
        case types.Enum(_, members) if text in members:
            return Names(model).member(inner, text)
        case types.Date() if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text).toordinal()
            return Words(amounts.long_date(day), amounts.chinese_date(day))
    shown = amounts.grouped(text) if isinstance(inner, types.Number) else text
    return Words(shown, shown)
