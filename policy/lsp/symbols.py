"""What a file declares, for an outline, a search over the workspace, folding and growing selections.

In: a `Snapshot` and the name of a file. Out: `DeclarationSymbol`, with what is inside it, and spans.
Absent: the protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, assert_never

from attrs import frozen

from policy.lsp.occurrences import nodes
from policy.lsp.snapshot import Snapshot
from policy.model.uses import declared
from policy.source import Span
from policy.syntax import tree
from policy.vocabulary import SymbolKind

DeclaredKind = Literal[SymbolKind, "source", "currency", "test", "amendment"]


@frozen
class DeclarationSymbol:
    """A declaration: its name in its place, the whole of it, and the declarations inside it."""

    name: str
    kind: DeclaredKind
    detail: str
    at: Span
    span: Span
    inside: tuple[DeclarationSymbol, ...] = ()


def outline(snapshot: Snapshot, file: str) -> tuple[DeclarationSymbol, ...]:
    """The declarations of a file, in order."""
    read = snapshot.files.get(file)
    return tuple(_declared(read)) if read is not None else ()


def _declared(file: tree.File) -> Iterator[DeclarationSymbol]:
    for d in file.declarations:
        match d:
            case tree.Language() | tree.Import():
                continue
            case tree.Ruleset():
                yield DeclarationSymbol(d.name.text, "ruleset", d.title.en if d.title else "", d.name.span, d.span)
            case tree.Provision():
                yield DeclarationSymbol(d.name.text, "provision", d.text.en, d.name.span, d.span)
            case tree.SourceText():
                yield DeclarationSymbol(d.name.text, "source", d.title.en, d.name.span, d.span)
            case tree.Currency():
                yield DeclarationSymbol(d.name.text, "currency", d.title.en, d.name.span, d.span)
            case tree.Test():
                yield DeclarationSymbol(d.title.en, "test", f"{d.on or ''}", d.span, d.span)
            case tree.Tighten():
                rules = tuple(DeclarationSymbol(r.name.text, "rule", r.effect, r.name.span, r.span) for r in d.rules)
                yield DeclarationSymbol(d.name.text, "amendment", d.kind, d.name.span, d.span, rules)
            case (
                tree.EnumOf() | tree.RecordType() | tree.DatedSet() | tree.Calendar() | tree.Parameter()
                | tree.Value() | tree.Table() | tree.Decision() | tree.Priority() | tree.Property()
            ):  # fmt: skip
                title = d.title.en if d.title else ""
                yield DeclarationSymbol(
                    d.name.text, declared("", d).kind, title, d.name.span, d.span, tuple(_inside(d))
                )
            case _:
                assert_never(d)


def _inside(d: tree.Definition) -> Iterator[DeclarationSymbol]:
    match d:
        case tree.EnumOf(members=members):
            for m in members:
                yield DeclarationSymbol(m.name.text, "member", m.title.en if m.title else "", m.name.span, m.span)
        case tree.RecordType(fields=fields):
            for f in fields:
                yield DeclarationSymbol(f.name.text, "field", f.type.span.text, f.name.span, f.span)
        case tree.Decision(rules=rules):
            for r in rules:
                yield DeclarationSymbol(r.name.text, "rule", r.effect, r.name.span, r.span)
        case (
            tree.DatedSet() | tree.Calendar() | tree.Parameter() | tree.Value() | tree.Table()
            | tree.Priority() | tree.Property()
        ):  # fmt: skip
            return
        case _:
            assert_never(d)


def foldings(snapshot: Snapshot, file: str) -> list[Span]:
    """Declarations of more than one line."""
    read = snapshot.files.get(file)
    return [d.span for d in read.declarations if "\n" in d.span.text] if read is not None else []


def around(snapshot: Snapshot, file: str, offset: int) -> list[Span]:
    """The stretches of text that stand around an offset and mean something, the smallest first."""
    read = snapshot.files.get(file)
    whole = next((d for d in read.declarations if d.span.start <= offset <= d.span.end), None) if read else None
    inside = {n.span for n in nodes(whole) if n.span.start <= offset <= n.span.end} if whole is not None else set()
    inside = {span for span in inside if span.source.name == file}
    return sorted(inside, key=lambda span: (span.end - span.start, span.start))
