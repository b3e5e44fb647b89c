"""One decision as a letter: what was asked, what was decided and why, what it turned on, what is missing.

In: an answer, and the model for the words of its facts. Out: `Letter`. Absent: the derivation in full; `policy
explain` has that.
"""

from __future__ import annotations

from attrs import frozen

from policy.answers import Answer, BilingualText, Inner, Outcome, Reason
from policy.model import rules, types
from policy.reports.book.figures import Cover, Network
from policy.reports.derivation import tree_of
from policy.reports.plain import amounts
from policy.reports.plain.facts import NOT_STATED, Facts
from policy.reports.plain.names import in_full
from policy.reports.rows import Cited, cited, unanswered
from policy.reports.wayout import Wayout, wayout_of
from policy.verify.remedy import Remedy

_OUTCOMES = {
    Outcome.PERMITTED: BilingualText("Yes", "是"),
    Outcome.DENIED: BilingualText("No", "否"),
    Outcome.UNDECIDED: BilingualText("Not decided", "未能裁定"),
    Outcome.FAILED: BilingualText("No answer can be given", "不能作答"),
}


@frozen
class Because:
    """One reason, and the reasons of the decisions that it asks; `of` is such a decision, and how it was answered."""

    text: BilingualText
    cited: tuple[Cited, ...]
    because: tuple[Because, ...] = ()
    of: BilingualText | None = None


@frozen
class Fact:
    """What was stated, or is wanting, with why where the rules know."""

    what: BilingualText
    value: BilingualText


@frozen
class Letter:
    """The whole."""

    cover: Cover
    to: str
    reference: str
    question: BilingualText
    outcome: str
    answer: BilingualText
    reasons: tuple[Because, ...]
    cited: tuple[Cited, ...]  # all that it rests on, where no reason has its own
    facts: tuple[Fact, ...]
    missing: tuple[Fact, ...]
    wayout: Wayout | None = None  # what would change a refusal
    tree: Network | None = None  # how the answer was reached, where that can be drawn


def letter_of(
    cover: Cover,
    model: rules.Model,
    answer: Answer,
    to: str,
    reference: str,
    notes: dict[str, str],
    remedy: Remedy | None = None,
) -> Letter:
    """The letter; a refusal tells its `remedy`, or that there is none where nothing could be worked out."""
    question = model.question(answer.question.name)
    of = getattr(question, "type", types.BOOLEAN)
    basis = answer.basis
    facts = Facts.of(model, question)
    value = _OUTCOMES.get(answer.outcome)
    return Letter(
        cover,
        to,
        reference,
        in_full(question.title, question.name),
        answer.outcome.value,
        value or BilingualText(amounts.english(answer.value, of), amounts.chinese(answer.value, of)),
        tuple(_because(model, r) for r in basis.reasons),
        tuple(cited(c) for c in basis.citations),
        tuple(Fact(*facts.said(path, text)) for path, text in basis.facts if text != "not given"),
        tuple(_wanting(facts, need, notes) for need in unanswered(answer)),
        wayout_of(remedy, facts) if answer.outcome is Outcome.DENIED else None,
        tree_of(facts, answer.derivation),
    )


def _because(model: rules.Model, reason: Reason, of: BilingualText | None = None) -> Because:
    inner = tuple(_because(model, i.reason, _asked(model, i)) for i in reason.because)
    return Because(reason.text, tuple(cited(c) for c in reason.citations), inner, of)


def _asked(model: rules.Model, inner: Inner) -> BilingualText:
    """A decision that was asked on the way, and what it came to."""
    asked = model.declared[inner.question]
    title, effect = in_full(asked.title, asked.name), inner.reason.effect
    outcome = _OUTCOMES[Outcome.PERMITTED if effect == "permit" else Outcome.DENIED]
    return BilingualText(f"{title.en} {outcome.en}:", f"{title.zh}{outcome.zh}：")


def _wanting(facts: Facts, need: str, notes: dict[str, str]) -> Fact:
    parameter = facts.parameter(need)
    if parameter is None:
        return Fact(facts.needed(need), NOT_STATED)
    why = parameter.unset
    return Fact(
        facts.needed(need), BilingualText(why.en, why.zh or why.en) if why else BilingualText(notes.get(need, ""))
    )
