"""The orders that every matcher is given: made once from a seed, the same on every machine.

About 60 % limit orders, a tenth of which trade at once, 34 % cancels of orders that are then alive, and 6 %
market orders. The first orders only fill the book, so that every market order is filled: matchers differ on what
becomes of one that is not. The bare book runs along, to know what is alive.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bare import Bare, Trade

LIMIT, MARKET, CANCEL = "limit", "market", "cancel"
_FIRST = 2_000


@dataclass(frozen=True, slots=True)
class Op:
    """One operation. `id` is a new order's number, or the number of the one to cancel."""

    what: str
    id: int
    buy: bool = False
    price: int = 0
    quantity: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """What the operations come to."""

    trades: list[Trade]
    resting: int
    levels: int

    @property
    def totals(self) -> tuple[int, int, int]:
        """Trades, quantity, and price times quantity."""
        return totals(self.trades)


def totals(trades: Sequence[Trade]) -> tuple[int, int, int]:
    """Trades, quantity, and price times quantity."""
    return len(trades), sum(t[3] for t in trades), sum(t[2] * t[3] for t in trades)


def stream(length: int = 200_000, seed: int = 20_260_211) -> tuple[list[Op], Expected]:
    """The operations, and what they come to."""
    chance = random.Random(seed)
    book = Bare()
    ops: list[Op] = []
    placed: list[int] = []  # those alive are among them
    prices: dict[int, int] = {}
    middle = 10_000
    for number in range(length):
        drawn = chance.random() if number >= _FIRST else 0.5
        if number % 500 == 0:
            middle += chance.choice((-1, 0, 1))
        if drawn < 0.345 and book.live:
            op = Op(CANCEL, _any_alive(placed, book, chance))
            book.cancel(op.id)
        else:
            buy, quantity = chance.random() < 0.5, chance.randint(1, 100)
            if drawn > 0.94:
                quantity += quantity // 2
                op = Op(MARKET, number, buy, 0, quantity)
                (book.buy_at_market if buy else book.sell_at_market)(number, quantity)
            else:
                away = 1 + int(chance.expovariate(1 / 12))
                if number >= _FIRST and chance.random() < 0.1:
                    away, quantity = -away // 4, quantity + quantity // 2
                op = Op(LIMIT, number, buy, middle - away if buy else middle + away, quantity)
                placed.append(number)
                prices[number] = op.price
                (book.buy if buy else book.sell)(number, op.price, quantity)
        ops.append(op)
    left = book.resting()
    return ops, Expected(book.trades, len(left), len({prices[id] for id, _ in left}))


def _any_alive(placed: list[int], book: Bare, chance: random.Random) -> int:
    """One of the orders at rest; those that are met and have left meanwhile are dropped."""
    while True:
        at = chance.randrange(len(placed))
        placed[at], placed[-1] = placed[-1], placed[at]
        if (number := placed.pop()) in book.live:
            return number
