"""Puts a `Check` wherever a number could reach `LARGEST`, so that overflow is an error on every backend alike.

Facts stay below 10**18 and lists below a million elements (the fact reader sees to it), so most arithmetic
is shown to be safe here, once, and needs no check when it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import assert_never

from attrs import evolve

from policy.ir import program as ir
from policy.ir.program import LARGEST, Expr, Program, map_parts, parts
from policy.model import types
from policy.recursion import check_depth
from policy.vocabulary import ArithmeticOperator

FACT: int = 10**types.MOST_FACT_DIGITS


def insert_overflow_checks(program: Program) -> Program:
    """The program with its checks in place."""
    bounder = _Bounder()
    made = {id: bounder.function(program.functions[id]) for id in program.calls_first(*program.functions)}
    depth = max(bounder.depths.values(), default=0)
    result = evolve(program, functions={id: made[id] for id in program.functions}, depth=depth)
    check_depth(depth)
    return result


def checker_of(program: Program) -> Callable[[ir.Function], ir.Function]:
    """What puts checks into one more function that calls those of a program, which has its checks already."""
    bounder = _Bounder()
    for id in program.calls_first(*program.functions):
        bounder.function(program.functions[id])
    known = dict(bounder.results)

    def checked(function: ir.Function) -> ir.Function:
        bounder.results = dict(known)
        return bounder.function(function)

    return checked


class _Bounder:
    """Bounds on magnitudes, function by function, callees first."""

    def __init__(self) -> None:
        self.results: dict[str, int] = {}
        self.depths: dict[str, int] = {}
        self.lets: dict[str, int] = {}

    def function(self, function: ir.Function) -> ir.Function:
        body, self.results[function.id] = self.bounded(function.body)
        rules = tuple(evolve(r, condition=self.bounded(r.condition)[0]) for r in function.rules)
        self.depths[function.id] = max(map(self.depth, function.bodies))
        return evolve(function, body=body, rules=rules)

    def depth(self, e: Expr) -> int:
        called = self.depths[e.function] if isinstance(e, ir.Call) else 0
        return 2 + max((called, *map(self.depth, parts(e))))  # a `Check` may come to stand around it

    def bounded(self, e: Expr) -> tuple[Expr, int]:
        """The expression with its checks, and a bound its magnitude stays below."""
        bounds: list[int] = []

        def inner(part: Expr) -> Expr:
            new, bound = self.bounded(part)
            bounds.append(bound)
            return new

        if isinstance(e, ir.Let):
            value, bound = self.bounded(e.value)
            outer, self.lets = self.lets, {**self.lets, e.variable: bound}
            body, bound = self.bounded(e.body)
            self.lets = outer
            return ir.Let(e.variable, value, body), bound
        new = map_parts(e, inner)
        if isinstance(new, ir.Aggregate) and new.kind == "list" and bounds[-1] > FACT:
            new, bounds[-1] = evolve(new, body=ir.Check(new.body, FACT)), FACT  # an element is as small as a fact
        if isinstance(new, ir.Call):  # inside, a parameter is taken to be as small as a fact
            small = (a if b <= FACT else ir.Check(a, FACT) for a, b in zip(new.arguments, bounds, strict=True))
            new = ir.Call(new.function, tuple(small))
        bound = self._bound(e, bounds)
        if bound <= LARGEST:
            return new, bound
        if isinstance(new, ir.Choose):  # a sum of rows, each of which gets its share of what is allowed
            share = LARGEST // (len(new.cases) + 1)
            cases = tuple(evolve(c, value=ir.Check(c.value, share)) for c in new.cases)
            return ir.Choose(new.mode, cases, new.none), LARGEST
        return ir.Check(new, LARGEST), LARGEST

    def _bound(self, e: Expr, inner: list[int]) -> int:
        match e:
            case ir.Const(value):
                return int(abs(value)) + 1 if isinstance(value, int) else 1
            case ir.Variable(name):
                return self.lets.get(name, FACT)
            case ir.FieldAccess():
                return FACT
            case ir.Arithmetic(operator):
                return _of_arithmetic(operator, *inner)
            case ir.Divide():
                return inner[0] + 1
            case ir.Root():
                return isqrt(inner[0]) + 1
            case ir.Aggregate("sum"):
                return inner[-1] * types.LONGEST_LIST
            case ir.Aggregate("median"):
                return 2 * inner[-1]
            case ir.Aggregate("largest" | "smallest", most=most):
                return inner[-1] * most
            case ir.Aggregate("min" | "max" | "first" | "only"):
                return inner[-1]
            case ir.Choose("sum", cases):
                return sum(inner[1::2]) + inner[-1] + len(cases)
            case ir.Call(function):
                return self.results[function]
            case ir.If():
                return max(inner[1:])
            case ir.Not() | ir.And() | ir.Or() | ir.Compare() | ir.Missing() | ir.Fault():
                return 1
            case ir.Today() | ir.MonthsLater() | ir.DatePart():
                return 10**8
            case ir.Sorted():
                return inner[0]
            case ir.Check() | ir.Let() | ir.Items() | ir.Aggregate() | ir.Choose():
                return max(inner, default=1)
            case _:
                assert_never(e)


def _of_arithmetic(operator: ArithmeticOperator, a: int, b: int) -> int:
    match operator:
        case "*":
            return a * b
        case "+" | "-":
            return a + b
        case "min" | "max":
            return max(a, b)
        case _:
            assert_never(operator)
