"""What is claimed of tables and of dated values: no two rows meet, no case is left out, every row counts.

Rows are first told apart by the column that lists different constants for most of them: only rows that share one are
looked at together, so that what is asked grows with the table and not with its square.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import define, field

from policy.ir import program as ir
from policy.ir.program import FALSE, TRUE, Case, Expr, Function
from policy.model import rules
from policy.verify.claims import Claim, Sought

Words = frozenset[Any] | None  # the constants of a row in the column that tells rows apart; None is any


def claims(table: rules.Table, function: Function) -> Iterator[Claim]:
    """The claims about a table, or about the rows that an overlay lays over it."""
    body = function.body
    if not isinstance(body, ir.Choose):
        return
    place = str(function.place)
    if table.hit == "only" and not table.tightened:
        two = Sought("true", several_of(body.cases))
        yield Claim("table", function.id, "no two rows apply together", place, two)
    if body.mode != "sum" and not table.tightened:
        none = Sought("true", ir.Not(ir.Or(tuple(c.condition for c in body.cases))))
        yield Claim("table", function.id, "no case is left out", place, none)
    yield from _rows(function, body)


def versions(function: Function) -> Iterator[Claim]:
    """The claims about the dated versions of a value: each is in force on some day."""
    if isinstance(function.body, ir.Choose) and len(function.body.cases) > 1:
        yield from _rows(function, function.body)


def _rows(function: Function, body: ir.Choose) -> Iterator[Claim]:
    kind = "table" if function.kind == "table" else "value"
    is_first = body.mode == "first"
    earlier = earlier_of(body.cases) if is_first else [TRUE] * len(body.cases)
    later = later_of(body) if is_first else []
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
            return Sought("differ", case.value, later[n], reached)
        case "sum":
            return Sought("differ", case.value, ir.Const(0), case.condition)
        case "highest" | "lowest":
            without = ir.Choose(body.mode, (*body.cases[:n], *body.cases[n + 1 :]), body.none)
            return Sought("differ", body, without, case.condition)
    return None  # of two rows that never meet, each that applies counts


# ── rows that may meet ──────────────────────────────────────────────────────────────────────


def telling_apart(cases: Sequence[Case]) -> list[Words]:
    """For each row its constants in the column that tells most rows apart; None where it has none there."""
    by_column: dict[Expr, list[Words]] = {}
    for n, case in enumerate(cases):
        parts = case.condition.operands if isinstance(case.condition, ir.And) else (case.condition,)
        for part in parts:
            words = _constants(part)
            if words is not None and isinstance(part, ir.Compare):
                column = by_column.setdefault(part.left, [None] * len(cases))
                column[n] = words if column[n] is None else column[n]
    return max(by_column.values(), key=_different, default=[None] * len(cases))


def _constants(part: Expr) -> Words:
    match part:
        case ir.Compare("is", _, ir.Const(value)) if not isinstance(value, frozenset):
            return frozenset((value,))
        case ir.Compare("in", _, ir.Const(frozenset() as values)):
            return values
    return None


def _different(column: list[Words]) -> int:
    return len(frozenset[Any]().union(*(words for words in column if words is not None)))


@define
class _Chains:
    """For each constant an expression about the rows that share it, and one about all rows."""

    start: Expr
    every: Expr = FALSE
    shared: dict[Any, Expr] = field(factory=dict)

    def of(self, words: Words) -> list[Expr]:
        """What there is about rows that may meet one with these constants."""
        return [self.every] if words is None else [self.shared.get(w, self.start) for w in sorted(words, key=repr)]


def earlier_of(cases: Sequence[Case]) -> list[Expr]:
    """For each row, that none before it applies of those it may meet."""
    column = telling_apart(cases)
    chains = _Chains(TRUE, TRUE, {w: TRUE for words in column for w in words or ()})
    result: list[Expr] = []
    for case, words in zip(cases, column, strict=True):
        result.append(_both([c for c in chains.of(words) if c != TRUE]))
        applies_not = ir.Not(case.condition)
        chains.every = _both([chains.every, applies_not])
        for w in chains.shared if words is None else words:
            chains.shared[w] = _both([chains.shared[w], applies_not])
    return result


def _both(conditions: Sequence[Expr]) -> Expr:
    kept = tuple(c for c in conditions if c != TRUE)
    return TRUE if not kept else kept[0] if len(kept) == 1 else ir.And(kept)


def later_of(body: ir.Choose) -> list[Expr]:
    """For each row, what the table comes to without it where it would have been the first to apply."""
    column = telling_apart(body.cases)
    chains = _Chains(body.none, body.none, {w: body.none for words in column for w in words or ()})
    result: list[Expr] = []
    for case, words in zip(reversed(body.cases), reversed(column), strict=True):
        about = chains.of(words)
        result.append(about[0] if len(about) == 1 else chains.every)
        chains.every = ir.If(case.condition, case.value, chains.every)
        for w in chains.shared if words is None else words:
            chains.shared[w] = ir.If(case.condition, case.value, chains.shared[w])
    return result[::-1]


def several_of(cases: Sequence[Case]) -> Expr:
    """That at least two rows apply."""
    column = telling_apart(cases)
    shared = frozenset[Any]().union(*(words for words in column if words is not None))
    groups = [[c for c, words in zip(cases, column, strict=True) if words is None]]
    groups += [
        [c for c, words in zip(cases, column, strict=True) if words is None or w in words]
        for w in sorted(shared, key=repr)
    ]
    return ir.Or(tuple(_two([c.condition for c in group]) for group in groups if len(group) > 1))


def _two(conditions: Sequence[Expr]) -> Expr:
    some: Expr = FALSE
    two: Expr = FALSE
    for condition in conditions:
        two = ir.Or((two, ir.And((some, condition))))
        some = ir.Or((some, condition))
    return two
