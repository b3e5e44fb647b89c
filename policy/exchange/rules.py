"""What the exchange asks of a rulebook.

In: a rulebook as of one date. Out: its questions, bound, or a finding for each that is missing or unfit. Absent:
any answer: what is accepted, reserved, ranked, settled and made good is for the rulebook to say.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from policy.answers import Answer, UndecidedError
from policy.interface import BoundQuestion, bind, bind_named, question
from policy.model.types import INSTANT_STEP, Number
from policy.rulebook import Rulebook
from policy.vocabulary import Decided, RuntimeValue

WHO = "exchange"

_ORDER = (
    "side: Side, venue: Venue, investor: InvestorClass, price: price(HKD) to 0.01, quantity: quantity to 0.00000001, "
    "fees: money(HKD) to 0.01, available: money(HKD) to 0.01, available_quantity: quantity to 0.00000001, "
    "exposure: money(HKD) to 0.01, settlement_failed: boolean, accepted_at: instant, sequence: integer"
)
_ARRANGEMENT = "reserve_fund: money(HKD) to 0.01, compensation: money(HKD) to 0.01"
_OWN = ("side", "price", "quantity", "fees", "accepted_at", "sequence")
_OF_ACCOUNT = ("available", "available_quantity", "exposure")
_FAILED = (
    "side: Side, capacity: Capacity, price: price(HKD) to 0.01, quantity: quantity to 0.00000001, "
    "last_price: price(HKD) to 0.01, own_platform_failed: boolean"
)


@frozen(eq=False)
class ExchangeRules:
    """Each question with the signature it must have, and the fields that the exchange reads or fills in."""

    accepted: BoundQuestion = question("decision order_accepted(order: Order)", Order=_ORDER)
    notional: BoundQuestion = question("value order_notional(order: Order) -> money(HKD) to 0.01", Order=_ORDER)
    priority: BoundQuestion = question("priority shared_book(order: Order)", Order=_ORDER)
    exposure: BoundQuestion = question(
        "value client_exposure(opening: money(HKD), bought: money(HKD), sold: money(HKD), open_orders: money(HKD))"
        " -> money(HKD) to 0.01"
    )
    arrangement_accepted: BoundQuestion = question(
        "decision settlement_arrangement_accepted(arrangement: SettlementArrangement)",
        SettlementArrangement=_ARRANGEMENT,
    )
    within_cap: BoundQuestion = question(
        "decision trade_within_cap(arrangement: SettlementArrangement, unsettled: money(HKD), new: money(HKD))"
    )
    intraday_due: BoundQuestion = question(
        "decision intraday_settlement_due(arrangement: SettlementArrangement, unsettled: money(HKD))"
    )
    longest_interval: BoundQuestion = question("parameter longest_settlement_interval -> duration")
    replacement_cost: BoundQuestion = question(
        "value replacement_cost(trade: FailedTrade) -> money(HKD) to 0.01", FailedTrade=_FAILED
    )


@frozen(eq=False)
class Rules:
    """One day's."""

    asked: ExchangeRules
    ask: Callable[[str], BoundQuestion]  # a question that only the data names. Raises PolicyError
    interval: int | None  # microseconds that may lie between settlements, if the rulebook says so
    interval_per: tuple[str, ...]  # the provisions that say so
    standing: Callable[[RuntimeValue], Decided | None] | None = None  # what is asked of an order, by its own facts


def exchange_rules(rulebook: Rulebook) -> Rules:
    """The rules of the exchange on the rulebook's date. Raises PolicyError with all that is missing or unfit."""
    asked = bind(ExchangeRules, rulebook, WHO)
    per = rests_on(asked.longest_interval.answer())
    interval = _interval(asked.longest_interval)
    return Rules(asked, lambda name: bind_named(rulebook, name), interval, per, _standing(rulebook, asked))


def _standing(rulebook: Rulebook, asked: ExchangeRules) -> Callable[[RuntimeValue], Decided | None] | None:
    """All that is asked of an order, by the facts that are its own and its account's: what others say stands.

    Not where the worth of an order turns on its account, as it is then stated whenever the order is met.
    """
    accepted, worth, first = (q.function.id for q in (asked.accepted, asked.notional, asked.priority))
    if rulebook.program.fields_read(worth) & set(_OF_ACCOUNT):
        return None
    return rulebook.standing(accepted, (worth, first), (*_OWN, *_OF_ACCOUNT), {"exposure"}).of


def _interval(longest: BoundQuestion) -> int | None:
    of = longest.function.type
    assert isinstance(of, Number)
    try:
        value: int = longest.fast()
    except UndecidedError:
        return None
    step: int = 10 ** (INSTANT_STEP.scale - of.scale)
    return value * step


def rests_on(answer: Answer) -> tuple[str, ...]:
    """What an answer rests on, each with its status."""
    return tuple(map(str, answer.basis.citations))
