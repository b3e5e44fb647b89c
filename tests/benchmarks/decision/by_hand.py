"""The decision, written by hand: what every engine is checked against, and the time it is compared with.

Ten rules, each of which denies the order; an order that none of them denies is accepted. The rules are
invented, in the manner of a licensed platform's pre-trade checks: they are for measuring, and nobody's law.
The same ten stand in `order_acceptance.policy` and in every file of `peers/`.

Money is an integer of a hundred-millionth of a dollar, for every engine. What a client may be exposed to
lies beyond 2**53, so an engine that turns integers into binary floats gets boundary cases wrong, and is
shown to.

A function reads either an `Order` or the `Facts` it was made from, and either stops at the first rule that
denies or names all that do. They are what a careful programmer writes: nothing is unrolled, precomputed or
cached.
"""

from dataclasses import dataclass
from typing import TypedDict


class Facts(TypedDict):
    """One order, as the engines that take a dictionary receive it. Every key is always there."""

    side: str
    capacity: str
    notional: int
    available: int
    exposure: int
    jurisdiction: str
    professional: bool
    halted: bool
    opted_in: bool | None


@dataclass(frozen=True, slots=True)
class Order:
    """The same facts as a record."""

    side: str
    """`buy` or `sell`."""
    capacity: str
    """`client`, `affiliated_market_maker` or `house`."""
    notional: int
    """What the order is worth, fees included."""
    available: int
    """What has been paid in beforehand to settle it."""
    exposure: int
    """What the client's unsettled trades are worth, this order left out."""
    jurisdiction: str
    """Where the other platform is licensed, as an ISO 3166 code."""
    professional: bool
    """Whether the client is a professional investor."""
    halted: bool
    """Whether trading in the token is halted."""
    opted_in: bool | None
    """Whether a retail client has asked for access to the shared book; `None` when nobody asked."""


DOLLAR = 10**8
SMALLEST_ORDER = 100 * DOLLAR
LARGEST_ORDER = 40_000_000 * DOLLAR
RETAIL_LIMIT = 50_000_000 * DOLLAR
PLATFORM_LIMIT = 200_000_000 * DOLLAR
MARKET_MAKER_PURCHASE = 5_000_000 * DOLLAR

# Stands in for the members of the FATF: the right size of set, not a statement of who is a member.
# fmt: off
FATF_MEMBERS = frozenset({
    "AR", "AT", "AU", "BE", "BR", "CA", "CH", "CN", "DE", "DK", "ES", "FI", "FR",
    "GB", "GR", "HK", "ID", "IE", "IL", "IN", "IS", "IT", "JP", "KR", "LU", "MX",
    "MY", "NL", "NO", "NZ", "PT", "RU", "SA", "SE", "SG", "TR", "US", "ZA",
})
# fmt: on


def accepted(order: Order) -> bool:
    """Whether no rule denies the order."""
    if order.halted:
        return False
    notional = order.notional
    if notional < SMALLEST_ORDER or notional > LARGEST_ORDER or notional > order.available:
        return False
    exposed = order.exposure + notional
    if exposed > PLATFORM_LIMIT or order.jurisdiction not in FATF_MEMBERS:
        return False
    capacity = order.capacity
    if capacity == "house":
        return False
    if capacity == "affiliated_market_maker" and order.side == "buy" and notional > MARKET_MAKER_PURCHASE:
        return False
    if order.professional:
        return True
    return not (exposed > RETAIL_LIMIT or (capacity == "client" and not order.opted_in))


def reasons(order: Order) -> list[str]:
    """The names of all the rules that deny the order, in the order of the rules."""
    found: list[str] = []
    notional = order.notional
    exposed = order.exposure + notional
    capacity = order.capacity
    if order.halted:
        found.append("trading_halted")
    if notional < SMALLEST_ORDER:
        found.append("order_too_small")
    if notional > LARGEST_ORDER:
        found.append("order_too_large")
    if notional > order.available:
        found.append("not_prefunded")
    if exposed > PLATFORM_LIMIT:
        found.append("over_platform_limit")
    if order.jurisdiction not in FATF_MEMBERS:
        found.append("outside_fatf")
    if capacity == "house":
        found.append("house_order")
    if capacity == "affiliated_market_maker" and order.side == "buy" and notional > MARKET_MAKER_PURCHASE:
        found.append("market_maker_buying")
    if not order.professional:
        if exposed > RETAIL_LIMIT:
            found.append("over_retail_limit")
        if capacity == "client" and not order.opted_in:
            found.append("retail_not_opted_in")
    return found


def accepted_facts(facts: Facts) -> bool:
    """`accepted`, of a dictionary."""
    if facts["halted"]:
        return False
    notional = facts["notional"]
    if notional < SMALLEST_ORDER or notional > LARGEST_ORDER or notional > facts["available"]:
        return False
    exposed = facts["exposure"] + notional
    if exposed > PLATFORM_LIMIT or facts["jurisdiction"] not in FATF_MEMBERS:
        return False
    capacity = facts["capacity"]
    if capacity == "house":
        return False
    if capacity == "affiliated_market_maker" and facts["side"] == "buy" and notional > MARKET_MAKER_PURCHASE:
        return False
    if facts["professional"]:
        return True
    return not (exposed > RETAIL_LIMIT or (capacity == "client" and not facts["opted_in"]))


def reasons_facts(facts: Facts) -> list[str]:
    """`reasons`, of a dictionary."""
    found: list[str] = []
    notional = facts["notional"]
    exposed = facts["exposure"] + notional
    capacity = facts["capacity"]
    if facts["halted"]:
        found.append("trading_halted")
    if notional < SMALLEST_ORDER:
        found.append("order_too_small")
    if notional > LARGEST_ORDER:
        found.append("order_too_large")
    if notional > facts["available"]:
        found.append("not_prefunded")
    if exposed > PLATFORM_LIMIT:
        found.append("over_platform_limit")
    if facts["jurisdiction"] not in FATF_MEMBERS:
        found.append("outside_fatf")
    if capacity == "house":
        found.append("house_order")
    if capacity == "affiliated_market_maker" and facts["side"] == "buy" and notional > MARKET_MAKER_PURCHASE:
        found.append("market_maker_buying")
    if not facts["professional"]:
        if exposed > RETAIL_LIMIT:
            found.append("over_retail_limit")
        if capacity == "client" and not facts["opted_in"]:
            found.append("retail_not_opted_in")
    return found
