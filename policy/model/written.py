"""Numbers, days and moments as people write them, and the limits that every fact keeps whatever it came as.

In: a text and a type. Out: the run-time form, or what is wrong with the text. Nothing is rounded or guessed.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from fractions import Fraction
from typing import assert_never

from attrs import frozen

from policy.model import types, values
from policy.model.types import (
    MOST_DIGITS,
    MOST_FACT_DIGITS,
    Number,
    Quantity,
    Quoted,
    QuotedAmount,
    Type,
    describe,
    quoted,
)

LONGEST_NUMBER = 60
DAYS = (1, values.LAST_DAY)
MOMENTS = (values.FIRST_MOMENT, values.LAST_MOMENT)
FACTS = (1 - 10**MOST_FACT_DIGITS, 10**MOST_FACT_DIGITS - 1)

_NUMBER = re.compile(
    r"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,9})?)(?: ?(%|bp|[A-Z]{3}[A-Z0-9]{0,7}|[a-z]+))?"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-5][0-9])"
)
DATE_HELP = "write it as 2026-02-11"
INSTANT_HELP = "write it as 2026-02-11T16:10:00+08:00, with its offset"


@frozen
class Wrong:
    """Why something is no fact of its type, and what to do about it."""

    code: str
    message: str
    help: str = ""


def limits(of: Type, least: int | None = None, most: int | None = None) -> tuple[int, int]:
    """The least and greatest that a fact may be."""
    low, high = DAYS if isinstance(of, types.Date) else MOMENTS if isinstance(of, types.Instant) else FACTS
    return (low if least is None else max(low, least)), (high if most is None else min(high, most))


def too_large(of: Type) -> Wrong:
    return Wrong("facts-number", f"the number is too large for `{describe(of)}`")


def beyond(value: int, of: Type, least: int | None, most: int | None) -> Wrong | None:
    """What is wrong with the value of a field that does not keep its bounds."""
    for bound, way, word in ((least, -1, "at least"), (most, 1, "at most")):
        if bound is not None and (value - bound) * way > 0:
            shown, limit = values.show(value, of), values.show(bound, of)
            return Wrong("facts-bounds", f"is {shown}, but {word} {limit} is allowed")
    return None


def outside(member: str, of: types.Enum) -> Wrong:
    """What is wrong with a member that does not keep the bounds of its field."""
    is_low = of.least and of.ascending.index(member) < of.ascending.index(of.least)
    word, limit = ("at least", of.least) if is_low else ("at most", of.most)
    return Wrong("facts-bounds", f"is {of.said(member)}, but {word} {of.said(limit)} is allowed")


def number(text: str, of: Number) -> QuotedAmount | Wrong:
    """A decimal number, perhaps with its unit; an int, unless it is of a quoted type."""
    if len(text) > LONGEST_NUMBER:
        return Wrong("facts-number", f"the number has more than {LONGEST_NUMBER} characters")
    match = _NUMBER.fullmatch(text)
    if match is None:
        return Wrong("facts-number", f"`{text}` is not a decimal number", "digits 0-9, one point, no separators")
    value, unit = Decimal(match[1]) or Decimal(0), match[2] or ""
    scale = of.scale
    if unit:
        if of.unit == "rate" and unit in ("%", "bp"):
            scale -= 2 if unit == "%" else 4
        elif of.unit == "duration" and unit.rstrip("s") in values.SECONDS:
            value *= values.SECONDS[unit.rstrip("s")]
        elif of.unit == "period" and unit.rstrip("s") in values.MONTHS:
            value *= values.MONTHS[unit.rstrip("s")]
        elif unit != of.currency:
            return Wrong("facts-type", f"is in `{unit}`, but `{describe(of)}` is expected")
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if value.adjusted() + scale >= (MOST_DIGITS if isinstance(of, Quoted) else MOST_FACT_DIGITS) and value:
        return too_large(of)
    if -exponent > LONGEST_NUMBER:
        return Wrong("facts-number", "the number has too many decimals")
    if isinstance(of, Quoted):
        return quoted(Fraction(value) * 10**scale)
    result = values.scaled(value, scale)
    if result is None:
        message = f"`{text}` has more decimals than `{describe(of)}`"
        return Wrong("facts-number", message, "nothing is rounded silently")
    return result


def quantity(text: str, of: Quantity) -> QuotedAmount | Wrong:
    """A number, day or moment, by its type."""
    match of:
        case types.Date():
            return date(text)
        case types.Instant():
            return instant(text)
        case Number():
            return number(text, of)
        case _:
            assert_never(of)


def date(text: str) -> int | Wrong:
    """A day, as its ordinal."""
    if not _DATE.fullmatch(text):
        return Wrong("facts-time", "is not a date", DATE_HELP)
    try:
        return datetime.date.fromisoformat(text).toordinal()
    except ValueError:
        return Wrong("facts-time", f"there is no day `{text}`")


def instant(text: str) -> int | Wrong:
    """A moment with its offset, in microseconds."""
    if not _INSTANT.fullmatch(text):
        return Wrong("facts-time", "is not an instant", INSTANT_HELP)
    try:
        moment = values.microseconds(datetime.datetime.fromisoformat(text))
    except ValueError:
        moment = None
    if moment is None or not MOMENTS[0] <= moment <= MOMENTS[1]:  # in UTC, whatever the day where it was written
        return Wrong("facts-time", f"there is no moment `{text}`", INSTANT_HELP)
    return moment
