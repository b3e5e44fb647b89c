"""The book as a recording describes it, to compare with what its order flow makes."""

from __future__ import annotations

from attrs import define, field

from policy.exchange.from_binance import Depth, DepthSnapshot, Update
from policy.market.book import BUY, SELL, Book, BookOrder


@define
class RecordedBook:
    """The book that snapshot and depth describe: what rests at a price as one order. `last` is its update."""

    book: Book[None] = field(factory=Book)
    last: int = -1  # before there is a snapshot
    _waiting: list[Depth] = field(factory=list)

    def follow(self, update: Update) -> bool:
        """Whether the book has changed. Depth that comes before the snapshot waits for it."""
        if isinstance(update, DepthSnapshot):
            self.book, self.last = Book(), update.last
            self._set(update)
            for depth in self._waiting:
                self.follow(depth)
            self._waiting = []
            return True
        if not isinstance(update, Depth):
            return False
        if self.last < 0:
            self._waiting.append(update)
            return False
        if update.last <= self.last:
            return False
        self._set(update)
        self.last = update.last
        return True

    def _set(self, update: DepthSnapshot | Depth) -> None:
        for side, amounts in ((BUY, update.bids), (SELL, update.asks)):
            for price, quantity in amounts:
                for order in self.book.level(side, price):
                    self.book.cancel(order)
                if quantity:
                    self.book.rest(BookOrder(f"{side} {price}", "", side, price, quantity, None))
