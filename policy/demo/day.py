"""One run of the demonstration under the rulebook of one date.

In: a rulebook. Out: what became of the orders and the accounts, every answer given on the way, and the lines
of facts that were refused. The stream is the same whatever the date. Absent: clock, chance and rules.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field, frozen

from policy.decisions import Answer
from policy.demo.facts import Line, Rulebook, Standing, Standings, amount, by_id, lines, read, refused, standings
from policy.diagnostics import PolicyError
from policy.exchange.engine import Engine, ExchangeRules
from policy.exchange.ledger import Ledger
from policy.exchange.orders import Accepted, Cancel, Cancelled, Place, Refused
from policy.margin.valuation import margin_rules, value_account
from policy.model.types import Record, Type
from policy.reports.figures import Unread
from policy.reports.from_exchange import Entry, Party, Session
from policy.reports.from_margin import NamedValuation
from policy.reports.words import titles

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
        orders = [e for entry in self.session.entries for e in entry.events if isinstance(e, Accepted | Refused)]
        return (
            *(standing.answer for standing in self.standings),
            *(event.answer for event in orders),
            *(answer for account in self.accounts for answer in account.valuation.answers),
        )


@define(eq=False)
class _Run:
    """The stream on its way through the exchange."""

    rulebook: Rulebook
    engine: Engine
    fields: dict[str, Type]
    entries: list[Entry] = field(factory=list)
    cancelled: list[Cancelled] = field(factory=list)
    unread: list[Unread] = field(factory=list)

    def carry_out(self, line: Line, known: dict[str, Any]) -> None:
        """One line of the stream: an order, or the cancelling of one."""
        if line["do"] == "cancel":
            events = self.engine.submit(Cancel(line["id"], line["by"]))
            self.cancelled += [e for e in events if isinstance(e, Cancelled)]
            return
        party = by_id(PARTIES)[line["by"]]
        platform = by_id(PLATFORMS)[party["platform"]]
        stated = {"venue": line["venue"], "accepted_at": line["at"], **line["facts"], **known}
        try:
            (facts,) = read(self.rulebook, "order_accepted", {"order": stated}, line)
        except PolicyError as error:
            self.unread += refused(error, line)
            return
        market = line["venue"] if line["venue"] == "shared_book" else f"{line['venue']} of {platform['name']}"
        order = Place(line["id"], line["by"], market, line["token"], facts)
        whose = Party(party["name"], platform["name"], platform["jurisdiction"])
        self.entries.append(Entry(order, whose, tuple(self.engine.submit(order))))


def day_under(rulebook: Rulebook) -> Day:
    """Runs the stream and values the accounts."""
    found = standings(rulebook, (PARTIES, PLATFORMS, TOKENS))
    run = _Run(rulebook, _opened(rulebook), _order_fields(rulebook))
    brought = {what: free for what, (free, _) in run.engine.ledger.totals().items()}
    for line in lines("orders.jsonl"):
        run.carry_out(line, _known(found, line) if line["do"] == "place" else {})
    session = Session(
        entries=tuple(run.entries),
        cancelled=tuple(run.cancelled),
        brought=brought,
        left=run.engine.ledger.totals(),
        fields=run.fields,
        priority=rulebook.question("shared_book"),
        titles=titles(rulebook.program),
    )
    accounts, unread = _valued(rulebook)
    return Day(rulebook, found.all, session, accounts, (*run.unread, *unread))


def _known(found: Standings, line: Line) -> dict[str, Any]:
    """What an order owes to its owner, to the platform it is shared with, and to its token."""
    party = by_id(PARTIES)[line["by"]]
    platform = by_id(PLATFORMS)[by_id(PLATFORMS)[party["platform"]]["shares_with"]]
    investor = party["facts"]["investor"]
    token = by_id(TOKENS)[line["token"]]
    return found.facts(party, investor) | found.facts(platform, investor) | found.facts(token, investor)


def _order_fields(rulebook: Rulebook) -> dict[str, Type]:
    ((_, of),) = rulebook.question("order_accepted").parameters
    assert isinstance(of, Record)
    return {f.name: f.type for f in rulebook.program.records[of.name]}


def _opened(rulebook: Rulebook) -> Engine:
    """The exchange with what everyone has paid in."""
    rules = ExchangeRules(
        accepted=rulebook.evaluator("order_accepted"),
        notional=rulebook.evaluator("order_notional"),
        priority=rulebook.evaluator("shared_book"),
    )
    fields = _order_fields(rulebook)
    engine = Engine(rules, Ledger(), MONEY)
    for id, party in by_id(PARTIES).items():
        for what, text in party["holds"].items():
            of = fields["available" if what == MONEY else "available_quantity"]
            engine.ledger.bring(id, what, amount(text, of))
    return engine


def _valued(rulebook: Rulebook) -> tuple[tuple[NamedValuation, ...], tuple[Unread, ...]]:
    """The margin accounts, and the lines that were refused."""
    rules = margin_rules(rulebook.evaluator)
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
