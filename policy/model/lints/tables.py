"""Rows that apply together where only one may, rows that can never apply, cases that no row covers."""

from __future__ import annotations

from collections.abc import Iterator

from policy.diagnostics import Diagnostic, Severity
from policy.model import regions, rules


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    for table in model.of_kind(rules.Table):
        rows = table.body.rows
        if table.hit == "only":
            for a, b in regions.overlapping(regions.boxes(table.body)):
                yield Diagnostic(
                    "overlapping-rows",
                    f"rows {a + 1} and {b + 1} of `{table.name}` can apply together",
                    rows[b].span,
                    "narrow one of them, or say `first row that applies`",
                    related=((rows[a].span, f"row {a + 1}"),),
                )
        if table.hit == "first":
            for n in regions.redundant(table.body):
                yield Diagnostic(
                    "unreachable-row",
                    f"row {n + 1} of `{table.name}` never applies: earlier rows cover all its cases",
                    rows[n].span,
                    "move it up, or remove it",
                )
        if table.hit != "sum":
            case = regions.gap(table.body)
            if case is not None:
                yield Diagnostic(
                    "gap-in-table",
                    f"no row of `{table.name}` applies where {case}",
                    table.span,
                    "add a row for it; without one the table fails",
                    Severity.WARNING,
                )
