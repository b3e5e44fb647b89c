"""The meaning of the language: a plain walk over the program of one date. Every other backend must agree.

In: a program specialised to a date, a question, and its facts: ints, strings, booleans, None for an absent
optional, tuples or lists, and objects with attributes for records. A fact nobody gave is `MISSING`.
Out: an `Answer`.

Three rules settle everything that is not obvious:
1. An operand that is unknown makes the result unknown, and the needs add up; but `false and unknown` is false,
   `true or unknown` is true, and a choice whose every open branch gives the same is that.
2. Operands are evaluated from left to right, and only as far as needed; a fault met on the way ends the
   evaluation. What comes after a deciding operand is not evaluated.
3. A decision's outcome is its body; its reasons are the rules of that effect whose conditions hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never

from attrs import define, field, frozen

from policy.answers import MISSING, Answer, Outcome, Question, Verdict
from policy.ir import operators, program as ir
from policy.ir.program import Expr, Function, Program
from policy.ir.validation import attribute, misfits
from policy.ir.verdicts import verdict_of
from policy.vocabulary import FindingKind, RuntimeValue

Environment = dict[str, RuntimeValue]  # what the variables in sight stand for


class FaultError(Exception):
    """The rules give no answer: two rows apply, nothing is divided by, a number is too large."""


class LimitError(FaultError):
    """A number beyond the largest, or a date beyond the calendar."""


def in_calendar(worked_out: Callable[..., int], *operands: RuntimeValue) -> int:
    """What an operator makes of a date. Raises LimitError out of the calendar."""
    try:
        return worked_out(*operands)
    except ValueError as error:
        raise LimitError("a date is out of the calendar") from error


@frozen
class Unknown:
    """A value that turns on facts not given. `path` is set where it is itself such a fact."""

    needs: frozenset[str]
    path: str = ""


@frozen(eq=False)
class Located:
    """A record or list, and the path by which it was reached, for naming what is missing in it."""

    value: RuntimeValue
    path: str


def unknown(*values: RuntimeValue) -> Unknown | None:
    """What is unknown among the values, together; None where nothing is."""
    needs = frozenset[str]().union(*(v.needs for v in values if isinstance(v, Unknown)))
    return Unknown(needs) if needs else None


def at(value: RuntimeValue, path: str) -> RuntimeValue:
    """A fact as the interpreter handles it."""
    if value is MISSING:
        return Unknown(frozenset({path}), path)
    if value is None or isinstance(value, int | str | frozenset | Located | Unknown):
        return value
    return Located(value, path)


@define(eq=False)
class Interpreter:
    """Evaluates expressions of one program. Subclasses watch: `applied`, `read` and `result` are for them."""

    program: Program
    memo: dict[tuple[RuntimeValue, ...], RuntimeValue] = field(factory=dict)

    # ── questions ───────────────────────────────────────────────────────────────────────────

    def answer(self, question: Question, arguments: tuple[RuntimeValue, ...]) -> Answer:
        """The answer to `question`, whose facts are `arguments` in the order of its parameters."""
        self.memo.clear()  # it goes by the identity of these facts
        function = self.program.functions[question.name]
        if wrong := misfits(self.program, function, arguments):
            return Answer(question, Verdict(Outcome.FAILED, fault="; ".join(wrong)), None, arguments)
        env = self.facts(function, arguments)
        try:
            value = self.whole(self.evaluate(function.body, env))
        except FaultError as fault:
            return Answer(question, Verdict(Outcome.FAILED, fault=str(fault)), None, arguments)
        if isinstance(value, Unknown):
            verdict = Verdict(Outcome.UNDECIDED, needs=tuple(sorted(value.needs)))
            return Answer(question, verdict, None, arguments)
        if function.kind != "decision":
            return Answer(question, Verdict(Outcome.VALUE), value, arguments)
        applied = self.applying(function, value, env)
        return Answer(question, verdict_of(function, value, applied, self.program), None, arguments)

    def facts(self, function: Function, arguments: tuple[RuntimeValue, ...]) -> Environment:
        names = [name for name, _ in function.parameters]
        return {name: at(value, name) for name, value in zip(names, arguments, strict=True)}

    def applying(self, function: Function, permitted: bool, env: Environment) -> list[int]:
        """Indices of the rules that are reasons for the outcome: of its effect, and holding for certain."""
        effect = "permit" if permitted else "deny"
        return [
            n
            for n, rule in enumerate(function.rules)
            if rule.effect == effect and rule.name != "otherwise" and self.holds(rule.condition, env)
        ]

    def holds(self, condition: Expr, env: Environment) -> bool:
        """Whether the condition is certainly true; one that faults or is unknown is not."""
        try:
            return self.evaluate(condition, env) is True
        except FaultError:
            return False

    # ── watching ────────────────────────────────────────────────────────────────────────────

    def applied(self, case: ir.Case) -> None:
        """A case of a `Choose` has given its value."""

    def read(self, path: str, value: RuntimeValue) -> None:
        """A fact was read."""

    # ── calls ───────────────────────────────────────────────────────────────────────────────

    def call(self, function: Function, arguments: tuple[RuntimeValue, ...], env: Environment) -> RuntimeValue:
        """The value of a function that is called, worked out once for the same arguments; or its fault."""
        key = self.call_key(function, arguments)
        if key not in self.memo:
            try:
                self.memo[key] = self.result(key, function, env)
            except FaultError as fault:
                self.memo[key] = fault
        value = self.memo[key]
        if isinstance(value, FaultError):
            raise value.with_traceback(None)
        return value

    def call_key(self, function: Function, arguments: tuple[RuntimeValue, ...]) -> tuple[RuntimeValue, ...]:
        """What tells one call from another: records and lists by identity, and by path for naming what is missing."""
        return (function.id, *((id(a.value), a.path) if isinstance(a, Located) else a for a in arguments))

    def result(self, call: RuntimeValue, function: Function, env: Environment) -> RuntimeValue:
        """A function's value, when this `call` of it is met for the first time."""
        return self.evaluate(function.body, env)

    # ── expressions ─────────────────────────────────────────────────────────────────────────

    def evaluate(self, e: Expr, env: Environment) -> RuntimeValue:
        """The value of `e`: an int, str, bool, frozenset, None, tuple, `Located`, or `Unknown`."""
        match e:
            case ir.Const(value):
                return value
            case ir.Missing(need):
                return Unknown(frozenset({need}))
            case ir.Fault(message):
                raise FaultError(message)
            case ir.Today():
                assert self.program.on is not None, "a program is specialised to a date before it runs"
                return self.program.on
            case ir.Variable(name):
                return self.seen(env[name])
            case ir.FieldAccess(of, name):
                return self.field_of(self.evaluate(of, env), name)
            case ir.Not(operand):
                value = self.evaluate(operand, env)
                return value if isinstance(value, Unknown) else not value
            case ir.And(operands):
                return self.first_deciding(False, (self.evaluate(o, env) for o in operands))
            case ir.Or(operands):
                return self.first_deciding(True, (self.evaluate(o, env) for o in operands))
            case ir.Compare("in", left, right):
                return self.member(self.evaluate(left, env), self.evaluate(right, env))
            case ir.Compare(operator, left, right):
                a, b = self.evaluate(left, env), self.evaluate(right, env)
                return unknown(a, b) or operators.COMPARE[operator](a, b)
            case ir.Arithmetic(operator, left, right):
                a, b = self.evaluate(left, env), self.evaluate(right, env)
                return unknown(a, b) or operators.ARITHMETIC[operator](a, b)
            case ir.Divide(mode, numerator, denominator):
                a, b = self.evaluate(numerator, env), self.evaluate(denominator, env)
                if b == 0:
                    raise FaultError("division by zero")
                return unknown(a, b) or operators.divide(mode, a, b)
            case ir.Root(operand):
                value = self.evaluate(operand, env)
                return value if isinstance(value, Unknown) else operators.root(value)
            case ir.Check(operand, limit):
                value = self.evaluate(operand, env)
                if isinstance(value, int) and abs(value) >= limit:
                    raise LimitError("a number is too large")
                return value
            case ir.DatePart(part, date):
                value = self.evaluate(date, env)
                return value if isinstance(value, Unknown) else in_calendar(operators.date_part, part, value)
            case ir.MonthsLater(date, months):
                value = self.evaluate(date, env)
                return value if isinstance(value, Unknown) else in_calendar(operators.months_later, value, months)
            case ir.If(condition, then, otherwise):
                test = self.evaluate(condition, env)
                if isinstance(test, Unknown):
                    return self.same(test, [self.attempt(then, env), self.attempt(otherwise, env)])
                return self.evaluate(then if test else otherwise, env)
            case ir.Let(variable, bound, body):
                return self.evaluate(body, {**env, variable: self.evaluate(bound, env)})
            case ir.Items(items):
                return tuple(self.evaluate(i, env) for i in items)  # an element may be unknown, as in facts
            case ir.Aggregate():
                return self.aggregate(e, env)
            case ir.Sorted():
                return self.in_order(e, env)
            case ir.Call(name, arguments):
                function = self.program.functions[name]
                values = tuple(self.evaluate(a, env) for a in arguments)
                inner = {n: v for (n, _), v in zip(function.parameters, values, strict=True)}
                return self.call(function, values, inner)
            case ir.Choose():
                return self.choose(e, env)
            case _:
                assert_never(e)

    def plain(self, value: RuntimeValue) -> RuntimeValue:
        """A list without its path; what a membership test or a caller wants."""
        return value.value if isinstance(value, Located) else value

    def whole(self, value: RuntimeValue) -> RuntimeValue:
        """A value to hand out: lists without their paths, unknown where an element is."""
        plain = self.plain(value)
        if not isinstance(plain, tuple | list):
            return plain
        path = value.path if isinstance(value, Located) else ""
        elements = tuple(self.whole(at(item, f"{path}[{n}]")) for n, item in enumerate(plain))
        return unknown(*elements) or (plain if isinstance(value, Located) else elements)

    def member(self, item: RuntimeValue, items: RuntimeValue) -> RuntimeValue:
        """Whether one of the items, those that are known first, is this one."""
        if unsure := unknown(item, items):
            return unsure
        if isinstance(items, frozenset):
            return operators.COMPARE["in"](item, items)
        path = items.path if isinstance(items, Located) else ""
        elements = [at(i, f"{path}[{n}]") for n, i in enumerate(self.plain(items))]
        known = [e for e in elements if not isinstance(e, Unknown)]
        return operators.COMPARE["in"](item, known) or unknown(*elements) or False

    def seen(self, value: RuntimeValue) -> RuntimeValue:
        if isinstance(value, Unknown) and value.path:
            self.read(value.path, MISSING)
        return value

    def field_of(self, record: RuntimeValue, name: str) -> RuntimeValue:
        if isinstance(record, Unknown):
            path = f"{record.path}.{name}"
            return self.seen(Unknown(frozenset({path}), path)) if record.path else record
        path = f"{record.path}.{name}"
        value = at(getattr(record.value, attribute(name)), path)
        if not isinstance(value, Located):
            self.read(path, MISSING if isinstance(value, Unknown) else value)
        return value

    def first_deciding(self, deciding: bool, values: Iterable[RuntimeValue]) -> RuntimeValue:
        """`and` and `or`: the deciding value as soon as it is met, else what is unknown, else the other."""
        needs: frozenset[str] = frozenset()
        for value in values:
            if isinstance(value, Unknown):
                needs |= value.needs
            elif value is deciding:
                return deciding
        return Unknown(needs) if needs else not deciding

    def attempt(self, e: Expr, env: Environment) -> RuntimeValue:
        """The value of a branch that may not be taken; a fresh object, equal to nothing, where it faults."""
        try:
            return self.evaluate(e, env)
        except FaultError:
            return object()

    def same(self, doubt: Unknown, values: list[RuntimeValue]) -> RuntimeValue:
        """The value that all branches give, for then it does not turn on what is in doubt."""
        first = values[0]
        if not isinstance(first, Unknown | Located) and all(v == first for v in values[1:]):
            return first
        return unknown(doubt, *values)

    def choose(self, e: ir.Choose, env: Environment) -> RuntimeValue:
        """The value of the case or cases that hold."""
        doubts: list[Unknown] = []
        values: list[RuntimeValue] = []
        holding: list[ir.Case] = []
        for case in e.cases:
            test = self.evaluate(case.condition, env)
            if isinstance(test, Unknown):
                doubts.append(test)
                if e.mode == "first":
                    values.append(self.attempt(case.value, env))
            elif test:
                holding.append(case)
                if e.mode == "first":
                    break
                if e.mode == "only" and len(holding) > 1:
                    raise FaultError(f"{holding[0].label} and {case.label} both apply")
        if e.mode != "first" and doubts:
            return unknown(*doubts)
        if not holding:
            last = self.attempt(e.none, env) if doubts else self.evaluate(e.none, env)
        elif e.mode == "first" or e.mode == "only":
            last = self.attempt(holding[0].value, env) if doubts else self.evaluate(holding[0].value, env)
            self.applied(holding[0])
        else:
            for case in holding:
                self.applied(case)
            found = [self.evaluate(c.value, env) for c in holding]
            return unknown(*found) or operators.aggregate(operators.AGGREGATE_OF[e.mode], found)
        return self.same(unknown(*doubts) or Unknown(frozenset()), [*values, last]) if doubts else last

    def aggregate(self, e: ir.Aggregate, env: Environment) -> RuntimeValue:
        """`any` and `all` decide like `or` and `and`; the others want every element known."""
        over = self.evaluate(e.over, env)
        if isinstance(over, Unknown):
            return Unknown(over.needs)  # no fact itself: of an element that is not found no field is named
        scopes = [{**env, e.variable: element} for element in self.elements(over)]
        if e.kind in ("any", "all"):
            return self.first_deciding(e.kind == "any", (self.element(e, scope) for scope in scopes))
        kept = [(s, self.evaluate(e.where, s) if e.where is not None else True) for s in scopes]
        doubts = [test for _, test in kept if isinstance(test, Unknown)]
        counted = [s for s, test in kept if not isinstance(test, Unknown) and test]
        if e.kind == "first" or e.kind == "only":
            return unknown(*doubts) or self.found(e.kind, e.body, counted)
        values = [self.evaluate(e.body, s) if e.kind != "count" else 1 for s in counted]
        if e.kind == "count distinct":
            values = list(map(self.whole, values))
        unsure = unknown(*doubts) if e.kind == "list" else unknown(*doubts, *values)  # an element may be unknown
        return unsure or operators.aggregate(e.kind, values, e.most)

    def elements(self, over: RuntimeValue) -> list[RuntimeValue]:
        """The elements of a list, or of a set, each with the path by which it was reached."""
        path = over.path if isinstance(over, Located) else ""
        items = sorted(over) if isinstance(over, frozenset) else self.plain(over)
        return [at(item, f"{path}[{n}]") for n, item in enumerate(items)]

    def in_order(self, e: ir.Sorted, env: Environment) -> RuntimeValue:
        """A list in the order of its keys, each of which is wanted of every element."""
        over = self.evaluate(e.over, env)
        if isinstance(over, Unknown):
            return Unknown(over.needs)
        elements = self.elements(over)
        keys = [tuple(self.evaluate(k, {**env, e.variable: x}) for k in e.by) for x in elements]
        unsure = unknown(*(k for key in keys for k in key))
        return unsure or tuple(elements[n] for n in operators.in_order(keys, e.most))

    def found(self, kind: FindingKind, body: Expr, scopes: list[Environment]) -> RuntimeValue:
        """The body for the element that is found; of the others it is not needed."""
        try:
            scope = operators.aggregate(kind, scopes)
        except LookupError as error:
            raise FaultError(str(error)) from error
        return None if scope is None else self.evaluate(body, scope)

    def element(self, e: ir.Aggregate, env: Environment) -> RuntimeValue:
        """What one element says to `any` or `all`; one that `where` leaves out says nothing."""
        test = self.evaluate(e.where, env) if e.where is not None else True
        if isinstance(test, Unknown):
            body = self.attempt(e.body, env)
            idle = e.kind == "all"
            return idle if body is idle else unknown(test, body)
        return self.evaluate(e.body, env) if test else e.kind == "all"
