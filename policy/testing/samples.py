"""Tries a rulebook's properties on made-up facts: a way to find a counterexample, never a proof.

The facts are random but the same on every run, and lean towards the numbers and texts that the rules mention.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import assert_never

from policy.answers import Outcome
from policy.facts.records import record_from
from policy.ir import program as ir
from policy.ir.interpret import Interpreter
from policy.ir.program import Expr, Function, Program, parts
from policy.ir.questions import DatedQuestion
from policy.model import rules, types
from policy.model.calendar import periods
from policy.model.types import Number, Type
from policy.testing.coverage import Coverage
from policy.testing.run import NO_DATE, Failure, Result, Runner, line_of
from policy.vocabulary import RuntimeValue

SAMPLES = 300
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


def dates_of(model: rules.Model) -> list[int]:
    """The days on which something in the rulebook changes, and the day before the first."""
    days = {
        start
        for d in model.of_kind(rules.Parameter, rules.Value)
        for _, start, _ in periods(d.versions)
        if start is not None
    }
    days |= {r.start for d in model.of_kind(rules.Decision) for r in d.rules if r.start is not None}
    days |= {r.start for d in model.of_kind(rules.Table) for r in d.body.rows if r.start is not None}
    return [min(days) - 1, *sorted(days)] if days else []


def try_properties(runner: Runner, count: int = SAMPLES) -> Iterator[Result]:
    """A result per property: failed with the first counterexample found, if one was."""
    return (try_property(runner, p, count) for p in runner.model.of_kind(rules.Property))


def try_property(runner: Runner, p: rules.Property, count: int = SAMPLES) -> Result:
    """What comes of a property on made-up facts."""
    dates = dates_of(runner.model) or [NO_DATE]
    chance = Random(p.id)
    failure: Failure | None = None
    coverage = Coverage()
    for n in range(count):
        on = dates[n % len(dates)]
        program, _, classes = runner.program(p.ruleset, on)
        function = program.functions[p.id]
        if n < len(dates):
            numbers, texts = constants(program, function)
        facts = [sample(of, program, numbers, texts, chance) for _, of in p.parameters]
        arguments = tuple(
            record_from(f, of, classes, program) for f, (_, of) in zip(facts, p.parameters, strict=True)
        )
        asked = DatedQuestion(p.id, program)
        answer = Interpreter(program).answer(asked, arguments)
        if answer.outcome is Outcome.VALUE:
            coverage.provisions.update(c.provision for c in p.citations)
        if answer.outcome is Outcome.VALUE and answer.value is False:
            shown = ", ".join(f"{path} = {value}" for path, value in answer.basis.facts)
            failure = Failure("always true", f"false on {asked.on} where {shown}", line_of(p.span), answer.derivation)
            break
    return Result(f"property {p.name}", p.ruleset, line_of(p.span), (failure,) if failure else (), coverage)
