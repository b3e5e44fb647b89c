"""Counterfactuals (recourse): the smallest changes of facts marked `changeable` that bring about another answer.

In: a question on one date, its facts, and the goal. Out: counterfactuals, fewest changes first, each change minimal,
each confirmed by the interpreter; none where the goal is reached already. Facts that are missing stay missing.

No change reaches back in time. The decision is made at the latest instant among the facts, if it is not after the day
asked about, and else at the beginning of that day in the rulebook's time: see `moment_of`. A changed instant or date
is not before that moment, and what has happened by then does not become absent.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, field, frozen

from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program
from policy.model import types
from policy.model.types import Number
from policy.model.values import show
from policy.verify.changeable import Changeable, Perturbation, moment_of
from policy.verify.claims import Batch, Claim, Query, is_true
from policy.verify.facts import Fact, Given
from policy.verify.notation import in_rules
from policy.verify.prove import Encoding, Limits, Solution, encode, solve
from policy.verify.replay import Replay
from policy.verify.symbolic import Plain
from policy.verify.terms import Term
from policy.vocabulary import ComparisonOperator

MOST_WAYS = 5
MOST_BUDGETS = 4  # of the solver, as many as the whole search may take


@frozen
class FactChange:
    """One fact before and after, as authors write them; `is_time` of an instant or date."""

    path: str
    before: str
    after: str
    is_time: bool = False


@frozen
class Counterfactual:
    """Changes that together bring about the goal."""

    changes: tuple[FactChange, ...]

    @property
    def changes_times(self) -> bool:
        return any(c.is_time for c in self.changes)

    def __str__(self) -> str:
        return " and ".join(f"{c.path} = {c.after} instead of {c.before}" for c in self.changes)

    def as_json(self) -> dict[str, object]:
        return {"changes": [{"fact": c.path, "before": c.before, "after": c.after} for c in self.changes]}


@frozen
class Counterfactuals:
    """The counterfactuals found: sets of changes of which none contains another.

    `is_complete` where there are no others; up to `tried` changes there are none. `changeable` are the facts that may
    be changed at all, `not_before` is the moment before which no instant is changed. `is_so` where nothing has to be
    changed.
    """

    ways: tuple[Counterfactual, ...]
    is_complete: bool
    changeable: tuple[str, ...]
    not_before: str
    tried: int = 0
    is_so: bool = False

    def as_json(self) -> dict[str, object]:
        return {
            "already": self.is_so,
            "ways": [w.as_json() for w in self.ways],
            "complete": self.is_complete,
            "tried": self.tried,
            "changeable": list(self.changeable),
            "not_before": self.not_before,
        }


OPERATORS: dict[str, ComparisonOperator] = {"=": "is", ">=": ">=", "<=": "<=", ">": ">", "<": "<"}


def goal_of(function: Function, how: str, value: Fact = None) -> Expr:
    """The goal that the answer is `permitted` or `denied`, or compares with a value by one of `OPERATORS`."""
    call = ir.Call(function.id, tuple(ir.Variable(n) for n, _ in function.parameters))
    if how in ("permitted", "denied"):
        return call if how == "permitted" else ir.Not(call)
    compared = ir.Compare(OPERATORS[how], call, ir.Const(value))
    if isinstance(function.type, types.OptionalOf) and how != "=":  # what is absent has no order
        return ir.And((ir.Compare("is not", call, ir.Const(None)), compared))
    return compared


def counterfactuals(
    program: Program,
    function: Function,
    given: Given,
    goal: Expr,
    limits: Limits,
    most_ways: int = MOST_WAYS,
) -> Counterfactuals:
    """The counterfactuals for a goal, in a program of one date; `given` are facts in run-time form."""
    assert program.on is not None
    query = is_true(goal)
    claims = (Claim("how", function.id, "", "", query),)
    moment = moment_of(program, function, given)
    p = Perturbation(dict(zip((n for n, _ in function.parameters), given, strict=True)), program.on, moment)
    a = encode(program, Batch(function.parameters, claims), limits, program.on, p.facts)
    blank = Counterfactuals((), True, tuple(p.changeable), show(moment, types.INSTANT))
    if Replay(a.dated, function.parameters, query).holds(given, program.on):
        return evolve(blank, is_so=True)
    if "0" in a.wrong:  # a goal without an encoding is not solved
        return evolve(blank, is_complete=False)
    p.encode_changes(a)
    return _Search(a, query, p).run(blank, most_ways)


@frozen(eq=False)
class _Search:
    """For sets of changes of a size at a time, from one change on; a set found excludes those that contain it."""

    a: Encoding
    query: Query
    p: Perturbation
    others: list[str] = field(factory=list)  # goals: the changes are in time, and contain no set found

    def run(self, blank: Counterfactuals, most_ways: int) -> Counterfactuals:
        in_time = self.p.in_time(self.a)
        if in_time is not self.a.script.terms.true:
            self.others.append(_goal(self.a, in_time))
        found: list[Counterfactual] = []
        tried = 0
        is_more = self.is_possible()
        while is_more and len(found) < most_ways and self.a.solver.spent < MOST_BUDGETS * self.a.limits.seconds:
            size = _goal(self.a, _at_most(self.a, list(self.p.changed.values()), tried + 1))
            case = solve(self.a, "0", self.query, minimal=False, also=(*self.others, size))
            if case is None:
                break
            if case.found:
                found.append(self.minimal(case, size))
                is_more = self.is_possible()
            else:
                tried += 1
        places = {path: n for n, path in enumerate(self.p.changeable)}
        found.sort(key=lambda way: (len(way.changes), [places[c.path] for c in way.changes]))
        return evolve(blank, ways=tuple(found), is_complete=is_more is False, tried=tried)

    def is_possible(self) -> bool | None:
        """Whether any further set of changes reaches the goal; None where the solver gave up."""
        case = solve(self.a, "0", self.query, minimal=False, also=tuple(self.others))
        return None if case is None else case.found

    def minimal(self, case: Solution, size: str) -> Counterfactual:
        """The set of a solution, which is excluded from now on, with each number changed no further than needed."""
        way, paths = _minimal(self.a, self.query, self.p, case, [*self.others, size])
        t = self.a.script.terms
        self.others.append(_goal(self.a, t.no(t.all(*(self.p.changed[path] for path in paths)))))
        return way


# ── few changes, and small ones ─────────────────────────────────────────────────────────────


def _at_most(a: Encoding, changed: list[Term], most: int) -> Term:
    t = a.script.terms
    count = t.plus(*(t.choose(c, t.number(1), t.number(0)) for c in changed))
    return t.at_most(count, t.number(most))


def _minimal(
    a: Encoding, query: Query, p: Perturbation, case: Solution, others: list[str]
) -> tuple[Counterfactual, list[str]]:
    """The solution with no fact changed needlessly, and each number changed no further than needed."""
    paths = [path for path, c in p.changeable.items() if path in p.changed and _at(case, path) != c.before]
    t = a.script.terms
    unchanged = t.all(*(t.no(c) for path, c in p.changed.items() if path not in paths))
    fixed = [*others, _goal(a, unchanged)]
    for path in paths:
        c, value = p.changeable[path], _at(case, path)
        if isinstance(c.inner, Number | types.Date | types.Instant) and value is not None:
            if isinstance(c.of, types.OptionalOf):
                fixed.append(_goal(a, t.no(t.boolean(f"{path}?"))))
            start = p.usual(c) if c.before is None else int(c.before)
            case, reached = _nearest(a, query, path, start, case, fixed)
            fixed.append(reached)
        else:
            if isinstance(c.inner, types.Enum) and value is not None:
                case = _first_member(a, query, path, c, case, fixed)
            fixed.append(_goal(a, a.facts.is_given(_at(case, path), c.of, path)))
    changes = tuple(_change(a, p, case, path) for path in paths)
    return Counterfactual(changes), paths


def _first_member(a: Encoding, query: Query, path: str, c: Changeable, case: Solution, fixed: list[str]) -> Solution:
    """The solution with the first member that does, in the order of the enum."""
    assert isinstance(c.inner, types.Enum)
    for member in c.inner.members:
        if member == _at(case, path):
            break
        name = _goal(a, a.facts.is_given(member, c.of, path))
        other = solve(a, "0", query, minimal=False, also=(*fixed, name)) if member != c.before else None
        if other is not None and other.found:
            return other
    return case


def _goal(a: Encoding, term: Term) -> str:
    """The name of one more goal."""
    name = f"that {len(a.script.goals)}"
    a.solver.add_goal(name, term)
    return name


def _nearest(
    a: Encoding, query: Query, path: str, before: int, case: Solution, fixed: list[str]
) -> tuple[Solution, str]:
    """The solution with the number changed least, by bisection; and the goal that it is changed no further."""
    t = a.script.terms
    value = a.facts.any(types.INTEGER, path)
    assert isinstance(value, Plain)
    distance = t.size(t.minus(value.term, t.number(before)))
    now = _at(case, path)
    low, high = 0, abs(int(now) - before) if isinstance(now, int) else 0
    while low < high:
        middle = (low + high) // 2
        name = _goal(a, t.at_most(distance, t.number(middle)))
        nearer = solve(a, "0", query, minimal=False, also=(*fixed, name))
        if nearer is None or not nearer.found:
            low = middle + 1
            if nearer is None:
                break
        else:
            case, high = nearer, abs(int(_at(nearer, path)) - before)
    return case, _goal(a, t.at_most(distance, t.number(high)))


def _change(a: Encoding, p: Perturbation, case: Solution, path: str) -> FactChange:
    c = p.changeable[path]
    before, after = (in_rules(value, c.of, a.program) for value in (c.before, _at(case, path)))
    return FactChange(path, before, after, p.earliest(c) is not None)


def _at(case: Solution, path: str) -> Fact:
    """The fact at a path of a solution."""
    result: Fact = case.named
    for step in _steps(path):
        result = result[step]
    return result


def _steps(path: str) -> Iterator[str | int]:
    for part in path.split("."):
        name, *indices = part.replace("]", "").split("[")
        yield name
        yield from map(int, indices)
