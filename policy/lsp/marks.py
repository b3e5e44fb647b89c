"""What is shown in and beside the text, in the words of the protocol: colours of names, hints, help with calls.

In: a document, a stretch of it or a position. Out: semantic tokens, inlay hints, signatures. Absent: what they are,
which `tokens`, `hints` and `signatures` say.
"""

from __future__ import annotations

from datetime import date

from lsprotocol import types

from policy.lsp.answers import place, typed_at
from policy.lsp.hints import hints
from policy.lsp.lenses import told_of
from policy.lsp.server import Server, server
from policy.lsp.signatures import signature_help
from policy.lsp.tokens import TYPES, NameToken, tokens

_MODIFIERS = ["declaration", "readonly"]
Tokens = types.SemanticTokens
_LEGEND = types.SemanticTokensLegend(list(TYPES), _MODIFIERS)


@server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, _LEGEND)
async def semantic_tokens(ls: Server, params: types.SemanticTokensParams) -> types.SemanticTokens:
    return await _tokens(ls, params.text_document, None)


@server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, _LEGEND)
async def semantic_tokens_range(ls: Server, params: types.SemanticTokensRangeParams) -> types.SemanticTokens:
    return await _tokens(ls, params.text_document, params.range)


async def _tokens(
    ls: Server, document: types.TextDocumentIdentifier, within: types.Range | None
) -> types.SemanticTokens:
    """Each as lines and units behind the one before, length, type and modifiers."""
    where = await place(ls, document, types.Position(0, 0))
    found = await ls.aside(tokens, where.snapshot, where.file) if where else []
    data: list[int] = []
    line = unit = 0
    for token in found:
        (at, start), (_, end) = ls.places.lines(token.span.source).range(token.span)
        if within is None or within.start.line <= at <= within.end.line:
            data += [at - line, start - (unit if at == line else 0), end - start, *_kind(token)]
            line, unit = at, start
    return types.SemanticTokens(data)


def _kind(token: NameToken) -> tuple[int, int]:
    return TYPES.index(token.type), token.is_declaration | token.is_constant << 1


@server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
async def inlay_hints(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    where = await place(ls, params.text_document, types.Position(0, 0))
    if where is None:
        return []
    lines = ls.places.lines(where.source)
    start, end = (lines.offset((p.line, p.character)) for p in (params.range.start, params.range.end))
    outcome = told_of(where.snapshot, where.file)
    found = await ls.aside(hints, where.snapshot, where.file, ls.on or date.today(), outcome)
    return [
        types.InlayHint(
            types.Position(*lines.position(hint.offset)),
            hint.text,
            kind=types.InlayHintKind.Type if hint.is_type else None,
            tooltip=hint.told or None,
        )
        for hint in found
        if start <= hint.offset <= end
    ]


@server.feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(["(", ","], [")"]))
async def signature(ls: Server, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    if (where := await typed_at(ls, params.text_document, params.position)) is None:
        return None
    whole, source, offset = where
    found = await ls.aside(signature_help, whole, source.name, source.text, offset)
    if found is None:
        return None
    arguments = [types.ParameterInformation(place) for place in found.arguments]
    shown = types.SignatureInformation(found.label, found.told or None, arguments)
    return types.SignatureHelp([shown], 0, found.at)
