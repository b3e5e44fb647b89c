"""Trades across platforms: settled net and against payment, under a limit, with funds behind them."""

from __future__ import annotations

from datetime import date
from typing import Any

from changed_rules import law_with
from exchange_cases import (
    ARRANGEMENT,
    AT,
    CLIENT,
    COIN,
    HOUR,
    MAKER,
    SHARED,
    cancel,
    conserved,
    exchange,
    fills,
    free,
    held,
    names,
    place,
    resting,
    rulebook,
)
from policy.answers import Outcome, Verdict
from policy.exchange.commands import (
    AdmitParticipant,
    AdmitPlatform,
    ArrangeSettlement,
    Ask,
    DepositMoney,
    DepositTokens,
    FailSettlement,
    RecoverSettlement,
    Settle,
)
from policy.exchange.engine import Engine
from policy.exchange.events import (
    Answered,
    Delivery,
    LossCovered,
    OrderExpelled,
    Settled,
    SettlementArranged,
    SettlementFailed,
    TradeRejected,
)
from policy.market.commands import NewDay
from policy.market.events import CommandInvalid

THREE = {"ann": ("hk", CLIENT), "tan": ("sg", CLIENT), "maker": ("hk", MAKER), "goh": ("sg", CLIENT)}


def market_of_three(**how: Any) -> Engine:
    return exchange(people=THREE, **how)


def rules_of(verdict: Verdict) -> list[str]:
    return [r.rule for r in verdict.reasons]


def trade(
    market: Engine, n: int, seller: str, buyer: str, price: int, quantity: int = COIN, at: int = AT
) -> list[Any]:
    """A trade of two; the seller was there first."""
    place(market, f"s{n}", seller, "sell", price, quantity, at=at)
    return place(market, f"b{n}", buyer, "buy", price, quantity, at=at)


# ── waiting and settling ────────────────────────────────────────────────────────────────────


def test_within_a_platform_a_trade_settles_at_once() -> None:
    market = market_of_three()
    assert trade(market, 1, "ann", "maker", 100_00)[-1].settled is True
    assert (free(market, "maker", "BTC"), held(market, "maker")) == (101 * COIN, 0)
    assert market.clearing.unsettled == 0


def test_across_platforms_everything_stays_reserved_until_settlement() -> None:
    market = market_of_three()
    traded = trade(market, 1, "ann", "tan", 100_00)[-1]
    assert traded.settled is False
    assert (free(market, "tan", "BTC"), held(market, "tan")) == (100 * COIN, 100_00)
    assert (free(market, "ann"), held(market, "ann", "BTC")) == (10**9, COIN)
    conserved(market)
    (settled,) = market.submit(Settle(AT))
    assert isinstance(settled, Settled)
    assert settled.reason == "requested"
    assert (free(market, "tan", "BTC"), free(market, "ann")) == (101 * COIN, 10**9 + 100_00)
    conserved(market)


def test_trades_of_two_platforms_are_set_against_each_other() -> None:
    market = market_of_three()
    trade(market, 1, "ann", "tan", 100_00, 3 * COIN)
    trade(market, 2, "goh", "ann", 90_00, COIN)
    trade(market, 3, "tan", "maker", 110_00, COIN)
    (settled,) = market.submit(Settle(AT))
    assert settled == Settled(
        party="hk",
        counterparty="sg",
        reason="requested",
        verdict=None,
        per=(),
        payer="sg",
        trades=(1, 2, 3),
        gross=500_00,
        net=100_00,
        deliveries=(Delivery("BTC", "hk", COIN),),
    )
    assert market.submit(Settle(AT)) == []


def test_trades_wait_no_longer_than_the_rules_allow() -> None:
    market = market_of_three()
    trade(market, 1, "ann", "tan", 100_00, at=AT + 23 * HOUR)
    assert names(place(market, "x", "ann", "buy", 1_00, COIN, at=AT + 24 * HOUR - 1)) == ["OrderAccepted"]
    settled, accepted = place(market, "y", "ann", "buy", 1_00, COIN, at=AT + 24 * HOUR)
    assert isinstance(settled, Settled)
    assert (settled.reason, settled.per) == ("interval", ("SLC/daily_settlement (secondary)",))
    assert type(accepted).__name__ == "OrderAccepted"
    trade(market, 2, "ann", "tan", 100_00, at=AT + 24 * HOUR + 1)
    assert names(market.submit(Settle(AT + 24 * HOUR + 2))) == ["Settled"]


def test_under_the_example_house_they_wait_eight_hours() -> None:
    market = market_of_three(rulebook_on=lambda on: rulebook(on, "example.house"), on="2026-04-01")
    trade(market, 1, "ann", "tan", 100_00)
    assert names(cancel(market, "no", "ann", AT + 8 * HOUR - 1)) == ["CommandInvalid"]
    assert names(cancel(market, "no", "ann", AT + 8 * HOUR)) == ["Settled", "CommandInvalid"]


def test_a_new_day_begins_with_nothing_unsettled() -> None:
    market = market_of_three()
    trade(market, 1, "ann", "tan", 100_00)
    (settled,) = market.submit(NewDay(AT + HOUR, date(2026, 3, 2).toordinal()))
    assert isinstance(settled, Settled)
    assert (settled.reason, market.clock.on.isoformat()) == ("new_day", "2026-03-02")


def test_nearing_the_limit_settles_within_the_day_and_says_why() -> None:
    market = market_of_three()
    trade(market, 1, "ann", "tan", 799_99)
    events = trade(market, 2, "ann", "tan", 1)
    settled = events[-1]
    assert isinstance(settled, Settled)
    assert settled.verdict is not None
    assert (settled.reason, rules_of(settled.verdict), settled.trades) == ("rules", ["limit_neared"], (1, 2))


# ── the limit ───────────────────────────────────────────────────────────────────────────────


def test_a_trade_that_would_breach_the_limit_is_refused_by_the_rule() -> None:
    market = market_of_three()
    trade(market, 1, "ann", "tan", 700_00)
    place(market, "s2", "ann", "sell", 100_00, COIN)
    place(market, "s3", "ann", "sell", 200_00, 2 * COIN)
    events = place(market, "b2", "tan", "buy", 200_01, 3 * COIN)
    assert names(events) == ["OrderAccepted", "Traded", "Settled", "Traded"]
    market = market_of_three()
    trade(market, 1, "ann", "tan", 700_00)
    place(market, "s2", "ann", "sell", 300_01, COIN)
    accepted, refused, cancelled = place(market, "b2", "tan", "buy", 300_01, COIN)
    assert isinstance(refused, TradeRejected)
    assert rules_of(refused.verdict) == ["limit_breached"]
    assert (refused.facts["unsettled"], refused.facts["new"]) == ("700.00 HKD", "300.01 HKD")
    assert (cancelled.reason, cancelled.remaining, cancelled.money) == ("trade_rejected", COIN, 300_01)
    assert [o.id for o in resting(market)] == ["s2"]
    assert type(accepted).__name__ == "OrderAccepted"
    conserved(market)


def test_within_a_platform_the_limit_does_not_matter() -> None:
    market = market_of_three()
    assert names(trade(market, 1, "ann", "maker", 5_000_00)) == ["OrderAccepted", "Traded"]


def test_fill_or_kill_asks_for_all_its_trades_at_once() -> None:
    market = market_of_three()
    place(market, "s1", "ann", "sell", 500_00, COIN)
    place(market, "s2", "ann", "sell", 500_01, COIN)
    events = place(market, "b1", "tan", "buy", 501_00, 2 * COIN, "fill_or_kill")
    assert names(events) == ["OrderAccepted", "TradeRejected", "OrderCancelled"]
    assert events[1].resting == ("s1", "s2")
    assert fills(place(market, "b2", "tan", "buy", 501_00, 2 * COIN - COIN // 1000, "fill_or_kill"))
    conserved(market)


def test_fill_or_kill_that_may_not_trade_leaves_its_owners_orders_as_they_are() -> None:
    market = market_of_three(self_trade="cancel_resting")
    place(market, "t1", "tan", "sell", 500_00, COIN)
    place(market, "s1", "ann", "sell", 600_00, 2 * COIN)
    events = place(market, "b1", "tan", "buy", 600_00, 2 * COIN, "fill_or_kill")
    assert names(events) == ["OrderAccepted", "TradeRejected", "OrderCancelled"]
    assert [o.id for o in resting(market)] == ["t1", "s1"]
    events = place(market, "b2", "tan", "buy", 600_00, COIN, "fill_or_kill")
    assert names(events) == ["OrderAccepted", "OrderCancelled", "Traded"]
    assert events[1].id == "t1"
    conserved(market)


def test_without_an_arrangement_no_trade_crosses_platforms() -> None:
    market = market_of_three(arranged=False)
    refused = trade(market, 1, "ann", "tan", 100_00)[1]
    assert isinstance(refused, TradeRejected)
    assert refused.verdict.outcome is Outcome.UNDECIDED
    assert "arrangement.reserve_fund" in refused.verdict.needs
    assert names(trade(market, 2, "ann", "maker", 100_00)) == ["OrderAccepted", "Traded"]


def test_an_arrangement_that_falls_short_is_told_and_lets_no_trade_through() -> None:
    market = market_of_three(arranged=False)
    (arranged,) = market.submit(ArrangeSettlement(AT, {**ARRANGEMENT, "reserve_fund": "999.99 HKD"}))
    assert isinstance(arranged, SettlementArranged)
    assert rules_of(arranged.verdict) == ["reserve_below_limit"]
    refused = trade(market, 1, "ann", "tan", 100_00)[1]
    assert rules_of(refused.verdict) == ["reserve_below_limit"]
    assert refused.facts["arrangement"]["reserve_fund"] == "999.99 HKD"


def test_funds_hold_what_the_arrangement_states_and_no_more_than_facts_can_tell() -> None:
    market = market_of_three()
    (arranged,) = market.submit(ArrangeSettlement(AT, {**ARRANGEMENT, "reserve_fund": "5000.00 HKD"}))
    assert isinstance(arranged, SettlementArranged)
    assert (arranged.reserve_fund, arranged.compensation) == (5000_00, 1000_00)
    market.submit(ArrangeSettlement(AT, ARRANGEMENT))
    assert free(market, "reserve_fund") == 1000_00
    conserved(market)
    (rejected,) = market.submit(ArrangeSettlement(AT, {**ARRANGEMENT, "reserve_fund": "9999999999999999.99"}))
    assert isinstance(rejected, CommandInvalid)
    assert rejected.code == "too_large"
    assert free(market, "reserve_fund") == 1000_00


# ── failing ─────────────────────────────────────────────────────────────────────────────────


def failing(**how: Any) -> Engine:
    """Two trades across platforms at 100 dollars, and a last price of 130."""
    market = market_of_three(**how)
    trade(market, 1, "tan", "ann", 100_00)
    trade(market, 2, "ann", "goh", 100_00)
    trade(market, 3, "ann", "maker", 130_00)
    return market


def test_a_failure_undoes_the_trades_and_pays_what_it_costs_clients_of_others() -> None:
    market = failing()
    place(market, "rest", "goh", "buy", 90_00, COIN)
    events = market.submit(FailSettlement("sg", AT))
    assert names(events) == [
        "SettlementFailed",
        "LossCovered",
        "SettlementArranged",
        "PlatformStopped",
        "OrderExpelled",
    ]
    failed, covered, arranged, _, removed = events
    assert failed == SettlementFailed("sg", "hk", (1, 2), 200_00)
    assert isinstance(covered, LossCovered)
    assert (covered.trade, covered.participant, covered.loss) == (1, "ann", 30_00)
    assert covered.per == ("SLC/reserve_fund (secondary)", "HOUSE/replacement_cost (house)")
    assert (covered.from_reserve_fund, covered.from_compensation, covered.uncovered) == (30_00, 0, 0)
    assert (covered.reserve_fund, free(market, "ann")) == (970_00, 10**9 + 130_00 + 30_00)
    assert isinstance(arranged, SettlementArranged)
    assert rules_of(arranged.verdict) == ["reserve_below_limit"]
    assert isinstance(removed, OrderExpelled)
    assert (removed.id, rules_of(removed.verdict)) == ("rest", ["platform_failed_to_settle"])
    accounts = market.register.accounts
    assert [(accounts[who].bought, accounts[who].sold) for who in THREE] == [
        (0, 130_00),
        (0, 0),
        (130_00, 0),
        (0, 0),
    ]
    assert market.clearing.unsettled == 0
    conserved(market)


def test_a_seller_too_is_made_good_when_prices_fell() -> None:
    market = market_of_three()
    trade(market, 1, "ann", "tan", 100_00)
    trade(market, 2, "ann", "maker", 60_00)
    (covered,) = (e for e in market.submit(FailSettlement("sg", AT)) if isinstance(e, LossCovered))
    assert (covered.participant, covered.order, covered.loss) == ("ann", "s1", 40_00)


def test_the_reserve_pays_first_then_compensation_and_the_rest_is_told() -> None:
    market = market_of_three(arranged=False)
    small = {"unsettled_limit": "400.00 HKD", "reserve_fund": "400.00 HKD", "compensation": "500.00 HKD"}
    market.submit(ArrangeSettlement(AT, {**ARRANGEMENT, **small}))
    trade(market, 1, "tan", "ann", 100_00, 2 * COIN)
    trade(market, 2, "ann", "maker", 600_00)
    (covered,) = (e for e in market.submit(FailSettlement("sg", AT)) if isinstance(e, LossCovered))
    assert (covered.loss, covered.from_reserve_fund, covered.from_compensation) == (1000_00, 400_00, 500_00)
    assert (covered.uncovered, covered.reserve_fund, covered.compensation) == (100_00, 0, 0)
    conserved(market)


def test_a_platform_stays_stopped_until_it_recovers_and_the_fund_is_topped_up() -> None:
    market = failing()
    market.submit(FailSettlement("sg", AT))
    (refused,) = place(market, "t1", "tan", "buy", 100_00, COIN)
    assert rules_of(refused.verdict) == ["platform_failed_to_settle"]
    assert names(place(market, "a1", "ann", "sell", 100_00, COIN)) == ["OrderAccepted"]
    assert names(market.submit(RecoverSettlement("sg", AT))) == ["PlatformRecovered"]
    events = place(market, "t2", "tan", "buy", 100_00, COIN)
    assert names(events) == ["OrderAccepted", "TradeRejected", "OrderCancelled"]
    (arranged,) = market.submit(ArrangeSettlement(AT, ARRANGEMENT))
    assert arranged.verdict.outcome is Outcome.PERMITTED
    assert fills(place(market, "t3", "tan", "buy", 100_00, COIN)) == [("a1", COIN)]
    conserved(market)


def test_what_the_rules_cannot_price_is_told_and_not_guessed() -> None:
    wear = (
        'parameter wear: price(HKD) to 0.01 "wear" zh "損耗"\n'
        '  unset "Not known." zh "未知。"\n  per HOUSE/replacement_cost\n\nvalue replacement_cost'
    )
    priced = ("max(trade.last_price - trade.price,", "max(wear - trade.price,")
    other = law_with(("value replacement_cost", wear), priced)
    market = failing(rulebook_on=other)
    (covered,) = (e for e in market.submit(FailSettlement("sg", AT)) if isinstance(e, LossCovered))
    assert (covered.loss, covered.verdict.outcome, covered.verdict.needs) == (0, Outcome.UNDECIDED, ("wear",))


# ── who may share the book, and until when ──────────────────────────────────────────────────

ASSESSED = {
    "documented": True,
    "similar_requirements": True,
    "regional_body_weighed": True,
    "listings_weighed": True,
    "circulars_weighed": True,
    "review_due_on": "2027-01-01",
}
OVERSEAS = {
    "same_group": True,
    "licensed_there": True,
    "regime_follows_fatf": True,
    "regime_follows_iosco": True,
    "regime_compares": True,
    "covers_market_abuse": True,
    "covers_client_assets": True,
    "clients_eligible": True,
    "approved_by_sfc": True,
    "surveillance_unified": True,
    "data_immediate": True,
    "operator_responsible": True,
}


def ask_about(platform: str, jurisdiction: str, at: int = AT, **facts: Any) -> Ask:
    stated = {**OVERSEAS, "jurisdiction": jurisdiction, "assessment": ASSESSED, **facts}
    question = "overseas_platform_eligible"
    return Ask(platform, question, at, "platform", question, (), {"platform": stated})


def shared_with(jurisdiction: str, on: str, under: str = "", **facts: Any) -> Engine:
    """A Hong Kong platform and one overseas, which everything is asked about; one order of each rests."""
    market = exchange(lambda day: rulebook(day, under), on, people={})
    market.submit(AdmitPlatform("over", AT, (), {"shared_book_approved": True}))
    market.submit(AdmitPlatform("home", AT, ("over",), {}))
    (answered,) = market.submit(ask_about("over", jurisdiction, **facts))
    assert isinstance(answered, Answered)
    for by, platform in (("ann", "home"), ("ivy", "over")):
        market.submit(AdmitParticipant(by, platform, AT, CLIENT))
        market.submit(DepositMoney(by, AT, 10**6))
        market.submit(DepositTokens(by, "BTC", AT, 10 * COIN))
    assert names(place(market, "i1", "ivy", "sell", 101_00, COIN)) == ["OrderAccepted"]
    assert names(place(market, "a1", "ann", "buy", 99_00, COIN)) == ["OrderAccepted"]
    return market


def test_a_platform_stops_on_the_day_its_place_is_listed() -> None:
    market = shared_with("IQ", "2026-06-18", "example.house")
    answered, *removed = market.submit(NewDay(AT + HOUR, date(2026, 6, 19).toordinal()))
    assert isinstance(answered, Answered)
    assert rules_of(answered.verdict) == ["under_increased_monitoring"]
    assert [(r.id, rules_of(r.verdict), r.money, r.tokens) for r in removed] == [
        ("i1", ["overseas_platform_not_eligible"], 0, COIN),
        ("a1", ["overseas_platform_not_eligible"], 99_00, 0),
    ]
    (refused,) = place(market, "i2", "ivy", "sell", 101_00, COIN, at=AT + HOUR)
    assert rules_of(refused.verdict) == ["overseas_platform_not_eligible"]
    assert resting(market) == []
    conserved(market)


def test_the_day_before_nothing_happens() -> None:
    market = shared_with("IQ", "2026-06-17", "example.house")
    assert market.submit(NewDay(AT + HOUR, date(2026, 6, 18).toordinal())) == []
    assert [o.id for o in resting(market)] == ["a1", "i1"]


def test_an_assessment_lapses_on_its_date() -> None:
    market = shared_with("AE", "2026-03-01", assessment={**ASSESSED, "review_due_on": "2026-03-03"})
    assert market.submit(NewDay(AT + HOUR, date(2026, 3, 2).toordinal())) == []
    events = market.submit(NewDay(AT + 2 * HOUR, date(2026, 3, 3).toordinal()))
    assert names(events) == ["Answered", "OrderExpelled", "OrderExpelled"]


def test_an_approval_that_is_withdrawn_stops_the_platform_at_once() -> None:
    market = shared_with("SG", "2026-03-01")
    events = market.submit(ask_about("over", "SG", AT + 1, approved_by_sfc=False))
    assert names(events) == ["Answered", "OrderExpelled", "OrderExpelled"]
    assert rules_of(events[0].verdict) == ["not_approved"]


def test_what_is_no_longer_known_stops_it_too() -> None:
    market = shared_with("SG", "2026-03-01")
    unknown = {k: v for k, v in OVERSEAS.items() if k != "approved_by_sfc"}
    asked = ask_about("over", "SG", AT + 1)
    facts = {"platform": {**unknown, "jurisdiction": "SG", "assessment": ASSESSED}}
    events = market.submit(Ask(asked.id, asked.question, AT + 1, "platform", asked.fact, (), facts))
    assert names(events) == ["Answered", "OrderExpelled", "OrderExpelled"]
    assert events[1].verdict.outcome is Outcome.UNDECIDED
    assert events[1].verdict.needs == ("order.overseas_platform_eligible",)


def test_with_another_eligible_partner_the_book_goes_on() -> None:
    market = shared_with("SG", "2026-03-01")
    market.submit(AdmitPlatform("third", AT, (), {"shared_book_approved": True}))
    market.submit(ask_about("third", "JP"))
    market.submit(AdmitPlatform("home", AT, ("over", "third"), {}))
    events = market.submit(ask_about("over", "SG", AT + 1, approved_by_sfc=False))
    assert [(type(e).__name__, e.id) for e in events] == [("Answered", "over"), ("OrderExpelled", "i1")]


def test_of_several_partners_one_that_nobody_knows_of_leaves_it_open() -> None:
    market = shared_with("SG", "2026-03-01")
    market.submit(AdmitPlatform("third", AT, (), {"shared_book_approved": True}))
    unknown = {k: v for k, v in OVERSEAS.items() if k != "approved_by_sfc"}
    facts = {"platform": {**unknown, "jurisdiction": "JP", "assessment": ASSESSED}}
    eligible = "overseas_platform_eligible"
    market.submit(Ask("third", eligible, AT, "platform", eligible, (), facts))
    market.submit(AdmitPlatform("home", AT, ("over", "third"), {}))
    _, _, removed = market.submit(ask_about("over", "SG", AT + 1, approved_by_sfc=False))
    assert (removed.id, removed.verdict.outcome) == ("a1", Outcome.UNDECIDED)


def test_a_change_of_the_law_ranks_what_rests_anew() -> None:
    people = {"ann": ("hk", CLIENT), "maker": ("hk", MAKER)}
    market = exchange(on="2026-02-10", people=people)
    place(market, "m1", "maker", "sell", 100_00, COIN)
    place(market, "a1", "ann", "sell", 100_00, COIN)
    assert [o.id for o in resting(market)] == ["m1", "a1"]
    assert market.submit(NewDay(AT, date(2026, 2, 11).toordinal())) == []
    assert [o.id for o in resting(market)] == ["a1", "m1"]


def test_facts_of_a_platform_that_change_are_judged_at_once() -> None:
    market = market_of_three()
    place(market, "t1", "tan", "sell", 100_00, COIN)
    place(market, "a1", "ann", "sell", 100_00, COIN)
    events = market.submit(AdmitPlatform("sg", AT, (), {**SHARED, "shared_book_approved": False}))
    assert [(type(e).__name__, e.id) for e in events] == [("PlatformAdmitted", "sg"), ("OrderExpelled", "t1")]
    assert rules_of(events[1].verdict) == ["shared_book_not_approved"]
