"""Which row of a long table applies, found from the values of its columns without a test for each row.

In: the rows of a table of one date, of which the first that holds counts. Out: a `RowIndex`; or None where the rows
are few, or test more than facts, compared with constants. Texts and members lead to the rows that they share, numbers
to those of their range, by bisection. Absent: unknown facts, for which each row must be asked: any use of one raises.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence

from attrs import evolve, field, frozen

from policy.ir import program as ir
from policy.ir.logic import conjuncts
from policy.ir.program import Const, Expr
from policy.vocabulary import RuntimeValue

FEWEST_ROWS = 16  # for which looking up is faster than testing
MOST_PLACES = 8  # in an index, for each row
NO_ROW = -1


@frozen(eq=False)
class ValueBranches:
    """Where each value of a column leads: to a row, or on to another column."""

    column: int
    places: dict[RuntimeValue, Place]
    other: Place

    def at(self, value: RuntimeValue) -> Place:
        return self.places.get(value, self.other)


@frozen(eq=False)
class Ranges:
    """Where each number leads: those from one edge to before the next one to the same place."""

    column: int
    edges: tuple[int, ...]
    places: tuple[Place, ...]

    def at(self, value: int) -> Place:
        return self.places[bisect_right(self.edges, value)]


Place = int | ValueBranches | Ranges


@frozen(eq=False)
class RowIndex:
    """`columns` are what the rows test, in the order in which `row` takes their values."""

    columns: tuple[Expr, ...]
    place: Place

    def row(self, *values: RuntimeValue) -> int:
        """The number of the first row that applies; `NO_ROW` where none does."""
        place = self.place
        while not isinstance(place, int):
            place = place.at(values[place.column])
        return place


@frozen
class _Row:
    """What a row still asks: values that a column must or must not have, and ranges of numbers."""

    number: int
    among: dict[int, tuple[frozenset[RuntimeValue] | None, frozenset[RuntimeValue]]] = field(factory=dict)
    within: dict[int, tuple[int | None, int | None]] = field(factory=dict)

    @property
    def first(self) -> int | None:
        return next(iter((*self.among, *self.within)), None)

    def without(self, column: int) -> _Row:
        among = {c: x for c, x in self.among.items() if c != column}
        return evolve(self, among=among, within={c: x for c, x in self.within.items() if c != column})


class _Unfit(Exception):
    """The rows cannot be looked up."""


def index_of(e: ir.Choose, most: int = MOST_PLACES) -> RowIndex | None:
    """How to look the table's rows up, if that can be done with no more places for each than `most`."""
    if e.mode != "first" or len(e.cases) < FEWEST_ROWS:
        return None
    columns: dict[Expr, int] = {}
    try:
        rows = [_row(n, case.condition, columns) for n, case in enumerate(e.cases)]
        return RowIndex(tuple(columns), _Builder(most * len(rows)).place(rows))
    except _Unfit:
        return None


def _row(number: int, condition: Expr, columns: dict[Expr, int]) -> _Row:
    row = _Row(number)
    for test in () if condition == Const(True) else conjuncts(condition):
        match test:
            case ir.Compare("is", left, Const(bool() | str() as value)):
                _narrow(row, _column(left, columns), frozenset((value,)), frozenset())
            case ir.Compare("in", left, Const(frozenset() as values)) if all(isinstance(v, str) for v in values):
                _narrow(row, _column(left, columns), values, frozenset())
            case ir.Not(ir.Compare("is", left, Const(bool() | str() as value))):
                _narrow(row, _column(left, columns), None, frozenset((value,)))
            case ir.Not(ir.Compare("in", left, Const(frozenset() as values))) if all(
                isinstance(v, str) for v in values
            ):
                _narrow(row, _column(left, columns), None, values)
            case ir.Compare("is", left, Const(int() as value)):
                _bound(row, _column(left, columns), value, value + 1)
            case ir.Compare("<" | "<=" as operator, left, Const(int() as value)):
                _bound(row, _column(left, columns), None, value + (operator == "<="))
            case ir.Compare(">" | ">=" as operator, left, Const(int() as value)):
                _bound(row, _column(left, columns), value + (operator == ">"), None)
            case _:
                raise _Unfit
    if not row.among.keys().isdisjoint(row.within):
        raise _Unfit
    return row


def _column(e: Expr, columns: dict[Expr, int]) -> int:
    """The number of a column, which must be a fact: evaluating one that no row wants is then no fault."""
    fact = e.left if isinstance(e, ir.Arithmetic) and e.operator == "*" and isinstance(e.right, Const) else e
    while isinstance(fact, ir.FieldAccess):
        fact = fact.of
    if not isinstance(fact, ir.Variable):
        raise _Unfit
    return columns.setdefault(e, len(columns))


def _narrow(row: _Row, column: int, values: frozenset[RuntimeValue] | None, none_of: frozenset[RuntimeValue]) -> None:
    known, excluded = row.among.get(column, (None, frozenset[RuntimeValue]()))
    both = values if known is None else known if values is None else known & values
    row.among[column] = both, excluded | none_of


def _bound(row: _Row, column: int, low: int | None, high: int | None) -> None:
    least, most = row.within.get(column, (None, None))
    lows, highs = ([x for x in pair if x is not None] for pair in ((least, low), (most, high)))
    row.within[column] = max(lows, default=None), min(highs, default=None)


@frozen(eq=False)
class _Builder:
    """Makes places, of which there may be no more than `most`."""

    most: int
    made: list[None] = field(factory=list)

    def place(self, rows: Sequence[_Row]) -> Place:
        """Where these rows are looked up, which come in their order."""
        self.made.append(None)
        if len(self.made) > self.most:
            raise _Unfit
        if not rows:
            return NO_ROW
        column = rows[0].first
        if column is None:
            return rows[0].number
        return self.ranges(rows, column) if any(column in row.within for row in rows) else self.values(rows, column)

    def values(self, rows: Sequence[_Row], column: int) -> ValueBranches:
        named: dict[RuntimeValue, list[_Row]] = {}
        for row in rows:
            allowed, excluded = row.among.get(column, (None, frozenset[RuntimeValue]()))
            for value in sorted(excluded if allowed is None else allowed, key=repr):
                named.setdefault(value, [])
        other: list[_Row] = []
        for row in rows:
            allowed, excluded = row.among.get(column, (None, frozenset[RuntimeValue]()))
            rest = row.without(column)
            if allowed is None:
                other.append(rest)
            for value in named if allowed is None else allowed:
                if value not in excluded:
                    named[value].append(rest)
        return ValueBranches(column, {value: self.place(some) for value, some in named.items()}, self.place(other))

    def ranges(self, rows: Sequence[_Row], column: int) -> Ranges:
        starts: dict[int | None, list[int]] = {}
        ends: dict[int, list[int]] = {}
        for n, row in enumerate(rows):
            low, high = row.within.get(column, (None, None))
            if low is None or high is None or low < high:
                starts.setdefault(low, []).append(n)
                if high is not None:
                    ends.setdefault(high, []).append(n)
        edges = sorted({*ends, *(low for low in starts if low is not None)})
        rest = [row.without(column) for row in rows]
        here = sorted(starts.get(None, ()))
        places = [self.place([rest[n] for n in here])]
        for edge in edges:
            for n in ends.get(edge, ()):
                here.remove(n)
            for n in starts.get(edge, ()):
                insort(here, n)
            places.append(self.place([rest[n] for n in here]))
        return Ranges(column, tuple(edges), tuple(places))
