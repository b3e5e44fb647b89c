"""Small random rulebooks whose facts are finitely many, so that two of them can be compared on all facts and dates.

In: a source of chance. Out: the text of a rulebook, without tests. `answers` puts every question to the reference
interpreter, about all facts, on every date on which something could change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import product
from random import Random
from typing import Any

from policy.facts.records import record_classes, record_from
from policy.ir.interpret import FaultError, Interpreter, Unknown
from policy.ir.program import Function, Program
from policy.ir.simplify import specialised
from policy.model import types
from policy.model.types import Type

DAYS = ("2026-02-11", "2026-03-01")
KINDS = ("red", "green", "blue")
MODES = ("down", "up", "half even", "half up")
HEAD = """language 1
ruleset t "finite"
source LAW "the law" reference "L1" status official
provision LAW/1 "one"
enum Kind { red, green, blue }
record F {
  a: integer at least 0 at most 4
  b: integer at least -1 at most 1
  k: Kind
  c: boolean
  m: optional integer at least 1 at most 2
}
record Item { n: integer at least 0 at most 2  on: boolean }
record G { items: list of Item  limit: integer at least 0 at most 2 }
record O { p: integer at least 0 at most 2  q: integer at least 0 at most 2  k: Kind }
"""


class FiniteRulebook:
    """One random rulebook: `text` is the whole of it."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.numbers = ["f.a", "f.b", "cap"]
        parts = [HEAD, self.a_set(), self.parameter()]
        parts += [
            self.table("t"),
            self.value("v"),
            self.decision("d"),
            self.rounded("r"),
            self.held("g"),
            self.most("x"),
        ]
        parts += [self.priority()]
        self.text = "\n".join(parts)

    def one(self, *of: str) -> str:
        return self.chance.choice(of)

    def period(self) -> str:
        return self.one(
            "", "", f" from {self.one(*DAYS)}", f" until {self.one(*DAYS)}", f" from {DAYS[0]} until {DAYS[1]}"
        )

    def kinds(self) -> str:
        return ", ".join(self.chance.sample(KINDS, self.chance.randint(1, 2)))

    # ── expressions about a fact `f` ────────────────────────────────────────────────────────

    def number(self, depth: int = 2) -> str:
        if depth == 0 or self.chance.random() < 0.3:
            return self.one(*self.numbers, str(self.chance.randint(0, 3)), "(f.m default 0)")
        a, b = self.number(depth - 1), self.number(depth - 1)
        made = self.one("+", "-", "*", "min", "max", "if", "abs", "clamp")
        match made:
            case "+" | "-" | "*":
                return f"({a} {made} {b})"
            case "min" | "max":
                return f"{made}({a}, {b})"
            case "if":
                return f"(if {self.condition(depth - 1)} then {a} else {b})"
            case "clamp":
                return f"clamp({a}, 0, {self.chance.randint(1, 3)})"
            case _:
                return f"abs({a})"

    def condition(self, depth: int = 2) -> str:
        if depth == 0 or self.chance.random() < 0.4:
            return self.one(
                f"f.k is {self.one(*KINDS)}",
                f"f.k is not {self.one(*KINDS)}",
                f"f.k in {{{self.kinds()}}}",
                "f.k in good",
                "f.k in good",
                "f.c",
                "f.m is present",
                f"today >= {self.one(*DAYS)}",
                *(f"{self.number(0)} {self.one('<', '<=', '>', '>=', 'is')} {self.number(1)}" for _ in range(3)),
            )
        a, b = self.condition(depth - 1), self.condition(depth - 1)
        return self.one(f"({a} and {b})", f"({a} or {b})", f"not ({a})")

    # ── declarations ────────────────────────────────────────────────────────────────────────

    def a_set(self) -> str:
        first, *rest = self.chance.sample(KINDS, 3)
        change = self.one("", f"\n  from {DAYS[0]} add {{ {rest[0]} }} remove {{ {first} }} per LAW/1")
        return f"set good of Kind\n  = {{ {first} }} per LAW/1{change}\n"

    def parameter(self) -> str:
        low, high = self.chance.sample(range(4), 2)
        return f"parameter cap: integer\n  until {DAYS[1]} = {low} per LAW/1\n  from {DAYS[1]} = {high} per LAW/1\n"

    def table(self, name: str) -> str:
        self.numbers.append(f"{name}(f)")
        hit = self.one("first row that applies", "highest of the rows that apply", "lowest of the rows that apply",
                       "sum of the rows that apply", "exactly one row applies")  # fmt: skip
        at = self.chance.randint(1, 3)
        if hit.startswith("exactly"):
            rows = [(f"<= {at}", k, self.chance.randint(0, 3)) for k in ("red, blue", "other")]
            rows += [(f"> {at}", "any", self.chance.randint(0, 3))]
        else:
            rows = [
                (self.one(f"< {at}", f">= {at}", f"> 0 and <= {at}"), self.one(self.kinds(), "other"), n)
                for n in self.chance.sample(range(5), 2)
            ]
            rows += [("any", "any", self.chance.randint(0, 4))]
        lines = "\n".join(f"  | {a} | {k} | {n} | LAW/1 |" for a, k, n in rows)
        return f"table {name}(f: F) -> integer\n  {hit}\n  | f.a | f.k | {name} | per |\n{lines}\n"

    def value(self, name: str) -> str:
        body = self.number(3)
        self.numbers.append(f"{name}(f)")
        return f"value {name}(f: F) -> integer = {body} per LAW/1\n"

    def rounded(self, name: str) -> str:
        step = self.one("1", "10")
        body = f"{self.number(1)} * {self.one('7', '15')} {self.one('/', '*')} {self.chance.randint(2, 4)}"
        return f"value {name}(f: F) -> integer = round {self.one(*MODES)} to {step} ({body}) per LAW/1\n"

    def decision(self, name: str) -> str:
        rules = []
        for n in range(self.chance.randint(2, 4)):
            clauses = f"when {self.condition()}"
            if self.chance.random() < 0.4:
                clauses += f" {self.one('when', 'unless')} {self.condition(1)}"
            rules.append(f"  {self.one('permit', 'deny')} r{n} {clauses}{self.period()} per LAW/1")
        return f"decision {name}(f: F)\n  otherwise {self.one('permit', 'deny')}\n" + "\n".join(rules) + "\n"

    def held(self, name: str) -> str:
        where = self.one("", " where i.on", " where i.n > 0", " where not i.on and i.n < 2")
        some = self.one(
            f"any(i.n > g.limit for i in g.items{where})",
            f"all(i.on or i.n is 0 for i in g.items{where})",
            f"count(i for i in g.items{where}) > g.limit",
        )
        return (
            f"decision {name}(g: G)\n  otherwise {self.one('permit', 'deny')}\n"
            f"  permit some when {some}{self.period()} per LAW/1\n"
            f"  deny limit when g.limit is {self.one('0', '2')} per LAW/1\n"
        )

    def most(self, name: str) -> str:
        where = self.one("", " where i.on")
        body = self.one(
            f"sum(i.n for i in g.items{where}) + g.limit",
            f"(max(i.n for i in g.items{where}) default 0) - 1",
            f"min(g.limit, count(i for i in g.items{where}))",
        )
        return f"value {name}(g: G) -> integer = {body} per LAW/1\n"

    def priority(self) -> str:
        keys = [
            "lowest o.p per LAW/1",
            f"highest o.q{self.period()} per LAW/1",
            "blue before red before green by o.k per LAW/1",
        ]
        return (
            "priority queue(o: O)\n  " + "\n  then ".join(self.chance.sample(keys, self.chance.randint(2, 3))) + "\n"
        )


# ── all answers ─────────────────────────────────────────────────────────────────────────────


def domain(of: Type, program: Program, least: int | None = None, most: int | None = None) -> list[Any]:
    """Every fact of a type, lists up to two."""
    match of:
        case types.Boolean():
            return [False, True]
        case types.Enum(_, members):
            return list(members)
        case types.OptionalOf(item):
            return [None, *domain(item, program, least, most)]
        case types.Number():
            assert least is not None
            assert most is not None
            return list(range(least, most + 1))
        case types.ListOf(item):
            items = domain(item, program)
            return [[], *([i] for i in items), *([i, j] for i in items for j in items)]
        case types.Record(name):
            fields = program.records[name]
            values = product(*(domain(f.type, program, f.least, f.most) for f in fields))
            return [dict(zip((f.name for f in fields), some, strict=True)) for some in values]
    raise AssertionError(of)


def dates(*texts: str) -> list[int]:
    """The days that the texts name, and the days before."""
    named = {date.fromisoformat(d) for text in texts for d in re.findall(r"\d{4}-\d\d-\d\d", text)}
    return sorted({d.toordinal() for day in named for d in (day, day - timedelta(days=1))})


class Judge:
    """The answers of one rulebook, worked out when first compared."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.classes = record_classes(program)
        self.on = cache(lambda day: Interpreter(specialised(program, day)))
        self.facts = cache(self._facts)
        self.answer = cache(self._answer)

    def _facts(self, question: str) -> list[tuple[Any, ...]]:
        function = self.program.functions[question]
        return [
            tuple(record_from(fact, of, self.classes, self.program) for _, of in function.parameters)
            for fact in given(self.program, function)
        ]

    def _answer(self, question: str, n: int, day: int) -> Any:
        """The outcome about fact number `n`: a value or verdict, `unknown` or `fault`; and the reasons."""
        interpreter = self.on(day)
        function = self.program.functions[question]
        interpreter.memo.clear()
        env = interpreter.facts(function, self.facts(question)[n])
        try:
            value = interpreter.whole(interpreter.evaluate(function.body, env))
        except FaultError:
            return "fault"
        if isinstance(value, Unknown):
            return "unknown"
        if function.kind != "decision":
            return value
        return value, sorted(function.rules[i].name for i in interpreter.applying(function, value, env))


_given: dict[str, list[Any]] = {}


def given(program: Program, function: Function) -> list[Any]:
    """The facts about which a question can be asked; the same for all rulebooks of this module."""
    if not function.parameters:
        return [None]
    [(_, of)] = function.parameters
    assert isinstance(of, types.Record)
    if of.name not in _given:
        _given[of.name] = domain(of, program)
    return _given[of.name]


def difference(a: Judge, b: Judge, days: list[int]) -> str:
    """A question, facts and a day on which two rulebooks answer otherwise; empty where there are none.

    A priority differs where it no longer puts one thing before another that it did.
    """
    for id, function in a.program.functions.items():
        if function.kind == "set" or alike(a.program, b.program, id):
            continue
        facts = given(a.program, function)
        for day in days:
            pairs = [(a.answer(id, n, day), b.answer(id, n, day)) for n in range(len(facts))]
            if function.kind == "priority":
                found = next((n for n, lost in enumerate(lost_orders(pairs)) if lost), None)
            else:
                found = next((n for n, (x, y) in enumerate(pairs) if x != y), None)
            if found is not None:
                return f"{id} on {date.fromordinal(day)} of {facts[found]}: {pairs[found]}"
    return ""


def alike(a: Program, b: Program, id: str) -> bool:
    """Whether a question, and all that it asks, is word for word the same."""
    return a.calls_first(id) == b.calls_first(id) and all(
        (a.functions[i].body, a.functions[i].rules) == (b.functions[i].body, b.functions[i].rules)
        for i in a.calls_first(id)
    )


def lost_orders(pairs: list[tuple[Any, Any]]) -> Iterator[bool]:
    for x, y in pairs:
        yield any(x < first and not y < second for first, second in pairs)
