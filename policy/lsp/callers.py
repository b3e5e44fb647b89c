"""Which declarations stand on which: who uses a symbol, and what a declaration uses.

In: a `Snapshot` with its `Occurrences`. Out: declarations, each with the places of the uses. Absent: uses through
others.
"""

from __future__ import annotations

from bisect import bisect_right

from attrs import frozen

from policy.lsp.occurrences import Occurrence, Occurrences
from policy.lsp.snapshot import Snapshot
from policy.lsp.symbols import DeclarationSymbol, outline
from policy.source import Span


@frozen
class Relation:
    """A declaration at the other end, and where the one names the other."""

    declared: DeclarationSymbol
    places: tuple[Span, ...]


def declared_at(snapshot: Snapshot, file: str, offset: int) -> DeclarationSymbol | None:
    """The declaration around an offset."""
    found = outline(snapshot, file)
    at = bisect_right([d.span.start for d in found], offset) - 1
    return found[at] if at >= 0 and offset <= found[at].span.end else None


def users(snapshot: Snapshot, index: Occurrences, at: Occurrence) -> list[Relation]:
    """The declarations that use what stands at a place, tests included."""
    return _grouped(snapshot, [o for o in index.of(at.symbol) if not o.is_definition])


def used(snapshot: Snapshot, index: Occurrences, at: DeclarationSymbol) -> list[Relation]:
    """The declarations that a declaration uses; places are in it."""
    places: dict[Span, list[Span]] = {}
    for o in index.by_file.get(at.span.source.name, ()):
        if _within(o.span, at.span) and not o.is_definition:
            definition = index.definition(o.symbol)
            if definition is not None and not _within(definition.span, at.span):
                places.setdefault(definition.span, []).append(o.span)
    found: dict[Span, tuple[DeclarationSymbol, list[Span]]] = {}
    for definition_span, spans in places.items():
        declared = declared_at(snapshot, definition_span.source.name, definition_span.start)
        if declared is not None:
            found.setdefault(declared.span, (declared, []))[1].extend(spans)
    return [Relation(declared, tuple(sorted(spans, key=lambda s: s.start))) for declared, spans in found.values()]


def _within(span: Span, other: Span) -> bool:
    return span.source is other.source and other.start <= span.start < other.end


def _grouped(snapshot: Snapshot, occurrences: list[Occurrence]) -> list[Relation]:
    found: dict[Span, tuple[DeclarationSymbol, list[Span]]] = {}
    outlines: dict[str, tuple[DeclarationSymbol, ...]] = {}
    for o in occurrences:
        file = o.span.source.name
        declared = outlines.setdefault(file, outline(snapshot, file))
        at = bisect_right([d.span.start for d in declared], o.span.start) - 1
        if at >= 0:
            found.setdefault(declared[at].span, (declared[at], []))[1].append(o.span)
    return [Relation(declared, tuple(spans)) for declared, spans in found.values()]
