"""What an order states, what it is worth, and what is reserved for it.

In: orders with their seats, and the rules of the day. Out: facts filled in, and balances moved. What someone's
exposure is and what an order is worth is asked of the rulebook; that what is reserved is there is arithmetic.
Absent: who trades with whom.
"""

from __future__ import annotations

from collections.abc import Callable

from policy.answers import MISSING, UndecidedError, Verdict
from policy.exchange.ledger import Balance
from policy.exchange.rules import ExchangeRules
from policy.exchange.state import FILLED_IN, MarketAccess, OrderState
from policy.facts.records import checking
from policy.market.book import BUY, Key, Side
from policy.model.types import Record
from policy.vocabulary import Json, RuntimeValue


class Reservation:
    """The questions of the day that are asked of an order's money."""

    def __init__(self, asked: ExchangeRules) -> None:
        self.asked = asked
        self.notional: Callable[..., int] = asked.notional.fast
        self.exposure: Callable[..., int] = asked.exposure.fast
        ((_, of),) = asked.accepted.function.parameters
        assert isinstance(of, Record)
        self._check = checking(asked.accepted.records, of.name, FILLED_IN - {"venue", "settlement_failed"})

    def state(self, live: OrderState, side: Side, price: int, quantity: int) -> RuntimeValue:
        """The order's facts, with what only the exchange knows. What an order holds already is available to it."""
        facts, seat = live.facts, live.seat
        account = seat.account
        facts.side = side
        facts.price = price
        facts.quantity = quantity
        facts.fees = live.fees
        facts.accepted_at = live.at
        facts.sequence = live.sequence
        facts.available = seat.money.free
        facts.available_quantity = seat.tokens.free
        if not live.held:
            if account.exposure is None:
                account.exposure = self._exposed(seat, 0)
            facts.exposure = account.exposure
        elif side == BUY:
            facts.available += live.held
            facts.exposure = self._exposed(seat, live.held - live.fees)
        else:
            facts.available_quantity += live.held
            facts.exposure = self._exposed(seat, 0)
        self._check((facts,))
        return facts

    def decided(self, live: OrderState, side: Side, price: int, quantity: int) -> tuple[Verdict, int, Key] | None:
        """The verdict on a new order that the rules let in, its worth and its key, asked without stating its facts.

        None where they do not, or cannot say: then its facts are stated, and everything is asked of those.
        """
        seat = live.seat
        ask, account = seat.decided, seat.account
        if ask is None:
            return None
        if account.exposure is None:
            account.exposure = self._exposed(seat, 0)
        found: tuple[Verdict, int, Key] | None = ask(
            side,
            price,
            quantity,
            live.fees,
            live.at,
            live.sequence,
            seat.money.free,
            seat.tokens.free,
            account.exposure,
        )
        return found

    def _exposed(self, seat: MarketAccess, without: int) -> RuntimeValue:
        """Someone's exposure as the rulebook reckons it, one order left out; missing where it cannot compute it."""
        account = seat.account
        try:
            return self.exposure(account.opening, account.bought, account.sold, account.open_buys - without)
        except UndecidedError:
            return MISSING

    def needed(self, live: OrderState, side: Side, quantity: int) -> int:
        """What is to be reserved for an order whose facts have been stated. Raises UndecidedError."""
        return self.notional(live.facts) + live.fees if side == BUY else quantity

    def value(self, live: OrderState, price: int, quantity: int) -> int:
        """What so much of a buyer's order is worth; its facts state the order as it came, but for these two."""
        facts = live.facts
        facts._checked_as = None
        facts.side = BUY
        facts.price = price
        facts.quantity = quantity
        facts.fees = live.fees
        facts.accepted_at = live.at
        facts.sequence = live.sequence
        return self.notional(facts)

    def as_facts(self, facts: RuntimeValue) -> Json:
        """An order's facts as JSON."""
        return self.asked.accepted.as_facts(facts)


def balance_of(live: OrderState, side: Side) -> Balance:
    """What an order is paid with."""
    return live.seat.money if side == BUY else live.seat.tokens


def reserve(live: OrderState, side: Side, held: int) -> None:
    """Reserves so much for an order from now on, its fees included."""
    seat, before = live.seat, live.held
    balance, change = seat.tokens, held - before
    if side == BUY:
        balance, account = seat.money, seat.account
        account.open_buys += (held - live.fees if held else 0) - (before - live.fees if before else 0)
        account.exposure = None
    if change > 0:
        balance.hold(change)
    else:
        balance.release(-change)
    live.held = held


def split(side: Side, held: int) -> tuple[int, int]:
    """What is reserved, as money and as tokens."""
    return (held, 0) if side == BUY else (0, held)
