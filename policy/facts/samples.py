"""Made-up facts: random but the same on every run, leaning towards the numbers and texts that the rules mention.

In: types, a program, chance. Out: facts in run-time form, records as dicts; numbers keep the bounds of their fields.
"""

from __future__ import annotations

from random import Random
from typing import assert_never

from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program, parts
from policy.model import types
from policy.model.types import Number, Type
from policy.vocabulary import RuntimeValue

_FAR = 10**14


def constants(program: Program, function: Function) -> tuple[list[int], list[str]]:
    """The numbers and texts that a function and what it calls mention."""
    numbers: set[int] = {0, 1}
    texts: set[str] = {""}
    seen: set[str] = set()
    pending: list[Expr] = [function.body]
    while pending:
        e = pending.pop()
        if isinstance(e, ir.Call) and e.function not in seen:
            seen.add(e.function)
            pending.append(program.functions[e.function].body)
        if isinstance(e, ir.Const):
            for value in e.value if isinstance(e.value, frozenset) else (e.value,):
                if isinstance(value, int) and not isinstance(value, bool):
                    numbers.add(value)
                elif isinstance(value, str):
                    texts.add(value)
        pending.extend(parts(e))
    return sorted(n for n in numbers if abs(n) < _FAR), sorted(texts)


def sample(of: Type, program: Program, numbers: list[int], texts: list[str], chance: Random) -> RuntimeValue:
    """A made-up fact in run-time form, records as dicts."""

    def again(inner: Type) -> RuntimeValue:
        return sample(inner, program, numbers, texts, chance)

    match of:
        case types.Boolean():
            return chance.random() < 0.5
        case types.Text():
            return chance.choice(texts)
        case types.Enum(_, members):
            return chance.choice(members)
        case types.OptionalOf(item):
            return None if chance.random() < 0.3 else again(item)
        case types.ListOf(item):
            return [again(item) for _ in range(chance.randrange(4))]
        case types.SetOf(item):
            return frozenset(again(item) for _ in range(chance.randrange(4)))
        case types.Date():
            return chance.randint(730_000, 745_000)
        case types.Instant():
            return chance.randint(1_500_000_000, 1_900_000_000) * 1_000_000
        case Number():
            near = chance.choice(numbers) + chance.choice((-1, 0, 0, 1))
            anywhere = chance.randint(0, 10 ** chance.randint(0, 14))
            return chance.choice((near, anywhere, -anywhere if chance.random() < 0.3 else anywhere))
        case types.Record(name):
            values: dict[str, RuntimeValue] = {}
            for f in program.records[name]:
                value = again(f.type)
                if isinstance(value, int) and not isinstance(value, bool):
                    value = max(value, f.least) if f.least is not None else value
                    value = min(value, f.most) if f.most is not None else value
                values[f.name] = value
            return values
        case types.Broken():
            raise AssertionError("a program has no broken types")
        case _:
            assert_never(of)
