"""The types of the language, and the arithmetic of their units.

A number is an integer with a static scale: `40.00 HKD` is 4000 at scale 2 of unit `money:HKD`. At run time
every number, date (days), instant (microseconds, UTC) is a Python int; texts and enum members are str.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import assert_never, overload

from policy.nodes import frozen
from policy.vocabulary import End, OrderOperator

EXACT_FRACTION = -1  # the "scale" of a quotient, which may exist only inside `round`
MOST_FACT_DIGITS = 18  # a fact's scaled integer stays below 10**18
MOST_DIGITS = 38  # no number that is worked out reaches 10**38
LONGEST_LIST = 1_000_000

MONEY_IN = "money in "  # before what has the currency
_ORDERS: dict[OrderOperator, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
DEFAULT_SCALE = {"rate": 6, "price": 4, "quantity": 8}


@frozen
class Boolean:
    pass


@frozen
class Text:
    pass


@frozen
class Date:
    pass


@frozen
class Instant:
    pass


@frozen
class Number:
    """`unit`: number, rate, quantity, duration, period, `money:HKD`, `price:HKD`, or money in the currency that
    another field of its record has: `money in currency`, in an expression `money in h.currency`. `scale`: decimals
    kept.
    """

    unit: str
    scale: int

    @property
    def currency(self) -> str:
        return self.unit.partition(":")[2]

    @property
    def is_money(self) -> bool:
        """Of one currency, which its type has."""
        return self.unit.startswith("money:")

    @property
    def currency_of(self) -> str:
        """What has the currency, where that is a fact."""
        return self.unit.removeprefix(MONEY_IN) if self.unit.startswith(MONEY_IN) else ""


@frozen
class Quoted(Number):
    """A price or size as a command or event of a venue says it, which may have more decimals than `scale`.

    At run time it is a `QuotedAmount`. No rulebook declares one: the rules are told whole units.
    """


QuotedAmount = int | Fraction  # units of the scale: an int wherever that says it, else an exact fraction


def quoted(amount: QuotedAmount) -> QuotedAmount:
    """The one form of an amount: an int where it is whole and no larger than a fact may be."""
    return amount.numerator if amount.denominator == 1 and abs(amount) < 10**MOST_FACT_DIGITS else Fraction(amount)


def is_quoted(amount: object) -> bool:
    """Whether it is a fraction in that form, with decimals that come to an end and within what is worked out."""
    if type(amount) is not Fraction or type(quoted(amount)) is int or abs(amount) >= 10**MOST_DIGITS:
        return False
    rest = amount.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1 and amount.denominator < 10**MOST_DIGITS


@frozen
class Enum:
    """`first`: which end of an order the first member is; `spelt`: texts that stand for members.

    As the facts of a field with bounds have it, `members` are those between `least` and `most`, where these are
    named, and `every` are all.
    """

    name: str
    members: tuple[str, ...]
    first: End | None = None
    spelt: tuple[tuple[str, str], ...] = ()
    least: str = ""
    most: str = ""
    declared: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        return self.declared or self.members

    def between(self, least: int | None, most: int | None) -> Enum:
        """Those members alone that lie between two ranks, the lowest member's being 0."""
        if least is None and most is None:
            return self
        ranks = self.ascending
        kept = frozenset(ranks[least or 0 : None if most is None else most + 1])
        members = tuple(m for m in self.members if m in kept)
        low, high = "" if least is None else ranks[least], "" if most is None else ranks[most]
        return Enum(self.name, members, self.first, self.spelt, low, high, self.members)

    @property
    def ascending(self) -> tuple[str, ...]:
        """The members of an order, the lowest first."""
        return self.every if self.first == "lowest" else self.every[::-1]

    def beside(self, word: OrderOperator, bound: str) -> frozenset[str]:
        """The members that are higher or lower than one, as the operator says."""
        at = self.ascending.index(bound)
        return frozenset(m for n, m in enumerate(self.ascending) if _ORDERS[word](n, at))

    @property
    def words(self) -> dict[str, str]:
        """The members by every text that stands for one in facts."""
        return {m: m for m in self.members} | {text: m for text, m in self.spelt if m in self.members}

    def said(self, member: str) -> str:
        """A member as facts spell it."""
        return next((text for text, m in self.spelt if m == member), member)


@frozen
class Record:
    """By full name, so that records may be looked up wherever a program goes."""

    name: str


@frozen
class SetOf:
    of: Type


@frozen
class ListOf:
    of: Type


@frozen
class OptionalOf:
    of: Type


@frozen
class Broken:
    """The type of something already reported; agrees with everything, so that one slip costs one finding."""


@frozen
class Results:
    """What a question answers that gives a record: its fields in their order, held as a tuple."""

    name: str
    fields: tuple[tuple[str, AnswerType], ...]


Type = Boolean | Text | Date | Instant | Number | Enum | Record | SetOf | ListOf | OptionalOf | Broken

AnswerType = Type | Results

Quantity = Number | Date | Instant  # what is held as an int, and has an order

OF = "##"  # between the name of a question and the field of the record that it answers
BOOLEAN, TEXT, DATE, INSTANT, BROKEN = Boolean(), Text(), Date(), Instant(), Broken()
INTEGER = Number("number", 0)
INSTANT_STEP = Number("duration", 6)
DATE_STEP = Number("duration", 0)
PERIOD = Number("period", 0)  # in months


@overload
def inner_of(of: Type) -> Type: ...
@overload
def inner_of(of: None) -> None: ...
@overload
def inner_of(of: AnswerType) -> AnswerType: ...
def inner_of(of: AnswerType | None) -> AnswerType | None:
    """The type of what is there where it is present."""
    return of.of if isinstance(of, OptionalOf) else of


def product_unit(left: str, right: str) -> str | None:
    """Unit of `left * right`, or None where the product has no meaning here."""
    for neutral in ("number", "rate"):  # in this order: a number times a rate is a rate
        if neutral in (left, right):
            return right if left == neutral else left
    for a, b in ((left, right), (right, left)):
        if (a == "quantity" or a.startswith(MONEY_IN)) and b.startswith("price:"):
            return "money:" + b.partition(":")[2]
    return None


def quotient_unit(left: str, right: str) -> str | None:
    """Unit of `left / right`, or None where the quotient has no meaning here."""
    if right in ("number", "rate"):
        return left
    if left == right:
        return "rate" if left != "number" else "number"
    currency = left.partition(":")[2]
    if left == f"money:{currency}" and currency:
        if right == f"price:{currency}":
            return "quantity"
        if right == "quantity":
            return f"price:{currency}"
    return None


def common(of: Sequence[Type]) -> Type:
    """The type of the elements of a set or list that are written out: the widest number, else that of the first."""
    numbers = [t for t in of if isinstance(t, Number)]
    if numbers and len(numbers) == len(of):
        return Number(numbers[0].unit, max(n.scale for n in numbers))
    return of[0] if of else BROKEN


def has_order(of: Type) -> bool:
    """Whether things of the type are higher and lower than each other."""
    return isinstance(of, Quantity | Broken) or (isinstance(of, Enum) and of.first is not None)


def short(name: str) -> str:
    """The last part of a full name."""
    return name.rpartition(".")[2]


def describe(of: AnswerType) -> str:
    """The type as an author writes it."""
    match of:
        case Boolean():
            return "boolean"
        case Text():
            return "text"
        case Date():
            return "date"
        case Instant():
            return "instant"
        case Number("number", 0):
            return "integer"
        case Number("period", 0):
            return "period"
        case Number("duration", scale):
            return "duration" if scale in (0, INSTANT_STEP.scale) else f"duration to {_step(scale)}"
        case Number(unit, scale):
            kind, _, currency = unit.partition(":")
            word = {"number": "decimal"}.get(kind, kind) + (f"({currency})" if currency else "")
            if scale == EXACT_FRACTION:
                return f"{word} as an exact fraction"
            step = _step(scale - 2) + "%" if kind == "rate" else _step(scale)
            return f"{word} to {step}"
        case Enum(name, _) | Record(name) | Results(name):
            return short(name)
        case SetOf(item):
            return f"set of {describe(item)}"
        case ListOf(item):
            return f"list of {describe(item)}"
        case OptionalOf(item):
            return f"optional {describe(item)}"
        case Broken():
            return "unknown"
        case _:
            assert_never(of)


def a_type(of: AnswerType) -> str:
    """The type with its article, as it stands in a sentence."""
    word = describe(of)
    sound = word.lower()
    has_vowel = sound[0] in "aeiou" and not sound.startswith(("uni", "use", "usa", "eu", "one"))
    return ("an " if has_vowel else "a ") + f"`{word}`"


def _step(scale: int) -> str:
    return "1" + "0" * -scale if scale <= 0 else "0." + "0" * (scale - 1) + "1"
