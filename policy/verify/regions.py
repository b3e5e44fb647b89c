"""Where something happens: regions of facts and dates, outside of which it never does.

A case that the solver finds is widened fact by fact: to all members, texts, days and stretches of numbers with which
it can still happen. Then the next case is sought outside of the regions so far.
In: a batch in terms, and a goal. Out: regions in the author's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from policy.model import types
from policy.model.types import Type
from policy.model.values import show
from policy.verify.claims import Sought
from policy.verify.decide import Asked, searched
from policy.verify.facts import DAYS, Model
from policy.verify.meanings import valued
from policy.verify.plainest import days_of
from policy.verify.terms import Term, in_order

MOST_REGIONS = 6
MOST_FOUND = 24
MOST_STRETCHES = 40
MOST_MEMBERS = 60
ABSENT, PRESENT, OTHER_TEXT = "is absent", "is present", "any other text"


Test = tuple[str, str]  # an operator, such as `is` or `>=`, and a value as an author writes it


@frozen
class Condition:
    """What is so of a fact, or of the date where the path is `today`: one of `ways`, each of tests that all hold."""

    path: str
    of: Type
    ways: tuple[tuple[Test, ...], ...]

    def __str__(self) -> str:
        if all(len(way) == 1 and way[0][0] == "is" for way in self.ways):
            return f"{self.path} is " + " or ".join(value for ((_, value),) in self.ways)
        name = "" if self.path == "today" else f"{self.path} "
        joint = " " if self.path == "today" else " and "
        said = [joint.join(f"{name}{operator} {value}".rstrip() for operator, value in way) for way in self.ways]
        return " or ".join(said)


@frozen
class Region:
    """Conditions that all hold there; none means anywhere. `everywhere` tells whether it happens on all facts of the
    region, and not on some only."""

    conditions: tuple[Condition, ...]
    everywhere: bool

    def __str__(self) -> str:
        where = " and ".join(map(str, self.conditions)) or "any facts and any date"
        return where if self.everywhere else f"{where} (for some of them)"

    def as_json(self) -> dict[str, Any]:
        return {"conditions": [str(c) for c in self.conditions], "everywhere": self.everywhere}


@frozen(eq=False)
class Cell:
    """One of the parts that the values of a fact fall into: in words, and as a condition on its name."""

    words: str
    holds: Term
    low: int = 0  # of a stretch: the first and last that lie in it
    high: int = 0


@frozen(eq=False)
class Axis:
    """A fact, and the cells its values fall into. `is_number` where these are stretches, in order."""

    path: str
    of: Type
    cells: tuple[Cell, ...]
    is_number: bool = False


def regions(a: Asked, sought: Sought, goal: str) -> tuple[tuple[Region, ...], bool]:
    """The regions where the goal can hold, and whether there are more than are told."""
    look = _Look(a, sought, goal, tuple(_axes(a, goal)))
    a.solver.also(f"not {goal}", a.script.terms.no(a.script.goals[goal]))
    found: list[Kept] = []
    outside: list[str] = []
    more = False
    while True:
        case = searched(a, goal, sought, wants_plain=False, also=tuple(outside))
        if case is None or not case.found:
            more = case is None
            break
        if len(found) == MOST_FOUND:
            more = True
            break
        kept = look.widened(case.model, outside)
        found.append(kept)
        outside.append(look.goal(a.script.terms.no(look.inside(kept))))
    joined = _together(found)
    return tuple(look.told(kept) for kept in joined[:MOST_REGIONS]), more or len(joined) > MOST_REGIONS


Kept = dict[int, tuple["Cell", ...]]  # by axis, the cells of a region


@frozen(eq=False)
class _Look:
    """What is looked for, and along which axes."""

    a: Asked
    sought: Sought
    of: str
    axes: tuple[Axis, ...]

    def goal(self, term: Term) -> str:
        """The name of one more goal."""
        name = f"region {len(self.a.script.goals)}"
        self.a.solver.also(name, term)
        return name

    def inside(self, kept: Kept) -> Term:
        """That facts lie in a region."""
        t = self.a.script.terms
        return t.all(*(t.any(*(c.holds for c in cells)) for cells in kept.values()))

    def widened(self, model: Model, outside: list[str]) -> Kept:
        """The region around a case: along one axis after the other, all cells where it can still happen; of an enum
        all members or just the one, so that what is said of each is plain."""
        kept: Kept = {n: _own(axis, model) for n, axis in enumerate(self.axes)}
        for n, axis in enumerate(self.axes):
            others = self.inside({m: cells for m, cells in kept.items() if m != n})
            possible = [c for c in axis.cells if c in kept[n] or self.can_be(others, c, outside)]
            if len(possible) == len(axis.cells) or not isinstance(axis.of, types.Enum):
                kept[n] = tuple(possible)
        return kept

    def can_be(self, others: Term, cell: Cell, outside: list[str]) -> bool:
        """Whether it can happen in a cell; where nobody knows, it is taken to."""
        name = self.goal(self.a.script.terms.all(others, cell.holds))
        case = searched(self.a, self.of, self.sought, wants_plain=False, also=(name, *outside))
        return case is None or case.found

    def told(self, kept: Kept) -> Region:
        """A region in words, and whether it happens everywhere in it."""
        everywhere = self.a.solver.ask(f"not {self.of}", self.goal(self.inside(kept))).holds is False
        limited = [(axis, kept[n]) for n, axis in enumerate(self.axes) if len(kept[n]) < len(axis.cells)]
        return Region(tuple(_condition(axis, cells) for axis, cells in limited), everywhere)


def _together(found: list[Kept]) -> list[Kept]:
    """Regions that differ along one axis only, as one."""
    result: list[Kept] = []
    for kept in found:
        for other in result:
            apart = [n for n in kept if kept[n] != other[n]]
            if len(apart) == 1:
                n = apart[0]
                other[n] = (*other[n], *(c for c in kept[n] if c not in other[n]))
                break
        else:
            result.append(dict(kept))
    return result if len(result) == len(found) else _together(result)


def _own(axis: Axis, model: Model) -> tuple[Cell, ...]:
    """The cell that the case lies in."""
    values = valued([c.holds for c in axis.cells], model)
    return tuple(c for c in axis.cells if values[c.holds])[:1] or axis.cells


# ── axes ────────────────────────────────────────────────────────────────────────────────────


def _axes(a: Asked, goal: str) -> Iterator[Axis]:
    """The facts that the goal rests on, lists left out, and the date."""
    names = {str(n.value): n for n in a.script.names(goal)}
    edges = _edges(in_order([a.script.goals[goal]]))
    for path, of, is_optional in _paths(a):
        if is_optional and f"{path}?" in names:
            flag = names[f"{path}?"]
            t = a.script.terms
            yield Axis(path, of, (Cell(ABSENT, flag), Cell(PRESENT, t.no(flag))))
        if path in names:
            cells, is_number = _cells(a, names[path], of, edges.get(path, set()))
            if len(cells) > 1:
                yield Axis(path, of, cells, is_number)
    if "today" in names:
        bodies = [f.body for f in a.program.functions.values()]
        days = sorted(d for d in {*days_of(bodies), *edges.get("today", ())} if DAYS[0] < d <= DAYS[1])
        if 0 < len(days) <= MOST_STRETCHES:
            yield Axis("today", types.DATE, _stretches(a, names["today"], days, DAYS), True)


def _paths(a: Asked) -> Iterator[tuple[str, Type, bool]]:
    """Every fact outside of lists, its type, and whether it is optional."""
    pending: list[tuple[str, Type]] = [(n, of) for n, of in a.batch.parameters]
    while pending:
        path, of = pending.pop(0)
        is_optional = isinstance(of, types.OptionalOf)
        inner = of.of if isinstance(of, types.OptionalOf) else of
        if isinstance(inner, types.Record):
            if is_optional:
                yield path, inner, True
            pending = [(f"{path}.{f.name}", f.type) for f in a.program.records[inner.name]] + pending
        elif not isinstance(inner, types.ListOf | types.SetOf):
            yield path, inner, is_optional


def _cells(a: Asked, name: Term, of: Type, edges: set[int]) -> tuple[tuple[Cell, ...], bool]:
    t = a.script.terms
    match of:
        case types.Boolean():
            return (Cell("true", name), Cell("false", t.no(name))), False
        case types.Enum(_, members) if len(members) <= MOST_MEMBERS:
            numbers = a.facts.texts.numbers
            return tuple(Cell(m, t.same(name, t.number(numbers[m]))) for m in members), False
        case types.Text():
            words = {m for members in a.program.enums.values() for m in members}
            known = [(text, n) for text, n in a.facts.texts.numbers.items() if text not in words]
            cells = [Cell(f'"{text}"', t.same(name, t.number(n))) for text, n in known]
            rest = t.all(*(t.no(c.holds) for c in cells))
            return (*cells, Cell(OTHER_TEXT, rest)) if len(cells) <= MOST_MEMBERS else (), False
        case types.Enum():
            return (), False
    assert name.low is not None
    assert name.high is not None
    inside = sorted(e for e in edges if name.low < e <= name.high)
    if not 0 < len(inside) <= MOST_STRETCHES:
        return (), True
    return _stretches(a, name, inside, (name.low, name.high)), True


def _stretches(a: Asked, name: Term, edges: list[int], ends: tuple[int, int]) -> tuple[Cell, ...]:
    """The stretches between the edges, each edge being the first of its stretch."""
    t = a.script.terms
    starts, lasts = [ends[0], *edges], [*(e - 1 for e in edges), ends[1]]
    return tuple(
        Cell("", t.all(t.at_most(t.number(low), name), t.at_most(name, t.number(high))), low, high)
        for low, high in zip(starts, lasts, strict=True)
    )


def _edges(terms: list[Term]) -> dict[str, set[int]]:
    """By fact, the numbers from which on some comparison with a constant comes out otherwise."""
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


def _condition(axis: Axis, cells: tuple[Cell, ...]) -> Condition:
    if axis.is_number:
        ways = tuple(_stretch(axis, low, high) for low, high in _joined(axis, cells))
    elif cells[0].words in (ABSENT, PRESENT):
        ways = (((cells[0].words, ""),),)
    else:
        left = [c.words for c in axis.cells if c not in cells]
        if len(left) == 1 and len(axis.cells) > 2 and left[0] != OTHER_TEXT:
            ways = ((("is not", left[0]),),)
        else:
            ways = tuple((("is", c.words),) for c in cells)
    return Condition(axis.path, axis.of, ways)


def _joined(axis: Axis, cells: tuple[Cell, ...]) -> Iterator[tuple[Cell, Cell]]:
    """Stretches that follow each other, as one: the first and last cell of each run."""
    run: list[Cell] = []
    for cell in axis.cells:
        if cell in cells:
            run.append(cell)
        elif run:
            yield run[0], run[-1]
            run = []
    if run:
        yield run[0], run[-1]


def _stretch(axis: Axis, first: Cell, last: Cell) -> tuple[Test, ...]:
    from_start, to_end = first is not axis.cells[0], last is not axis.cells[-1]
    if axis.path == "today":
        tests = [("from", show(first.low, types.DATE))] if from_start else []
        return (*tests, *([("until", show(last.high + 1, types.DATE))] if to_end else []))
    if first.low == last.high:
        return (("is", show(first.low, axis.of)),)
    tests = [(">=", show(first.low, axis.of))] if from_start else []
    return (*tests, *([("<=", show(last.high, axis.of))] if to_end else []))
