"""Mark prices and funding of perpetual contracts: from index and book, sampled, averaged, paid to the last unit."""

from __future__ import annotations

from fractions import Fraction

from perpetual_market import (
    HOUR,
    MIDNIGHT,
    ONE,
    SMALL,
    USD,
    Market,
    law_with,
    market,
    of,
    rules,
)
from policy.answers import Outcome
from policy.perpetuals import commands as do, events as told, mark_events as marked

# ── mark ─────────────────────────────────────────────────────────────────────────────────────


def test_the_mark_lies_in_the_middle_of_the_book_for_a_large_order_near_the_index() -> None:
    made = market(ann=10_000, ben=10_000)
    made.order("ann", "buy", 99, 1)
    made.order("ben", "sell", 100, 2)
    (event,) = made.index(100)  # a large order is for one contract here
    assert (event.impact_bid, event.impact_ask, event.mark) == (99 * USD, 100 * USD, 99_5000)
    assert event.per == ("HOUSE/mark_price (house)", "PERP/methodology (secondary)")
    made.order("ann", "buy", 98, 1)
    (event,) = made.index(99)  # now 1.0102 of it, so that two prices are paid
    assert event.impact_bid == round(Fraction(ONE * 99 * USD + 102 * 98 * USD, 10_102))
    (thin,) = made.index(30)[:1]  # 3.3334: there is not so much
    assert (thin.impact_bid, thin.mark) == (None, 30 * USD)


def test_orders_that_the_mark_leaves_uncovered_leave_before_anyone_is_liquidated_into_them() -> None:
    made = market(ann=60, ben=1_000, cat=30)
    made.pair("ann", "ben", 100, 10)
    made.order("cat", "buy", 60, 1, id="low")
    made.order("cat", "buy", 99, 2, id="high")
    events = made.index(80)
    (removed,) = of(told.PerpetualExpelled, events)
    assert removed.id == "high"
    assert rules(removed.verdict) == ["margin_not_collected"]
    assert events.index(removed) < events.index(of(marked.LiquidationBegun, events)[0])
    assert made.size("cat") == 0
    assert list(made.desk.state.live) == ["low"]


def test_the_newest_order_leaves_first_and_closing_orders_last() -> None:
    made = market(ann=60, ben=1_000)
    made.pair("ann", "ben", 100, 8)
    made.order("ann", "sell", 120, 8, id="closing")
    made.order("ann", "buy", 90, 1, id="older")
    made.order("ann", "buy", 90, 1, id="newer")
    assert [e.id for e in of(told.PerpetualExpelled, made.index(98))] == ["newer"]
    assert [e.id for e in of(told.PerpetualExpelled, made.index(97))] == ["older"]
    assert list(made.desk.state.live) == ["closing"]


def test_an_index_that_is_lost_leaves_positions_alone_and_orders_undecided() -> None:
    made = market(ann=60, ben=1_000)
    made.pair("ann", "ben", 100, 10)
    made.order("ben", "buy", 90, 1)
    lost, removed, *unjudged = made.index(None)
    assert isinstance(lost, marked.IndexUnavailable)
    assert [(e.account, e.verdict.needs) for e in of(marked.LiquidationUndecided, unjudged)] == [
        ("ann", ("bucket.positions[0].mark",)),
        ("ben", ("bucket.positions[0].mark",)),
    ]
    assert removed.verdict.outcome is Outcome.UNDECIDED
    assert made.size("ann") == 10 * ONE
    assert isinstance(made.index(80)[1], marked.LiquidationBegun)


# ── funding ──────────────────────────────────────────────────────────────────────────────────


def test_premiums_are_sampled_by_the_minute_averaged_and_paid_to_the_last_unit() -> None:
    made = Market()
    made.list(lot=1)
    for name in ("ann", "ben", "cat"):
        made.client(name, 1_000_000)
    made.index(30_000)
    made.say(do.PlacePerpetual, "a", "ann", "BTC", "BTC", side="buy", size=3_3334, price=30_000 * USD)
    made.say(do.PlacePerpetual, "b", "ben", "BTC", "BTC", side="sell", size=1_0001, price=30_000 * USD)
    made.say(do.PlacePerpetual, "c", "cat", "BTC", "BTC", side="sell", size=2_3333, price=30_000 * USD)
    made.order("ben", "buy", 30_012, 1)  # a premium of 0.04 % once the index is back below it
    made.index(30_000, at=MIDNIGHT + 160 * 60 * 10**6)
    events = made.index(30_000, at=MIDNIGHT + 8 * HOUR)
    (settled,) = of(marked.FundingSettled, events)
    # the order rests from the first moment on: 480 samples of 0.04 %
    assert settled.samples == 480
    assert settled.rate == 100  # 0.01 %, for the premium lies within 0.05 % of the interest rate
    assert settled.per_unit == 3 * USD
    paid = {e.account: e.payment for e in of(marked.FundingPaid, events)}
    assert paid == {"ann": 3_3334 * 3 * USD, "ben": -1_0001 * 3 * USD, "cat": -2_3333 * 3 * USD}
    assert sum(paid.values()) == 0
    assert settled.paid == paid["ann"]


def test_a_premium_counts_for_as_many_moments_as_it_stood() -> None:
    made = market(ann=100_000, ben=100_000)
    made.pair("ann", "ben", 100, 10)
    made.order("ann", "buy", 101, 5)  # a premium of 1 %
    made.say(do.CancelPerpetual, "o3", "ann", at=MIDNIGHT + 30 * 60 * 10**6 + 1)
    events = made.say(do.CancelPerpetual, "none", "ann", at=MIDNIGHT + 9 * HOUR)
    samples = [(e.premium, e.times) for e in of(marked.PremiumSampled, events)]
    assert samples == [(0, 450), (0, 60)]
    (settled,) = of(marked.FundingSettled, events)
    average = Fraction(30 * 10_000, 480)
    assert settled.rate == average - 500  # 0.0625 % is moved by 0.05 % toward the interest rate
    assert settled.due_at == MIDNIGHT + 8 * HOUR


def test_a_discount_is_paid_by_shorts() -> None:
    made = market(ann=100_000, ben=100_000)
    made.pair("ann", "ben", 100, 10)
    made.order("ben", "sell", 90, 20)
    made.index(100)
    events = made.index(100, at=MIDNIGHT + 8 * HOUR)
    (settled,) = of(marked.FundingSettled, events)
    assert settled.rate == -3_750  # the cap
    assert {e.account: e.payment > 0 for e in of(marked.FundingPaid, events)} == {"ann": False, "ben": True}


def test_who_cannot_pay_funding_is_closed_out_and_lent_nothing() -> None:
    """Where no maintenance margin is asked for, less may be left than the funding that falls due."""
    row = ("| <= 100_000 USD                         | 0.50%            |", "| <= 100_000 USD | 0% |")
    made = market(lambda _: law_with(*SMALL, row), ann=60, ben=1_000, cat=1_000)
    made.pair("ann", "ben", 100, 10)
    made.index(95)
    made.order("cat", "buy", 96, 2)  # a premium of 2 %, so that the rate is the cap
    made.say(do.IndexPrice, "BTC", price=94_1000)
    assert made.equity("ann") == 50_000_000  # and 3.53 falls due
    events = made.say(do.CancelPerpetual, "none", "ann", at=MIDNIGHT + 8 * HOUR)
    (begun,) = of(marked.LiquidationBegun, events)
    assert rules(begun.verdict) == ["less_than_funding"]
    assert made.size("ann") == 0
    paid = {e.account: e.payment for e in of(marked.FundingPaid, events)}
    assert paid == {"ben": -2 * ONE * 3529, "cat": 2 * ONE * 3529}  # eight were closed at the mark, two in the book


def test_funding_without_an_index_is_not_paid() -> None:
    made = market(ann=1_000, ben=1_000)
    made.pair("ann", "ben", 100, 1)
    made.index(None, at=MIDNIGHT + HOUR)
    events = made.say(do.CancelPerpetual, "none", "ann", at=MIDNIGHT + 8 * HOUR)
    (skipped,) = of(marked.FundingNotSettled, events)
    assert skipped.reason == "no_index"


def test_funding_that_would_not_cancel_out_is_not_paid() -> None:
    uneven = ("then size * per_unit else -size * per_unit", "then size * per_unit else -2 * size * per_unit")
    made = market(lambda _: law_with(*SMALL, uneven), ann=1_000, ben=1_000)
    made.pair("ann", "ben", 100, 1)
    events = made.say(do.CancelPerpetual, "none", "ann", at=MIDNIGHT + 8 * HOUR)
    (skipped,) = of(marked.FundingNotSettled, events)
    assert skipped.reason == "payments_do_not_cancel_out"
    assert not of(marked.FundingPaid, events)
