"""Questions about names, answered in the words of the protocol: where, who, what, and what could stand there.

In: a document and a position. Out: places, a page to hover, an outline, edits of a rename. Each is answered from the
newest text. Absent: what the answers are, which `occurrences`, `hover`, `rename`, `symbols` and `callers` say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Protocol, assert_never
from weakref import WeakKeyDictionary

from attrs import frozen
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from policy.lsp.completion import Completion, CompletionKind, completions
from policy.lsp.hover import hover
from policy.lsp.occurrences import Occurrence, Occurrences, index_of
from policy.lsp.protocol import path_in
from policy.lsp.rename import Conflict, renamed, unparsed
from policy.lsp.server import Server, server
from policy.lsp.snapshot import Snapshot
from policy.lsp.symbols import DeclarationSymbol, DeclaredKind, around, foldings, outline
from policy.lsp.workspace import Published, home_of, name_of
from policy.source import Source, Span

MOST_SYMBOLS = 500  # of a workspace, in one answer
_indexes: WeakKeyDictionary[Snapshot, Occurrences] = WeakKeyDictionary()


def indexed(snapshot: Snapshot) -> Occurrences:
    """The index of a snapshot, made once."""
    if (found := _indexes.get(snapshot)) is None:
        found = _indexes[snapshot] = index_of(snapshot)
    return found


@frozen
class Cursor:
    """Where a question is asked: the rulebook as the editor shows it, and the offset in a file of it."""

    result: Published
    snapshot: Snapshot
    file: str
    source: Source
    offset: int

    def occurrence(self) -> Occurrence | None:
        return indexed(self.snapshot).at(self.file, self.offset)


async def place(ls: Server, document: types.TextDocumentIdentifier, at: types.Position) -> Cursor | None:
    """None in a document that is in no rulebook of an open one."""
    path = path_in(document.uri)
    if (result := await ls.result_with(path)) is None:
        return None
    snapshot, name = result.snapshot(path), name_of(path)
    if path in ls.open.documents:
        source = ls.source(path)
    elif name in snapshot.files:
        source = snapshot.files[name].span.source
    else:
        return None
    return Cursor(result, snapshot, name, source, ls.places.lines(source).offset((at.line, at.character)))


class QuestionParams(Protocol):
    """The parameters of a question about a position."""

    text_document: types.TextDocumentIdentifier
    position: types.Position


async def named(ls: Server, asked: QuestionParams) -> tuple[Cursor, Occurrence] | None:
    """The name that stands at a position."""
    where = await place(ls, asked.text_document, asked.position)
    found = await ls.aside(where.occurrence) if where else None
    return (where, found) if where and found else None


# ── where ───────────────────────────────────────────────────────────────────────────────────


@server.feature(types.TEXT_DOCUMENT_DEFINITION)
async def definition(ls: Server, params: types.DefinitionParams) -> types.Location | None:
    if (found := await named(ls, params)) is None:
        return None
    declared = indexed(found[0].snapshot).definition(found[1].symbol)
    return ls.places.location(declared.span) if declared else None


@server.feature(types.TEXT_DOCUMENT_REFERENCES)
async def references(ls: Server, params: types.ReferenceParams) -> list[types.Location] | None:
    if (found := await named(ls, params)) is None:
        return None
    everywhere = indexed(found[0].snapshot).of(found[1].symbol)
    declaration = params.context.include_declaration
    return [ls.places.location(o.span) for o in everywhere if declaration or not o.is_definition]


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
async def highlights(ls: Server, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight] | None:
    if (found := await named(ls, params)) is None:
        return None
    where, at = found
    here = (o for o in indexed(where.snapshot).of(at.symbol) if o.span.source.name == where.file)
    return [types.DocumentHighlight(ls.places.range(o.span), types.DocumentHighlightKind.Text) for o in here]


@server.feature(types.TEXT_DOCUMENT_HOVER)
async def hovered(ls: Server, params: types.HoverParams) -> types.Hover | None:
    if (found := await named(ls, params)) is None:
        return None
    where, at = found
    page = await ls.aside(hover, where.snapshot, indexed(where.snapshot), at, (ls.on or date.today()).toordinal())
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, page), ls.places.range(at.span))


# ── other names ─────────────────────────────────────────────────────────────────────────────


@server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
async def prepare_rename(ls: Server, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
    if (found := await named(ls, params)) is None:
        return None
    _, at = found
    return types.PrepareRenamePlaceholder(ls.places.range(at.span), at.span.text)


@server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
async def rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit | None:
    if (found := await named(ls, params)) is None:
        return None
    where, at = found
    if broken := await ls.aside(unparsed, where.result.now):
        files = ", ".join(f"`{name}`" for name in broken)
        raise JsonRpcInvalidParams(f"nothing can be renamed while {files} does not parse")
    edits = await ls.aside(renamed, where.snapshot, indexed(where.snapshot), at, params.new_name)
    if isinstance(edits, Conflict):
        raise JsonRpcInvalidParams(edits.message)
    return ls.places.workspace_edit(edits, where.result.versions)


# ── what there is ───────────────────────────────────────────────────────────────────────────


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
async def document_symbols(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    where = await place(ls, params.text_document, types.Position(0, 0))
    if where is None:
        return []

    def shown(d: DeclarationSymbol) -> types.DocumentSymbol:
        inside = [shown(inner) for inner in d.inside]
        name, whole = ls.places.range(d.at), ls.places.range(d.span)
        return types.DocumentSymbol(d.name or "?", kind_of(d.kind), whole, name, d.detail, children=inside or None)

    return [shown(d) for d in outline(where.snapshot, where.file)]


@server.feature(types.WORKSPACE_SYMBOL)
async def workspace_symbols(ls: Server, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    wanted = params.query.casefold()

    def all_of(declared: tuple[DeclarationSymbol, ...]) -> Iterator[DeclarationSymbol]:
        for d in declared:
            yield d
            yield from all_of(d.inside)

    found: dict[Span, types.WorkspaceSymbol] = {}
    for path in sorted(ls.open.documents):
        snapshot = (await ls.result(path)).whole
        for file in snapshot.files:
            for d in all_of(outline(snapshot, file)):
                if wanted in d.name.casefold() and len(found) < MOST_SYMBOLS:
                    location = ls.places.location(d.at)
                    found.setdefault(d.at, types.WorkspaceSymbol(location, d.name, kind_of(d.kind)))
    return list(found.values())


@server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
async def folding_ranges(ls: Server, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    where = await place(ls, params.text_document, types.Position(0, 0))
    if where is None:
        return []
    ranges = [ls.places.range(span) for span in foldings(where.snapshot, where.file)]
    return [types.FoldingRange(r.start.line, r.end.line) for r in ranges]


@server.feature(types.TEXT_DOCUMENT_SELECTION_RANGE)
async def selection_ranges(ls: Server, params: types.SelectionRangeParams) -> list[types.SelectionRange]:
    answers = []
    for position in params.positions:
        inner = types.SelectionRange(types.Range(position, position))
        if (where := await place(ls, params.text_document, position)) is not None:
            outer: types.SelectionRange | None = None
            for span in reversed(around(where.snapshot, where.file, where.offset)):
                outer = types.SelectionRange(ls.places.range(span), outer)
            inner = outer or inner
        answers.append(inner)
    return answers


def kind_of(kind: DeclaredKind) -> types.SymbolKind:
    match kind:
        case "provision" | "source" | "currency":
            return types.SymbolKind.Constant
        case "test" | "amendment":
            return types.SymbolKind.Event
        case "ruleset":
            return types.SymbolKind.Module
        case "enum":
            return types.SymbolKind.Enum
        case "member":
            return types.SymbolKind.EnumMember
        case "record":
            return types.SymbolKind.Struct
        case "field":
            return types.SymbolKind.Field
        case "set" | "calendar" | "table":
            return types.SymbolKind.Array
        case "parameter":
            return types.SymbolKind.Variable
        case "value" | "decision" | "priority" | "property":
            return types.SymbolKind.Function
        case "rule":
            return types.SymbolKind.Method
        case "local":
            return types.SymbolKind.Variable
        case _:
            assert_never(kind)


# ── what could stand there ──────────────────────────────────────────────────────────────────

_CITED = re.compile(r"[A-Za-z0-9_./()-]*\Z")
_NAME = re.compile(r"[A-Za-z0-9_]*\Z")


async def typed_at(
    ls: Server, document: types.TextDocumentIdentifier, at: types.Position
) -> tuple[Snapshot, Source, int] | None:
    """The rulebook as it last parsed, as what is being written may not; the newest text, and the offset in it."""
    path = path_in(document.uri)
    if path not in ls.open.documents:
        return None
    result = ls.results.get(home_of(path)) or await ls.result(path)
    source = ls.source(path)
    return result.whole, source, ls.places.lines(source).offset((at.line, at.character))


@server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", "/"]))
async def complete(ls: Server, params: types.CompletionParams) -> types.CompletionList | None:
    if (where := await typed_at(ls, params.text_document, params.position)) is None:
        return None
    whole, source, offset = where
    found = await ls.aside(completions, whole, source.name, source.text, offset)

    def item(c: Completion) -> types.CompletionItem:
        word = (_CITED if c.kind == "provision" else _NAME).search(source.text, 0, offset)
        start = word.start() if word else offset
        return types.CompletionItem(
            c.label,
            kind=completion_kind(c.kind),
            detail=c.detail or None,
            documentation=c.documentation or None,
            insert_text_format=types.InsertTextFormat.Snippet if c.insert else None,
            text_edit=types.TextEdit(ls.places.range(Span(source, start, offset)), c.insert or c.label),
        )

    return types.CompletionList(False, [item(c) for c in found if not c.insert or ls.knows_snippets])


def completion_kind(kind: CompletionKind) -> types.CompletionItemKind:
    if kind == "word":
        return types.CompletionItemKind.Keyword
    if kind == "snippet":
        return types.CompletionItemKind.Snippet
    name = kind_of(kind).name
    return types.CompletionItemKind.Value if name == "Array" else types.CompletionItemKind[name]
