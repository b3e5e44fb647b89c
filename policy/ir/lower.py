"""Typed expressions to plain ones: scales made to meet, fractions rounded once. Part of `from_model`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from policy.ir import program as ir
from policy.ir.program import Expr
from policy.model import expressions as typed
from policy.model import types
from policy.model.types import EXACT_FRACTION, Number

_CALENDAR = date.max.toordinal() + 1


def lower_as(e: typed.Expression, of: types.Type) -> Expr:
    """`e` at the scale of `of`, which is never smaller."""
    by = _wider(e.type, of)
    if by and isinstance(e.type, types.OptionalOf):
        return once(lower(e), lambda x: ir.If(_absent(x), ir.Const(None), _scaled(x, by)))
    return _scaled(lower(e), by)


def _wider(source: types.Type, of: types.Type) -> int:
    """How many decimals numbers of type `of` have more than those of type `source`."""
    source, of = (t.of if isinstance(t, types.OptionalOf) else t for t in (source, of))
    return of.scale - source.scale if isinstance(source, Number) and isinstance(of, Number) else 0


def once(value: Expr, use: Callable[[Expr], Expr]) -> Expr:
    """What `use` makes of a value that it needs more than once, and that shall be worked out once."""
    if isinstance(value, ir.Const | ir.Variable | ir.Field):
        return use(value)
    return ir.Let("_it", value, use(ir.Variable("_it")))


def _absent(x: Expr) -> Expr:
    return ir.Compare("is", x, ir.Const(None))


def _scaled(e: Expr, by: int) -> Expr:
    """`e` times ten to the `by`."""
    assert by >= 0, "narrowing is a compile error"
    if by == 0:
        return e
    if isinstance(e, ir.Const):
        return ir.Const(None if e.value is None else e.value * 10**by)
    return ir.Arithmetic("*", e, ir.Const(10**by))


def lower_compare(operator: str, left: typed.Expression, right: typed.Expression) -> Expr:
    of = left.type.of if isinstance(left.type, types.OptionalOf) else left.type
    if isinstance(of, Number) and isinstance(right.type, Number):
        common = Number(of.unit, max(of.scale, right.type.scale))
        return ir.Compare(operator, lower_as(left, common), lower_as(right, common))
    return ir.Compare(operator, lower(left), lower(right))


def lower(e: typed.Expression) -> Expr:
    """`e` as a plain expression, a number being an int at the scale of its type."""
    match e:
        case typed.Literal(value):
            return ir.Const(value)
        case typed.Local(name):
            return ir.Variable(name)
        case typed.Today():
            return ir.Today()
        case typed.Named(name):
            return ir.Call(name, ())
        case typed.FieldOf(of, name):
            return ir.Field(lower(of), name)
        case typed.Apply():
            return _call(e)
        case typed.Unary("not", operand):
            return ir.Not(lower(operand))
        case typed.Unary("is present", operand):
            return ir.Compare("is not", lower(operand), ir.Const(None))
        case typed.Unary("is absent", operand):
            return _absent(lower(operand))
        case typed.Unary("-", operand):
            x = lower(operand)
            return ir.Const(-x.value) if isinstance(x, ir.Const) else ir.Arithmetic("-", ir.Const(0), x)
        case typed.Unary(_, operand):  # abs
            return once(lower(operand), lambda x: ir.Arithmetic("max", x, ir.Arithmetic("-", ir.Const(0), x)))
        case typed.Binary():
            return _binary(e)
        case typed.MonthsLater(date, months):
            return ir.MonthsLater(lower(date), months)
        case typed.Chain("and", operands):
            return ir.And(tuple(map(lower, operands)))
        case typed.Chain("or", operands):
            return ir.Or(tuple(map(lower, operands)))
        case typed.Chain(operator, operands):
            return _balanced(operator, [lower_as(o, e.type) for o in operands])
        case typed.Conditional(condition, then, otherwise):
            return ir.If(lower(condition), lower_as(then, e.type), lower_as(otherwise, e.type))
        case typed.Round():
            return _round(e)
        case typed.Clamp(operand, low, high):
            x, bottom, top = (lower_as(x, e.type) for x in (operand, low, high))
            return ir.Arithmetic("min", ir.Arithmetic("max", x, bottom), top)
        case typed.Aggregate(kind, body, variable, over, where):
            kept = lower(where) if where is not None else None
            return ir.Aggregate(kind, variable, lower(over), kept, lower(body))
        case typed.SetOf(items) | typed.ListOf(items):
            item = e.type.of if isinstance(e.type, types.SetOf | types.ListOf) else types.BROKEN
            lowered = [lower_as(i, item) for i in items]
            if isinstance(e, typed.SetOf) and all(isinstance(i, ir.Const) for i in lowered):
                return ir.Const(frozenset(i.value for i in lowered if isinstance(i, ir.Const)))
            return ir.Items(tuple(lowered))
        case typed.Failed():
            raise AssertionError(f"{e.span}: an expression with a finding reached lowering")


def _balanced(operator: str, operands: Sequence[Expr]) -> Expr:
    """The `min` or `max` of many, no deeper than need be."""
    if len(operands) == 1:
        return operands[0]
    half = len(operands) // 2
    return ir.Arithmetic(operator, _balanced(operator, operands[:half]), _balanced(operator, operands[half:]))


def _call(e: typed.Apply) -> Expr:
    return ir.Call(e.name, tuple(map(lower, e.arguments)))


def _binary(e: typed.Binary) -> Expr:
    left, right, operator = e.left, e.right, e.operator
    match operator, left.type:
        case "default", _:
            by = _wider(left.type, e.type)
            return once(lower(left), lambda x: ir.If(_absent(x), lower_as(right, e.type), _scaled(x, by)))
        case (("in" | "not in"), _):
            of = right.type.of if isinstance(right.type, types.SetOf | types.ListOf) else left.type
            inside = ir.Compare("in", lower_as(left, of), lower(right))
            return inside if operator == "in" else ir.Not(inside)
        case "*", _:
            return ir.Arithmetic("*", lower(left), lower(right))
        case "-", types.Date() if isinstance(right.type, types.Date):
            return ir.Arithmetic("*", ir.Arithmetic("-", lower(left), lower(right)), ir.Const(86_400))
        case (("+" | "-"), types.Instant()) if isinstance(right.type, Number):
            return ir.Arithmetic(operator, lower(left), lower_as(right, types.INSTANT_STEP))
        case (("+" | "-"), types.Date()):  # a day out of the calendar is a fault
            return ir.Check(ir.Arithmetic(operator, lower(left), lower(right)), _CALENDAR)
        case (("+" | "-"), Number()):
            return ir.Arithmetic(operator, lower_as(left, e.type), lower_as(right, e.type))
        case (("+" | "-"), _):
            return ir.Arithmetic(operator, lower(left), lower(right))
        case _:
            return lower_compare(operator, left, right)


# ── rounding: exact fractions, rounded once ─────────────────────────────────────────────────


class _Fraction:
    """`numerator / denominator`, both ints, the value being that times ten to the minus `scale`."""

    def __init__(self, numerator: Expr, scale: int, denominator: Expr | None = None) -> None:
        self.numerator, self.scale, self.denominator = numerator, scale, denominator


def _product(a: Expr | None, b: Expr | None) -> Expr | None:
    if a is None or b is None:
        return b if a is None else a
    return ir.Arithmetic("*", a, b)


def _fraction(e: typed.Expression) -> _Fraction:
    assert isinstance(e.type, Number)
    if e.type.scale != EXACT_FRACTION:
        return _Fraction(lower(e), e.type.scale)
    match e:
        case typed.Unary("-", operand):
            a = _fraction(operand)
            return _Fraction(ir.Arithmetic("-", ir.Const(0), a.numerator), a.scale, a.denominator)
        case typed.Binary("/", left, right):
            a, b = _fraction(left), _fraction(right)
            n = _product(a.numerator, b.denominator)
            d = _product(a.denominator, b.numerator)
            assert n is not None
            return _Fraction(n, a.scale - b.scale, d)
        case typed.Binary("*", left, right):
            a, b = _fraction(left), _fraction(right)
            n = _product(a.numerator, b.numerator)
            assert n is not None
            return _Fraction(n, a.scale + b.scale, _product(a.denominator, b.denominator))
        case typed.Binary(operator, left, right):
            a, b = _fraction(left), _fraction(right)
            scale = max(a.scale, b.scale)
            x = _product(_scaled(a.numerator, scale - a.scale), b.denominator)
            y = _product(_scaled(b.numerator, scale - b.scale), a.denominator)
            assert x is not None
            assert y is not None
            return _Fraction(ir.Arithmetic(operator, x, y), scale, _product(a.denominator, b.denominator))
    raise AssertionError(f"{e.span}: a fraction outside the arithmetic of `round`")


def _round(e: typed.Round) -> Expr:
    assert isinstance(e.type, Number)
    f = _fraction(e.operand)
    shift = e.type.scale - f.scale
    step = ir.Const(e.step * 10 ** max(0, -shift))
    denominator = step if f.denominator is None else ir.Arithmetic("*", f.denominator, step)
    steps = ir.Divide(e.mode, _scaled(f.numerator, max(0, shift)), denominator)
    return steps if e.step == 1 else ir.Arithmetic("*", steps, ir.Const(e.step))
