"""The exchange under the shipped rulebook: who is filled first, and that nothing is made or lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policy
from policy.decisions import MISSING, Outcome
from policy.exchange.engine import Engine, ExchangeRules
from policy.exchange.ledger import Ledger
from policy.exchange.orders import Accepted, Cancel, Cancelled, Event, NotCancelled, Place, Refused, Traded
from policy.pipeline import Rulebook
from policy.resources import folder

ON = "2026-03-01"
COIN = 10**8
RULEBOOK = policy.load(on=ON)


def rules_of(rulebook: Rulebook) -> ExchangeRules:
    return ExchangeRules(
        accepted=rulebook.evaluator("order_accepted"),
        notional=rulebook.evaluator("order_notional"),
        priority=rulebook.evaluator("shared_book"),
    )


RULES = rules_of(RULEBOOK)


def order(side: str, price: int, quantity: int, maker: bool = False, at: int = 0, **other: Any) -> Any:
    """An order that only its funding can stop."""
    facts = {
        "side": side,
        "capacity": "affiliated_market_maker" if maker else "client",
        "investor": "institutional_professional",
        "venue": "own_book",
        "price": price,
        "quantity": quantity,
        "fees": 0,
        "financed": False,
        "admitted": True,
        "maker_approved": True,
        "maker_independent": True,
        "maker_reviewed": True,
        "accepted_at": at,
    }
    return RULEBOOK.records["Order"](**{**facts, **other})


def engine(rules: ExchangeRules = RULES, money: int = 10**9, coins: int = 100 * COIN) -> Engine:
    made = Engine(rules, Ledger(), money="HKD")
    for owner in ("ann", "ben", "maker"):
        made.ledger.bring(owner, "HKD", money)
        made.ledger.bring(owner, "BTC", coins)
    return made


def place(on: Engine, id: str, owner: str, facts: Any) -> list[Event]:
    return on.submit(Place(id, owner, "own_book", "BTC", facts))


def fills(events: list[Event]) -> list[tuple[str, int]]:
    return [(e.resting, e.quantity) for e in events if isinstance(e, Traded)]


# ── who is filled first ─────────────────────────────────────────────────────────────────────


def test_a_client_goes_before_the_market_maker_at_the_same_price() -> None:
    market = engine()
    place(market, "m1", "maker", order("sell", 100_00, COIN, maker=True, at=1))
    place(market, "a1", "ann", order("sell", 100_00, COIN, at=2))
    (_, traded) = place(market, "b1", "ben", order("buy", 100_00, COIN, at=3))
    assert isinstance(traded, Traded)
    assert (traded.resting, traded.queue) == ("a1", ("a1", "m1"))


def test_a_better_price_goes_before_a_client() -> None:
    market = engine()
    place(market, "a1", "ann", order("sell", 101_00, COIN, at=1))
    place(market, "m1", "maker", order("sell", 100_00, COIN, maker=True, at=2))
    assert fills(place(market, "b1", "ben", order("buy", 101_00, 2 * COIN, at=3))) == [("m1", COIN), ("a1", COIN)]


def test_clients_go_in_the_order_received() -> None:
    market = engine()
    place(market, "b1", "ben", order("buy", 100_00, COIN, at=5))
    place(market, "a1", "ann", order("buy", 100_00, COIN, at=5))
    assert fills(place(market, "m1", "maker", order("sell", 99_00, COIN, maker=True, at=9))) == [("b1", COIN)]


def test_a_trade_is_made_at_the_price_of_the_order_at_rest() -> None:
    market = engine()
    place(market, "a1", "ann", order("sell", 100_00, COIN))
    (_, traded) = place(market, "b1", "ben", order("buy", 120_00, COIN))
    assert isinstance(traded, Traded)
    assert (traded.price, traded.value) == (100_00, 100_00)


def test_another_priority_declaration_matches_otherwise(tmp_path: Path) -> None:
    copytree(folder("rulesets") / "hk_sfc", tmp_path / "rules")
    file = tmp_path / "rules" / "orders.policy"
    text = file.read_text(encoding="utf-8")
    swapped = text.replace(
        "client before affiliated_market_maker by order.capacity",
        "affiliated_market_maker before client by order.capacity",
    )
    assert swapped != text
    file.write_text(swapped, encoding="utf-8")
    market = engine(rules_of(policy.load(tmp_path / "rules", on=ON)))
    place(market, "a1", "ann", order("sell", 100_00, COIN, at=1))
    place(market, "m1", "maker", order("sell", 100_00, COIN, maker=True, at=2))
    assert fills(place(market, "b1", "ben", order("buy", 100_00, COIN, at=3))) == [("m1", COIN)]


# ── reserving ───────────────────────────────────────────────────────────────────────────────


def test_what_is_reserved_is_no_longer_available() -> None:
    market = engine(money=150_00)
    accepted = place(market, "b1", "ben", order("buy", 100_00, COIN))[0]
    refused = place(market, "b2", "ben", order("buy", 50_01, COIN))[0]
    assert isinstance(accepted, Accepted)
    assert (accepted.what, accepted.held) == ("HKD", 100_00)
    assert isinstance(refused, Refused)
    assert [r.rule for r in refused.answer.reasons] == ["not_prefunded"]
    assert isinstance(place(market, "b3", "ben", order("buy", 50_00, COIN))[0], Accepted)


def test_tokens_are_reserved_for_a_sale() -> None:
    market = engine(coins=COIN)
    assert isinstance(place(market, "a1", "ann", order("sell", 100_00, COIN))[0], Accepted)
    refused = place(market, "a2", "ann", order("sell", 100_00, 1))[0]
    assert isinstance(refused, Refused)
    assert market.ledger.held("ann", "BTC") == COIN


def test_what_a_better_price_saves_is_freed() -> None:
    market = engine(money=120_00)
    place(market, "a1", "ann", order("sell", 100_00, COIN))
    place(market, "b1", "ben", order("buy", 120_00, COIN))
    assert market.ledger.available("ben", "HKD") == 20_00
    assert market.ledger.held("ben", "HKD") == 0
    assert market.ledger.available("ann", "HKD") == 220_00


def test_cancelling_frees_what_is_left_to_the_cent() -> None:
    market = engine(money=10_00)
    place(market, "b1", "ben", order("buy", 3_33, 3 * COIN))
    place(market, "a1", "ann", order("sell", 3_33, COIN))
    (cancelled,) = market.submit(Cancel("b1", "ben"))
    assert cancelled == Cancelled("b1", 2 * COIN, "HKD", 6_66)
    assert market.ledger.available("ben", "HKD") == 10_00 - 3_33


def test_only_its_owner_cancels_an_order() -> None:
    market = engine()
    place(market, "b1", "ben", order("buy", 100_00, COIN))
    assert market.submit(Cancel("b1", "ann")) == [NotCancelled("b1", "ann")]
    assert isinstance(market.submit(Cancel("b1", "ben"))[0], Cancelled)
    assert market.submit(Cancel("b1", "ben")) == [NotCancelled("b1", "ben")]


def test_fees_are_charged_in_proportion_and_the_rest_is_freed() -> None:
    market = engine(money=101_00)
    place(market, "b1", "ben", order("buy", 50_00, 2 * COIN, fees=1_00))
    place(market, "a1", "ann", order("sell", 50_00, COIN, fees=25))
    assert market.ledger.available("fees", "HKD") == 50 + 25
    assert market.ledger.available("ann", "HKD") == 101_00 + 50_00 - 25
    market.submit(Cancel("b1", "ben"))
    assert market.ledger.available("ben", "HKD") == 101_00 - 50_00 - 50


def test_an_order_with_an_unknown_fact_is_not_let_in() -> None:
    market = engine()
    (refused,) = place(market, "b1", "ben", order("buy", 100_00, COIN, admitted=MISSING))
    assert isinstance(refused, Refused)
    assert refused.answer.outcome is Outcome.UNDECIDED
    assert refused.answer.needs == ("order.admitted",)
    (refused,) = place(market, "b2", "ben", order("buy", 100_00, COIN, accepted_at=MISSING))
    assert isinstance(refused, Refused)
    assert refused.answer.needs == ("order.accepted_at",)


def test_a_ledger_never_pays_what_is_not_there() -> None:
    ledger = Ledger()
    ledger.bring("ann", "HKD", 5)
    with pytest.raises(ValueError, match="ann does not have enough HKD"):
        ledger.hold("ann", "HKD", 6)


# ── any stream of orders ────────────────────────────────────────────────────────────────────

OWNERS = st.sampled_from(["ann", "ben", "maker"])
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("place"),
            OWNERS,
            st.sampled_from(["buy", "sell"]),
            st.integers(9_998, 10_003),
            st.integers(1, 3 * COIN),
            st.integers(0, 99),
        ),
        st.tuples(st.just("cancel"), OWNERS, st.integers(0, 40)),
    ),
    max_size=40,
)


def carry_out(market: Engine, steps: list[tuple[Any, ...]], after: Callable[[list[Event]], None]) -> list[Event]:
    events = []
    for n, (kind, owner, *rest) in enumerate(steps):
        if kind == "cancel":
            new = market.submit(Cancel(f"o{rest[0]}", owner))
        else:
            side, price, quantity, fees = rest
            facts = order(side, price, quantity, maker=owner == "maker", at=n, fees=fees)
            new = place(market, f"o{n}", owner, facts)
        after(new)
        events += new
    return events


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_no_market_maker_is_filled_while_a_client_waits_at_the_price(steps: list[tuple[Any, ...]]) -> None:
    market = engine(money=50_000, coins=4 * COIN)
    waiting: dict[str, tuple[str, str, int]] = {}  # owner, side, price

    def check(events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Traded):
                owner, side, price = waiting[event.resting]
                ahead = [o for o, s, p in waiting.values() if o != "maker" and (s, p) == (side, price)]
                assert owner != "maker" or not ahead
                alive = {o.id for o in market.books["own_book", "BTC"]}
                if event.resting not in alive:
                    del waiting[event.resting]
        waiting.clear()
        for book in market.books.values():
            waiting.update({o.id: (o.owner, o.side, o.price) for o in book})

    carry_out(market, steps, check)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_reservations_conserve_money_and_tokens(steps: list[tuple[Any, ...]]) -> None:
    market = engine(money=50_000, coins=4 * COIN)

    def check(_: list[Event]) -> None:
        resting = [o for book in market.books.values() for o in book]
        held = {"HKD": 0, "BTC": 0}
        for o in resting:
            assert o.remaining > 0
            held["HKD" if o.side == "buy" else "BTC"] += o.held
        totals = market.ledger.totals()
        for what, brought in (("HKD", 150_000), ("BTC", 12 * COIN)):
            assert totals[what] == (brought - held[what], held[what])
        best_bid = max((o.price for o in resting if o.side == "buy"), default=0)
        assert all(o.price > best_bid for o in resting if o.side == "sell")

    carry_out(market, steps, check)
    for book in list(market.books.values()):
        for o in list(book):
            market.submit(Cancel(o.id, o.owner))
    assert all(held == 0 for _, held in market.ledger.totals().values())


@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_the_same_orders_give_the_same_events(steps: list[tuple[Any, ...]]) -> None:
    runs = [carry_out(engine(money=50_000), steps, lambda _: None) for _ in range(2)]
    first, second = ([e for e in run if not isinstance(e, Refused | Accepted)] for run in runs)
    assert first == second
