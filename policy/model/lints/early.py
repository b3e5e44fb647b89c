"""Rules in force before anything that they stand on is."""

from __future__ import annotations

from collections.abc import Iterator

from policy.diagnostics import Diagnostic, Severity
from policy.model import rules, types
from policy.model.lints.citations import dated_pieces
from policy.model.values import show
from policy.remembered import remembered_items


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    for declared in (*model.declared.values(), *model.amendments):
        yield from _findings(declared)


@remembered_items
def _findings(declared: rules.Declaration | rules.Amendment) -> Iterator[Diagnostic]:
    for what, piece in dated_pieces(declared):
        starts = [c.start for c in piece.citations if c.start is not None]
        if piece.start is None or not starts or len(starts) < len(piece.citations):
            continue
        if piece.start < min(starts):
            first = next(c for c in piece.citations if c.start == min(starts))
            yield Diagnostic(
                "cited-too-early",
                f"{what} is in force from {show(piece.start, types.DATE)}, before any provision that it cites",
                piece.span,
                f"`{first.provision}` is in force from {show(min(starts), types.DATE)}: change one of the dates",
                Severity.WARNING,
            )
