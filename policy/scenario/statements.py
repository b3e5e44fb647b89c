"""How every margin account of a market stands: at the lender, then at the perpetuals desk.

In: a market. Out: statements, as events; what had fallen due by now happens first. What else holds at the end: all
balances, the terms on which assets are taken as collateral, and what the rules say of accounts. Absent: anything else
that changes the market.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from policy.answers import Answer, Outcome
from policy.diagnostics import PolicyError
from policy.exchange.commands import MONEY
from policy.exchange.engine import Engine as Exchange
from policy.financing.commands import StateAccount
from policy.financing.engine import Engine as Lender
from policy.financing.events import AccountStated
from policy.financing.rules import FinancingRules
from policy.financing.state import Account
from policy.interface import BoundQuestion, bind, question
from policy.model.types import Number, QuotedAmount
from policy.model.values import show
from policy.perpetuals.commands import StatePerpetualAccount
from policy.perpetuals.engine import Engine as PerpetualsDesk
from policy.perpetuals.events import BucketStated
from policy.reports.journal.collateral import AccountVerdicts, CollateralTerms
from policy.reports.journal.entries import Command
from policy.scenario.market import Venues

_RATE = Number("rate", 6)
_ASSET = {"Asset": "symbol: text"}


@frozen
class HaircutRules:
    """The haircuts of a rulebook: for a loan, and in the lender's capital."""

    lending: BoundQuestion = question("table haircut(asset: Asset) -> rate", **_ASSET)
    capital: BoundQuestion = question("table capital_haircut(asset: Asset) -> rate", **_ASSET)


def statements(market: Venues) -> Iterator[AccountStated | BucketStated]:
    """A statement of each account at the lender, and of each bucket at the desk."""
    at = market.clock.at or 0
    for venue in tuple(market.venues.values()):
        commands: list[Command] = []
        if isinstance(venue, Lender):
            commands = [StateAccount(account, at=at) for account in venue.accounts]
        elif isinstance(venue, PerpetualsDesk):
            commands = [StatePerpetualAccount(account, at=at) for account in venue.state.accounts]
        events = (event for command in commands for event in market.submit(command))
        yield from (event for event in events if isinstance(event, AccountStated | BucketStated))


def balances(market: Venues) -> dict[str, tuple[QuotedAmount, QuotedAmount, QuotedAmount]]:
    """Of everything at the exchange, money first: how much was brought in, and how much is free and reserved."""
    for engine in market.venues.values():
        if isinstance(engine, Exchange):
            ledger = engine.ledger
            ordered = sorted(ledger.totals().items(), key=lambda item: item[0] != MONEY.currency)
            said = engine.quoted.size_said
            return {
                what: (said(what, ledger.deposited.get(what, 0)), said(what, free), said(what, held))
                for what, (free, held) in ordered
            }
    return {}


def terms(market: Venues) -> dict[str, CollateralTerms]:
    """On what terms the lender takes each asset; empty where the rules have no tables of haircuts."""
    try:
        rules = bind(HaircutRules, market.rulebook_on(market.on), "the haircuts of a document")
    except PolicyError:  # a rulebook may do without these two tables
        return {}
    found = {}
    for engine in market.venues.values():
        if isinstance(engine, Lender) and engine.lender is not None:
            for id, asset in engine.assets.items():
                accepted = engine.context.rules.accepted.verdict(asset.facts, engine.lender.firm.kind)
                lending, capital = rules.lending.answer(asset.facts), rules.capital.answer(asset.facts)
                found[id] = CollateralTerms(accepted, _rate(lending), _rate(capital))
    return found


def verdicts(market: Venues) -> dict[str, AccountVerdicts]:
    """What the rules say of every account at the lender as it is."""
    return {
        id: AccountVerdicts(
            engine.context.rules.call.verdict(account.facts),
            engine.context.rules.sale.verdict(account.facts),
            _order_of_sale(account, engine.context.rules),
        )
        for engine in market.venues.values()
        if isinstance(engine, Lender)
        for id, account in engine.accounts.items()
    }


def _order_of_sale(account: Account, rules: FinancingRules) -> tuple[str, ...]:
    """The assets of an account as the rules rank them for a sale; none where they cannot rank them all."""
    ranks = [(rules.order.answer(held.position), held.asset.id) for held in account.held.values()]
    if any(rank.outcome is not Outcome.VALUE for rank, _ in ranks):
        return ()
    return tuple(id for _, id in sorted(ranks, key=lambda ranked: ranked[0].value))


def _rate(answer: Answer) -> str:
    return show(answer.value, _RATE) if answer.outcome is Outcome.VALUE else ""
