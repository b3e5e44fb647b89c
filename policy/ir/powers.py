"""Computations that are made of others: halves, powers, the extreme of many. Part of `lower`."""

from __future__ import annotations

from collections.abc import Sequence

from policy.ir import orders, program as ir
from policy.ir.logic import once
from policy.ir.program import Expr
from policy.model import types
from policy.vocabulary import ExtremumOperator


def half(x: Expr) -> Expr:
    """The half of a number, with one decimal more."""
    return ir.Arithmetic("*", x, ir.Const(5))


def balanced(operator: ExtremumOperator, operands: Sequence[Expr], of: types.Type) -> Expr:
    """The `min` or `max` of many, no deeper than need be."""
    if len(operands) == 1:
        return operands[0]
    half = len(operands) // 2
    low, high = (balanced(operator, some, of) for some in (operands[:half], operands[half:]))
    return orders.extremum(operator, low, high, of)


def raised(x: Expr, exponent: int) -> Expr:
    if exponent == 1:
        return x
    even = once(raised(x, exponent // 2), lambda half: ir.Arithmetic("*", half, half))
    return ir.Arithmetic("*", even, x) if exponent % 2 else even
