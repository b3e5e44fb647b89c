"""One decision as a letter: what was asked, what was decided and why, what it turned on, what is missing.

In: an answer, and the model for the words of its facts. Out: `Letter`. Absent: the derivation in full; `policy
explain` has that.
"""

from __future__ import annotations

from attrs import frozen

from policy.decisions import Answer, Outcome, Words
from policy.model import rules
from policy.reports.book.figures import Cover, Network
from policy.reports.derivation import tree_of
from policy.reports.figures import Cited
from policy.reports.plain import amounts
from policy.reports.plain.facts import NOT_STATED, Facts
from policy.reports.plain.names import in_full
from policy.reports.words import cited, unanswered

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
    tree: Network | None = None  # how the answer was reached, where that can be drawn


def letter_of(
    cover: Cover, model: rules.Model, answer: Answer, to: str, reference: str, notes: dict[str, str]
) -> Letter:
    """The letter."""
    question = model.declared[answer.question.name]
    basis = answer.basis
    facts = Facts.of(model, question)
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
        tuple(Fact(*facts.said(path, text)) for path, text in basis.facts if text != "not given"),
        tuple(_wanting(facts, need, notes) for need in unanswered(answer)),
        tree_of(facts, question, answer.derivation),
    )


def _wanting(facts: Facts, need: str, notes: dict[str, str]) -> Fact:
    parameter = facts.parameter(need)
    if parameter is None:
        return Fact(facts.needed(need), NOT_STATED)
    why = parameter.unset
    return Fact(facts.needed(need), Words(why.en, why.zh or why.en) if why else Words(notes.get(need, "")))
