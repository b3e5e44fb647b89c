"""Rows that apply together where only one may, rows that can never apply, cases that no row covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy.diagnostics import Diagnostic, Severity
from policy.model import regions, rules
from policy.model.expressions import Expression
from policy.remembered import remembered_items


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    within = regions.within_bounds(model)
    for table in model.of_kind(rules.Table):
        columns = table.body.columns
        yield from _findings(table, {c: within(c) for c in columns})


@remembered_items
def _findings(table: rules.Table, allowed: Mapping[Expression, regions.Region]) -> Iterator[Diagnostic]:
    """What is found in a table whose columns allow these values."""
    within = allowed.__getitem__
    if table.hit == "only":
        yield from _overlaps(table, within)
    if table.hit == "first":
        for n in regions.redundant(table.body):
            yield Diagnostic(
                "unreachable-row",
                f"row {n + 1} of `{table.name}` never applies: earlier rows cover all its cases",
                table.body.rows[n].span,
                "move it up, or remove it",
            )
    if table.hit != "sum":
        case = regions.gap(table.body, within)
        if case is not None:
            yield Diagnostic(
                "gap-in-table",
                f"no row of `{table.name}` applies where {case}",
                table.span,
                "add a row for it; without one the table fails",
                Severity.WARNING,
            )


def _overlaps(table: rules.Table, within: regions.Within) -> Iterator[Diagnostic]:
    """Rows that share a case. Whether facts make a case that is about computed columns, only a proof can tell."""
    rows, columns = table.body.rows, table.body.columns
    found = regions.boxes(table.body, within)
    for a, b in regions.overlapping(found):
        first, second = found[a], found[b]
        assert first is not None
        assert second is not None
        shared = map(regions.intersection, first[1:], second[1:])
        sure = all(regions.is_fact(c) or s == within(c) for c, s in zip(columns, shared, strict=True))
        pair = f"rows {a + 1} and {b + 1} of `{table.name}`"
        yield Diagnostic(
            "overlapping-rows",
            f"{pair} can apply together" if sure else f"{pair} are not told apart by their cells",
            rows[b].span,
            "narrow one of them, or say `first row that applies`"
            if sure
            else "narrow one of them; `policy verify` tells whether any facts make both apply",
            Severity.ERROR if sure else Severity.WARNING,
            related=((rows[a].span, f"row {a + 1}"),),
        )
