"""What would change the answer, for a letter: the ways, and what would take away each reason.

In: a remedy, and the facts that the question asks for. Out: rows to print. Absent: the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import frozen

from policy.answers import NO_WORDS, BilingualText
from policy.model import types
from policy.reports.plain.facts import ToldFacts, in_words
from policy.verify.counterfactual import Counterfactuals, FactChange
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
            ChangedFact(facts.title(c.path), facts.said(c.path, c.before)[1], _after(c, way.changes[:n], facts))
            for n, c in enumerate(way.changes)
        )
        for way in found.ways
    )
    if found.is_complete:
        return Removal(of, ways, NO_WORDS if ways else nothing)
    return Removal(of, ways, _OTHERS if ways else _UNSURE)


def _after(change: FactChange, earlier: Sequence[FactChange], facts: ToldFacts) -> BilingualText:
    """What a fact is to be; a time that follows another one by less than a second, by that."""
    at = _moment(change)
    for other in reversed(earlier):
        before = _moment(other)
        if at is None or before is None or (at.tzinfo is None) is not (before.tzinfo is None):
            continue
        title = facts.title(other.path)
        if at == before:
            return BilingualText(f"the same as the {title.en.removeprefix('the ')}", f"與{title.zh}相同")
        if timedelta(0) < at - before < timedelta(seconds=1):
            return BilingualText(f"just after the {title.en.removeprefix('the ')}", f"緊接{title.zh}之後")
    return facts.said(change.path, change.after)[1]


def _moment(change: FactChange) -> datetime | None:
    """The time or day that a fact is to be; None of one that is no time, or is to be absent."""
    is_given = change.is_time and change.after[:1].isdigit()
    return datetime.fromisoformat(change.after) if is_given else None
