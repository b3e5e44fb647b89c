"""The smallest changes of facts that would turn an answer: only of facts that the author marked as `changeable`.

In: a question on one date, its facts, and the answer that is wanted. Out: ways to get it, fewest changes first, each
change as small as it can be, each way confirmed by the interpreter. Facts that are missing stay missing.

No way reaches back in time. The decision is made at the latest instant that the facts tell of, if it lies on the day
asked about or before, and else at the beginning of that day in Hong Kong: see `moment_of`. An instant or date that is
changed lies then or later, and what has happened by then does not become absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import field, frozen

from policy.decisions import MISSING
from policy.ir import program as ir
from policy.ir.held import attribute
from policy.ir.program import Expr, FieldOf, Function, Program
from policy.model import types
from policy.model.types import Number, Type
from policy.model.values import microseconds, show
from policy.verify.claims import Batch, Claim, Sought
from policy.verify.decide import Asked, Limits, Searched, asked, searched
from policy.verify.facts import Facts, Model
from policy.verify.symbolic import Group, Many, Plain, Value
from policy.verify.terms import Term
from policy.verify.written import in_rules

MOST_WAYS = 5
MOST_CHANGES = 4
DAY = 24 * 60 * 60 * 1_000_000
HONG_KONG = timedelta(hours=8)
IN_TIME = "in time"  # the goal that nothing reaches back


@frozen
class Change:
    """One fact, as it is and as it would have to be, as an author writes them; `is_time` of an instant or date."""

    path: str
    before: str
    after: str
    is_time: bool = False


@frozen
class WayOut:
    """Changes that together bring about the answer that is wanted, and that answer."""

    changes: tuple[Change, ...]

    @property
    def changes_times(self) -> bool:
        return any(c.is_time for c in self.changes)

    def __str__(self) -> str:
        return " and ".join(f"{c.path} = {c.after} instead of {c.before}" for c in self.changes)

    def as_json(self) -> dict[str, Any]:
        return {"changes": [{"fact": c.path, "before": c.before, "after": c.after} for c in self.changes]}


@frozen
class WaysOut:
    """All ways found. `is_complete` where there is no other with as few changes as were tried; `changeable` are the
    facts that could be changed at all, and `not_before` is the moment before which no instant is changed."""

    ways: tuple[WayOut, ...]
    is_complete: bool
    changeable: tuple[str, ...]
    not_before: str

    def as_json(self) -> dict[str, Any]:
        return {
            "ways": [w.as_json() for w in self.ways],
            "complete": self.is_complete,
            "changeable": list(self.changeable),
            "not_before": self.not_before,
        }


def wanted(function: Function, how: str, value: Any = None) -> Expr:
    """That the answer is as wanted. `how`: permitted, denied, or =, >=, <=, >, < with a value."""
    call = ir.Call(function.id, tuple(ir.Variable(n) for n, _ in function.parameters))
    match how:
        case "permitted":
            return call
        case "denied":
            return ir.Not(call)
        case "=":
            return ir.Compare("is", call, ir.Const(value))
        case ">=" | "<=" | ">" | "<":
            return ir.Compare(how, call, ir.Const(value))
    raise AssertionError(how)


def ways_out(
    program: Program,
    function: Function,
    given: tuple[Any, ...],
    goal: Expr,
    limits: Limits,
    most_ways: int = MOST_WAYS,
) -> WaysOut:
    """The ways to bring about the goal, in a program of one date; `given` are facts in run-time form."""
    assert program.on is not None
    plain = tuple(_plain(g, of, program) for g, (_, of) in zip(given, function.parameters, strict=True))
    sought = Sought("true", goal)
    claims = (Claim("how", function.id, "", "", sought),)
    moment = moment_of(program, function, plain)
    around = Around(dict(zip((n for n, _ in function.parameters), plain, strict=True)), program.on, moment)
    a = asked(program, Batch(function.parameters, claims), limits, program.on, around.facts)
    if "0" in a.wrong:  # what the solver has no terms for is not searched
        return WaysOut((), False, tuple(around.kinds), show(moment, types.INSTANT))
    around.name_all(a)
    in_time = around.in_time(a)
    always = [] if in_time is a.script.terms.true else [IN_TIME]
    a.solver.also(IN_TIME, in_time)
    found: list[WayOut] = []

    def all_found(is_complete: bool) -> WaysOut:
        return WaysOut(tuple(found), is_complete, tuple(around.kinds), show(moment, types.INSTANT))

    for most in range(1, min(MOST_CHANGES, len(around.changed)) + 1):
        a.solver.also(f"most {most}", _at_most(a, list(around.changed.values()), most))
        barred: list[str] = [*always, f"most {most}", *(f"not {n}" for n in range(len(found)))]
        while True:
            case = searched(a, "0", sought, wants_plain=False, also=tuple(barred))
            if case is None:
                return all_found(False)
            if not case.found:
                break
            way, paths = _smallest(a, sought, around, case, barred)
            a.solver.also(f"not {len(found)}", a.script.terms.no(_all_changed(a, around, paths)))
            barred.append(f"not {len(found)}")
            found.append(way)
            if len(found) == most_ways:
                return all_found(False)
    return all_found(True)


def moment_of(program: Program, function: Function, given: tuple[Any, ...]) -> int:
    """The moment of the decision: the latest instant of the facts that is not after the day asked about, and no
    earlier than that day begins in Hong Kong. What lies before can no longer be made otherwise."""
    assert program.on is not None
    midnight = datetime.min.replace(tzinfo=UTC) + timedelta(days=program.on - 1)
    start = microseconds(midnight) - HONG_KONG // timedelta(microseconds=1)
    told = [
        i for value, (_, of) in zip(given, function.parameters, strict=True) for i in _instants(value, of, program)
    ]
    return max([start, *(i for i in told if i < start + DAY)])


def _instants(value: Any, of: Type, program: Program) -> Iterator[int]:
    """Every instant that a fact tells of."""
    match of:
        case _ if value is MISSING or value is None:
            return
        case types.OptionalOf(item):
            yield from _instants(value, item, program)
        case types.Instant():
            yield value
        case types.Record(name):
            for f in program.records[name]:
                yield from _instants(value[f.name], f.type, program)
        case types.ListOf(item) | types.SetOf(item):
            for element in value:
                yield from _instants(element, item, program)


def _plain(value: Any, of: Type, program: Program) -> Any:
    """A fact with its records as dicts."""
    inner = of.of if isinstance(of, types.OptionalOf) else of
    if value is MISSING or value is None:
        return value
    if isinstance(inner, types.Record):
        fields = program.records[inner.name]
        return {f.name: _plain(getattr(value, attribute(f.name)), f.type, program) for f in fields}
    if isinstance(inner, types.ListOf):
        return [_plain(v, inner.of, program) for v in value]
    return value


# ── facts that may be other than they are ───────────────────────────────────────────────────


@frozen(eq=False)
class Around:
    """The given facts, of which some may be changed: for each of these, that it is. Decided on a day, at a moment."""

    given: dict[str, Any]
    day: int
    moment: int
    kinds: dict[str, tuple[Type, Any]] = field(factory=dict)  # by path: type, and the fact as it is
    changed: dict[str, Term] = field(factory=dict)

    def facts(self, blank: Facts) -> Facts:
        """Facts that are as given, but for those that may change."""
        return FactsAround(blank.program, blank.terms, blank.texts, blank.longest, blank.lists, around=self)

    def name_all(self, a: Asked) -> None:
        """Makes every name, so that changes can be counted; only those that the goal rests on count."""
        names = {str(n.value) for n in a.script.names("0")}
        t = a.script.terms
        for path, (of, value) in self.kinds.items():
            if path in names or f"{path}?" in names:
                is_same = a.facts.is_given(value, of, path)
                self.changed[path] = t.no(is_same)

    def earliest(self, of: Type) -> int | None:
        """The earliest that a fact of a type can be changed to, where it is about time."""
        match of.of if isinstance(of, types.OptionalOf) else of:
            case types.Instant():
                return self.moment
            case types.Date():
                return self.day
        return None

    def in_time(self, a: Asked) -> Term:
        """That nothing reaches back: what is changed lies at the decision or later, and what has happened stays."""
        t = a.script.terms
        held = []
        for path, is_changed in self.changed.items():
            of, before = self.kinds[path]
            earliest = self.earliest(of)
            if earliest is None:
                continue
            now = a.facts.any(of, path)
            assert isinstance(now, Plain)
            has_happened = before is not None and before <= earliest
            absent = t.false if has_happened else now.absent
            later = t.all(t.no(now.absent), t.at_most(t.number(earliest), now.term))
            held.append(t.any(t.no(is_changed), absent, later))
        return t.all(*held)


@frozen(eq=False)
class FactsAround(Facts):
    """Facts of which all but the changeable ones are given."""

    around: Around = field(kw_only=True)

    def any(self, of: Type, path: str, least: int | None = None, most: int | None = None) -> Value:
        if path in self.around.given:
            return self._near(self.around.given[path], of, path)
        return super().any(of, path, least, most)

    def _near(self, value: Any, of: Type, path: str) -> Value:
        t = self.terms
        inner = of.of if isinstance(of, types.OptionalOf) else of
        if isinstance(inner, types.Record) and isinstance(value, dict):
            fields = {f.name: f for f in self.program.records[inner.name]}
            return Group(lambda n: self._near_field(value[n], fields[n], f"{path}.{n}"), t.false, t.false)
        if isinstance(inner, types.ListOf) and isinstance(value, list):
            return Many(
                tuple((t.true, self._near(v, inner.of, f"{path}[{n}]")) for n, v in enumerate(value)), t.false
            )
        return self.given(value, of, path)

    def _near_field(self, value: Any, f: FieldOf, path: str) -> Value:
        if f.is_changeable and value is not MISSING and _is_single(f.type):
            self.around.kinds[path] = f.type, value
            return super().any(f.type, path, f.least, f.most)
        return self._near(value, f.type, path)

    def read(self, model: Model, of: Type, path: str, least: int | None = None, most: int | None = None) -> Any:
        if path in self.around.given:
            return self._changed(model, self.around.given[path], of, path)
        return super().read(model, of, path, least, most)

    def _changed(self, model: Model, value: Any, of: Type, path: str) -> Any:
        inner = of.of if isinstance(of, types.OptionalOf) else of
        if path in self.around.kinds and (path in model or f"{path}?" in model):
            return super().read({path: self._number(value), **model} if value is not None else model, of, path)
        if isinstance(inner, types.Record) and isinstance(value, dict):
            fields = {f.name: f.type for f in self.program.records[inner.name]}
            return {n: self._changed(model, v, fields[n], f"{path}.{n}") for n, v in value.items()}
        if isinstance(inner, types.ListOf) and isinstance(value, list):
            return [self._changed(model, v, inner.of, f"{path}[{n}]") for n, v in enumerate(value)]
        return value

    def _number(self, value: Any) -> int | bool:
        return self.texts.number(value) if isinstance(value, str) else value


def _is_single(of: Type) -> bool:
    inner = of.of if isinstance(of, types.OptionalOf) else of
    return not isinstance(inner, types.Record | types.ListOf | types.SetOf)


# ── few changes, and small ones ─────────────────────────────────────────────────────────────


def _at_most(a: Asked, changed: list[Term], most: int) -> Term:
    t = a.script.terms
    count = t.plus(*(t.choose(c, t.number(1), t.number(0)) for c in changed))
    return t.at_most(count, t.number(most))


def _all_changed(a: Asked, around: Around, paths: list[str]) -> Term:
    return a.script.terms.all(*(around.changed[p] for p in paths))


def _smallest(
    a: Asked, sought: Sought, around: Around, case: Searched, barred: list[str]
) -> tuple[WayOut, list[str]]:
    """The case with no fact changed that need not be, and each number no further than needed."""
    paths = [p for p in around.changed if _is_changed(around, case, p)]
    t = a.script.terms
    others = t.all(*(t.no(c) for p, c in around.changed.items() if p not in paths))
    fixed = [*barred, _goal(a, others)]
    for path in paths:
        of, before = around.kinds[path]
        inner = of.of if isinstance(of, types.OptionalOf) else of
        start = around.earliest(of) if before is None else before
        if (
            isinstance(inner, Number | types.Date | types.Instant)
            and start is not None
            and _at(case, path) is not None
        ):
            case, reached = _nearest(a, sought, path, int(start), case, fixed)
            fixed.append(reached)
        else:
            fixed.append(_goal(a, a.facts.is_given(_at(case, path), of, path)))
    changes = tuple(_change(a, around, case, p) for p in paths)
    return WayOut(changes), paths


def _goal(a: Asked, term: Term) -> str:
    name = f"that {len(a.script.goals)}"
    a.solver.also(name, term)
    return name


def _nearest(
    a: Asked, sought: Sought, path: str, before: int, case: Searched, fixed: list[str]
) -> tuple[Searched, str]:
    """The case with the number as near to what it is as can be; and the goal that it is there."""
    t = a.script.terms
    value = a.facts.any(types.INTEGER, path)
    assert isinstance(value, Plain)
    distance = t.size(t.minus(value.term, t.number(before)))
    now = _at(case, path)
    low, high = 0, abs(int(now) - before) if isinstance(now, int) else 0
    while low < high:
        middle = (low + high) // 2
        name = _goal(a, t.at_most(distance, t.number(middle)))
        nearer = searched(a, "0", sought, wants_plain=False, also=(*fixed, name))
        if nearer is None or not nearer.found:
            low = middle + 1
            if nearer is None:
                break
        else:
            case, high = nearer, abs(int(_at(nearer, path)) - before)
    return case, _goal(a, t.at_most(distance, t.number(high)))


def _is_changed(around: Around, case: Searched, path: str) -> bool:
    return bool(_at(case, path) != around.kinds[path][1])


def _change(a: Asked, around: Around, case: Searched, path: str) -> Change:
    of, before = around.kinds[path]
    is_time = around.earliest(of) is not None
    return Change(path, in_rules(before, of, a.program), in_rules(_at(case, path), of, a.program), is_time)


def _at(case: Searched, path: str) -> Any:
    """The fact at a path of a case."""
    names, value = list(_steps(path)), dict(case.named)
    result: Any = value
    for step in names:
        result = result[step]
    return result


def _steps(path: str) -> Iterator[str | int]:
    for part in path.split("."):
        name, *indices = part.replace("]", "").split("[")
        yield name
        yield from map(int, indices)
