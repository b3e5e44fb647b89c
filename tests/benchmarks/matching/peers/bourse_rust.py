"""bourse: a Rust book behind PyO3. It numbers orders from 0, and wants the time to know who came first."""

from collections.abc import Sequence
from typing import Any

from bourse.core import OrderBook
from stream import CANCEL, MARKET, Op

Prepared = list[tuple[bool | None, int, int | None, int]]


def prepare(ops: Sequence[Op]) -> Prepared:
    numbers: dict[int, int] = {}
    prepared: Prepared = []
    for op in ops:
        if op.what == CANCEL:
            prepared.append((None, numbers[op.id], None, 0))
        else:
            numbers[op.id] = len(numbers)
            prepared.append((op.buy, op.quantity, None if op.what == MARKET else op.price, op.id))
    return prepared


def run(prepared: Prepared) -> list[Any]:
    book = OrderBook(0, 1, True)
    place, cancel, set_time = book.place_order, book.cancel_order, book.set_time
    for buy, number, price, at in prepared:
        if buy is None:
            cancel(number)
        else:
            set_time(at)
            place(buy, number, 0, price)
    trades: list[Any] = book.get_trades()
    return trades


def told(outcome: list[Any]) -> tuple[int, int, int]:
    return len(outcome), sum(t[3] for t in outcome), sum(t[2] * t[3] for t in outcome)
