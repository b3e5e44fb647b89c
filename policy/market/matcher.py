"""What each order type means when an order meets the book.

In: a book, and an incoming order. Out: what comes of it, and the same done to the book. Absent: rules, money, clock
and I/O; a venue asks its own questions between `match` and `apply`.

An order trades at the prices of the orders at rest. Of what does not trade at once, a `limit` order rests, a
`market` order (which takes any price) and an `immediate_or_cancel` order are cancelled, a `fill_or_kill` order
trades all or nothing, and a `post_only` order that would trade is rejected. Nobody trades with an order of their
own. Where one is in the way, what remains of the incoming order is cancelled (`cancel_incoming`), or the one at rest
is (`cancel_resting`), or both are (`cancel_both`), or the smaller is and the larger loses as much (`decrement`). An
order that trades all or nothing, or is rejected, and so comes to nothing, leaves those at rest as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Generic, Literal, TypeVar, assert_never, get_args

from policy.market.book import (
    FILL_OR_KILL,
    IMMEDIATE_OR_CANCEL,
    LIMIT,
    MARKET,
    POST_ONLY,
    Book,
    BookOrder,
    Fill,
    OrderType,
)

O = TypeVar("O", bound=BookOrder[Any])

SelfTrade = Literal["cancel_incoming", "cancel_resting", "cancel_both", "decrement"]
SELF_TRADES: Final[tuple[SelfTrade, ...]] = get_args(SelfTrade)
CANCEL_INCOMING: Final = "cancel_incoming"
CANCEL_RESTING: Final = "cancel_resting"
CANCEL_BOTH: Final = "cancel_both"
DECREMENT: Final = "decrement"

# What becomes of an order, or of what remains of it once it has traded
Outcome = Literal["rested", "filled", "cancelled", "rejected"]
RESTED: Final = "rested"
FILLED: Final = "filled"
CANCELLED: Final = "cancelled"
REJECTED: Final = "rejected"

# Why it was cancelled or rejected
Reason = Literal[
    "requested", "nothing_left_to_trade_with", "not_all_at_once", "meets_own_order", "would_trade_at_once"
]
REQUESTED: Final = "requested"
NOTHING_LEFT: Final = "nothing_left_to_trade_with"
NOT_ALL_AT_ONCE: Final = "not_all_at_once"
OWN_ORDER: Final = "meets_own_order"
WOULD_TRADE: Final = "would_trade_at_once"


class MatchResult(Generic[O]):
    """What comes of an order: its trades, and which of its owner's orders are cancelled to make way.

    `reason` is given where the outcome is `cancelled` or `rejected`. `decremented` is how much the order loses before
    it trades, `lowered` an order of its owner that rests on, with what is left of it.
    """

    __slots__ = ("decremented", "fills", "lowered", "outcome", "reason", "self_trade_cancels")

    def __init__(
        self,
        outcome: Outcome,
        reason: Reason = REQUESTED,
        fills: Sequence[Fill[O]] = (),
        self_trade_cancels: Sequence[O] = (),
        decremented: int = 0,
        lowered: Fill[O] | None = None,
    ) -> None:
        self.outcome = outcome
        self.reason = reason
        self.fills = fills
        self.self_trade_cancels = self_trade_cancels
        self.decremented = decremented
        self.lowered = lowered

    @property
    def why_unpriced(self) -> Reason:
        """Why there is no price for a market order that has no fills: nobody is there, or its owner alone."""
        return OWN_ORDER if self.self_trade_cancels else self.reason


_UNMATCHED: Final[dict[OrderType, MatchResult[Any]]] = {
    LIMIT: MatchResult(RESTED),
    MARKET: MatchResult(CANCELLED, NOTHING_LEFT),
    IMMEDIATE_OR_CANCEL: MatchResult(CANCELLED, NOTHING_LEFT),
    FILL_OR_KILL: MatchResult(CANCELLED, NOT_ALL_AT_ONCE),
    POST_ONLY: MatchResult(RESTED),
}
"""What becomes of an order, or of the rest of it, that nobody is there to trade with."""


def match(book: Book[O], incoming: O, type: OrderType, self_trade: SelfTrade) -> MatchResult[O]:
    """What would come of an order. Changes nothing."""
    sweep = book.sweep(incoming, type != MARKET)
    return _result(sweep, incoming, type, self_trade) if sweep else _UNMATCHED[type]


def _result(sweep: list[Fill[O]], incoming: O, type: OrderType, self_trade: SelfTrade) -> MatchResult[O]:
    """What comes of an order that meets others, if only its owner's."""
    traded = 0
    for _, quantity in sweep:
        if not quantity:
            return _meeting_own(sweep, incoming, type, self_trade)
        traded += quantity
    if type == POST_ONLY:
        return MatchResult(REJECTED, WOULD_TRADE)
    if traded == incoming.remaining:
        return MatchResult(FILLED, fills=sweep)
    unmatched = _UNMATCHED[type]
    return unmatched if type == FILL_OR_KILL else MatchResult(unmatched.outcome, unmatched.reason, sweep)


def _meeting_own(sweep: list[Fill[O]], incoming: O, type: OrderType, self_trade: SelfTrade) -> MatchResult[O]:
    """As `_result`, where orders of the same owner are in the way."""
    match self_trade:
        case "cancel_resting":
            fills = [fill for fill in sweep if fill[1]]
            result = _result(fills, incoming, type, self_trade) if fills else _UNMATCHED[type]
            if result.outcome == REJECTED or (type == FILL_OR_KILL and result.outcome != FILLED):
                return result
            own = [order for order, quantity in sweep if not quantity]
            return MatchResult(result.outcome, result.reason, fills, own)
        case "cancel_incoming" | "cancel_both":
            first = [quantity for _, quantity in sweep].index(0)
            fills = sweep[:first]
            if nothing := _comes_to_nothing(type, fills):
                return nothing
            own = [sweep[first][0]] if self_trade == CANCEL_BOTH else []
            return MatchResult(CANCELLED, OWN_ORDER, fills, own)
        case "decrement":
            return _decremented(sweep, incoming, type)
        case _:
            assert_never(self_trade)


def _comes_to_nothing(type: OrderType, fills: Sequence[Fill[O]]) -> MatchResult[O] | None:
    """What becomes of an order that meets its owner's, and must not trade, or only as a whole."""
    if type == FILL_OR_KILL:
        return MatchResult(CANCELLED, OWN_ORDER)
    return MatchResult(REJECTED, WOULD_TRADE) if type == POST_ONLY and fills else None


def _decremented(sweep: list[Fill[O]], incoming: O, type: OrderType) -> MatchResult[O]:
    """Of two orders of one owner that meet the smaller is cancelled, and the larger loses as much."""
    fills: list[Fill[O]] = []
    own: list[O] = []
    lowered: Fill[O] | None = None
    decremented, wanted, ends_at_own = 0, incoming.remaining, False
    for order, quantity in sweep:
        if quantity:
            fills.append((order, min(quantity, wanted)))
            wanted -= fills[-1][1]
        elif order.remaining > wanted:
            lowered, wanted, ends_at_own = (order, order.remaining - wanted), 0, True
        else:
            own.append(order)
            wanted -= order.remaining
            ends_at_own = not wanted
            decremented += order.remaining if wanted else 0
        if not wanted:
            break
    if (own or lowered) and (nothing := _comes_to_nothing(type, fills)):
        return nothing
    if ends_at_own:
        return MatchResult(CANCELLED, OWN_ORDER, fills, own, decremented, lowered)
    unmatched = _UNMATCHED[type] if wanted else MatchResult[O](FILLED)
    return MatchResult(unmatched.outcome, unmatched.reason, fills, own, decremented)


def apply(book: Book[O], incoming: O, result: MatchResult[O]) -> list[O]:
    """Does to the book what `match` said. Returns the orders that leave it."""
    for own in result.self_trade_cancels:
        book.cancel(own)
    if result.decremented:
        book.reduce(incoming, incoming.remaining - result.decremented)
    if result.lowered:
        book.reduce(*result.lowered)
    left = book.fill(incoming, result.fills)
    if result.outcome == RESTED:
        book.rest(incoming)
    if result.self_trade_cancels:
        left += result.self_trade_cancels
    return left
