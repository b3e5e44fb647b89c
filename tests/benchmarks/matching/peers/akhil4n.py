"""akhil4n-orderbook: sorted dictionaries of ordered dictionaries. It numbers orders itself, as texts."""

from collections.abc import Sequence
from typing import Any

from bare import Trade
from orderbook import MarketOrder, Order, OrderBook, OrderSide
from stream import CANCEL, LIMIT, Op

Prepared = list[tuple[str, int, Any, int, int]]


def prepare(ops: Sequence[Op]) -> Prepared:
    side = {True: OrderSide.BID, False: OrderSide.ASK}
    return [(op.what, op.id, side[op.buy], op.price, op.quantity) for op in ops]


def run(prepared: Prepared) -> tuple[dict[str, int], list[Any]]:
    book = OrderBook()
    names: dict[int, str] = {}
    for what, id, side, price, quantity in prepared:
        if what == LIMIT:
            order = Order(side, price, quantity)
            names[id] = order.order_id
            book.add_limit_order(order)
        elif what == CANCEL:
            book.cancel_order(names[id])
        else:
            order = MarketOrder(side, quantity)
            names[id] = order.order_id
            book.add_market_order(order)
    return {name: id for id, name in names.items()}, book.trade_log


def told(outcome: tuple[dict[str, int], list[Any]]) -> list[Trade]:
    ids, trades = outcome
    return [(ids[t.filler_id], ids[t.aggressor_id], t.price, t.quantity_filled) for t in trades]
