"""Bounds that no fact can keep or that keep none out, numbers that no answer can hold, and sets that stay empty."""

from __future__ import annotations

from collections.abc import Iterator

from policy.diagnostics import Diagnostic, Severity
from policy.model import expressions as typed, rules, types
from policy.model.types import Number, Quantity, Type
from policy.model.values import show_bound
from policy.model.written import limits


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
    for listed in model.of_kind(rules.DatedSet, rules.Parameter):
        if listed.versions and all(map(_is_empty, listed.versions)):
            yield Diagnostic(
                "empty-set",
                f"`{listed.name}` is empty on every day",
                listed.span,
                "name its members, or remove it",
                Severity.WARNING,
            )


def _bounds(field: rules.FieldDeclaration) -> Iterator[Diagnostic]:
    of = types.inner_of(field.type)
    if not isinstance(of, Quantity | types.Enum):
        return
    low, high = _ends(of)
    written = [
        f"{word} {show_bound(bound, of)}"
        for word, bound in (("at least", field.least), ("at most", field.most))
        if bound is not None
    ]
    least = low if field.least is None else max(low, field.least)
    most = high if field.most is None else min(high, field.most)
    if least > most:
        yield Diagnostic(
            "empty-bounds",
            f"no fact is {' and '.join(written)}, so `{field.name}` can never be given",
            field.span,
            f"a fact lies between {show_bound(low, of)} and {show_bound(high, of)}"
            if len(written) == 1
            else "the least is above the most: is one of them meant to be the other?",
        )
    elif (field.least is not None and field.least <= low) or (field.most is not None and field.most >= high):
        yield Diagnostic(
            "idle-bound",
            f"a bound of `{field.name}` excludes nothing",
            field.span,
            f"every fact lies between {show_bound(low, of)} and {show_bound(high, of)}; remove the bound",
            Severity.WARNING,
        )


def _ends(of: Quantity | types.Enum) -> tuple[int, int]:
    """The least and greatest fact of a type; of an enum, the first and last rank."""
    return (0, len(of.members) - 1) if isinstance(of, types.Enum) else limits(of)


def _reaches_limit(body: typed.Expression, of: Type) -> bool:
    if isinstance(body, typed.Unary) and body.operator == "-":
        return _reaches_limit(body.operand, of)
    if not isinstance(body, typed.Literal) or not isinstance(body.type, Number) or not isinstance(of, Number):
        return False
    return bool(body.value * 10 ** (of.scale - body.type.scale) >= 10**types.MOST_DIGITS)


def _is_empty(version: rules.SetVersion | rules.Version) -> bool:
    if isinstance(version, rules.SetVersion):
        return not version.items
    return isinstance(version.body, typed.SetOf | typed.ListOf) and not version.body.items
