"""Versions in force on the same day, and days between versions on which none is."""

from __future__ import annotations

from collections.abc import Iterator

from policy.diagnostics import Diagnostic, Severity
from policy.model import rules, types
from policy.model.calendar import gaps, overlaps
from policy.model.values import show


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    for declared in model.of_kind(rules.Parameter, rules.Value, rules.DatedSet):
        for earlier, later in overlaps(declared.versions):
            yield Diagnostic(
                "overlapping-dates",
                f"two versions of `{declared.name}` are in force on the same day",
                later.span,
                "end the earlier one with `until`, or begin the later one later",
                related=((earlier.span, "this one is in force too"),),
            )
        for start, end in gaps(declared.versions):
            yield Diagnostic(
                "gap-in-dates",
                f"no version of `{declared.name}` is in force from {show(start, types.DATE)} "
                f"until {show(end, types.DATE)}",
                declared.span,
                "answers that depend on it are undecided on those days",
                Severity.WARNING,
            )
