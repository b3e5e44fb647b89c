"""A market's day as one document, from a journal or as it happens.

In: records, one after another; at the end, accounts stated and portfolios put under stress, if there are any. Out:
the document of what was traded, of what was lent and margined, or of both. Absent: where records come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from attrs import define, field, frozen

from policy.audit.records import Header, Record
from policy.decisions import Words
from policy.ir.reach import reading_ends
from policy.market.commands import NewDay
from policy.reports.book.figures import Cover
from policy.reports.documents import Document
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.happened import Happened, Kind
from policy.reports.journal.margin import MarginTally
from policy.reports.journal.names import OF_MARGIN, OF_THE_EXCHANGE
from policy.reports.journal.reasons import Reasons
from policy.reports.journal.stress import StressRow
from policy.reports.journal.trading import Trading
from policy.reports.plain.amounts import chinese_span, in_hong_kong, long_span
from policy.reports.words import by_status
from policy.wire import word

_MARGIN = Words("Margin and perpetual contracts", "保證金及永續合約")
_DAY, _DAYS = Words("A trading day", "交易日報"), Words("Trading days", "交易日報")
_BOTH, _BOTH_DAYS = Words("A day in the market", "市場日報"), Words("Days in the market", "市場日報")


@frozen
class Told:
    """What holds of the whole day: when it was, all that happened, and what could not be answered or read."""

    scenario: Words
    first: str
    last: str
    commands: int
    events: int
    unread: int  # lines of a scenario; a journal has none
    kinds: tuple[Kind, ...]
    senseless: tuple[str, ...]
    needs: tuple[tuple[Words, str, int], ...]  # in words, as it is written, and how often


@define
class Recorded:
    """Follows records; `trading` or `margin` is left out where only the other is wanted."""

    header: Header
    glossary: Glossary = field(factory=Glossary)
    trading: Trading | None = None
    margin: MarginTally | None = None
    happened: Happened = field(factory=Happened)
    reasons: Reasons = field(factory=Reasons)
    stress: tuple[StressRow, ...] = ()
    until: str = ""  # the last day that began
    first: int = 0
    last: int = 0
    commands: int = 0
    stated: bool = False  # whether accounts were stated at the end

    @classmethod
    def whole(cls, header: Header, glossary: Glossary) -> Recorded:
        return cls(header, glossary, Trading(glossary), MarginTally(glossary))

    def read(self, records: Iterable[Record]) -> Recorded:
        for record in records:
            self.take(record)
        return self

    def take(self, record: Record) -> None:
        """One record."""
        self.first = self.first or record.at
        self.last = record.at
        self.commands += 1
        if record.input.get("do") == word(NewDay):
            self.until = record.input["on"]
        for event in record.events:
            self.happened.add(event)
            self.reasons.add(event, str(event.get("id") or event.get("account") or record.seq))
        if self.trading is not None:
            self.trading.take(record)
        if self.margin is not None:
            self.margin.take(record)

    def state(self, events: Iterable[dict[str, Any]]) -> None:
        """Accounts as they are at the end, which is no part of what happened."""
        for event in events:
            self.stated = True
            if self.margin is not None and event["event"] == "account_stated":
                self.margin.collateral.state(event)

    # ── at the end ──────────────────────────────────────────────────────────────────────────

    def document(self, platform: str, unread: int = 0) -> Document:
        """What was followed; of a whole market, only the parts in which anything happened."""
        parts: dict[str, Any] = {"told": self._told(unread)}
        both = self.trading is not None and self.margin is not None
        lent = self.happened.count(*OF_MARGIN) or bool(self.stress)
        if self.trading is not None and not (both and lent and not self.happened.count(*OF_THE_EXCHANGE)):
            parts["trading"] = self.trading.figures(self.reasons)
        if self.margin is not None and (lent or not both):
            parts["margin"] = self.margin.figures(self.reasons)
            parts["stress"] = self.stress
            parts["stated"] = self.stated
        header, until = self.header, self.until if self.until > self.header.on else ""
        statuses = self.glossary.statuses
        day = date.fromisoformat(until or header.on).toordinal()
        sources = by_status((p, statuses[p]) for p in self.reasons.provisions if p in statuses)
        cover = Cover(
            _title(parts, header.on, until),
            platform,
            header.on,
            header.rules,
            header.overlay,
            sources,
            reading_ends(self.glossary.readings, self.reasons.sources, day),
            until,
        )
        return Document("day.html.jinja", cover, parts)

    def _told(self, unread: int) -> Told:
        needs = sorted(self.reasons.needs.items(), key=lambda item: (-item[1], item[0]))
        about = self.header.about
        kinds = self.happened.rows()
        return Told(
            scenario=Words(str(about.get("scenario", "")), str(about.get("zh", ""))),
            first=in_hong_kong(self.first),
            last=in_hong_kong(self.last),
            commands=self.commands,
            events=sum(kind.count for kind in kinds),
            unread=unread,
            kinds=kinds,
            senseless=tuple(self.happened.senseless),
            needs=tuple((self.glossary.needed(need), need, count) for need, count in needs),
        )


def _title(parts: Mapping[str, Any], first: str, until: str) -> Words:
    if "trading" not in parts:
        return _MARGIN
    day, days = (_BOTH, _BOTH_DAYS) if "margin" in parts else (_DAY, _DAYS)
    if not until:
        return day
    return Words(f"{days.en} {long_span(first, until)}", f"{days.zh}（{chinese_span(first, until)}）")
