"""This project's matcher, pure or compiled: the same two rows of either."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from bare import Trade
from stream import CANCEL, Op

_SIDE = {True: "buy", False: "sell"}


@dataclass(frozen=True, slots=True)
class Calls:
    """A method call for each operation; the trades are collected as they are reported."""

    matcher: ModuleType

    def prepare(self, ops: Sequence[Op]) -> list[tuple[str, str, str, str, int, int]]:
        ids = _ids(ops)
        return [(op.what, ids[op.id], _owner(op), _SIDE[op.buy], op.price, op.quantity) for op in ops]

    def run(self, prepared: list[tuple[str, str, str, str, int, int]]) -> list[tuple[str, str, int, int]]:
        matcher = self.matcher.Matcher()
        place, cancel = matcher.place, matcher.cancel
        trades = []
        for what, id, owner, side, price, quantity in prepared:
            if what == CANCEL:
                cancel(id)
            elif fills := place(id, owner, side, price, quantity, what).fills:
                for order, filled in fills:
                    trades.append((order.id, id, order.price, filled))
        return trades

    def told(self, outcome: list[tuple[str, str, int, int]]) -> list[Trade]:
        return _numbered(outcome)


@dataclass(frozen=True, slots=True)
class Stream:
    """All operations at once; the trades come back."""

    matcher: ModuleType

    def prepare(self, ops: Sequence[Op]) -> list[Any]:
        ids = _ids(ops)
        place, cancel = self.matcher.Place, self.matcher.Cancel
        return [
            cancel(ids[op.id])
            if op.what == CANCEL
            else place(ids[op.id], _owner(op), _SIDE[op.buy], op.price, op.quantity, op.what)
            for op in ops
        ]

    def run(self, prepared: list[Any]) -> list[tuple[str, str, int, int]]:
        trades: list[tuple[str, str, int, int]] = self.matcher.Matcher().run(prepared)
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
