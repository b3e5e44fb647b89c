"""Who waits at which price, followed through a journal: what is needed to see who went first.

In: orders as they are accepted, replaced, filled and gone. Out: what the line looked like when someone was filled.
Absent: matching; the trades are the exchange's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice

from attrs import define, evolve, field, frozen

from policy.model.types import QuotedAmount
from policy.reports.journal.glossary import CLIENT

Level = tuple[str, str, str, QuotedAmount | None]  # instrument, venue, side, price; a market order has none
SHOWN = 3  # of each kind, of those who wait in a line


@frozen
class Waiting:
    """An order in line."""

    by: str
    level: Level
    remaining: QuotedAmount
    arrived: int  # in the order of arrival
    at: int


@frozen
class Filled:
    """What stood in line when an order was filled: its owner, and whether others of either kind stood there too."""

    order: Waiting
    by_client: bool
    clients_waited: bool
    makers_waited: bool
    overtook_a_maker: bool

    @property
    def contested(self) -> bool:
        return self.makers_waited if self.by_client else self.clients_waited


@define
class _Line:
    """Those who wait at a level, each kind in the order of arrival."""

    level: Level
    clients: OrderedDict[str, None] = field(factory=OrderedDict)
    makers: OrderedDict[str, None] = field(factory=OrderedDict)


@define
class Lines:
    """All lines, by level. Every step takes the same time, however long a line."""

    capacity: dict[str, str]  # of participants
    orders: dict[str, Waiting] = field(factory=dict)
    levels: dict[Level, _Line] = field(factory=dict)
    names: dict[str, str] = field(factory=dict)  # one text for every owner, whoever many orders bear it
    arrivals: int = 0

    def join(self, id: str, by: str, level: Level, remaining: QuotedAmount, at: int) -> None:
        self.leave(id)
        self.arrivals += 1
        line = self.levels.get(level)
        if line is None:
            line = self.levels[level] = _Line(level)
        by = self.names.setdefault(by, by)
        self.orders[id] = Waiting(by, line.level, remaining, self.arrivals, at)
        (line.clients if self.is_client(by) else line.makers)[id] = None

    def keep(self, id: str, remaining: QuotedAmount) -> None:
        """The order has so much left, and keeps its place."""
        self.orders[id] = evolve(self.orders[id], remaining=remaining)

    def leave(self, id: str) -> None:
        order = self.orders.pop(id, None)
        if order is not None:
            line = self.levels[order.level]
            line.clients.pop(id, None)
            line.makers.pop(id, None)
            if not line.clients and not line.makers:
                del self.levels[order.level]

    def fill(self, id: str, quantity: QuotedAmount) -> None:
        """Takes a quantity off an order, which leaves when nothing is left."""
        order = self.orders.get(id)
        if order is not None:
            if order.remaining <= quantity:
                self.leave(id)
            else:
                self.keep(id, order.remaining - quantity)

    def seen_from(self, id: str) -> Filled | None:
        """The line an order stands in, as it is about to be filled."""
        order = self.orders.get(id)
        if order is None:
            return None
        line, mine = self.levels[order.level], self.is_client(order.by)
        clients, makers = len(line.clients) - mine, len(line.makers) - (not mine)
        first_maker = next(iter(line.makers), None)
        overtook = mine and first_maker is not None and self.orders[first_maker].arrived < order.arrived
        return Filled(order, mine, clients > 0, makers > 0, overtook)

    def waiting(self, level: Level) -> Iterator[tuple[str, Waiting]]:
        """The first few of each kind at a level, in the order in which they came."""
        line = self.levels[level]
        ids = [*islice(line.clients, SHOWN), *islice(line.makers, SHOWN)]
        yield from sorted(((id, self.orders[id]) for id in ids), key=lambda waiting: waiting[1].arrived)

    def length(self, level: Level) -> int:
        line = self.levels[level]
        return len(line.clients) + len(line.makers)

    def is_client(self, by: str) -> bool:
        return self.capacity.get(by, CLIENT) == CLIENT
