"""The operators: every table has the same keys, and rounding agrees with Python's `decimal`."""

from __future__ import annotations

import decimal
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import get_args

import pytest
from hypothesis import given, strategies as st

import optional
import oracle_values
from policy.backends import emit
from policy.ir import operators
from policy.model import expressions as typed
from policy.model.traversal import bodies, walk
from policy.pipeline import RulesFile, check
from policy.vocabulary import ArithmeticOperator, BinaryOperator, ComparisonOperator, RoundingMode, UnaryOperator
from random_rules import Rules

MODES: dict[RoundingMode, str] = {
    "down": decimal.ROUND_DOWN,
    "up": decimal.ROUND_UP,
    "half even": decimal.ROUND_HALF_EVEN,
    "half up": decimal.ROUND_HALF_UP,
}


def test_every_backend_knows_every_operator() -> None:
    assert operators.COMPARE.keys() == set(get_args(ComparisonOperator))
    assert operators.ARITHMETIC.keys() == set(get_args(ArithmeticOperator))
    assert emit.COMPARE.keys() == operators.COMPARE.keys()
    assert emit.ARITHMETIC.keys() == operators.ARITHMETIC.keys()


def test_the_oracle_knows_every_operator() -> None:
    apart = {"/", "in", "not in", "default"}  # these have methods of their own
    assert oracle_values.BINARY.keys() == set(get_args(BinaryOperator)) - apart
    assert oracle_values.UNARY.keys() == set(get_args(UnaryOperator)) - {"square root"}


def test_random_rules_use_every_operator() -> None:
    found: set[str] = set()
    for seed in range(60):
        model = check([RulesFile("random.policy", Rules(Random(seed)).text.encode())]).model
        expressions = (e for d in model.declared.values() for body in bodies(d) for e in walk(body))
        found.update(e.operator for e in expressions if isinstance(e, typed.Binary))
    assert found == set(get_args(BinaryOperator))


def test_columns_know_every_operator() -> None:
    optional.columns()
    from policy.backends.columns import operators as columns

    assert columns.COMPARE.keys() == operators.COMPARE.keys()
    assert columns.ARITHMETIC.keys() == operators.ARITHMETIC.keys()


def quotient(mode: RoundingMode, numerator: int, denominator: int) -> int:
    """The rounded quotient as `decimal` has it; exact, for the remainder decides and not a long expansion."""
    with decimal.localcontext() as context:
        context.prec = 200
        context.traps[decimal.Inexact] = False
        whole, rest = divmod(abs(numerator), abs(denominator))
        # a remainder below, at or above one half stands for itself: no digits of the quotient are lost
        twice = 2 * rest - abs(denominator)
        part = Decimal(0) if rest == 0 else Decimal("0.5") + Decimal((twice > 0) - (twice < 0)) / 4
        sign = -1 if (numerator < 0) != (denominator < 0) else 1
        return int(((whole + part) * sign).quantize(Decimal(1), rounding=MODES[mode]))


@pytest.mark.parametrize("mode", MODES)
@given(
    numerator=st.integers(-(10**40), 10**40) | st.integers(-100, 100),
    denominator=st.integers(-(10**20), 10**20).filter(bool) | st.integers(-20, 20).filter(bool),
)
def test_rounding_agrees_with_decimal(mode: RoundingMode, numerator: int, denominator: int) -> None:
    assert operators.divide(mode, numerator, denominator) == quotient(mode, numerator, denominator)


@pytest.mark.parametrize("mode", MODES)
def test_rounding_of_tenths_agrees_with_decimal(mode: RoundingMode) -> None:
    for tenths in range(-100, 101):
        wanted = int((Decimal(tenths) / 10).quantize(Decimal(1), rounding=MODES[mode]))
        assert operators.divide(mode, tenths, 10) == wanted
        assert operators.divide(mode, -tenths, -10) == wanted


def test_nothing_is_divided_by_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        operators.divide("down", 1, 0)


@given(st.dates(), st.integers(-500, 500))
def test_months_keep_the_day_where_the_month_has_it(start: date, months: int) -> None:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        with pytest.raises(ValueError, match=str(year)):
            operators.months_later(start.toordinal(), months)
        return
    later = date.fromordinal(operators.months_later(start.toordinal(), months))
    assert (later.year, later.month) == (year, month + 1)
    assert later.day == start.day or (later.day < start.day and (later + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(("day", "months"), [(0, 0), (10**30, 1), (1, 10**30), (1, -1), (-(10**30), 1)])
def test_months_out_of_the_calendar(day: int, months: int) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        operators.months_later(day, months)
