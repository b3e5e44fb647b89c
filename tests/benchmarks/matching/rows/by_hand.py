"""The bare book."""

from collections.abc import Sequence

from bare import Bare, Trade
from stream import CANCEL, LIMIT, Op

Prepared = list[tuple[str, int, bool, int, int]]


def prepare(ops: Sequence[Op]) -> Prepared:
    return [(op.what, op.id, op.buy, op.price, op.quantity) for op in ops]


def run(prepared: Prepared) -> list[Trade]:
    book = Bare()
    buy, sell, cancel = book.buy, book.sell, book.cancel
    buy_at_market, sell_at_market = book.buy_at_market, book.sell_at_market
    for what, id, buys, price, quantity in prepared:
        if what == LIMIT:
            if buys:
                buy(id, price, quantity)
            else:
                sell(id, price, quantity)
        elif what == CANCEL:
            cancel(id)
        elif buys:
            buy_at_market(id, quantity)
        else:
            sell_at_market(id, quantity)
    return book.trades


def told(outcome: list[Trade]) -> list[Trade]:
    return outcome
