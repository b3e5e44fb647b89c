"""Commands that make no sense on the perpetuals desk: each has an answer, and none has an effect."""

from __future__ import annotations

from typing import Any

import pytest

from perpetual_market import (
    CASH,
    HOUR,
    MIDNIGHT,
    ONE,
    USD,
    market,
    of,
)
from policy.market.events import CommandInvalid
from policy.perpetuals import commands as do
from policy.wire import event_json, json_line

ORDER = {"side": "buy", "size": ONE, "price": 100 * USD}
BIG = 10**17


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (lambda at: do.PlacePerpetual("x", "ann", "BTC", "DOGE", at=at, **ORDER), "unknown_contract"),
        (lambda at: do.PlacePerpetual("x", "eve", "BTC", "BTC", at=at, **ORDER), "unknown_account"),
        (lambda at: do.PlacePerpetual("x", "ann", "mine", "BTC", at=at, **ORDER), "unknown_bucket"),
        (lambda at: do.PlacePerpetual("x", "ann", "ETH", "BTC", at=at, **ORDER), "other_contract"),
        (
            lambda at: do.PlacePerpetual("x", "ann", "BTC", "BTC", at=at, **ORDER | {"price": 100 * USD + 1}),
            "off_tick",
        ),
        (lambda at: do.PlacePerpetual("x", "ann", "BTC", "BTC", at=at, **ORDER | {"size": ONE + 1}), "off_lot"),
        (lambda at: do.PlacePerpetual("x", "ann", "BTC", "BTC", at=at, **ORDER | {"size": 0}), "not_positive"),
        (lambda at: do.PlacePerpetual("x", "ann", "BTC", "BTC", at=at, **ORDER | {"size": -ONE}), "not_positive"),
        (lambda at: do.PlacePerpetual("x", "ann", "BTC", "BTC", at=at, **ORDER | {"price": 0}), "not_positive"),
        (lambda at: do.PlacePerpetual("x", "ann", "BTC", "BTC", at=at, **ORDER | {"price": None}), "price_missing"),
        (lambda at: do.PlacePerpetual("x", "ann", "BTC", "BTC", at=at, type="market", **ORDER), "price_unwanted"),
        (lambda at: do.PlacePerpetual("x", "ann", "BTC", "BTC", at=at, **ORDER | {"size": BIG}), "too_large"),
        (lambda at: do.PlacePerpetual("x", "ann", "BTC", "BTC", at=at - 1, **ORDER), "out_of_sequence"),
        (lambda at: do.CancelPerpetual("x", "ann", at=at), "unknown_order"),
        (lambda at: do.CancelPerpetual("there", "ben", at=at), "unknown_order"),
        (lambda at: do.CancelPerpetual("filled", "ben", at=at), "unknown_order"),
        (lambda at: do.IndexPrice("DOGE", at=at, price=USD), "unknown_contract"),
        (lambda at: do.IndexPrice("BTC", at=at, price=0), "not_positive"),
        (lambda at: do.IndexPrices(at=at, contracts=("BTC", "DOGE"), prices=(50 * USD, USD)), "unknown_contract"),
        (lambda at: do.IndexPrices(at=at, contracts=("BTC", "ETH"), prices=(50 * USD, 0)), "not_positive"),
        (lambda at: do.IndexPrices(at=at, contracts=("BTC", "ETH"), prices=(50 * USD,)), "price_count"),
        (lambda at: do.IndexPrices(at=at, contracts=("BTC", "BTC"), prices=(50 * USD, USD)), "price_count"),
        (lambda at: do.IndexPrice("BTC", at=at, price=BIG), "too_large"),
        (lambda at: do.IndexPrice("BTC", at=at + 400 * 24 * HOUR, price=USD), "too_far_ahead"),
        (lambda at: do.ListPerpetual("BTC", at=at, tick=1, lot=1), "duplicate"),
        (lambda at: do.ListPerpetual("cross", at=at, tick=1, lot=1), "duplicate"),
        (lambda at: do.ListPerpetual("DOGE", at=at, tick=0, lot=1), "not_positive"),
        (lambda at: do.ListPerpetual("DOGE", at=at, tick=1, lot=-1), "not_positive"),
        (lambda at: do.ListPerpetual("DOGE", at=at, tick=1, lot=1, product={"expires": "maybe"}), "facts_type"),
        (lambda at: do.OpenPerpetualAccount("ann", at=at), "duplicate"),
        (lambda at: do.OpenPerpetualAccount("eve", at=at, client={"investor": "whale"}), "facts_type"),
        (lambda at: do.DepositMargin("eve", at=at, value=1, asset=CASH), "unknown_account"),
        (lambda at: do.DepositMargin("ann", at=at, value=0, asset=CASH), "not_positive"),
        (lambda at: do.DepositMargin("ann", at=at, value=10**18 - 1, asset=CASH), "too_large"),
        (lambda at: do.WithdrawMargin("ann", at=at, value=1), "insufficient_balance"),
        (lambda at: do.PostMargin("ann", "BTC", at=at, amount=1), "insufficient_balance"),
        (lambda at: do.PostMargin("ann", "BTC", at=at, amount=-1), "not_positive"),
        (lambda at: do.ReleaseMargin("ann", "BTC", at=at, amount=10**12), "insufficient_balance"),
        (lambda at: do.TopUpFund(at=at, amount=0), "not_positive"),
    ],
)
def test_what_makes_no_sense_is_answered_and_changes_nothing(command: Any, code: str) -> None:
    made = market(ann=1_000, ben=1_000)
    made.list("ETH")
    made.order("ann", "buy", 100, 1, id="there")
    made.order("ann", "buy", 101, 1, id="met")
    made.order("ben", "sell", 101, 1, id="filled")
    before = made.kept.__dict__.copy(), set(made.desk.state.live), made.desk.total()
    events = made.desk.submit(command(made.at))
    (rejected,) = of(CommandInvalid, events)
    assert (len(events), rejected.code) == (1, code)
    assert rejected.message
    made.kept.read(events)
    assert (made.kept.__dict__, set(made.desk.state.live), made.desk.total()) == before


def test_the_same_commands_give_the_same_bytes() -> None:
    def run() -> str:
        made = market(fund=30, ann=60, ben=1_000, cat=10_000)
        events = []
        for name, side, price, size in (("ann", "buy", 100, 10), ("ben", "sell", 100, 10), ("cat", "buy", 95, 4)):
            events += made.order(name, side, price, size)
        events += made.index(90, at=MIDNIGHT + 9 * HOUR)
        return "\n".join(json_line(event_json(e)) for e in events)

    assert run() == run()
    assert "deleveraged" in run()
