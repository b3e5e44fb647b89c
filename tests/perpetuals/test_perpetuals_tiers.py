"""The published tiers of margin: the rulebook's numbers are theirs, and maintenance margin has no step."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, strategies as st

from perpetual_market import (
    DOLLAR,
    LAW_DAY,
    law_with,
)

TIERS = [  # floor, initial rate, maintenance rate: in dollars and hundredths of a per cent, as published
    (0, 500, 50),
    (100_000, 500, 100),
    (200_000, 500, 150),
    (350_000, 500, 200),
    (500_000, 500, 250),
    (650_000, 1_000, 300),
    (800_000, 1_000, 350),
    (1_000_000, 1_000, 400),
    (1_200_000, 1_000, 450),
    (1_400_000, 1_000, 500),
    (1_600_000, 1_111, 550),
    (3_000_000, 1_250, 650),
    (4_500_000, 1_429, 750),
    (6_000_000, 1_667, 850),
    (7_500_000, 2_000, 1_000),
    (9_000_000, 2_500, 1_250),
    (10_500_000, 3_333, 1_650),
    (12_000_000, 5_000, 2_500),
    (13_500_000, 10_000, 5_000),
]
CEILINGS = [*(floor for floor, _, _ in TIERS[1:]), 15_000_000]


def by_slices(notional: Fraction) -> Fraction:
    """Maintenance margin as the tiers define it: each rate on what lies in its tier."""
    ends = [*CEILINGS[:-1], None]
    inside = (
        (min(notional, Fraction(end)) if end is not None else notional) - floor
        for (floor, _, _), end in zip(TIERS, ends, strict=True)
    )
    return sum(
        (max(Fraction(0), part) * rate / 10_000 for part, (_, _, rate) in zip(inside, TIERS, strict=True)),
        Fraction(0),
    )


def units_up(amount: Fraction) -> int:
    return -(-amount.numerator * DOLLAR // amount.denominator)


@cache
def law(question: str) -> Callable[[int], int]:
    return law_with(on=LAW_DAY).evaluator(question).fast


def test_the_tiers_are_the_published_ones() -> None:
    for (floor, initial, maintenance), ceiling in zip(TIERS, CEILINGS, strict=True):
        for notional in (floor * DOLLAR + 1, ceiling * DOLLAR):
            assert (law("initial_rate")(notional), law("maintenance_rate")(notional)) == (
                initial * 100,
                maintenance * 100,
            )


@pytest.mark.parametrize("bound", CEILINGS[:-1])
def test_maintenance_margin_is_continuous_at_every_bound(bound: int) -> None:
    """Just above the bound, the next tier's rate and deduction give at the bound exactly what the tier below does."""

    def at_the_bound(notional: int) -> Fraction:
        rate, deduction = law("maintenance_rate")(notional), law("maintenance_deduction")(notional)
        return Fraction(rate, 10**6) * bound - Fraction(deduction, 100)

    below, above = at_the_bound(bound * DOLLAR), at_the_bound(bound * DOLLAR + 1)
    assert below == above == by_slices(Fraction(bound))


@given(st.integers(0, 20_000_000 * DOLLAR))
def test_maintenance_margin_is_that_of_the_slices_rounded_up_to_the_last_unit(units: int) -> None:
    assert law("maintenance_margin")(units) == units_up(by_slices(Fraction(units, DOLLAR)))
