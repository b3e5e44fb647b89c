"""Who stands on what, as the call hierarchy of the protocol: a declaration, its users, and what it uses.

In: a position, or a declaration that the editor was told of. Out: declarations with the places of their uses.
Absent: uses through others, which the editor asks for one by one.
"""

from __future__ import annotations

from lsprotocol import types

from policy.lsp.answers import Cursor, indexed, kind_of, named, place
from policy.lsp.callers import declared_at, used, users
from policy.lsp.server import Server, server
from policy.lsp.symbols import DeclarationSymbol


def _item(ls: Server, d: DeclarationSymbol) -> types.CallHierarchyItem:
    at = ls.places.location(d.at)
    whole = ls.places.range(d.span)
    return types.CallHierarchyItem(d.name or "?", kind_of(d.kind), at.uri, whole, at.range, detail=d.detail)


@server.feature(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY)
async def prepare(ls: Server, params: types.CallHierarchyPrepareParams) -> list[types.CallHierarchyItem] | None:
    if (found := await named(ls, params)) is None:
        return None
    where, at = found
    definition = indexed(where.snapshot).definition(at.symbol)
    if definition is None:
        return None
    declared = declared_at(where.snapshot, definition.span.source.name, definition.span.start)
    return [_item(ls, declared)] if declared is not None else None


async def _told_of(ls: Server, item: types.CallHierarchyItem) -> tuple[Cursor, DeclarationSymbol] | None:
    """The declaration that the editor was told of, as it stands now."""
    where = await place(ls, types.TextDocumentIdentifier(item.uri), item.selection_range.start)
    declared = declared_at(where.snapshot, where.file, where.offset) if where is not None else None
    return (where, declared) if where is not None and declared is not None else None


@server.feature(types.CALL_HIERARCHY_INCOMING_CALLS)
async def incoming(
    ls: Server, params: types.CallHierarchyIncomingCallsParams
) -> list[types.CallHierarchyIncomingCall] | None:
    if (found := await _told_of(ls, params.item)) is None:
        return None
    where, _ = found
    if (at := where.occurrence()) is None:
        return None
    return [
        types.CallHierarchyIncomingCall(_item(ls, r.declared), [ls.places.range(span) for span in r.places])
        for r in users(where.snapshot, indexed(where.snapshot), at)
    ]


@server.feature(types.CALL_HIERARCHY_OUTGOING_CALLS)
async def outgoing(
    ls: Server, params: types.CallHierarchyOutgoingCallsParams
) -> list[types.CallHierarchyOutgoingCall] | None:
    if (found := await _told_of(ls, params.item)) is None:
        return None
    where, declared = found
    return [
        types.CallHierarchyOutgoingCall(_item(ls, r.declared), [ls.places.range(span) for span in r.places])
        for r in used(where.snapshot, indexed(where.snapshot), declared)
    ]
