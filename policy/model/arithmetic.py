"""Arithmetic of typed numbers and dates: units, scales, divisions only inside `round`. Part of `typing`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve

from policy.model import expressions as typed, types, values
from policy.model.amounts import converted
from policy.model.coercion import PRESENCE, Coercion, a_type
from policy.model.expressions import Expression
from policy.model.types import EXACT_FRACTION, Number, Type
from policy.model.values import MONTHS, SECONDS
from policy.source import Span
from policy.syntax import tree
from policy.vocabulary import BusinessDayOperator, ExtremumOperator, RemainderOperator

MOST_POWER = 100
ORDERED = (Number, types.Date, types.Instant)
EQUAL = (*ORDERED, types.Boolean, types.Text, types.Enum)


def how_ordered(of: Type) -> str:
    """The remedy where something without an order is compared or ranked."""
    if isinstance(of, types.OptionalOf):
        return "say what holds where it is absent: `… default …`"
    return f"give it an order: `enum {types.short(of.name)} from highest {{…}}`" if isinstance(of, types.Enum) else ""


def number_literal(node: tree.Number) -> typed.Literal:
    """A written number as a typed literal."""
    unit, value = node.unit, node.value
    if unit in MONTHS:
        return typed.Literal(int(value) * MONTHS[unit], type=types.PERIOD, span=node.span)
    if unit in SECONDS:
        return typed.Literal(int(value) * SECONDS[unit], type=Number("duration", 0), span=node.span)
    decimals = values.decimals(value)
    if unit == "%":
        of = Number("rate", decimals + 2)
    elif unit == "bp":
        of = Number("rate", decimals + 4)
    else:
        of = Number(f"money:{unit}" if unit else "number", decimals)
    digits = values.scaled(value, decimals)
    assert digits is not None
    return typed.Literal(digits, type=of, span=node.span)


def day_moved(node: tree.Binary, left: Expression) -> Expression | None:
    """A date and a written number of days, weeks, months or years, added or subtracted; None for anything else."""
    if not isinstance(left.type, types.Date) or not isinstance(node.right, tree.Number):
        return None
    unit, number = node.right.unit, int(node.right.value)
    if unit in MONTHS:
        months = MONTHS[unit] * (number if node.operator == "+" else -number)
        return typed.MonthsLater(left, months, type=types.DATE, span=node.span)
    if unit in SECONDS and SECONDS[unit] % 86_400 == 0:
        days = typed.Literal(number * SECONDS[unit] // 86_400, type=types.INTEGER, span=node.right.span)
        return typed.Binary(node.operator, left, days, type=types.DATE, span=node.span)
    return None


def additive(checker: Coercion, node: tree.Binary, left: Expression, right: Expression) -> Expression:
    span, a, b = node.span, left.type, right.type
    if isinstance(a, types.Date | types.Instant) and type(a) is type(b) and node.operator == "-":
        step = types.DATE_STEP if isinstance(a, types.Date) else types.INSTANT_STEP
        return typed.Binary("-", left, right, type=step, span=span)
    if isinstance(a, types.Instant) and isinstance(b, Number) and b.unit == "duration":
        right = checker.coerce(right, types.INSTANT_STEP)
        return typed.Binary(node.operator, left, right, type=types.INSTANT, span=span)
    if isinstance(a, types.Date):
        step = b if isinstance(b, Number) and b.unit == "duration" else types.PERIOD
        return typed.Binary(node.operator, left, checker.coerce(right, step), type=types.DATE, span=span)
    left, right, of = checker.same_type(left, right)
    if not isinstance(of, Number | types.Broken):
        help = PRESENCE if isinstance(of, types.OptionalOf) else ""
        return checker.fail("type-mismatch", f"{a_type(of)} cannot be added or subtracted", span, help)
    return typed.Binary(node.operator, left, right, type=of, span=span)


def multiplicative(
    checker: Coercion, node: tree.Binary, left: Expression, right: Expression, in_round: bool
) -> Expression:
    if isinstance(left.type, types.Broken) or isinstance(right.type, types.Broken):
        return typed.Failed(type=types.BROKEN, span=node.span)
    if not isinstance(left.type, Number) or not isinstance(right.type, Number):
        wrong = right if isinstance(left.type, Number) else left
        return checker.disagree(wrong, types.INTEGER)
    a, b = left.type, right.type
    unit = types.product_unit(a.unit, b.unit) if node.operator == "*" else types.quotient_unit(a.unit, b.unit)
    if unit is None:
        verb = "multiplied by" if node.operator == "*" else "divided by"
        return checker.fail("type-mismatch", f"{a_type(a)} cannot be {verb} {a_type(b)}", node.span)
    if unpriced := converted(checker, left, right):
        return unpriced
    if node.operator == "/":
        if not in_round:
            return checker.unrounded(evolve(left, span=node.span))
        scale = EXACT_FRACTION
    else:
        fraction = EXACT_FRACTION in (a.scale, b.scale)
        scale = EXACT_FRACTION if fraction else a.scale + b.scale
    return typed.Binary(node.operator, left, right, type=Number(unit, scale), span=node.span)


def power(checker: Coercion, node: tree.Binary, base: Expression) -> Expression:
    """A number or rate multiplied by itself as often as is written."""
    assert isinstance(node.right, tree.Number)
    exponent = int(node.right.value)
    if exponent != node.right.value or not 2 <= exponent <= MOST_POWER:
        help = f"write a whole number from 2 to {MOST_POWER}; a root is `square root of (…)`"
        return checker.fail("type-mismatch", "this is no exponent", node.right.span, help)
    if isinstance(base.type, types.Broken):
        return base
    if not isinstance(base.type, Number) or types.product_unit(base.type.unit, base.type.unit) != base.type.unit:
        return checker.fail(
            "type-mismatch", f"{a_type(base.type)} has no powers", base.span, "take those of a number or rate"
        )
    exact = base.type.scale != EXACT_FRACTION
    scale = base.type.scale * exponent if exact else EXACT_FRACTION
    if exact and scale >= types.MOST_DIGITS:
        what = f"this has {scale} decimals, and a number has at most {types.MOST_DIGITS} digits"
        return checker.fail("type-mismatch", what, node.span, "round what is raised to fewer decimals first")
    times = typed.Literal(exponent, type=types.INTEGER, span=node.right.span)
    return typed.Binary("^", base, times, type=Number(base.type.unit, scale), span=node.span)


def extremum(
    checker: Coercion,
    typed_as: Callable[[tree.Expression, Type], Expression],
    operator: ExtremumOperator,
    operands: tuple[tree.Expression, ...],
    span: Span,
    hint: Type,
) -> Expression:
    """`min` or `max`; `typed_as` types each operand with the type of those before it as a hint."""
    inner: list[Expression] = []
    of: Type = hint
    for operand in operands:
        e = checker.exact(typed_as(operand, of))
        if inner:
            _, e, of = checker.same_type(evolve(inner[-1], type=of), e)
        else:
            of = e.type
        inner.append(e)
    if not types.has_order(of):
        return checker.fail("type-mismatch", f"{a_type(of)} has no `{operator}`", span, how_ordered(of))
    if isinstance(of, Number):
        inner = [checker.adapt(e, of) for e in inner]
    return typed.Chain(operator, tuple(inner), type=of, span=span)


def clamped(
    checker: Coercion, typed_as: Callable[[tree.Expression, Type], Expression], node: tree.Clamp, hint: Type
) -> Expression:
    """What is kept between two bounds; `typed_as` types the bounds with the type of what they bound as a hint."""
    e = checker.exact(typed_as(node.operand, hint))
    bottom, top = (checker.exact(typed_as(x, e.type)) for x in (node.low, node.high))
    bottom, e, of = checker.same_type(bottom, e)
    top, e, of = checker.same_type(top, e)
    bottom, _, of = checker.same_type(bottom, evolve(e, type=of) if isinstance(of, Number) else e)
    if not types.has_order(of):
        return checker.fail("type-mismatch", f"{a_type(of)} has no `clamp`", node.span, how_ordered(of))
    return typed.Clamp(e, bottom, top, type=of, span=node.span)


def remainder(
    checker: Coercion, operator: RemainderOperator, node: tree.Binary, left: Expression, right: Expression
) -> Expression:
    """What is left of one amount after taking another as often as it fits, and whether that is nothing."""
    left, right, of = checker.same_type(checker.exact(left), checker.exact(right))
    if not isinstance(of, Number | types.Broken):
        return checker.fail("type-mismatch", f"{a_type(of)} cannot be divided", node.span)
    return typed.Binary(operator, left, right, type=of if operator == "modulo" else types.BOOLEAN, span=node.span)


def elapsed(checker: Coercion, node: tree.Binary, first: Expression, last: Expression) -> Expression:
    """How many whole years or months there are between two dates."""
    first, last = (checker.coerce(e, types.DATE) for e in (first, last))
    return typed.Binary(node.operator, first, last, type=types.INTEGER, span=node.span)


def on_calendar(
    checker: Coercion, operator: BusinessDayOperator, calendar: str, operands: Sequence[Expression], span: Span
) -> Expression:
    """What is asked of a calendar: of days, and of how many business days."""
    counts = operator in ("business days after", "business days before")
    wanted: tuple[Type, ...] = (types.INTEGER, types.DATE) if counts else (types.DATE,) * len(operands)
    inner = tuple(checker.coerce(e, of) for e, of in zip(operands, wanted, strict=True))
    if counts and isinstance(inner[0], typed.Literal) and isinstance(inner[0].type, Number) and inner[0].value < 1:
        help = "write `business day of … on or after`, or `on or before`"
        return checker.fail("type-mismatch", "business days are counted from 1", inner[0].span, help)
    of: Type = types.DATE
    if operator == "a business day":
        of = types.BOOLEAN
    elif operator == "business days between":
        of = types.INTEGER
    return typed.OnCalendar(operator, calendar, inner, type=of, span=span)


def square_root(checker: Coercion, operand: Expression, span: Span) -> Expression:
    """The square root of a number or a rate, which only `round` may hold."""
    if isinstance(operand.type, types.Broken):
        return operand
    if not isinstance(operand.type, Number) or operand.type.unit not in ("number", "rate"):
        message = f"{a_type(operand.type)} has no square root"
        return checker.fail("type-mismatch", message, span, "take the root of a number or a rate")
    return typed.Unary("square root", operand, type=Number(operand.type.unit, EXACT_FRACTION), span=span)


def rounded(checker: Coercion, node: tree.Round, operand: Expression) -> Expression:
    if isinstance(operand.type, types.Broken):
        return operand
    if not isinstance(operand.type, Number):
        return checker.disagree(operand, types.INTEGER)
    unit = operand.type.unit
    if not isinstance(node.step, tree.Number):
        return checker.fail("bad-step", f"`{node.step.span.text}` is not a number to round to", node.step.span)
    step = number_literal(node.step)
    scale = values.decimals(node.step.value) + {"%": 2, "bp": 4}.get(node.step.unit, 0)
    wrong_unit = node.step.unit and not (
        (node.step.unit in ("%", "bp") and unit == "rate") or unit.endswith(":" + node.step.unit)
    )
    if step.value <= 0 or wrong_unit:
        return checker.fail(
            "bad-step", f"`{node.step.span.text}` is not a step for {a_type(operand.type)}", node.step.span
        )
    return typed.Round(node.mode, step.value, operand, type=Number(unit, scale), span=node.span)
