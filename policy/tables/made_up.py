"""Positions and orders by the million, made up on the fly for `policy demo --rows`: the same on every machine.

Each cell is a plain function of its row's number, so that any batch can be made by itself and nothing is kept.
Amounts are scaled integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import polars as pl

from policy.tables.sources import BATCH, Batch

ASSETS = (
    ("virtual_asset", "BTC"),
    ("virtual_asset", "ETH"),
    ("virtual_asset", "DOGE"),
    ("listed_security", "0005.HK"),
    ("listed_security", "2800.HK"),
    ("licensed_stablecoin", "HKDX"),
    ("fiat", "HKD"),
)
LISTINGS = ("hang_seng_index", "major_overseas_index", "other_hong_kong", "other_overseas", "warrant")
FIRST_DAY, DAYS = date(2025, 6, 1), 365  # a year in which the law changes several times
A_DAY = 5_000  # orders, before the next day's come


def batches(rows: int, made: Callable[[pl.Expr], list[pl.Expr]]) -> Iterator[Batch]:
    """So many rows, a batch at a time."""
    for start in range(0, rows, BATCH):
        number = pl.int_range(start, min(rows, start + BATCH), dtype=pl.Int64)
        yield Batch(pl.select(made(number)), start + 1)


def _mixed(row: pl.Expr, salt: int) -> pl.Expr:
    """A number below 2**32 that looks like chance."""
    once = (row + salt * 7_919) * 2_654_435_761 % 4_294_967_296
    return (once // 65_536 + once % 65_536 * 40_503) * 2_246_822_519 % 4_294_967_296


def _one_of(row: pl.Expr, salt: int, words: tuple[str, ...]) -> pl.Expr:
    values = pl.lit(pl.Series(words, dtype=pl.Enum(list(dict.fromkeys(words)))))
    return values.gather(_mixed(row, salt) % len(words))


def _amount(row: pl.Expr, salt: int, most: int) -> pl.Expr:
    return _mixed(row, salt) * 1_000_003 % most + 1


def _mostly(row: pl.Expr, salt: int, of: int) -> pl.Expr:
    return _mixed(row, salt) % of > 0


def positions(row: pl.Expr) -> list[pl.Expr]:
    """What a margin lender holds as collateral."""
    classes, symbols = (tuple(column) for column in zip(*ASSETS, strict=True))
    return [
        _one_of(row, 1, classes).alias("asset.class"),
        _one_of(row, 1, symbols).cast(pl.String).alias("asset.symbol"),
        _one_of(row, 2, LISTINGS).alias("asset.listing"),
        _amount(row, 3, 100_000_000_00).alias("market_value"),
    ]


def orders(row: pl.Expr) -> list[pl.Expr]:
    """A year of orders, each with the day on which it was placed."""
    return [
        (pl.lit(FIRST_DAY) + pl.duration(days=row // A_DAY % DAYS)).cast(pl.Date).alias("day"),
        _one_of(row, 1, ("buy", "sell")).alias("side"),
        _one_of(row, 2, ("client",) * 9 + ("affiliated_market_maker",)).alias("capacity"),
        _one_of(row, 3, ("retail", "individual_professional", "institutional_professional")).alias("investor"),
        _one_of(row, 4, ("own_book", "own_book", "shared_book", "off_platform")).alias("venue"),
        _amount(row, 5, 600_000_00).alias("price"),
        _amount(row, 6, 10 * 10**8).alias("quantity"),
        _amount(row, 7, 1_000_00).alias("fees"),
        _amount(row, 8, 10_000_000_00).alias("available"),
        _amount(row, 9, 100 * 10**8).alias("available_quantity"),
        _mostly(row, 10, 2).alias("settled_intraday"),
        (~_mostly(row, 11, 50)).alias("issued_by_a_group"),
        (~_mostly(row, 12, 50)).alias("financed"),
        _mostly(row, 13, 40).alias("admitted"),
        (~_mostly(row, 14, 20)).alias("only_stablecoins"),
        _mostly(row, 15, 60).alias("knowledge_assessed"),
        _amount(row, 16, 5_000_000_00).alias("exposure"),
        _amount(row, 17, 20_000_000_00).alias("exposure_limit"),
        _mostly(row, 18, 100).alias("shared_book_approved"),
        _mostly(row, 19, 100).alias("overseas_platform_eligible"),
        _mostly(row, 20, 30).alias("maker_approved"),
        _mostly(row, 21, 30).alias("maker_independent"),
        _mostly(row, 22, 30).alias("maker_reviewed"),
        _one_of(row, 23, ("platform",) * 9 + ("bank",)).alias("intermediary"),
    ]
