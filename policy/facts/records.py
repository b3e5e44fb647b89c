"""A Python class for every record of a program: plain slots, numbers as scaled ints, `MISSING` by default."""

from __future__ import annotations

from typing import Any

import attrs

from policy.decisions import MISSING
from policy.ir.interpret import attribute
from policy.ir.program import FieldOf, Program
from policy.model import types
from policy.model.types import Type, describe, short


def record_classes(program: Program) -> dict[str, type[Any]]:
    """Classes by the full name of the record. A field named by a Python keyword gains an underscore."""
    return {name: _record_class(name, fields) for name, fields in program.records.items()}


def _record_class(name: str, fields: tuple[FieldOf, ...]) -> type[Any]:
    """The class of one record; its docstring tells how each field is held."""
    made: type[Any] = attrs.make_class(
        short(name),
        {attribute(f.name): attrs.field(default=MISSING, type=held_as(f.type)) for f in fields},
        slots=True,
        kw_only=True,
        eq=False,
    )
    lines = [
        f"    {attribute(f.name)}: {in_words(f.type)}" + (f" — {f.title.en}" if f.title.en else "") for f in fields
    ]
    made.__doc__ = "\n".join([f"A `{name}`. What is not given is `MISSING`.", "", *lines])
    return made


def held_as(of: Type) -> Any:
    """The Python type that a fact of type `of` is held as."""
    match of:
        case types.OptionalOf(item):
            return held_as(item) | None
        case types.Boolean():
            return bool
        case types.Text() | types.Enum():
            return str
        case types.ListOf():
            return tuple
        case types.SetOf():
            return frozenset
        case types.Record():
            return object
        case _:
            return int


def in_words(of: Type) -> str:
    """The type as an author writes it, and how it is held where that is not plain."""
    inner = of.of if isinstance(of, types.OptionalOf) else of
    match inner:
        case types.Number(_, scale) if scale > 0:
            return f"{describe(of)}, as an int of 10**-{scale}"
        case types.Date():
            return f"{describe(of)}, as its ordinal day"
        case types.Instant():
            return f"{describe(of)}, as microseconds since 1970 UTC"
        case _:
            return describe(of)


def record_from(value: Any, of: Type, classes: dict[str, type[Any]], program: Program) -> Any:
    """Facts written as dicts (as tests do) turned into records; what is not in a dict is `MISSING`."""
    inner = of.of if isinstance(of, types.OptionalOf) else of
    if isinstance(inner, types.Record) and isinstance(value, dict):
        fields = {f.name: f.type for f in program.records[inner.name]}
        return classes[inner.name](
            **{attribute(n): record_from(v, fields[n], classes, program) for n, v in value.items()}
        )
    if isinstance(inner, types.ListOf) and isinstance(value, list):
        return tuple(record_from(v, inner.of, classes, program) for v in value)
    return value
