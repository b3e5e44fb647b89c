"""The oracle of the matcher: a list of orders, sorted whenever somebody asks; slow, and plainly right.

An order type is what happens when orders meet one by one, and nothing happens at all where a type says so.
"""

from __future__ import annotations

from copy import copy

from attrs import define, field

from plain_matcher import Report as PlainReport

Trade = tuple[str, int, int]  # with whom, at what price, how much
Report = tuple[str, str, list[Trade], list[str]]  # outcome, reason, trades, the owner's own orders that left


@define
class Order:
    id: str
    owner: str
    side: str
    price: int
    remaining: int
    key: tuple[int, ...]


@define
class NaiveMatcher:
    prevention: str
    orders: list[Order] = field(factory=list)  # as they came to rest

    def queue(self, side: str) -> list[Order]:
        return sorted((o for o in self.orders if o.side == side), key=whole_key)  # those of a key as they came

    def named(self, id: str) -> Order | None:
        return next((o for o in self.orders if o.id == id), None)

    def place(
        self, id: str, owner: str, side: str, price: int, quantity: int, kind: str, key: tuple[int, ...]
    ) -> Report:
        before = [copy(o) for o in self.orders]
        incoming = Order(id, owner, side, price, quantity, key)
        trades, left, met_own, lost = self.trade(incoming, kind)
        if kind == "post_only" and trades:
            self.orders = before
            return "rejected", "would_trade_at_once", [], []
        if kind == "fill_or_kill" and (incoming.remaining or lost):
            self.orders = before
            return "cancelled", "meets_own_order" if met_own or lost else "not_all_at_once", [], []
        if met_own:
            return "cancelled", "meets_own_order", trades, left
        if not incoming.remaining:
            return "filled", "", trades, left
        if kind in ("limit", "post_only"):
            self.orders.append(incoming)
            return "rested", "", trades, left
        return "cancelled", "nothing_left_to_trade_with", trades, left

    def trade(self, incoming: Order, kind: str) -> tuple[list[Trade], list[str], bool, int]:
        """Meets one order after another; also tells whether it stopped at one of its own, and how much it lost so."""
        trades, left, lost = [], [], 0
        while incoming.remaining:
            other = "sell" if incoming.side == "buy" else "buy"
            agreed = [o for o in self.queue(other) if kind == "market" or agree(incoming, o)]
            if not agreed:
                break
            first = agreed[0]
            if first.owner == incoming.owner:
                if self.prevention == "cancel_incoming":
                    return trades, left, True, lost
                if self.prevention == "decrement":
                    less = min(first.remaining, incoming.remaining)
                    first.remaining -= less
                    incoming.remaining -= less
                    lost += less
                else:
                    first.remaining = 0
                if not first.remaining:
                    left.append(first.id)
                    self.orders.remove(first)
                if self.prevention == "cancel_both" or not incoming.remaining:
                    return trades, left, True, lost
                continue
            quantity = min(first.remaining, incoming.remaining)
            trades.append((first.id, first.price, quantity))
            first.remaining -= quantity
            incoming.remaining -= quantity
            if not first.remaining:
                self.orders.remove(first)
        return trades, left, False, lost

    def cancel(self, id: str) -> Report:
        order = self.named(id)
        if order is None:
            return "rejected", "unknown_order", [], []
        self.orders.remove(order)
        return "cancelled", "requested", [], []

    def replace(self, id: str, price: int, quantity: int, key: tuple[int, ...]) -> Report:
        order = self.named(id)
        if order is None:
            return "rejected", "unknown_order", [], []
        if price == order.price and quantity <= order.remaining:
            order.remaining = quantity
            return "reduced", "", [], []
        self.orders.remove(order)
        return self.place(id, order.owner, order.side, price, quantity, "limit", key)


def agree(a: Order, b: Order) -> bool:
    buyer, seller = (a, b) if a.side == "buy" else (b, a)
    return buyer.price >= seller.price


def whole_key(order: Order) -> tuple[int, ...]:
    """A key that is not given is the price, the better one first."""
    return order.key or (-order.price if order.side == "buy" else order.price,)


def told(report: PlainReport) -> tuple[str, str, list[tuple[str, int, int]], list[str]]:
    """A report as the naive matcher gives it."""
    fills = [(order.id, order.price, quantity) for order, quantity in report.fills]
    return report.outcome, report.reason, fills, [order.id for order in report.self_trade_cancels]
