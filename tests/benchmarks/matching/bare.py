"""What everything is set against: the book that anyone would write by hand for speed, and nothing more.

Price levels in a dictionary, each a deque of orders; the prices of a side in a heap, from which empty ones are
dropped as they surface; a cancelled order is marked and dropped when it is reached. No order types but limit and
market, no owners, no priority but price and time, nothing checked. A trade is (at rest, incoming, price, quantity).
"""

from collections import deque
from heapq import heappop, heappush

Trade = tuple[int, int, int, int]


class Node:
    """An order at rest; without quantity it is filled or cancelled."""

    __slots__ = ("id", "quantity")

    def __init__(self, id: int, quantity: int) -> None:
        self.id = id
        self.quantity = quantity


class Bare:
    """Both sides of the book, and every trade that was made."""

    __slots__ = ("_ask_prices", "_asks", "_bid_prices", "_bids", "live", "trades")

    def __init__(self) -> None:
        self._bids: dict[int, deque[Node]] = {}
        self._asks: dict[int, deque[Node]] = {}
        self._bid_prices: list[int] = []  # negated
        self._ask_prices: list[int] = []
        self.live: dict[int, Node] = {}
        self.trades: list[Trade] = []

    def buy(self, id: int, price: int, quantity: int) -> None:
        """A limit order."""
        prices = self._ask_prices
        if prices and prices[0] <= price:
            quantity = self._lift(id, price, quantity)
        if quantity:
            node = self.live[id] = Node(id, quantity)
            level = self._bids.get(price)
            if level is None:
                self._bids[price] = deque((node,))
                heappush(self._bid_prices, -price)
            else:
                level.append(node)

    def sell(self, id: int, price: int, quantity: int) -> None:
        """A limit order."""
        prices = self._bid_prices
        if prices and -prices[0] >= price:
            quantity = self._hit(id, price, quantity)
        if quantity:
            node = self.live[id] = Node(id, quantity)
            level = self._asks.get(price)
            if level is None:
                self._asks[price] = deque((node,))
                heappush(self._ask_prices, price)
            else:
                level.append(node)

    def buy_at_market(self, id: int, quantity: int) -> None:
        """What nobody sells is cancelled."""
        self._lift(id, 1 << 62, quantity)

    def sell_at_market(self, id: int, quantity: int) -> None:
        """What nobody buys is cancelled."""
        self._hit(id, 0, quantity)

    def cancel(self, id: int) -> None:
        """An order at rest."""
        self.live.pop(id).quantity = 0

    def _lift(self, id: int, price: int, quantity: int) -> int:
        prices, levels, live, trades = self._ask_prices, self._asks, self.live, self.trades
        while prices and (best := prices[0]) <= price:
            level = levels[best]
            while level:
                node = level[0]
                available = node.quantity
                if available > quantity:
                    node.quantity = available - quantity
                    trades.append((node.id, id, best, quantity))
                    return 0
                level.popleft()
                if available:
                    quantity -= available
                    del live[node.id]
                    trades.append((node.id, id, best, available))
                    if not quantity:
                        return 0
            heappop(prices)
            del levels[best]
        return quantity

    def _hit(self, id: int, price: int, quantity: int) -> int:
        prices, levels, live, trades = self._bid_prices, self._bids, self.live, self.trades
        while prices and (best := -prices[0]) >= price:
            level = levels[best]
            while level:
                node = level[0]
                available = node.quantity
                if available > quantity:
                    node.quantity = available - quantity
                    trades.append((node.id, id, best, quantity))
                    return 0
                level.popleft()
                if available:
                    quantity -= available
                    del live[node.id]
                    trades.append((node.id, id, best, available))
                    if not quantity:
                        return 0
            heappop(prices)
            del levels[best]
        return quantity

    def resting(self) -> list[tuple[int, int]]:
        """What is left, as (order, quantity)."""
        return [(node.id, node.quantity) for node in self.live.values()]
