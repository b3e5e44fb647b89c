"""Bounds that no fact can keep or that keep none out, numbers that no answer can hold, and sets that stay empty."""

from __future__ import annotations

from collections.abc import Iterator

from policy.diagnostics import Diagnostic, Severity
from policy.model import expressions as typed
from policy.model import rules, types
from policy.model.types import Number, Type
from policy.model.values import FIRST_MOMENT, LAST_DAY, LAST_MOMENT, show


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    for record in model.of_kind(rules.RecordType):
        for field in record.fields:
            yield from _bounds(field)
    for declared in model.of_kind(rules.Parameter, rules.Value):
        for version in declared.versions:
            if _reaches_limit(version.body, declared.type):
                yield Diagnostic(
                    "number-too-large",
                    f"a version of `{declared.name}` has 39 digits or more, counted in its smallest step",
                    version.span,
                    "write a smaller number, or keep fewer decimals; whatever reads this one fails",
                )
    for declared in model.of_kind(rules.DatedSet, rules.Parameter):
        if declared.versions and all(map(_is_empty, declared.versions)):
            yield Diagnostic(
                "empty-set",
                f"`{declared.name}` is empty on every day",
                declared.span,
                "say what belongs to it, or remove it",
                Severity.WARNING,
            )


def facts_between(of: Type) -> tuple[int, int] | None:
    """The least and the greatest fact of a type that has an order."""
    match of:
        case types.OptionalOf(item):
            return facts_between(item)
        case Number():
            return 1 - 10**types.MOST_FACT_DIGITS, 10**types.MOST_FACT_DIGITS - 1
        case types.Date():
            return 1, LAST_DAY
        case types.Instant():
            return FIRST_MOMENT, LAST_MOMENT
    return None


def _bounds(field: rules.Field) -> Iterator[Diagnostic]:
    between = facts_between(field.type)
    if between is None:
        return
    low, high = between
    written = [
        f"{word} {show(bound, field.type)}"
        for word, bound in (("at least", field.least), ("at most", field.most))
        if bound is not None
    ]
    least, most = (
        max(low, low if field.least is None else field.least),
        min(high, high if field.most is None else field.most),
    )
    if least > most:
        yield Diagnostic(
            "empty-bounds",
            f"no fact is {' and '.join(written)}, so `{field.name}` can never be given",
            field.span,
            f"a fact lies between {show(low, field.type)} and {show(high, field.type)}"
            if len(written) == 1
            else "the least is above the most: is one of them meant to be the other?",
        )
    elif (field.least is not None and field.least <= low) or (field.most is not None and field.most >= high):
        yield Diagnostic(
            "idle-bound",
            f"a bound of `{field.name}` keeps nothing out",
            field.span,
            f"every fact lies between {show(low, field.type)} and {show(high, field.type)}; remove the bound",
            Severity.WARNING,
        )


def _reaches_limit(body: typed.Expression, of: Type) -> bool:
    match body, of:
        case typed.Unary("-", operand), _:
            return _reaches_limit(operand, of)
        case typed.Literal(value, type=Number(_, scale)), Number():
            return bool(value * 10 ** (of.scale - scale) >= 10**types.MOST_DIGITS)
    return False


def _is_empty(version: rules.SetVersion | rules.Version) -> bool:
    if isinstance(version, rules.SetVersion):
        return not version.items
    return isinstance(version.body, typed.SetOf | typed.ListOf) and not version.body.items
