"""When one type may stand for another: exact widening, literals that take a unit, and what is said if not."""

from __future__ import annotations

import re

from attrs import define, evolve

from policy.diagnostics import Collector, which_member
from policy.model import expressions as typed, types, values
from policy.model.expressions import Expression
from policy.model.types import EXACT_FRACTION, Number, Type, a_type as a_type
from policy.source import Span
from policy.syntax.slips import LOOSE_DATE, iso_date

_BARE = re.compile(r"[0-9][0-9_.]*%?|[0-9-]{10}(T[0-9:.+Z-]+)?|true|false")
PRESENCE = "say what holds where it is absent: `… default …`, or test `is present`"


@define(eq=False, slots=False)
class Coercion:
    """Implicit conversions, and what is reported where there is none."""

    found: Collector

    def coerce(self, e: Expression, expected: Type) -> Expression:
        """`e` as `expected`: widened or adapted where that is exact, else a finding."""
        actual = e.type
        if isinstance(expected, types.OptionalOf) and not isinstance(actual, types.OptionalOf):
            if isinstance(e, typed.Literal) and e.value is None:
                return evolve(e, type=expected)
            if typed.is_made(e):
                help = "a record that is worked out is always there: let the type be without `optional`"
                return self.fail("type-mismatch", "this is never absent", e.span, help)
            return self.coerce(e, expected.of)
        if actual == expected or isinstance(expected, types.Broken) or isinstance(actual, types.Broken):
            return e
        if isinstance(expected, Number) and isinstance(actual, Number):
            e = self.adapt(e, expected)
            assert isinstance(e.type, Number)
            if e.type.unit != expected.unit:
                return self.disagree(e, expected)
            if e.type.scale == EXACT_FRACTION:
                return self.unrounded(e)
            if e.type.scale > expected.scale:
                return self.fail(
                    "narrowing",
                    f"this is {a_type(e.type)}, but {a_type(expected)} is expected: decimals would be lost",
                    e.span,
                    f"write `round down to {values.decimal_text(1, expected.scale)} (…)`, or another direction",
                )
            return e
        if isinstance(expected, types.SetOf | types.ListOf) and type(expected) is type(actual):
            assert isinstance(actual, types.SetOf | types.ListOf)
            if actual.of == expected.of or any(isinstance(t.of, types.Broken) for t in (actual, expected)):
                return e
        return self.disagree(e, expected)

    def adapt(self, e: Expression, wanted: Number) -> Expression:
        """A literal in the unit or scale that is wanted, where that changes nothing of its value."""
        if isinstance(e, typed.Unary) and e.operator == "-":
            inner = self.adapt(e.operand, wanted)
            return evolve(e, operand=inner, type=inner.type) if inner is not e.operand else e
        if not isinstance(e, typed.Literal) or not isinstance(e.type, Number):
            return e
        value, unit, scale = e.value, e.type.unit, e.type.scale
        currency = unit.removeprefix("money:")
        if (unit, wanted.unit) in (("number", "quantity"), (f"money:{currency}", f"price:{currency}")):
            unit = wanted.unit
        if value == 0 and unit == "number" and wanted.currency_of:
            unit = wanted.unit  # nothing is nothing in any currency
        while scale > wanted.scale >= 0 and value % 10 == 0 and unit == wanted.unit:
            value, scale = value // 10, scale - 1
        return e if (unit, scale) == (e.type.unit, e.type.scale) else evolve(e, value=value, type=Number(unit, scale))

    def disagree(self, e: Expression, expected: Type) -> Expression:
        actual = e.type
        if isinstance(actual, Number) and isinstance(expected, Number):
            if actual.currency and expected.currency and actual.currency != expected.currency:
                return self.fail(
                    "currency-mismatch",
                    f"{actual.currency} cannot be used where {expected.currency} is expected",
                    e.span,
                    f"write the amount in {expected.currency}, or convert it: `amount / 1 {actual.currency} "
                    f"* 1 {expected.currency} * rate` under `round`",
                )
            if (
                (actual.currency_of or expected.currency_of)
                and (mine := _money(actual))
                and (other := _money(expected))
            ):
                known = actual.currency_of or expected.currency_of
                help = f"convert it first, at a price of its currency: `… * price_of({known})`"
                return self.fail(
                    "currency-mismatch", f"{mine} cannot be used where {other} is expected", e.span, help
                )
            help = ""
            if {actual.unit, expected.unit} == {"period", "duration"}:
                help = "months have no fixed length: count days, or compare dates: `d + 3 months <= today`"
            elif (actual.unit, expected.unit) == ("number", "period"):
                help = "say what it counts: `n days`, `n months`"
            elif isinstance(e, typed.Literal) and expected.currency and actual.unit == "number":
                help = f"write the currency: `{values.show(e.value, actual)} {expected.currency}`"
            elif isinstance(e, typed.Literal) and expected.unit == "rate" and actual.unit == "number":
                help = "write a rate as a percentage: `15%`, not `0.15`"
            elif isinstance(e, typed.Literal) and actual.currency and expected.unit == "number":
                help = f"write the number alone: `{values.show(e.value, Number('number', actual.scale))}`"
        else:
            help = _unquoted(e, expected)
        if isinstance(actual, types.OptionalOf):
            help = PRESENCE
        return self.fail(
            "type-mismatch", f"this is {a_type(actual)}, but {a_type(expected)} is expected", e.span, help
        )

    def unrounded(self, e: Expression) -> Expression:
        return self.fail(
            "unrounded-division",
            "a division has no exact decimal result, so it must say how it is rounded",
            e.span,
            "write `round half even to 0.01 (…)` around it, with the direction and step you mean",
        )

    def fail(self, code: str, message: str, span: Span, help: str = "") -> Expression:
        self.found.error(code, message, span, help)
        return typed.Failed(type=types.BROKEN, span=span)

    def same_type(self, a: Expression, b: Expression) -> tuple[Expression, Expression, Type]:
        """Both sides adapted to each other, and their common type; a finding where there is none."""
        if isinstance(a.type, Number) and isinstance(b.type, Number):
            mine, theirs = a.type, b.type
            if mine.unit != theirs.unit:
                a, b = self.adapt(a, theirs), self.adapt(b, mine)
            left, right = a.type, b.type
            assert isinstance(left, Number)
            assert isinstance(right, Number)
            if left.unit != right.unit:
                odd = isinstance(a, typed.Literal) and not isinstance(b, typed.Literal)  # as in `1 - haircut`
                wrong = self.disagree(a, right) if odd else self.disagree(b, left)
                return (wrong, b, types.BROKEN) if odd else (a, wrong, types.BROKEN)
            scales = (left.scale, right.scale)
            return a, b, Number(left.unit, EXACT_FRACTION if EXACT_FRACTION in scales else max(scales))
        if isinstance(a.type, types.Broken):
            return a, b, types.BROKEN
        fitted = self.coerce(b, a.type)
        return a, fitted, types.BROKEN if isinstance(fitted.type, types.Broken) else a.type

    def exact(self, e: Expression) -> Expression:
        """`e`, which must not be a bare quotient."""
        if isinstance(e.type, Number) and e.type.scale == EXACT_FRACTION:
            return self.unrounded(e)
        return e


def _money(of: Number) -> str:
    """Which money it is; nothing where it is none."""
    return of.currency or (f"money in `{of.currency_of}`" if of.currency_of else "")


def _unquoted(e: Expression, expected: Type) -> str:
    """The remedy where a literal of another kind was meant: a text in quotes, a date with single digits."""
    plain = types.inner_of(expected)
    if isinstance(e, typed.Literal) and isinstance(e.type, types.Text):
        if isinstance(plain, types.Enum):
            if member := plain.words.get(e.value):
                return f"write the member without quotation marks: `{member}`"
            return which_member(e.value, plain.members, plain.first is not None)
        bare = isinstance(plain, types.Number | types.Date | types.Instant | types.Boolean)
        return f"write it without quotation marks: `{e.value}`" if bare and _BARE.fullmatch(e.value) else ""
    if isinstance(plain, types.Date) and (date := LOOSE_DATE.fullmatch(e.span.text)):
        return iso_date(date)
    return ""
