"""Dates so far ahead that a digit is probably wrong: a test on 2062-03-01, a version from 2206."""

from __future__ import annotations

from collections.abc import Iterator

from policy.diagnostics import Diagnostic, Severity
from policy.model import rules, types
from policy.model.lints.citations import dated_pieces
from policy.model.values import show
from policy.remembered import remembered
from policy.source import Span

YEARS = 25  # later than the last day on which a source was read, or else than the date before it


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    dates = sorted(_dates(model), key=lambda dated: dated[0])
    if not dates:
        return
    read = [s.read for s in model.sources.values() if s.read is not None]
    known = max(read) if read else _usual([day for day, _ in dates])
    for day, span in dates:
        if day > known + YEARS * 366:
            yield Diagnostic(
                "far-date",
                f"{show(day, types.DATE)} is more than {YEARS} years later than the other dates",
                span,
                "check the digits",
                Severity.WARNING,
            )


def _usual(days: list[int]) -> int:
    """The last of the sorted `days` that is reached from the earlier ones without a step of more than `YEARS`."""
    known = days[(len(days) - 1) // 4]
    for day in days:
        if known < day <= known + YEARS * 366:
            known = day
    return known


@remembered
def _of(declared: rules.Declaration | rules.Amendment) -> tuple[tuple[int, Span], ...]:
    pieces = [piece for _, piece in dated_pieces(declared)]
    return tuple((day, piece.span) for piece in pieces for day in (piece.start, piece.end) if day is not None)


def _dates(model: rules.Model) -> Iterator[tuple[int, Span]]:
    """The days on which something begins or ends, and those of tests, with their places."""
    for declared in (*model.declared.values(), *model.amendments):
        yield from _of(declared)
    yield from ((test.on, test.span) for test in model.tests if test.on is not None)
