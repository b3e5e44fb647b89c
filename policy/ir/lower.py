"""Typed expressions to plain ones: scales aligned, fractions rounded once. Part of `from_model`."""

from __future__ import annotations

from datetime import date
from typing import Literal, assert_never

from attrs import evolve, frozen

from policy.ir import business_days, orders, program as ir, sorting
from policy.ir.calendar import calendar, elapsed, months_later
from policy.ir.fields import field, local_id, picked
from policy.ir.logic import is_absent, is_present, once, remainder
from policy.ir.powers import balanced, half, raised
from policy.ir.program import Expr
from policy.model import expressions as typed, types
from policy.model.types import EXACT_FRACTION, Number
from policy.vocabulary import ComparisonOperator, ProgramAggregate, RoundingMode, UnaryOperator

_CALENDAR = date.max.toordinal() + 1
_SECONDS_OF_A_DAY = 86_400


def lower_as(e: typed.Expression, of: types.Type) -> Expr:
    """`e` at the scale of `of`, which is never smaller."""
    by = _wider(e.type, of)
    if by and isinstance(e.type, types.OptionalOf):
        return once(lower(e), lambda x: ir.If(is_absent(x), ir.Const(None), _scaled(x, by)))
    return _scaled(lower(e), by)


def _wider(source: types.Type, of: types.Type) -> int:
    """How many decimals numbers of type `of` have more than those of type `source`."""
    source, of = (types.inner_of(t) for t in (source, of))
    return of.scale - source.scale if isinstance(source, Number) and isinstance(of, Number) else 0


def _scaled(e: Expr, by: int) -> Expr:
    """`e` times ten to the `by`."""
    assert by >= 0, "narrowing is a compile error"
    if by == 0:
        return e
    if isinstance(e, ir.Const):
        return ir.Const(None if e.value is None else e.value * 10**by)
    return ir.Arithmetic("*", e, ir.Const(10**by))


def _negated(e: Expr) -> Expr:
    return ir.Const(-e.value) if isinstance(e, ir.Const) else ir.Arithmetic("-", ir.Const(0), e)


def lower_compare(operator: ComparisonOperator, left: typed.Expression, right: typed.Expression) -> Expr:
    of = types.inner_of(left.type)
    if isinstance(of, Number) and isinstance(right.type, Number):
        common = Number(of.unit, max(of.scale, right.type.scale))
        return ir.Compare(operator, lower_as(left, common), lower_as(right, common))
    if isinstance(of, types.Enum):
        return orders.compare(operator, lower(left), lower(right), of)
    return ir.Compare(operator, lower(left), lower(right))


def lower(e: typed.Expression) -> Expr:
    """`e` as a plain expression, a number being an int at the scale of its type."""
    match e:
        case typed.Literal(value):
            return ir.Const(value)
        case typed.Local(name):
            return ir.Variable(name)
        case typed.Defined(name, of, arguments):
            return ir.Call(local_id(of, name), tuple(map(lower, arguments)))
        case typed.Today():
            return ir.Today()
        case typed.Named(name):
            return ir.Call(name, ())
        case typed.FieldAccess(of, name):
            return field(of, (name,), e.type, lower_as) if typed.is_made(of) else ir.FieldAccess(lower(of), name)
        case typed.Apply(name, arguments, takes=takes):
            name = picked(name) if isinstance(e.type, types.Record) else name
            return ir.Call(name, tuple(lower_as(a, of) for a, of in zip(arguments, takes, strict=True)))
        case typed.Unary(operator, operand):
            return _unary(operator, lower(operand))
        case typed.Binary():
            return _binary(e)
        case typed.OnCalendar(operator, name, operands):
            return business_days.asked(operator, name, [lower(o) for o in operands])
        case typed.MonthsLater(date, months):
            return ir.MonthsLater(lower(date), months)
        case typed.Chain():
            return _chain(e)
        case typed.Conditional(condition, then, otherwise):
            return ir.If(lower(condition), lower_as(then, e.type), lower_as(otherwise, e.type))
        case typed.Round():
            return _round(e)
        case typed.Clamp(operand, low, high):
            x, bottom, top = (lower_as(x, e.type) for x in (operand, low, high))
            return balanced("min", [balanced("max", [x, bottom], e.type), top], e.type)
        case typed.Aggregate():
            return _aggregated(e)
        case typed.SetOf(items) | typed.ListOf(items):
            item = e.type.of if isinstance(e.type, types.SetOf | types.ListOf) else types.BROKEN
            lowered = [lower_as(i, item) for i in items]
            if isinstance(e, typed.SetOf) and all(isinstance(i, ir.Const) for i in lowered):
                return ir.Const(frozenset(i.value for i in lowered if isinstance(i, ir.Const)))
            return ir.Items(tuple(lowered))
        case typed.RecordOf():
            raise AssertionError(f"{e.span}: a record is worked out field by field")
        case typed.Failed():
            raise AssertionError(f"{e.span}: an expression with a finding reached lowering")
        case _:
            assert_never(e)


def _aggregated(e: typed.Aggregate) -> Expr:
    if e.kind == "average":
        raise AssertionError(f"{e.span}: an average outside `round`")
    if e.kind == "median":
        return once(_aggregate(e, "median"), lambda x: ir.If(is_absent(x), ir.Const(None), half(x)))
    if isinstance(e.body.type, types.Enum) and (e.kind == "min" or e.kind == "max"):
        found = _aggregate(e, e.kind)
        return orders.optional_member(evolve(found, body=orders.rank(found.body, e.body.type)), e.body.type)
    if e.kind == "list" and (e.order or e.most):
        return _listed(e)
    if e.order:
        where, keys = () if e.where is None else (lower(e.where),), tuple(map(_place, e.order))
        return once(lower(e.over), lambda over: sorting.first(e.variable, over, where, keys, lower(e.body)))
    return _aggregate(e, e.kind)


def _aggregate(e: typed.Aggregate, kind: ProgramAggregate) -> ir.Aggregate:
    kept = lower(e.where) if e.where is not None else None
    return ir.Aggregate(kind, e.variable, lower(e.over), kept, lower(e.body), e.most)


def _listed(e: typed.Aggregate) -> Expr:
    """A list in order, or so many of the first elements: what each gives is worked out for those that are in it."""
    element, where = ir.Variable(e.variable), None if e.where is None else lower(e.where)
    over = lower(e.over) if where is None else ir.Aggregate("list", e.variable, lower(e.over), where, element)
    ordered = sorting.in_order(e.variable, over, tuple(map(_place, e.order)), e.most)
    body = lower(e.body)
    return ordered if body == element else ir.Aggregate("list", e.variable, ordered, None, body)


def _place(key: typed.SortKey) -> Expr:
    """A key as a number, of which the lower comes first."""
    by, of = lower(key.by), key.by.type
    by = orders.rank(by, of) if isinstance(of, types.Enum) else by
    return by if key.direction == "lowest" else _negated(by)


def _unary(operator: UnaryOperator, operand: Expr) -> Expr:
    match operator:
        case "not":
            return ir.Not(operand)
        case "is present":
            return is_present(operand)
        case "is absent":
            return is_absent(operand)
        case "-":
            return _negated(operand)
        case "abs":
            return once(operand, lambda x: ir.Arithmetic("max", x, ir.Arithmetic("-", ir.Const(0), x)))
        case "square root":
            raise AssertionError("a square root outside `round`")
        case (
            "year of" | "month of" | "day of" | "weekday of" | "first day of the month of"
            | "last day of the month of" | "first day of the quarter of" | "last day of the quarter of"
            | "first day of the year of" | "last day of the year of"
        ):  # fmt: skip
            return once(operand, lambda day: calendar(operator, day))
        case _:
            assert_never(operator)


def _chain(e: typed.Chain) -> Expr:
    operator = e.operator
    match operator:
        case "and":
            return ir.And(tuple(map(lower, e.operands)))
        case "or":
            return ir.Or(tuple(map(lower, e.operands)))
        case "min" | "max":
            return balanced(operator, [lower_as(o, e.type) for o in e.operands], e.type)
        case _:
            assert_never(operator)


def _binary(e: typed.Binary) -> Expr:
    left, right, operator = e.left, e.right, e.operator
    match operator:
        case "default":
            by = _wider(left.type, e.type)
            return once(lower(left), lambda x: ir.If(is_absent(x), lower_as(right, e.type), _scaled(x, by)))
        case "in" | "not in":
            of = right.type.of if isinstance(right.type, types.SetOf | types.ListOf) else left.type
            inside = ir.Compare("in", lower_as(left, of), lower(right))
            return inside if operator == "in" else ir.Not(inside)
        case "*":
            return ir.Arithmetic("*", lower(left), lower(right))
        case "/":
            raise AssertionError(f"{e.span}: a quotient outside `round`")
        case "^":
            return _power(lower(left), _exponent(e))
        case "+" | "-":
            return _additive(operator, e)
        case "modulo":
            return _remainder(left, right, e.type)
        case "whole years from" | "whole months from":
            return elapsed(operator, lower(left), lower(right))
        case "is a multiple of":
            assert isinstance(left.type, Number)
            assert isinstance(right.type, Number)
            common = Number(left.type.unit, max(left.type.scale, right.type.scale))
            return ir.Compare("is", _remainder(left, right, common), ir.Const(0))
        case "is" | "is not" | "<" | "<=" | ">" | ">=":
            return lower_compare(operator, left, right)
        case _:
            assert_never(operator)


def _exponent(e: typed.Binary) -> int:
    assert isinstance(e.right, typed.Literal)
    return int(e.right.value)


def _power(x: Expr, exponent: int) -> Expr:
    """`x` multiplied by itself, in few multiplications: by the square of its half power."""
    return once(x, lambda x: raised(x, exponent))


def _remainder(left: typed.Expression, right: typed.Expression, of: types.Type) -> Expr:
    """What is left of the one after taking the other as often as it fits; it has the sign of the first."""

    def left_of(a: Expr) -> Expr:
        return once(lower_as(right, of), lambda b: remainder(a, b))

    return once(lower_as(left, of), left_of)


def _additive(operator: Literal["+", "-"], e: typed.Binary) -> Expr:
    if isinstance(e.left.type, types.Date) and isinstance(e.right.type, Number) and e.right.type != types.INTEGER:
        return _moved(operator, lower(e.left), e.right)
    if isinstance(e.left.type, types.Date):
        result = ir.Arithmetic(operator, lower(e.left), lower(e.right))
        if isinstance(e.right.type, types.Date):
            return ir.Arithmetic("*", result, ir.Const(_SECONDS_OF_A_DAY))
        return ir.Check(result, _CALENDAR)  # a day out of the calendar is a fault
    if isinstance(e.left.type, types.Instant):
        return ir.Arithmetic(operator, lower(e.left), lower_as(e.right, types.INSTANT_STEP))
    return ir.Arithmetic(operator, lower_as(e.left, e.type), lower_as(e.right, e.type))


def _moved(operator: Literal["+", "-"], day: Expr, by: typed.Expression) -> Expr:
    """The day a period or a duration later, or earlier; a part of a day is a fault."""
    assert isinstance(by.type, Number)
    amount = lower(by)
    if by.type.unit == "period":
        return months_later(day, amount if operator == "+" else _negated(amount))
    unit = ir.Const(_SECONDS_OF_A_DAY * 10**by.type.scale)

    def days(whole: Expr) -> Expr:
        is_whole = ir.Compare("is", remainder(whole, unit), ir.Const(0))
        return ir.If(is_whole, ir.Divide("down", whole, unit), ir.Fault("a part of a day is added to a date"))

    return ir.Check(ir.Arithmetic(operator, day, _whole_days(by) or once(amount, days)), _CALENDAR)


def _whole_days(by: typed.Expression) -> Expr | None:
    """A duration that is so many whole days, as it is written: `n days`."""
    if isinstance(by, typed.Literal):
        days, rest = divmod(by.value, _SECONDS_OF_A_DAY)
        return None if rest else ir.Const(days)
    if isinstance(by, typed.Binary) and by.operator == "*" and by.left.type == types.INTEGER:
        days_of_one = _whole_days(by.right)
        return None if days_of_one is None else ir.Arithmetic("*", lower(by.left), days_of_one)
    return None


# ── rounding: exact fractions, rounded once ─────────────────────────────────────────────────


_UNDIVIDED = ir.Const(1)


@frozen
class _Fraction:
    """`numerator / denominator`, both ints, the value being that times ten to the minus `scale`."""

    numerator: Expr
    scale: int
    denominator: Expr = _UNDIVIDED


def _product(a: Expr, b: Expr) -> Expr:
    return b if a is _UNDIVIDED else a if b is _UNDIVIDED else ir.Arithmetic("*", a, b)


def _not_zero(denominator: Expr) -> Expr:
    """A denominator that moves into a numerator, where its being zero is still a fault."""
    if isinstance(denominator, ir.Const) and denominator.value:
        return denominator
    zero, fault = ir.Const(0), ir.Fault("division by zero")
    return once(denominator, lambda d: ir.If(ir.Compare("is", d, zero), fault, d))


def _fraction(e: typed.Expression) -> _Fraction:
    assert isinstance(e.type, Number)
    if e.type.scale != EXACT_FRACTION:
        return _Fraction(lower(e), e.type.scale)
    if isinstance(e, typed.Unary) and e.operator == "-":
        a = _fraction(e.operand)
        return _Fraction(ir.Arithmetic("-", ir.Const(0), a.numerator), a.scale, a.denominator)
    if isinstance(e, typed.Aggregate) and e.kind == "average":
        assert isinstance(e.body.type, Number)
        return _Fraction(_aggregate(e, "sum"), e.body.type.scale, _aggregate(e, "count"))
    assert isinstance(e, typed.Binary), f"{e.span}: a fraction outside the arithmetic of `round`"
    a, b, operator = _fraction(e.left), _fraction(e.right), e.operator
    match operator:
        case "^":
            below = a.denominator if a.denominator is _UNDIVIDED else _power(a.denominator, _exponent(e))
            return _Fraction(_power(a.numerator, _exponent(e)), a.scale * _exponent(e), below)
        case "/":
            n = _product(a.numerator, _not_zero(b.denominator))
            return _Fraction(n, a.scale - b.scale, _product(a.denominator, b.numerator))
        case "*":
            n = _product(a.numerator, b.numerator)
            return _Fraction(n, a.scale + b.scale, _product(a.denominator, b.denominator))
        case "+" | "-":
            scale = max(a.scale, b.scale)
            x = _product(_scaled(a.numerator, scale - a.scale), b.denominator)
            y = _product(_scaled(b.numerator, scale - b.scale), a.denominator)
            return _Fraction(ir.Arithmetic(operator, x, y), scale, _product(a.denominator, b.denominator))
        case (
            "is" | "is not" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "default"
            | "modulo" | "is a multiple of" | "whole years from" | "whole months from"
        ):  # fmt: skip
            raise AssertionError(f"{e.span}: a fraction outside the arithmetic of `round`")
        case _:
            assert_never(operator)


def _round(e: typed.Round) -> Expr:
    assert isinstance(e.type, Number)
    if isinstance(e.operand, typed.Unary) and e.operand.operator == "square root":
        return _root(e.mode, e.step, e.type.scale, _fraction(e.operand.operand))
    f = _fraction(e.operand)
    shift = e.type.scale - f.scale
    step = ir.Const(e.step * 10 ** max(0, -shift))
    denominator = step if f.denominator is _UNDIVIDED else ir.Arithmetic("*", f.denominator, step)
    steps = ir.Divide(e.mode, _scaled(f.numerator, max(0, shift)), denominator)
    return steps if e.step == 1 else ir.Arithmetic("*", steps, ir.Const(e.step))


def _root(mode: RoundingMode, step: int, scale: int, f: _Fraction) -> Expr:
    """The square root of `f`, rounded to steps: from the root, rounded down, of what it is in squares of a step.

    With `x` that square: `r` steps are at most the root where `r * r` is at most `x`, and `r` half steps where
    `r * r` is at most `4 x`. So whole numbers suffice, and no root is ever approximated.
    """
    shift = 2 * scale - f.scale
    numerator = _scaled(f.numerator, max(0, shift))
    squares = ir.Const(step * step * 10 ** max(0, -shift))
    denominator = squares if f.denominator is _UNDIVIDED else ir.Arithmetic("*", f.denominator, squares)
    four = ir.Arithmetic("*", ir.Const(4), numerator)
    zero, one = ir.Const(0), ir.Const(1)

    def steps(above: Expr) -> Expr:
        match mode:
            case "down":
                return ir.Root(ir.Divide("down", numerator, denominator))
            case "up":
                below = ir.Root(ir.Arithmetic("-", above, one))
                return ir.If(ir.Compare("is", above, zero), zero, ir.Arithmetic("+", below, one))
            case "half up":
                return ir.Divide("half up", ir.Root(ir.Divide("down", four, denominator)), ir.Const(2))
            case "half even":
                return once(ir.Root(ir.Divide("down", four, denominator)), to_even)
            case _:
                assert_never(mode)

    def to_even(halves: Expr) -> Expr:
        exact = ir.Compare("is", ir.Arithmetic("*", halves, halves), ir.Divide("up", four, denominator))
        rounded, up = (ir.Divide(way, halves, ir.Const(2)) for way in _HALVES)
        return ir.If(exact, rounded, up)

    def checked(above: Expr) -> Expr:
        negative = ir.Compare("<", above, zero)
        result = steps(above)
        whole = result if step == 1 else ir.Arithmetic("*", result, ir.Const(step))
        return ir.If(negative, ir.Fault("square root of a negative number"), whole)

    return once(ir.Divide("up", numerator, denominator), checked)


_HALVES: tuple[RoundingMode, RoundingMode] = ("half even", "half up")
