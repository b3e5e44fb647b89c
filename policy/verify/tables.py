"""Claims about tables and dated values: no two rows overlap, no case is left out, no row is redundant.

Rows are indexed by the column with the most different constants. Only rows that share a constant can overlap, so the
claims grow with the table and not with its square.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, assert_never

from attrs import define, field

from policy.ir import program as ir
from policy.ir.logic import all_of
from policy.ir.program import FALSE, TRUE, Case, Expr, Function
from policy.model import rules
from policy.verify.claims import Claim, Query, differ, is_true

Constants = frozenset[object] | None  # of a row in the index; None is any


def claims(table: rules.Table, function: Function) -> Iterator[Claim]:
    """The claims about a table, or about the rows that an overlay lays over it."""
    body = function.body
    if not isinstance(body, ir.Choose):
        return
    place = str(function.place)
    if table.hit == "only" and not table.tightened:
        two = is_true(several_of(body.cases))
        yield Claim("table", function.id, "no two rows apply together", place, two)
    if body.mode != "sum" and not table.tightened:
        none = is_true(ir.Not(ir.Or(tuple(c.condition for c in body.cases))))
        yield Claim("table", function.id, "no case is left out", place, none)
    yield from _rows(function, body)


def versions(function: Function) -> Iterator[Claim]:
    """The claims about the dated versions of a value: each is in force on some day."""
    if isinstance(function.body, ir.Choose) and len(function.body.cases) > 1:
        yield from _rows(function, function.body)


def _rows(function: Function, body: ir.Choose) -> Iterator[Claim]:
    kind: Literal["table", "value"] = "table" if function.kind == "table" else "value"
    is_first = body.mode == "first"
    earlier = earlier_of(body.cases) if is_first else [TRUE] * len(body.cases)
    later = later_of(body) if is_first else []
    for n, case in enumerate(body.cases):
        reached = case.condition if earlier[n] == TRUE else ir.And((earlier[n], case.condition))
        place = str(case.place)
        yield Claim(kind, function.id, f"{case.label} applies to something", place, is_true(reached), False)
        counts = _counts(body, n, reached, later)
        if counts is not None and len(body.cases) > 1:
            yield Claim(kind, function.id, f"{case.label} makes a difference", place, counts, False)


def _counts(body: ir.Choose, n: int, reached: Expr, later: Sequence[Expr]) -> Query | None:
    """That the table is different without the row; None where each row that applies makes a difference."""
    case = body.cases[n]
    match body.mode:
        case "first":
            return differ(case.value, later[n], reached)
        case "sum":
            return differ(case.value, ir.Const(0), case.condition)
        case "highest" | "lowest":
            without = ir.Choose(body.mode, (*body.cases[:n], *body.cases[n + 1 :]), body.none)
            return differ(body, without, case.condition)
        case "only":
            return None
        case _:
            assert_never(body.mode)


# ── rows that may overlap ──────────────────────────────────────────────────────────────────────


def index_of(cases: Sequence[Case]) -> list[Constants]:
    """For each row its constants in the column with the most different ones."""
    by_column: dict[Expr, list[Constants]] = {}
    for n, case in enumerate(cases):
        parts = case.condition.operands if isinstance(case.condition, ir.And) else (case.condition,)
        for part in parts:
            constants = _constants(part)
            if constants is not None and isinstance(part, ir.Compare):
                column = by_column.setdefault(part.left, [None] * len(cases))
                column[n] = constants if column[n] is None else column[n]
    return max(by_column.values(), key=lambda column: len(_all(column)), default=[None] * len(cases))


def _constants(part: Expr) -> Constants:
    if not isinstance(part, ir.Compare) or not isinstance(part.right, ir.Const):
        return None
    value = part.right.value
    if part.operator == "in":
        return frozenset[object](value)
    return frozenset((value,)) if part.operator == "is" and not isinstance(value, frozenset) else None


def _all(column: Sequence[Constants]) -> frozenset[object]:
    return frozenset[object]().union(*(constants for constants in column if constants is not None))


@define
class _Chains:
    """For each constant an expression about the rows that share it, and one about all rows."""

    start: Expr
    every: Expr = FALSE
    shared: dict[object, Expr] = field(factory=dict)

    def of(self, constants: Constants) -> list[Expr]:
        """The expressions about rows that may overlap one with these constants."""
        if constants is None:
            return [self.every]
        return [self.shared.get(c, self.start) for c in sorted(constants, key=repr)]


def earlier_of(cases: Sequence[Case]) -> list[Expr]:
    """For each row, that no earlier row applies that it may overlap."""
    column = index_of(cases)
    chains = _Chains(TRUE, TRUE, dict.fromkeys(_all(column), TRUE))
    result: list[Expr] = []
    for case, constants in zip(cases, column, strict=True):
        result.append(_both(chains.of(constants)))
        applies_not = ir.Not(case.condition)
        chains.every = _both([chains.every, applies_not])
        for c in chains.shared if constants is None else constants:
            chains.shared[c] = _both([chains.shared[c], applies_not])
    return result


def _both(conditions: Sequence[Expr]) -> Expr:
    return all_of([c for c in conditions if c != TRUE])


def later_of(body: ir.Choose) -> list[Expr]:
    """For each row, the value of the table without it, where it is the first to apply."""
    column = index_of(body.cases)
    chains = _Chains(body.none, body.none, dict.fromkeys(_all(column), body.none))
    result: list[Expr] = []
    for case, constants in zip(reversed(body.cases), reversed(column), strict=True):
        about = chains.of(constants)
        result.append(about[0] if len(about) == 1 else chains.every)
        chains.every = ir.If(case.condition, case.value, chains.every)
        for c in chains.shared if constants is None else constants:
            chains.shared[c] = ir.If(case.condition, case.value, chains.shared[c])
    return result[::-1]


def several_of(cases: Sequence[Case]) -> Expr:
    """That at least two rows apply."""
    column = index_of(cases)
    rows = list(zip(cases, column, strict=True))
    groups = [[row for row, constants in rows if constants is None]]
    groups += [
        [row for row, constants in rows if constants is None or c in constants]
        for c in sorted(_all(column), key=repr)
    ]
    return ir.Or(tuple(_two([c.condition for c in group]) for group in groups if len(group) > 1))


def _two(conditions: Sequence[Expr]) -> Expr:
    some: Expr = FALSE
    two: Expr = FALSE
    for condition in conditions:
        two = ir.Or((two, ir.And((some, condition))))
        some = ir.Or((some, condition))
    return two
