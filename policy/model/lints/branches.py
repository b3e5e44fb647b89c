"""Branches, rules and rows that can never be reached, because what must hold for them excludes itself.

What holds is followed from the outside in: a rule's period and conditions in their order, a row's cells, the
conditions of the `if`s around, the operands before in `and` and `or`, the `where` of an aggregate or a property.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import assert_never

from policy.diagnostics import Diagnostic, Severity
from policy.model import expressions as typed, rules, types
from policy.model.calendar import BEGINNING, ENDING
from policy.model.conditions import NOTHING_KNOWN, Known, assuming, both
from policy.model.expressions import Expression, parts
from policy.model.regions import Ints, region_of
from policy.remembered import remembered_items

_TODAY = typed.Today(type=types.DATE)


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    for declared in (*model.declared.values(), *model.amendments):
        yield from unreachable(declared)


@remembered_items
def unreachable(declared: rules.Declaration | rules.Amendment) -> Iterator[Diagnostic]:
    if isinstance(declared, rules.Asking):
        for local in declared.local:
            yield from _inside(local.body, NOTHING_KNOWN)
    match declared:
        case rules.Parameter() | rules.Value():
            for version in chain(declared.versions, *declared.tightened):
                yield from _inside(version.body, _while(version))
        case rules.Table():
            for rows in (declared.body, *declared.tightened):
                yield from _rows(rows, declared.name)
        case rules.Decision():
            for rule in declared.rules:
                yield from _rule(rule)
        case rules.Priority():
            for key in declared.keys:
                for e in (key.by, key.side):
                    yield from _inside(e, _while(key)) if e is not None else ()
        case rules.Property(name=name, where=where, always=always):
            known = NOTHING_KNOWN
            if where is not None:
                yield from _inside(where, known)
                known = assuming(known, where, True)
                if not known:
                    yield _never(where, f"`{name}` claims nothing: its `where` never holds")
            for e in (always.first, always.second) if isinstance(always, rules.Precedes) else (always,):
                yield from _inside(e, known)
        case rules.Amendment():
            for version in declared.versions:
                yield from _inside(version.body, _while(version))
            if declared.rows is not None:
                yield from _rows(declared.rows, types.short(declared.target))
            for rule in declared.rules:
                yield from _rule(rule)
        case rules.EnumOf() | rules.RecordType() | rules.DatedSet() | rules.Calendar():
            return
        case _:
            assert_never(declared)


def _while(dated: rules.Dated) -> Known:
    """What is known on the days on which something is in force."""
    start = BEGINNING if dated.start is None else dated.start
    end = ENDING if dated.end is None else dated.end
    return ({_TODAY: Ints(((start, end),))},) if start < end else ()


def _rule(rule: rules.Rule) -> Iterator[Diagnostic]:
    known = _while(rule)
    for conditions, outcome in ((rule.when, True), (rule.unless, False)):
        for condition in conditions:
            before = known
            yield from _inside(condition, before)
            known = assuming(before, condition, outcome)
            if before and not known:
                word = "never" if outcome else "always"
                yield Diagnostic(
                    "unreachable-rule",
                    f"rule `{rule.name}` never applies: where the rest of it holds, this {word} does",
                    condition.span,
                    "remove the rule, or write the condition that was meant",
                    Severity.WARNING,
                )


def _rows(body: rules.Rows, table: str) -> Iterator[Diagnostic]:
    for column in body.columns:
        yield from _inside(column, NOTHING_KNOWN)
    for n, row in enumerate(body.rows, 1):
        known = _while(row)
        for cell, column in zip(row.cells, body.columns, strict=True):
            region = region_of(cell, column.type)
            if region is not None and region.empty and cell.kind == "bounds":
                yield Diagnostic(
                    "unreachable-row",
                    f"row {n} of `{table}` never applies: no `{column.span.text}` is within both bounds",
                    cell.span,
                    "write the lower bound first, as in `>= 1 and < 5`, or remove the row",
                )
            if region is not None:
                known = both(known, ({column: region},) if not region.empty else ())
        for e in chain(*(cell.items for cell in row.cells), (row.result,)):
            yield from _inside(e, known)


def _inside(e: Expression, known: Known) -> Iterator[Diagnostic]:
    """Whatever inside of `e` is never reached. Where nothing can be, what is outside of it has been reported."""
    if not known:
        return
    if isinstance(e, typed.Conditional):
        yield from _inside(e.condition, known)
        for branch, outcome, word in ((e.then, True, "never"), (e.otherwise, False, "always")):
            inner = assuming(known, e.condition, outcome)
            if not inner:
                shown = " ".join(e.condition.span.text.split())
                yield _never(branch, f"this is never the answer: `{shown}` {word} holds here")
            yield from _inside(branch, inner)
    elif isinstance(e, typed.Chain) and e.type == types.BOOLEAN:
        for operand in e.operands:
            yield from _inside(operand, known)
            known = assuming(known, operand, e.operator == "and")
    elif isinstance(e, typed.Aggregate):
        yield from _inside(e.over, known)
        if e.where is not None:
            yield from _inside(e.where, known)
            known = assuming(known, e.where, True)
            if not known:
                yield _never(e.where, "no element of the list counts: this never holds")
        yield from _inside(e.body, known)
    else:
        for part in parts(e):
            yield from _inside(part, known)


def _never(e: Expression, message: str) -> Diagnostic:
    help = "remove it, or write the condition that was meant"
    return Diagnostic("unreachable-branch", message, e.span, help, Severity.WARNING)
