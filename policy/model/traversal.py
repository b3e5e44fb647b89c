"""Every expression that a declaration is made of, and every name that it uses.

In: a declaration of a model. Out: typed expressions, in the order of the rules. Absent: what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import assert_never

from policy.model import expressions as typed, rules
from policy.model.expressions import Expression, parts
from policy.remembered import remembered

_NAMING = (typed.Named, typed.Apply, typed.OnCalendar)


def bodies(declared: rules.Declaration | rules.Amendment) -> Iterator[Expression]:
    """Every expression a declaration is made of."""
    if isinstance(declared, rules.Asking):
        for name in declared.local:
            yield name.body
    match declared:
        case (
            rules.Parameter(versions=versions, tightened=tightened)
            | rules.Value(versions=versions, tightened=tightened)
        ):
            for version in chain(versions, *tightened):
                yield version.body
        case rules.Table(body=body, tightened=tightened):
            for rows in (body, *tightened):
                yield from row_bodies(rows)
        case rules.Decision(rules=inner):
            yield from rule_bodies(inner)
        case rules.Priority(keys=keys):
            for key in keys:
                yield key.by
                if key.side is not None:
                    yield key.side
        case rules.Property(where=where, always=always):
            if where is not None:
                yield where
            yield from (always.first, always.second) if isinstance(always, rules.Precedes) else (always,)
        case rules.Amendment(versions=versions, rows=rows, rules=inner):
            for version in versions:
                yield version.body
            if rows is not None:
                yield from row_bodies(rows)
            yield from rule_bodies(inner)
        case rules.EnumOf() | rules.RecordType() | rules.DatedSet() | rules.Calendar():
            return
        case _:
            assert_never(declared)


def row_bodies(rows: rules.Rows) -> Iterator[Expression]:
    yield from rows.columns
    for row in rows.rows:
        for cell in row.cells:
            yield from cell.items
            for _, bound in cell.tests:
                yield bound
        yield row.result


def rule_bodies(inner: tuple[rules.Rule, ...]) -> Iterator[Expression]:
    for rule in inner:
        yield from rule.when
        yield from rule.unless


def defined(model: rules.Model, e: typed.Defined) -> Expression:
    """What a local name stands for."""
    local = model.get(rules.Asking, e.of).local
    return next(l.body for l in local if l.name == e.name)


def walk(*expressions: Expression) -> Iterator[Expression]:
    """Expressions and everything inside them."""
    pending = [*expressions]
    while pending:
        e = pending.pop()
        yield e
        pending.extend(parts(e))


@remembered
def everything(declared: rules.Declaration | rules.Amendment) -> tuple[Expression, ...]:
    """Every expression in a declaration, those inside others too."""
    return tuple(walk(*bodies(declared)))


@remembered
def uses(declared: rules.Declaration | rules.Amendment) -> frozenset[str]:
    """Full names of the parameters, sets, values, tables and decisions that a declaration refers to."""
    return frozenset([e.name for e in everything(declared) if isinstance(e, _NAMING)])
