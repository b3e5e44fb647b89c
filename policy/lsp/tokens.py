"""What each name of a file is, for an editor that colours it so: a parameter, a field, a provision, …

In: a `Snapshot` and a file of it. Out: `NameToken`s in the order of the text. Absent: words of the language and
literals, which the grammar of colours of each editor knows; names that could not be resolved.
"""

from __future__ import annotations

from typing import Literal, assert_never, get_args

from attrs import frozen

from policy.lsp.occurrences import declarations, mentions
from policy.lsp.snapshot import Snapshot
from policy.source import Span
from policy.vocabulary import SymbolKind

# Names of the protocol's own kinds of tokens, so that every theme has a colour for them.
TokenType = Literal[
    "namespace", "enum", "enumMember", "struct", "property",
    "variable", "parameter", "function", "method", "decorator",
]  # fmt: skip
TYPES: tuple[TokenType, ...] = get_args(TokenType)


@frozen
class NameToken:
    span: Span
    type: TokenType
    is_declaration: bool
    is_constant: bool


def tokens(snapshot: Snapshot, file: str) -> list[NameToken]:
    """The names of a file that were understood."""
    read = snapshot.files.get(file)
    if read is None:
        return []
    found = {span: NameToken(span, token_type(s.kind), False, _is_constant(s.kind)) for span, s in mentions(read)}
    for span, symbol in snapshot.uses_in(file):
        found[span] = NameToken(span, token_type(symbol.kind), False, _is_constant(symbol.kind))
    for span, symbol in declarations(read, snapshot):
        found[span] = NameToken(span, token_type(symbol.kind), True, _is_constant(symbol.kind))
    ordered = sorted(found.values(), key=lambda token: (token.span.start, token.span.end))
    apart: list[NameToken] = []
    for token in ordered:  # a path of fields is a use of its first name too
        if "\n" not in token.span.text and (not apart or apart[-1].span.end <= token.span.start):
            apart.append(token)
    return apart


def token_type(kind: SymbolKind) -> TokenType:
    match kind:
        case "ruleset":
            return "namespace"
        case "enum":
            return "enum"
        case "member":
            return "enumMember"
        case "record":
            return "struct"
        case "field":
            return "property"
        case "parameter" | "set" | "calendar":
            return "variable"
        case "value" | "table" | "decision" | "priority" | "property":
            return "function"
        case "rule":
            return "method"
        case "provision":
            return "decorator"
        case "local":
            return "parameter"
        case _:
            assert_never(kind)


def _is_constant(kind: SymbolKind) -> bool:
    """Whether it is the same for all facts."""
    return kind in ("parameter", "set", "calendar")
