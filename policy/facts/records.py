"""A Python class for every record of a program: plain slots, numbers as scaled ints, `MISSING` by default."""

from __future__ import annotations

from typing import Any

import attrs

from policy.decisions import MISSING
from policy.ir.interpret import attribute
from policy.ir.program import Program
from policy.model import types
from policy.model.types import Type, short


def record_classes(program: Program) -> dict[str, type[Any]]:
    """Classes by the full name of the record. A field named by a Python keyword gains an underscore."""
    return {
        name: attrs.make_class(
            short(name),
            {attribute(f.name): attrs.field(default=MISSING) for f in fields},
            slots=True,
            kw_only=True,
            eq=False,
        )
        for name, fields in program.records.items()
    }


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
