"""Positions to value and orders to decide, made up on the fly: the same for the same seed, any part by itself."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

import policy
from policy.model import types
from policy.pipeline import Rulebook

CLASSES = [f"c{n}" for n in range(12)]
KEPT = np.array([95, 90, 85, 80, 75, 70, 60, 50, 40, 30, 20, 0])  # per cent, after the haircut
CAPS = np.array([50, 40, 30, 20, 10, 9, 8, 7, 6, 5, 4, 3]) * 10**8  # cents
RULES = Path(__file__).with_name("lending.policy")
DAY = date(2026, 3, 1)


def positions(height: int, seed: int = 7) -> pl.DataFrame:
    """Class, quantity of eight decimals, price of four; one product in a hundred is beyond 64 bits."""
    chance = np.random.default_rng(seed)
    large = chance.random(height) < 0.01
    quantity = np.where(large, chance.integers(10**12, 10**13, height), chance.integers(1, 10**10, height))
    price = np.where(large, chance.integers(10**7, 10**8, height), chance.integers(1, 10**8, height))
    codes = pl.Series("class", chance.integers(0, 12, height), dtype=pl.UInt8)
    return pl.DataFrame([codes.cat.to(pl.Enum(CLASSES)), pl.Series("quantity", quantity), pl.Series("price", price)])


def lending_rules() -> Rulebook:
    return policy.load(RULES, on=DAY)


def orders(height: int, seed: int = 7) -> pl.DataFrame:
    """Orders as the shipped rulebook asks about them, complete; somewhat more than half are denied."""
    chance = np.random.default_rng(seed)
    rare = {"financed", "issued_by_a_group", "only_stablecoins"}
    columns = []
    for field in shipped().program.records["hk.sfc.orders.Order"]:
        of = field.type.of if isinstance(field.type, types.OptionalOf) else field.type
        match of:
            case types.Enum(_, members):
                codes = pl.Series(chance.integers(0, len(members), height), dtype=pl.UInt8)
                column = codes.cat.to(pl.Enum(members))
            case types.Boolean():
                column = pl.Series(chance.random(height) < (0.02 if field.name in rare else 0.98))
            case types.Instant():
                moments = 1_770_000_000_000_000 + chance.integers(0, 10**13, height)
                column = pl.Series(moments).cast(pl.Datetime("us", "UTC"))
            case _:
                most = {"fees": 10**4, "price": 10**8, "quantity": 10**10, "exposure": 10**9}.get(field.name, 10**12)
                column = pl.Series(chance.integers(1, most, height))
        columns.append(column.alias(field.name))
    return pl.DataFrame(columns)


def shipped() -> Rulebook:
    return policy.load(on=DAY)
