"""Liquidation and deleveraging of perpetual contracts: in steps, never beyond the margin, in the rulebook's order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from perpetual_market import (
    CASH,
    DOLLAR,
    LEVERAGE,
    ONE,
    SMALL,
    USD,
    Market,
    law_with,
    leveraged,
    market,
    of,
    rules,
)
from policy.perpetuals import commands as do, events as told, mark_events as marked
from policy.perpetuals.facts import bucket_facts, candidate_facts

# ── liquidation ──────────────────────────────────────────────────────────────────────────────


def test_a_bucket_is_liquidated_below_maintenance_margin_and_not_at_it() -> None:
    """Ten contracts need 0.5 % of their value: 4.7265 dollars at 94.53, and 4.726 at 94.52."""
    made = market(ann=60, ben=1_000)
    made.pair("ann", "ben", 100, 10)
    fee = 50_000_000
    assert made.equity("ann") == 60 * DOLLAR - fee
    assert not of(marked.LiquidationBegun, made.say(do.IndexPrice, "BTC", price=94_5300))
    assert made.equity("ann") == 480_000_000
    (begun,) = of(marked.LiquidationBegun, made.say(do.IndexPrice, "BTC", price=94_5200))
    assert begun.equity == 470_000_000  # of 4.73
    assert rules(begun.verdict) == ["equity_below_maintenance"]
    assert begun.facts["bucket"]["positions"][0]["mark"] == "94.52 USD"


def large(rulebook: Any = leveraged) -> Market:
    """Ten contracts bought at 100,000 dollars on a margin of 110,000; 909,000 dollars need 18,815 at 90,900."""
    made = Market(rulebook)
    made.list()
    for name, dollars in {"ann": 110_000, "ben": 1_000_000, "cat": 1_000_000}.items():
        made.client(name, dollars)
    made.index(100_000)
    made.pair("ann", "ben", 100_000, 10)
    return made


def test_a_large_position_is_closed_by_fifths_until_it_is_safe() -> None:
    made = large()
    made.order("cat", "buy", 90_900, 10)
    assert not of(marked.LiquidationBegun, made.index(91_000))
    events = made.index(90_900)
    (step,) = of(marked.LiquidationStep, events)
    assert (step.in_book, step.deleveraged, step.closed) == (2 * ONE, 0, 2 * 90_900 * DOLLAR)
    assert step.fee == 909 * DOLLAR // 2 == made.desk.state.fund
    assert made.size("ann") == 8 * ONE
    (ended,) = of(marked.LiquidationEnded, events)
    assert ended.equity == 18_500 * DOLLAR - 909 * DOLLAR // 2  # 727,200 dollars need 12,816


def test_what_the_book_does_not_take_is_closed_against_a_winner_at_the_mark() -> None:
    made = large()
    made.order("cat", "buy", 90_900, 1)
    events = made.index(90_900)
    (step,) = of(marked.LiquidationStep, events)
    assert (step.in_book, step.deleveraged) == (ONE, ONE)
    (closed,) = of(marked.Deleveraged, events)
    assert (closed.other, closed.rank, closed.price) == ("ben", 1, 90_900 * USD)
    assert rules(closed.verdict) == ["nobody_trades"]


@pytest.mark.parametrize(("bid", "in_book"), [(90_719, 2), (90_718, 0)])
def test_a_book_below_the_mark_takes_what_the_worst_price_lets_it(bid: int, in_book: int) -> None:
    """A fifth of a per cent below 90,900 dollars is 90,718.20; what the book may not take is closed at the mark."""
    made = large()
    made.order("cat", "buy", bid, 10)
    events = made.index(90_900)
    (step,) = of(marked.LiquidationStep, events)[:1]
    assert (step.in_book, step.deleveraged) == (in_book * ONE, (2 - in_book) * ONE)
    assert step.worst_price == 90_718_2000
    assert step.price_per == (
        "HOUSE/liquidation_price (house)",
        "HOUSE/insurance_fund (house)",
        "PERP/limited_loss (secondary)",
    )
    assert [e.price for e in of(marked.Deleveraged, events)] == [90_900 * USD] * (in_book == 0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 130), st.integers(1, 30)), max_size=6),
    st.integers(60, 96),
    st.integers(0, 500),
)
def test_no_order_at_rest_takes_anything_from_the_fund(bids: list[tuple[int, int]], fall: int, fund: int) -> None:
    """Whatever stands in the book, the fund falls by no more than what the margin lacks at the mark."""
    made = market(fund=fund, ann=60, ben=10_000, cat=100_000)
    made.pair("ann", "ben", 100, 10)
    for price, size in bids:
        made.order("cat", "buy", price, size)
    before = made.desk.state.fund
    made.index(fall)
    lacking = max(0, 10 * ONE * (100 - fall) * USD - (60 * DOLLAR - 50_000_000))
    assert before - made.desk.state.fund <= lacking
    assert made.desk.state.uncovered == 0


def test_the_fund_bears_what_the_margin_cannot_and_the_client_no_more_than_the_margin() -> None:
    made = market(fund=100, ann=60, ben=1_000, cat=10_000)
    made.pair("ann", "ben", 100, 10)
    made.order("cat", "buy", 90, 100)
    events = made.index(90)
    (borne,) = of(marked.FundDrawdown, events)
    assert (borne.loss, borne.from_fund, borne.uncovered) == (4_050_000_000, 4_050_000_000, 0)
    assert borne.fund == 100 * DOLLAR - 4_050_000_000
    assert (made.margin("ann"), made.size("ann")) == (0, 0)
    assert made.margin("ben") == 1_000 * DOLLAR - 50_000_000
    assert made.size("cat") == 10 * ONE
    assert not of(marked.Deleveraged, events)


def test_when_the_fund_is_spent_winners_give_up_what_it_cannot_bear() -> None:
    made = market(fund=30, ann=60, ben=1_000, cat=10_000)
    made.pair("ann", "ben", 100, 10)
    made.order("cat", "buy", 89, 100)
    events = made.index(90)
    (closed,) = of(marked.Deleveraged, events)
    # a loss of 40.50, of which the fund bears 30: 10.50 is 1.05 for each of ten contracts
    assert closed.price == 91_0500
    assert rules(closed.verdict) == ["fund_exhausted", "nobody_trades"]
    assert closed.other_realised == (100 * USD - 91_0500) * 10 * ONE
    assert made.desk.state.fund == 0
    assert made.desk.state.uncovered == 0
    assert made.margin("ann") == 0
    assert made.size("cat") == 0


def fallen_together(contracts: tuple[str, ...]) -> tuple[Market, list[Any]]:
    """ann, on a margin of 61, loses 75 in BTC and 100 in ETH at one moment; ben gains in one, cat in the other."""
    made = Market()
    for contract in ("BTC", "ETH"):
        made.list(contract)
        made.client("ben" if contract == "BTC" else "cat", 1_000, "cross")
        made.index(100, contract)
    made.client("ann", 61, "cross")
    made.pair("ann", "ben", 100, 5, "BTC", "cross")
    made.pair("ann", "cat", 100, 5, "ETH", "cross")
    prices = {"BTC": 85 * USD, "ETH": 80 * USD}
    moved = tuple(prices[contract] for contract in contracts)
    return made, made.say(do.IndexPrices, contracts=contracts, prices=moved)


def test_of_several_contracts_at_once_each_bears_no_more_than_was_lost_in_it() -> None:
    """The margin less fees is 60.50, and 114.50 too little: ETH, which lost most, bears its 100, BTC the rest."""
    made, events = fallen_together(("BTC", "ETH"))
    closed = of(marked.Deleveraged, events)
    assert [(c.contract, c.other, c.price) for c in closed] == [("ETH", "cat", 100 * USD), ("BTC", "ben", 87_9000)]
    assert made.margin("ann", "cross") == 0
    assert made.desk.state.uncovered == 0


def test_the_order_in_which_contracts_are_named_changes_nothing() -> None:
    (one, events), (other, same) = fallen_together(("BTC", "ETH")), fallen_together(("ETH", "BTC"))
    assert events == same
    assert one.kept.__dict__ == other.kept.__dict__


def test_what_was_lost_elsewhere_while_an_index_was_lost_is_borne_there() -> None:
    made = Market()
    for contract in ("BTC", "ETH"):
        made.list(contract)
        made.index(100, contract)
        made.client("ben" if contract == "BTC" else "cat", 1_000, "cross")
    made.client("ann", 61, "cross")
    made.pair("ann", "ben", 100, 5, "BTC", "cross")
    made.pair("ann", "cat", 100, 1, "ETH", "cross")
    made.index(None, "ETH")
    events = made.index(80)
    assert [e.account for e in of(marked.LiquidationUndecided, events)] == ["ann"]
    assert not of(marked.LiquidationBegun, events)
    closed = of(marked.Deleveraged, made.index(99, "ETH"))
    # 60.70 is left of the margin after fees of 0.30, and 101 is lost: 40.30 too much, and 100 is lost in BTC
    assert [(c.contract, c.other, c.price) for c in closed] == [("BTC", "ben", 88_0600), ("ETH", "cat", 99 * USD)]
    assert made.desk.state.uncovered == 0


def while_an_index_is_lost(*falls: int) -> Market:
    """ann, on a margin of 102, holds a dollar of BTC and 500 of ETH, which falls while BTC is lost."""
    made = Market()
    for contract, price in (("BTC", 1), ("ETH", 100)):
        made.list(contract)
        made.index(price, contract)
        made.client("ben" if contract == "BTC" else "cat", 1_000, "cross")
    made.client("ann", 102, "cross")
    made.client("dan", 55, "cross")
    made.pair("ann", "ben", 1, 1, "BTC", "cross")
    made.pair("ann", "cat", 100, 5, "ETH", "cross")
    made.index(None, "BTC")
    for price in falls:
        made.index(price, "ETH")
    return made


def test_a_small_position_does_not_bear_what_was_lost_in_another_while_its_index_was_lost() -> None:
    made = while_an_index_is_lost(80, 70)
    closed = of(marked.Deleveraged, made.say(do.IndexPrices, contracts=("BTC", "ETH"), prices=(USD, 69 * USD)))
    assert [(c.contract, c.other) for c in closed] == [("ETH", "cat"), ("BTC", "ben")]
    assert closed[1].price == USD
    assert made.margin("ann", "cross") == made.desk.state.uncovered == 0


def test_whoever_is_closed_against_bears_no_more_than_is_there() -> None:
    """The winner has closed; who came after has 55 less a fee, and ann lacks far more. The rest is uncovered."""
    made = while_an_index_is_lost(50)
    made.pair("cat", "dan", 50, 5, "ETH", "cross")
    before = made.margin("dan", "cross")
    assert 50 * DOLLAR < before < 55 * DOLLAR
    events = made.index(1, "BTC")
    (closed, _) = of(marked.Deleveraged, events)
    assert (closed.contract, closed.other, closed.price) == ("ETH", "dan", 50 * USD + before // (5 * ONE))
    assert 0 <= closed.other_margin < 5 * ONE
    (borne,) = of(marked.FundDrawdown, events)
    assert borne.account == "ann"
    assert borne.uncovered == made.desk.state.uncovered > 0


@pytest.mark.parametrize(("lost", "queue"), [(False, ["cat", "ben"]), (True, ["ben", "cat"])])
def test_whose_rank_cannot_be_told_is_deleveraged_last(lost: bool, queue: list[str]) -> None:
    """cat is on more leverage than ben, unless her other contract has no mark."""
    made = Market()
    for contract in ("BTC", "ETH"):
        made.list(contract)
        made.index(100, contract)
    for name, dollars, bucket in (("ann", 60, "BTC"), ("ben", 1_000, "BTC"), ("cat", 100, "cross")):
        made.client(name, dollars, bucket)
    made.client("dan", 1_000, "cross")
    made.pair("cat", "dan", 100, 1, "ETH", "cross")
    made.order("ann", "buy", 100, 10)
    made.order("cat", "sell", 100, 5, bucket="cross")
    made.order("ben", "sell", 100, 5)
    if lost:
        made.index(None, "ETH")
    closed = of(marked.Deleveraged, made.index(90))
    assert [(c.rank, c.other) for c in closed] == list(enumerate(queue, 1))
    assert made.size("ann") == 0


def test_a_better_bid_than_the_price_of_last_resort_is_taken_first() -> None:
    made = market(ann=60, ben=1_000, cat=10_000)
    made.pair("ann", "ben", 100, 10)
    made.order("cat", "buy", 95, 4)
    events = made.index(90)
    (traded,) = of(told.PerpetualTraded, events)
    assert (traded.incoming, traded.price, traded.size, traded.seller_fee) == (None, 95 * USD, 4 * ONE, 0)
    (closed,) = of(marked.Deleveraged, events)
    # 59.50 less 20 lost in the book and 60 at the mark leaves 20.50 short: 3.4167 for each of six
    assert closed.price == 93_4167
    left = 6 * ONE * 93_4167 - 6 * 100 * DOLLAR + 59_50000000 - 20 * DOLLAR
    assert 0 <= left < 6 * ONE  # less than 0.0001 dollar for each contract, and the fund's
    assert (made.margin("ann"), made.desk.state.fund) == (0, left)


def test_without_a_rule_for_an_empty_book_the_position_stays() -> None:
    """And the desk says so, and goes on."""
    silent = ("when unfilled > 0", "when unfilled > 1_000_000")
    made = market(lambda _: law_with(*SMALL, silent), fund=1_000, ann=60, ben=1_000)
    made.pair("ann", "ben", 100, 10)
    events = made.index(94)
    assert [type(e).__name__ for e in events] == ["Marked", "LiquidationBegun", "LiquidationEnded"]
    assert made.size("ann") == 10 * ONE


def test_what_a_liquidation_costs_is_the_rulebooks_to_say() -> None:
    def fund_after(*changes: tuple[str, str]) -> int:
        made = large(lambda _: law_with(LEVERAGE, *changes))
        made.order("cat", "buy", 90_900, 10)
        made.index(90_900)
        return made.desk.state.fund

    dearer = ("= 0.25% per HOUSE/liquidation_fee,", "= 0.3% per HOUSE/liquidation_fee,")
    assert (fund_after(), fund_after(dearer)) == (4_545 * DOLLAR // 10, 5_454 * DOLLAR // 10)


# ── isolated and crossed ─────────────────────────────────────────────────────────────────────


def two_contracts(**clients: int) -> Market:
    made = Market()
    for contract in ("BTC", "ETH"):
        made.list(contract)
    for name, dollars in clients.items():
        made.client(name, dollars, "cross")
    for contract in ("BTC", "ETH"):
        made.index(100, contract)
    return made


def test_crossed_positions_hold_each_other_and_isolated_ones_fall_alone() -> None:
    made = two_contracts(ann=150, ben=10_000)
    made.say(do.DepositMargin, "ann", value=50 * DOLLAR, asset=CASH)
    made.say(do.PostMargin, "ann", "BTC", amount=50 * DOLLAR)
    made.order("ann", "buy", 100, 5, "BTC", "BTC")
    made.order("ben", "sell", 100, 5, "BTC", "cross")
    made.pair("ann", "ben", 100, 10, "BTC", "cross")
    made.pair("ben", "ann", 100, 10, "ETH", "cross")
    made.index(85, "ETH")
    events = made.index(85, "BTC")
    (begun,) = of(marked.LiquidationBegun, events)
    assert (begun.account, begun.bucket) == ("ann", "BTC")
    assert made.size("ann", "BTC", "cross") == 10 * ONE


def test_a_loss_is_paid_from_the_profit_of_another_position_and_never_on_credit() -> None:
    made = two_contracts(ann=120, ben=10_000)
    made.pair("ann", "ben", 100, 10, "BTC", "cross")
    made.pair("ann", "ben", 100, 10, "ETH", "cross")
    made.index(140, "ETH")
    made.index(80, "BTC")
    made.order("ben", "buy", 80, 10, "BTC", "cross")
    events = made.order("ann", "sell", 80, 10, "BTC", "cross")
    (drawn,) = of(told.ProfitRealised, events)
    spent = 2 * 50_000_000 + 40_000_000  # fees of three trades
    assert drawn.amount == 200 * DOLLAR - 120 * DOLLAR + spent
    assert (drawn.contract, drawn.margin) == ("ETH", 0)
    assert made.equity("ann", "cross") == 400 * DOLLAR - drawn.amount


def test_of_a_crossed_bucket_what_loses_most_is_closed_first() -> None:
    made = two_contracts(ann=140, ben=10_000, cat=100_000)
    made.pair("ann", "ben", 100, 10, "BTC", "cross")
    made.pair("ann", "ben", 100, 10, "ETH", "cross")
    made.order("cat", "buy", 50, 100, "ETH", "cross")
    made.index(94, "BTC")
    events = made.index(92, "ETH")
    assert next(e.contract for e in of(marked.LiquidationStep, events)) == "ETH"


def test_a_loss_beyond_the_fund_is_borne_where_the_price_moved() -> None:
    """The other contract has lost more, but stands still: those who hold it have just gained nothing to give up."""
    made = two_contracts(ann=170, ben=10_000, cat=10_000)
    made.pair("ann", "cat", 100, 10, "BTC", "cross")
    made.index(90, "BTC")  # BTC has lost 100
    made.pair("ann", "ben", 100, 3, "ETH", "cross")
    events = made.index(70, "ETH")  # and ETH loses 90
    fees = 50_000_000 + 15_000_000
    closed = of(marked.Deleveraged, events)
    assert [(e.contract, e.other) for e in closed] == [("ETH", "ben"), ("BTC", "cat")]
    assert closed[0].price == 70 * USD + -(-(20 * DOLLAR + fees) // (3 * ONE))
    assert closed[1].price == 90 * USD
    assert made.desk.state.uncovered == 0


# ── deleveraging in the rulebook's order ─────────────────────────────────────────────────────


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(85, 115), st.integers(400, 3_000)), min_size=2, max_size=6),
    st.integers(40, 84),
)
def test_deleveraging_follows_the_rulebooks_rank(winners: list[tuple[int, int, int]], fall: int) -> None:
    """Against the reference interpreter, asked about each holder as it stood when the mark had moved."""
    made = Market()
    made.list()
    made.client("loser", 1_000_000)
    for n, (_, _, dollars) in enumerate(winners):
        made.client(f"w{n}", dollars)
    made.index(100)
    for n, (size, price, _) in enumerate(winners):
        made.order("loser", "buy", price, size)
        made.order(f"w{n}", "sell", price, size)
    state = made.desk.state
    contract = state.contracts["BTC"]
    loser = state.accounts["loser"].buckets["BTC"]
    if not loser.positions:
        return
    spare = state.equity(loser) - 20 * loser.positions["BTC"].size * USD
    if spare > 0:
        made.say(do.ReleaseMargin, "loser", "BTC", amount=min(spare, loser.margin))
    contract.mark = fall * USD
    asked = law_with(*SMALL).interpreter("deleveraging")
    ranks = [
        (asked.answer(candidate_facts(state, b, contract)).value, n, b.account)
        for n, b in enumerate(contract.holders())
        if b.positions["BTC"].size < 0
    ]
    contract.mark = 100 * USD
    sizes = {name: -state.accounts[name].buckets["BTC"].positions["BTC"].size for _, _, name in ranks}
    due = made.index(fall)
    closed = of(marked.Deleveraged, due)
    if not closed:
        return
    first = [e for e in closed if e.account == "loser"]
    assert [e.other for e in first] == [name for _, _, name in sorted(ranks)][: len(first)]
    assert [e.rank for e in first] == list(range(1, len(first) + 1))
    assert all(e.size == sizes[e.other] for e in first[:-1])


def test_the_desk_and_the_rulebook_reckon_equity_alike() -> None:
    made = two_contracts(ann=500, ben=10_000)
    made.pair("ann", "ben", 103, 3, "BTC", "cross")
    made.pair("ben", "ann", 98, 7, "ETH", "cross")
    made.index(111, "ETH")
    asked = law_with(*SMALL).evaluator("equity")
    for bucket in made.desk.state.buckets():
        assert asked.fast(bucket_facts(made.desk.state, bucket)) == made.desk.state.equity(bucket)
