"""How the prices and sizes of an instrument are said, and how they are counted.

In: what commands say, and events in counted units. Out: counted units, and events as they are said. The rules, the
book and the money count whole units: a price at the scale of its type, a size at that of its own, and the two
together are exact in money. An instrument whose price has more decimals than that is counted by a number of tokens
at once: each decimal more makes the price ten times as many units, and the size ten times fewer. So every formula
stays what it is, and what a rule rounds it rounds to the last decimal of this instrument. Absent: ticks and lots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from typing import Any, Literal, get_args, get_type_hints

import attrs
from attrs import evolve, frozen

from policy.market.checks import InvalidCommandError, within_facts
from policy.market.events import InvalidCode
from policy.model.types import ListOf, Number, OptionalOf, Quoted, QuotedAmount, quoted
from policy.model.values import show
from policy.wire.fields import PLAIN, AttrsClass, types_of

MOST_DECIMALS = 18  # of a price
_Kind = Literal["price", "size"]


@frozen
class Quotation:
    """How many units are counted for each unit said, of prices and of sizes."""

    name: str
    per_price: Fraction
    per_size: Fraction

    @property
    def as_counted(self) -> bool:
        """Whether everything is counted as it is said."""
        return self.per_price == self.per_size == 1

    def price(self, said: QuotedAmount, of: Number, what: str = "price") -> int:
        """A price in counted units. Raises InvalidCommandError."""
        return self._counted(said, self.per_price, of, what)

    def size(self, said: QuotedAmount, of: Number, what: str = "quantity") -> int:
        """A size in counted units. Raises InvalidCommandError."""
        return self._counted(said, self.per_size, of, what)

    def price_said(self, counted: int) -> QuotedAmount:
        return quoted(counted / self.per_price)

    def size_said(self, counted: int) -> QuotedAmount:
        return quoted(counted / self.per_size)

    def _counted(self, said: QuotedAmount, per: Fraction, of: Number, what: str) -> int:
        units = said * per
        if units.denominator != 1:
            message = f"the {what} {show(said, of)} is not a multiple of {show(quoted(1 / per), of)}"
            message += f", the smallest that `{self.name}` is listed with"
            raise InvalidCommandError(InvalidCode.FACTS_NUMBER, message)
        within_facts(abs(units.numerator), what)
        return units.numerator


def quotation(name: str, decimals: int, of: Number, multiplier: Fraction = Fraction(1)) -> Quotation:
    """That of an instrument whose price has so many decimals; a size of one is `multiplier` tokens.

    Raises InvalidCommandError.
    """
    if not 0 <= decimals <= MOST_DECIMALS:
        message = f"the price of `{name}` has {decimals} decimals: 0 to {MOST_DECIMALS} are allowed"
        raise InvalidCommandError(InvalidCode.FACTS_BOUNDS, message)
    more = Fraction(10) ** (decimals - of.scale)
    return Quotation(name, more, multiplier / more)


class Quotations:
    """The instruments that are not counted as they are said, and their orders."""

    def __init__(self) -> None:
        self.instruments: dict[str, Quotation] = {}
        self.orders: dict[str, Quotation] = {}

    def listed(self, made: Quotation) -> Quotation:
        """An instrument is traded from here on."""
        if not made.as_counted:
            self.instruments[made.name] = made
        return made

    def order(self, id: str, made: Quotation) -> None:
        """An order was accepted."""
        if not made.as_counted:
            self.orders[id] = made

    def size_said(self, name: str, counted: int) -> QuotedAmount:
        """A size of an instrument, or of anything else, as it is said."""
        made = self.instruments.get(name)
        return counted if made is None else made.size_said(counted)

    def said(self, events: Iterable[Any]) -> list[Any]:
        """Events in counted units as they are said."""
        return [self._said(event) for event in events] if self.instruments else [*events]

    def _said(self, event: Any) -> Any:
        cls: AttrsClass = type(event)
        quoted_fields, records = _parts(cls)
        changed: dict[str, Any] = {
            name: tuple(map(self._said, held)) for name in records if (held := getattr(event, name))
        }
        made = self._of(event) if quoted_fields else None
        if made is not None:
            for name, kind in quoted_fields:
                counted = getattr(event, name)
                if counted is not None:
                    changed[name] = made.price_said(counted) if kind == "price" else made.size_said(counted)
        return evolve(event, **changed) if changed else event

    def _of(self, event: Any) -> Quotation | None:
        for key in ("contract", "instrument"):
            if (name := getattr(event, key, None)) is not None:
                return self.instruments.get(name)
        return self.orders.get(event.id)


@cache
def _parts(cls: AttrsClass) -> tuple[tuple[tuple[str, _Kind], ...], tuple[str, ...]]:
    """The fields of an event that are quoted, and those that hold records which may have some."""
    types = types_of(cls)
    quoted_fields = tuple((name, _kind(of)) for name, of in types.items() if isinstance(_inner(of), Quoted))
    return quoted_fields, tuple(_records(cls))


def _inner(of: Any) -> Any:
    return of.of if isinstance(of, OptionalOf | ListOf) else of


def _kind(of: Any) -> _Kind:
    return "price" if _inner(of).unit.startswith("price:") else "size"


def _records(cls: AttrsClass) -> Iterator[str]:
    hints = get_type_hints(cls)
    for name, of in types_of(cls).items():
        items = get_args(hints[name])
        if of is PLAIN and items and attrs.has(items[0]) and any(_parts(items[0])):
            yield name
