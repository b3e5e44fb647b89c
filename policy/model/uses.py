"""What each name in the text turned out to mean: noted by the type checker for those who show or change rules.

In: the places where names are resolved. Out: `Uses`, a symbol for every span that refers to one.
Absent: where symbols are declared, which the syntax tree says; and what a local name is local to.
"""

from __future__ import annotations

from typing import assert_never

from attrs import frozen

from policy.source import Span
from policy.syntax import tree
from policy.vocabulary import SymbolKind


@frozen
class Symbol:
    """Something that has a name: `id` is the full name, of a field or member that of its type with it.

    Of an argument, a local name or the variable of an aggregate, `id` is the bare name: its place says which it is.
    """

    kind: SymbolKind
    id: str


Uses = dict[Span, Symbol]


def declared(id: str, node: tree.Definition) -> Symbol:
    """The symbol of a declaration with this full name."""
    match node:
        case tree.EnumOf():
            return Symbol("enum", id)
        case tree.RecordType():
            return Symbol("record", id)
        case tree.DatedSet():
            return Symbol("set", id)
        case tree.Calendar():
            return Symbol("calendar", id)
        case tree.Parameter():
            return Symbol("parameter", id)
        case tree.Value():
            return Symbol("value", id)
        case tree.Table():
            return Symbol("table", id)
        case tree.Decision():
            return Symbol("decision", id)
        case tree.Priority():
            return Symbol("priority", id)
        case tree.Property():
            return Symbol("property", id)
        case _:
            assert_never(node)
