"""Who waits at which price, followed through a journal: what is needed to see who went first.

In: orders as they are accepted, replaced, filled and gone. Out: what the line looked like when someone was filled.
Absent: matching; the trades are the exchange's.
"""

from __future__ import annotations

from attrs import define, field, frozen

Level = tuple[str, str, str, str]  # instrument, venue, side, price
CLIENT = "client"


@frozen
class Waiting:
    """An order in line."""

    by: str
    level: Level
    remaining: int


@frozen
class Filled:
    """What stood in line when an order was filled: its owner, and whether others of either kind stood there too."""

    order: Waiting
    by_client: bool
    clients_waited: bool
    makers_waited: bool
    passed_a_maker: bool


@define
class Lines:
    """All lines, by level."""

    capacity: dict[str, str]  # of participants
    orders: dict[str, Waiting] = field(factory=dict)
    levels: dict[Level, dict[str, None]] = field(factory=dict)

    def join(self, id: str, by: str, level: Level, remaining: int) -> None:
        self.leave(id)
        self.orders[id] = Waiting(by, level, remaining)
        self.levels.setdefault(level, {})[id] = None

    def keep(self, id: str, remaining: int) -> None:
        """The order has so much left, and keeps its place."""
        order = self.orders[id]
        self.orders[id] = Waiting(order.by, order.level, remaining)

    def leave(self, id: str) -> None:
        order = self.orders.pop(id, None)
        if order is not None:
            line = self.levels[order.level]
            del line[id]
            if not line:
                del self.levels[order.level]

    def fill(self, id: str, quantity: int) -> Waiting | None:
        """Takes a quantity off an order, which leaves when nothing is left."""
        order = self.orders.get(id)
        if order is not None:
            if order.remaining <= quantity:
                self.leave(id)
            else:
                self.keep(id, order.remaining - quantity)
        return order

    def seen_from(self, id: str) -> Filled | None:
        """The line an order stands in, as it is about to be filled."""
        order = self.orders.get(id)
        if order is None:
            return None
        clients = makers = earlier_maker = False
        reached = False
        for other in self.levels[order.level]:
            if other == id:
                reached = True
                continue
            if self.is_client(self.orders[other].by):
                clients = True
            else:
                makers = True
                earlier_maker |= not reached
        mine = self.is_client(order.by)
        return Filled(order, mine, clients, makers, mine and earlier_maker)

    def is_client(self, by: str) -> bool:
        return self.capacity.get(by, CLIENT) == CLIENT
