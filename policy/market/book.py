"""The orders at rest in one instrument, and whom an incoming order would trade with.

In: orders with their keys. Out: fills in the queue's order, and the queue itself. Absent: any idea of who goes
first (the key is the rulebook's compiled `priority`, price included, and a lower key is filled earlier), what
order types and self-trades mean (`matcher` says), clock and I/O. Prices and quantities are integers.

A side keeps its orders in levels, one for each first component of a key. While that component is the price of
every order at rest, as it is wherever the better price goes first, a level is all there is at a price and a plan
stops at the first level that does not cross. One order of another kind makes its side scan on instead, until it
leaves. Nothing is assumed of the components that follow. An order that goes behind the others of its level, as it
does where time comes last, is queued at once; any other walks past those that it precedes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from typing import Any, Final, Generic, Literal, Self, TypeVar, get_args

Side = Literal["buy", "sell"]
OrderType = Literal["limit", "market", "immediate_or_cancel", "fill_or_kill", "post_only"]
SIDES: Final[tuple[Side, ...]] = get_args(Side)
ORDER_TYPES: Final[tuple[OrderType, ...]] = get_args(OrderType)

BUY: Final = "buy"
SELL: Final = "sell"
OPPOSITE: Final[dict[Side, Side]] = {BUY: SELL, SELL: BUY}

LIMIT: Final = "limit"
MARKET: Final = "market"
IMMEDIATE_OR_CANCEL: Final = "immediate_or_cancel"
FILL_OR_KILL: Final = "fill_or_kill"
POST_ONLY: Final = "post_only"

Key = tuple[int, ...]
T = TypeVar("T")
O = TypeVar("O", bound="BookOrder[Any]")


class BookOrder(Generic[T]):
    """An order while it lives. `data` is what its venue keeps of it; the book never looks.

    An empty key stands for the price alone: the better price first, then whoever came first.
    """

    __slots__ = ("data", "id", "key", "level", "next", "owner", "previous", "price", "quantity", "remaining", "side")

    def __init__(self, id: str, owner: str, side: Side, price: int, quantity: int, data: T, key: Key = ()) -> None:
        self.id = id
        self.owner = owner
        self.side = side
        self.price = price
        self.quantity = quantity
        self.remaining = quantity
        self.key = key
        self.data = data
        self.level: Level[Self] | None = None  # where it rests, if it does, and between whom
        self.previous: Self | None = None
        self.next: Self | None = None

    def __repr__(self) -> str:
        return f"<{self.side} {self.id}: {self.remaining} of {self.quantity} at {self.price}, key {self.key}>"


class Level(Generic[O]):
    """Orders whose keys begin alike, in key order."""

    __slots__ = ("first", "last", "rank", "side")

    def __init__(self, side: BookSide[O], rank: int, only: O) -> None:
        self.side = side
        self.rank = rank  # the component, negated
        self.first: O = only
        self.last: O = only

    def __iter__(self) -> Iterator[O]:
        order: O | None = self.first
        while order is not None:
            yield order
            order = order.next


class BookSide(Generic[O]):
    """The levels of one side. The last rank is the best."""

    __slots__ = ("by_rank", "keys_without_price", "ranks", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign  # of a price, as a rank
        self.ranks: list[int] = []
        self.by_rank: dict[int, Level[O]] = {}
        self.keys_without_price = 0  # orders whose keys do not begin with their price

    def __iter__(self) -> Iterator[O]:
        for rank in reversed(self.ranks):
            yield from self.by_rank[rank]


Fill = tuple[O, int]


class Book(Generic[O]):
    """The two queues of one instrument."""

    __slots__ = ("_buys", "_sells")

    def __init__(self) -> None:
        self._buys: BookSide[O] = BookSide(1)
        self._sells: BookSide[O] = BookSide(-1)

    # ── an incoming order ───────────────────────────────────────────────────────────────────

    def sweep(self, incoming: O, bounded: bool = True) -> list[Fill[O]]:
        """Whom it would trade with and how much, in the queue's order; at any price, if it is not bounded by its own.

        An order of the same owner is in the list where it would be met, with a quantity of 0.
        """
        if incoming.side == BUY:
            side, worst = self._sells, -incoming.price
        else:
            side, worst = self._buys, incoming.price
        ranks = side.ranks
        if not ranks:
            return []
        if side.keys_without_price:
            return _from(iter([o for o in side if not bounded or o.price * side.sign >= worst]), incoming)
        if bounded and ranks[-1] < worst:
            return []
        fills: list[Fill[O]] = []
        wanted = incoming.remaining
        owner = incoming.owner
        for rank in reversed(ranks):
            if bounded and rank < worst:
                break
            order: O | None = side.by_rank[rank].first
            while order is not None:
                if order.owner == owner:
                    fills.append((order, 0))
                else:
                    available = order.remaining
                    if available >= wanted:
                        fills.append((order, wanted))
                        return fills
                    fills.append((order, available))
                    wanted -= available
                order = order.next
        return fills

    def fill(self, incoming: O, fills: Sequence[Fill[O]]) -> list[O]:
        """Carries out a sweep, or a part of it. Returns the orders that are filled, which leave the book."""
        filled = []
        taken = 0
        for order, quantity in fills:
            taken += quantity
            order.remaining -= quantity
            if not order.remaining:
                self.cancel(order)
                filled.append(order)
        incoming.remaining -= taken
        return filled

    def rest(self, order: O) -> None:
        """Queues what remains of an order, behind the others of its key if there are any."""
        side, rank = (self._buys, order.price) if order.side == BUY else (self._sells, -order.price)
        key = order.key
        if key and key[0] != -rank:
            side.keys_without_price += 1
            rank = -key[0]
        level = side.by_rank.get(rank)
        if level is None:
            side.by_rank[rank] = order.level = Level(side, rank, order)
            insort(side.ranks, rank)
            return
        order.level = level
        last = level.last
        if last.key is key or last.key <= key:
            order.previous = last
            last.next = order
            level.last = order
        else:
            _insert(level, order)

    # ── an order at rest ────────────────────────────────────────────────────────────────────

    def cancel(self, order: O) -> None:
        """Takes an order at rest out; one that does not rest is left as it is."""
        level = order.level
        if level is None:
            return
        order.level = None
        side = level.side
        if side.keys_without_price and level.rank != order.price * side.sign:
            side.keys_without_price -= 1
        previous, next = order.previous, order.next
        if next is not None:
            next.previous = previous
            order.next = None
            if previous is None:
                level.first = next
            else:
                previous.next = next
                order.previous = None
        elif previous is not None:
            previous.next = None
            level.last = previous
            order.previous = None
        else:
            rank, ranks = level.rank, side.ranks
            del side.by_rank[rank]
            if ranks[-1] == rank:
                ranks.pop()
            else:
                del ranks[bisect_left(ranks, rank)]

    def reduce(self, order: O, remaining: int) -> None:
        """Lowers what remains of an order at rest, which keeps its place."""
        order.quantity -= order.remaining - remaining
        order.remaining = remaining

    # ── what there is ───────────────────────────────────────────────────────────────────────

    def queue(self, side: Side) -> tuple[O, ...]:
        """The orders of a side, the first to be filled first."""
        return tuple(self.side(side))

    def level(self, side: Side, price: int) -> tuple[O, ...]:
        """The orders of a side at one price, the first to be filled first."""
        of = self.side(side)
        if of.keys_without_price:
            return tuple([order for order in of if order.price == price])
        rank = price * of.sign
        return tuple(of.by_rank[rank]) if rank in of.by_rank else ()

    def best(self, side: Side) -> int | None:
        """The highest price that is bid, or the lowest that is asked."""
        of = self.side(side)
        if of.keys_without_price:
            return of.sign * max([of.sign * order.price for order in of])
        return of.sign * of.ranks[-1] if of.ranks else None

    def depth(self, side: Side, levels: int) -> list[tuple[int, int]]:
        """The best prices of a side, each with what rests there."""
        of = self.side(side)
        ranks = sorted({of.sign * order.price for order in of}) if of.keys_without_price else of.ranks
        prices = [of.sign * rank for rank in reversed(ranks[-levels:])] if levels else []
        return [(price, sum([order.remaining for order in self.level(side, price)])) for price in prices]

    def __iter__(self) -> Iterator[O]:
        """Everything at rest: buys, then sells, each in the queue's order."""
        yield from self._buys
        yield from self._sells

    def side(self, side: Side) -> BookSide[O]:
        """The orders of a side, the first to be filled first, without a copy of them."""
        return self._buys if side == BUY else self._sells


def _insert(level: Level[O], order: O) -> None:
    """Puts an order before those of its level whose keys are higher, of which the last is one."""
    after: O | None = level.last
    before: O | None = None
    while after is not None and after.key > order.key:
        before, after = after, after.previous
    order.previous, order.next = after, before
    if after is None:
        level.first = order
    else:
        after.next = order
    if before is not None:
        before.previous = order


def _from(queue: Iterator[O], incoming: O) -> list[Fill[O]]:
    """A plan from the front of a queue, all of whose orders cross."""
    fills: list[Fill[O]] = []
    wanted = incoming.remaining
    for order in queue:
        quantity = 0 if order.owner == incoming.owner else min(wanted, order.remaining)
        fills.append((order, quantity))
        wanted -= quantity
        if not wanted:
            break
    return fills
