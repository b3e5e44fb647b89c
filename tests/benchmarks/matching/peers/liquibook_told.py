"""liquibook: a C++ book behind SWIG, which calls a Python listener for every fill."""

from collections.abc import Sequence
from typing import Any

import liquibook
from stream import CANCEL, Op

Prepared = list[tuple[bool, int, bool, int, int]]


class Listener(liquibook.OrderListener):  # type: ignore[misc]  # it has no types
    """Fills; the book insists on telling the rest too."""

    def __init__(self) -> None:
        super().__init__()
        self.fills: list[tuple[int, int]] = []

    def on_fill(self, order: Any, matched: Any, quantity: int, price: int) -> None:
        self.fills.append((price, quantity))

    def on_accept(self, *_: Any) -> None:
        """Not of interest."""

    on_trigger_stop = on_reject = on_cancel = on_cancel_reject = on_replace = on_replace_reject = on_accept


def prepare(ops: Sequence[Op]) -> Prepared:
    return [(op.what == CANCEL, op.id, op.buy, op.price, op.quantity) for op in ops]


def run(prepared: Prepared) -> list[tuple[int, int]]:
    book, listener = liquibook.DepthOrderBook(), Listener()
    book.set_order_listener(listener)
    carry_out(book, prepared)
    return listener.fills


def carry_out(book: Any, prepared: Prepared) -> dict[int, Any]:
    """A price of 0 is a market order."""
    order_of, add, cancel = liquibook.SimpleOrder, book.add, book.cancel
    orders: dict[int, Any] = {}
    for cancels, id, buy, price, quantity in prepared:
        if cancels:
            cancel(orders[id])
        else:
            order = orders[id] = order_of(buy, price, quantity)
            add(order)
    return orders


def told(outcome: list[tuple[int, int]]) -> tuple[int, int, int]:
    return len(outcome), sum(q for _, q in outcome), sum(p * q for p, q in outcome)
