"""Validation that does not depend on the rulebook.

In: what a command says, and what is known. Out: what it names or the facts it gives, or `InvalidCommandError` with a
code and a message. Absent: any rule; ticks, lots, names and balances are mechanics.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from policy.diagnostics import Diagnostic, in_one_line
from policy.interface import BoundQuestion
from policy.market.book import MARKET, OrderType
from policy.market.events import InvalidCode
from policy.model.types import MOST_FACT_DIGITS, Number, QuotedAmount
from policy.model.values import show
from policy.vocabulary import FactsJson

T = TypeVar("T")
P = TypeVar("P")

LIMIT_OF_FACTS = 10**MOST_FACT_DIGITS  # every fact of the rules is smaller


class InvalidCommandError(Exception):
    """The command is invalid. Nothing has changed when this is raised."""

    def __init__(self, code: InvalidCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def code_of(findings: Sequence[Diagnostic]) -> InvalidCode:
    """The code for findings about a command or its facts."""
    return InvalidCode(findings[0].code.replace("-", "_"))


def known(names: Mapping[str, T], name: str, what: str) -> T:
    """What a name stands for; `what` is one of the kinds that have an `unknown_…` code."""
    if name not in names:
        raise InvalidCommandError(InvalidCode(f"unknown_{what}"), f"there is no {what} `{name}`")
    return names[name]


def not_blank(name: str, what: str) -> None:
    """A name that people can read."""
    if not name.strip():
        message = f"the name of {_article(what)} {what} is empty or only blanks: give it a name that can be read"
        raise InvalidCommandError(InvalidCode.BLANK_NAME, message)


def new(names: Collection[str], name: str, what: str) -> None:
    """A name that must not be in use, and not blank."""
    not_blank(name, what)
    if name in names:
        message = f"there is already {_article(what)} {what} `{name}`: give it another name"
        raise InvalidCommandError(InvalidCode.DUPLICATE, message)


def _article(what: str) -> str:
    return "an" if what[0] in "aeiou" else "a"


def positive(amount: QuotedAmount, of: Number, what: str) -> None:
    if amount <= 0:
        message = f"the {what} is {show(amount, of)}: it must be more than 0"
        raise InvalidCommandError(InvalidCode.NOT_POSITIVE, message)


def fits_type(price: QuotedAmount | None, type: OrderType) -> None:
    """A market order has no price, and every other order has one."""
    if type == MARKET:
        if price is not None:
            message = "a market order takes any price: leave it out"
            raise InvalidCommandError(InvalidCode.PRICE_UNWANTED, message)
    elif price is None:
        raise InvalidCommandError(InvalidCode.PRICE_MISSING, f"an order of type `{type}` needs a price")


def one_price_each(names: Sequence[str], prices: Sequence[P], what: str) -> dict[str, P]:
    """The prices of one moment, by what they are the prices of."""
    priced = dict(zip(names, prices, strict=False))
    if not len(priced) == len(names) == len(prices):
        message = f"there must be one price for each {what}, and each {what} named once"
        raise InvalidCommandError(InvalidCode.PRICE_COUNT, message)
    return priced


def on_tick(price: QuotedAmount, tick: QuotedAmount, of: Number) -> None:
    """A price must be a multiple of the tick."""
    if price % tick:
        message = f"the price {show(price, of)} is not a multiple of the tick {show(tick, of)}"
        raise InvalidCommandError(InvalidCode.OFF_TICK, message)


def on_lot(quantity: QuotedAmount, lot: QuotedAmount, of: Number) -> None:
    """A quantity must be a multiple of the lot."""
    if quantity % lot:
        message = f"the quantity {show(quantity, of)} is not a multiple of the lot {show(lot, of)}"
        raise InvalidCommandError(InvalidCode.OFF_LOT, message)


def within_facts(amount: int, what: str) -> None:
    """The rules must be able to take an amount as a fact."""
    if amount >= LIMIT_OF_FACTS:
        message = f"the {what} would have more than {MOST_FACT_DIGITS} digits"
        raise InvalidCommandError(InvalidCode.TOO_LARGE, message)


def available(amount: QuotedAmount, free: QuotedAmount, of: Number, where: str) -> None:
    """What is moved must be there; there is no credit."""
    if amount > free:
        message = f"{show(amount, of)} is more than the {show(free, of)} {where}"
        raise InvalidCommandError(InvalidCode.INSUFFICIENT_BALANCE, message)


def not_reserved(facts: FactsJson, reserved: Collection[str]) -> None:
    """A command must not give the facts that the venue fills in."""
    for name in sorted(facts.keys() & set(reserved)):
        raise InvalidCommandError(InvalidCode.RESERVED_FACT, f"`{name}` is filled in by the venue: leave it out")


def read(question: BoundQuestion, facts: FactsJson, about: str = "<facts>") -> tuple[Any, ...]:
    """The arguments of a question, from facts by parameter."""
    arguments = question.read(facts, about)
    if isinstance(arguments, list):
        raise InvalidCommandError(code_of(arguments), in_one_line(arguments))
    return arguments
