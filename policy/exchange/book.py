"""Orders at rest in one token, each side in the order that a key function gives.

In: orders with their keys. Out: the queue of a side, and the level of a price. Absent: any idea of who goes
first; the key is the rulebook's compiled `priority`, price included, and a lower key is filled earlier.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any

from attrs import define, field

BUY, SELL = "buy", "sell"
OPPOSITE = {BUY: SELL, SELL: BUY}

Key = tuple[int, ...]


@define(eq=False)
class Resting:
    """An accepted order while it lives; prices and quantities as the rulebook's scaled integers."""

    id: str
    owner: str
    market: str
    token: str
    side: str
    price: int
    quantity: int
    remaining: int
    key: Key
    held: int  # what is reserved for `remaining`: money of a buyer, fees included, and tokens of a seller
    fees: int  # still to be charged
    facts: Any

    def crosses(self, other: Resting) -> bool:
        """Whether this order and one of the other side agree on a price."""
        return self.price >= other.price if self.side == BUY else self.price <= other.price


def _key(order: Resting) -> Key:
    return order.key


@define
class Book:
    """The two queues of one token in one market."""

    _queues: dict[str, list[Resting]] = field(factory=lambda: {BUY: [], SELL: []})

    def add(self, order: Resting) -> None:
        """Queues an order; behind the others of its key, if there are any."""
        insort(self._queues[order.side], order, key=_key)

    def remove(self, order: Resting) -> None:
        """Takes an order out of its queue."""
        queue = self._queues[order.side]
        at = bisect_left(queue, order.key, key=_key)
        del queue[queue.index(order, at)]

    def queue(self, side: str) -> tuple[Resting, ...]:
        """The orders of a side, the first to be filled first."""
        return tuple(self._queues[side])

    def level(self, side: str, price: int) -> tuple[Resting, ...]:
        """The orders of a side at one price, the first to be filled first."""
        return tuple(order for order in self._queues[side] if order.price == price)

    def __iter__(self) -> Iterator[Resting]:
        yield from self._queues[BUY]
        yield from self._queues[SELL]
