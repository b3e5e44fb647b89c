"""The matcher: each order type by an example, and agreement with the naive one on any stream of commands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from changed_rules import law_with
from naive_matcher import NaiveMatcher, told
from plain_matcher import PlainMatcher
from policy.market import matcher as pure
from policy.market.book import (
    BUY,
    FILL_OR_KILL,
    IMMEDIATE_OR_CANCEL,
    LIMIT,
    MARKET,
    ORDER_TYPES,
    POST_ONLY,
    SELL,
    Book,
    BookOrder,
)
from policy.market.matcher import CANCEL_BOTH, CANCEL_INCOMING, CANCEL_RESTING, DECREMENT, SELF_TRADES
from policy.pipeline import Rulebook

ON = "2026-03-01"


def venue(*offers: tuple[str, str, int, int], prevention: str = CANCEL_INCOMING) -> PlainMatcher:
    """One where these have been put on sale: (id, owner, price, quantity)."""
    matcher = PlainMatcher(prevention)
    for id, owner, price, quantity in offers:
        matcher.place(id, owner, SELL, price, quantity)
    return matcher


def left(matcher: PlainMatcher) -> list[tuple[str, int]]:
    return [(order.id, order.remaining) for order in matcher.book]


THREE = (("a1", "ann", 101, 5), ("b1", "ben", 100, 5), ("a2", "ann", 100, 5))


# ── order types ─────────────────────────────────────────────────────────────────────────────


def test_every_type_says_what_becomes_of_an_order_that_meets_nobody() -> None:
    for type in ORDER_TYPES:
        assert venue().place("c1", "cat", BUY, 100, 1, type).outcome in ("rested", "cancelled"), type


def test_a_limit_order_trades_what_crosses_and_rests() -> None:
    matcher = venue(*THREE)
    report = matcher.place("c1", "cat", BUY, 100, 12)
    assert told(report) == ("rested", "", [("b1", 100, 5), ("a2", 100, 5)], [])
    assert left(matcher) == [("c1", 2), ("a1", 5)]


def test_a_trade_is_made_at_the_price_of_the_order_at_rest() -> None:
    report = venue(*THREE).place("c1", "cat", BUY, 150, 11)
    assert told(report) == ("filled", "", [("b1", 100, 5), ("a2", 100, 5), ("a1", 101, 1)], [])


def test_a_market_order_takes_any_price_and_never_rests() -> None:
    matcher = venue(*THREE)
    report = matcher.place("c1", "cat", BUY, 0, 16, MARKET)
    fills = [("b1", 100, 5), ("a2", 100, 5), ("a1", 101, 5)]
    assert told(report) == ("cancelled", "nothing_left_to_trade_with", fills, [])
    assert left(matcher) == []


def test_an_immediate_order_never_rests() -> None:
    matcher = venue(*THREE)
    report = matcher.place("c1", "cat", BUY, 100, 12, IMMEDIATE_OR_CANCEL)
    assert told(report)[:2] == ("cancelled", "nothing_left_to_trade_with")
    assert left(matcher) == [("a1", 5)]


@pytest.mark.parametrize(("quantity", "outcome"), [(10, "filled"), (11, "cancelled")])
def test_fill_or_kill_is_all_or_nothing(quantity: int, outcome: str) -> None:
    matcher = venue(*THREE)
    assert matcher.place("c1", "cat", BUY, 100, quantity, FILL_OR_KILL).outcome == outcome
    assert left(matcher) == ([("a1", 5)] if outcome == "filled" else [("b1", 5), ("a2", 5), ("a1", 5)])


def test_a_post_only_order_rests_or_is_rejected() -> None:
    matcher = venue(*THREE)
    assert told(matcher.place("c1", "cat", BUY, 100, 1, POST_ONLY)) == ("rejected", "would_trade_at_once", [], [])
    assert matcher.place("c2", "cat", BUY, 99, 1, POST_ONLY).outcome == "rested"
    assert matcher.place("c1", "cat", BUY, 98, 1, POST_ONLY).outcome == "rested", "a rejected id is free"


# ── nobody trades with an order of their own ────────────────────────────────────────────────


def test_the_incoming_order_is_cancelled_where_it_meets_its_owners() -> None:
    matcher = venue(*THREE)
    assert told(matcher.place("a3", "ann", BUY, 101, 7)) == ("cancelled", "meets_own_order", [("b1", 100, 5)], [])
    assert left(matcher) == [("a2", 5), ("a1", 5)]
    assert matcher.place("a3", "ann", BUY, 0, 1, MARKET).reason == "meets_own_order"


def test_it_is_not_cancelled_if_it_is_filled_before() -> None:
    assert venue(*THREE).place("a3", "ann", BUY, 101, 5).outcome == "filled"


def test_the_owners_orders_leave_to_make_way() -> None:
    matcher = venue(*THREE, ("b2", "ben", 102, 9), prevention=CANCEL_RESTING)
    report = matcher.place("a3", "ann", BUY, 102, 7)
    assert told(report) == ("filled", "", [("b1", 100, 5), ("b2", 102, 2)], ["a2", "a1"])
    assert left(matcher) == [("b2", 7)]
    assert matcher.cancel("a1").reason == "unknown_order"


def test_both_are_cancelled_where_they_meet() -> None:
    matcher = venue(*THREE, prevention=CANCEL_BOTH)
    report = matcher.place("a3", "ann", BUY, 101, 7)
    assert told(report) == ("cancelled", "meets_own_order", [("b1", 100, 5)], ["a2"])
    assert left(matcher) == [("a1", 5)]


def test_the_smaller_is_cancelled_and_the_larger_loses_as_much() -> None:
    matcher = venue(*THREE, ("b2", "ben", 101, 9), prevention=DECREMENT)
    report = matcher.place("a3", "ann", BUY, 101, 13)  # 5 from b1, 5 off with a2, and 3 off a1
    assert told(report) == ("cancelled", "meets_own_order", [("b1", 100, 5)], ["a2"])
    assert left(matcher) == [("a1", 2), ("b2", 9)]
    report = matcher.place("a4", "ann", BUY, 101, 4)  # 2 off with a1, and 2 from b2
    assert told(report) == ("filled", "", [("b2", 101, 2)], ["a1"])
    assert left(matcher) == [("b2", 7)]


@pytest.mark.parametrize("quantity", [5, 6])
def test_equals_are_both_cancelled_and_what_is_left_rests(quantity: int) -> None:
    matcher = venue(("a1", "ann", 100, 5), prevention=DECREMENT)
    report = matcher.place("a2", "ann", BUY, 100, quantity)
    outcome = ("cancelled", "meets_own_order") if quantity == 5 else ("rested", "")
    assert told(report) == (*outcome, [], ["a1"])
    assert left(matcher) == ([] if quantity == 5 else [("a2", 1)])


@pytest.mark.parametrize("prevention", [CANCEL_BOTH, DECREMENT])
def test_what_comes_to_nothing_leaves_the_owners_orders_as_they_are(prevention: str) -> None:
    matcher = venue(*THREE, ("b2", "ben", 102, 9), prevention=prevention)
    before = left(matcher)
    assert told(matcher.place("a3", "ann", BUY, 102, 6, FILL_OR_KILL)) == ("cancelled", "meets_own_order", [], [])
    assert told(matcher.place("a4", "ann", BUY, 102, 6, POST_ONLY)) == ("rejected", "would_trade_at_once", [], [])
    assert left(matcher) == before


def test_fill_or_kill_counts_what_others_offer() -> None:
    resting, incoming = (
        venue(*THREE, ("b2", "ben", 102, 9), prevention=p) for p in (CANCEL_RESTING, CANCEL_INCOMING)
    )
    assert told(resting.place("a3", "ann", BUY, 102, 15, FILL_OR_KILL)) == ("cancelled", "not_all_at_once", [], [])
    assert left(resting) == [("b1", 5), ("a2", 5), ("a1", 5), ("b2", 9)], "nothing has made way for nothing"
    assert resting.place("a3", "ann", BUY, 102, 14, FILL_OR_KILL).outcome == "filled"
    assert told(incoming.place("a3", "ann", BUY, 102, 6, FILL_OR_KILL)) == ("cancelled", "meets_own_order", [], [])
    assert incoming.place("a3", "ann", BUY, 102, 5, FILL_OR_KILL).outcome == "filled"


def test_post_only_with_nobody_but_the_owner_in_the_way() -> None:
    matcher = venue(("a1", "ann", 100, 5), prevention=CANCEL_RESTING)
    assert told(matcher.place("a2", "ann", BUY, 100, 1, POST_ONLY)) == ("rested", "", [], ["a1"])
    matcher = venue(("a1", "ann", 100, 5), prevention=CANCEL_INCOMING)
    assert told(matcher.place("a2", "ann", BUY, 100, 1, POST_ONLY)) == ("cancelled", "meets_own_order", [], [])


# ── cancels and replacements ────────────────────────────────────────────────────────────────


def test_only_reducing_keeps_the_place() -> None:
    def queue_after(price: int, quantity: int) -> list[tuple[str, int]]:
        matcher = venue(("a1", "ann", 100, 5), ("b1", "ben", 100, 5))
        matcher.replace("a1", price, quantity)
        return left(matcher)

    assert queue_after(100, 3) == [("a1", 3), ("b1", 5)]
    assert queue_after(100, 5) == [("a1", 5), ("b1", 5)]
    assert queue_after(100, 6) == [("b1", 5), ("a1", 6)]
    assert queue_after(101, 3) == [("b1", 5), ("a1", 3)]
    assert queue_after(99, 3) == [("a1", 3), ("b1", 5)], "the better price goes first all the same"


def test_what_was_filled_stays_filled_when_the_rest_is_reduced() -> None:
    matcher = venue(("a1", "ann", 100, 5))
    matcher.place("b1", "ben", BUY, 100, 1)
    matcher.replace("a1", 100, 3)
    (order,) = matcher.book
    assert (order.quantity, order.remaining) == (4, 3)


def test_a_replacement_may_trade() -> None:
    matcher = venue(*THREE)
    matcher.place("c1", "cat", BUY, 99, 4)
    assert told(matcher.replace("c1", 100, 4)) == ("filled", "", [("b1", 100, 4)], [])


def test_a_filled_order_can_no_longer_be_cancelled() -> None:
    matcher = venue(*THREE)
    matcher.place("c1", "cat", BUY, 100, 5)
    assert matcher.cancel("b1").reason == "unknown_order"
    assert matcher.cancel("a2").outcome == "cancelled"


# ── the book itself ─────────────────────────────────────────────────────────────────────────


def test_a_sweep_changes_nothing_and_may_be_carried_out_in_part() -> None:
    book: Book[None] = Book()
    first, second = (BookOrder(id, "ann", SELL, 100, 5, None) for id in ("a1", "a2"))
    book.rest(first)
    book.rest(second)
    incoming = BookOrder("b1", "ben", BUY, 100, 9, None)
    sweep = book.sweep(incoming)
    assert (sweep, incoming.remaining, first.remaining) == ([(first, 5), (second, 4)], 9, 5)
    assert book.fill(incoming, sweep[:1]) == [first]
    assert (incoming.remaining, book.queue(SELL)) == (4, (second,))


def test_an_order_can_leave_and_come_back_with_another_key() -> None:
    book: Book[None] = Book()
    orders = [BookOrder(str(n), "ann", SELL, 100, 5, None, (100, n)) for n in range(4)]
    for order in orders:
        book.rest(order)
    book.cancel(orders[1])
    orders[1].key = (100, 9)
    book.rest(orders[1])
    assert [order.id for order in book] == ["0", "2", "3", "1"]
    book.cancel(orders[1])
    book.cancel(orders[1])
    assert [order.id for order in book] == ["0", "2", "3"]


# ── any stream of commands ──────────────────────────────────────────────────────────────────

OWNERS = ("ann", "ben", "cat")
PRICES = st.integers(95, 105)
WAYS = {  # how keys come: from the price, from the side's sign of it, a class, and a time
    "none": lambda price, signed, group, time: (),
    "price, class, time": lambda price, signed, group, time: (signed, group, time),
    "price, class": lambda price, signed, group, time: (signed, group),
    "class, price, time": lambda price, signed, group, time: (group, signed, time),
    "time": lambda price, signed, group, time: (time,),
    "worst price first": lambda price, signed, group, time: (-signed, time),
}


class Agreement(RuleBasedStateMachine):
    """The matcher and the naive one side by side. The kinds of key change as they go, as when rules change."""

    module: Any = pure

    @initialize(
        prevention=st.sampled_from(SELF_TRADES),
        ways=st.sets(st.sampled_from(list(WAYS)), min_size=1),
    )
    def open(self, prevention: str, ways: set[str]) -> None:
        self.fast = PlainMatcher(prevention, self.module)
        self.naive = NaiveMatcher(prevention)
        self.ways = sorted(ways)
        self.placed = 0

    def key(self, data: Any, side: str, price: int) -> tuple[int, ...]:
        way = WAYS[data.draw(st.sampled_from(self.ways))]
        group, time = data.draw(st.integers(0, 2)), data.draw(st.integers(0, 9))
        return way(price, -price if side == BUY else price, group, time)

    def any_order(self, data: Any) -> str:
        """Mostly one at rest."""
        assume(self.placed)
        live = [order.id for order in self.naive.orders]
        return data.draw(st.sampled_from([*live, f"o{self.placed}", "o1"]))

    @rule(
        data=st.data(),
        owner=st.sampled_from(OWNERS),
        side=st.sampled_from([BUY, SELL]),
        price=PRICES,
        quantity=st.integers(1, 12),
        kind=st.sampled_from([LIMIT, LIMIT, *ORDER_TYPES]),
    )
    def place(self, data: Any, owner: str, side: str, price: int, quantity: int, kind: str) -> None:
        self.placed += 1
        order = (f"o{self.placed}", owner, side, price, quantity, kind, self.key(data, side, price))
        assert told(self.fast.place(*order)) == self.naive.place(*order)

    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        id = self.any_order(data)
        assert told(self.fast.cancel(id)) == self.naive.cancel(id)

    @rule(data=st.data(), price=PRICES, quantity=st.integers(1, 12))
    def replace(self, data: Any, price: int, quantity: int) -> None:
        id = self.any_order(data)
        order = self.naive.named(id)
        if order and data.draw(st.booleans()):
            price = order.price
        key = self.key(data, order.side if order else BUY, price)
        assert told(self.fast.replace(id, price, quantity, key)) == self.naive.replace(id, price, quantity, key)

    @invariant()
    def the_queues_are_equal(self) -> None:
        if not hasattr(self, "naive"):
            return
        book = self.fast.book
        for side in (BUY, SELL):
            queue = self.naive.queue(side)
            assert [(o.id, o.remaining, o.key) for o in book.queue(side)] == [
                (o.id, o.remaining, o.key) for o in queue
            ]
            prices = sorted({o.price for o in queue}, reverse=side == BUY)
            assert book.best(side) == (prices[0] if prices else None)
            amounts = [(p, sum(o.remaining for o in queue if o.price == p)) for p in prices]
            assert book.depth(side, 3) == amounts[:3]
            for price in prices:
                assert [o.id for o in book.level(side, price)] == [o.id for o in queue if o.price == price]
        assert [o.id for o in book] == [o.id for side in (BUY, SELL) for o in self.naive.queue(side)]
        assert all(o.remaining > 0 for o in book)


def test_agreement_with_the_naive_matcher() -> None:
    run_state_machine_as_test(Agreement, settings=settings(max_examples=25, stateful_step_count=40, deadline=None))


@pytest.mark.slow
def test_long_agreement_with_the_naive_matcher() -> None:
    run_state_machine_as_test(Agreement, settings=settings(max_examples=500, stateful_step_count=100, deadline=None))


# ── who goes first is the rulebook's to say ─────────────────────────────────────────────────


def keys_of(rulebook: Rulebook) -> Any:
    """Keys of the shipped priority: of a side, a price, an affiliated market maker or a client, and a time."""
    priority, record = rulebook.evaluator("shared_book"), rulebook.records["Order"]

    def key(side: str, price: int, maker: bool, at: int) -> tuple[int, ...]:
        capacity = "affiliated_market_maker" if maker else "client"
        return priority.fast(record(side=side, price=price, capacity=capacity, accepted_at=at, sequence=at + 1))

    return key


MAKER = "maker"
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*OWNERS, MAKER]),
        st.sampled_from([BUY, SELL]),
        st.integers(99, 102),
        st.integers(1, 9),
        st.sampled_from([LIMIT, LIMIT, *ORDER_TYPES]),
        st.integers(0, 30),  # of these orders, one to replace or cancel
    ),
    max_size=60,
)


@pytest.fixture(scope="module")
def keys() -> Any:
    return keys_of(law_with()(ON))


@settings(max_examples=300, deadline=None)
@given(steps=STEPS, prevention=st.sampled_from(SELF_TRADES))
def test_no_market_maker_is_filled_while_a_client_rests_at_the_price(
    steps: list[Any], prevention: str, keys: Any
) -> None:
    matcher = PlainMatcher(prevention)
    for at, (owner, side, price, quantity, kind, other) in enumerate(steps):
        if at % 4 == 3:
            matcher.cancel(f"o{other}")
            continue
        resting = {o.id: (o.owner, o.side, o.price, o.remaining) for o in matcher.book}
        report = matcher.place(f"o{at}", owner, side, price, quantity, kind, keys(side, price, owner == MAKER, at))
        for own in report.self_trade_cancels:
            del resting[own.id]
        for order, amount in report.fills:
            maker, maker_side, at_price, remaining = resting[order.id]
            clients = [o for o, s, p, _ in resting.values() if (s, p) == (maker_side, at_price) and o != MAKER]
            assert maker != MAKER or not [c for c in clients if c != owner], "a client was passed over"
            resting[order.id] = (maker, maker_side, at_price, remaining - amount)
            if remaining == amount:
                del resting[order.id]


def test_another_declaration_matches_otherwise(keys: Any) -> None:
    def first_filled(key: Any) -> str:
        matcher = PlainMatcher()
        matcher.place("a1", "ann", SELL, 100, 5, LIMIT, key(SELL, 100, False, 1))
        matcher.place("m1", MAKER, SELL, 100, 5, LIMIT, key(SELL, 100, True, 2))
        matcher.place("m2", MAKER, SELL, 99, 5, LIMIT, key(SELL, 99, True, 3))
        report = matcher.place("b1", "ben", BUY, 100, 10, LIMIT, key(BUY, 100, False, 4))
        return " ".join(order.id for order, _ in report.fills)

    def declared(old: str, new: str) -> Any:
        return keys_of(law_with((old, new))(ON))

    assert first_filled(keys) == "m2 a1"
    maker_first = declared("client before affiliated_market_maker", "affiliated_market_maker before client")
    assert first_filled(maker_first) == "m2 m1"
    latest = declared("then earliest order.accepted_at", "then latest order.accepted_at")
    assert first_filled(latest) == "m2 a1"
    price, group = (
        "  best order.price for order.side per VATP/7.21\n",
        "client before affiliated_market_maker by order.capacity from 2026-02-11 per AMM/client_priority\n",
    )
    class_first = declared(f"{price}  then {group}", f"  {group}  then {price.lstrip()}")
    assert first_filled(class_first) == "a1 m2", "a client goes even before a better price"
