"""The perpetuals desk under the shipped rulebook: what may be offered and posted, margin before an order, trading."""

from __future__ import annotations

from datetime import date

import pytest

import policy
from perpetual_market import (
    CASH,
    CLIENT,
    DOLLAR,
    HOUSE_DAY,
    LAW_DAY,
    LICENCE_DAY,
    ONE,
    PRODUCT,
    SMALL,
    Market,
    house,
    law_with,
    leveraged,
    market,
    of,
    rules,
)
from policy.answers import Outcome
from policy.diagnostics import PolicyError
from policy.market.commands import NewDay
from policy.market.events import CommandRepeated
from policy.market.matcher import SELF_TRADES
from policy.perpetuals import commands as do, events as told, mark_events as marked
from policy.perpetuals.rules import perpetual_rules
from policy.wire import event_json

LONG_DAY = date.fromisoformat(HOUSE_DAY).toordinal()

# ── what the desk asks for, and may offer ────────────────────────────────────────────────────


def test_a_missing_question_is_named_with_its_signature() -> None:
    with pytest.raises(PolicyError) as lacking:
        perpetual_rules(law_with(("deleveraging_price(", "price_of_last_resort(")))
    (finding,) = lacking.value.diagnostics
    assert finding.code == "missing-question"
    assert "perpetuals desk asks `deleveraging_price`" in finding.message
    signature = (
        "value deleveraging_price(position: PerpetualPosition, beyond_the_fund: money(USD) to 0.00000001)"
        " -> price(USD) to 0.0001"
    )
    assert signature in finding.help


def test_a_contract_is_offered_only_if_the_rules_permit() -> None:
    made = Market()
    (refused,) = made.list(product=PRODUCT | {"approved_by_sfc": False})
    assert isinstance(refused, told.PerpetualNotListed)
    assert rules(refused.verdict) == ["not_approved"]
    assert refused.facts["product"]["convergence_interval"] == "8 hours"
    (listed,) = made.list()
    assert rules(listed.verdict) == ["perpetual_contract"]


def test_how_often_funding_is_paid_is_the_desks_to_say() -> None:
    slow = law_with(("= 8 hours per HOUSE/funding_times", "= 25 hours per HOUSE/funding_times"))
    (refused,) = Market(lambda _: slow).list(product=PRODUCT | {"convergence_interval": "1 hours"})
    assert rules(refused.verdict) == ["converges_less_than_daily"]


@pytest.mark.parametrize(
    ("asset", "day", "rule"),
    [
        ({"class": "fiat", "symbol": "USD"}, LAW_DAY, "fiat_money"),
        ({"class": "licensed_stablecoin", "symbol": "HKDX"}, LAW_DAY, "no_issuer_licensed_yet"),
        ({"class": "licensed_stablecoin", "symbol": "HKDX"}, LICENCE_DAY, "stablecoin_of_a_licensed_issuer"),
        ({"class": "tokenised_deposit", "symbol": "HKD"}, LAW_DAY, "deposit_in_token_form"),
        ({"class": "tokenised_deposit", "symbol": "HKD"}, HOUSE_DAY, "no_tokenised_deposits_yet"),
        ({"class": "virtual_asset", "symbol": "BTC"}, LAW_DAY, "virtual_assets"),
        ({"class": "listed_security", "symbol": "5"}, LAW_DAY, "otherwise"),
    ],
)
def test_only_what_the_rules_accept_is_margin(asset: dict[str, str], day: str, rule: str) -> None:
    made = Market(house, on=day)
    made.say(do.OpenPerpetualAccount, "ann", client=CLIENT)
    (event,) = made.say(do.DepositMargin, "ann", value=DOLLAR, asset=asset)
    assert rules(event.verdict) == [rule]
    taken = event.verdict.outcome is Outcome.PERMITTED
    assert isinstance(event, told.MarginDeposited) is taken
    assert made.desk.total() == (DOLLAR if taken else 0)


def test_an_asset_of_unknown_class_is_not_taken_on_a_guess() -> None:
    made = Market()
    made.say(do.OpenPerpetualAccount, "ann", client=CLIENT)
    (event,) = made.say(do.DepositMargin, "ann", value=DOLLAR, asset={"symbol": "USD"})
    assert isinstance(event, told.DepositRejected)
    assert event.verdict.needs == ("asset.class",)


# ── margin before an order ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("units", "accepted"), [(5_050 * DOLLAR, True), (5_050 * DOLLAR - 1, False)])
def test_margin_is_collected_to_the_last_unit_before_an_order(units: int, accepted: bool) -> None:
    """Five per cent of 100,000 dollars, and the fee of 0.05 per cent."""
    made = Market(leveraged)
    made.list()
    made.client("ann", 6_000)
    made.say(do.ReleaseMargin, "ann", "BTC", amount=6_000 * DOLLAR - units)
    made.index(100_000)
    (event,) = made.order("ann", "buy", 100_000, 1)
    assert isinstance(event, told.PerpetualAccepted if accepted else told.PerpetualRejected)
    if not accepted:
        assert rules(event.verdict) == ["margin_not_collected"]
        assert event.facts["order"]["margin_required"] == "5050.00000000 USD"
        assert event.facts["order"]["margin_collected"] == "5049.99999999 USD"


def test_without_an_index_nothing_is_marked_and_orders_are_undecided() -> None:
    made = Market()
    made.list()
    made.client("ann", 100)
    (refused,) = made.order("ann", "buy", 100, 1)
    assert refused.verdict.outcome is Outcome.UNDECIDED
    assert refused.verdict.needs == ("order.exposure", "order.margin_collected", "order.margin_required")
    assert made.desk.state.contracts["BTC"].mark is None
    made.index(100)
    assert isinstance(made.order("ann", "buy", 100, 1)[0], told.PerpetualAccepted)


def test_the_law_alone_leaves_leverage_undecided_and_closing_open() -> None:
    made = market(lambda day: policy.load(on=day), ann=1_000, ben=1_000)
    (refused,) = made.order("ann", "buy", 100, 11)
    assert refused.verdict.needs == ("maximum_leverage",)
    made.pair("ann", "ben", 100, 9)
    made.index(50)
    (accepted,) = made.order("ann", "sell", 50, 9)
    assert isinstance(accepted, told.PerpetualAccepted)
    assert accepted.reduces


def test_who_may_trade_is_asked_order_by_order() -> None:
    made = market()
    made.say(do.OpenPerpetualAccount, "ret", client={"investor": "retail", "knows_derivatives": False})
    made.say(do.DepositMargin, "ret", value=1_000 * DOLLAR, asset=CASH)
    made.say(do.PostMargin, "ret", "BTC", amount=1_000 * DOLLAR)
    (refused,) = made.order("ret", "buy", 100, 1)
    assert rules(refused.verdict) == ["retail_investor", "derivatives_knowledge_not_shown"]
    made.say(do.OpenPerpetualAccount, "who", client={"investor": "institutional_professional"})
    made.say(do.DepositMargin, "who", value=1_000 * DOLLAR, asset=CASH)
    made.say(do.PostMargin, "who", "BTC", amount=1_000 * DOLLAR)
    (undecided,) = made.order("who", "buy", 100, 1)
    assert undecided.verdict.needs == ("order.knows_derivatives",)


def test_margin_covers_the_worst_that_open_orders_may_come_to() -> None:
    made = market(ann=1_000, ben=10_000)
    made.pair("ann", "ben", 100, 10)
    (more,) = made.order("ann", "buy", 90, 20)
    assert more.margin_required == (30 * 100 * 5 // 100) * DOLLAR + 90_000_000  # 5 % of 30, and the fee of 1,800
    (both,) = made.order("ann", "sell", 120, 25)
    assert both.margin_required == 15_000_000_000 + 90_000_000 + 25 * 120 * DOLLAR // 2_000
    (worse,) = made.order("ann", "sell", 95, 1, id="below the mark")
    loss = 5 * DOLLAR
    assert worse.margin_required == both.margin_required + loss + 95 * DOLLAR // 2_000


def test_unrealised_profit_opens_nothing_and_unrealised_loss_counts() -> None:
    made = market(ann=60, ben=60)
    made.pair("ann", "ben", 100, 10)
    made.index(104)
    (refused,) = made.order("ann", "buy", 104, 3)
    assert rules(refused.verdict) == ["margin_not_collected", "leverage_too_high"]
    assert refused.facts["order"]["margin_collected"] == "59.50000000 USD"
    (loser,) = made.order("ben", "sell", 104, 1)
    assert loser.facts["order"]["margin_collected"] == "19.50000000 USD"


def test_a_client_below_initial_margin_may_still_close() -> None:
    made = market(ann=60, ben=1_000)
    made.pair("ann", "ben", 100, 10)
    made.index(96)
    assert isinstance(made.order("ann", "buy", 96, 1)[0], told.PerpetualRejected)
    made.order("ben", "buy", 96, 10)
    accepted, traded = made.order("ann", "sell", None, 10, type="market")
    assert (accepted.reduces, accepted.size_verdict) == (True, None)
    assert traded.seller_realised == -40 * DOLLAR
    assert made.size("ann") == 0


def test_a_position_is_no_larger_than_the_last_tier() -> None:
    made = Market(leveraged)
    made.list()
    made.client("ann", 40_000_000)
    made.index(100_000)
    (refused,) = made.order("ann", "buy", 100_000, 151)
    assert rules(refused.size_verdict) == ["above_the_largest_tier"]
    assert refused.facts["notional"] == "15100000.00000000 USD"
    assert isinstance(made.order("ann", "buy", 100_000, 150)[0], told.PerpetualAccepted)


def test_margin_leaves_a_bucket_only_down_to_the_initial_margin() -> None:
    made = market(ann=60, ben=1_000)
    made.pair("ann", "ben", 100, 10)
    left = made.margin("ann")
    (refused,) = made.say(do.ReleaseMargin, "ann", "BTC", amount=left - 50 * DOLLAR + 1)
    assert rules(refused.verdict) == ["below_initial_margin"]
    assert refused.facts == {"collected": "49.99999999 USD", "required": "50.00000000 USD"}
    (released,) = made.say(do.ReleaseMargin, "ann", "BTC", amount=left - 50 * DOLLAR)
    assert isinstance(released, told.MarginReleased)
    made.index(None)
    (undecided,) = made.say(do.ReleaseMargin, "ann", "BTC", amount=1)
    assert undecided.verdict.outcome is Outcome.UNDECIDED


# ── trading ──────────────────────────────────────────────────────────────────────────────────


def test_closing_a_part_relieves_its_part_of_the_entry_value_and_loses_nothing() -> None:
    made = market(ann=1_000, ben=1_000)
    made.pair("ann", "ben", 100, 1)
    made.pair("ann", "ben", 101, 2)
    entry = 302 * DOLLAR
    (traded,) = of(told.PerpetualTraded, [*made.order("ann", "sell", 110, 1), *made.order("ben", "buy", 110, 1)])
    assert traded.seller_realised == 110 * DOLLAR - entry // 3
    assert traded.buyer_realised == entry // 3 - 110 * DOLLAR
    held = made.desk.state.accounts["ann"].buckets["BTC"].positions["BTC"]
    assert held.entry == entry - entry // 3
    made.order("ann", "sell", 110, 5)
    made.order("ben", "buy", 110, 5)
    assert made.size("ann") == -3 * ONE
    assert made.desk.state.accounts["ann"].buckets["BTC"].positions["BTC"].entry == -330 * DOLLAR


@pytest.mark.parametrize(
    ("type", "price", "traded", "rests", "why"),
    [
        ("limit", 101, 2, True, ""),
        ("market", None, 2, False, "nothing_left_to_trade_with"),
        ("immediate_or_cancel", 101, 2, False, "nothing_left_to_trade_with"),
        ("fill_or_kill", 101, 0, False, "not_all_at_once"),
        ("post_only", 101, 0, False, "would_trade_at_once"),
        ("post_only", 100, 0, True, ""),
    ],
)
def test_every_order_type(type: str, price: int | None, traded: int, rests: bool, why: str) -> None:
    made = market(ann=1_000, ben=1_000)
    made.order("ann", "sell", 101, 2)
    events = made.order("ben", "buy", price, 3, type=type, id="mine")
    assert sum(e.size for e in of(told.PerpetualTraded, events)) == traded * ONE
    assert ("mine" in made.desk.state.live) is rests
    assert [e.reason for e in of(told.PerpetualCancelled, events)] == ([why] if why else [])


def test_a_market_order_into_an_empty_book_is_gone_at_once() -> None:
    made = market(ann=1_000)
    (event,) = made.order("ann", "buy", None, 1, type="market")
    assert isinstance(event, told.PerpetualCancelled)


@pytest.mark.parametrize("mode", SELF_TRADES)
def test_nobody_trades_with_themselves_between_buckets(mode: str) -> None:
    made = Market()
    made.list(self_trade=mode)
    made.client("ann", 1_000)
    made.say(do.DepositMargin, "ann", value=1_000 * DOLLAR, asset=CASH)
    made.say(do.PostMargin, "ann", "cross", amount=1_000 * DOLLAR)
    made.index(100)
    made.order("ann", "sell", 100, 1, id="resting")
    events = made.order("ann", "buy", 100, 1, bucket="cross", id="incoming")
    assert not of(told.PerpetualTraded, events)
    cancelled = of(told.PerpetualCancelled, events)
    both = ["resting", "incoming"]
    assert [c.id for c in cancelled] == {"cancel_incoming": both[1:], "cancel_resting": both[:1]}.get(mode, both)
    assert {c.reason for c in cancelled} == {"meets_own_order"}
    made.order("ann", "sell", 100, 1, id="there")
    (cancelled,) = made.order("ann", "buy", None, 1, bucket="cross", type="market", id="unpriced")
    assert (cancelled.id, cancelled.reason) == ("unpriced", "meets_own_order")
    assert "there" in made.desk.state.live


def test_the_same_order_again_has_the_same_answer_and_no_effect() -> None:
    made = market(ann=1_000, ben=1_000)
    (first,) = made.order("ann", "buy", 100, 1, id="a")
    second = made.order("ben", "sell", 100, 1, id="b")
    assert of(told.PerpetualTraded, second)
    for id, trader, side, events in (("a", "ann", "buy", [first]), ("b", "ben", "sell", second)):
        (again,) = made.order(trader, side, 100, 1, id=id)
        assert again == CommandRepeated("place_perpetual", id, tuple(map(event_json, events)))
    assert made.size("ann") == ONE
    assert not made.desk.state.live
    (other,) = made.order("ann", "buy", 100, 2, id="a")
    assert (other.command, other.code) == ("place_perpetual", "duplicate")


# ── another day, another rulebook ────────────────────────────────────────────────────────────


def test_under_the_rules_of_another_day_orders_are_judged_again() -> None:
    made = Market(house)
    made.list()
    made.client("ann", 1_000)
    made.index(100)
    made.order("ann", "buy", 100, 8, id="kept")
    made.order("ann", "buy", 100, 2, id="gone")
    assert made.say(NewDay, on=date.fromisoformat("2026-03-31").toordinal()) == []
    assert made.say(NewDay, on=LONG_DAY) == []
    (back,) = made.say(NewDay, on=LONG_DAY - 1)
    assert back.code == "out_of_sequence"


def test_a_stricter_margin_from_a_date_liquidates_and_removes() -> None:
    strict = (
        ("| <= 100_000 USD                         | 5.00%        |", "| <= 100_000 USD | 50% |"),
        ("| <= 100_000 USD                         | 0.50%            |", "| <= 100_000 USD | 40% |"),
    )
    made = market(
        lambda day: law_with(*SMALL, on=day) if day == LAW_DAY else law_with(*SMALL, *strict, on=day),
        ann=300,
        ben=1_000,
        cat=100_000,
    )
    made.pair("ann", "ben", 100, 10)
    made.order("ben", "sell", 101, 20, id="uncovered")
    made.order("cat", "buy", 100, 100)
    events = made.say(NewDay, on=date.fromisoformat("2026-03-02").toordinal())
    assert [e.id for e in of(told.PerpetualExpelled, events)] == ["uncovered"]
    assert {e.account for e in of(marked.LiquidationBegun, events)} == {"ann"}
    assert made.equity("ann") >= 0


def test_a_number_that_nobody_gave_is_named() -> None:
    unset = ("\n  = 10_000 USD per HOUSE/impact", '\n  unset "not yet chosen" per HOUSE/impact')
    made = Market(lambda _: law_with(unset))
    made.list()
    (event,) = made.index(100)
    assert isinstance(event, told.Unanswered)
    assert event.question == "hk.sfc.perpetual_funding.impact_size"
    assert event.verdict.needs == ("impact_value",)
