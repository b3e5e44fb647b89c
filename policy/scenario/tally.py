"""What happened, counted: events by kind with their money, and the rules that answered, with their provisions.

In: commands, each with its events. Out: rows, in the order in which things first happened; the memory is that of
the kinds and rules there are, not of the events. Absent: any kind of event in particular.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import attrs
from attrs import define, field

from policy.decisions import Outcome, Reason, Status, Verdict, weakest
from policy.market.events import Rejected
from policy.model.types import Number
from policy.model.values import show
from policy.wire import money_of, word

EXAMPLES = 3
_DECIDES = (Outcome.PERMITTED, Outcome.DENIED, Outcome.UNDECIDED, Outcome.FAILED)


@define
class Kind:
    """Events of one kind: how many, and the sums of the money in them, by field."""

    count: int = 0
    money: dict[str, tuple[int, Number]] = field(factory=dict)

    def add(self, event: Any) -> None:
        self.count += 1
        for name, of in money_of(type(event)):
            amount = getattr(event, name)
            if amount is not None:
                self.money[name] = (self.money.get(name, (0, of))[0] + amount, of)

    def shown(self) -> dict[str, str]:
        """The sums as people write money."""
        return {name: show(total, of) for name, (total, of) in self.money.items()}


@define
class Rule:
    """How often a rule was a reason of one kind of event, and of which commands, the first few."""

    event: str
    reason: Reason
    count: int = 0
    examples: list[str] = field(factory=list)


@define(eq=False)
class Tally:
    """Everything counted so far."""

    commands: dict[str, int] = field(factory=dict)
    events: dict[str, Kind] = field(factory=dict)
    rules: dict[tuple[str, str, str], Rule] = field(factory=dict)
    invalid: dict[str, Kind] = field(factory=dict)  # commands, by code
    needs: dict[str, int] = field(factory=dict)  # facts and numbers without which there was no answer
    statuses: set[Status] = field(factory=set)

    def add(self, command: Any, events: list[Any]) -> None:
        """Counts one command and what came of it."""
        said = word(type(command))
        self.commands[said] = self.commands.get(said, 0) + 1
        for event in events:
            kind = word(type(event))
            self.events.setdefault(kind, Kind()).add(event)
            if isinstance(event, Rejected):
                self.invalid.setdefault(event.code, Kind()).add(event)
            for name in verdicts_of(type(event)):
                self._verdict(kind, getattr(event, name), getattr(command, "id", said))

    def _verdict(self, kind: str, verdict: Verdict | None, example: str) -> None:
        if verdict is None or verdict.outcome not in _DECIDES:
            return
        for need in verdict.needs:
            self.needs[need] = self.needs.get(need, 0) + 1
        for reason in verdict.reasons:
            rule = self.rules.setdefault((kind, reason.rule, reason.place), Rule(kind, reason))
            rule.count += 1
            if len(rule.examples) < EXAMPLES and example not in rule.examples:
                rule.examples.append(example)
            if reason.status:
                self.statuses.add(reason.status)

    @property
    def status(self) -> Status | None:
        """The weakest status that anything rests on."""
        return weakest(self.statuses)

    def as_json(self) -> dict[str, Any]:
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
                    "text": {"en": rule.reason.text.en, "zh": rule.reason.text.zh},
                    "examples": rule.examples,
                }
                for rule in self.rules.values()
            ],
            "invalid": {code: kind.count for code, kind in self.invalid.items()},
            "needs": dict(self.needs),
            "status": self.status.value if self.status else None,
        }


def verdicts_of(cls: Any) -> tuple[str, ...]:
    """The fields of a class that are verdicts."""
    return _verdicts(cls)


@cache
def _verdicts(cls: Any) -> tuple[str, ...]:
    return tuple(f.name for f in attrs.fields(cls) if str(f.type).startswith("Verdict"))
