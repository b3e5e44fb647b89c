"""pyorderbook: heaps of levels, decimal prices, UUIDs. It has no market orders: they are limits at any price."""

import logging
from collections.abc import Sequence
from typing import Any

from pyorderbook.book import Book
from pyorderbook.order import Order, Side
from stream import CANCEL, MARKET, Op

logging.getLogger("pyorderbook.book").setLevel(logging.ERROR)
logging.raiseExceptions = False  # it logs a cancel with a text that does not fit

Prepared = list[tuple[bool, int, Any, int, int]]


def prepare(ops: Sequence[Op]) -> Prepared:
    side = {True: Side.BID, False: Side.ASK}
    price = {True: 1_000_000, False: 1}
    return [
        (op.what == CANCEL, op.id, side[op.buy], price[op.buy] if op.what == MARKET else op.price, op.quantity)
        for op in ops
    ]


def run(prepared: Prepared) -> list[Any]:
    book = Book()
    match, cancel = book.match, book.cancel
    orders: dict[int, Order] = {}
    reported = []
    for cancels, id, side, price, quantity in prepared:
        if cancels:
            cancel(orders[id])
        else:
            order = orders[id] = Order(side, "X", price, quantity)
            reported.append(match(order))
    return reported


def told(outcome: list[Any]) -> tuple[int, int, int]:
    trades = [t for blotter in outcome for t in blotter.trades]
    return len(trades), sum(t.fill_quantity for t in trades), int(sum(t.fill_price * t.fill_quantity for t in trades))
