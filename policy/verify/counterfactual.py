"""Counterfactuals (recourse): the smallest changes of facts marked `changeable` that bring about another answer.

In: a question on one date, its facts, and the goal. Out: counterfactuals, fewest changes first, each change minimal,
each confirmed by the interpreter. Facts that are missing stay missing.

No change reaches back in time. The decision is made at the latest instant among the facts, if it is not after the day
asked about, and else at the beginning of that day in Hong Kong: see `moment_of`. A changed instant or date is not
before that moment, and what has happened by then does not become absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import assert_never

from attrs import field, frozen

from policy.answers import MISSING
from policy.ir import program as ir
from policy.ir.program import Expr, FieldDeclaration, Function, Program
from policy.model import types
from policy.model.types import Number, Type
from policy.model.values import microseconds, show
from policy.verify.axioms import Model
from policy.verify.claims import Batch, Claim, Query, is_true
from policy.verify.facts import Fact, Facts, Given, member
from policy.verify.notation import in_rules
from policy.verify.prove import Encoding, Limits, Solution, encode, solve
from policy.verify.symbolic import Plain, Value
from policy.verify.terms import Term
from policy.vocabulary import ComparisonOperator

MOST_WAYS = 5
MOST_CHANGES = 4
DAY = 24 * 60 * 60 * 1_000_000
HONG_KONG = timedelta(hours=8)
IN_TIME = "in time"  # the goal that no change reaches back in time


@frozen
class Change:
    """One fact before and after, as authors write them; `is_time` of an instant or date."""

    path: str
    before: str
    after: str
    is_time: bool = False


@frozen
class Counterfactual:
    """Changes that together bring about the goal."""

    changes: tuple[Change, ...]

    @property
    def changes_times(self) -> bool:
        return any(c.is_time for c in self.changes)

    def __str__(self) -> str:
        return " and ".join(f"{c.path} = {c.after} instead of {c.before}" for c in self.changes)

    def as_json(self) -> dict[str, object]:
        return {"changes": [{"fact": c.path, "before": c.before, "after": c.after} for c in self.changes]}


@frozen
class Counterfactuals:
    """The counterfactuals found. `is_complete` where no other has as few changes as were tried; `changeable` are the
    facts that may be changed at all, and `not_before` is the moment before which no instant is changed."""

    ways: tuple[Counterfactual, ...]
    is_complete: bool
    changeable: tuple[str, ...]
    not_before: str

    def as_json(self) -> dict[str, object]:
        return {
            "ways": [w.as_json() for w in self.ways],
            "complete": self.is_complete,
            "changeable": list(self.changeable),
            "not_before": self.not_before,
        }


OPERATORS: dict[str, ComparisonOperator] = {"=": "is", ">=": ">=", "<=": "<=", ">": ">", "<": "<"}


def goal_of(function: Function, how: str, value: Fact = None) -> Expr:
    """The goal that the answer is `permitted` or `denied`, or compares with a value by one of `OPERATORS`."""
    call = ir.Call(function.id, tuple(ir.Variable(n) for n, _ in function.parameters))
    if how in ("permitted", "denied"):
        return call if how == "permitted" else ir.Not(call)
    return ir.Compare(OPERATORS[how], call, ir.Const(value))


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
    if "0" in a.wrong:  # a goal without an encoding is not solved
        return Counterfactuals((), False, tuple(p.changeable), show(moment, types.INSTANT))
    p.encode_changes(a)
    in_time = p.in_time(a)
    always = [] if in_time is a.script.terms.true else [IN_TIME]
    a.solver.add_goal(IN_TIME, in_time)
    found: list[Counterfactual] = []

    def result(is_complete: bool) -> Counterfactuals:
        return Counterfactuals(tuple(found), is_complete, tuple(p.changeable), show(moment, types.INSTANT))

    for most in range(1, min(MOST_CHANGES, len(p.changed)) + 1):
        a.solver.add_goal(f"most {most}", _at_most(a, list(p.changed.values()), most))
        others: list[str] = [*always, f"most {most}", *(f"not {n}" for n in range(len(found)))]
        while True:
            case = solve(a, "0", query, minimal=False, also=tuple(others))
            if case is None:
                return result(False)
            if not case.found:
                break
            way, paths = _minimal(a, query, p, case, others)
            t = a.script.terms
            a.solver.add_goal(f"not {len(found)}", t.no(t.all(*(p.changed[path] for path in paths))))
            others.append(f"not {len(found)}")
            found.append(way)
            if len(found) == most_ways:
                return result(False)
    return result(True)


def moment_of(program: Program, function: Function, given: Given) -> int:
    """The moment of the decision: the latest instant of the facts that is not after the day asked about, and no
    earlier than that day begins in Hong Kong. Nothing before it can be changed any more."""
    assert program.on is not None
    midnight = datetime.min.replace(tzinfo=UTC) + timedelta(days=program.on - 1)
    start = microseconds(midnight) - HONG_KONG // timedelta(microseconds=1)
    facts = zip(given, function.parameters, strict=True)
    instants = [i for value, (_, of) in facts for i in _instants(value, of, program)]
    return max([start, *(i for i in instants if i < start + DAY)])


def _instants(value: Fact, of: Type, program: Program) -> Iterator[int]:
    """Every instant in a fact."""
    if value is MISSING or value is None:
        return
    match of:
        case types.OptionalOf(item):
            yield from _instants(value, item, program)
        case types.Instant():
            yield value
        case types.Record(name):
            for f in program.records[name]:
                yield from _instants(member(value, f.name), f.type, program)
        case types.ListOf(item) | types.SetOf(item):
            for element in value:
                yield from _instants(element, item, program)
        case types.Boolean() | types.Text() | types.Enum() | types.Number() | types.Date() | types.Broken():
            return
        case _:
            assert_never(of)


# ── facts that may be changed ─────────────────────────────────────────────────────────────────


@frozen(eq=False)
class Perturbation:
    """Given facts of which some may be changed, with a term for each that it is. Decided on a day, at a moment."""

    given: dict[str, Fact]
    day: int
    moment: int
    changeable: dict[str, tuple[Type, Fact]] = field(factory=dict)  # by path: its type, and the given fact
    changed: dict[str, Term] = field(factory=dict)

    def facts(self, blank: Facts) -> Facts:
        """Facts as given, except for the changeable ones."""
        return PerturbedFacts(blank.program, blank.terms, blank.texts, blank.longest, blank.lists, perturbation=self)

    def encode_changes(self, a: Encoding) -> None:
        """Encodes that a fact is changed, for each that the goal depends on."""
        names = {str(n.value) for n in a.script.names("0")}
        t = a.script.terms
        for path, (of, value) in self.changeable.items():
            if path in names or f"{path}?" in names:
                self.changed[path] = t.no(a.facts.is_given(value, of, path))

    def earliest(self, of: Type) -> int | None:
        """The earliest value that a date or instant can be changed to; None for other types."""
        inner = of.of if isinstance(of, types.OptionalOf) else of
        if isinstance(inner, types.Instant):
            return self.moment
        return self.day if isinstance(inner, types.Date) else None

    def in_time(self, a: Encoding) -> Term:
        """That a changed time is not before the decision, and that what has happened does not become absent."""
        t = a.script.terms
        conditions = []
        for path, is_changed in self.changed.items():
            of, before = self.changeable[path]
            earliest = self.earliest(of)
            if earliest is None:
                continue
            now = a.facts.any(of, path)
            assert isinstance(now, Plain)
            has_happened = before is not None and before <= earliest
            absent = t.false if has_happened else now.absent
            later = t.all(t.no(now.absent), t.at_most(t.number(earliest), now.term))
            conditions.append(t.any(t.no(is_changed), absent, later))
        return t.all(*conditions)


@frozen(eq=False)
class PerturbedFacts(Facts):
    """Facts of which all but the changeable ones are given."""

    perturbation: Perturbation = field(kw_only=True)

    def any(self, of: Type, path: str, least: int | None = None, most: int | None = None) -> Value:
        if path in self.perturbation.given:
            return self.given(self.perturbation.given[path], of, path)
        return super().any(of, path, least, most)

    def given_field(self, value: Fact, f: FieldDeclaration, path: str) -> Value:
        inner = f.type.of if isinstance(f.type, types.OptionalOf) else f.type
        is_single = not isinstance(inner, types.Record | types.ListOf | types.SetOf)
        if f.is_changeable and value is not MISSING and is_single:
            self.perturbation.changeable[path] = f.type, value
            return super().any(f.type, path, f.least, f.most)
        return super().given_field(value, f, path)

    def read(self, model: Model, of: Type, path: str, least: int | None = None, most: int | None = None) -> Fact:
        if path in self.perturbation.given:
            return self._changed(model, self.perturbation.given[path], of, path)
        return super().read(model, of, path, least, most)

    def _changed(self, model: Model, value: Fact, of: Type, path: str) -> Fact:
        """The given fact with its changes in a model, records as dicts."""
        inner = of.of if isinstance(of, types.OptionalOf) else of
        if path in self.perturbation.changeable and (path in model or f"{path}?" in model):
            known = {path: self.texts.number(value) if isinstance(value, str) else value}
            return super().read({**known, **model} if value is not None else model, of, path)
        if value is None or value is MISSING:
            return value
        if isinstance(inner, types.Record):
            fields = self.program.records[inner.name]
            return {f.name: self._changed(model, member(value, f.name), f.type, f"{path}.{f.name}") for f in fields}
        if isinstance(inner, types.ListOf):
            return [self._changed(model, v, inner.of, f"{path}[{n}]") for n, v in enumerate(value)]
        return value


# ── few changes, and small ones ─────────────────────────────────────────────────────────────


def _at_most(a: Encoding, changed: list[Term], most: int) -> Term:
    t = a.script.terms
    count = t.plus(*(t.choose(c, t.number(1), t.number(0)) for c in changed))
    return t.at_most(count, t.number(most))


def _minimal(
    a: Encoding, query: Query, p: Perturbation, case: Solution, others: list[str]
) -> tuple[Counterfactual, list[str]]:
    """The solution with no fact changed needlessly, and each number changed no further than needed."""
    paths = [path for path, (_, before) in p.changeable.items() if path in p.changed and _at(case, path) != before]
    t = a.script.terms
    unchanged = t.all(*(t.no(c) for path, c in p.changed.items() if path not in paths))
    fixed = [*others, _goal(a, unchanged)]
    for path in paths:
        of, before = p.changeable[path]
        inner = of.of if isinstance(of, types.OptionalOf) else of
        start = p.earliest(of) if before is None else before
        is_number = isinstance(inner, Number | types.Date | types.Instant)
        if is_number and start is not None and _at(case, path) is not None:
            case, reached = _nearest(a, query, path, int(start), case, fixed)
            fixed.append(reached)
        else:
            fixed.append(_goal(a, a.facts.is_given(_at(case, path), of, path)))
    changes = tuple(_change(a, p, case, path) for path in paths)
    return Counterfactual(changes), paths


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


def _change(a: Encoding, p: Perturbation, case: Solution, path: str) -> Change:
    of, before = p.changeable[path]
    is_time = p.earliest(of) is not None
    return Change(path, in_rules(before, of, a.program), in_rules(_at(case, path), of, a.program), is_time)


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
