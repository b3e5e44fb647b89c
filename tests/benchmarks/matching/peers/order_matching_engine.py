"""order-matching: data classes and filters over lists; slower the fuller the book."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bare import Trade
from loguru import logger
from order_matching.enums import Side
from order_matching.matching_engine import MatchingEngine
from order_matching.order import LimitOrder, MarketOrder
from order_matching.orders import Orders
from stream import CANCEL, LIMIT, Op

logger.disable("order_matching")

Prepared = list[tuple[Op, Any, datetime]]


def prepare(ops: Sequence[Op]) -> Prepared:
    side = {True: Side.BUY, False: Side.SELL}
    start = datetime(2026, 2, 11)
    return [(op, side[op.buy], start + timedelta(microseconds=at)) for at, op in enumerate(ops)]


def run(prepared: Prepared) -> list[Any]:
    engine = MatchingEngine(seed=1)
    trades: list[Any] = []
    for op, side, at in prepared:
        if op.what == CANCEL:
            engine.cancel_order(str(op.id))
            continue
        told = {"side": side, "size": op.quantity, "timestamp": at, "order_id": str(op.id), "trader_id": "x"}
        order = LimitOrder(price=op.price, **told) if op.what == LIMIT else MarketOrder(**told)
        engine.place(Orders([order]))
        trades += engine.match(at).trades
    return trades


def told(outcome: list[Any]) -> list[Trade]:
    return [(int(t.book_order_id), int(t.incoming_order_id), int(t.price), int(t.size)) for t in outcome]
