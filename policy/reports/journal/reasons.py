"""The rules that answered in a journal, counted as its records stream by.

In: events as JSON. Out: a row for each rule of each kind of event. Absent: what an event means.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field, frozen

from policy.decisions import Words
from policy.reports.journal.names import EVENTS

EXAMPLES = 3


@frozen
class RuleRow:
    """How often a rule was a reason of one kind of event, and the first of them.

    `share` is in thousandths of the most frequent of the rows that it stands among.
    """

    event: str
    what: Words
    rule: str
    effect: str
    count: int
    of: int  # the events of its kind and effect that had a reason, of which one may have several
    share: int
    text: Words
    per: tuple[str, ...]
    examples: tuple[str, ...]


@define
class _Seen:
    text: Words
    per: tuple[str, ...]
    count: int = 0
    examples: list[str] = field(factory=list)


@define
class Reasons:
    """Counts as events are added."""

    seen: dict[tuple[str, str, str], _Seen] = field(factory=dict)
    events: dict[tuple[str, str], int] = field(factory=dict)  # with a reason, by kind and effect
    provisions: dict[str, None] = field(factory=dict)
    needs: dict[str, int] = field(factory=dict)

    def add(self, event: dict[str, Any], example: str) -> None:
        effects: dict[str, None] = {}
        for value in event.values():
            if isinstance(value, dict) and "outcome" in value:
                for need in value.get("needs", ()):
                    self.needs[need] = self.needs.get(need, 0) + 1
                for reason in value.get("reasons", ()):
                    effects[reason["effect"]] = None
                    self._reason(event["event"], reason, example)
        for effect in effects:
            key = event["event"], effect
            self.events[key] = self.events.get(key, 0) + 1

    def _reason(self, event: str, reason: dict[str, Any], example: str) -> None:
        key = (event, reason["rule"], reason["effect"])
        seen = self.seen.get(key)
        if seen is None:
            text = Words(reason["text"]["en"], reason["text"].get("zh", ""))
            seen = self.seen[key] = _Seen(text, tuple(reason.get("per", ())))
        seen.count += 1
        if len(seen.examples) < EXAMPLES and example not in seen.examples:
            seen.examples.append(example)
        self.provisions.update(dict.fromkeys(seen.per))

    @property
    def sources(self) -> set[str]:
        """The sources that anything rests on."""
        return {provision.partition("/")[0] for seen in self.seen.values() for provision in seen.per}

    def rows(self, *events: str, effect: str = "") -> tuple[RuleRow, ...]:
        """The rules of some kinds of event, kind by kind as they are named, the most frequent first."""
        of = [(k, s) for k, s in self.seen.items() if k[0] in events and effect in ("", k[2])]
        of.sort(key=lambda item: (events.index(item[0][0]), -item[1].count, item[0]))
        longest = max((s.count for _, s in of), default=1)
        return tuple(
            RuleRow(
                event,
                EVENTS[event],
                rule,
                kind,
                s.count,
                self.events[event, kind],
                1000 * s.count // longest,
                s.text,
                s.per,
                tuple(s.examples),
            )
            for (event, rule, kind), s in of
        )
