"""A market's day as one document, from a journal or as it happens.

In: records, one after another; at the end, accounts stated and portfolios put under stress, if there are any. Out:
the document of what was traded, of what was lent and margined, or of both. Absent: where records come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import PurePath

from attrs import define, field, frozen

from policy.answers import NO_WORDS, BilingualText
from policy.audit.records import Header, JournalRecord
from policy.diagnostics import Diagnostic
from policy.financing.events import AccountStated
from policy.market.commands import NewDay
from policy.market.events import OUT_OF_TIME, invalid_code
from policy.perpetuals.events import BucketStated
from policy.reports.book.figures import Cover
from policy.reports.documents import Document
from policy.reports.journal.entries import EVENTS, Command, Event, read_command, read_event
from policy.reports.journal.event_counts import KindRow
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.margin import MarginTally
from policy.reports.journal.names import OF_MARGIN, OF_THE_EXCHANGE
from policy.reports.journal.stress import StressRow
from policy.reports.journal.tally import Tally
from policy.reports.journal.trading import Trading
from policy.reports.plain.amounts import chinese_span, long_span
from policy.reports.reach import closed_on, remarks_in_full
from policy.reports.rows import by_status

_MOST_UNREAD = 50
_OF_THE_EXCHANGE = tuple(EVENTS.classes[name] for name in OF_THE_EXCHANGE)
_OF_MARGIN = tuple(EVENTS.classes[name] for name in OF_MARGIN)
_MARGIN = BilingualText("Report on margin and perpetual contracts", "保證金及永續合約報告")
_DAY, _DAYS = (
    BilingualText("Report on a trading day", "交易日報"),
    BilingualText("Report on trading days", "交易日報"),
)
_BOTH, _BOTH_DAYS = BilingualText("A day in the market", "市場日報"), BilingualText("Days in the market", "市場日報")


@frozen
class Unread:
    """A line of a scenario that could not be read, and what is wrong with it."""

    place: str
    message: str
    help: str


@frozen
class Need:
    """What answers waited for: in words, by its name, why the rules do not have it, and how many waited."""

    what: BilingualText
    name: str
    why: BilingualText
    count: int


@frozen
class DaySummary:
    """What holds of the whole day: when it was, all that happened, and what could not be answered or read."""

    scenario: BilingualText
    first: str
    last: str
    commands: int
    events: int
    unread: int  # lines of a scenario; a journal has none
    unread_lines: tuple[Unread, ...]  # the first of them
    kinds: tuple[KindRow, ...]
    invalid: int  # commands, which were not carried out
    messages: tuple[str, ...]  # about the first of those
    needs: tuple[Need, ...]


@define
class Recorded:
    """Follows records; `trading` or `margin` is left out where only the other is wanted."""

    header: Header
    glossary: Glossary = field(factory=Glossary)
    trading: Trading | None = None
    margin: MarginTally | None = None
    tally: Tally = field(factory=Tally)
    stress: tuple[StressRow, ...] = ()
    unread_lines: list[Unread] = field(factory=list)
    until: str = ""  # the last day that began
    first: int = 0
    last: int = 0
    stated: bool = False  # whether accounts were stated at the end
    needs: Counter[str] = field(factory=Counter)  # of those accounts

    @classmethod
    def whole(cls, header: Header, glossary: Glossary) -> Recorded:
        return cls(header, glossary, Trading(glossary), MarginTally(glossary))

    def read(self, records: Iterable[JournalRecord]) -> Recorded:
        for record in records:
            self.take(record)
        return self

    def take(self, record: JournalRecord) -> None:
        """One record. Raises PolicyError where it is of a form that this version does not read."""
        self.follow(read_command(record.input), [read_event(event) for event in record.events], record.at)

    def follow(self, command: Command, events: Sequence[Event], at: int | None = None) -> None:
        """One command and its events; `at` is when it came, if that is not what it says."""
        at = command.at if at is None else at
        invalid = invalid_code(events)
        if invalid not in OUT_OF_TIME:
            self.first = self.first or at
            self.last = at
        self.tally.add(command, events)
        if isinstance(command, NewDay) and invalid is None:
            self.until = date.fromordinal(command.on).isoformat()
        if self.trading is not None:
            self.trading.take(at, command, events)
        if self.margin is not None:
            self.margin.take(at, command, events)

    def misread(self, diagnostic: Diagnostic) -> None:
        """What is wrong with a line of a scenario that could not be read."""
        if len(self.unread_lines) < _MOST_UNREAD:
            self.unread_lines.append(Unread(_place(diagnostic), diagnostic.message, diagnostic.help))

    def state(self, statements: Iterable[AccountStated | BucketStated]) -> None:
        """Accounts as they are at the end, which is no part of what happened."""
        for statement in statements:
            self.stated = True
            if self.margin is None:
                continue
            needs = statement.verdict.needs if isinstance(statement, BucketStated) else ()
            if isinstance(statement, AccountStated):
                self.margin.collateral.state(statement)
                needs = (*statement.views.lending_needs, *statement.views.capital_needs)
            for need in needs:
                self.needs[need] += 1

    # ── at the end ──────────────────────────────────────────────────────────────────────────

    def document(self, platform: str, unread: int = 0, **more: object) -> Document:
        """What was followed; of a whole market, only the parts in which anything happened. `more` are other parts."""
        parts: dict[str, object] = {"summary": self.summary(unread)}
        both = self.trading is not None and self.margin is not None
        lent = self.tally.counts.count(*_OF_MARGIN) or bool(self.stress)
        if self.trading is not None and not (both and lent and not self.tally.counts.count(*_OF_THE_EXCHANGE)):
            parts["trading"] = self.trading.figures(self.tally.reasons, self.tally.counts)
        if self.margin is not None and (lent or not both):
            parts["margin"] = self.margin.figures(self.tally.reasons, self.tally.counts)
            parts["stress"] = self.stress
            parts["stated"] = self.stated
        header, until = self.header, self.until if self.until > self.header.on else ""
        known = self.glossary.citations
        day = date.fromisoformat(until or header.on).toordinal()
        sources = by_status((p, known[p].status) for p in self.tally.reasons.provisions if p in known)
        cover = Cover(
            _title(parts, header.on, until),
            platform,
            header.on,
            header.rules,
            header.overlay,
            sources,
            remarks_in_full(self.glossary.readings, self.glossary.sources, self.tally.reasons.sources, day),
            until,
            read=closed_on(self.glossary.readings),
            languages=self.glossary.languages,
        )
        return Document("day.html.jinja", cover, parts | more)

    def summary(self, unread: int = 0) -> DaySummary:
        needs = sorted((self.needs + Counter(self.tally.reasons.needs)).items(), key=lambda item: (-item[1], item[0]))
        about = self.header.about
        kinds = self.tally.counts.rows()
        return DaySummary(
            scenario=BilingualText(str(about.get("scenario", "")), str(about.get("zh", ""))),
            first=self.glossary.at(self.first),
            last=self.glossary.at(self.last),
            commands=self.tally.number,
            events=sum(kind.count for kind in kinds),
            unread=unread,
            unread_lines=tuple(self.unread_lines),
            kinds=kinds,
            invalid=sum(self.tally.counts.invalid.values()),
            messages=tuple(self.tally.counts.messages),
            needs=tuple(
                Need(self.glossary.needed(n), n, self.glossary.unset.get(n, NO_WORDS), count) for n, count in needs
            ),
        )


def _place(diagnostic: Diagnostic) -> str:
    """The file and line that a finding is about; nothing where it has none."""
    if diagnostic.span is None:
        return ""
    return f"{PurePath(diagnostic.span.source.name).name}:{diagnostic.span.line}"


def _title(parts: Mapping[str, object], first: str, until: str) -> BilingualText:
    if "trading" not in parts:
        return _MARGIN
    day, days = (_BOTH, _BOTH_DAYS) if "margin" in parts else (_DAY, _DAYS)
    if not until:
        return day
    return BilingualText(f"{days.en} {long_span(first, until)}", f"{days.zh}（{chinese_span(first, until)}）")
