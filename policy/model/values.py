"""Exact values between their written and their run-time form.

Numbers are scaled ints, dates are days, instants are microseconds since 1970-01-01T00:00:00Z; `None` is an
optional's absence. Nothing here ever rounds.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import assert_never

from policy.model import types
from policy.model.types import AnswerType
from policy.vocabulary import RuntimeValue

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = _EPOCH.toordinal()  # 1970-01-01, as Python counts days
SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
MONTHS = {"month": 1, "year": 12}
LAST_DAY = date.max.toordinal()
FIRST_MOMENT, LAST_MOMENT = (
    (m.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) for m in (datetime.min, datetime.max)
)


def scaled(value: Decimal, scale: int) -> int | None:
    """`value` as an integer at `scale`, or None where it has more decimals than that."""
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    number: int = int("".join(map(str, digits)) or "0")
    shift: int = exponent + scale
    if shift < 0:
        unit: int = 10**-shift
        if number % unit:
            return None
        number //= unit
    else:
        number *= 10**shift
    return -number if sign else number


def decimals(value: Decimal) -> int:
    """How many decimals `value` is written with."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def decimal_text(value: int | Fraction, scale: int) -> str:
    """The plain decimal text of a scaled integer, with all its decimals; of a fraction, all that it has."""
    if not isinstance(value, int):  # which is quicker to ask than whether it is a fraction
        while value.denominator > 1:
            value, scale = value * 10, scale + 1
        value = value.numerator
    if scale <= 0:
        return str(value * 10**-scale)
    digits = str(abs(value)).zfill(scale + 1)
    return f"{'-' if value < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def microseconds(moment: datetime) -> int:
    """Microseconds since the epoch of an instant with an offset."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def show(value: RuntimeValue, of: AnswerType) -> str:
    """The value as an author would write it: `40.00 HKD`, `15.5%`, `2026-02-11`."""
    if value is None:
        return "none"
    match of:
        case types.OptionalOf(item):
            return show(value, item)
        case types.Boolean():
            return "true" if value else "false"
        case types.Text():
            return f'"{value}"'
        case types.Date():
            return date.fromordinal(value).isoformat() if 1 <= value <= LAST_DAY else "a day out of the calendar"
        case types.Instant():
            if not FIRST_MOMENT <= value <= LAST_MOMENT:
                return "a moment out of the calendar"
            return (_EPOCH + timedelta(microseconds=value)).isoformat()
        case types.Number():
            return number_text(value, of)
        case types.SetOf(item):
            return "{" + ", ".join(sorted(show(v, item) for v in value)) + "}"
        case types.ListOf(item):
            return "[" + ", ".join(show(v, item) for v in value) + "]"
        case types.Results(fields=fields):
            return "{ " + ", ".join(f"{n}: {show(v, t)}" for (n, t), v in zip(fields, value, strict=True)) + " }"
        case types.Enum():
            return str(value)
        case types.Record() | types.Broken():
            return repr(value)
        case _:
            assert_never(of)


def number_text(value: RuntimeValue, of: types.Number) -> str:
    """`show` of a number."""
    unit, scale = of.unit, of.scale
    if unit.startswith("money:"):
        return f"{decimal_text(value, scale)} {of.currency}"
    if unit == "rate":
        return _trimmed(decimal_text(value, scale - 2)) + "%" if scale >= 2 else f"{value * 10 ** (2 - scale)}%"
    if unit == "duration":
        return _duration(value, scale)
    if unit == "period" and not scale:
        return _period(value)
    return f"{_trimmed(decimal_text(value, scale))} {of.currency}".rstrip()


def show_bound(bound: int, of: types.Type) -> str:
    """A bound of a field; of an enum, the member of that rank."""
    inner = types.inner_of(of)
    return inner.said(inner.ascending[bound]) if isinstance(inner, types.Enum) else show(bound, inner)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _duration(value: int, scale: int) -> str:
    if scale:
        seconds, rest = divmod(value, 10**scale)
        if rest:
            return f"{_trimmed(decimal_text(value, scale))} seconds"
    else:
        seconds = value
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0 and seconds:
            count = seconds // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"


def _period(months: int) -> str:
    years = months % 12 == 0 and months > 12
    count, word = (months // 12, "year") if years else (months, "month")
    return f"{count} {word}{'' if count == 1 else 's'}"


def day_of(iso: str) -> int:
    """The day of a written date; some day where the parser has found that there is none."""
    try:
        return date.fromisoformat(iso).toordinal()
    except ValueError:
        return 1


def moment_of(iso: str) -> int:
    """The microseconds of a written instant; some where the parser has found that there is none."""
    try:
        return microseconds(datetime.fromisoformat(iso))
    except ValueError:
        return 0
