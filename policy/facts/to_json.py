"""One fact as JSON, as `from_json` reads it.

In: a fact, its records as objects or as dicts. Out: a JSON value without what is missing. Absent: its text.
"""

from __future__ import annotations

from typing import assert_never

from policy.answers import MISSING
from policy.ir.program import Program
from policy.ir.validation import attribute
from policy.model import types
from policy.model.types import AnswerType
from policy.model.values import show
from policy.vocabulary import RuntimeValue


def in_json(value: RuntimeValue, of: AnswerType, program: Program) -> object:
    match of:
        case types.OptionalOf(item):
            return None if value is None else in_json(value, item, program)
        case types.Record(name):
            fields = {f.name: f.type for f in program.records[name]}
            given = value if isinstance(value, dict) else {n: getattr(value, attribute(n)) for n in fields}
            return {n: in_json(v, fields[n], program) for n, v in given.items() if v is not MISSING}
        case types.Results(fields=inner):
            return {n: in_json(v, t, program) for (n, t), v in zip(inner, value, strict=True)}
        case types.ListOf(item):
            return [in_json(v, item, program) for v in value]
        case types.SetOf(item):
            return [in_json(v, item, program) for v in sorted(value)]
        case types.Boolean() | types.Text() | types.Enum():
            return value
        case types.Number() | types.Date() | types.Instant() | types.Broken():
            return show(value, of)
        case _:
            assert_never(of)
