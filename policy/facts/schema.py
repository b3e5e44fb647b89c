"""What a question wants to know: a JSON Schema (2020-12) of its facts, and a template to fill.

At each place, `properties` are the facts that are read; `$defs` says of every record what else may be given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from policy.ir.program import FieldDeclaration, Function, Program
from policy.ir.reads import Fact, facts_read
from policy.model import types
from policy.model.types import Number, Type, describe
from policy.model.values import decimal_text, show
from policy.vocabulary import Json


def schema(program: Program, function: Function) -> Json:
    """The JSON Schema of the facts; every fact may be left out, for the answer may not turn on it."""
    definitions = _Definitions(program)
    definitions.object(function.id, {name: definitions.type(of) for name, of in function.parameters})
    result: Json = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": function.id,
        "description": function.title.en,
        "$comment": "properties are the facts that are read; $defs say what may be given besides",
        **definitions.reference(function.id),
        "properties": definitions.read(facts_read(program, function)),
    }
    return {**result, "$defs": definitions.made}


def template(program: Program, function: Function) -> Json:
    """An example of every fact that is read, to be filled in."""
    return _examples(facts_read(program, function))


class _Definitions:
    """Schemas of types; those of records and enums, by their names, are in `made`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.made: Json = {}

    def reference(self, name: str) -> Json:
        return {"$ref": f"#/$defs/{name}"}

    def object(self, name: str, properties: Json) -> None:
        self.made[name] = {"type": "object", "properties": properties, "additionalProperties": False}

    def type(self, of: Type) -> Json:
        """All that may be given as a fact of the type."""
        match of:
            case types.OptionalOf(item):
                return {"anyOf": [self.type(item), {"type": "null"}]}
            case types.Boolean():
                return {"type": "boolean"}
            case types.Text():
                return {"type": "string"}
            case types.Date():
                return {"type": "string", "format": "date"}
            case types.Instant():
                return {"type": "string", "format": "date-time"}
            case types.Enum(name):
                titles = {m: w.en for m, w in self.program.enums.get(name, {}).items() if w.en and m in of.members}
                described = {"description": "; ".join(f"{m}: {t}" for m, t in titles.items())} if titles else {}
                made = {"enum": list(of.words), **described}
                if of.declared:  # a field takes some of the members
                    return made
                self.made[name] = made
                return self.reference(name)
            case types.ListOf(item):
                return {"type": "array", "items": self.type(item)}
            case types.SetOf(item):
                return {"type": "array", "items": self.type(item), "uniqueItems": True}
            case types.Record(name):
                if name not in self.made:
                    self.made[name] = {}  # it may be inside itself
                    fields = self.program.records[name]
                    self.object(name, {f.name: _titled(f, self.type(f.type)) for f in fields})
                return self.reference(name)
            case Number():
                return {"type": ["number", "string"], "description": describe(of)}
            case types.Broken():
                raise AssertionError("a program has no broken types")
            case _:
                assert_never(of)

    def read(self, facts: Mapping[str, Fact]) -> Json:
        """The properties that stand for these facts."""
        return {name: _titled(fact.declared, self.fact(fact, fact.type)) for name, fact in facts.items()}

    def fact(self, fact: Fact, of: Type) -> Json:
        """What may be given as the fact, which is of the type, and what of it is read."""
        if isinstance(of, types.OptionalOf):
            return {"anyOf": [self.fact(fact, of.of), {"type": "null"}]}
        if isinstance(of, types.ListOf):
            return {"type": "array", "items": self.fact(fact.elements, of.of)}
        if isinstance(of, types.Record):
            return {**self.reference(of.name), "properties": self.read(fact.fields)}
        return self.type(of)


def _titled(f: FieldDeclaration | None, made: Json) -> Json:
    return {**made, "title": f.title.en} if f is not None and f.title.en else made


def _examples(facts: Mapping[str, Fact]) -> Json:
    return {name: _example(fact, fact.type) for name, fact in facts.items()}


def _example(fact: Fact, of: Type) -> object:
    """An example of the fact, which is of the type, within its bounds."""
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
            return [_example(fact.elements, item)]
        case types.Record():
            return _examples(fact.fields)
        case Number() if fact.declared is not None and (fact.declared.least or 0) > 0:
            return show(fact.declared.least, of)
        case Number() if fact.declared is not None and (fact.declared.most or 0) < 0:
            return show(fact.declared.most, of)
        case Number("rate", _):
            return "0%"
        case Number("duration", _):
            return "0 seconds"
        case Number("period", _):
            return "0 months"
        case Number(_, scale):
            return decimal_text(0, min(scale, 2)) + (f" {of.currency}" if of.currency else "")
        case types.Broken():
            raise AssertionError("a program has no broken types")
        case _:
            assert_never(of)
