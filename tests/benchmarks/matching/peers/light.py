"""lightmatchingengine: lists of orders in dictionaries. A price of 0 is a market order."""

from collections.abc import Sequence
from typing import Any

from lightmatchingengine.lightmatchingengine import LightMatchingEngine, Side
from stream import CANCEL, Op

Prepared = list[tuple[bool, int, Any, int, int]]


def prepare(ops: Sequence[Op]) -> Prepared:
    side = {True: Side.BUY, False: Side.SELL}
    return [(op.what == CANCEL, op.id, side[op.buy], op.price, op.quantity) for op in ops]


def run(prepared: Prepared) -> list[tuple[int, list[Any]]]:
    engine = LightMatchingEngine()
    add, cancel = engine.add_order, engine.cancel_order
    names: dict[int, int] = {}
    reported = []
    for cancels, id, side, price, quantity in prepared:
        if cancels:
            cancel(names[id], "X")
        else:
            order, trades = add("X", price, quantity, side)
            names[id] = order.order_id
            reported.append((order.order_id, trades))
    return reported


def told(outcome: list[tuple[int, list[Any]]]) -> tuple[int, int, int]:
    """Each trade is told twice: of the incoming order, a price at a time, and of the order at rest."""
    resting = [t for id, trades in outcome for t in trades if t.order_id != id]
    return len(resting), sum(t.trade_qty for t in resting), sum(t.trade_price * t.trade_qty for t in resting)
