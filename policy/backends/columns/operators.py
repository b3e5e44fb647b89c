"""What each operator is in Polars. The one file of mappings; nothing else here names a method of an expression.

Null stands for unknown, as it does in Polars' own logic: `false and null` is false. Where Polars would
read null as false (in `if`), `graph` sees to it that the condition is never null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Literal, assert_never

import polars as pl

from policy.model.values import EPOCH_DAY
from policy.vocabulary import ArithmeticOperator, ComparisonOperator, PartOfDate, ProgramAggregate

Make = Callable[..., pl.Expr]
Reduction = Literal[ProgramAggregate, "together"]  # the last of needs, whose bits are merged

COMPARE: dict[ComparisonOperator, Make] = {
    "is": lambda a, b: a == b,
    "is not": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, items: a.is_in(items),
}

ARITHMETIC: dict[ArithmeticOperator, Make] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "min": lambda a, b: pl.when(a <= b).then(a).when(a > b).then(b),
    "max": lambda a, b: pl.when(a >= b).then(a).when(a < b).then(b),
}

INNER: dict[str, Make] = {
    "//": lambda a, b: a // b,  # towards minus infinity; null where b is zero
    "%": lambda a, b: a % b,  # of the sign of b
    "abs": lambda a: a.abs(),
    "root": lambda a: a.sqrt().floor(),  # of a float: about the root of the integer that it stands for
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "not": lambda a: ~a,
    "if": lambda c, a, b: pl.when(c).then(a).otherwise(b),
    "known": lambda a: a.is_not_null(),
    "certain": lambda a: a.fill_null(False),
    "possible": lambda a: a.fill_null(True),
    "or zero": lambda a: a.fill_null(0),
}


def _one(keys: Sequence[pl.Expr]) -> pl.Expr:
    return keys[0] if len(keys) == 1 else pl.struct(*(k.alias(f"key{n}") for n, k in enumerate(keys)))


def _in_the_middle(a: pl.Expr) -> pl.Expr:
    """The sum of the two in the middle, or twice the one that is."""
    odd = a.len().cast(pl.Int64) % 2
    return a.slice((a.len().cast(pl.Int64) - 1) // 2, 2 - odd).sum() * (1 + odd)


def _first(a: pl.Expr, kept: pl.Expr, *place: pl.Expr) -> pl.Expr:
    """The first that is kept, as they stand in the frame or by a column that says where each stands."""
    found = a.filter(kept)
    return (found.sort_by(place[0].filter(kept)) if place else found).first()


# How the elements of lists are reduced by row.
REDUCE: dict[Reduction, Make] = {
    "sum": lambda a: a.sum(),
    "any": lambda a: a.any(ignore_nulls=False),
    "all": lambda a: a.all(ignore_nulls=False),
    "min": lambda a, kept: a.filter(kept).min(),
    "max": lambda a, kept: a.filter(kept).max(),
    "count": lambda kept: kept.sum().cast(pl.Int64),
    "count distinct": lambda *keys: _one(keys[:-1]).filter(keys[-1]).n_unique().cast(pl.Int64),
    "median": lambda a, kept: _in_the_middle(a.filter(kept).sort()),
    "largest": lambda a, kept, most: a.filter(kept).sort(descending=True).head(most.first()).sum(),
    "smallest": lambda a, kept, most: a.filter(kept).sort().head(most.first()).sum(),
    "first": _first,
    "together": lambda a: a.bitwise_or(),
}

EXPRESSIONS: dict[str, Make] = dict([*COMPARE.items(), *ARITHMETIC.items(), *INNER.items()])


def place(row: pl.Expr, *keys: pl.Expr) -> pl.Expr:
    """Where each element stands among those of its row, by ascending keys: behind all elements of the rows before."""
    at = pl.int_range(pl.len(), dtype=pl.Int64)
    ordered = at.sort_by(row, *keys, maintain_order=True).arg_sort().cast(pl.Int64)
    return ordered - (row.rank("min").cast(pl.Int64) - 1)


def bits(*conditions: pl.Expr) -> pl.Expr:
    """A number whose bit n is set where condition n is true; null counts as false."""
    ones = [pl.when(c).then(pl.lit(1 << n, dtype=pl.Int64)).otherwise(0) for n, c in enumerate(conditions)]
    return reduce(lambda a, b: a | b, ones)


def looked_up(values: pl.Series, codes: pl.Expr) -> pl.Expr:
    """The value at each code; that of a constant is one for all rows."""
    found = pl.lit(values).gather(codes)
    return found if codes.meta.root_names() else found.first()


def date_part(part: PartOfDate, day: pl.Expr) -> pl.Expr:
    """A number of the calendar of the day, counted as Python does."""
    at = (day - EPOCH_DAY).cast(pl.Int32).cast(pl.Date).dt
    match part:
        case "year":
            return at.year().cast(pl.Int64)
        case "month":
            return at.month().cast(pl.Int64)
        case "day":
            return at.day().cast(pl.Int64)
        case "day of the year":
            return at.ordinal_day().cast(pl.Int64)
        case _:
            assert_never(part)


def months_later(day: pl.Expr, months: int) -> pl.Expr:
    """The day, counted as Python does, so many calendar months on, or the last of a shorter month."""
    moved = (day - EPOCH_DAY).cast(pl.Int32).cast(pl.Date).dt.offset_by(f"{months}mo")
    return moved.to_physical().cast(pl.Int64) + EPOCH_DAY


def literal(value: int | str | float | None, dtype: pl.DataType) -> pl.Expr:
    return pl.lit(value, dtype=dtype)
