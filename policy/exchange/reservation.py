"""What an order states, what it is worth, and what is reserved for it.

In: orders with their seats, and the rules of the day. Out: facts filled in, and balances moved. What someone's
exposure is and what an order is worth is asked of the rulebook; that what is reserved is there is arithmetic.
Absent: who trades with whom.
"""

from __future__ import annotations

from collections.abc import Callable

from policy.answers import MISSING, UndecidedError, Verdict
from policy.exchange.ledger import Balance
from policy.exchange.rules import Rules
from policy.exchange.state import FILLED_IN, MarketAccess, Order
from policy.facts.records import checking
from policy.market.book import BUY, Key, Side
from policy.model.types import Record
from policy.vocabulary import Json, RuntimeValue


class Reservation:
    """The questions of the day that are asked of an order's money."""

    def __init__(self, rules: Rules) -> None:
        self.asked = asked = rules.asked
        self.notional: Callable[..., int] = asked.notional.fast
        self.exposure: Callable[..., int] = asked.exposure.fast
        ((_, of),) = asked.accepted.function.parameters
        assert isinstance(of, Record)
        self._check = checking(asked.accepted.records, of.name, FILLED_IN - {"venue", "settlement_failed"})
        # What the exchange fills in of an order itself fits; a worth that turns on the account must look at that.
        self._checked_as = None if rules.standing is None else asked.accepted.records[of.name]

    def state(self, order: Order) -> RuntimeValue:
        """The order's facts, with what only the exchange knows. What an order holds already is available to it."""
        facts, seat = order.facts, order.data
        account = seat.account
        facts.side = order.side
        facts.price = order.price
        facts.quantity = order.remaining
        facts.fees = order.fees
        facts.accepted_at = order.at
        facts.sequence = order.sequence
        facts.available = seat.money.free
        facts.available_quantity = seat.tokens.free
        if not order.held:
            if account.exposure is None:
                account.exposure = self._exposed(seat, 0)
            facts.exposure = account.exposure
        elif order.side == BUY:
            facts.available += order.held
            facts.exposure = self._exposed(seat, order.held - order.fees)
        else:
            facts.available_quantity += order.held
            facts.exposure = self._exposed(seat, 0)
        self._check((facts,))
        return facts

    def decided(self, order: Order) -> tuple[Verdict, int, Key] | None:
        """The verdict on a new order that the rules let in, its worth and its key, asked without stating its facts.

        None where they do not, or cannot say: then its facts are stated, and everything is asked of those.
        """
        seat = order.data
        ask, account = seat.decided, seat.account
        if ask is None:
            return None
        if account.exposure is None:
            account.exposure = self._exposed(seat, 0)
        found: tuple[Verdict, int, Key] | None = ask(
            order.side,
            order.price,
            order.quantity,
            order.fees,
            order.at,
            order.sequence,
            seat.money.free,
            seat.tokens.free,
            account.exposure,
        )
        return found

    def _exposed(self, seat: MarketAccess, without: int) -> RuntimeValue:
        """Someone's exposure as the rulebook reckons it, one order left out; missing where it cannot compute it."""
        account = seat.account
        try:
            exposure = self.exposure
            return exposure(account.opening, account.bought, account.sold, account.open_buys - without)
        except UndecidedError:
            return MISSING

    def needed(self, order: Order) -> int:
        """What is to be reserved for an order whose facts have been stated. Raises UndecidedError."""
        return self.notional(order.facts) + order.fees if order.side == BUY else order.remaining

    def value(self, order: Order, price: int, quantity: int) -> int:
        """What so much of a buyer's order is worth; its facts state the order as it came, but for these two."""
        facts = order.facts
        facts._checked_as = self._checked_as
        facts.side = BUY
        facts.price = price
        facts.quantity = quantity
        facts.fees = order.fees
        facts.accepted_at = order.at
        facts.sequence = order.sequence
        notional = self.notional
        return notional(facts)

    def as_facts(self, facts: RuntimeValue) -> Json:
        """An order's facts as JSON."""
        return self.asked.accepted.as_facts(facts)


def balance_of(order: Order) -> Balance:
    """What an order is paid with."""
    return order.data.money if order.side == BUY else order.data.tokens


def reserve(order: Order, needed: int) -> None:
    """Reserves so much for an order that holds nothing, its fees included."""
    seat = order.data
    if order.side == BUY:
        account = seat.account
        account.open_buys += needed - order.fees if needed else 0
        account.exposure = None
        seat.money.hold(needed)
    else:
        seat.tokens.hold(needed)
    order.held = needed


def free(order: Order) -> tuple[int, int]:
    """Frees all that is reserved for an order: money and tokens."""
    seat, held = order.data, order.held
    order.held = 0
    if order.side == BUY:
        account = seat.account
        account.open_buys -= held - order.fees if held else 0
        account.exposure = None
        seat.money.release(held)
        return held, 0
    seat.tokens.release(held)
    return 0, held


def split(side: Side, held: int) -> tuple[int, int]:
    """What is reserved, as money and as tokens."""
    return (held, 0) if side == BUY else (0, held)
