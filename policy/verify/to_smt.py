"""Expressions of a program to terms, over all facts at once: a symbolic reference interpreter.

In: a program, and what its variables may be (`facts`). Out: `Evaluated`s of terms: the value, where it is unknown,
and where evaluating is a fault. The three rules at the head of `policy.ir.interpret` hold here word for word. What
has no encoding raises `CannotEncodeError`, which names it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import assert_never

from attrs import field, frozen

from policy.ir import program as ir
from policy.ir.program import Case, Expr, Program
from policy.verify import arithmetic
from policy.verify.aggregates import aggregated, each_once, in_order
from policy.verify.choices import Deciding, First, chosen, doubtful
from policy.verify.symbolic import (
    CannotEncodeError,
    Evaluated,
    Group,
    Many,
    Nothing,
    Plain,
    Texts,
    Value,
    equal,
    merged,
    number,
    truth,
    whole,
    with_unknown,
)
from policy.verify.terms import BOOL, Term, Terms
from policy.vocabulary import (
    ArithmeticOperator,
    EqualityOperator,
    OrderOperator,
    PartOfDate,
    RoundingMode,
    RuntimeValue,
)

Env = dict[str, Value]


@frozen(eq=False)
class Encoder:
    """Encodes expressions of one program; `today` is a day, or all of them.

    Unless `has_limits`, no number and no date is beyond its limits: `within` says so of all that were met.
    """

    program: Program
    terms: Terms
    texts: Texts
    today: Term
    has_limits: bool = True
    memo: dict[object, Evaluated] = field(factory=dict)
    within: list[Term] = field(factory=list)
    deciding: dict[int, Deciding] = field(factory=dict)
    firsts: dict[int, First] = field(factory=dict)
    places: dict[object, int] = field(factory=dict)
    kept: list[object] = field(factory=list)  # keeps alive what the memo knows by identity

    # ── values ───────────────────────────────────────────────────────────────────────

    def plain(self, term: Term, unknown: Term | None = None) -> Plain:
        return Plain(term, self.terms.false, self.terms.false if unknown is None else unknown)

    def known(self, value: Value) -> Evaluated:
        return Evaluated(value, self.terms.false)

    def constant(self, value: RuntimeValue) -> Value:
        """A constant of a program, or a fact that is given."""
        t = self.terms
        match value:
            case None:
                return Plain(t.number(0), t.true, t.false)
            case bool():
                return self.plain(t.truth(value))
            case int():
                return self.plain(t.number(value))
            case str():
                return self.plain(t.number(self.texts.number(value)))
            case frozenset():
                items = sorted(value, key=lambda v: (str(type(v)), v))
                return Many(tuple((t.true, self.constant(v)) for v in items), t.false, True)
        raise CannotEncodeError(f"a constant `{value!r}`")

    # ── expressions ─────────────────────────────────────────────────────────────────────────

    def found(self, e: Expr, env: Env) -> Evaluated:
        """The encoding of `e`, once for the same expression in the same environment."""
        if isinstance(e, ir.Const | ir.Variable | ir.Today):
            return self._found(e, env)
        key = id(e), id(env)
        if key not in self.memo:
            self.memo[key] = self._found(e, env)
            self.kept.extend((e, env))
        return self.memo[key]

    def _found(self, e: Expr, env: Env) -> Evaluated:
        t = self.terms
        match e:
            case ir.Const(value):
                return self.known(self.constant(value))
            case ir.Missing():
                return self.known(Nothing(t.true))
            case ir.Fault():
                return Evaluated(Nothing(t.false), t.true)
            case ir.Today():
                return self.known(self.plain(self.today))
            case ir.Variable(name):
                return self.known(env[name])
            case ir.FieldAccess(of, name):
                return self._field(self.found(of, env), name)
            case ir.Not(operand):
                a = self.found(operand, env)
                return Evaluated(self.plain(t.no(truth(t, a.value)), a.value.unknown), a.fault)
            case ir.And(operands):
                return self._deciding(False, operands, env)
            case ir.Or(operands):
                return self._deciding(True, operands, env)
            case ir.Compare(operator, left, right):
                a, b = self.found(left, env), self.found(right, env)
                return self._member(a, b) if operator == "in" else self._both(partial(self._holds, operator), a, b)
            case ir.Arithmetic(operator, left, right):
                return self._both(partial(self._arithmetic, operator), self.found(left, env), self.found(right, env))
            case ir.Divide(mode, numerator, denominator):
                return self._divided(mode, self.found(numerator, env), self.found(denominator, env))
            case ir.Root(operand):
                a = self.found(operand, env)
                return Evaluated(self.plain(arithmetic.root(t, number(t, a.value)), a.value.unknown), a.fault)
            case ir.Check(operand, limit):
                return self._checked(self.found(operand, env), limit)
            case ir.DatePart(part, date):
                return self._date_part(part, self.found(date, env))
            case ir.MonthsLater(date, months):
                return self._months_later(self.found(date, env), months)
            case ir.If(condition, then, otherwise):
                return self._if(self.found(condition, env), self.found(then, env), self.found(otherwise, env))
            case ir.Let(variable, bound, body):
                a = self.found(bound, env)
                b = self.found(body, self._inner(e, env, {variable: a.value}))
                return Evaluated(b.value, t.any(a.fault, b.fault))
            case ir.Items(items):
                found = [self.found(i, env) for i in items]
                return Evaluated(
                    Many(tuple((t.true, f.value) for f in found), t.false), t.any(*(f.fault for f in found))
                )
            case ir.Aggregate():
                return self._aggregate(e, env)
            case ir.Sorted():
                return self._sorted(e, env)
            case ir.Call(name, arguments):
                return self._call(name, [self.found(a, env) for a in arguments])
            case ir.Choose("first", cases, none):
                return self._first(cases, none, env)
            case ir.Choose():
                tests = [self.found(c.condition, env) for c in e.cases]
                values = [self.found(c.value, env) for c in e.cases]
                return chosen(t, e.mode, tests, values, self.found(e.none, env))
            case _:
                assert_never(e)

    def _inner(self, key: object, env: Env, more: Env) -> Env:
        self.kept.extend((key, env))
        return {**env, **more}

    # ── parts ───────────────────────────────────────────────────────────────────────────────

    def _field(self, of: Evaluated, name: str) -> Evaluated:
        if not isinstance(of.value, Group):
            return Evaluated(Nothing(of.value.unknown), of.fault)
        inner = of.value.field(name)
        unknown = self.terms.any(of.value.unknown, inner.unknown)
        return Evaluated(inner if unknown is inner.unknown else with_unknown(inner, unknown), of.fault)

    def _both(self, make: Callable[[Value, Value], Term], a: Evaluated, b: Evaluated) -> Evaluated:
        t = self.terms
        unknown = t.any(a.value.unknown, b.value.unknown)
        return Evaluated(self.plain(make(a.value, b.value), unknown), t.any(a.fault, b.fault))

    def _holds(self, operator: EqualityOperator | OrderOperator, a: Value, b: Value) -> Term:
        t = self.terms
        match operator:
            case "is":
                return equal(t, a, b)
            case "is not":
                return t.no(equal(t, a, b))
            case "<":
                return t.less(number(t, a), number(t, b))
            case "<=":
                return t.at_most(number(t, a), number(t, b))
            case ">":
                return t.less(number(t, b), number(t, a))
            case ">=":
                return t.at_most(number(t, b), number(t, a))
            case _:
                assert_never(operator)

    def _arithmetic(self, operator: ArithmeticOperator, a: Value, b: Value) -> Term:
        t = self.terms
        x, y = number(t, a), number(t, b)
        match operator:
            case "+":
                return t.plus(x, y)
            case "-":
                return t.minus(x, y)
            case "*":
                return arithmetic.product(t, x, y)
            case "min":
                return t.least(x, y)
            case "max":
                return t.greatest(x, y)
            case _:
                assert_never(operator)

    def _divided(self, mode: RoundingMode, a: Evaluated, b: Evaluated) -> Evaluated:
        t = self.terms
        by = number(t, b.value)
        by_zero = t.all(t.no(b.value.unknown), t.same(by, t.number(0)))
        quotient = arithmetic.quotient(t, mode, number(t, a.value), by)
        unknown = t.any(a.value.unknown, b.value.unknown)
        return Evaluated(self.plain(quotient, unknown), t.any(a.fault, b.fault, by_zero))

    def _checked(self, a: Evaluated, limit: int) -> Evaluated:
        t = self.terms
        if not isinstance(a.value, Plain) or a.value.term.sort == BOOL:
            return a
        x = a.value.term
        inside = t.all(t.less(t.number(-limit), x), t.less(x, t.number(limit)))
        return Evaluated(a.value, t.any(a.fault, self._beyond(t.no(inside), a.value)))

    def _beyond(self, outside: Term, value: Value) -> Term:
        """The fault that a value lies outside of its limits."""
        t = self.terms
        absent = value.absent if isinstance(value, Plain) else t.false
        beyond = t.all(t.no(value.unknown), t.no(absent), outside)
        if self.has_limits:
            return beyond
        self.within.append(t.no(beyond))
        return t.false

    def _date_part(self, part: PartOfDate, a: Evaluated) -> Evaluated:
        t = self.terms
        result, outside = arithmetic.date_part(t, part, number(t, a.value))
        unknown = a.value.unknown
        out = t.all(t.no(unknown), outside) if self.has_limits else t.false
        return Evaluated(self.plain(result, unknown), t.any(a.fault, out))

    def _months_later(self, a: Evaluated, months: int) -> Evaluated:
        t = self.terms
        day, outside = arithmetic.months_later(t, number(t, a.value), months)
        return Evaluated(self.plain(day, a.value.unknown), t.any(a.fault, self._beyond(outside, a.value)))

    def _if(self, test: Evaluated, then: Evaluated, otherwise: Evaluated) -> Evaluated:
        t = self.terms
        doubt, condition = test.value.unknown, truth(t, test.value)
        fault = t.any(test.fault, t.all(t.no(doubt), t.choose(condition, then.fault, otherwise.fault)))
        value = merged(t, condition, then.value, otherwise.value)
        if doubt is not t.false:
            value = doubtful(t, doubt, value, then, otherwise)
        return Evaluated(value, fault)

    # ── many operands ───────────────────────────────────────────────────────────────────────

    def _deciding(self, deciding: bool, operands: Sequence[Expr], env: Env) -> Evaluated:
        """`and` and `or`; operands that begin alike are encoded once up to there."""
        done = Deciding.none(self.terms)
        at: object = deciding, id(env)
        for o in operands:
            at = self._after(at, o)
            if at not in self.deciding:
                self.deciding[at] = done.then(self.terms, deciding, self.found(o, env))
            done = self.deciding[at]
        return done.found(self.terms, deciding)

    def _first(self, cases: Sequence[Case], none: Expr, env: Env) -> Evaluated:
        """The first case that holds; cases that end alike are encoded once from there."""
        done = First(self.found(none, env), self.terms.false)
        at: object = self._after(id(env), none)
        for c in reversed(cases):
            at = self._after(at, c)
            if at not in self.firsts:
                self.firsts[at] = done.after(self.terms, self.found(c.condition, env), self.found(c.value, env))
            done = self.firsts[at]
        return done.found(self.terms)

    def _after(self, at: object, next: object) -> int:
        """A number for having come from a place to something."""
        key = at, id(next)
        if key not in self.places:
            self.places[key] = len(self.places)
            self.kept.append(next)
        return self.places[key]

    # ── lists and calls ─────────────────────────────────────────────────────────────────────

    def _member(self, item: Evaluated, items: Evaluated) -> Evaluated:
        t = self.terms
        fault = t.any(item.fault, items.fault)
        doubt = t.any(item.value.unknown, items.value.unknown)
        if not isinstance(items.value, Many):
            return Evaluated(self.plain(t.false, doubt), fault)
        found, unsure = t.false, t.false
        for there, element in items.value.elements:
            found = t.any(found, t.all(there, t.no(element.unknown), equal(t, item.value, element)))
            unsure = t.any(unsure, t.all(there, element.unknown))
        return Evaluated(self.plain(found, t.any(doubt, t.all(t.no(found), unsure))), fault)

    def _call(self, name: str, arguments: list[Evaluated]) -> Evaluated:
        function = self.program.functions[name]
        key = name, *(id(a.value) if not isinstance(a.value, Plain) else a.value.term for a in arguments)
        plain = [a.value for a in arguments if isinstance(a.value, Plain)]
        if any(p.absent is not self.terms.false or p.unknown is not self.terms.false for p in plain):
            key = name, *(id(a.value) for a in arguments)
        if key not in self.memo:
            env = {n: a.value for (n, _), a in zip(function.parameters, arguments, strict=True)}
            self.memo[key] = self.found(function.body, env)
            self.kept.extend((env, arguments))
        result = self.memo[key]
        return Evaluated(result.value, self.terms.any(*(a.fault for a in arguments), result.fault))

    def _aggregate(self, e: ir.Aggregate, env: Env) -> Evaluated:
        t = self.terms
        over = self.found(e.over, env)
        if not isinstance(over.value, Many):
            return Evaluated(Nothing(over.value.unknown), over.fault)
        items = each_once(t, over.value) if over.value.is_set else over.value
        scopes = [(there, self._inner(e, env, {e.variable: x})) for there, x in items.elements]
        tests = [self.found(e.where, s) if e.where is not None else self.known(self.plain(t.true)) for _, s in scopes]
        bodies = [self.found(e.body, s) for _, s in scopes]
        if e.kind == "count distinct":
            bodies = [whole(t, b) for b in bodies]
        elements = list(zip((there for there, _ in scopes), tests, bodies, strict=True))
        result = aggregated(t, e, elements, over.value.has_gaps)
        open_list = over.value.unknown
        fault = t.any(over.fault, t.all(t.no(open_list), result.fault))
        return Evaluated(with_unknown(result.value, t.any(open_list, result.value.unknown)), fault)

    def _sorted(self, e: ir.Sorted, env: Env) -> Evaluated:
        t = self.terms
        over = self.found(e.over, env)
        if not isinstance(over.value, Many):
            return Evaluated(Nothing(over.value.unknown), over.fault)
        scopes = [self._inner(e, env, {e.variable: x}) for _, x in over.value.elements]
        keys = [[self.found(key, s) for key in e.by] for s in scopes]
        result = in_order(t, over.value, keys, e.most)
        return Evaluated(result.value, t.any(over.fault, t.all(t.no(over.value.unknown), result.fault)))
