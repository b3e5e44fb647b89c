"""What rules mean, read off the typed model: an oracle that knows nothing of `policy.ir`.

Numbers are fractions in their own unit: there are no scales to align, and nothing is rounded but by `round`. Tables
are rows, priorities are lines, dates are looked up. An unknown is a value; its needs are not kept. Overflow is not
judged, for it goes by the scales of a program: nor is any answer on the way to which a number is as large as `LARGE`,
as an overflow in a branch that may not be taken is no fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from functools import partial
from operator import eq, neg, not_
from statistics import median
from typing import Any, TypeVar, assert_never

from attrs import evolve

from oracle_values import (
    BINARY,
    UNARY,
    UNKNOWN,
    FaultError,
    NotJudgedError,
    Thunk,
    attempt,
    branch,
    choose,
    decide,
    exact,
    height,
    known,
    member,
    months_later,
    on_calendar,
    rounded,
    rounded_root,
)
from policy.answers import MISSING, Answer, Outcome
from policy.model import expressions as typed, rules, types
from policy.model.regions import proven_disjoint
from policy.model.types import EXACT_FRACTION, Number

V = TypeVar("V", rules.Version, rules.SetVersion)
Env = dict[str, Any]
Way = tuple[str, ...]  # to a field of a record

TOO_LARGE = "a number is too large"
LARGE = 10**18  # with all the decimals that a program may keep, still less than a number of it may be


class Oracle:
    """The rules of a model, an overlay laid over it or not, as of one day."""

    def __init__(self, model: rules.Model, day: int) -> None:
        self.model, self.day = model, day
        self.local = {(d.id, l.name): l.body for d in model.of_kind(rules.Asking) for l in d.local}
        self.fields = {r.id: {f.name: f.type for f in r.fields} for r in model.of_kind(rules.RecordType)}

    # ── questions ───────────────────────────────────────────────────────────────────────────

    def check(self, id: str, arguments: Sequence[Any], answer: Answer) -> bool:
        """Holds an answer against the meaning of the rules, and tells whether it could be judged.

        `arguments` are facts in run-time form, records dicts.
        """
        try:
            self._check(id, arguments, answer)
        except NotJudgedError:
            return False
        return True

    def _check(self, id: str, arguments: Sequence[Any], answer: Answer) -> None:
        question = self.model.declared[id]
        assert isinstance(question, rules.Question)
        parameters = () if isinstance(question, rules.Parameter) else question.parameters
        facts = [exact(a, of) for a, (_, of) in zip(arguments, parameters, strict=True)]
        of = getattr(question, "type", None)
        if answer.verdict.fault == TOO_LARGE:
            raise NotJudgedError
        try:
            value = self.whole(id, facts, of) if isinstance(of, types.Record) else self.called(id, facts)
        except FaultError:
            value = FaultError
        if value is FaultError or answer.outcome is Outcome.FAILED:
            assert value is FaultError, f"{answer.verdict}, but {value}"
            assert answer.outcome is Outcome.FAILED, f"{answer} {answer.verdict}, but a fault"
            return
        got: Any = UNKNOWN if answer.outcome is Outcome.UNDECIDED else answer.value
        if isinstance(question, rules.Decision):
            got = {Outcome.PERMITTED: True, Outcome.DENIED: False}.get(answer.outcome, got)
            if isinstance(value, bool):
                assert [r.rule for r in answer.reasons] == self.reasons(question, value, facts), answer.verdict
        elif got is not UNKNOWN and not isinstance(question, rules.Priority | rules.Property):
            got = self.read(got, question.type)
        assert got == value, f"{answer} {answer.verdict}, but {'unknown' if value is UNKNOWN else value}"

    def read(self, answer: Any, of: types.Type) -> Any:
        """An answer as the oracle has it: a record as the list of its fields."""
        if not isinstance(of, types.Record):
            return exact(answer, of)
        return [self.read(a, t) for a, t in zip(answer, self.fields[of.name].values(), strict=True)]

    def whole(self, id: str, arguments: Sequence[Any], of: types.Record, way: Way = ()) -> Any:
        """A record that a question answers: unknown where one of its fields is, a fault where one is."""
        found = [
            self.whole(id, arguments, t, (*way, name))
            if isinstance(t, types.Record)
            else self.called(id, arguments, (*way, name))
            for name, t in self.fields[of.name].items()
        ]
        return UNKNOWN if UNKNOWN in found else found

    def called(self, id: str, arguments: Sequence[Any], way: Way = ()) -> Any:
        """An answer, or the field of it at the end of the way."""
        d = self.model.declared[id]
        match d:
            case rules.DatedSet():
                version = self.in_force(d.versions)
                return UNKNOWN if version is None else exact(version.items, d.type)
            case rules.Parameter():
                return self.tightened(d, {}, self.version(d.versions, {}, way))
            case rules.Value():
                env = self.env(d, arguments)
                return self.tightened(d, env, self.version(d.versions, env, way))
            case rules.Table():
                env = self.env(d, arguments)
                hit = "first" if d.hit == "only" and proven_disjoint(d.body) else d.hit
                return self.tightened(
                    d, env, lambda: choose(hit, self.rows(d.body, env, way), lambda: self.no_row(d), d.type)
                )
            case rules.Decision():
                return self.decision(d, self.env(d, arguments))
            case rules.Priority():
                keys = [self.key(k, self.env(d, arguments)) for k in d.keys]
                return UNKNOWN if UNKNOWN in keys else tuple(keys)
            case rules.Property() | rules.EnumOf() | rules.RecordType():
                raise NotImplementedError(id)
            case _:
                assert_never(d)

    def env(self, d: rules.Asking, arguments: Sequence[Any]) -> Env:
        return {name: a for (name, _), a in zip(d.parameters, arguments, strict=True)}

    # ── dates, tables, overlays ─────────────────────────────────────────────────────────────

    def holds_today(self, dated: rules.Dated) -> bool:
        return (dated.start or 0) <= self.day and (dated.end is None or self.day < dated.end)

    def in_force(self, versions: Sequence[V]) -> V | None:
        """The version in force; one without an end ends where the next begins."""
        begun = [v for v in sorted(versions, key=lambda v: v.start or 0) if (v.start or 0) <= self.day]
        return begun[-1] if begun and self.holds_today(begun[-1]) else None

    def version(self, versions: Sequence[rules.Version], env: Env, way: Way = ()) -> Thunk:
        version = self.in_force(versions)
        return lambda: UNKNOWN if version is None else self.field(version.body, way, env)

    def no_row(self, table: rules.Table) -> Any:
        if table.hit == "sum":
            return Fraction(0)
        raise FaultError("no row applies")

    def rows(self, body: rules.Rows, env: Env, way: Way = ()) -> list[tuple[Thunk, Thunk]]:
        def case(row: rules.Row) -> tuple[Thunk, Thunk]:
            def test() -> Any:
                cells = zip(row.cells, body.columns, strict=True)
                tests = (t for cell, column in cells for t in self.cell(cell, column, env))
                return self.holds_today(row) and decide(False, tests)

            return test, lambda: self.field(row.result, way, env)

        return [case(row) for row in body.rows]

    def cell(self, cell: rules.Cell, column: typed.Expression, env: Env) -> Iterable[Any]:
        match cell.kind:
            case "any":
                return
            case "values" | "other":
                items = [self.value(i, env) for i in cell.items]
                among = member(self.value(column, env), items) if items else False
                yield among if cell.kind == "values" else known(not_, among)
            case "in" | "not in":
                among = member(self.value(column, env), self.value(cell.items[0], env))
                yield among if cell.kind == "in" else known(not_, among)
            case "bounds":
                if isinstance(column.type, types.OptionalOf):
                    yield known(UNARY["is present"], self.value(column, env))
                by = height(types.inner_of(column.type))
                for operator, bound in cell.tests:
                    sides = (known(by, self.value(e, env)) for e in (column, bound))
                    yield known(BINARY[operator], *sides)
            case _:
                assert_never(cell.kind)

    def tightened(self, d: rules.Parameter | rules.Value | rules.Table, env: Env, law: Thunk) -> Any:
        """The stricter of the law's value and of what each overlay says."""
        stricter = partial(max if d.stricter == "higher" else min, key=height(d.type))
        for house in d.tightened:
            law = self.amended(stricter, law, house, env)
        return law()

    def amended(self, stricter: Any, law: Thunk, house: rules.Rows | tuple[rules.Version, ...], env: Env) -> Thunk:
        def both(value: Thunk) -> Any:
            return known(stricter, law(), value())

        if isinstance(house, rules.Rows):
            cases = [(test, lambda value=value: both(value)) for test, value in self.rows(house, env)]
            return lambda: choose("first", cases, law)
        version = self.in_force(house)
        return law if version is None else lambda: both(lambda: self.value(version.body, env))

    # ── decisions and priorities ────────────────────────────────────────────────────────────

    def applies(self, rule: rules.Rule, env: Env) -> Any:
        tests = (*((w, True) for w in rule.when), *((u, False) for u in rule.unless))
        if not self.holds_today(rule):
            return False
        return decide(
            False, (self.value(e, env) if wanted else known(not_, self.value(e, env)) for e, wanted in tests)
        )

    def decision(self, d: rules.Decision, env: Env) -> Any:
        def any_of(effect: str) -> Any:
            return decide(True, (self.applies(r, env) for r in d.rules if r.effect == effect))

        def undenied() -> Any:
            return branch(any_of("permit"), lambda: True, lambda: d.otherwise == "permit")

        return branch(any_of("deny"), lambda: False, undenied)

    def reasons(self, d: rules.Decision, permitted: bool, arguments: Sequence[Any]) -> list[str]:
        env, effect = self.env(d, arguments), "permit" if permitted else "deny"
        own = [r for r in d.rules if r.effect == effect]
        return [r.name for r in own if attempt(lambda r=r: self.applies(r, env)) is True] or ["otherwise"]

    def key(self, key: rules.Key, env: Env) -> Any:
        """An int that is lower for what comes first."""
        if not self.holds_today(key):
            return 0
        by = self.value(key.by, env)
        if by is UNKNOWN:
            return UNKNOWN
        of = key.by.type
        scale = of.scale if isinstance(of, Number) else 6 if isinstance(of, types.Instant) else 0
        by = by if key.kind == "ranked" else int(height(of)(by) * Fraction(10) ** scale)
        match key.kind:
            case "ranked":
                return key.ranks.index(by)
            case "lowest":
                return by
            case "highest":
                return -by
            case "best":
                assert key.side is not None
                side = self.value(key.side, env)
                return branch(known(eq, side, "buy"), lambda: -by, lambda: by)
            case _:
                assert_never(key.kind)

    # ── expressions ─────────────────────────────────────────────────────────────────────────

    def value(self, e: typed.Expression, env: Env) -> Any:
        value = self.evaluated(e, env)
        if isinstance(value, int | Fraction) and isinstance(e.type, Number) and abs(value) >= LARGE:
            raise NotJudgedError
        return value

    def field(self, e: typed.Expression, way: Way, env: Env) -> Any:
        """The value, or of a record the field at the end of the way, whatever its other fields are."""
        if not way:
            return self.value(e, env)
        match e:
            case typed.RecordOf(names, items):
                return self.field(items[names.index(way[0])], way[1:], env)
            case typed.Conditional(condition, then, otherwise):
                test = self.value(condition, env)
                return branch(test, lambda: self.field(then, way, env), lambda: self.field(otherwise, way, env))
            case typed.FieldAccess(of, name) if typed.is_made(of):
                return self.field(of, (name, *way), env)
            case typed.Named(name):
                return self.called(name, (), way)
            case typed.Apply(name, arguments):
                return self.called(name, [self.value(a, env) for a in arguments], way)
            case _:
                of, value = e.type, self.value(e, env)
                for name in way:
                    assert isinstance(of, types.Record)
                    of = self.fields[of.name][name]
                    value = UNKNOWN if value is UNKNOWN else exact(value.get(name, MISSING), of)
                return value

    def evaluated(self, e: typed.Expression, env: Env) -> Any:
        match e:
            case typed.Literal(value):
                return exact(value, e.type)
            case typed.Local(name):
                return env[name]
            case typed.Defined(name, of):
                return self.value(self.local[of, name], env)
            case typed.Today():
                return self.day
            case typed.Named(name):
                return self.called(name, ())
            case typed.FieldAccess(of, name) if typed.is_made(of):
                return self.field(of, (name,), env)
            case typed.FieldAccess(of, name):
                record = self.value(of, env)
                assert isinstance(of.type, types.Record)
                return (
                    UNKNOWN
                    if record is UNKNOWN
                    else exact(record.get(name, MISSING), self.fields[of.type.name][name])
                )
            case typed.Apply(name, arguments):
                return self.called(name, [self.value(a, env) for a in arguments])
            case typed.Unary(operator, operand):
                return known(UNARY[operator], self.value(operand, env))
            case typed.Binary("default", left, right):
                x = self.value(left, env)
                return self.value(right, env) if x is None else x
            case typed.Binary(_, left, right):
                return self.binary(e, self.value(left, env), self.value(right, env))
            case typed.OnCalendar():
                return self.on_calendar(e, env)
            case typed.MonthsLater(day, months):
                return known(months_later, self.value(day, env), months)
            case typed.Chain("and" | "or" as operator, operands):
                return decide(operator == "or", (self.value(o, env) for o in operands))
            case typed.Chain(operator, operands):
                extreme = partial(min if operator == "min" else max, key=height(e.type))
                return known(lambda *values: extreme(values), *(self.value(o, env) for o in operands))
            case typed.Conditional(condition, then, otherwise):
                test = self.value(condition, env)
                return branch(test, lambda: self.value(then, env), lambda: self.value(otherwise, env))
            case typed.Round(mode, step, operand):
                assert isinstance(e.type, Number)
                is_root = isinstance(operand, typed.Unary) and operand.operator == "square root"
                divisors: list[Any] = []
                x = self.fraction(operand.operand if is_root else operand, env, divisors)
                if UNKNOWN not in divisors and 0 in divisors:
                    raise FaultError("division by zero")
                unit = step / Fraction(10) ** e.type.scale
                if is_root:
                    return known(lambda x: rounded_root(mode, x / unit**2) * unit, x)
                return known(lambda x: rounded(mode, x / unit) * unit, x)
            case typed.Clamp(operand, low, high):
                parts = [self.value(part, env) for part in (operand, low, high)]
                by = height(e.type)
                return known(lambda x, least, most: min(max(x, least, key=by), most, key=by), *parts)
            case typed.Aggregate():
                return self.aggregate(e, env)
            case typed.SetOf(items) | typed.ListOf(items):
                return tuple(self.value(i, env) for i in items)
            case typed.RecordOf() | typed.Failed():
                raise AssertionError(e.span)
            case _:
                assert_never(e)

    def on_calendar(self, e: typed.OnCalendar, env: Env) -> Any:
        calendar = self.model.declared[e.name]
        assert isinstance(calendar, rules.Calendar)
        works = {
            d: (d - 1) % 7 + 1 not in calendar.rest and d not in dict(v.holidays)
            for v in calendar.versions
            for d in range(v.start or 0, v.end or 0)
        }
        day = self.value(e.operands[-1], env)
        return on_calendar(works, e.operator, [*(self.value(o, env) for o in e.operands[:-1]), day])

    def binary(self, e: typed.Binary, a: Any, b: Any) -> Any:
        if e.operator in ("in", "not in"):
            return member(a, b) if e.operator == "in" else known(not_, member(a, b))
        if e.operator in ("modulo", "is a multiple of") and b == 0:
            raise FaultError("division by zero")  # whatever is divided, known or not
        if e.operator in ("<", "<=", ">", ">=") and isinstance(e.left.type, types.Enum):
            a, b = (known(height(e.left.type), x) for x in (a, b))
        if e.operator in ("whole years from", "whole months from"):
            return known(BINARY[e.operator], a, b)
        if isinstance(e.left.type, types.Date) and isinstance(e.right.type, Number) and b is not UNKNOWN:
            if e.right.type.unit == "period":
                return known(lambda day: months_later(day, int(b) if e.operator == "+" else -int(b)), a)
            if e.right.type.unit == "duration":
                b, rest = divmod(b, 86_400)
                if rest:
                    raise FaultError("a part of a day")  # whatever it is added to, known or not
        result = known(BINARY[e.operator], a, b)
        if result is UNKNOWN or not isinstance(e.left.type, types.Date) or isinstance(result, bool):
            return result
        if isinstance(e.right.type, types.Date):
            return Fraction(result * 86_400)
        if abs(result) > date.max.toordinal():
            raise FaultError("out of the calendar")
        return int(result)

    def fraction(self, e: typed.Expression, env: Env, divisors: list[Any]) -> Any:
        """An exact fraction inside `round`, and what it is divided by on the way."""
        assert isinstance(e.type, Number)
        if e.type.scale != EXACT_FRACTION:
            return self.value(e, env)
        if isinstance(e, typed.Aggregate):
            total, count = (self.aggregate(evolve(e, kind=kind), env) for kind in ("sum", "count"))
            divisors.append(count)
            return known(lambda x, y: x / (y or 1), total, count)
        if isinstance(e, typed.Unary):
            return known(neg, self.fraction(e.operand, env, divisors))
        assert isinstance(e, typed.Binary)
        a, b = self.fraction(e.left, env, divisors), self.fraction(e.right, env, divisors)
        if e.operator != "/":
            return self.binary(e, a, b)
        divisors.append(b)
        return known(lambda x, y: x / (y or 1), a, b)

    def aggregate(self, e: typed.Aggregate, env: Env) -> Any:
        over = self.value(e.over, env)
        if over is UNKNOWN:
            return UNKNOWN
        scopes = [{**env, e.variable: element} for element in over]

        def counts(scope: Env) -> Any:
            return True if e.where is None else self.value(e.where, scope)

        if e.kind in ("any", "all"):
            idle = e.kind == "all"  # what an element says that `where` leaves out
            return decide(
                not idle, (branch(counts(s), lambda s=s: self.value(e.body, s), lambda: idle) for s in scopes)
            )
        tests = [counts(s) for s in scopes]
        kept = [s for s, test in zip(scopes, tests, strict=True) if test is True]
        if e.kind in ("first", "only"):
            return self.found(e, scopes, tests)
        if e.kind == "list" and (e.order or e.most):
            return UNKNOWN if UNKNOWN in tests else self.in_order(e, kept)
        if e.kind == "list":
            values = [self.value(e.body, s) for s in kept]
            return UNKNOWN if UNKNOWN in tests else tuple(values)
        values = [1 if e.kind == "count" else self.value(e.body, s) for s in kept]
        parts = [p for v in values for p in (v if isinstance(v, tuple) else (v,))]
        if UNKNOWN in tests or UNKNOWN in parts:
            return UNKNOWN
        return self.combined(e, values)

    def found(self, e: typed.Aggregate, scopes: list[Env], tests: list[Any]) -> Any:
        """The body for the only element, or for the first by each key in turn, then by its place in the list.

        A key is reached for every element that none before it is known to leave out, though one may be unknown.
        """
        for key in e.order:
            by = [None if test is False else self.value(key.by, s) for s, test in zip(scopes, tests, strict=True)]
            sure = [x for x, test in zip(by, tests, strict=True) if test is not False]
            is_known = UNKNOWN not in tests and UNKNOWN not in sure
            best: Any = UNKNOWN
            if is_known:
                extreme = min if key.direction == "lowest" else max
                best = extreme(sure, default=None, key=height(key.by.type))
            same = [x == best if is_known else UNKNOWN for x in by]
            tests = [False if test is False else s for test, s in zip(tests, same, strict=True)]
        if UNKNOWN in tests:
            return UNKNOWN
        kept = [s for s, test in zip(scopes, tests, strict=True) if test]
        if e.kind == "only" and len(kept) != 1:
            raise FaultError("none, or several")
        return self.value(e.body, kept[0]) if kept else None

    def in_order(self, e: typed.Aggregate, scopes: list[Env]) -> Any:
        """The body for the elements in order, or for so many of the first; equal ones as they stand in the list.

        A key is reached for every element that those before it do not leave out, once all of them are known.
        """
        keys: list[list[Any]] = [[] for _ in scopes]
        for key in e.order:
            among = [k for k in keys if not e.most or sum(other < k for other in keys) < e.most]
            scopes, keys = [s for s, k in zip(scopes, keys, strict=True) if k in among], among
            by = [self.value(key.by, s) for s in scopes]
            if UNKNOWN in by and e.most:
                return UNKNOWN
            sign = -1 if key.direction == "highest" else 1
            keys = [[*k, b if b is UNKNOWN else sign * height(key.by.type)(b)] for k, b in zip(keys, by, strict=True)]
        if any(UNKNOWN in k for k in keys):
            return UNKNOWN
        places = sorted(range(len(keys)), key=keys.__getitem__)
        return tuple(self.value(e.body, scopes[n]) for n in places[: e.most or None])

    def combined(self, e: typed.Aggregate, values: list[Any]) -> Any:
        return {
            "largest": lambda: sum(sorted(values)[-e.most :], Fraction(0)),
            "smallest": lambda: sum(sorted(values)[: e.most], Fraction(0)),
            "median": lambda: median(values) if values else None,
            "sum": lambda: sum(values, Fraction(0)),
            "count": lambda: Fraction(len(values)),
            "count distinct": lambda: Fraction(len(set(values))),
            "min": lambda: min(values, default=None, key=height(e.body.type)),
            "max": lambda: max(values, default=None, key=height(e.body.type)),
        }[e.kind]()
