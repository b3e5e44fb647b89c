"""This project's matcher, pure or compiled: `match` and `apply`, as the venues call them."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from bare import Trade
from stream import CANCEL, Op

from policy.market.matcher import CANCEL_INCOMING, RESTED

_SIDE = {True: "buy", False: "sell"}


@dataclass(frozen=True, slots=True)
class Calls:
    """Two function calls for each order; the trades are collected as they are reported."""

    matcher: ModuleType

    def prepare(self, ops: Sequence[Op]) -> list[tuple[str, str, str, str, int, int]]:
        ids = _ids(ops)
        return [(op.what, ids[op.id], _owner(op), _SIDE[op.buy], op.price, op.quantity) for op in ops]

    def run(self, prepared: list[tuple[str, str, str, str, int, int]]) -> list[tuple[str, str, int, int]]:
        matcher = self.matcher
        match, apply, order_of = matcher.match, matcher.apply, matcher.BookOrder
        book, live, trades = matcher.Book(), {}, []
        for what, id, owner, side, price, quantity in prepared:
            if what == CANCEL:
                book.cancel(live.pop(id))
                continue
            order = order_of(id, owner, side, price, quantity, None)
            result = match(book, order, what, CANCEL_INCOMING)
            for left in apply(book, order, result):
                del live[left.id]
            if result.outcome == RESTED:
                live[id] = order
            for resting, filled in result.fills:
                trades.append((resting.id, id, resting.price, filled))
        return trades

    def told(self, outcome: list[tuple[str, str, int, int]]) -> list[Trade]:
        return _numbered(outcome)


def _numbered(trades: list[tuple[str, str, int, int]]) -> list[Trade]:
    return [(int(resting), int(incoming), price, quantity) for resting, incoming, price, quantity in trades]


def _ids(ops: Sequence[Op]) -> list[str]:
    """One text for each number, so that a cancel names its order with the same object, as the numbers do."""
    return [str(number) for number in range(max(op.id for op in ops) + 1)]


def _owner(op: Op) -> str:
    """Buyers and sellers never meet their own orders: no peer knows what to do then."""
    return _SIDE[op.buy]
