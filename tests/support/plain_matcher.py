"""An instrument without rules: the book and the matcher of every venue, and the ids of the orders at rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import define, field, frozen

from policy.exchange.recorded import OrderUpdate
from policy.market import matcher as pure
from policy.market.book import Key, OrderType, Side
from policy.market.matcher import SelfTrade


@frozen
class Report:
    """What came of an order or of a command about one."""

    outcome: str
    reason: str = ""
    fills: Sequence[tuple[Any, int]] = ()
    self_trade_cancels: Sequence[Any] = ()


@define
class PlainMatcher:
    """Orders go by the key that they bring, or by price and time. `module` is the matcher, pure or compiled."""

    self_trade: SelfTrade = "cancel_incoming"
    module: Any = pure
    book: Any = field(init=False)
    live: dict[str, Any] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.book = self.module.Book()

    def place(
        self, id: str, owner: str, side: Side, price: int, quantity: int, type: OrderType = "limit", key: Key = ()
    ) -> Report:
        assert id not in self.live
        order = self.module.BookOrder(id, owner, side, price, quantity, None, key)
        result = self.module.match(self.book, order, type, self.self_trade)
        if result.outcome != "rejected":
            for left in self.module.apply(self.book, order, result):
                del self.live[left.id]
            if result.outcome == "rested":
                self.live[id] = order
        reason = result.reason if result.outcome in ("cancelled", "rejected") else ""
        return Report(result.outcome, reason, result.fills, result.self_trade_cancels)

    def cancel(self, id: str) -> Report:
        order = self.live.pop(id, None)
        if order is None:
            return Report("rejected", "unknown_order")
        self.book.cancel(order)
        return Report("cancelled", "requested")

    def replace(self, id: str, price: int, quantity: int, key: Key = ()) -> Report:
        """An order at rest keeps its place if only its quantity falls. Otherwise it leaves, and comes in anew."""
        order = self.live.get(id)
        if order is None:
            return Report("rejected", "unknown_order")
        if price == order.price and quantity <= order.remaining:
            self.book.reduce(order, quantity)
            return Report("reduced")
        self.cancel(id)
        return self.place(id, order.owner, order.side, price, quantity, "limit", key)

    def update(self, update: OrderUpdate) -> Report:
        """One update of a recorded order flow, in which every order is somebody else's."""
        match update.action:
            case "new":
                return self.place(update.id, update.id, update.side, update.price, update.quantity, update.type)
            case "change":
                return self.replace(update.id, update.price, update.quantity)
            case "delete":
                return self.cancel(update.id)

    def run(self, updates: Iterable[OrderUpdate]) -> list[tuple[str, str, int, int]]:
        """The trades of an order flow: at rest, incoming, price, quantity."""
        return [
            (order.id, update.id, order.price, quantity)
            for update in updates
            for order, quantity in self.update(update).fills
        ]
