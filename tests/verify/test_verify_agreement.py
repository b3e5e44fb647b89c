"""The solver follows the very same arithmetic: on random programs it and the interpreter agree, both ways.

Facts that are given are answered by the encoding exactly as by the interpreter; and facts that the solver finds for
an outcome have that outcome on the interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import optional
from policy.answers import MISSING
from policy.facts.records import record_classes, record_from
from policy.ir.from_model import program_of
from policy.ir.interpret import FaultError, Interpreter, at
from policy.ir.operators import divide, months_later as exactly
from policy.ir.program import Function, Program
from policy.ir.simplify import specialised
from policy.model import types
from policy.model.overlays import overlaid
from policy.model.types import Type
from policy.pipeline import RulesFile, check
from policy.verify import arithmetic
from policy.verify.facts import DAYS as CALENDAR, SymbolicFacts
from policy.verify.goals import unequal
from policy.verify.replay import state
from policy.verify.smtlib import Script
from policy.verify.solver import Reply, Solver
from policy.verify.symbolic import Evaluated, Many, Nothing, Texts, Value, whole
from policy.verify.terms import Term, Terms
from policy.verify.to_smt import Encoder
from random_expressions import DAYS
from random_facts import facts
from random_rules import Rules

optional.library("z3", "proofs")

SEEDS = st.integers(0, 2**64 - 1)
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
SEEDED = QUIET | {"phases": [Phase.generate]}  # a seed has no smaller form
LONGEST = 4


def programs(chance: Random) -> tuple[Program, Rules]:
    """A random program, with the house's rules over it or without."""
    rules = Rules(chance)
    texts = [RulesFile("random.policy", rules.text.encode()), RulesFile("house.policy", rules.house.encode())]
    overlay = chance.choice(("", "random.house"))
    return program_of(overlaid(check(texts).model, overlay), "random", overlay), rules


def meant(program: Program, function: Function, given: Any) -> Any:
    """What the interpreter answers: a value, `Unknown`, or a fault."""
    interpreter = Interpreter(program)
    try:
        return interpreter.whole(interpreter.evaluate(function.body, {"f": at(given, "f")}))
    except FaultError as fault:
        return fault


def as_found(encoder: Encoder, outcome: Any) -> Evaluated:
    t = encoder.terms
    match state(outcome):
        case "fault", _:
            return Evaluated(Nothing(t.false), t.true)
        case "unknown", _:
            return Evaluated(Nothing(t.true), t.false)
    return Evaluated(_constant(encoder, outcome), t.false)


def _constant(encoder: Encoder, value: Any) -> Value:
    """A value as a term; a record or list by what is in it."""
    t = encoder.terms
    if isinstance(value, tuple):
        return Many(tuple((t.true, _constant(encoder, inner)) for inner in value), t.false)
    return encoder.constant(value)


def ask(made: Script) -> Reply:
    return Solver(made, 20.0).check_exactly("g")


def given_facts_agree(seed: int) -> None:
    """On facts that are given, some of them missing, the encoding comes to the interpreter's answer and no other."""
    chance = Random(seed)
    undated, rules = programs(chance)
    day = date.fromisoformat(chance.choice(DAYS)).toordinal()
    program = specialised(undated, day)
    classes = record_classes(program)
    for missing in (0.0, 0.15):
        of = program.functions["random.rules.queue"].parameters[0][1]
        given = record_from(facts(chance, missing), of, classes, program)
        for name in rules.questions:
            function = program.named(name)[0]
            t, texts = Terms(), Texts()
            encoder = Encoder(undated, t, texts, t.number(day))
            env: dict[str, Value] = {"f": SymbolicFacts(undated, t, texts).given(given, of, "f")}
            found = encoder.found(undated.functions[function.id].body, env)
            outcome = meant(program, function, given)
            other = unequal(t, found, as_found(encoder, outcome))
            reply = ask(Script(t, {"g": other})) if other is not t.false else Reply(False)
            assert reply.holds is False, f"{name}: {outcome}, but not for the solver\n{rules.text}{rules.house}"


def equal(t: Terms, texts: Texts, program: Program, value: Any, of: Type, path: str) -> Iterator[Term]:
    """That the names of the facts at a path stand for this fact."""
    match of:
        case types.OptionalOf(item):
            absent = t.boolean(f"{path}?")
            yield absent if value is None else t.no(absent)
            if value is not None:
                yield from equal(t, texts, program, value, item, path)
        case types.Record(name):
            for f in program.records[name]:
                yield from equal(t, texts, program, value[f.name], f.type, f"{path}.{f.name}")
        case types.ListOf(item) | types.SetOf(item) if not isinstance(item, types.Enum):
            yield t.same(t.integer(f"{path}#", 0, LONGEST), t.number(len(value)))
            for n, v in enumerate(sorted(value) if isinstance(value, frozenset) else value):
                yield from equal(t, texts, program, v, item, f"{path}[{n}]")
        case types.SetOf(types.Enum(_, members)):
            for m in members:
                yield t.boolean(f"{path}:{m}") if m in value else t.no(t.boolean(f"{path}:{m}"))
        case types.Boolean():
            yield t.boolean(path) if value else t.no(t.boolean(path))
        case _:
            number = texts.number(value) if isinstance(value, str) else value
            yield t.same(t.integer(path), t.number(number))


def every_fact_agrees(seed: int) -> None:
    """Encoded for all facts and dates, and then told which, the solver knows the interpreter's answer."""
    chance = Random(seed)
    undated, rules = programs(chance)
    of = undated.functions["random.rules.queue"].parameters[0][1]
    given = facts(chance, 0.0)
    given["grid"] = [[x if x is not MISSING else 0 for x in row][:LONGEST] for row in given["grid"]]
    given["numbers"] = [x if x is not MISSING else 0 for x in given["numbers"]][:LONGEST]
    day = date.fromisoformat(chance.choice(DAYS)).toordinal()
    program = specialised(undated, day)
    record = record_from(given, of, record_classes(program), program)
    for name in rules.questions:
        function = undated.named(name)[0]
        t, texts = Terms(), Texts()
        symbols = SymbolicFacts(undated, t, texts, LONGEST)
        encoder = Encoder(undated, t, texts, t.integer("today", *CALENDAR))
        found = encoder.found(function.body, {"f": symbols.any(of, "f")})
        outcome = meant(program, program.functions[function.id], record)
        told = t.all(*equal(t, texts, undated, given, of, "f"), t.same(t.integer("today", *CALENDAR), t.number(day)))
        right = unequal(t, found, as_found(encoder, outcome))
        assert ask(Script(t, {"g": t.all(told, right)})).holds in (False, None), f"{name}: {outcome}\n{rules.text}"
        assert ask(Script(t, {"g": t.all(told, t.no(right))})).holds in (True, None), (
            f"{name}: {outcome}\n{rules.text}"
        )


def models_agree(seed: int) -> None:
    """Facts and a date that the solver finds for an outcome have it on the interpreter."""
    chance = Random(seed)
    undated, rules = programs(chance)
    for name in rules.questions[:-1]:
        function = undated.named(name)[0]
        of = function.parameters[0][1]
        t, texts = Terms(), Texts()
        symbols = SymbolicFacts(undated, t, texts, LONGEST)
        encoder = Encoder(undated, t, texts, t.integer("today", *CALENDAR))
        found = whole(t, encoder.found(function.body, {"f": symbols.any(of, "f")}))
        known = t.no(t.any(found.fault, found.value.unknown))
        goals = {"fault": found.fault, "unknown": t.all(t.no(found.fault), found.value.unknown), "value": known}
        for wanted, goal in goals.items():
            reply = Solver(Script(t, {"g": goal}), 5.0).check_exactly("g")
            if reply.holds:
                facts_found = symbols.read(reply.model, of, "f")
                program = specialised(undated, int(reply.model.get("today", 738_000)))
                record = record_from(facts_found, of, record_classes(program), program)
                outcome = meant(program, program.functions[function.id], record)
                assert state(outcome)[0] == wanted, f"{name}: {outcome}, not {wanted}, on {facts_found}\n{rules.text}"


@settings(max_examples=20, **SEEDED)
@given(SEEDS)
def test_given_facts_are_answered_alike(seed: int) -> None:
    given_facts_agree(seed)


@settings(max_examples=4, **SEEDED)
@given(SEEDS)
def test_every_fact_is_answered_alike(seed: int) -> None:
    every_fact_agrees(seed)


@settings(max_examples=2, **SEEDED)
@given(SEEDS)
def test_what_the_solver_finds_is_so(seed: int) -> None:
    models_agree(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_many_programs_are_answered_alike(part: int) -> None:
    for seed in range(part * 80, part * 80 + 48):
        given_facts_agree(seed)
        if seed % 4 == 0:
            every_fact_agrees(seed)
            models_agree(seed)


@settings(max_examples=8, **QUIET)
@given(st.integers(1, CALENDAR[1]), st.integers(-2_400, 2_400))
def test_laws_of_months_follow_from_the_calendar(day: int, months: int) -> None:
    t = Terms()
    name = t.integer("day", *CALENDAR)
    result, outside = arithmetic.months_later(t, name, months)
    try:
        expected = exactly(day, months)
    except ValueError:
        expected = None
    here = t.same(name, t.number(day))
    wrong = t.no(outside) if expected is None else t.any(outside, t.no(t.same(result, t.number(expected))))
    assert ask(Script(t, {"g": t.all(here, wrong)})).holds is False
    assert ask(Script(t, {"g": t.all(here, t.no(wrong))})).holds is True


@settings(max_examples=100, **QUIET)
@given(
    st.sampled_from(("down", "up", "half up", "half even")),
    st.integers(-60, 60),
    st.integers(-9, 9).filter(bool),
    st.booleans(),
)
def test_quotients_and_products_are_exact(mode: str, a: int, b: int, is_constant: bool) -> None:
    t = Terms()
    x, y = t.integer("x", -100, 100), t.number(b) if is_constant else t.integer("y", -100, 100)
    result, product = arithmetic.quotient(t, mode, x, y), arithmetic.product(t, x, y)
    here = t.all(t.same(x, t.number(a)), t.same(y, t.number(b)))
    right = t.all(t.same(result, t.number(divide(mode, a, b))), t.same(product, t.number(a * b)))
    assert ask(Script(t, {"g": t.all(here, t.no(right))})).holds is False
    assert ask(Script(t, {"g": t.all(here, right)})).holds is True
