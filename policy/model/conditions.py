"""Which facts let a condition hold, as boxes: what cannot hold after what held before it is found by meeting them.

In: typed conditions. Out: `Known`, what is certain about expressions at one place of the rules. An expression is a
key of a box: nothing changes while rules run, so equal expressions have equal values in one place. A comparison with
a constant narrows what its expression may be; any other condition is a key of its own, true or false. What a box
does not tell is left open, so that whatever is found impossible is so. Absent: bounds of fields; and what parameters
are, which an overlay may tighten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, assert_never

from policy.model import expressions as typed, types
from policy.model.expressions import Expression
from policy.model.regions import FAR, Ints, Region, ValueSet, difference, intersection, universe_of
from policy.model.types import Number, Type
from policy.vocabulary import EqualityOperator, OrderOperator, RuntimeValue

Comparison = Literal[EqualityOperator, OrderOperator]
Box = Mapping[Expression, Region]  # a region for each expression about which something is known
Known = tuple[Box, ...]  # any one of these holds; where there is none, nothing can

NOTHING_KNOWN: Known = ({},)
_MOST_BOXES = 64
_MIRRORED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "is": "is", "is not": "is not"}


def assuming(known: Known, condition: Expression, outcome: bool) -> Known:
    """What is known where, besides, the condition has this outcome."""
    return both(known, _boxes(condition, outcome))


def both(known: Known, more: Known) -> Known:
    """What is known where both hold; where that takes too many boxes to say, only the first."""
    if len(known) * len(more) > _MOST_BOXES:
        return known
    met = (_met(a, b) for a in known for b in more)
    return tuple(box for box in met if box is not None)


def _met(a: Box, b: Box) -> Box | None:
    if not a:
        return b
    result = dict(a)
    for e, region in b.items():  # an expression is hashed each time that it is looked up
        before = result.get(e)
        met = region if before is None else intersection(before, region)
        if met.empty:
            return None
        result[e] = met
    return result


def _boxes(condition: Expression, outcome: bool) -> Known:
    """What is known where the condition has this outcome; a condition that is not understood is a key of its own."""
    if isinstance(condition, typed.Literal):
        return NOTHING_KNOWN if condition.value is outcome else ()
    if isinstance(condition, typed.Chain):
        return _chained(condition, outcome)
    if isinstance(condition, typed.Unary):
        if condition.operator == "not":
            return _boxes(condition.operand, not outcome)
        if condition.operator == "is absent":
            return _flag(typed.Unary("is present", condition.operand, type=types.BOOLEAN), not outcome)
    if isinstance(condition, typed.Binary):
        return _binary(condition, outcome)
    return _flag(condition, outcome)


def _chained(condition: typed.Chain, outcome: bool) -> Known:
    each = [_boxes(o, outcome) for o in condition.operands]
    if (condition.operator == "and") is outcome:  # all of them
        known = NOTHING_KNOWN
        for boxes in each:
            known = both(known, boxes)
        return known
    some = tuple(box for boxes in each for box in boxes)
    return some if len(some) <= _MOST_BOXES else NOTHING_KNOWN


def _binary(condition: typed.Binary, outcome: bool) -> Known:
    operator, left, right = condition.operator, condition.left, condition.right
    match operator:
        case "not in":
            return _binary(typed.Binary("in", left, right, type=types.BOOLEAN), not outcome)
        case "in":
            region = _listed(left.type, right.items) if isinstance(right, typed.SetOf) else None
            return _flag(condition, outcome) if region is None else _within(left, region, outcome)
        case "is" | "is not" | "<" | "<=" | ">" | ">=":
            if not isinstance(left, typed.Literal):
                return _comparison(operator, left, right, outcome)
            if not isinstance(right, typed.Literal):
                return _comparison(_MIRRORED[operator], right, left, outcome)
            return NOTHING_KNOWN  # two constants: a slip, but none of a branch
        case (
            "+" | "-" | "*" | "/" | "^" | "modulo" | "is a multiple of" | "default"
            | "whole years from" | "whole months from"
        ):  # fmt: skip
            return _flag(condition, outcome)
        case _:
            assert_never(operator)


def _comparison(operator: Comparison, left: Expression, right: Expression, outcome: bool) -> Known:
    region = _compared(operator, left.type, right)
    return _related(operator, left, right, outcome) if region is None else _within(left, region, outcome)


def _flag(e: Expression, outcome: bool) -> Known:
    return ({e: ValueSet(frozenset({outcome}))},)


def _within(e: Expression, region: Region, outcome: bool) -> Known:
    inside = region if outcome else difference(universe_of(e.type), region)
    return () if inside.empty else ({e: inside},)


def _related(operator: Comparison, left: Expression, right: Expression, outcome: bool) -> Known:
    """A comparison of two things that are no constants: itself a key, in the one way that it is written here."""
    if operator == ">" or operator == "<=":
        left, right, operator = right, left, _MIRRORED[operator]
    if operator == ">=" or operator == "is not":
        operator, outcome = "<" if operator == ">=" else "is", not outcome
    return _flag(typed.Binary(operator, left, right, type=types.BOOLEAN), outcome)


def constant(e: Expression) -> RuntimeValue:
    """What a constant is, and at which scale; None where the expression is none."""
    if isinstance(e, typed.Unary) and e.operator == "-" and isinstance(e.operand, typed.Literal):
        value, scale = constant(e.operand)
        return -value, scale
    if isinstance(e, typed.Literal) and e.value is not None:
        return e.value, e.type.scale if isinstance(e.type, Number) else 0
    return None


def _compared(operator: Comparison, of: Type, right: Expression) -> Region | None:
    """Of the values of a type, those that compare so with a constant; None where that cannot be told."""
    known = constant(right)
    universe = universe_of(of)
    if known is None or isinstance(of, types.OptionalOf):
        return None
    value, scale = known
    if isinstance(universe, ValueSet):
        region: Region = ValueSet(frozenset({value}))
        return region if operator == "is" else difference(universe, region) if operator == "is not" else None
    size = 10 ** max(0, scale - of.scale) if isinstance(of, Number) else 1
    at = value * 10 ** max(0, of.scale - scale) if isinstance(of, Number) else value
    below, upto = -(-at // size), at // size + 1  # the first that is not below it, the first above it
    match operator:
        case "<":
            return Ints(((-FAR, below),))
        case "<=":
            return Ints(((-FAR, upto),))
        case ">":
            return Ints(((upto, FAR),))
        case ">=":
            return Ints(((below, FAR),))
        case "is" | "is not":
            equal = Ints(((below, upto),) if below < upto else ())
            return equal if operator == "is" else difference(universe, equal)
        case _:
            assert_never(operator)


def _listed(of: Type, items: tuple[Expression, ...]) -> Region | None:
    regions = [_compared("is", of, item) for item in items]
    if not items or any(r is None for r in regions):
        return None
    outside = universe_of(of)
    for region in regions:
        assert region is not None
        outside = difference(outside, region)
    return difference(universe_of(of), outside)
