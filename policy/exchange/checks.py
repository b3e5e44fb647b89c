"""What makes no sense whatever the rules say.

In: commands, and what they are about. Out: `Rejected`, with a code and a sentence, or nothing. Absent: any rule; a
tick, a lot and a name that nobody has are mechanics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policy.diagnostics import Diagnostic, in_one_line
from policy.exchange.book import MARKET
from policy.exchange.orders import PRICE, QUANTITY, Place, Rejected
from policy.exchange.register import COMPENSATION, FEES, FILLED_IN, RESERVE_FUND, Market
from policy.model.types import MOST_FACT_DIGITS
from policy.model.values import show
from policy.wire import word

TOO_LARGE = 10**MOST_FACT_DIGITS  # no fact of the rules is as large
RESERVED = frozenset((FEES, RESERVE_FUND, COMPENSATION, ""))


def unplaceable(command: Place, market: Market) -> Rejected | None:
    """What is wrong with an order by itself."""
    price = command.price
    if command.type == MARKET:
        if price is not None:
            return Rejected("place", "price_not_asked", f"order `{command.id}`: a market order has no price")
        price = market.tick
    elif price is None:
        return Rejected("place", "no_price", f"order `{command.id}`: only a market order may be without a price")
    if command.fees < 0:
        return Rejected("place", "negative", f"order `{command.id}`: fees are at least 0")
    if command.facts and (known := sorted(FILLED_IN & command.facts.keys())):
        return Rejected(
            "place", "known_fact", f"order `{command.id}`: `{known[0]}` is not for the order's facts to say"
        )
    return unfit("place", command.id, price, command.quantity, market)


def unfit(command: str, id: str, price: int, quantity: int, market: Market) -> Rejected | None:
    """What is wrong with a price and a quantity in a market."""
    if quantity <= 0 or price <= 0:
        what = "price" if quantity > 0 else "quantity"
        return Rejected(command, "not_positive", f"order `{id}`: a {what} is more than 0")
    if price % market.tick:
        steps = show(market.tick, PRICE)
        return Rejected(command, "off_tick", f"order `{id}`: {show(price, PRICE)} is not in steps of {steps}")
    if quantity % market.lot:
        steps = show(market.lot, QUANTITY)
        return Rejected(command, "off_lot", f"order `{id}`: {show(quantity, QUANTITY)} is not in lots of {steps}")
    return None


def amount_out_of_range(command: Any, amount: int, there_is: int) -> Rejected | None:
    """An amount that cannot be brought in."""
    if amount <= 0:
        return Rejected(word(type(command)), "not_positive", "what is brought in is more than 0")
    return too_much(command) if there_is + amount >= TOO_LARGE else None


def too_much(command: Any) -> Rejected:
    """There would be more of something than facts can tell."""
    return Rejected(word(type(command)), "too_large", f"all of it would have more than {MOST_FACT_DIGITS} digits")


def reserved(command: Any, name: str) -> Rejected:
    """A name that the exchange goes by itself."""
    return Rejected(word(type(command)), "reserved_name", f"`{name}` is a name of the exchange's own")


def unknown(command: Any, what: str, id: str) -> Rejected:
    """Something is named that nobody has told of."""
    return Rejected(word(type(command)), f"unknown_{what}", f"there is no {what} `{id}`")


def misread(command: Any, findings: Sequence[Diagnostic]) -> Rejected:
    """Facts that are not what the rulebook's questions are about."""
    return Rejected(word(type(command)), code_of(findings), in_one_line(findings))


def code_of(findings: Sequence[Diagnostic]) -> str:
    """The code of a rejection on these grounds."""
    return findings[0].code.replace("-", "_")


def filled_in(command: Any, facts: Mapping[str, Any], allowed: frozenset[str] = frozenset()) -> Rejected | None:
    """Facts that are the exchange's own to state."""
    known = sorted((FILLED_IN - allowed) & facts.keys())
    if not known:
        return None
    return Rejected(word(type(command)), "known_fact", f"`{known[0]}` is filled in by the exchange")


def not_covered(command: str, id: str) -> Rejected:
    """The rules would let an order in for which there is nothing to reserve."""
    return Rejected(
        command, "not_covered", f"order `{id}`: the account does not hold what it needs, and there is no credit"
    )


def nothing_to_meet(id: str) -> Rejected:
    """A market order has no price to be judged at."""
    return Rejected("place", "no_price", f"order `{id}`: there is nothing that a market order could trade with")
