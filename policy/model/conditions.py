"""Which facts let a condition hold, as boxes: what cannot hold after what held before it is found by meeting them.

In: typed conditions. Out: `Known`, what is certain about expressions at one place of the rules. An expression is a
key of a box: nothing changes while rules run, so equal expressions have equal values in one place. A comparison with
a constant narrows what its expression may be; any other condition is a key of its own, true or false. What a box
does not tell is left open, so that whatever is found impossible is so. Absent: bounds of fields; and what parameters
are, which an overlay may tighten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy.model import expressions as typed
from policy.model import types
from policy.model.expressions import Expression
from policy.model.regions import FAR, Ints, Region, Words, meet, minus, universe_of
from policy.model.types import Number, Type

Box = Mapping[Expression, Region]  # a region for each expression about which something is known
Known = tuple[Box, ...]  # any one of these holds; where there is none, nothing can

NOTHING_KNOWN: Known = ({},)
_MOST_BOXES = 64
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "is": "is", "is not": "is not"}


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
    result = dict(a)
    for e, region in b.items():
        result[e] = meet(result[e], region) if e in result else region
        if result[e].empty:
            return None
    return result


def _boxes(condition: Expression, outcome: bool) -> Known:
    match condition:
        case typed.Literal(value):
            return NOTHING_KNOWN if value is outcome else ()
        case typed.Unary("not", operand):
            return _boxes(operand, not outcome)
        case typed.Unary("is absent", operand):
            return _flag(typed.Unary("is present", operand, type=types.BOOLEAN), not outcome)
        case typed.Chain("and" | "or" as operator, operands):
            each = [_boxes(o, outcome) for o in operands]
            if (operator == "and") is outcome:  # all of them
                known = NOTHING_KNOWN
                for boxes in each:
                    known = both(known, boxes)
                return known
            some = tuple(box for boxes in each for box in boxes)
            return some if len(some) <= _MOST_BOXES else NOTHING_KNOWN
        case typed.Binary("not in", left, right):
            return _boxes(typed.Binary("in", left, right, type=types.BOOLEAN), not outcome)
        case typed.Binary("in", left, typed.SetOf(items)):
            region = _listed(left.type, items)
            return _flag(condition, outcome) if region is None else _within(left, region, outcome)
        case typed.Binary("is" | "is not" | "<" | "<=" | ">" | ">=" as written, left, right):
            if not isinstance(left, typed.Literal):
                return _comparison(written, left, right, outcome)
            if not isinstance(right, typed.Literal):
                return _comparison(_MIRRORED[written], right, left, outcome)
            return NOTHING_KNOWN  # two constants: a slip, but none of a branch
    return _flag(condition, outcome)


def _comparison(operator: str, left: Expression, right: Expression, outcome: bool) -> Known:
    region = _compared(operator, left.type, right)
    return _related(operator, left, right, outcome) if region is None else _within(left, region, outcome)


def _flag(e: Expression, outcome: bool) -> Known:
    return ({e: Words(frozenset({outcome}))},)


def _within(e: Expression, region: Region, outcome: bool) -> Known:
    inside = region if outcome else minus(universe_of(e.type), region)
    return () if inside.empty else ({e: inside},)


def _related(operator: str, left: Expression, right: Expression, outcome: bool) -> Known:
    """A comparison of two things that are no constants: itself a key, in the one way that it is written here."""
    if operator in (">", "<="):
        left, right, operator = right, left, {">": "<", "<=": ">="}[operator]
    if operator in (">=", "is not"):
        operator, outcome = {">=": "<", "is not": "is"}[operator], not outcome
    return _flag(typed.Binary(operator, left, right, type=types.BOOLEAN), outcome)


def _constant(e: Expression) -> Any:
    """What a constant is, and at which scale; None where the expression is none."""
    match e:
        case typed.Literal(value, type=of) if value is not None:
            return value, of.scale if isinstance(of, Number) else 0
        case typed.Unary("-", typed.Literal(value, type=Number(_, scale))):
            return -value, scale
    return None


def _compared(operator: str, of: Type, right: Expression) -> Region | None:
    """Of the values of a type, those that compare so with a constant; None where that cannot be told."""
    constant = _constant(right)
    universe = universe_of(of)
    if constant is None or isinstance(of, types.OptionalOf):
        return None
    value, scale = constant
    if isinstance(universe, Words):
        region: Region = Words(frozenset({value}))
        return region if operator == "is" else minus(universe, region) if operator == "is not" else None
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
    equal = Ints(((below, upto),) if below < upto else ())
    return equal if operator == "is" else minus(universe, equal)


def _listed(of: Type, items: tuple[Expression, ...]) -> Region | None:
    regions = [_compared("is", of, item) for item in items]
    if not items or any(r is None for r in regions):
        return None
    outside = universe_of(of)
    for region in regions:
        assert region is not None
        outside = minus(outside, region)
    return minus(universe_of(of), outside)
