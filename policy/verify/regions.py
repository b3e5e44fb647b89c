"""Generalisation: regions of facts and dates that together cover every solution of a query.

A solution is widened fact by fact, to all members, texts, days and intervals of numbers with which there still is a
solution. Then the next solution is taken outside the regions so far.
In: a batch in terms, and a goal. Out: regions in the author's notation.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from policy.model import types
from policy.model.types import Type
from policy.model.values import show
from policy.verify.axioms import Model, valued
from policy.verify.claims import Query
from policy.verify.facts import DAYS
from policy.verify.minimise import days_of
from policy.verify.prove import Encoding, solve
from policy.verify.terms import Term, in_order

MOST_REGIONS = 6
MOST_FOUND = 24
MOST_INTERVALS = 40
MOST_MEMBERS = 60
MOST_TOLD = 8  # members or texts of a condition
ABSENT, PRESENT, OTHER_TEXT = "is absent", "is present", "any other text"


Test = tuple[str, str]  # an operator, such as `is` or `>=`, and a value as an author writes it


@frozen
class Condition:
    """A disjunction of conjunctions of tests of one fact, or of the date where the path is `today`."""

    path: str
    of: Type
    ways: tuple[tuple[Test, ...], ...]

    def __str__(self) -> str:
        if all(len(way) == 1 and way[0][0] == "is" for way in self.ways):
            return f"{self.path} is {' or '.join(_few([value for ((_, value),) in self.ways]))}"
        if len(self.ways) == 1 and all(operator == "is not" for operator, _ in self.ways[0]):
            return f"{self.path} is {_none_of([value for _, value in self.ways[0]])}"
        name = "" if self.path == "today" else f"{self.path} "
        joint = " " if self.path == "today" else " and "
        texts = [joint.join(f"{name}{operator} {value}".rstrip() for operator, value in way) for way in self.ways]
        return " or ".join(texts)


def _few(values: list[str]) -> list[str]:
    return values if len(values) <= MOST_TOLD else [*values[: MOST_TOLD - 1], f"{len(values) - MOST_TOLD + 1} more"]


def _none_of(values: list[str]) -> str:
    if len(values) < 3:
        return f"neither {values[0]} nor {values[1]}" if len(values) == 2 else f"not {values[0]}"
    *first, last = _few(values)
    return f"none of {', '.join(first)} and {last}"


@frozen
class Region:
    """A conjunction of conditions; none means anywhere. `everywhere` is whether all facts of the region are
    solutions, and not only some."""

    conditions: tuple[Condition, ...]
    everywhere: bool

    def __str__(self) -> str:
        where = " and ".join(map(str, self.conditions)) or "any facts and any date"
        return where if self.everywhere else f"{where} (for some of them)"

    def as_json(self) -> dict[str, object]:
        return {"conditions": [str(c) for c in self.conditions], "everywhere": self.everywhere}


@frozen(eq=False)
class FactRegion:
    """One part of a partition of a fact's values: in words, and as a condition on its name."""

    words: str
    holds: Term
    low: int = 0  # of an interval: its least and greatest
    high: int = 0


@frozen(eq=False)
class Axis:
    """A fact, and a partition of its values. `is_number` where the cells are intervals, in order."""

    path: str
    of: Type
    cells: tuple[FactRegion, ...]
    is_number: bool = False


def regions(a: Encoding, query: Query, goal: str) -> tuple[tuple[Region, ...], bool]:
    """The regions of a goal, and whether there are more."""
    search = _Search(a, query, goal, tuple(_axes(a, goal)))
    a.solver.add_goal(f"not {goal}", a.script.terms.no(a.script.goals[goal]))
    found: list[Kept] = []
    outside: list[str] = []
    more = False
    while True:
        case = solve(a, goal, query, minimal=False, also=tuple(outside))
        if case is None or not case.found:
            more = case is None
            break
        if len(found) == MOST_FOUND:
            more = True
            break
        kept = search.widened(case.model, outside)
        found.append(kept)
        outside.append(search.goal(a.script.terms.no(search.inside(kept))))
    joined = _merged(found)
    return tuple(search.region(kept) for kept in joined[:MOST_REGIONS]), more or len(joined) > MOST_REGIONS


Kept = dict[int, tuple["FactRegion", ...]]  # by axis, the cells of a region


@frozen(eq=False)
class _Search:
    """A query, and the axes of its regions."""

    a: Encoding
    query: Query
    name: str
    axes: tuple[Axis, ...]

    def goal(self, term: Term) -> str:
        """The name of one more goal."""
        name = f"region {len(self.a.script.goals)}"
        self.a.solver.add_goal(name, term)
        return name

    def inside(self, kept: Kept) -> Term:
        """That facts lie in a region."""
        t = self.a.script.terms
        return t.all(*(t.any(*(c.holds for c in cells)) for cells in kept.values()))

    def widened(self, model: Model, outside: list[str]) -> Kept:
        """The region around a solution: along each axis in turn, all cells that still have a solution; of an enum all
        members or only its own, so that regions stay readable."""
        kept: Kept = {n: _own(axis, model) for n, axis in enumerate(self.axes)}
        for n, axis in enumerate(self.axes):
            others = self.inside({m: cells for m, cells in kept.items() if m != n})
            possible = [c for c in axis.cells if c in kept[n] or self.can_be(others, c, outside)]
            if len(possible) == len(axis.cells) or not isinstance(axis.of, types.Enum):
                kept[n] = tuple(possible)
        return kept

    def can_be(self, others: Term, cell: FactRegion, outside: list[str]) -> bool:
        """Whether there is a solution in a cell; where the solver gives up, it is assumed."""
        name = self.goal(self.a.script.terms.all(others, cell.holds))
        case = solve(self.a, self.name, self.query, minimal=False, also=(name, *outside))
        return case is None or case.found

    def region(self, kept: Kept) -> Region:
        """A region in words, and whether all its facts are solutions."""
        everywhere = self.a.solver.check(f"not {self.name}", self.goal(self.inside(kept))).holds is False
        limited = [(axis, kept[n]) for n, axis in enumerate(self.axes) if len(kept[n]) < len(axis.cells)]
        return Region(tuple(_condition(axis, cells) for axis, cells in limited), everywhere)


def _merged(found: list[Kept]) -> list[Kept]:
    """Regions that differ along one axis only, merged."""
    result: list[Kept] = []
    for kept in found:
        for other in result:
            different = [n for n in kept if kept[n] != other[n]]
            if len(different) == 1:
                n = different[0]
                other[n] = (*other[n], *(c for c in kept[n] if c not in other[n]))
                break
        else:
            result.append(dict(kept))
    return result if len(result) == len(found) else _merged(result)


def _own(axis: Axis, model: Model) -> tuple[FactRegion, ...]:
    """The cell of the solution."""
    values = valued([c.holds for c in axis.cells], model)
    return tuple(c for c in axis.cells if values[c.holds])[:1] or axis.cells


# ── axes ────────────────────────────────────────────────────────────────────────────────────


def _axes(a: Encoding, goal: str) -> Iterator[Axis]:
    """The facts outside lists that the goal depends on, and the date."""
    names = {str(n.value): n for n in a.script.names(goal)}
    edges = _edges(in_order([a.script.goals[goal]]))
    for path, of, is_optional in paths_of(a):
        if is_optional and f"{path}?" in names:
            flag = names[f"{path}?"]
            t = a.script.terms
            yield Axis(path, of, (FactRegion(ABSENT, flag), FactRegion(PRESENT, t.no(flag))))
        if path in names:
            cells, is_number = _cells(a, names[path], of, edges.get(path, set()))
            if len(cells) > 1:
                yield Axis(path, of, cells, is_number)
    if "today" in names:
        bodies = [f.body for f in a.program.functions.values()]
        days = sorted(d for d in {*days_of(bodies), *edges.get("today", ())} if DAYS[0] < d <= DAYS[1])
        if 0 < len(days) <= MOST_INTERVALS:
            yield Axis("today", types.DATE, _intervals(a, names["today"], days, DAYS), True)


def paths_of(a: Encoding) -> Iterator[tuple[str, Type, bool]]:
    """Every fact outside lists, its type, and whether it is optional."""
    pending: list[tuple[str, Type]] = [(n, of) for n, of in a.batch.parameters]
    while pending:
        path, of = pending.pop(0)
        is_optional = isinstance(of, types.OptionalOf)
        inner = types.inner_of(of)
        if isinstance(inner, types.Record):
            if is_optional:
                yield path, inner, True
            pending = [(f"{path}.{f.name}", f.type) for f in a.program.records[inner.name]] + pending
        elif not isinstance(inner, types.ListOf | types.SetOf):
            yield path, inner, is_optional


def _cells(a: Encoding, name: Term, of: Type, edges: set[int]) -> tuple[tuple[FactRegion, ...], bool]:
    t = a.script.terms
    if isinstance(of, types.Boolean):
        return (FactRegion("true", name), FactRegion("false", t.no(name))), False
    if isinstance(of, types.Enum):
        numbers = a.facts.texts.numbers
        members = tuple(FactRegion(m, t.same(name, t.number(numbers[m]))) for m in of.members)
        return members if len(members) <= MOST_MEMBERS else (), False
    if isinstance(of, types.Text):
        words = {m for members in a.program.enums.values() for m in members}
        known = [(text, n) for text, n in a.facts.texts.numbers.items() if text not in words]
        cells = [FactRegion(f'"{text}"', t.same(name, t.number(n))) for text, n in known]
        rest = t.all(*(t.no(c.holds) for c in cells))
        return (*cells, FactRegion(OTHER_TEXT, rest)) if len(cells) <= MOST_MEMBERS else (), False
    assert name.low is not None
    assert name.high is not None
    inside = sorted(e for e in edges if name.low < e <= name.high)
    if not 0 < len(inside) <= MOST_INTERVALS:
        return (), True
    return _intervals(a, name, inside, (name.low, name.high)), True


def _intervals(a: Encoding, name: Term, edges: list[int], ends: tuple[int, int]) -> tuple[FactRegion, ...]:
    """The intervals between the edges, each edge being the least of its interval."""
    t = a.script.terms
    starts, lasts = [ends[0], *edges], [*(e - 1 for e in edges), ends[1]]
    return tuple(
        FactRegion("", t.all(t.at_most(t.number(low), name), t.at_most(name, t.number(high))), low, high)
        for low, high in zip(starts, lasts, strict=True)
    )


def _edges(terms: list[Term]) -> dict[str, set[int]]:
    """By fact, the numbers at which some comparison with a constant changes."""
    edges: dict[str, set[int]] = {}
    for t in terms:
        if t.op not in ("=", "<=") or t.args[0].sort != "Int":
            continue
        left, right = t.args
        for x, y, x_is_left in ((left, right, True), (right, left, False)):
            factor = int(x.value) if x.op == "*" else 1
            x = x.args[0] if x.op == "*" else x
            if x.op != "name" or y.op != "num":
                continue
            bound, factor = (int(y.value), factor) if factor > 0 else (-int(y.value), -factor)
            at_most = x_is_left is (factor > 0)
            floor, ceiling = bound // factor, -(-bound // factor)
            new = {floor + 1} if at_most else {ceiling}
            edges.setdefault(str(x.value), set()).update({ceiling, floor + 1} if t.op == "=" else new)
    return edges


# ── words ───────────────────────────────────────────────────────────────────────────────────


def _condition(axis: Axis, cells: tuple[FactRegion, ...]) -> Condition:
    if axis.is_number:
        ways = tuple(_interval(axis, low, high) for low, high in _joined(axis, cells))
    elif cells[0].words in (ABSENT, PRESENT):
        ways = (((cells[0].words, ""),),)
    else:
        left = [c.words for c in axis.cells if c not in cells]
        has_rest = any(c.words == OTHER_TEXT for c in cells)  # told by what it leaves out
        if has_rest or (len(left) < len(cells) and len(axis.cells) > 2 and OTHER_TEXT not in left):
            ways = (tuple(("is not", words) for words in left),)
        else:
            ways = tuple((("is", c.words),) for c in cells)
    return Condition(axis.path, axis.of, ways)


def _joined(axis: Axis, cells: tuple[FactRegion, ...]) -> Iterator[tuple[FactRegion, FactRegion]]:
    """Adjacent intervals, merged: the first and last cell of each run."""
    run: list[FactRegion] = []
    for cell in axis.cells:
        if cell in cells:
            run.append(cell)
        elif run:
            yield run[0], run[-1]
            run = []
    if run:
        yield run[0], run[-1]


def _interval(axis: Axis, first: FactRegion, last: FactRegion) -> tuple[Test, ...]:
    from_start, to_end = first is not axis.cells[0], last is not axis.cells[-1]
    if axis.path == "today":
        tests = [("from", show(first.low, types.DATE))] if from_start else []
        return (*tests, *([("until", show(last.high + 1, types.DATE))] if to_end else []))
    if first.low == last.high:
        return (("is", show(first.low, axis.of)),)
    tests = [(">=", show(first.low, axis.of))] if from_start else []
    return (*tests, *([("<=", show(last.high, axis.of))] if to_end else []))
