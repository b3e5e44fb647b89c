"""Facts as a test writes them, and as paths with their values. What is missing is left out."""

from __future__ import annotations

from typing import assert_never

from policy.answers import MISSING
from policy.ir.program import Program
from policy.model import types
from policy.model.types import Type
from policy.model.values import show
from policy.verify.facts import Fact


def in_rules(value: Fact, of: Type, program: Program) -> str:
    """A fact, records as dicts, as a test writes it."""
    match of:
        case types.OptionalOf(item):
            return "none" if value is None else in_rules(value, item, program)
        case types.Record(name):
            fields = {f.name: f.type for f in program.records[name]}
            given = [f"{n}: {in_rules(v, fields[n], program)}" for n, v in value.items() if v is not MISSING]
            return "{ " + ", ".join(given) + " }" if given else "{}"
        case types.ListOf(item):
            return "[" + ", ".join(in_rules(v, item, program) for v in value) + "]"
        case types.SetOf(item):
            return "{" + ", ".join(in_rules(v, item, program) for v in sorted(value)) + "}"
        case types.Boolean() | types.Text() | types.Enum() | types.Number() | types.Date() | types.Instant():
            return show(value, of)
        case types.Broken():
            return show(value, of)
        case _:
            assert_never(of)


def paths(value: Fact, of: Type, program: Program, path: str) -> list[tuple[str, str]]:
    """Every fact with its path, as an author writes it; an empty list is a fact of its own."""
    inner = types.inner_of(of)
    if value is MISSING:
        return []
    if isinstance(inner, types.Record) and value is not None:
        fields = {f.name: f.type for f in program.records[inner.name]}
        return [p for n, v in value.items() for p in paths(v, fields[n], program, f"{path}.{n}")]
    if isinstance(inner, types.ListOf) and value:
        return [p for n, v in enumerate(value) for p in paths(v, inner.of, program, f"{path}[{n}]")]
    return [(path, in_rules(value, of, program))]
