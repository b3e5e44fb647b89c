"""One run of the demonstration under the rulebook of one date.

In: a rulebook. Out: what became of the orders and the accounts, every answer given on the way, and the lines
of facts that were refused. The stream is the same whatever the date. Absent: clock, chance and rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from attrs import define, field, frozen

from policy.decisions import Answer
from policy.demo.facts import Line, Rulebook, Standing, amount, by_id, lines, read, refused, standings
from policy.diagnostics import PolicyError
from policy.exchange.engine import Engine
from policy.exchange.events import Accepted, Cancelled, Event, Refused
from policy.exchange.orders import (
    AdmitParticipant,
    AdmitPlatform,
    ArrangeSettlement,
    Ask,
    Cancel,
    DepositMoney,
    DepositTokens,
    ListInstrument,
    Place,
    Subject,
)
from policy.exchange.rules import exchange_rules
from policy.margin.valuation import margin_rules, value_account
from policy.market.events import Rejected
from policy.model.types import Record, Type
from policy.reports.figures import Unread
from policy.reports.from_exchange import Entry, Party, Session
from policy.reports.from_margin import NamedValuation
from policy.reports.words import titles
from policy.source import Source
from policy.wire import Commands

COMMANDS = Commands.of(Place, Cancel)
MONEY = "HKD"
PARTIES, PLATFORMS, TOKENS = "parties.jsonl", "platforms.jsonl", "tokens.jsonl"


@frozen(eq=False)
class Day:
    """Everything that the rulebook of one date made of the facts."""

    rulebook: Rulebook
    standings: tuple[Standing, ...]
    session: Session
    accounts: tuple[NamedValuation, ...]
    unread: tuple[Unread, ...]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Every answer given."""
        return (
            *(standing.answer for standing in self.standings),
            *(entry.answer for entry in self.session.entries),
            *(answer for account in self.accounts for answer in account.valuation.answers),
        )


@define(eq=False)
class _Run:
    """The stream on its way through the exchange."""

    rulebook: Rulebook
    engine: Engine
    entries: list[Entry] = field(factory=list)
    cancelled: list[Cancelled] = field(factory=list)
    unread: list[Unread] = field(factory=list)

    def set_up(self, command: Any) -> None:
        """Part of the stage, which is not at fault."""
        events = self.engine.submit(command)
        assert not any(isinstance(e, Rejected) for e in events), events

    def carry_out(self, line: Line) -> None:
        """One line of the stream: an order, or the cancelling of one."""
        document = {k: v for k, v in line.content.items() if k not in ("token", "facts")}
        if line["do"] == "place":
            document |= {"instrument": line["token"], **line["facts"]}
        text = json.dumps(document, ensure_ascii=False)
        command = COMMANDS.read(Source(f"{line.file}:{line.number}", text))
        if isinstance(command, list):
            self.unread += refused(PolicyError(command), line)
            return
        events = self.engine.submit(command)
        if isinstance(command, Cancel):
            self.cancelled += [e for e in events if isinstance(e, Cancelled)]
        elif isinstance(first := events[0], Rejected):
            self.unread.append(Unread(line.file, line.number, first.message, ""))
        else:
            self.entries.append(self._entry(command, events, line))

    def _entry(self, order: Place, events: list[Event], line: Line) -> Entry:
        first = events[0]
        assert isinstance(first, Accepted | Refused)
        assert first.facts is not None
        (facts,) = read(self.rulebook, "order_accepted", dict(first.facts), line)
        party = by_id(PARTIES)[order.by]
        platform = by_id(PLATFORMS)[party["platform"]]
        own = f"{order.venue} of {platform['name']}"
        return Entry(
            order,
            Party(party["name"], platform["name"], platform["jurisdiction"]),
            order.venue if order.venue == "shared_book" else own,
            self.rulebook.evaluator("order_accepted").answer(facts),
            tuple(events),
        )


def day_under(rulebook: Rulebook) -> Day:
    """Runs the stream and values the accounts."""
    found = standings(rulebook, (PARTIES, PLATFORMS, TOKENS))
    assert rulebook.program.on is not None
    on = date.fromordinal(rulebook.program.on).isoformat()
    run = _Run(rulebook, Engine(on, lambda _: exchange_rules(rulebook), evidence=True))
    fields = _order_fields(rulebook)
    for command in _stage(fields):
        run.set_up(command)
    brought = {what: free for what, (free, _) in run.engine.ledger.totals().items()}
    for line in lines("orders.jsonl"):
        run.carry_out(line)
    session = Session(
        entries=tuple(run.entries),
        cancelled=tuple(run.cancelled),
        brought=brought,
        left=run.engine.ledger.totals(),
        fields=fields,
        priority=rulebook.question("shared_book"),
        titles=titles(rulebook.program),
    )
    accounts, unread = _valued(rulebook)
    return Day(rulebook, found, session, accounts, (*run.unread, *unread))


def _order_fields(rulebook: Rulebook) -> dict[str, Type]:
    ((_, of),) = rulebook.question("order_accepted").parameters
    assert isinstance(of, Record)
    return {f.name: f.type for f in rulebook.program.records[of.name]}


def _stage(fields: dict[str, Type]) -> Iterator[Any]:
    """What is traded, by whom, with what everyone has paid in."""
    for id, token in by_id(TOKENS).items():
        yield ListInstrument(id, at=0, tick=1, lot=1, facts=token.content.get("facts", {}))
        yield from _asks(id, "instrument", token)
    for id, platform in by_id(PLATFORMS).items():
        with_others = tuple(p for p in (platform["shares_with"],) if p != id)
        yield AdmitPlatform(id, at=0, shares_with=with_others, facts=platform["facts"])
        yield from _asks(id, "platform", platform)
    for id, party in by_id(PARTIES).items():
        yield AdmitParticipant(id, party["platform"], at=0, facts=party["facts"])
        yield from _asks(id, "participant", party)
        for what, text in party["holds"].items():
            if what == MONEY:
                yield DepositMoney(id, at=0, amount=amount(text, fields["available"]))
            else:
                yield DepositTokens(id, what, at=0, quantity=amount(text, fields["available_quantity"]))
    (arrangement,) = lines("settlement.jsonl")
    yield ArrangeSettlement(at=0, facts=arrangement["facts"])


def _asks(id: str, about: Subject, line: Line) -> Iterator[Ask]:
    for ask in line.list("asks"):
        investors = tuple(ask.get("of", ()))
        yield Ask(id, ask["question"], 0, about, ask["fact"] or "", investors, ask["facts"])


def _valued(rulebook: Rulebook) -> tuple[tuple[NamedValuation, ...], tuple[Unread, ...]]:
    """The margin accounts, and the lines that were refused."""
    rules = margin_rules(rulebook)
    accounts: list[NamedValuation] = []
    unread: list[Unread] = []
    for line in lines("margin_accounts.jsonl"):
        try:
            account, asked = read(rulebook, "advance_allowed", line["facts"], line)
        except PolicyError as error:
            unread += refused(error, line)
        else:
            accounts.append(NamedValuation(line["name"], asked, value_account(account, asked, rules)))
    return tuple(accounts), tuple(unread)
