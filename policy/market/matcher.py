"""One instrument's plain venue, and what each order type means on any venue.

In: orders, cancels and replacements. Out: what happened, one report each. Absent: rules, money, clock and I/O;
a venue under rules calls `meet` and `settle` itself, between its own questions.

An order trades at the prices of the orders at rest. Of what does not trade at once, a `limit` order rests, a
`market` order (which takes any price) and an `immediate_or_cancel` order are cancelled, a `fill_or_kill` order
trades all or nothing, and a `post_only` order that would trade is rejected. Nobody trades with an order of their
own: where one is in the way, either what remains of the incoming order is cancelled (`cancel_incoming`), or the
one at rest leaves (`cancel_resting`), unless nothing comes of the incoming order at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, get_args

from policy.market.book import (
    BUY,
    FILL_OR_KILL,
    IMMEDIATE_OR_CANCEL,
    LIMIT,
    MARKET,
    OPPOSITE,
    POST_ONLY,
    SELL,
    Book,
    BookOrder,
    Fill,
    Key,
    OrderType,
    Side,
)

SelfTrade = Literal["cancel_incoming", "cancel_resting"]
SELF_TRADES: Final[tuple[SelfTrade, ...]] = get_args(SelfTrade)
CANCEL_INCOMING: Final = "cancel_incoming"
CANCEL_RESTING: Final = "cancel_resting"

# What became of a command
Outcome = Literal["rested", "filled", "cancelled", "reduced", "rejected"]
RESTED: Final = "rested"
FILLED: Final = "filled"
CANCELLED: Final = "cancelled"
REDUCED: Final = "reduced"
REJECTED: Final = "rejected"

# Why an order, or what remained of it, was cancelled or rejected
Reason = Literal[
    "requested", "nothing_left_to_trade_with", "not_all_at_once", "meets_own_order", "would_trade_at_once"
]
REQUESTED: Final = "requested"
NOTHING_LEFT: Final = "nothing_left_to_trade_with"
NOT_ALL_AT_ONCE: Final = "not_all_at_once"
OWN_ORDER: Final = "meets_own_order"
WOULD_TRADE: Final = "would_trade_at_once"
DUPLICATE_ORDER: Final = "duplicate_order"
UNKNOWN_ORDER: Final = "unknown_order"
UNKNOWN_KIND: Final = "unknown_kind"
UNKNOWN_SIDE: Final = "unknown_side"
NOT_POSITIVE: Final = "not_positive"


class Report:
    """What came of a command, or would: the trades, and which of its owner's orders left to make way."""

    __slots__ = ("fills", "leaving", "outcome", "reason")

    def __init__(
        self, outcome: Outcome, reason: Any = "", fills: Sequence[Fill] = (), leaving: Sequence[BookOrder] = ()
    ) -> None:
        self.outcome = outcome
        self.reason = reason
        self.fills = fills
        self.leaving = leaving


_RESTED: Final = Report(RESTED)
_REDUCED: Final = Report(REDUCED)
_CANCELLED: Final = Report(CANCELLED, REQUESTED)

_UNMET: Final[dict[OrderType, Report]] = {
    LIMIT: _RESTED,
    MARKET: Report(CANCELLED, NOTHING_LEFT),
    IMMEDIATE_OR_CANCEL: Report(CANCELLED, NOTHING_LEFT),
    FILL_OR_KILL: Report(CANCELLED, NOT_ALL_AT_ONCE),
    POST_ONLY: _RESTED,
}
"""What becomes of an order, or the rest of it, that nobody is there to trade with."""


def meet(book: Book, incoming: BookOrder, kind: OrderType, prevention: SelfTrade) -> Report:
    """What an order of a type would come to. Changes nothing."""
    plan = book.plan(incoming, kind != MARKET)
    return _judge(plan, incoming, kind, prevention) if plan else _UNMET[kind]


def _judge(plan: list[Fill], incoming: BookOrder, kind: OrderType, prevention: SelfTrade) -> Report:
    """What an order of a type would come to that has somebody to trade with, if only its owner."""
    traded = 0
    for _, quantity in plan:
        if not quantity:
            return _meet_own(plan, incoming, kind, prevention)
        traded += quantity
    if kind == POST_ONLY:
        return Report(REJECTED, WOULD_TRADE)
    if traded == incoming.remaining:
        return Report(FILLED, "", plan)
    unmet = _UNMET[kind]
    return unmet if kind == FILL_OR_KILL else Report(unmet.outcome, unmet.reason, plan)


def _meet_own(plan: list[Fill], incoming: BookOrder, kind: OrderType, prevention: SelfTrade) -> Report:
    """As `_judge`, where orders of the same owner are in the way."""
    if prevention == CANCEL_RESTING:
        fills = [fill for fill in plan if fill[1]]
        report = _judge(fills, incoming, kind, prevention) if fills else _UNMET[kind]
        if report.outcome == REJECTED or (kind == FILL_OR_KILL and report.outcome != FILLED):
            return report
        return Report(report.outcome, report.reason, fills, [order for order, quantity in plan if not quantity])
    fills = plan[: [quantity for _, quantity in plan].index(0)]
    if kind == POST_ONLY and fills:
        return Report(REJECTED, WOULD_TRADE)
    return Report(CANCELLED, OWN_ORDER, () if kind == FILL_OR_KILL else fills)


def carry_out(book: Book, incoming: BookOrder, report: Report) -> list[BookOrder]:
    """Does in the book what `meet` said. Those that leave it are given back."""
    for own in report.leaving:
        book.cancel(own)
    left = book.take(incoming, report.fills)
    if report.outcome == RESTED:
        book.rest(incoming)
    if report.leaving:
        left += report.leaving
    return left


class Place:
    """An order, in ticks and lots. Without a key it goes by its price, behind those that are there."""

    __slots__ = ("id", "key", "kind", "owner", "price", "quantity", "side")

    def __init__(
        self, id: str, owner: str, side: Side, price: int, quantity: int, kind: OrderType = LIMIT, key: Key = ()
    ) -> None:
        self.id = id
        self.owner = owner
        self.side = side
        self.price = price  # nobody looks at that of a market order
        self.quantity = quantity
        self.kind = kind
        self.key = key


class Cancel:
    """Takes an order at rest out."""

    __slots__ = ("id",)

    def __init__(self, id: str) -> None:
        self.id = id


class Replace:
    """Another price, and another quantity for what remains of an order at rest."""

    __slots__ = ("id", "key", "price", "quantity")

    def __init__(self, id: str, price: int, quantity: int, key: Key = ()) -> None:
        self.id = id
        self.price = price
        self.quantity = quantity
        self.key = key


Command = Place | Cancel | Replace
Trade = tuple[str, str, int, int]  # the order at rest, the incoming order, at what price, how much


class Matcher:
    """The venue. Each command is a method; `submit` and `run` take them as data."""

    __slots__ = ("_live", "book", "prevention")

    def __init__(self, prevention: SelfTrade = CANCEL_INCOMING) -> None:
        self.prevention = prevention
        self.book = Book()
        self._live: dict[str, BookOrder] = {}

    def run(self, commands: Iterable[Command]) -> list[Trade]:
        """Carries out a stream of commands, and tells the trades. `submit` tells all that came of one."""
        trades: list[Trade] = []
        for command in commands:
            if type(command) is Place:
                id = command.id
                report = self.place(
                    id, command.owner, command.side, command.price, command.quantity, command.kind, command.key
                )
            elif type(command) is Cancel:
                self.cancel(command.id)
                continue
            else:
                id = command.id
                report = self.submit(command)
            if report.fills:
                for order, quantity in report.fills:
                    trades.append((order.id, id, order.price, quantity))
        return trades

    def submit(self, command: Command) -> Report:
        """Carries out one command."""
        if isinstance(command, Place):
            return self.place(
                command.id,
                command.owner,
                command.side,
                command.price,
                command.quantity,
                command.kind,
                command.key,
            )
        if isinstance(command, Cancel):
            return self.cancel(command.id)
        return self.replace(command.id, command.price, command.quantity, command.key)

    def place(
        self, id: str, owner: str, side: Side, price: int, quantity: int, kind: OrderType = LIMIT, key: Key = ()
    ) -> Report:
        """An order comes in."""
        live, book = self._live, self.book
        if kind != LIMIT or quantity <= 0 or price <= 0 or (side != BUY and side != SELL) or id in live:
            if wrong := self._wrong(id, side, price, quantity, kind):
                return Report(REJECTED, wrong)
        order = BookOrder(id, owner, side, price, quantity, key)
        if kind == LIMIT and book.rest(order, True):
            live[id] = order
            return _RESTED
        report = meet(book, order, kind, self.prevention)
        if report.outcome != REJECTED:
            for left in carry_out(book, order, report):
                del live[left.id]
            if report.outcome == RESTED:
                live[id] = order
        return report

    def _wrong(self, id: str, side: Side, price: int, quantity: int, kind: OrderType) -> str:
        """Why an order cannot be taken, if it cannot."""
        if id in self._live:
            return DUPLICATE_ORDER
        if kind not in _UNMET:
            return UNKNOWN_KIND
        if side not in OPPOSITE:
            return UNKNOWN_SIDE
        return NOT_POSITIVE if quantity <= 0 or (price <= 0 and kind != MARKET) else ""

    def cancel(self, id: str) -> Report:
        """An order at rest leaves."""
        order = self._live.pop(id, None)
        if order is None:
            return Report(REJECTED, UNKNOWN_ORDER)
        self.book.cancel(order)
        return _CANCELLED

    def replace(self, id: str, price: int, quantity: int, key: Key = ()) -> Report:
        """An order at rest keeps its place if only its quantity falls. Otherwise it leaves, and comes in anew."""
        order = self._live.get(id)
        if order is None:
            return Report(REJECTED, UNKNOWN_ORDER)
        if quantity <= 0 or price <= 0:
            return Report(REJECTED, NOT_POSITIVE)
        if price == order.price and quantity <= order.remaining:
            self.book.reduce(order, quantity)
            return _REDUCED
        self.cancel(id)
        return self.place(id, order.owner, order.side, price, quantity, LIMIT, key)
