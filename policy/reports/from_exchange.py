"""A session of the exchange as rows: what became of every order, who was filled first, and where things went.

In: entries (a command, who gave it, and the events that followed) and balances before and after. Out:
`figures.Market`. Absent: any rule; reasons, their words and their sources are those of the answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

from policy.decisions import Answer, Outcome, Reason, Words
from policy.exchange.events import Cancelled, Event, Traded
from policy.exchange.orders import Place
from policy.ir.program import Function
from policy.model.types import Number, Type
from policy.model.values import decimal_text
from policy.reports.figures import (
    ClientPriority,
    Conserved,
    Counts,
    Level,
    Market,
    NeedRow,
    PlatformRow,
    QueueRow,
    ReasonRow,
    TokenRow,
    Undecided,
)
from policy.reports.plain.amounts import in_hong_kong
from policy.reports.words import cited, money, trimmed, unanswered

CLIENT = "client"
_LONGEST_BAR = 1000
_EXAMPLES = 3


@frozen
class Party:
    """Who places orders, and through which platform."""

    name: str
    platform: str
    jurisdiction: str


@frozen(eq=False)
class Entry:
    """An order as it came, and everything that followed at once."""

    order: Place
    party: Party
    market: str
    answer: Answer  # the rulebook's, by which the order was let in or not
    events: tuple[Event, ...]

    @property
    def facts(self) -> Any:
        """The record of the order on which it was decided."""
        (facts,) = self.answer.arguments
        return facts

    @property
    def outcome(self) -> Outcome:
        """A value that was asked for and could not be given leaves an order undecided."""
        return self.answer.outcome

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.answer.reasons

    @property
    def needs(self) -> tuple[str, ...]:
        return unanswered(self.answer)


@frozen(eq=False)
class Session:
    """What went through the exchange under one rulebook."""

    entries: tuple[Entry, ...]
    cancelled: tuple[Cancelled, ...]
    brought: dict[str, int]
    left: dict[str, tuple[int, int]]  # free and held
    fields: dict[str, Type]  # of the rulebook's record of an order
    priority: Function
    titles: dict[str, Words]

    @property
    def trades(self) -> list[Traded]:
        return [event for entry in self.entries for event in entry.events if isinstance(event, Traded)]

    def scale(self, field: str) -> int:
        of = self.fields[field]
        assert isinstance(of, Number)
        return of.scale


def market_of(session: Session) -> Market:
    """The rows of a session."""
    trades = session.trades
    accepted = [e for e in session.entries if e.outcome is Outcome.PERMITTED]
    denied = [e for e in session.entries if e.outcome is Outcome.DENIED]
    return Market(
        counts=counts_of(session.entries),
        cancelled=len(session.cancelled),
        trades=len(trades),
        value=money(sum(t.value for t in trades)),
        accepted_by=_reasons(accepted),
        refused_by=_reasons(denied),
        needed=_needed(session.entries),
        undecided=tuple(_undecided(session.entries)),
        priority=_priority(session),
        platforms=_platforms(session),
        tokens=_tokens(session),
        conserved=_conserved(session),
    )


def counts_of(entries: Sequence[Entry]) -> Counts:
    """How many orders came and what became of them."""
    outcomes = [entry.outcome for entry in entries]
    accepted, refused = outcomes.count(Outcome.PERMITTED), outcomes.count(Outcome.DENIED)
    return Counts(len(outcomes), accepted, refused, len(outcomes) - accepted - refused)


# ── reasons ─────────────────────────────────────────────────────────────────────────────────


def _reasons(entries: Sequence[Entry]) -> tuple[ReasonRow, ...]:
    """A row for every rule that was a reason, the most frequent first."""
    found: dict[Reason, list[str]] = {}
    for entry in entries:
        for reason in entry.reasons:
            found.setdefault(reason, []).append(entry.order.id)
    longest = max(map(len, found.values()), default=1)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0].rule))
    return tuple(_reason(reason, orders, longest) for reason, orders in ordered)


def _reason(reason: Reason, orders: list[str], longest: int) -> ReasonRow:
    return ReasonRow(
        rule=reason.rule,
        effect=reason.effect,
        count=len(orders),
        share=_LONGEST_BAR * len(orders) // longest,
        status=reason.status.value if reason.status else "",
        en=reason.text.en,
        zh=reason.text.zh,
        cited=tuple(cited(c) for c in reason.citations),
        examples=tuple(orders[:_EXAMPLES]),
    )


def _needed(entries: Iterable[Entry]) -> tuple[NeedRow, ...]:
    """What undecided orders wait for, the most wanted first."""
    counts = Counter(need for row in _undecided(entries) for need in row.needs)
    longest = max(counts.values(), default=1)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(NeedRow(need, count, _LONGEST_BAR * count // longest) for need, count in ordered)


def _undecided(entries: Iterable[Entry]) -> Iterable[Undecided]:
    for entry in entries:
        if entry.outcome not in (Outcome.PERMITTED, Outcome.DENIED):
            yield Undecided(entry.order.id, entry.party.name, entry.needs)


# ── who was filled first ────────────────────────────────────────────────────────────────────


def _priority(session: Session) -> ClientPriority:
    """Fills at a price where a client and a market maker waited in one line, level by level."""
    entries = {e.order.id: e for e in session.entries}
    contested: dict[tuple[str, str, str, int], list[Traded]] = {}
    for trade in session.trades:
        waiting = {entries[id].facts.capacity == CLIENT for id in trade.queue}
        if len(waiting) == 2:
            side = entries[trade.resting].facts.side
            contested.setdefault((entries[trade.resting].market, trade.instrument, side, trade.price), []).append(
                trade
            )
    levels = tuple(_level(trades, entries, session) for trades in contested.values())
    return ClientPriority(
        title=session.priority.title.en,
        title_zh=session.priority.title.zh,
        name=session.priority.id,
        cited=tuple(cited(c) for _, c in session.priority.citations),
        levels=levels,
        fills=sum(level.fills for level in levels),
        jumped=sum(level.jumped for level in levels),
        breaches=sum(level.fills - level.to_clients for level in levels),
    )


def _level(trades: list[Traded], entries: dict[str, Entry], session: Session) -> Level:
    arrivals = {id: n for n, id in enumerate(entries)}
    earliest = [min(trade.queue, key=arrivals.__getitem__) for trade in trades]
    of_clients = [entries[trade.resting].facts.capacity == CLIENT for trade in trades]
    makers_came_first = [entries[id].facts.capacity != CLIENT for id in earliest]
    first = trades[0]
    return Level(
        market=entries[first.resting].market,
        token=first.instrument,
        side=session.titles[f"Side.{entries[first.resting].facts.side}"].en,
        price=trimmed(first.price, session.scale("price")),
        trade=first.number,
        queue=tuple(_queued(entries[id], session) for id in first.queue),
        first_by_time=entries[earliest[0]].party.name,
        fills=len(trades),
        to_clients=sum(of_clients),
        jumped=sum(c and m for c, m in zip(of_clients, makers_came_first, strict=True)),
    )


def _queued(entry: Entry, session: Session) -> QueueRow:
    facts = entry.facts
    return QueueRow(
        entry.order.id,
        entry.party.name,
        session.titles[f"Capacity.{facts.capacity}"].en,
        in_hong_kong(facts.accepted_at),
    )


# ── where things went ───────────────────────────────────────────────────────────────────────


def _platforms(session: Session) -> tuple[PlatformRow, ...]:
    entries = {e.order.id: e for e in session.entries}
    places = dict.fromkeys((e.party.platform, e.party.jurisdiction) for e in session.entries)
    rows = []
    for name, jurisdiction in places:
        bought = [t.value for t in session.trades if entries[t.buyer].party.platform == name]
        sold = [t.value for t in session.trades if entries[t.seller].party.platform == name]
        sides = [t for t in session.trades if name in _sides(t, entries)]
        own = [e for e in session.entries if e.party.platform == name]
        rows.append(PlatformRow(name, jurisdiction, counts_of(own), len(sides), money(sum(bought)), money(sum(sold))))
    return tuple(rows)


def _sides(trade: Traded, entries: dict[str, Entry]) -> set[str]:
    return {entries[trade.buyer].party.platform, entries[trade.seller].party.platform}


def _tokens(session: Session) -> tuple[TokenRow, ...]:
    rows = []
    for token in sorted({t.instrument for t in session.trades}):
        own = [t for t in session.trades if t.instrument == token]
        rows.append(
            TokenRow(
                token=token,
                trades=len(own),
                quantity=trimmed(sum(t.quantity for t in own), session.scale("quantity")),
                value=money(sum(t.value for t in own)),
                last=trimmed(own[-1].price, session.scale("price")),
            )
        )
    return tuple(rows)


def _conserved(session: Session) -> tuple[Conserved, ...]:
    """What came in and what is there; money first."""
    rows = []
    for what, (free, held) in sorted(session.left.items(), key=lambda item: (item[0] != "HKD", item[0])):
        scale = session.scale("available" if what == "HKD" else "available_quantity")
        brought = session.brought.get(what, 0)
        amounts = (brought, free, held, free + held - brought)
        rows.append(Conserved(what, *(_amount(a, scale) for a in amounts)))
    return tuple(rows)


def _amount(value: int, scale: int) -> str:
    return decimal_text(value, scale) if scale <= 2 else trimmed(value, scale)
