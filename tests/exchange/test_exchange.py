"""The exchange under the shipped rulebook: who is filled first, what is reserved, and what an order may be."""

from __future__ import annotations

from typing import Any

import pytest

from changed_rules import law_with
from exchange_cases import (
    AT,
    CLIENT,
    COIN,
    PEOPLE,
    RETAIL,
    cancel,
    conserved,
    exchange,
    fills,
    free,
    held,
    names,
    place,
    replace,
    resting,
    rulebook,
)
from policy.answers import Outcome
from policy.diagnostics import PolicyError
from policy.exchange.commands import Ask
from policy.exchange.engine import Engine, opened
from policy.exchange.events import (
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderReplaced,
    ReplaceRejected,
    Traded,
)
from policy.exchange.ledger import Balance
from policy.market.events import CommandInvalid, CommandRepeated
from policy.wire import event_json


def last(market: Engine) -> list[str]:
    """What rests, buys first, in the order it will be filled."""
    return [order.id for order in resting(market)]


def only(events: list[Any], kind: type[Any]) -> Any:
    (event,) = (e for e in events if isinstance(e, kind))
    return event


# ── who is filled first ─────────────────────────────────────────────────────────────────────


def test_a_client_goes_before_the_market_maker_at_the_same_price() -> None:
    market = exchange(evidence=True)
    place(market, "m1", "maker", "sell", 100_00, COIN, at=AT + 1)
    place(market, "a1", "ann", "sell", 100_00, COIN, at=AT + 2)
    traded = only(place(market, "b1", "ben", "buy", 100_00, COIN, at=AT + 3), Traded)
    assert (traded.resting, traded.queue) == ("a1", ("a1", "m1"))


def test_a_better_price_goes_before_a_client() -> None:
    market = exchange()
    place(market, "a1", "ann", "sell", 101_00, COIN, at=AT + 1)
    place(market, "m1", "maker", "sell", 100_00, COIN, at=AT + 2)
    assert fills(place(market, "b1", "ben", "buy", 101_00, 2 * COIN, at=AT + 3)) == [("m1", COIN), ("a1", COIN)]


def test_clients_go_in_the_order_received() -> None:
    market = exchange()
    place(market, "b1", "ben", "buy", 100_00, COIN)
    place(market, "a1", "ann", "buy", 100_00, COIN)
    assert fills(place(market, "m1", "maker", "sell", 99_00, COIN)) == [("b1", COIN)]


def test_a_trade_is_made_at_the_price_of_the_order_at_rest() -> None:
    market = exchange()
    place(market, "a1", "ann", "sell", 100_00, COIN)
    traded = only(place(market, "b1", "ben", "buy", 120_00, COIN), Traded)
    assert (traded.price, traded.value) == (100_00, 100_00)


def test_another_priority_declaration_matches_otherwise() -> None:
    other = law_with(
        (
            "client before affiliated_market_maker by order.capacity",
            "affiliated_market_maker before client by order.capacity",
        )
    )
    market = exchange(other)
    place(market, "a1", "ann", "sell", 100_00, COIN, at=AT + 1)
    place(market, "m1", "maker", "sell", 100_00, COIN, at=AT + 2)
    assert fills(place(market, "b1", "ben", "buy", 100_00, COIN, at=AT + 3)) == [("m1", COIN)]


def test_a_platforms_own_book_is_apart() -> None:
    market = exchange()
    place(market, "a1", "ann", "sell", 100_00, COIN, venue="own_book")
    assert fills(place(market, "b1", "ben", "buy", 100_00, COIN)) == []
    assert fills(place(market, "t1", "tan", "buy", 100_00, COIN, venue="own_book")) == []
    assert fills(place(market, "b2", "ben", "buy", 100_00, COIN, venue="own_book")) == [("a1", COIN)]


# ── reserving ───────────────────────────────────────────────────────────────────────────────


def test_what_is_reserved_is_no_longer_available() -> None:
    market = exchange(money=150_00)
    (accepted,) = place(market, "b1", "ben", "buy", 100_00, COIN)
    (refused,) = place(market, "b2", "ben", "buy", 50_01, COIN)
    assert isinstance(accepted, OrderAccepted)
    assert (accepted.money, accepted.tokens) == (100_00, 0)
    assert isinstance(refused, OrderRejected)
    assert [r.rule for r in refused.verdict.reasons] == ["shared_book_not_prefunded"]
    assert refused.facts["order"]["available"] == "50.00 HKD"
    assert names(place(market, "b3", "ben", "buy", 50_00, COIN)) == ["OrderAccepted"]


def test_the_facts_of_a_refusal_give_the_same_answer_again() -> None:
    market = exchange(money=150_00)
    (refused,) = place(market, "b2", "ben", "buy", 150_01, COIN)
    assert isinstance(refused, OrderRejected)
    question = market.desk.rules.asked.accepted
    arguments = question.read(refused.facts)
    assert not isinstance(arguments, list)
    assert question.verdict(*arguments) == refused.verdict


def test_tokens_are_reserved_for_a_sale() -> None:
    market = exchange(coins=COIN)
    accepted = only(place(market, "a1", "ann", "sell", 100_00, COIN), OrderAccepted)
    assert (accepted.money, accepted.tokens) == (0, COIN)
    assert names(place(market, "a2", "ann", "sell", 100_00, 1)) == ["OrderRejected"]
    assert held(market, "ann", "BTC") == COIN


def test_what_a_better_price_saves_is_freed() -> None:
    market = exchange(money=120_00)
    place(market, "a1", "ann", "sell", 100_00, COIN)
    place(market, "b1", "ben", "buy", 120_00, COIN)
    assert (free(market, "ben"), held(market, "ben")) == (20_00, 0)
    assert free(market, "ann") == 220_00


def test_cancelling_frees_what_is_left_to_the_cent() -> None:
    market = exchange(money=10_00)
    place(market, "b1", "ben", "buy", 3_33, 3 * COIN)
    place(market, "a1", "ann", "sell", 3_33, COIN)
    assert cancel(market, "b1", "ben") == [OrderCancelled("b1", "requested", 2 * COIN, 6_66, 0)]
    assert free(market, "ben") == 10_00 - 3_33


def test_fees_are_charged_in_proportion_and_the_rest_is_freed() -> None:
    market = exchange(money=101_00)
    place(market, "b1", "ben", "buy", 50_00, 2 * COIN, fees=1_00)
    place(market, "a1", "ann", "sell", 50_00, COIN, fees=25)
    assert free(market, "fees") == 50 + 25
    assert free(market, "ann") == 101_00 + 50_00 - 25
    cancel(market, "b1", "ben")
    assert free(market, "ben") == 101_00 - 50_00 - 50


def test_an_order_with_an_unknown_fact_is_not_let_in() -> None:
    unknown = {k: v for k, v in CLIENT.items() if k != "admitted"}
    market = exchange(people=PEOPLE | {"ben": ("hk", unknown)})
    (refused,) = place(market, "b1", "ben", "buy", 100_00, COIN)
    assert isinstance(refused, OrderRejected)
    assert refused.verdict.outcome is Outcome.UNDECIDED
    assert refused.verdict.needs == ("order.admitted",)


def test_what_holds_of_someone_or_something_as_a_whole_becomes_a_fact_of_their_orders() -> None:
    unknown = {k: v for k, v in RETAIL.items() if k != "knowledge_assessed"}
    market = exchange(people=PEOPLE | {"ben": ("hk", unknown)})
    (refused,) = place(market, "b1", "ben", "buy", 100_00, COIN)
    assert isinstance(refused, OrderRejected)
    assert refused.verdict.needs == ("order.knowledge_assessed",)
    client = {"class": "retail", "passed_assessment": True, "trained": False, "trades": [], "only_stablecoins": False}
    asked = Ask("ben", "knowledge_established", AT, "participant", "knowledge_assessed", (), {"client": client})
    assert names(market.submit(asked)) == ["Answered"]
    assert names(place(market, "b2", "ben", "buy", 100_00, COIN)) == ["OrderAccepted"]
    client |= {"passed_assessment": False}
    asked = Ask("ben", "knowledge_established", AT, "participant", "knowledge_assessed", (), {"client": client})
    assert names(market.submit(asked)) == ["Answered", "OrderExpelled"]
    none = Ask("BTC", "knowledge_established", AT, "instrument", "admitted", ("retail",), {"client": client})
    market.submit(none)
    (refused,) = place(market, "b3", "ben", "buy", 100_00, COIN)
    assert isinstance(refused, OrderRejected)
    assert "knowledge_not_shown" in [r.rule for r in refused.verdict.reasons]
    assert names(place(market, "a1", "ann", "buy", 100_00, COIN)) == ["OrderAccepted"]


def test_an_order_may_bring_facts_of_its_own() -> None:
    unknown = {k: v for k, v in CLIENT.items() if k != "admitted"}
    market = exchange(people=PEOPLE | {"ben": ("hk", unknown)})
    assert names(place(market, "b1", "ben", "buy", 100_00, COIN, admitted=True)) == ["OrderAccepted"]
    assert names(place(market, "b2", "ben", "buy", 100_00, COIN, admitted=False)) == ["OrderRejected"]
    assert fills(place(market, "a1", "ann", "sell", 100_00, COIN)) == [("b1", COIN)]
    conserved(market)


def test_exposure_follows_what_is_bought_and_counts_open_orders() -> None:
    market = exchange(people=PEOPLE | {"ben": ("hk", RETAIL)})
    place(market, "a1", "ann", "sell", 100_00, 20 * COIN)
    assert names(place(market, "b1", "ben", "buy", 100_00, 6 * COIN)) == ["OrderAccepted", "Traded"]
    assert names(place(market, "b2", "ben", "buy", 90_00, 4 * COIN)) == ["OrderAccepted"]
    (refused,) = place(market, "b3", "ben", "buy", 90_00, COIN)
    assert isinstance(refused, OrderRejected)
    assert [r.rule for r in refused.verdict.reasons] == ["exposure_limit_passed"]
    assert refused.facts["order"]["exposure"] == "960.00 HKD"
    cancel(market, "b2", "ben")
    place(market, "a2", "ann", "buy", 80_00, COIN)
    place(market, "b4", "ben", "sell", 80_00, COIN)
    (refused,) = place(market, "b5", "ben", "buy", 100_00, 5 * COIN)
    assert isinstance(refused, OrderRejected)
    assert refused.facts["order"]["exposure"] == "520.00 HKD"


def test_a_balance_never_pays_what_is_not_there() -> None:
    balance, other = Balance(), Balance()
    balance.free = 5
    for slip in (lambda: balance.hold(6), lambda: balance.release(1), lambda: balance.pay(other, 1)):
        with pytest.raises(ValueError, match="is to be"):
            slip()


# ── order types, own orders, replacing ──────────────────────────────────────────────────────


def test_a_market_order_is_funded_at_the_worst_price_that_it_meets() -> None:
    market = exchange(money=210_00)
    place(market, "a1", "ann", "sell", 100_00, COIN)
    place(market, "a2", "ann", "sell", 105_00, COIN)
    events = place(market, "b1", "ben", "buy", None, 2 * COIN, "market")
    assert only(events, OrderAccepted).money == 210_00
    assert fills(events) == [("a1", COIN), ("a2", COIN)]
    assert (free(market, "ben"), held(market, "ben")) == (5_00, 0)
    place(market, "a3", "ann", "sell", 5_01, COIN)
    (refused,) = place(market, "b2", "ben", "buy", None, COIN, "market")
    assert isinstance(refused, OrderRejected)
    assert [r.rule for r in refused.verdict.reasons] == ["shared_book_not_prefunded"]


def test_a_market_order_with_nobody_to_trade_with_has_no_price() -> None:
    (rejected,) = place(exchange(), "b1", "ben", "buy", None, COIN, "market")
    assert isinstance(rejected, CommandInvalid)
    assert rejected.code == "no_liquidity"


def test_what_a_market_order_leaves_is_cancelled() -> None:
    market = exchange()
    place(market, "a1", "ann", "sell", 100_00, COIN)
    events = place(market, "b1", "ben", "buy", None, 3 * COIN, "market")
    assert events[-1] == OrderCancelled("b1", "nothing_left_to_trade_with", 2 * COIN, 200_00, 0)
    assert held(market, "ben") == 0


def test_immediate_or_cancel_never_rests() -> None:
    market = exchange()
    place(market, "a1", "ann", "sell", 100_00, COIN)
    events = place(market, "b1", "ben", "buy", 100_00, 3 * COIN, "immediate_or_cancel")
    assert names(events) == ["OrderAccepted", "Traded", "OrderCancelled"]
    assert last(market) == []


def test_fill_or_kill_fills_everything_or_nothing() -> None:
    market = exchange()
    place(market, "a1", "ann", "sell", 100_00, COIN)
    events = place(market, "b1", "ben", "buy", 100_00, 2 * COIN, "fill_or_kill")
    assert names(events) == ["OrderAccepted", "OrderCancelled"]
    assert events[-1] == OrderCancelled("b1", "not_all_at_once", 2 * COIN, 200_00, 0)
    assert fills(place(market, "b2", "ben", "buy", 100_00, COIN, "fill_or_kill")) == [("a1", COIN)]


def test_post_only_never_trades_at_once() -> None:
    market = exchange()
    place(market, "a1", "ann", "sell", 100_00, COIN)
    events = place(market, "b1", "ben", "buy", 100_00, COIN, "post_only")
    assert events[-1] == OrderCancelled("b1", "would_trade_at_once", COIN, 100_00, 0)
    assert names(place(market, "b2", "ben", "buy", 99_99, COIN, "post_only")) == ["OrderAccepted"]


def test_nobody_trades_with_an_order_of_their_own() -> None:
    market = exchange()
    place(market, "a1", "ann", "sell", 100_00, COIN)
    place(market, "b1", "ben", "sell", 101_00, COIN)
    place(market, "a2", "ann", "sell", 102_00, COIN)
    events = place(market, "b2", "ben", "buy", 103_00, 3 * COIN)
    assert fills(events) == [("a1", COIN)]
    assert events[-1] == OrderCancelled("b2", "meets_own_order", 2 * COIN, 206_00, 0)
    conserved(market)


def test_or_the_order_at_rest_makes_way() -> None:
    market = exchange(self_trade="cancel_resting")
    place(market, "a1", "ann", "sell", 100_00, COIN)
    place(market, "b1", "ben", "sell", 101_00, COIN)
    place(market, "a2", "ann", "sell", 102_00, COIN)
    events = place(market, "b2", "ben", "buy", 103_00, 3 * COIN)
    assert names(events) == ["OrderAccepted", "OrderCancelled", "Traded", "Traded"]
    assert events[1] == OrderCancelled("b1", "meets_own_order", COIN, 0, COIN)
    assert last(market) == ["b2"]
    conserved(market)


def test_a_replaced_order_keeps_its_place_if_it_only_shrinks() -> None:
    market = exchange()
    place(market, "b1", "ben", "buy", 100_00, 3 * COIN)
    place(market, "a1", "ann", "buy", 100_00, COIN)
    replaced = only(replace(market, "b1", "ben", 100_00, 2 * COIN), OrderReplaced)
    assert (replaced.kept_its_place, replaced.money) == (True, 200_00)
    assert last(market) == ["b1", "a1"]
    replaced = only(replace(market, "b1", "ben", 100_00, 3 * COIN), OrderReplaced)
    assert (replaced.kept_its_place, replaced.money) == (False, 300_00)
    assert last(market) == ["a1", "b1"]
    conserved(market)


def test_a_replaced_order_is_decided_again_and_what_it_holds_is_available() -> None:
    market = exchange(money=150_00)
    place(market, "b1", "ben", "buy", 100_00, COIN)
    assert names(replace(market, "b1", "ben", 150_00, COIN)) == ["OrderReplaced"]
    (refused,) = replace(market, "b1", "ben", 150_01, COIN)
    assert isinstance(refused, ReplaceRejected)
    assert [r.rule for r in refused.verdict.reasons] == ["shared_book_not_prefunded"]
    assert refused.facts["order"]["available"] == "150.00 HKD"
    assert held(market, "ben") == 150_00
    conserved(market)


def test_a_replaced_order_trades_where_it_crosses() -> None:
    market = exchange()
    place(market, "a1", "ann", "sell", 100_00, COIN)
    place(market, "b1", "ben", "buy", 90_00, 2 * COIN, fees=10)
    events = replace(market, "b1", "ben", 100_00, 2 * COIN)
    assert names(events) == ["OrderReplaced", "Traded"]
    assert events[-1].buyer_fees == 5
    assert held(market, "ben") == 100_05
    conserved(market)


# ── commands that make no sense ─────────────────────────────────────────────────────────────


def test_the_same_order_again_has_the_same_answer_and_no_effect() -> None:
    market = exchange()
    place(market, "a1", "ann", "sell", 100_00, COIN)
    first = place(market, "b1", "ben", "buy", 100_00, 2 * COIN)
    again = place(market, "b1", "ben", "buy", 100_00, 2 * COIN, at=AT + 5)
    assert again == [CommandRepeated("place", "b1", tuple(map(event_json, first)))]
    assert held(market, "ben") == 100_00
    (rejected,) = place(market, "b1", "ben", "buy", 100_00, COIN, at=AT + 6)
    assert isinstance(rejected, CommandInvalid)
    assert rejected.code == "duplicate"


@pytest.mark.parametrize("evidence", [False, True])
def test_every_order_again_has_its_own_answer(evidence: bool) -> None:
    market = exchange(evidence=evidence)
    orders = [
        ("a1", "ann", "sell", 100_00, COIN),
        ("a2", "ann", "sell", 101_00, COIN),
        ("b1", "ben", "buy", 101_00, 3 * COIN),
        ("b2", "ben", "buy", 99_00, COIN),
    ]
    first = [place(market, *order) for order in orders]
    assert [len(events) for events in first] == [1, 1, 3, 1]
    for order, events in zip(orders, first, strict=True):
        again = place(market, *order, at=AT + 5)
        assert again == [CommandRepeated("place", order[0], tuple(map(event_json, events)))]


def test_an_order_that_was_refused_is_judged_anew_and_its_id_is_free() -> None:
    market = exchange()
    assert names(place(market, "b2", "ben", "buy", 10**9, 10**9 * COIN)) == ["OrderRejected"]
    assert names(place(market, "b2", "ben", "buy", 10**9, 10**9 * COIN, at=AT + 1)) == ["OrderRejected"]
    assert names(place(market, "b2", "ben", "buy", 100_00, COIN, at=AT + 2)) == ["OrderAccepted"]


def test_a_number_beyond_what_facts_can_tell_is_no_traceback() -> None:
    market = exchange()
    codes = [
        place(market, "o1", "ann", "buy", 10**18, COIN)[0],
        place(market, "o2", "ann", "buy", 1, 10**18)[0],
        place(market, "o3", "ann", "buy", 1, COIN, fees=10**18)[0],
    ]
    assert [c.code for c in codes if isinstance(c, CommandInvalid)] == ["facts_number"] * 3
    (refused,) = place(market, "o4", "ann", "buy", 10**17, 10**17)
    assert isinstance(refused, OrderRejected)
    assert refused.verdict.outcome is Outcome.DENIED or refused.verdict.fault


def test_without_a_prefunding_rule_there_is_still_no_credit() -> None:
    prefunded = "when order.venue is shared_book and short_of_funds(order)"
    other = law_with((prefunded, f"{prefunded} and order.venue is own_book"))
    market = exchange(other, money=50_00)
    (rejected,) = place(market, "b1", "ben", "buy", 100_00, COIN)
    assert isinstance(rejected, CommandInvalid)
    assert rejected.code == "insufficient_balance"
    place(market, "b2", "ben", "buy", 50_00, COIN)
    (rejected,) = replace(market, "b2", "ben", 50_01, COIN)
    assert isinstance(rejected, CommandInvalid)
    assert (rejected.code, held(market, "ben")) == ("insufficient_balance", 50_00)


# ── what is asked of the rulebook ───────────────────────────────────────────────────────────


def test_a_rulebook_without_a_question_does_not_load() -> None:
    other = law_with(("trade_within_cap", "trade_within_limit"))
    with pytest.raises(PolicyError) as refusal:
        opened(other, "2026-03-01")
    (found,) = refusal.value.diagnostics
    assert found.code == "missing-question"
    signature = (
        "decision trade_within_cap(arrangement: SettlementArrangement, unsettled: money(HKD), new: money(HKD))"
    )
    assert signature in found.help
    assert "did you mean `trade_within_limit`?" in found.help


def test_a_question_of_another_shape_does_not_load() -> None:
    other = law_with(("settlement_failed", "settlement_missed"))
    with pytest.raises(PolicyError) as refusal:
        opened(other, "2026-03-01")
    assert [(d.code, d.message) for d in refusal.value.diagnostics] == [
        (
            "unfit-question",
            f"`hk.sfc.orders.{name}` is not what the exchange asks: "
            "`Order` has no field `settlement_failed: boolean`",
        )
        for name in ("order_accepted", "order_notional", "shared_book")
    ]


@pytest.mark.parametrize("on", ["2023-03-01", "2025-10-01", "2025-11-03", "2026-03-01", "2026-06-01"])
def test_the_shipped_rulebook_has_every_question_on_every_date(on: str) -> None:
    assert opened(rulebook, on).clock.on.isoformat() == on
