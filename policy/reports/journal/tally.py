"""What came of commands, counted: commands, events by kind with their money, and the rules that decided.

In: commands, each with its events. Out: counts, in the order in which things first happened; the memory is that of
the kinds and rules there are, not of the events. Absent: any kind of event in particular.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from policy.answers import Status, weakest
from policy.reports.journal.entries import Command, Event
from policy.reports.journal.event_counts import EventCount, EventCounts
from policy.reports.journal.reasons import Reasons
from policy.vocabulary import Json
from policy.wire import word


@define(eq=False)
class Tally:
    """Everything counted so far."""

    commands: dict[str, int] = field(factory=dict)
    counts: EventCounts = field(factory=EventCounts)
    reasons: Reasons = field(factory=Reasons)

    number: int = 0  # of the last command

    def add(self, command: Command, events: Sequence[Event]) -> None:
        """Counts one command and what came of it."""
        kind = word(type(command))
        self.commands[kind] = self.commands.get(kind, 0) + 1
        self.number += 1
        for event in events:
            self.counts.add(event)
            self.reasons.add(event, _example(event) or str(self.number))

    @property
    def events(self) -> dict[str, EventCount]:
        """Events by kind."""
        return self.counts.kinds

    @property
    def status(self) -> Status | None:
        """The weakest status that anything rests on."""
        return weakest(self.reasons.statuses)

    def as_json(self) -> Json:
        return {
            "commands": dict(self.commands),
            "events": {word: {"count": kind.count, **kind.shown()} for word, kind in self.events.items()},
            "rules": [
                {
                    "event": rule.event,
                    "rule": rule.reason.rule,
                    "effect": rule.reason.effect,
                    "count": rule.count,
                    "per": [str(c) for c in rule.reason.citations],
                    "text": rule.reason.text.by_tag(),
                    "examples": rule.examples,
                }
                for rule in self.reasons.rules.values()
            ],
            "invalid": dict(self.counts.invalid),
            "needs": dict(self.reasons.needs),
            "status": self.status.value if self.status else None,
        }


def _example(event: Event) -> str:
    """What an event is about: an order, or an account."""
    return str(getattr(event, "id", "") or getattr(event, "account", ""))
