"""What would change the answer, for a letter: the ways, and what would take away each reason.

In: a remedy, and the facts that the question asks for. Out: rows to print. Absent: the search.
"""

from __future__ import annotations

from attrs import frozen

from policy.answers import NO_WORDS, BilingualText
from policy.model import types
from policy.reports.plain.facts import ToldFacts, in_words
from policy.verify.counterfactual import Counterfactuals
from policy.verify.remedy import Remedy

NOT_WORKED_OUT = BilingualText(
    "What would change the answer was not worked out: there is no solver.", "未有求解器，故未推算如何改變結果。"
)
_NOTHING = BilingualText(
    "Nothing that can be changed about these facts makes the answer yes.",
    "即使改變可更改的事實，答案亦不會變為「是」。",
)
_STAYS = BilingualText("Nothing that can be changed removes this reason.", "並無可更改的事實可消除此項理由。")
_UNSURE = BilingualText("There may be a way that was not found.", "或有方法，惟未能找到。")
_OTHERS = BilingualText("There may be other ways.", "或有其他方法。")


@frozen
class ChangedFact:
    """One fact to be otherwise."""

    what: BilingualText
    before: BilingualText
    after: BilingualText


@frozen
class Removal:
    """Ways to one end, each of steps to be taken together; `said` where there is none, or may be more."""

    of: BilingualText  # the reason that goes; of the whole, nothing
    ways: tuple[tuple[ChangedFact, ...], ...]
    said: BilingualText


@frozen
class Wayout:
    """What would change the answer, and what each reason. `moment` is the earliest that times were changed to."""

    whole: Removal
    reasons: tuple[Removal, ...]
    moment: BilingualText


def wayout_of(remedy: Remedy | None, facts: ToldFacts) -> Wayout:
    """The rows of a remedy; where there is none, that it was not worked out."""
    if remedy is None:
        return Wayout(Removal(NO_WORDS, (), NOT_WORKED_OUT), (), NO_WORDS)
    moment = in_words(facts.model, remedy.whole.not_before, types.INSTANT) if remedy.changes_times else NO_WORDS
    reasons = tuple(_removal(cure.text, cure.ways, _STAYS, facts) for cure in remedy.reasons)
    return Wayout(_removal(NO_WORDS, remedy.whole, _NOTHING, facts), reasons, moment)


def _removal(of: BilingualText, found: Counterfactuals, nothing: BilingualText, facts: ToldFacts) -> Removal:
    ways = tuple(
        tuple(
            ChangedFact(facts.title(c.path), facts.said(c.path, c.before)[1], facts.said(c.path, c.after)[1])
            for c in way.changes
        )
        for way in found.ways
    )
    if found.is_complete:
        return Removal(of, ways, NO_WORDS if ways else nothing)
    return Removal(of, ways, _OTHERS if ways else _UNSURE)
