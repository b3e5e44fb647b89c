"""Claims about tables and dated values: no two rows overlap, no case is left out, no row is redundant.

Rows are indexed by the column with the most different constants. Only rows that share a constant can overlap, so the
claims grow with the table and not with its square.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Literal, assert_never

from attrs import define, field

from policy.ir import program as ir
from policy.ir.logic import any_of
from policy.ir.orders import rows_of
from policy.ir.program import FALSE, TRUE, Case, Expr, Function
from policy.model import rules
from policy.verify.claims import Claim, Query, differ, is_true
from policy.vocabulary import HitPolicy

Constants = frozenset[object] | None  # of a row in the index; None is any


def claims(table: rules.Table, function: Function) -> Iterator[Claim]:
    """The claims about a table, or about the rows that an overlay lays over it."""
    body = rows_of(function.body)
    if body is None:
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
    near = Neighbours.of(body.cases)
    earlier = earlier_of(body.cases, near) if body.mode == "first" else [TRUE] * len(body.cases)
    for n, case in enumerate(body.cases):
        reached = case.condition if earlier[n] == TRUE else ir.And((earlier[n], case.condition))
        place = str(case.place)
        yield Claim(kind, function.id, f"{case.label} applies to something", place, is_true(reached), False)
        counts = _counts(body, n, reached, near)
        if counts is not None and len(body.cases) > 1:
            yield Claim(kind, function.id, f"{case.label} makes a difference", place, counts, False)


def _counts(body: ir.Choose, n: int, reached: Expr, near: Neighbours) -> Query | None:
    """That the table is different without the row; None where each row that applies makes a difference."""
    case = body.cases[n]
    match body.mode:
        case "first":
            later = tuple(body.cases[m] for m in near.rows(n) if m > n)
            return differ(case.value, ir.Choose("first", later, body.none) if later else body.none, reached)
        case "sum":
            return differ(case.value, ir.Const(0), case.condition)
        case "highest" | "lowest":
            better = near.no_worse(body, n)
            if better is not None:
                return is_true(ir.And((case.condition, ir.Not(ir.Or(better)))) if better else case.condition)
            others = near.halves(body, n)
            with_it, without = (ir.Choose(body.mode, cases, body.none) for cases in ((case, *others), others))
            return differ(with_it, without, case.condition)
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


@define(eq=False)
class Neighbours:
    """For each row the rows that it may overlap, itself included, in their order."""

    column: list[Constants]
    shared: dict[object, list[int]]
    halved: dict[tuple[int, ...], Halves] = field(factory=dict)
    ranked: dict[tuple[int, ...], list[int]] = field(factory=dict)

    @staticmethod
    def of(cases: Sequence[Case]) -> Neighbours:
        """The neighbours among these rows."""
        column = index_of(cases)
        shared: dict[object, list[int]] = {c: [] for c in _all(column)}
        for n, constants in enumerate(column):
            for c in shared if constants is None else constants:
                shared[c].append(n)
        return Neighbours(column, shared)

    def rows(self, n: int) -> Sequence[int]:
        constants = self.column[n]
        if constants is None:
            return range(len(self.column))
        if len(constants) == 1:
            return self.shared[next(iter(constants))]
        return sorted({m for c in constants for m in self.shared[c]})

    @property
    def groups(self) -> list[list[int]]:
        """Rows such that those that overlap are together in one of the groups."""
        groups = [[n for n, constants in enumerate(self.column) if constants is None]]
        groups += [self.shared[c] for c in sorted(self.shared, key=repr)]
        return [group for group in groups if len(group) > 1]

    def no_worse(self, body: ir.Choose, n: int) -> tuple[Expr, ...] | None:
        """When the rows apply beside which a row does not count, the best first; None where values are worked out."""
        rows = tuple(self.rows(n))
        if rows not in self.ranked:
            is_constant = all(isinstance(body.cases[m].value, ir.Const) for m in rows)
            self.ranked[rows] = sorted(rows, key=lambda m: _rank(body, m)) if is_constant else []
        before = takewhile(lambda m: _rank(body, m) <= _rank(body, n), self.ranked[rows])
        return tuple(body.cases[m].condition for m in before if m != n) if self.ranked[rows] else None

    def halves(self, body: ir.Choose, n: int) -> tuple[Case, ...]:
        """The rows that a row may overlap, without itself, as few cases that stand for many."""
        rows = tuple(self.rows(n))
        if rows not in self.halved:
            self.halved[rows] = Halves(body.mode, body.none, [body.cases[m] for m in rows])
        return self.halved[rows].without(rows.index(n))


def _rank(body: ir.Choose, n: int) -> int:
    """Lower for a row whose constant value is the better one."""
    value = body.cases[n].value
    assert isinstance(value, ir.Const)
    return -int(value.value) if body.mode == "highest" else int(value.value)


@define(eq=False)
class Halves:
    """Cases that stand for many rows of which the highest or the lowest counts: halves of halves, each made once, so
    that what is left without one row is few of them, and none is nested deeply."""

    mode: HitPolicy
    none: Expr
    rows: list[Case]
    made: dict[tuple[int, int], Case] = field(factory=dict)

    def without(self, n: int) -> tuple[Case, ...]:
        """All rows but one."""
        left: list[Case] = []
        right: list[Case] = []
        start, end = 0, len(self.rows)
        while end - start > 1:
            middle = (start + end) // 2
            if n < middle:
                right.append(self.case(middle, end))
                end = middle
            else:
                left.append(self.case(start, middle))
                start = middle
        return (*left, *reversed(right))

    def case(self, start: int, end: int) -> Case:
        """One case that stands for a stretch of rows."""
        if end - start == 1:
            return self.rows[start]
        if (start, end) not in self.made:
            middle = (start + end) // 2
            halves = self.case(start, middle), self.case(middle, end)
            some = ir.Or(tuple(half.condition for half in halves))
            self.made[start, end] = Case(some, ir.Choose(self.mode, halves, self.none), "")
        return self.made[start, end]


def earlier_of(cases: Sequence[Case], near: Neighbours | None = None) -> list[Expr]:
    """For each row, that no earlier row applies that it may overlap."""
    near = near or Neighbours.of(cases)
    found = [[cases[m].condition for m in near.rows(n) if m < n] for n in range(len(cases))]
    return [ir.Not(any_of(before)) if before else TRUE for before in found]


def several_of(cases: Sequence[Case]) -> Expr:
    """That at least two rows apply."""
    return any_of([_two([cases[n].condition for n in group])[1] for group in Neighbours.of(cases).groups])


def _two(conditions: Sequence[Expr]) -> tuple[Expr, Expr]:
    """That one of the conditions holds, and that two do."""
    if len(conditions) == 1:
        return conditions[0], FALSE
    middle = len(conditions) // 2
    (some, two), (more, again) = _two(conditions[:middle]), _two(conditions[middle:])
    both = ir.And((some, more))
    return ir.Or((some, more)), any_of([x for x in (two, again) if x != FALSE] + [both])
