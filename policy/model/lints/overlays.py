"""Overlay values that would loosen: they have no effect, for the stricter wins, but the author meant one."""

from __future__ import annotations

from collections.abc import Iterator

from policy.diagnostics import Diagnostic, Severity
from policy.model import expressions as typed, rules, types
from policy.model.calendar import BEGINNING, ENDING, periods
from policy.model.types import Number
from policy.model.values import show
from policy.vocabulary import Strictness


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    for amendment in model.amendments:
        base = model.declared.get(amendment.target)
        if amendment.kind != "parameter" or not isinstance(base, rules.Parameter) or not base.stricter:
            continue
        for version in amendment.versions:
            beside = [law for law, start, end in periods(base.versions) if _together(version, start, end)]
            looser = [law for law in beside if _looser(version.body, law.body, base.stricter)]
            if looser:  # a warning where it tightens the law for a while, and the law then overtakes it
                yield Diagnostic(
                    "loosens",
                    f"this is looser than the law's {_shown(looser[0].body)} for `{base.name}`",
                    version.span,
                    f"stricter is {base.stricter}; the law's value stays in force",
                    Severity.ERROR if looser == beside else Severity.WARNING,
                    related=((looser[0].span, "the law"),),
                )


def _together(version: rules.Version, start: int | None, end: int | None) -> bool:
    return (version.start or BEGINNING) < (ENDING if end is None else end) and (start or BEGINNING) < (
        ENDING if version.end is None else version.end
    )


def _looser(house: typed.Expression, law: typed.Expression, stricter: Strictness) -> bool:
    if not isinstance(house, typed.Literal) or not isinstance(law, typed.Literal):
        return False
    a, b = house.value, law.value
    if isinstance(house.type, Number) and isinstance(law.type, Number):
        scale = max(house.type.scale, law.type.scale)
        a, b = a * 10 ** (scale - house.type.scale), b * 10 ** (scale - law.type.scale)
    if isinstance(law.type, types.Enum):
        a, b = (law.type.ascending.index(member) for member in (a, b))
    return bool(a < b if stricter == "higher" else a > b)


def _shown(e: typed.Expression) -> str:
    return show(e.value, e.type) if isinstance(e, typed.Literal) and e.type != types.BROKEN else "value"
