"""The rules that decided, counted as events come.

In: events. Out: a row for each rule of each kind of event, and what was needed for an answer. Absent: what an event
means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import attrs
from attrs import define, field, frozen

from policy.answers import BilingualText, Citation, Reason, Status, Verdict
from policy.reports.journal.names import EVENTS
from policy.reports.rows import Cited, cited
from policy.wire import word

EXAMPLES = 3


@frozen
class RuleRow:
    """How often a rule was a reason of one kind of event, and the first of them.

    `share` is in thousandths of the most frequent of the rows that it stands among.
    """

    event: str
    what: BilingualText
    rule: str
    effect: str
    count: int
    of: int  # the events of its kind and effect that had a reason, of which one may have several
    reasons: int  # of all those events
    share: int | None  # nothing where all rows are alike
    text: BilingualText
    per: tuple[str, ...]
    examples: tuple[str, ...]


@frozen
class GivenReason:
    """A rule that decided, in the words that a client reads, with the provisions behind it and how each is known."""

    what: BilingualText
    rule: str
    effect: str
    count: int
    text: BilingualText
    cited: tuple[Cited, ...]
    examples: tuple[str, ...]


@define
class RuleCount:
    """How often a rule was a reason of one kind of event, and the first few examples."""

    event: str
    reason: Reason
    count: int = 0
    examples: list[str] = field(factory=list)


@define
class Reasons:
    """Counts as events are added."""

    rules: dict[tuple[str, str, str, str], RuleCount] = field(factory=dict)
    events: dict[tuple[str, str], int] = field(factory=dict)  # with a reason, by kind and effect
    provisions: dict[str, None] = field(factory=dict)
    needs: dict[str, int] = field(factory=dict)  # facts and numbers without which there was no answer
    statuses: set[Status] = field(factory=set)

    def add(self, event: object, example: str) -> None:
        kind = word(type(event))
        effects: dict[str, None] = {}
        for verdict in verdicts_in(event):
            for need in verdict.needs:
                self.needs[need] = self.needs.get(need, 0) + 1
            for reason in verdict.reasons:
                effects[reason.effect] = None
                self._add(kind, reason, example)
        for effect in effects:
            self.events[kind, effect] = self.events.get((kind, effect), 0) + 1

    def _add(self, event: str, reason: Reason, example: str) -> None:
        key = (event, reason.rule, reason.effect, reason.text.en)  # not its place, which no journal has
        rule = self.rules.get(key)
        if rule is None:
            rule = self.rules[key] = RuleCount(event, reason)
        rule.count += 1
        if len(rule.examples) < EXAMPLES and example not in rule.examples:
            rule.examples.append(example)
        for citation in reason.citations:
            self.provisions[citation.provision] = None
        if reason.status:
            self.statuses.add(reason.status)

    @property
    def sources(self) -> set[str]:
        """The sources that anything rests on."""
        return {provision.partition("/")[0] for provision in self.provisions}

    def rows(self, *classes: type[object], effect: str = "") -> tuple[RuleRow, ...]:
        """The rows of some kinds of event, kind by kind as they are named, the most frequent first."""
        kinds = [word(cls) for cls in classes]
        of = [r for r in self.rules.values() if r.event in kinds and effect in ("", r.reason.effect)]
        of.sort(key=lambda r: (kinds.index(r.event), -r.count, r.reason.rule, r.reason.effect))
        longest = max((r.count for r in of), default=1)
        alike = len({r.count for r in of}) == 1
        reasons: dict[tuple[str, str], int] = {}
        for r in of:
            key = r.event, r.reason.effect
            reasons[key] = reasons.get(key, 0) + r.count
        return tuple(
            RuleRow(
                r.event,
                EVENTS[r.event],
                r.reason.rule,
                r.reason.effect,
                r.count,
                self.events[r.event, r.reason.effect],
                reasons[r.event, r.reason.effect],
                None if alike else 1000 * r.count // longest,
                r.reason.text,
                provisions_of(r.reason),
                tuple(r.examples),
            )
            for r in of
        )


def given(reasons: Reasons, citations: Mapping[str, Citation]) -> tuple[GivenReason, ...]:
    """Every reason of the day, refusals first, kind by kind of event, the most frequent first."""
    order = list(dict.fromkeys(r.event for r in reasons.rules.values()))
    ordered = sorted(
        reasons.rules.values(),
        key=lambda r: (r.reason.effect != "deny", order.index(r.event), -r.count, r.reason.rule),
    )
    return tuple(
        GivenReason(
            EVENTS[r.event],
            r.reason.rule,
            r.reason.effect,
            r.count,
            r.reason.text,
            tuple(cited(citations[p]) for p in provisions_of(r.reason) if p in citations),
            tuple(r.examples),
        )
        for r in ordered
    )


def provisions_of(reason: Reason) -> tuple[str, ...]:
    return tuple(citation.provision for citation in reason.citations)


def verdicts_in(event: object) -> Iterator[Verdict]:
    """The verdicts that an event carries."""
    for name in verdict_fields(event):
        verdict = getattr(event, name)
        if verdict is not None:
            yield verdict


def verdict_fields(event: object) -> tuple[str, ...]:
    """The fields of an event that may carry a verdict."""
    cls: Any = type(event)
    return _verdict_fields(cls)


@cache
def _verdict_fields(cls: Any) -> tuple[str, ...]:
    return tuple(f.name for f in attrs.fields(cls) if str(f.type).startswith("Verdict"))
