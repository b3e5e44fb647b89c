"""Expressions of a program of one date as columns.

In: a program, the ranges of a table's columns, and whether to compute needs. Out: for each expression a value:
null ⇔ unknown; fault ⊇ the interpreter's faults (over-approximate). A row with a fault goes to the interpreter, so
the value computed for it does not matter. Absent: dates (a program is of one) and running anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import assert_never

from attrs import define, evolve, field

from policy.backends.columns.choose import Tables
from policy.backends.columns.context import QuestionGraph
from policy.backends.columns.graph import BOOLEAN, INT64, TEXT, ColumnNode, Graph, RowFrame, deepest
from policy.backends.columns.lists import Lists
from policy.backends.columns.logic import Logic
from policy.backends.columns.lookup import Grids, looked_up
from policy.backends.columns.numbers import BoundedInt, Numbers
from policy.backends.columns.values import (
    NOTHING,
    NUMBER,
    TEXTS,
    TRUTH,
    Elements,
    ListAt,
    ListLiteral,
    PickedElement,
    Ranges,
    RecordAt,
    Scalar,
    Selection,
    UnsupportedError,
    Value,
)
from policy.ir import operators, program as ir
from policy.ir.program import Expr, Function, Program
from policy.model.values import LAST_DAY
from policy.vocabulary import PartOfDate, RuntimeValue

Env = dict[str, Value]


@define(eq=False)
class Compiler:
    """Compiles what one question calls; each function once for the same arguments.

    It alone descends into expressions. `logic`, `lists` and `tables` combine values that are compiled, in the graph
    of the one `context`.
    """

    program: Program
    context: QuestionGraph
    logic: Logic
    lists: Lists
    tables: Tables
    calls: dict[object, Value] = field(factory=dict)
    grids: Grids = field(factory=dict)

    @staticmethod
    def of(program: Program, ranges: Ranges, wants_needs: bool = False) -> Compiler:
        context = QuestionGraph(program.records, ranges, wants_needs)
        logic = Logic(context)
        return Compiler(program, context, logic, Lists(logic), Tables(logic))

    @property
    def graph(self) -> Graph:
        return self.context.graph

    def compiled(self, e: Expr, env: Env) -> Scalar:
        """The value of an expression that has one column."""
        value = self.evaluate(e, env)
        if (
            isinstance(value, RecordAt | PickedElement) and value.present is not None
        ):  # it can be compared with `none` alone
            present = value.present
            return Scalar(
                self.graph.null(INT64), NOTHING, present=present.value, fault=present.fault, needs=present.needs
            )
        if not isinstance(value, Scalar):
            raise UnsupportedError(f"a {type(value).__name__} where one value is expected")
        return value

    def evaluate(self, e: Expr, env: Env) -> Value:
        match e:
            case ir.Const(value):
                return self.constant(value)
            case ir.Missing(name):
                return Scalar(self.graph.null(INT64), NOTHING, needs=self.context.need(name))
            case ir.Fault():
                return Scalar(self.graph.null(INT64), NOTHING, fault=self.graph.true)
            case ir.Today():
                raise AssertionError("a program is specialised to a date before it is compiled")
            case ir.Variable(name):
                return env[name]
            case ir.FieldAccess(of, name):
                return self.field_of(self.evaluate(of, env), name)
            case ir.Not(operand):
                a = self.compiled(operand, env)
                return Scalar(self.graph.negated(self.logic.truth(a)), TRUTH, fault=a.fault, needs=a.needs)
            case ir.And(operands) | ir.Or(operands):
                return self.logic.chain(isinstance(e, ir.Or), [self.compiled(o, env) for o in operands])
            case ir.Compare("in", left, right):
                return self.lists.member(self.compiled(left, env), self.evaluate(right, env))
            case ir.Compare(operator, left, right):
                return self.logic.compare(operator, self.compiled(left, env), self.compiled(right, env))
            case ir.Arithmetic(operator, left, right):
                a, b = self.compiled(left, env), self.compiled(right, env)
                numbers = Numbers(self.graph)
                return self.context.number(numbers, numbers.arithmetic(operator, numbers.of(a), numbers.of(b)), a, b)
            case ir.Divide(mode, numerator, denominator):
                factors = [self.compiled(f, env) for f in _factors(numerator)]
                d = self.compiled(denominator, env)
                numbers = Numbers(self.graph)
                quotient = numbers.divide(mode, [*map(numbers.of, factors)], numbers.of(d))
                return self.context.number(numbers, quotient, *factors, d)
            case ir.Root(operand):
                a = self.compiled(operand, env)
                numbers = Numbers(self.graph)
                return self.context.number(numbers, numbers.root(numbers.of(a)), a)
            case ir.Check(operand, limit):
                a = self.compiled(operand, env)
                if a.kind != NUMBER:
                    return a
                numbers = Numbers(self.graph)
                return evolve(self.context.number(numbers, numbers.check(numbers.of(a), limit), a), present=a.present)
            case ir.DatePart(part, date):
                return self.date_part(part, self.compiled(date, env))
            case ir.MonthsLater(date, months):
                return self.months_later(self.compiled(date, env), months)
            case ir.If(condition, then, otherwise):
                test = self.compiled(condition, env)
                for constant, branch in ((self.graph.true, then), (self.graph.false, otherwise)):
                    if test.value is constant and test.fault is None:
                        return self.evaluate(branch, env)
                return self.logic.choice(test, self.compiled(then, env), self.compiled(otherwise, env))
            case ir.Let(variable, bound, body):
                value = self.evaluate(bound, env)
                return self.with_faults_of([value], self.evaluate(body, {**env, variable: value}))
            case ir.Items(items):
                return ListLiteral(tuple(self.evaluate(i, env) for i in items))
            case ir.Aggregate():
                return self.aggregate(e, env)
            case ir.Sorted():
                over = self.evaluate(e.over, env)
                if isinstance(over, ListAt | Selection):
                    return Selection(e, over, env)
                raise UnsupportedError("a written-out list in order")
            case ir.Call(name, arguments):
                values = tuple(self.evaluate(a, env) for a in arguments)
                return self.with_faults_of(values, self.call(self.program.functions[name], values))
            case ir.Choose("first", (ir.Case(ir.Const(True), value), *_)):
                return self.evaluate(value, env)
            case ir.Choose():
                return self.choose(e, env)
            case _:
                assert_never(e)

    def field_of(self, of: Value, name: str) -> Value:
        if not isinstance(of, PickedElement):
            return self.context.field(of, name)
        inner = self.context.field(of.record, name)
        if isinstance(inner, RecordAt) and inner.present is None:
            return evolve(of, record=inner)
        if not isinstance(inner, Scalar):
            raise UnsupportedError("a list or an optional record inside a record that is found")
        return of.pick(inner)

    def constant(self, value: RuntimeValue) -> Value:
        match value:
            case frozenset():
                return value
            case None:
                return Scalar(self.graph.null(INT64), NOTHING, present=self.graph.false)
            case bool():
                return Scalar(self.graph.constant(value, BOOLEAN), TRUTH)
            case int():
                number = Numbers(self.graph).constant(value)
                return Scalar(number.node, NUMBER, number.low, number.high)
            case str():
                return Scalar(self.graph.constant(value, TEXT), TEXTS)
        raise AssertionError(value)

    # ── calls ───────────────────────────────────────────────────────────────────────────────

    def call(self, function: Function, arguments: tuple[Value, ...]) -> Value:
        """The value of a function, compiled once for the same arguments."""
        key = (function.id, *(_identity(a) for a in arguments))
        if key not in self.calls:
            names = [name for name, _ in function.parameters]
            self.calls[key] = self.evaluate(function.body, dict(zip(names, arguments, strict=True)))
        return self.calls[key]

    def with_faults_of(self, before: Iterable[Value], result: Value) -> Value:
        """A result that is a fault where an operand evaluated before it is one, whether that is used or not."""
        faults = [f for value in before for f in _faults(value)]
        if not faults:
            return result
        if not isinstance(result, Scalar):
            raise UnsupportedError("a list or record evaluated after what may be a fault")
        return evolve(result, fault=self.context.any_fault(result.fault, *faults))

    # ── lists and tables ────────────────────────────────────────────────────────────────────

    def aggregate(self, e: ir.Aggregate, env: Env) -> Value:
        over = self.evaluate(e.over, env)
        if e.kind == "list" and isinstance(over, ListAt | Selection):
            return Selection(e, over, env)
        if isinstance(over, frozenset):
            over = ListLiteral(tuple(self.constant(v) for v in sorted(over)))
        if isinstance(over, ListLiteral):
            scopes = [{**env, e.variable: item} for item in over.items]
            tests = [self.condition(e, s) for s in scopes]
            if isinstance(e.body, ir.Items):
                raise UnsupportedError("combinations in a list literal")
            return self.lists.over_literal(e.kind, tests, [self.body(e, s) for s in scopes])
        elements = self.elements(over, self.user(e, over, env))
        inner = {**env, e.variable: elements.element}
        test = self.condition(e, inner)
        if e.kind == "first" or e.kind == "only":
            return self.lists.found(e.kind, elements, test, self.evaluate(e.body, inner))
        bodies = e.body.items if e.kind == "count distinct" and isinstance(e.body, ir.Items) else (e.body,)
        values = [self.body(evolve(e, body=b), inner) for b in bodies]
        return self.lists.over_elements(e, elements, test, values)

    def user(self, e: ir.Aggregate | ir.Sorted, over: Value, env: Env) -> RowFrame:
        """The innermost frame that an aggregate depends on besides the elements, and so do the lists below it."""
        free = {x.name for part in ir.parts(e)[1:] for x in ir.walk(part) if isinstance(x, ir.Variable)}
        own = deepest(self.lists.scope_of(env[n]) for n in free - {e.variable} if n in env)
        return deepest((own, self.user(over.e, over.over, over.env))) if isinstance(over, Selection) else own

    def elements(self, over: Value, user: RowFrame) -> Elements:
        """A list as a frame that stands beside the rows of the frame its use depends on."""
        if isinstance(over, ListAt):
            scope = self.lists.elements(over, user)
            return Elements(scope, self.context.fact(over.item, scope.path, scope), self.graph.true, over.length)
        if not isinstance(over, Selection):
            raise UnsupportedError("an aggregate over what is no list")
        below = self.elements(over.over, user)
        inner = {**over.env, over.e.variable: below.element}
        if isinstance(over.e, ir.Sorted):
            return self.lists.in_order(below, [self.compiled(key, inner) for key in over.e.by], over.e.most)
        return self.lists.selected(below, self.condition(over.e, inner), self.evaluate(over.e.body, inner))

    def condition(self, e: ir.Aggregate, env: Env) -> Scalar:
        return self.compiled(e.where, env) if e.where is not None else Scalar(self.graph.true, TRUTH)

    def body(self, e: ir.Aggregate, env: Env) -> Scalar:
        return self.compiled(e.body, env) if e.kind != "count" else Scalar(self.graph.true, TRUTH)

    def choose(self, e: ir.Choose, env: Env) -> Scalar:
        """The value of the case or cases that hold."""
        if e.mode == "first":
            found = looked_up(e, lambda column: self.compiled(column, env), self.context, self.grids)
            if found is not None:
                return found
            cases = ((self.compiled(c.condition, env), self.compiled(c.value, env)) for c in e.cases)
            return self.tables.first(cases, lambda: self.compiled(e.none, env), isinstance(e.none, ir.Fault))
        tests = [self.compiled(c.condition, env) for c in e.cases]
        values = [self.compiled(c.value, env) for c in e.cases]
        return self.tables.combined(e.mode, tests, values, self.compiled(e.none, env))

    # ── the calendar ────────────────────────────────────────────────────────────────────────

    def date_part(self, part: PartOfDate, day: Scalar) -> Scalar:
        """A number of the calendar."""
        worked_out = partial(operators.date_part, part)
        return self._of_calendar(day, worked_out, (1, LAST_DAY), "date part", part, _MOST[part])

    def months_later(self, day: Scalar, months: int) -> Scalar:
        """The day so many months later. Days near either end of the calendar are left to the interpreter."""
        margin = 31 * (abs(months) + 1)
        worked_out, inside = lambda known: operators.months_later(known, months), (margin, LAST_DAY - margin)
        return self._of_calendar(day, worked_out, inside, "months later", months, LAST_DAY)

    def _of_calendar(
        self,
        day: Scalar,
        worked_out: Callable[[int], int],
        inside: tuple[int, int],
        operator: str,
        attribute: PartOfDate | int,
        most: int,
    ) -> Scalar:
        """What an operator makes of a day; days not `inside` are left to the interpreter."""
        if day.kind != NUMBER:
            return day
        numbers, (first, last) = Numbers(self.graph), inside
        outside = Scalar(self.graph.null(INT64), NUMBER, fault=self.graph.true, needs=day.needs)
        if day.is_constant:
            try:
                found = worked_out(day.value.attribute)
            except ValueError:
                return outside
            return self.context.number(numbers, numbers.constant(found), day)
        if first > last:
            return outside
        x = numbers.cast(numbers.of(day), INT64)
        for comparison, edge in (("<", first), (">", last)):
            if day.low < first or day.high > last:
                beyond = self.graph.node(comparison, x, self.graph.constant(edge, INT64), dtype=BOOLEAN)
                numbers.faults_where(self.graph.certain(beyond))
        node = self.graph.node(operator, x, attribute=attribute, dtype=INT64)
        return self.context.number(numbers, BoundedInt(node, 1, most), day)


_MOST: dict[PartOfDate, int] = {"year": 9_999, "month": 12, "day": 31, "day of the year": 366}


def _factors(e: Expr) -> list[Expr]:
    """The factors of a product, which need not be multiplied before the division."""
    if isinstance(e, ir.Arithmetic) and e.operator == "*":
        return [*_factors(e.left), *_factors(e.right)]
    return [e]


def _faults(value: Value) -> Iterator[ColumnNode]:
    if isinstance(value, PickedElement):
        yield from _faults(value.present)
    if isinstance(value, Scalar) and value.fault is not None:
        yield value.fault
    if isinstance(value, ListLiteral):
        for item in value.items:
            yield from _faults(item)


def _identity(value: Value) -> object:
    match value:
        case Scalar():
            return tuple(map(id, (value.value, value.present, value.fault, value.needs)))
        case RecordAt() | ListAt():
            return (value.path, id(value.scope))
        case PickedElement() | Selection():
            return value
        case ListLiteral(items):
            return tuple(map(_identity, items))
        case frozenset():
            return value
        case _:
            assert_never(value)
