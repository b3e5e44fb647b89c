"""Expressions of a program of one date as columns.

In: a program, the features of a table's columns, and whether needs are wanted. Out: for each expression a value:
null exactly where the interpreter finds it unknown, and a fault wherever that finds, or may find, a fault. A row
with a fault goes to the interpreter, so what is computed for it does not matter. Absent: dates (a program is of
one) and running anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import define, evolve, field

from policy.backends.columns.choose import Tables
from policy.backends.columns.graph import BOOLEAN, INT64, ROWS, TEXT, Graph, Node, Scope
from policy.backends.columns.lists import Lists
from policy.backends.columns.logic import Env
from policy.backends.columns.numbers import Numbers, Sum
from policy.backends.columns.values import (
    NOTHING,
    NUMBER,
    TRUTH,
    WORDS,
    AwkwardError,
    Codes,
    Features,
    ListAt,
    RecordAt,
    Scalar,
    Value,
    Written,
    code_type,
)
from policy.ir import operators
from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program
from policy.model import types
from policy.model.types import Type

OPAQUE = 62  # the bit of needs that only the interpreter can name, as `items[3].price`


@define(eq=False)
class Compiler(Tables, Lists):
    """Compiles what one question leads to; everything is made once."""

    program: Program
    features: Features
    wants_needs: bool = False
    graph: Graph = field(factory=Graph)
    needs: list[str] = field(factory=list)
    calls: dict[Any, Value] = field(factory=dict)
    scopes: dict[Any, Scope] = field(factory=dict)

    # ── facts ───────────────────────────────────────────────────────────────────────────────

    def parameters(self, function: Function) -> Env:
        return {name: self.fact(of, name, ROWS) for name, of in function.parameters}

    def fact(self, of: Type, path: str, scope: Scope) -> Value:
        """Facts of a type at a path."""
        match of:
            case types.OptionalOf(types.Record(name)):
                return RecordAt(name, path, scope, self.present(path, scope))
            case types.OptionalOf(types.ListOf() | types.SetOf()):
                raise AwkwardError(f"`{path}` is an optional list")
            case types.OptionalOf(item):
                there = self.present(path, scope)
                return evolve(self.scalar(item, path, scope), present=there.value, needs=there.needs)
            case types.Record(name):
                return RecordAt(name, path, scope)
            case types.ListOf(item) | types.SetOf(item):
                if isinstance(item, types.OptionalOf):
                    raise AwkwardError(f"`{path}` is a list of optionals")
                return ListAt(item, path, scope, self.leaf(path, scope, INT64, NUMBER))
        return self.scalar(of, path, scope)

    def scalar(self, of: Type, path: str, scope: Scope) -> Scalar:
        match of:
            case types.Boolean():
                return self.leaf(path, scope, BOOLEAN, TRUTH)
            case types.Text():
                return self.leaf(path, scope, TEXT, WORDS)
            case types.Enum(_, members):
                return self.leaf(path, scope, code_type(members), Codes(members))
        return self.leaf(path, scope, INT64, NUMBER)

    def leaf(self, path: str, scope: Scope, dtype: Any, kind: Any) -> Scalar:
        feature = self.features.get(path)
        if feature is None:
            return Scalar(self.graph.null(dtype), kind, needs=self.need(path))
        members = len(kind.members) if isinstance(kind, Codes) else 0
        node = self.graph.leaf(scope, path, dtype, feature.nullable, members)
        return Scalar(node, kind, feature.low, feature.high, needs=self.needed(node, path))

    def present(self, path: str, scope: Scope) -> Scalar:
        """Whether an optional fact is there: not known for any row where its column is not in the table."""
        if path not in self.features:
            return Scalar(self.graph.null(BOOLEAN), TRUTH, needs=self.need(path))
        there = self.graph.leaf(scope, path + "?", BOOLEAN, False)
        return Scalar(there, TRUTH)

    # ── what is missing ─────────────────────────────────────────────────────────────────────

    def need(self, name: str) -> Node | None:
        """The bit of something that is missing."""
        if not self.wants_needs:
            return None
        if "[]" in name:
            return self.graph.constant(1 << OPAQUE, INT64)
        if name not in self.needs:
            if len(self.needs) == OPAQUE:
                raise AwkwardError("more than 62 facts may be missing")
            self.needs.append(name)
        return self.graph.constant(1 << self.needs.index(name), INT64)

    def needed(self, node: Node, path: str) -> Node | None:
        bit = self.need(path) if node.nullable else None
        return None if bit is None else self.graph.pick(self.graph.known(node), self.graph.constant(0, INT64), bit)

    # ── expressions ─────────────────────────────────────────────────────────────────────────

    def compiled(self, e: Expr, env: Env) -> Scalar:
        """The value of an expression that has one column."""
        value = self.evaluate(e, env)
        if isinstance(value, RecordAt) and value.present is not None:
            return self.whether_present(value)
        if not isinstance(value, Scalar):
            raise AwkwardError(f"a {type(value).__name__} where one value is wanted")
        return value

    def evaluate(self, e: Expr, env: Env) -> Value:
        match e:
            case ir.Const(value):
                return self.constant(value)
            case ir.Missing(name):
                return Scalar(self.graph.null(INT64), NOTHING, needs=self.need(name))
            case ir.Fault():
                return Scalar(self.graph.null(INT64), NOTHING, fault=self.graph.true)
            case ir.Today():
                raise AssertionError("a program is specialised to a date before it is compiled")
            case ir.Variable(name):
                return env[name]
            case ir.Field(of, name):
                return self.field_of(self.evaluate(of, env), name)
            case ir.Not(operand):
                a = self.compiled(operand, env)
                return Scalar(self.graph.negated(self.truth(a)), TRUTH, fault=a.fault, needs=a.needs)
            case ir.And(operands) | ir.Or(operands):
                return self.chain(isinstance(e, ir.Or), [self.compiled(o, env) for o in operands])
            case ir.Compare("in", left, right):
                return self.member(self.compiled(left, env), self.evaluate(right, env))
            case ir.Compare(operator, left, right):
                return self.compare(operator, self.compiled(left, env), self.compiled(right, env))
            case ir.Arithmetic(operator, left, right):
                a, b = self.compiled(left, env), self.compiled(right, env)
                numbers = Numbers(self.graph)
                return self.number(numbers, numbers.arithmetic(operator, numbers.of(a), numbers.of(b)), a, b)
            case ir.Divide(mode, numerator, denominator):
                factors = [self.compiled(f, env) for f in _factors(numerator)]
                d = self.compiled(denominator, env)
                numbers = Numbers(self.graph)
                return self.number(
                    numbers, numbers.divide(mode, [*map(numbers.of, factors)], numbers.of(d)), *factors, d
                )
            case ir.Check(operand, limit):
                a = self.compiled(operand, env)
                if a.kind != NUMBER:
                    return a
                numbers = Numbers(self.graph)
                return evolve(self.number(numbers, numbers.check(numbers.of(a), limit), a), present=a.present)
            case ir.MonthsLater(date, months):
                return self.months_later(self.compiled(date, env), months)
            case ir.If(condition, then, otherwise):
                test = self.compiled(condition, env)
                for settled, branch in ((self.graph.true, then), (self.graph.false, otherwise)):
                    if test.value is settled and test.fault is None:
                        return self.evaluate(branch, env)
                return self.choice(test, self.compiled(then, env), self.compiled(otherwise, env))
            case ir.Let(variable, bound, body):
                value = self.evaluate(bound, env)
                return self.after([value], self.evaluate(body, {**env, variable: value}))
            case ir.Items(items):
                return Written(tuple(self.evaluate(i, env) for i in items))
            case ir.Aggregate():
                return self.aggregate(e, env)
            case ir.Call(name, arguments):
                values = tuple(self.evaluate(a, env) for a in arguments)
                return self.after(values, self.call(self.program.functions[name], values))
            case ir.Choose("first", (ir.Case(ir.Const(True), value), *_)):
                return self.evaluate(value, env)
            case ir.Choose():
                return self.choose(e, env)

    def call(self, function: Function, arguments: tuple[Value, ...]) -> Value:
        """The value of a function, made once for the same arguments."""
        key = (function.id, *(self.identity(a) for a in arguments))
        if key not in self.calls:
            names = [name for name, _ in function.parameters]
            self.calls[key] = self.evaluate(function.body, dict(zip(names, arguments, strict=True)))
        return self.calls[key]

    def after(self, before: Iterable[Value], result: Value) -> Value:
        """A result that is a fault where what is worked out before it is one, whether it is used or not."""
        faults = [f for value in before for f in self.faults_of(value)]
        if not faults:
            return result
        if not isinstance(result, Scalar):
            raise AwkwardError("a list or record made after what may be a fault")
        return evolve(result, fault=self.merged(result.fault, *faults))

    def faults_of(self, value: Value) -> Iterator[Node]:
        match value:
            case Scalar(fault=fault) if fault is not None:
                yield fault
            case Written(items):
                for item in items:
                    yield from self.faults_of(item)

    def identity(self, value: Value) -> Any:
        match value:
            case Scalar():
                return tuple(map(id, (value.value, value.present, value.fault, value.needs)))
            case RecordAt() | ListAt():
                return (value.path, id(value.scope))
            case Written(items):
                return tuple(map(self.identity, items))
        return value

    def constant(self, value: Any) -> Value:
        match value:
            case frozenset():
                return value
            case None:
                return Scalar(self.graph.null(INT64), NOTHING, present=self.graph.false)
            case bool():
                return Scalar(self.graph.constant(value, BOOLEAN), TRUTH)
            case int():
                made = Numbers(self.graph).constant(value)
                return Scalar(made.node, NUMBER, made.low, made.high)
            case str():
                return Scalar(self.graph.constant(value, TEXT), WORDS)
        raise AssertionError(value)

    def field_of(self, record: Value, name: str) -> Value:
        assert isinstance(record, RecordAt)
        of = next(f.type for f in self.program.records[record.name] if f.name == name)
        return self.fact(of, f"{record.path}.{name}", record.scope)

    def whether_present(self, record: RecordAt) -> Scalar:
        """An optional record as a value that can be compared with nothing but `none`."""
        assert record.present is not None
        there = record.present
        return Scalar(self.graph.null(INT64), NOTHING, present=there.value, needs=there.needs)

    def months_after(self, day: Scalar, months: int) -> Scalar:
        """The same of one day; out of the calendar it is a fault."""
        numbers = Numbers(self.graph)
        try:
            return self.number(numbers, numbers.constant(operators.months_later(day.value.setting, months)), day)
        except ValueError:
            return Scalar(self.graph.null(INT64), NUMBER, fault=self.graph.true, needs=day.needs)

    def number(self, numbers: Numbers, result: Sum, *operands: Scalar) -> Scalar:
        faults = self.merged(*(o.fault for o in operands), numbers.fault)
        return Scalar(
            result.node,
            NUMBER,
            result.low,
            result.high,
            fault=faults,
            needs=self.together(*(o.needs for o in operands)),
        )

    def months_later(self, day: Scalar, months: int) -> Scalar:
        """Days at either end of the calendar are left to the interpreter."""
        if day.kind != NUMBER:
            return day
        if day.is_constant:
            return self.months_after(day, months)
        numbers = Numbers(self.graph)
        margin = 31 * (abs(months) + 1)
        first, last = margin, 3_652_059 - margin
        if first > last:
            return Scalar(self.graph.null(INT64), NUMBER, fault=self.graph.true, needs=day.needs)
        x = numbers.cast(numbers.of(day), INT64)
        for operator, edge in (("<", first), (">", last)):
            if day.low < first or day.high > last:
                beyond = self.graph.node(operator, x, self.graph.constant(edge, INT64), dtype=BOOLEAN)
                numbers.faults_where(self.graph.certain(beyond))
        moved = self.graph.node("months later", x, setting=months, dtype=INT64)
        return self.number(numbers, Sum(moved, 1, 3_652_059), day)


def _factors(e: Expr) -> list[Expr]:
    """The factors of a product, so that it need not be made whole before it is divided."""
    match e:
        case ir.Arithmetic("*", left, right):
            return [*_factors(left), *_factors(right)]
    return [e]
