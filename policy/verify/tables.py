"""What is claimed of tables and of dated values: no two rows meet, no case is left out, every row counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy.ir import program as ir
from policy.ir.program import FALSE, TRUE, Case, Expr, Function
from policy.model import rules
from policy.verify.claims import Claim, Sought


def claims(table: rules.Table, function: Function) -> Iterator[Claim]:
    """The claims about a table, or about the rows that an overlay lays over it."""
    body = function.body
    if not isinstance(body, ir.Choose):
        return
    place = str(function.place)
    conditions = [c.condition for c in body.cases]
    if table.hit == "only" and not table.tightened:
        two = Sought("true", several_of(conditions))
        yield Claim("table", function.id, "no two rows apply together", place, two)
    if body.mode != "sum" and not table.tightened:
        none = Sought("true", ir.Not(_any(conditions)))
        yield Claim("table", function.id, "no case is left out", place, none)
    yield from _rows(function, body)


def versions(function: Function) -> Iterator[Claim]:
    """The claims about the dated versions of a value: each is in force on some day."""
    if isinstance(function.body, ir.Choose) and len(function.body.cases) > 1:
        yield from _rows(function, function.body)


def _rows(function: Function, body: ir.Choose) -> Iterator[Claim]:
    kind = "table" if function.kind == "table" else "value"
    earlier = list(earlier_of(body.cases)) if body.mode == "first" else [TRUE] * len(body.cases)
    later = suffixes(body) if body.mode == "first" else ()
    for n, case in enumerate(body.cases):
        reached = case.condition if earlier[n] == TRUE else ir.And((earlier[n], case.condition))
        place = str(case.place)
        yield Claim(kind, function.id, f"{case.label} applies to something", place, Sought("true", reached), False)
        counts = _counts(body, n, reached, later)
        if counts is not None and len(body.cases) > 1:
            yield Claim(kind, function.id, f"{case.label} makes a difference", place, counts, False)


def _counts(body: ir.Choose, n: int, reached: Expr, later: Sequence[Expr]) -> Sought | None:
    """Facts on which the table would come to something else without the row."""
    case = body.cases[n]
    match body.mode:
        case "first":
            return Sought("differ", case.value, later[n + 1], reached)
        case "sum":
            return Sought("differ", case.value, ir.Const(0), case.condition)
        case "highest" | "lowest":
            without = ir.Choose(body.mode, (*body.cases[:n], *body.cases[n + 1 :]), body.none)
            return Sought("differ", body, without, case.condition)
    return None  # of two rows that never meet, each that applies counts


def suffixes(body: ir.Choose) -> list[Expr]:
    """What the table comes to from each row on; the last is what it comes to where no row applies."""
    result: list[Expr] = [body.none]
    for case in reversed(body.cases):
        result.append(ir.If(case.condition, case.value, result[-1]))
    return result[::-1]


def earlier_of(cases: Sequence[Case]) -> Iterator[Expr]:
    """For each case, that none before it applies."""
    none: Expr = TRUE
    for case in cases:
        yield none
        applies_not = ir.Not(case.condition)
        none = applies_not if none == TRUE else ir.And((none, applies_not))


def several_of(conditions: Sequence[Expr]) -> Expr:
    """That at least two hold."""
    some: Expr = FALSE
    two: Expr = FALSE
    for condition in conditions:
        two = ir.Or((two, ir.And((some, condition))))
        some = ir.Or((some, condition))
    return two


def _any(conditions: Sequence[Expr]) -> Expr:
    return ir.Or(tuple(conditions))
