"""What a question wants to know: a JSON Schema (2020-12) of its facts, and a template to fill."""

from __future__ import annotations

from typing import Any

from policy.ir.program import FieldOf, Function, Program
from policy.model import types
from policy.model.types import Number, Type, describe
from policy.model.values import decimal_text, show


def schema(program: Program, function: Function) -> dict[str, Any]:
    """The JSON Schema of the facts; every fact may be left out, for the answer may not turn on it."""
    records: dict[str, Any] = {}
    properties = {name: _schema(of, program, records) for name, of in function.parameters}
    result: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": function.id,
        "description": function.title.en,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if records:
        result["$defs"] = records
    return result


def template(program: Program, function: Function) -> dict[str, Any]:
    """An example of every fact, to be filled in."""
    return {name: _example(of, program) for name, of in function.parameters}


def _schema(of: Type, program: Program, records: dict[str, Any]) -> dict[str, Any]:
    match of:
        case types.OptionalOf(item):
            return {"anyOf": [_schema(item, program, records), {"type": "null"}]}
        case types.Boolean():
            return {"type": "boolean"}
        case types.Text():
            return {"type": "string"}
        case types.Date():
            return {"type": "string", "format": "date"}
        case types.Instant():
            return {"type": "string", "format": "date-time"}
        case types.Enum(name, members):
            titles = {m: w.en for m, w in program.enums.get(name, {}).items() if w.en}
            described = {"description": "; ".join(f"{m}: {t}" for m, t in titles.items())} if titles else {}
            return {"enum": list(members), **described}
        case types.ListOf(item):
            return {"type": "array", "items": _schema(item, program, records)}
        case types.SetOf(item):
            return {"type": "array", "items": _schema(item, program, records), "uniqueItems": True}
        case types.Record(name):
            if name not in records:
                records[name] = {}
                records[name] = {
                    "type": "object",
                    "properties": {f.name: _field(f, program, records) for f in program.records[name]},
                    "additionalProperties": False,
                }
            return {"$ref": f"#/$defs/{name}"}
        case Number():
            return {"type": ["number", "string"], "description": describe(of)}
        case types.Broken():
            raise AssertionError


def _field(f: FieldOf, program: Program, records: dict[str, Any]) -> dict[str, Any]:
    result = _schema(f.type, program, records)
    if f.title.en:
        result = {**result, "title": f.title.en}
    return result


def _example(of: Type, program: Program) -> Any:
    match of:
        case types.OptionalOf():
            return None
        case types.Boolean():
            return False
        case types.Text():
            return ""
        case types.Date():
            return "2026-03-01"
        case types.Instant():
            return "2026-03-01T09:00:00+08:00"
        case types.Enum(_, members):
            return members[0]
        case types.ListOf(item) | types.SetOf(item):
            return [_example(item, program)]
        case types.Record(name):
            return {f.name: _field_example(f, program) for f in program.records[name]}
        case Number("rate", _):
            return "0%"
        case Number("duration", _):
            return "0 seconds"
        case Number(_, scale):
            return decimal_text(0, min(scale, 2)) + (f" {of.currency}" if of.currency else "")
        case types.Broken():
            raise AssertionError


def _field_example(f: FieldOf, program: Program) -> Any:
    """An example that keeps the field's bounds."""
    example = _example(f.type, program)
    if isinstance(f.type, Number) and (f.least or 0) > 0:
        return show(f.least, f.type)
    return example
