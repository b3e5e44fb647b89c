"""Which provisions the decisions in a journal relied on.

In: events of a journal as JSON, one after another. Out: a count and the first few places for each provision; the
memory is that of the provisions, however long the journal. Absent: the journal's file, and what was decided.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field

EXAMPLES = 3


@define
class Relied:
    """How many decisions relied on a provision, and the numbers of the first records that did."""

    count: int = 0
    first: list[int] = field(factory=list)


@define
class Reliance:
    """Counts as records are added."""

    decisions: int = 0
    provisions: dict[str, Relied] = field(factory=dict)

    def add(self, seq: int, events: list[dict[str, Any]]) -> None:
        """Counts the decisions of one record."""
        for event in events:
            for value in event.values():
                if isinstance(value, dict) and "outcome" in value:
                    self._decision(seq, value)

    def _decision(self, seq: int, verdict: dict[str, Any]) -> None:
        self.decisions += 1
        for name in dict.fromkeys(p for reason in verdict.get("reasons", ()) for p in reason.get("per", ())):
            relied = self.provisions.setdefault(name, Relied())
            relied.count += 1
            if len(relied.first) < EXAMPLES and seq not in relied.first:
                relied.first.append(seq)
