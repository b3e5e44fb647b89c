"""Sums of columns of 128 bits, which may themselves be larger: Polars would wrap them.

In: a column of scaled integers. Out: the exact sum of those that are there.
"""

from __future__ import annotations

import polars as pl

HALF = pl.lit(1 << 64, dtype=pl.Int128)
MOST = 1 << 127  # sums of 128 bits stay below


def halves(of: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Two sums, `high` and `low`, that `whole` puts together."""
    return (of // HALF).sum().alias("high"), (of % HALF).sum().alias("low")


def whole(high: int | None, low: int | None) -> int:
    return ((high or 0) << 64) + (low or 0)


def total(values: pl.Series) -> int:
    """The sum of a column of integers."""
    ends = values.to_frame().select(least=pl.first().min(), most=pl.first().max()).row(0)
    if max((abs(end) for end in ends if end is not None), default=0) * len(values) < MOST:
        return int(values.sum() or 0)
    return whole(*values.to_frame().select(halves(pl.first())).row(0))
