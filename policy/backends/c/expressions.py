"""Expressions of a program as statements of C. It alone descends into them.

In: an expression, and the values of the variables in sight. Out: statements, and the value that they leave. What
is unknown, what is a fault and in which order follows the reference interpreter; see the package's text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt
from typing import assert_never

from attrs import evolve

from policy.backends.c import operators
from policy.backends.c.layout import StructMember, UnsupportedError
from policy.backends.c.operators import LONG, WORD, literal
from policy.backends.c.shapes import IDLE, STORED, as_variable, held, plural, shape
from policy.backends.c.unit import TypedWriter, stands_in_place
from policy.backends.c.writer import Env, Single, Value, Written, every, known
from policy.ir import program as ir
from policy.ir.bounds import FACT
from policy.ir.program import Expr, Function
from policy.model import types
from policy.model.types import Type
from policy.model.written import limits
from policy.vocabulary import ArithmeticOperator, RoundingMode, RuntimeValue

DAY = 10**8  # above every day that is a fault of the calendar at most
FEW = 8  # members that are compared one by one
MONTHS = 10**7  # beyond every month that there is


class Expressions(TypedWriter):
    """Writes expressions."""

    # ── what is wanted of aggregates and tables ─────────────────────────────────────────────

    def aggregate(self, e: ir.Aggregate, env: Env) -> Value:
        raise NotImplementedError

    def in_order(self, e: ir.Sorted, env: Env) -> Value:
        raise NotImplementedError

    def choose(self, e: ir.If | ir.Choose, env: Env, want: Type | None) -> Single:
        raise NotImplementedError

    def each(self, over: Value, use: Callable[[Value], None]) -> None:
        raise NotImplementedError

    # ── expressions ─────────────────────────────────────────────────────────────────────────

    def single(self, e: Expr, env: Env, want: Type | None = None) -> Single:
        value = self.value(e, env, want)
        if not isinstance(value, Single):
            raise UnsupportedError("a list that the rules make, where one value is expected")
        if isinstance(want, types.Enum) and isinstance(value.type, types.Text):
            return self.as_member(value, want)
        return value

    def as_member(self, text: Single, of: types.Enum) -> Single:
        """The member that a text names: where a local name stands for members, nothing says so before it is used."""
        number = self.let("int", "0")
        for name, c in self.unit.layout.enum(of.name, of.every).items():
            self.write(f"if (compare_texts({text.c}, {self.text_constant(name)}) == 0) {number} = {c};")
        return evolve(text, type=of, c=number)

    def value(self, e: Expr, env: Env, want: Type | None = None) -> Value:
        """The value of an expression; `want` is the type of texts that do not say it themselves."""
        match e:
            case ir.Const(value):
                return self.constant(value, want)
            case ir.Missing(need):
                if self.complete:
                    self.fail(operators.RULES)
                    return self.idle(want)
                number = self.unit.layout.missing.index(need)
                return evolve(self.idle(want), needs=self.let("needs", f"need({number})"))
            case ir.Fault(message):
                self.fault(message)
                return self.idle(want)
            case ir.Today():
                return Single(types.DATE, "c->today", bound=DAY)
            case ir.Variable(name):
                return env[name]
            case ir.FieldAccess(of, name):
                return self.field_of(self.single(of, env), name)
            case ir.Not(operand):
                a = self.single(operand, env)
                return evolve(a, c=self.let("int", f"!{a.c}"))
            case ir.And(operands) | ir.Or(operands):
                return self.chain(isinstance(e, ir.Or), operands, env)
            case ir.Compare("in", left, right):
                return self.member(left, right, env)
            case ir.Compare(operator, left, right):
                side = self.type_of(left, env) or self.type_of(right, env)
                a, b = self.apart_from(self.single(left, env, side), self.single(right, env, side))
                if operator == "is" or operator == "is not":
                    same = self.same(a, b)
                    c = same if operator == "is" else f"!{same}"
                else:
                    c = f"{a.c} {operators.COMPARE[operator]} {b.c}"
                return Single(types.BOOLEAN, self.let("int", c), self.all_needs(a.needs, b.needs))
            case ir.Arithmetic(operator, left, right):
                return self.arithmetic(operator, *self.apart_from(self.single(left, env), self.single(right, env)))
            case ir.Divide(mode, numerator, denominator):
                return self.divide(mode, self.single(numerator, env), self.single(denominator, env))
            case ir.Root(operand):
                a = self.single(operand, env)
                bound = isqrt(a.bound) + 1
                return Single(types.INTEGER, self.let(held(types.INTEGER, bound), f"root({a.c})"), a.needs, "", bound)
            case ir.Check(operand, limit):
                return self.check(self.single(operand, env, want), limit)
            case ir.DatePart(part, date):
                return self.of_calendar(f"{operators.DATE_PART[part]}((i64)({{}}))", self.single(date, env))
            case ir.MonthsLater(date, months):
                count = max(-MONTHS, min(MONTHS, months))
                return self.of_calendar(f"months_later((i64)({{}}), {count})", self.single(date, env))
            case ir.Let(variable, bound, body):
                return self.value(body, {**env, variable: self.value(bound, env)}, want)
            case ir.Items(items):
                inner = want.of if isinstance(want, types.ListOf | types.SetOf) else None
                return Written(tuple(self.value(i, env, inner) for i in items))
            case ir.Aggregate():
                return self.aggregate(e, env)
            case ir.Sorted():
                return self.in_order(e, env)
            case ir.Call(name, arguments):
                return self.call(self.unit.program.functions[name], arguments, env)
            case ir.Choose("first", (ir.Case(ir.Const(True), always), *_)):
                return self.value(always, env, want)
            case ir.If() | ir.Choose():
                return self.choose(e, env, want)
            case _:
                assert_never(e)

    def idle(self, of: Type | None) -> Single:
        """What stands for a value that is unknown, absent or a fault."""
        return Single(of, IDLE[held(of, 1)])

    def constant(self, value: RuntimeValue, want: Type | None) -> Single:
        match value:
            case None:
                return evolve(self.idle(want), present="0")
            case bool():
                return Single(types.BOOLEAN, str(int(value)))
            case int():
                return Single(types.INTEGER, literal(value), bound=abs(value) + 1, constant=value)
            case str():
                if isinstance(want, types.Enum):
                    return Single(want, self.unit.layout.enum(want.name, want.every)[value])
                return Single(types.TEXT, self.text_constant(value))
            case frozenset():
                return self.set_constant(value, want.of if isinstance(want, types.SetOf) else None)
        raise AssertionError(value)

    def text_constant(self, value: str) -> str:
        return f"STRUCT(policy_text, {', '.join(_bytes(value))})"

    def set_constant(self, items: frozenset[RuntimeValue], of: Type | None) -> Single:
        """A set of constants, in ascending order, as a constant of the file."""
        if not items:
            return Single(types.SetOf(of or types.INTEGER), "STRUCT(span, 0, 0)")
        first = next(iter(items))
        item = of or (
            types.BOOLEAN if isinstance(first, bool) else types.TEXT if isinstance(first, str) else types.INTEGER
        )
        if isinstance(item, types.Enum):
            listed = [self.unit.layout.enum(item.name, item.every)[m] for m in sorted(items)]
        elif isinstance(item, types.Text):
            listed = [f"{{{', '.join(_bytes(m))}}}" for m in sorted(items)]
        else:
            if _has_wide(items):
                raise UnsupportedError("a set with a number of more than 18 digits")
            listed = [literal(int(m)) for m in sorted(items)]
        declared = f"static const {STORED[shape(item)]} {{}}[{len(listed)}]"
        name = self.unit.constant(declared, f"{{{', '.join(listed)}}}")
        return Single(types.SetOf(item), f"STRUCT(span, {name}, {len(listed)})")

    # ── facts ───────────────────────────────────────────────────────────────────────────────

    def field_of(self, record: Single, name: str) -> Single:
        assert isinstance(record.type, types.Record)
        self.guarded += bool(record.present)  # of one that is absent there is no struct
        struct = self.unit.layout.struct(record.type.name)
        member, at = struct.members[name], f"((const struct {struct.c} *){record.c}.at)"
        return self.fact(member, at, record)

    def fact(self, m: StructMember, at: str, record: Single) -> Single:
        """The fact in a member of the struct at `at`."""
        bound = max(map(abs, limits(m.inner, m.least, m.most))) + 1
        bit = f"[{m.bit // 64}] >> {m.bit % 64} & 1"
        given, needs, present, base = "1", "", "", "-1"
        if not self.complete:
            given = self.let("int", f"{record.c}.at && ({at}->given{bit})")
            needs = self.let("needs", f"needs_of({given}, {record.c}, {m.offset}, {record.needs or 'no_needs()'})")
            base = f"({record.c}.base < 0 ? -1 : {record.c}.base + {m.offset})"
        if m.is_optional:
            present = self.let("int", f"{given} && ({at}->present{bit})")
        return Single(
            m.inner, self.read(m.inner, bound, f"{at}->{m.c}", present or given, base), needs, present, bound
        )

    def read(self, of: Type, bound: int, fact: str, there: str, base: str) -> str:
        """A variable with the fact, or with what stands for it where it is not there."""
        value, kind = as_variable(of, fact, base), held(of, bound)
        idle = f"STRUCT(ref, 0, {base})" if isinstance(of, types.Record) else IDLE[kind]
        return self.let(kind, value if there == "1" else f"{there} ? {value} : {idle}")

    # ── operators ───────────────────────────────────────────────────────────────────────────

    def fault(self, message: str, condition: str = "1") -> None:
        if message in operators.FAULTS:
            self.fail(operators.FAULTS[message], condition=condition)
        else:
            number = self.unit.messages.setdefault(message, len(self.unit.messages))
            self.fail(operators.RULES, number, condition=condition)

    def apart_from(self, a: Single, b: Single) -> tuple[Single, Single]:
        """Two operands as two expressions: compilers warn where something is compared with itself."""
        return a, evolve(b, c=self.let(b.held, b.c)) if a.c == b.c else b

    def same(self, a: Single, b: Single) -> str:
        """Whether two known values are equal; two that are absent are, and one alone is not."""
        if a.present == "0" or b.present == "0":
            other = b if a.present == "0" else a
            return f"(!{other.there})" if other.present != "0" else "1"
        of = a.type or b.type
        match of:
            case types.Text():
                equal = f"(compare_texts({a.c}, {b.c}) == 0)"
            case types.SetOf(item):
                equal = f"same_{plural(item)}({a.c}, {b.c})"
            case types.Record() | types.ListOf() | types.Results():
                raise UnsupportedError("whether two records or lists are equal")
            case types.Boolean() | types.Enum() | types.Number() | types.Date() | types.Instant() | None:
                equal = f"({a.c} == {b.c})"
            case types.OptionalOf() | types.Broken():
                raise AssertionError(of)
            case _:
                assert_never(of)
        present = [s.present for s in (a, b) if s.present]
        if len(present) == 2:
            return f"({present[0]} == {present[1]} && (!{present[0]} || {equal}))"
        return f"({present[0]} && {equal})" if present else equal

    def arithmetic(self, operator: ArithmeticOperator, a: Single, b: Single) -> Single:
        if operator == "*":
            bound = max(1, (a.bound - 1) * (b.bound - 1) + 1)
        else:
            bound = max(a.bound, b.bound) if operator in ("min", "max") else a.bound + b.bound
        needs = self.all_needs(a.needs, b.needs)
        if bound <= LONG:
            wide = max(bound, a.bound, b.bound) > WORD
            x, y = (f"(i128){s.c}" if wide and s.held == "i64" else s.c for s in (a, b))
            c = operators.ARITHMETIC[operator].format(a=x, b=y)
            return Single(types.INTEGER, self.let(held(types.INTEGER, bound), c), needs, "", bound)
        result = self.let("i128", "0")
        over = operators.OVERFLOWS[operator].format(a=a.c, b=b.c, r=result)
        self.fail(operators.OUT_OF_RANGE, condition=every(known(needs), over))
        return Single(types.INTEGER, result, needs, "", LONG)

    def divide(self, mode: RoundingMode, n: Single, d: Single) -> Single:
        if not d.constant:
            self.fail(operators.DIVISION_BY_ZERO, condition=every(d.known, f"{d.c} == 0"))
        bits = "64" if max(n.bound, d.bound) <= WORD else "128"
        bound = min(LONG, n.bound // max(1, abs(d.constant or 1)) + 2)
        c = self.let(held(types.INTEGER, bound), f"{operators.DIVIDE[mode]}_{bits}({n.c}, {d.c})")
        return Single(types.INTEGER, c, self.all_needs(n.needs, d.needs), "", bound)

    def check(self, a: Single, limit: int) -> Single:
        if a.bound <= limit or a.held not in ("i64", "i128"):
            return a
        most = literal(limit)
        self.fail(operators.OUT_OF_RANGE, condition=every(a.known, f"({a.c} >= {most} || {a.c} <= -{most})"))
        if limit <= WORD and a.held == "i128":
            a = evolve(a, c=self.let("i64", f"{a.known} ? (i64){a.c} : 0" if a.needs else f"(i64){a.c}"))
        return evolve(a, bound=limit)

    def of_calendar(self, made: str, day: Single) -> Single:
        """What is made of a day; nought is no such day, which is a fault."""
        inside = self.let("int", f"in_calendar({day.c})")
        c = self.let("i64", f"{inside} ? {made.format(day.c)} : 0")
        self.fail(operators.OUT_OF_CALENDAR, condition=every(day.known, f"{c} == 0"))
        return Single(types.INTEGER, c, day.needs, "", DAY)

    def chain(self, deciding: bool, operands: Sequence[Expr], env: Env) -> Single:
        """`or` where true decides, `and` where false does: the deciding value as soon as it is met."""
        if self.complete:
            return self.known_chain(deciding, operands, env)
        result, done = self.let("int", str(int(not deciding))), self.fresh("L")
        with self.apart() as inside:
            needs = self.variable("needs")
            unsure = [self.decided_by(self.single(o, env), deciding, result, needs, done) for o in operands]
        self.write(f"{needs} = no_needs();")
        self.write(*inside, f"{done}:;")
        return Single(types.BOOLEAN, result, needs if any(unsure) else "")

    def known_chain(self, deciding: bool, operands: Sequence[Expr], env: Env) -> Single:
        """The same where nothing is unknown: without a jump past an operand that costs less than one."""
        result, done = self.let("int", str(int(not deciding))), self.fresh("L")
        for n, operand in enumerate(operands):
            o, inside, is_light = self.aside(lambda operand=operand: self.single(operand, env))  # type: ignore[misc]
            if n and not is_light:
                self.write(f"if ({result} == {int(deciding)}) goto {done};")
            self.write(*inside, f"{result} = {result} {'|' if deciding else '&'} ({o.c});")
        self.write(f"{done}:;")
        return Single(types.BOOLEAN, result)

    def decided_by(self, o: Single, deciding: bool, result: str, needs: str, done: str) -> bool:
        """Ends a chain where the operand decides it; notes what it needs. Whether it may be unknown."""
        self.add_needs(needs, o.needs)
        decides = every(o.known, f"{o.c} == {int(deciding)}")
        self.write(f"if ({decides}) {{ {result} = {int(deciding)}; {needs} = no_needs(); goto {done}; }}")
        return bool(o.needs)

    def member(self, left: Expr, right: Expr, env: Env) -> Single:
        of = self.element_type(right, env) or self.type_of(left, env)
        a = self.single(left, env, of)
        if isinstance(right, ir.Const) and isinstance(right.value, frozenset) and _has_wide(right.value):
            equal = " || ".join(f"{a.c} == {literal(m)}" for m in sorted(right.value))
            return Single(types.BOOLEAN, self.let("int", every(a.there, f"({equal})")), a.needs)
        items = self.value(right, env, types.SetOf(of) if of else None)
        found = self.let("int", "0")
        if isinstance(items, Single) and isinstance(items.type, types.SetOf):
            needs = self.all_needs(a.needs, items.needs)
            if isinstance(a.type, types.Enum | types.Text) and type(a.type) is not type(items.type.of):
                raise UnsupportedError("a set of members that nothing says the type of")
            members = right.value if isinstance(right, ir.Const) and isinstance(right.value, frozenset) else None
            if self.complete and not a.present and isinstance(a.type, types.Enum) and members and len(members) <= FEW:
                among = sorted(self.constant(m, a.type).c for m in members)
                return Single(types.BOOLEAN, self.let("int", " | ".join(f"({a.c} == {m})" for m in among)))
            with self.where(known(needs)):
                fits = f"{a.c} == (i64){a.c}" if a.held == "i128" else "1"
                holds = f"in_{plural(a.type or items.type.of)}({_narrow(a)}, {items.c})"
                self.write(f"{found} = {every(a.there, fits, holds)};")
            return Single(types.BOOLEAN, found, needs)
        needs = self.let("needs", self.all_needs(a.needs, items.needs) or "no_needs()")
        inner, done = self.let("needs", "no_needs()"), self.fresh("L")
        with self.where(known(needs)):

            def look(element: Value) -> None:
                assert isinstance(element, Single)
                self.add_needs(inner, element.needs)
                self.write(f"if ({every(element.known, self.same(a, element))}) {{ {found} = 1; goto {done}; }}")

            self.each(items, look)
            self.write(f"{needs} = {inner};", f"{done}:;")
        return Single(types.BOOLEAN, found, "" if self.complete else needs)

    # ── calls ───────────────────────────────────────────────────────────────────────────────

    def call(self, function: Function, arguments: Sequence[Expr], env: Env) -> Value:
        values = [
            self.value(a, env, types.inner_of(of)) for a, (_, of) in zip(arguments, function.parameters, strict=True)
        ]
        names = [name for name, _ in function.parameters]
        if stands_in_place(function):
            if len(self.lines) > 50_000:
                raise UnsupportedError("lists that are handed on too often")
            of = None if isinstance(function.type, types.Results) else types.inner_of(function.type)
            return self.value(function.body, dict(zip(names, values, strict=True)), of)
        signature = self.unit.signatures[function.id + ("!" if self.complete else "")]
        passed = ["c"]
        for value, (_, of) in zip(values, function.parameters, strict=True):
            assert isinstance(value, Single)
            self.guarded += bool(value.present) and isinstance(value.type, types.Record)
            passed.append(_narrow(value))
            passed += [value.needs or "no_needs()"] * (not self.complete)
            passed += [value.there] * isinstance(of, types.OptionalOf)
        result = signature.result
        made = evolve(
            result,
            c=self.variable(result.held),
            needs=result.needs and self.variable("needs"),
            present=result.present and self.variable("int"),
        )
        outs = [f"&{part}" for part in (made.c, made.needs, made.present) if part]
        self.write(f"{signature.name}({', '.join([*passed, *outs])});")
        if signature.faults:
            self.pass_on()
        return made


def _bytes(text: str) -> tuple[str, str]:
    """The members of a text: its bytes, and how many there are."""
    return operators.text_literal(text), str(len(text.encode("utf-8", "surrogatepass")))


def _has_wide(items: frozenset[RuntimeValue]) -> bool:
    """Whether a set has a number that no fact is, and that the memory of a set does not hold."""
    return any(isinstance(m, int) and abs(m) >= FACT for m in items)


def _narrow(value: Single) -> str:
    """A value that 64 bits hold, as what the helpers and functions take."""
    return f"(i64){value.c}" if value.held == "i128" else value.c
