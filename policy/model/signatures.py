"""What the names of a ruleset stand for: types, fields, parameters and results. Part of `from_syntax`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from policy.diagnostics import Collector, Diagnostic
from policy.model import rules, types
from policy.model.context import Context
from policy.model.index import RulesetSource
from policy.model.names import Entry, Signature
from policy.model.types import Type
from policy.remembered import remembered, remembered_items
from policy.syntax import tree

Fields = tuple[str, dict[str, Type]]  # a record's full name, and the types of its fields


@remembered
def named_types(unit: RulesetSource) -> tuple[dict[str, Type], list[Diagnostic]]:
    """The enums and records of a ruleset by their full names, and what is found in the members."""
    found = Collector()
    named: dict[str, Type] = {}
    for entry in unit.own:
        if isinstance(entry.node, tree.EnumOf):
            members = entry.node.members
            known: list[tree.Name | tree.Text] = [m.name for m in members]
            known += [t for m in members for t in m.spelt]
            _each_once(known, found)
            spelt = tuple((t.value, m.name.text) for m in members for t in m.spelt)
            names = tuple(m.name.text for m in members)
            named[entry.id] = types.Enum(entry.id, names, entry.node.first, spelt)
        elif isinstance(entry.node, tree.RecordType):
            named[entry.id] = types.Record(entry.id)
    return named, found.found


def _each_once(words: Sequence[tree.Name | tree.Text], found: Collector) -> None:
    """Members and their spellings, of which each stands for one member."""
    texts = [w.text if isinstance(w, tree.Name) else w.value for w in words]
    for n, (text, word) in enumerate(zip(texts, words, strict=True)):
        if text in texts[:n]:
            _twice(tree.Name(text, span=word.span), found)


def _twice(name: tree.Name, found: Collector) -> None:
    found.error("duplicate-name", f"`{name.text}` is written twice", name.span)


@remembered_items
def records(unit: RulesetSource) -> list[Entry]:
    return [e for e in unit.own if isinstance(e.node, tree.RecordType)]


@remembered_items
def signed(unit: RulesetSource) -> list[Entry]:
    """What has a signature."""
    return [e for e in unit.own if not isinstance(e.node, tree.EnumOf | tree.RecordType | tree.Property)]


def fields_of(context: Context, entry: Entry) -> Fields:
    assert isinstance(entry.node, tree.RecordType)
    fields: dict[str, Type] = {}
    for f in entry.node.fields:
        if f.name.text in fields:
            _twice(f.name, context.found)
        fields[f.name.text] = context.scope.field_type(f.type, entry.node.fields)
    return entry.id, fields


def signature_of(context: Context, entry: Entry) -> Signature:
    scope, id, node = context.scope, entry.id, entry.node

    def parameters(binders: tuple[tree.Binder, ...]) -> rules.Parameters:
        names = [b.name.text for b in binders]
        for b in binders:
            if names.count(b.name.text) > 1:
                _twice(b.name, context.found)
        return tuple((b.name.text, scope.type_of(b.type)) for b in binders)

    match node:
        case tree.Parameter():
            return Signature(id, "parameter", (), scope.type_of(node.type))
        case tree.DatedSet():
            return Signature(id, "set", (), types.SetOf(scope.type_of(node.of)))
        case tree.Calendar():
            return Signature(id, "set", (), types.SetOf(types.DATE))
        case tree.Value():
            return Signature(id, "value", parameters(node.parameters), scope.type_of(node.type))
        case tree.Table():
            return Signature(id, "table", parameters(node.parameters), scope.type_of(node.type))
        case tree.Decision():
            return Signature(id, "decision", parameters(node.parameters), types.BOOLEAN)
        case tree.Priority():
            return Signature(id, "priority", parameters(node.parameters), types.BROKEN)
        case tree.EnumOf() | tree.RecordType() | tree.Property():
            raise AssertionError(f"{id} has no signature")
        case _:
            assert_never(node)
