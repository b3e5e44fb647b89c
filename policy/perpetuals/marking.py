"""The mark price, from the index and from what a large order would pay in the desk's own book.

In: an index price and a book. Out: a quote for the rulebook, and its mark. Absent: how large is large, and how
index and book are weighed.
"""

from __future__ import annotations

from policy.facts.records import unchecked
from policy.interface import provisions
from policy.market.book import BUY, SELL, Book, Side
from policy.perpetuals.mark_events import Marked
from policy.perpetuals.state import Contract, Order, State
from policy.vocabulary import RuntimeValue


def value_of_first(book: Book[Order], side: Side, size: int) -> int | None:
    """What the first `size` of a side's queue is worth at its prices; none where there is less."""
    value = 0
    for order in book.side(side):
        part = min(size, order.remaining)
        value += part * order.price
        size -= part
        if not size:
            return value
    return None


def quote(state: State, contract: Contract) -> RuntimeValue:
    """The index and the prices of a large order, as the rulebook's record."""
    rules = state.rules
    size = rules.impact_size.fast(contract.index)
    impact = []
    for side in (BUY, SELL):
        value = value_of_first(contract.book, side, size)
        impact.append(None if value is None else rules.impact_price.fast(value, size))
    record = rules.mark.records["FundingQuote"]
    return unchecked(record, index_price=contract.index, impact_bid=impact[0], impact_ask=impact[1])


def mark(state: State, contract: Contract) -> None:
    """Marks a contract that has an index."""
    quoted = quote(state, contract)
    contract.mark = marked = state.rules.mark.fast(quoted)
    state.emit(
        Marked(
            contract=contract.name,
            per=provisions(state.rules.mark),
            index=quoted.index_price,
            impact_bid=quoted.impact_bid,
            impact_ask=quoted.impact_ask,
            mark=marked,
        )
    )
