"""Expressions of a program as Python text. Part of the Python backend; nothing here runs anything.

Names that start with an underscore are ours: no word of the rule language does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from policy.facts.fitting import Scope
from policy.ir import program as ir
from policy.ir.interpret import FaultError, Interpreter
from policy.ir.logic import sole_version
from policy.ir.program import Const, Expr, Program, parts, walk
from policy.ir.validation import attribute
from policy.vocabulary import ArithmeticOperator, ComparisonOperator, RuntimeValue

COMPARE: dict[ComparisonOperator, str] = {
    "is": "==",
    "is not": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "in": "in",
}
ARITHMETIC: dict[ArithmeticOperator, str] = {"+": "+", "-": "-", "*": "*", "min": "_min", "max": "_max"}

LARGEST_INLINED = 30  # expressions in a function whose body may stand where it is called


def mangled(id: str) -> str:
    """The Python name of a function of the program."""
    return "_f_" + id.replace("_", "__").replace(".", "_").replace("#", "_at_")


def common_calls(expressions: Iterable[Expr]) -> list[ir.Call]:
    """The calls that stand more than once in these expressions, where no variable of an inner scope can differ."""
    counted = Counter(call for e in expressions for call in calls(e))
    return [call for call, count in counted.items() if count > 1]


def common_tests(conditions: Sequence[Expr]) -> list[ir.Compare]:
    """Whether a fact is some constant: tests that stand more than once in conditions that will all be looked at.

    Only those with which a condition begins, so that making them first uses no fact that would not be used.
    """
    counted = Counter(_test(inner) for condition in conditions for inner in walk(condition))
    first = dict.fromkeys(_test(_first(condition)) for condition in conditions)
    return [test for test in first if test is not None and counted[test] > 1]


def _first(e: Expr) -> Expr:
    """What is looked at first in a condition."""
    while isinstance(e, ir.And | ir.Or | ir.Not):
        e = e.operand if isinstance(e, ir.Not) else e.operands[0]
    return e


def _test(e: Expr) -> ir.Compare | None:
    """The test that an expression makes, or makes the opposite of."""
    if not isinstance(e, ir.Compare) or e.operator not in ("is", "is not") or not isinstance(e.right, Const):
        return None
    is_fact = isinstance(e.left, ir.FieldAccess) and isinstance(e.left.of, ir.Variable)
    return ir.Compare("is", e.left, e.right) if is_fact else None


def calls(e: Expr) -> Iterator[ir.Call]:
    """The calls with arguments, but for those about what a part of the expression names itself."""
    if isinstance(e, ir.Call) and e.arguments:
        yield e
    if not isinstance(e, ir.Let | ir.Aggregate | ir.Sorted):
        for part in parts(e):
            yield from calls(part)


def is_path(e: Expr) -> bool:
    """A fact, or a field of one."""
    return isinstance(e, ir.Variable) or (isinstance(e, ir.FieldAccess) and is_path(e.of))


def is_shallow(e: Expr, levels: int = 4) -> bool:
    """Whether no more than so many expressions stand inside each other."""
    return levels > 0 and all(is_shallow(part, levels - 1) for part in parts(e))


def is_computed(e: Expr) -> bool:
    """Whether the value is written, or a number that was worked out, and so not a fact that nobody gave."""
    if isinstance(e, ir.If):
        return is_computed(e.then) and is_computed(e.otherwise)
    return isinstance(e, Const | ir.Arithmetic | ir.Divide | ir.Check | ir.Root)


class Emitter:
    """Emits expressions; `names` receives constants.

    `common`: calls that stand more than once, cached in a local on first use. `hoisted`: tests evaluated at the top.
    """

    def __init__(self, program: Program, names: Scope, known: dict[str, Const | None]) -> None:
        self.program, self.names, self._known = program, names, known
        self.iterating = False
        self.common: dict[Expr, str] = {}
        self.hoisted: dict[Expr, str] = {}
        self.bound: dict[str, str] = {}  # what the facts of a function are called where its body is put in place
        self._sizes: dict[str, int] = {}
        self.temporary = 0  # results of comparisons that have a name so far
        self.nested = 0  # inside so many scopes, where no local of the function can be assigned

    local = staticmethod(attribute)  # a variable is spelt as a field is

    def __call__(self, e: Expr) -> str:
        match e:
            case ir.Const(value):
                return self.constant(value)
            case ir.Missing() | ir.Fault():
                return "_no_answer()"
            case ir.Today():
                assert self.program.on is not None
                return str(self.program.on)
            case ir.Variable(name):
                return self.bound.get(name) or self.local(name)
            case ir.FieldAccess(of, name):
                return f"{self(of)}.{attribute(name)}"
            case ir.Not(operand):
                return f"(not {self(operand)})"
            case ir.And(operands):
                return "(" + " and ".join(map(self, operands)) + ")"
            case ir.Or(operands):
                return "(" + " or ".join(map(self, operands)) + ")"
            case ir.Compare("in", left, right) if not self.is_constant(right):
                return f"(_given({self(left)}) in {self(right)})"  # Python would find a `MISSING` in a list
            case ir.Compare(operator, left, right):
                test = _test(e)
                if test in self.hoisted:
                    return self.hoisted[test] if operator == "is" else f"(not {self.hoisted[test]})"
                return f"({self(left)} {COMPARE[operator]} {self(right)})"
            case ir.Arithmetic("-", Const(0), right):
                return f"(-{self(right)})"
            case ir.Arithmetic(("min" | "max") as operator, left, right):
                return self.better(operator, left, right)
            case ir.Arithmetic(operator, left, right):
                return f"({self(left)} {ARITHMETIC[operator]} {self(right)})"
            case ir.Divide():
                return self.divide(e)
            case ir.Root(operand):
                return f"_root({self(operand)})"
            case ir.Check(operand, limit):
                return f"_check({self(operand)}, {limit})"
            case ir.DatePart(part, date):
                return f"_date_part({part!r}, {self(date)})"
            case ir.MonthsLater(date, months):
                return f"_months_later({self(date)}, {months})"
            case ir.If(condition, then, otherwise):
                return f"({self(then)} if {self(condition)} else {self(otherwise)})"
            case ir.Let(variable, value, body):
                return f"(lambda {variable}: {self.within(body)})({self(value)})"
            case ir.Items(items):
                return "(" + "".join(f"{self(i)}, " for i in items) + ")"
            case ir.Aggregate():
                return self.aggregate(e)
            case ir.Sorted():
                return self.in_order(e)
            case ir.Call():
                return self.call(e)
            case ir.Choose("highest" | "lowest"):
                return self.taken(e)
            case ir.Choose():
                raise AssertionError("any other choice is the body of a function")
            case _:
                assert_never(e)

    def taken(self, e: ir.Choose) -> str:
        """The highest or lowest rank of rows, all of whose conditions come first."""
        take = {"highest": "_max", "lowest": "_min"}[e.mode]
        tests = "".join(f"{self(c.condition)}, " for c in e.cases)
        values = "".join(f"lambda: {self.within(c.value)}, " for c in e.cases)
        return f"_rank({take}, ({tests}), ({values}), lambda: {self.within(e.none)})"

    def constant(self, value: RuntimeValue) -> str:
        if isinstance(value, frozenset):
            name = f"_set_{len(self.names)}"
            known = next((n for n, v in self.names.items() if n.startswith("_set_") and v == value), None)
            self.names.setdefault(known or name, value)
            return known or name
        return repr(value)

    def held(self, what: str, value: RuntimeValue) -> str:
        """A value by a name of its own."""
        name = f"{what}_{len(self.names)}"
        self.names[name] = value
        return name

    def divide(self, e: ir.Divide) -> str:
        """Inline where the divisor is a positive constant and the direction simple, else by a function."""
        n = self(e.numerator)
        if isinstance(e.denominator, Const) and e.denominator.value > 0 and not self.iterating:
            d = e.denominator.value
            if e.mode == "down":
                return f"(_n // {d} if (_n := {n}) >= 0 else -(-_n // {d}))"
            if e.mode == "up":
                return f"(-(-_n // {d}) if (_n := {n}) >= 0 else _n // {d})"
        return f"_divide_{e.mode.replace(' ', '_')}({n}, {self(e.denominator)})"

    def better(self, operator: ArithmeticOperator, left: Expr, right: Expr) -> str:
        """The lower or higher of two, compared in line where they are short: a call of `min` takes longer.

        Comparisons within each other take four brackets where calls take two, and Python reads no more than 200.
        """
        if self.iterating or not (is_shallow(left) and is_shallow(right)):
            return f"{ARITHMETIC[operator]}({self(left)}, {self(right)})"
        (a, first), (b, second) = self.once(left), self.once(right)
        return f"({a} if {first} {'<=' if operator == 'min' else '>='} {second} else {b})"

    def once(self, e: Expr) -> tuple[str, str]:
        """What an expression is called after it was worked out, and what works it out."""
        text = self(e)
        if is_path(e) or isinstance(e, Const):
            return text, text
        self.temporary += 1
        return f"_m{self.temporary}", f"(_m{self.temporary} := {text})"

    def aggregate(self, e: ir.Aggregate) -> str:
        outer, self.iterating = self.iterating, True  # Python allows no assignment in what is iterated over
        each = f"for {self.local(e.variable)} in {self.within(e.over)}"
        self.iterating = outer
        if e.where is not None:
            each += f" if {self.within(e.where)}"
        body = self.within(e.body)
        match e.kind:
            case "count":
                return f"_sum(1 {each})"
            case "count distinct":
                return f"_len({{{body} {each}}})"
            case "min" | "max":
                return f"_{e.kind}(({body} {each}), default=None)"
            case "median":
                return f"_median({body} {each})"
            case "largest" | "smallest":
                return f"_sum_of_most({e.kind!r}, ({body} {each}), {e.most})"
            case "list":
                return f"(*[{body} {each}],)"
            case "first" | "only":
                return f"_{e.kind}([{body} {each}])"
            case "sum" | "any" | "all":
                return f"_{e.kind}({body} {each})"
            case _:
                assert_never(e.kind)

    def in_order(self, e: ir.Sorted) -> str:
        keys = "".join(f"{self.within(key)}, " for key in e.by)
        return f"_in_order({self.within(e.over)}, lambda {self.local(e.variable)}: ({keys}), {e.most})"

    def within(self, e: Expr) -> str:
        """An expression in a scope of its own."""
        self.nested += 1
        text = self(e)
        self.nested -= 1
        return text

    def call(self, e: ir.Call) -> str:
        constant = self.known(e.function)
        if constant is not None:
            return self.constant(constant.value)
        made = self.inlined(e) or f"{mangled(e.function)}({', '.join(map(self, e.arguments))})"
        name = self.common.get(e)
        if name is None or self.nested:
            return made
        return f"({name} if {name} is not None else ({name} := {made}))"

    def inlined(self, e: ir.Call) -> str:
        """The body of a small function where it is called, if its facts are merely named there; else nothing."""
        if not all(map(is_path, e.arguments)) or self.size(e.function) > LARGEST_INLINED:
            return ""
        function = self.program.functions[e.function]
        body = sole_version(function.body)
        bound = {name: self(a) for (name, _), a in zip(function.parameters, e.arguments, strict=True)}
        kept = self.bound, self.hoisted, self.common
        self.bound, self.common = bound, {}
        if any(text != self.local(name) for name, text in bound.items()):
            self.hoisted = {}
        text = self(body)
        self.bound, self.hoisted, self.common = kept
        return text

    def size(self, id: str) -> int:
        """How many expressions a function is made of, with those that would stand in it; too many, if it is unfit."""
        if id not in self._sizes:
            self._sizes[id] = self._counted(sole_version(self.program.functions[id].body))
        return self._sizes[id]

    def _counted(self, body: Expr) -> int:
        size = 0
        for inner in walk(body):
            if isinstance(inner, ir.Choose | ir.Let | ir.Aggregate | ir.Sorted):
                return LARGEST_INLINED + 1
            size += 1
            if isinstance(inner, ir.Call):
                called = self.size(inner.function)
                size += called if called <= LARGEST_INLINED else 0  # it stays a call
            if size > LARGEST_INLINED:
                break
        return size

    def is_constant(self, e: Expr) -> bool:
        return isinstance(e, Const) or (isinstance(e, ir.Call) and self.known(e.function) is not None)

    def known(self, id: str) -> Const | None:
        """What a parameter, set or value without facts is on this date, if it is anything."""
        if id not in self._known:
            function = self.program.functions[id]
            self._known[id] = None if function.parameters or function.kind == "decision" else self._worked_out(id)
        return self._known[id]

    def _worked_out(self, id: str) -> Const | None:
        try:
            value = Interpreter(self.program).evaluate(ir.Call(id, ()), {})
        except FaultError:
            return None
        return Const(value) if value is None or isinstance(value, int | str | frozenset) else None


class NamedEmitter(Emitter):
    """Emits expressions, those that have a local by its name."""

    def __init__(self, program: Program, names: Scope, known: dict[str, Const | None]) -> None:
        super().__init__(program, names, known)
        self.named: dict[Expr, str] = {}

    def __call__(self, e: Expr) -> str:
        known = None if self.bound else self.named.get(e)  # a function put in place may mean another by the name
        return known or super().__call__(e)
