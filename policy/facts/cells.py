"""Cells of a table as run-time facts: one expression for each kind of column that a fact may stand in.

In: a fact's type, and the type of the column that holds it. Out: the column as scaled integers, codes, texts or
booleans, and a condition that is false where a cell may not be what is declared; such a row is then read again by
itself, strictly, to say why, with its days and moments as `in_text` has them. Nothing is rounded: a column of binary
floats is no column of numbers.
"""

from __future__ import annotations

from typing import Any, assert_never

import polars as pl
from attrs import frozen

from policy.facts.from_rows import BOOLEANS
from policy.model import types
from policy.model.types import MOST_FACT_DIGITS, Type
from policy.model.values import EPOCH_DAY
from policy.model.written import DAYS, FACTS, MOMENTS


@frozen(eq=False)
class CheckedColumn:
    """A column of facts: `good` is true where a cell can be used as it is (a null is good: the fact is missing)."""

    value: pl.Expr
    good: pl.Expr | None = None


def cell(of: Type, dtype: pl.DataType, column: pl.Expr, scaled: bool) -> CheckedColumn | str:
    """The facts of type `of` in a column, or why they cannot be there."""
    texts = dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum)
    match of:
        case types.Boolean():
            if dtype == pl.Boolean:
                return CheckedColumn(column)
            return _of_words(column, BOOLEANS, pl.Boolean()) if texts else "true or false"
        case types.Text():
            return CheckedColumn(column.cast(pl.String)) if texts else "a text"
        case types.Enum():
            return _codes(column, dtype, of) if texts else "a text"
        case types.Date():
            return dates(column, dtype)
        case types.Instant():
            return _instants(column, dtype)
        case types.Number(_, scale):
            return _numbers(of, column, dtype, scale, scaled)
        case types.Record() | types.ListOf() | types.SetOf() | types.OptionalOf() | types.Broken():
            raise AssertionError(of)
        case _:
            assert_never(of)


def _of_words(column: pl.Expr, meanings: dict[str, Any], dtype: pl.DataType) -> CheckedColumn:
    words = column.cast(pl.String)
    value = words.replace_strict(list(meanings), list(meanings.values()), default=None, return_dtype=dtype)
    return CheckedColumn(value, value.is_not_null() | column.is_null())


def _codes(column: pl.Expr, dtype: pl.DataType, of: types.Enum) -> CheckedColumn:
    members, places_of = of.every, {word: of.every.index(member) for word, member in of.words.items()}
    codes: Any = pl.UInt8() if len(members) < 250 else pl.UInt32()
    if isinstance(dtype, pl.Enum):
        places = [places_of.get(c) for c in dtype.categories]
        if places == list(range(len(places))):
            return CheckedColumn(column.to_physical().cast(codes))
        value = pl.lit(pl.Series(places, dtype=codes)).gather(column.to_physical())
    elif isinstance(dtype, pl.Categorical):

        def coded(held: pl.Series) -> pl.Series:
            names = held.dtype.categories.to_series()  # type: ignore[attr-defined]  # it is a `Categorical`
            places = [places_of.get(c) for c in names]
            return pl.Series(places, dtype=codes).gather(held.to_physical())

        value = column.map_batches(coded, return_dtype=codes)
    elif of.spelt or of.declared:
        known = column.cast(pl.Enum(list(places_of)), strict=False).to_physical()
        value = pl.lit(pl.Series(list(places_of.values()), dtype=codes)).gather(known)
    else:
        value = column.cast(pl.Enum(members), strict=False).to_physical().cast(codes)
    return CheckedColumn(value, value.is_not_null() | column.is_null())


def dates(column: pl.Expr, dtype: pl.DataType) -> CheckedColumn | str:
    """A column of dates, in days."""
    if dtype == pl.Date:
        return CheckedColumn(column.to_physical().cast(pl.Int64) + EPOCH_DAY)
    if dtype != pl.String:
        return "a date"
    plain = column.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    value = column.str.to_date("%Y-%m-%d", strict=False).to_physical().cast(pl.Int64) + EPOCH_DAY
    return CheckedColumn(value, (plain & value.is_not_null()) | column.is_null())


def _instants(column: pl.Expr, dtype: pl.DataType) -> CheckedColumn | str:
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            return "a moment with its time zone"
        units = column.to_physical()
        match dtype.time_unit:
            case "ns":  # finer than a fact can be
                return CheckedColumn(units // 1_000, (units % 1_000 == 0) | column.is_null())
            case "us":
                return CheckedColumn(units)
            case "ms":  # of which some are more than 64 bits of microseconds
                return CheckedColumn(units * 1_000, _in_calendar(column, dtype) | column.is_null())
            case unit:
                assert_never(unit)
    if dtype != pl.String:
        return "a moment with its time zone"
    plain = column.str.contains(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?[+-][0-9]{2}:[0-9]{2}$"
    )
    moment = column.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)
    value = moment.to_physical()
    return CheckedColumn(value, (plain & value.is_not_null()) | column.is_null())


def _in_calendar(column: pl.Expr, dtype: pl.Date | pl.Datetime) -> pl.Expr:
    """Where a day or moment is one that a calendar has: engines fail on any other."""
    if isinstance(dtype, pl.Date):
        least, most = (day - EPOCH_DAY for day in DAYS)
    elif dtype.time_unit == "ns":  # whose 64 bits do not reach beyond
        return column.is_not_null()
    else:
        least, most = (moment // (1_000 if dtype.time_unit == "ms" else 1) for moment in MOMENTS)
    return column.to_physical().is_between(least, most)


def in_text(column: pl.Expr, dtype: Any) -> pl.Expr:  # Polars types the types inside others as classes, too
    """A column with its days and moments, also those inside lists and structs, as facts in JSON have them.

    One that no calendar has is a number, which is no fact.
    """
    if isinstance(dtype, pl.Date | pl.Datetime):
        is_day = isinstance(dtype, pl.Date)
        good = pl.when(_in_calendar(column, dtype)).then(column if is_day else column.dt.convert_time_zone("UTC"))
        text = good.dt.to_string("%Y-%m-%d" if is_day else "%Y-%m-%dT%H:%M:%S%.f%:z")
        return pl.coalesce(text, column.to_physical().cast(pl.String))
    if not _has_times(dtype):
        return column
    if isinstance(dtype, pl.Struct):
        fields = [in_text(column.struct.field(f.name), f.dtype).alias(f.name) for f in dtype.fields]
        return pl.when(column.is_not_null()).then(pl.struct(fields))
    listed = column.arr.to_list() if isinstance(dtype, pl.Array) else column
    return listed.list.eval(in_text(pl.element(), dtype.inner))


def _has_times(dtype: Any) -> bool:
    if isinstance(dtype, pl.List | pl.Array):
        return _has_times(dtype.inner)
    if isinstance(dtype, pl.Struct):
        return any(_has_times(f.dtype) for f in dtype.fields)
    return isinstance(dtype, pl.Date | pl.Datetime)


def _numbers(of: types.Number, column: pl.Expr, dtype: pl.DataType, scale: int, scaled: bool) -> CheckedColumn | str:
    if dtype == pl.String:
        return _spelt(of, column, scale)
    if isinstance(dtype, pl.Decimal):
        digits = dtype.precision or 38
        return _shifted(column.to_physical(), scale - dtype.scale, digits)
    if dtype.is_integer():
        wide = dtype in (pl.Int128, pl.UInt128, pl.UInt64)
        if scaled:
            return CheckedColumn(column.cast(pl.Int64, strict=False), _held(column) if wide else None)
        made = _shifted(column.cast(pl.Int128, strict=False), scale, 38 if wide else 19)
        if dtype != pl.UInt128:
            return made
        held = column.cast(pl.Int128, strict=False).is_not_null() | column.is_null()
        return CheckedColumn(made.value, held if made.good is None else made.good & held)
    if of.unit == "duration":
        return "a number of seconds, or a text as `8 hours`"
    return "an exact number; binary floats are not exact" if dtype.is_float() else "a number"


def _held(column: pl.Expr) -> pl.Expr:
    return column.cast(pl.Int64, strict=False).is_not_null() | column.is_null()


def _shifted(units: pl.Expr, shift: int, digits: int) -> CheckedColumn:
    """Numbers of 128 bits with so many more, or fewer, decimals."""
    most = pl.lit(10 ** max(0, MOST_FACT_DIGITS - max(0, shift)), dtype=pl.Int128)
    fits = units.is_between(-most, most, closed="none")  # not `abs`, which the least number does not have
    good = None
    if digits + shift > MOST_FACT_DIGITS:
        good = (fits if shift >= 0 else pl.lit(True)) | units.is_null()
    if shift < 0:
        step = pl.lit(10**-shift, dtype=pl.Int128)
        even = (units % step == 0) | units.is_null()
        good = even if good is None else good & even
        return CheckedColumn((units // step).cast(pl.Int64, strict=False), good & _held(units // step))
    value = units if shift == 0 else units * pl.lit(10**shift, dtype=pl.Int128)
    return CheckedColumn(value.cast(pl.Int64, strict=False), good)


def _spelt(of: types.Number, column: pl.Expr, scale: int) -> CheckedColumn:
    """Numbers in the plainest spelling; any other is read by itself."""
    text, places = column, max(0, scale)
    if of.currency:
        text = text.str.strip_suffix(" " + of.currency)
    plain = text.str.contains(
        rf"^-?(0|[1-9][0-9]{{0,17}})(\.[0-9]{{1,{places}}})?$" if places else r"^-?(0|[1-9][0-9]{0,17})$"
    )
    whole, part = (
        text.str.split_exact(".", 1).struct.field("field_0"),
        text.str.split_exact(".", 1).struct.field("field_1"),
    )
    value = (whole + part.fill_null("").str.pad_end(places, "0")).cast(pl.Int128, strict=False)
    if scale < 0:
        value = value // 10**-scale
        plain = pl.lit(False)
    held = (value.abs() <= FACTS[1]).fill_null(False)
    return CheckedColumn(value.cast(pl.Int64, strict=False), (plain & held) | column.is_null())
