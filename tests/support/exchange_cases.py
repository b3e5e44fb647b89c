"""The exchange as its tests set it up: two platforms and a shared book, clients and a market maker, all funded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import policy
from policy.exchange.commands import (
    AdmitParticipant,
    AdmitPlatform,
    ArrangeSettlement,
    Cancel,
    DepositMoney,
    DepositTokens,
    ListInstrument,
    Place,
    Replace,
)
from policy.exchange.engine import Engine, opened
from policy.exchange.events import Event, Traded
from policy.pipeline import Rulebook

ON = "2026-03-01"
AT = 1_772_323_200_000_000  # that day, midnight UTC
HOUR = 3_600_000_000
COIN = 10**8
SHARED = {"shared_book_approved": True, "overseas_platform_eligible": True}
CLIENT = {
    "capacity": "client",
    "investor": "institutional_professional",
    "financed": False,
    "admitted": True,
    "exposure": "0",
}
MAKER = {
    "capacity": "affiliated_market_maker",
    "investor": "corporate_professional",
    "admitted": True,
    "maker_approved": True,
    "maker_independent": True,
    "maker_reviewed": True,
}
RETAIL = CLIENT | {
    "investor": "retail",
    "only_stablecoins": False,
    "knowledge_assessed": True,
    "exposure_limit": "1000.00 HKD",
    "risks_disclosed_at": "2026-01-05T10:00:00+08:00",
    "opted_in_at": "2026-01-05T10:00:01+08:00",
}
ARRANGEMENT = {
    "delivery_versus_payment": True,
    "longest_interval": "8 hours",
    "settles_within_the_day": True,
    "unsettled_limit": "1000.00 HKD",
    "limit_monitored": True,
    "reserve_fund": "1000.00 HKD",
    "reserve_in_hong_kong": True,
    "reserve_on_trust": True,
    "compensation": "1000.00 HKD",
    "covers_settlement_assets": True,
}
PEOPLE = {"ann": ("hk", CLIENT), "ben": ("hk", CLIENT), "maker": ("hk", MAKER), "tan": ("sg", CLIENT)}


@cache
def rulebook(on: str, under: str = "") -> Rulebook:
    return policy.load(on=on, under=under)


def exchange(
    rulebook_on: Callable[[str], Any] = rulebook,
    on: str = ON,
    money: int = 10**9,
    coins: int = 100 * COIN,
    people: dict[str, Any] = PEOPLE,
    self_trade: str = "cancel_incoming",
    arranged: bool = True,
    evidence: bool = False,
) -> Engine:
    """Set up, and everyone with as much. Only their funding stops these orders."""
    made = opened(rulebook_on, on, evidence)
    commands: list[Any] = [ListInstrument("BTC", AT, 1, 1, self_trade)]
    commands += [AdmitPlatform(platform, AT, (), SHARED) for platform in ("hk", "sg")]
    for id, (platform, facts) in people.items():
        commands.append(AdmitParticipant(id, platform, AT, facts))
        if money:
            commands.append(DepositMoney(id, AT, money))
        if coins:
            commands.append(DepositTokens(id, "BTC", AT, coins))
    if arranged:
        commands.append(ArrangeSettlement(AT, ARRANGEMENT))
    for command in commands:
        for event in made.submit(command):
            assert type(event).__name__ != "CommandInvalid", event
    return made


def place(
    market: Engine,
    id: str,
    by: str,
    side: str,
    price: int | None,
    quantity: int,
    type: str = "limit",
    at: int = AT,
    fees: int = 0,
    venue: str = "shared_book",
    **facts: Any,
) -> list[Event]:
    return market.submit(Place(id, by, "BTC", at, venue, side, quantity, price, type, fees, facts))


def cancel(market: Engine, id: str, by: str, at: int = AT) -> list[Event]:
    return market.submit(Cancel(id, by, at))


def replace(market: Engine, id: str, by: str, price: int, quantity: int, at: int = AT) -> list[Event]:
    return market.submit(Replace(id, by, at, price, quantity))


def fills(events: Sequence[Event]) -> list[tuple[str, int]]:
    return [(e.resting, e.quantity) for e in events if isinstance(e, Traded)]


def names(events: Sequence[Event]) -> list[str]:
    return [type(e).__name__ for e in events]


def free(market: Engine, owner: str, what: str = "HKD") -> int:
    return market.ledger.balance(owner, what).free


def held(market: Engine, owner: str, what: str = "HKD") -> int:
    return market.ledger.balance(owner, what).held


def resting(market: Engine) -> list[Any]:
    return [order for each in market.register.markets.values() for order in each.book]


def conserved(market: Engine) -> None:
    """Nothing is made or lost, and what is reserved is what orders and waiting trades need, to the last unit."""
    totals = market.ledger.totals()
    assert {what: free + held for what, (free, held) in totals.items() if free + held} == {
        what: amount for what, amount in market.ledger.deposited.items() if amount
    }
    needed: dict[tuple[str, str], int] = {}

    def needs(owner: str, what: str, amount: int) -> None:
        needed[owner, what] = needed.get((owner, what), 0) + amount

    notional = market.desk.rules.asked.notional
    for order in resting(market):
        assert order.remaining > 0
        if order.side == "buy":
            record = notional.records["Order"](price=order.price, quantity=order.remaining)
            assert order.held == notional.fast(record) + order.fees
            needs(order.owner, "HKD", order.held)
        else:
            assert order.held == order.remaining
            needs(order.owner, order.data.market.listed.id, order.held)
    unsettled = 0
    for trade in market.clearing.waiting:
        unsettled += trade.value
        needs(trade.buyer.account.id, "HKD", trade.value + trade.buyer_fees)
        needs(trade.seller.account.id, trade.market.listed.id, trade.quantity)
    assert unsettled == market.clearing.unsettled
    for (owner, what), balance in market.ledger.balances.items():
        assert balance.free >= 0
        assert balance.held == needed.get((owner, what), 0), (owner, what)
    for account in market.register.accounts.values():
        mine = [o for o in resting(market) if o.owner == account.id and o.side == "buy"]
        assert account.open_buys == sum(o.held - o.fees for o in mine)
