"""Which provisions the decisions in a journal relied on.

In: events of a journal as JSON, one after another. Out: a count and the first few records for each provision; the
memory is that of the provisions, however long the journal. Absent: the journal's file, and what was decided.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from policy.answers import Verdict
from policy.reports.journal.entries import read_event
from policy.reports.journal.reasons import EXAMPLES, provisions_of, verdicts_in
from policy.vocabulary import Json


@define
class ProvisionUsage:
    """How many decisions relied on a provision, and the numbers of the first records that did."""

    count: int = 0
    first: list[int] = field(factory=list)


@define
class Usage:
    """Counts as records are added."""

    decisions: int = 0
    provisions: dict[str, ProvisionUsage] = field(factory=dict)

    def add(self, seq: int, events: Iterable[Json]) -> None:
        """Counts the decisions of one record. Raises PolicyError where this version does not read an event."""
        for event in events:
            for verdict in verdicts_in(read_event(event)):
                self._decision(seq, verdict)

    def _decision(self, seq: int, verdict: Verdict) -> None:
        self.decisions += 1
        for name in dict.fromkeys(p for reason in verdict.reasons for p in provisions_of(reason)):
            usage = self.provisions.setdefault(name, ProvisionUsage())
            usage.count += 1
            if len(usage.first) < EXAMPLES and seq not in usage.first:
                usage.first.append(seq)
