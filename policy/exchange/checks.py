"""Validation of orders that does not depend on the rulebook.

In: orders, and the market that they are for. Out: nothing, or `InvalidCommandError`. Absent: any rule.
"""

from __future__ import annotations

from policy.exchange.commands import MONEY, PRICE, QUANTITY, Place
from policy.exchange.state import COMPENSATION, FEES, FILLED_IN, RESERVE_FUND, Market
from policy.market.checks import InvalidCommandError, fits_type, not_blank, not_reserved, on_lot, on_tick, positive
from policy.market.events import InvalidCode
from policy.market.matcher import OWN_ORDER, Reason
from policy.model.types import QuotedAmount
from policy.model.values import show

RESERVED = frozenset((FEES, RESERVE_FUND, COMPENSATION))


def check_order(command: Place, market: Market) -> None:
    """An order by itself; its facts have been read."""
    not_blank(command.id, "order")
    fits_type(command.price, command.type)
    price = market.listed.tick if command.price is None else command.price
    if command.fees < 0:
        message = f"the fees are {show(command.fees, MONEY)}: they must be at least 0"
        raise InvalidCommandError(InvalidCode.NEGATIVE, message)
    not_reserved(command.facts, FILLED_IN)
    check_amounts(price, command.quantity, market)


def check_amounts(price: QuotedAmount, quantity: QuotedAmount, market: Market) -> None:
    """A price and a quantity in a market, as they are said."""
    positive(quantity, QUANTITY, "quantity")
    positive(price, PRICE, "price")
    on_tick(price, market.listed.tick, PRICE)
    on_lot(quantity, market.listed.lot, QUANTITY)


def check_name(name: str, what: str, reserved: frozenset[str] = RESERVED) -> None:
    """A name that is not blank, and that the exchange does not use itself."""
    not_blank(name, what)
    if name in reserved:
        raise InvalidCommandError(InvalidCode.RESERVED_NAME, f"`{name}` is a name that the exchange uses itself")


def not_covered(id: str) -> InvalidCommandError:
    """The rules would let an order in for which there is nothing to reserve."""
    message = f"the account does not hold what order `{id}` needs, and there is no credit"
    return InvalidCommandError(InvalidCode.INSUFFICIENT_BALANCE, message)


def unpriced(id: str, why: Reason) -> InvalidCommandError:
    """A market order has no price to be judged at."""
    if why == OWN_ORDER:
        message = f"the market order `{id}` would first meet an order of the same owner"
        return InvalidCommandError(InvalidCode.MEETS_OWN_ORDER, message)
    message = f"there is nothing that the market order `{id}` could trade with"
    return InvalidCommandError(InvalidCode.NO_LIQUIDITY, message)
