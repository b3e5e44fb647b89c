"""Random facts: right ones are answered alike by every door; those with one random mistake are refused alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from attrs import evolve, frozen

import optional

optional.columns()
# ruff: noqa: E402  (what follows needs it)
import polars as pl

import doors
import policy
from doors import ON, RULES, rulebook
from policy.answers import Answer, BilingualText, Outcome
from policy.facts.records import record_from, unchecked
from policy.facts.samples import sample
from policy.ir.program import FieldDeclaration
from policy.model import types
from policy.model.types import Type
from policy.model.values import show
from policy.pipeline import RulesFile, check
from policy.testing.run import Runner

SEED = 20_260_301
ORDER = types.Record("t.Order")
NUMBERS = [0, 1, 2, 9, 10, 500, 100_000_000]


@frozen
class Facts:
    """Facts in each form, and the path of the one that is wrong, if one is."""

    held: Any
    written: Any
    rules: str
    path: str = ""
    cell: bool = True  # whether a column of the right type can hold it


def spelt(value: Any, of: Type) -> Facts:
    """Right facts in each form."""
    match of:
        case types.OptionalOf(item):
            return Facts(None, None, "none") if value is None else spelt(value, item)
        case types.Record(name):
            inner = {f.name: spelt(value[f.name], f.type) for f in rulebook().program.records[name]}
            return record(inner)
        case types.ListOf(item):
            return listed([spelt(v, item) for v in value])
        case types.Boolean():
            return Facts(value, value, str(value).lower())
        case types.Text():
            return Facts(value, value, json.dumps(value))
        case types.Enum():
            return Facts(value, value, value)
        case _:
            return Facts(value, show(value, of), show(value, of))


def record(inner: dict[str, Facts]) -> Facts:
    rules = "{ " + ", ".join(f"{name}: {facts.rules}" for name, facts in inner.items()) + " }"
    return Facts({n: f.held for n, f in inner.items()}, {n: f.written for n, f in inner.items()}, rules)


def listed(inner: list[Facts]) -> Facts:
    rules = "[" + ", ".join(facts.rules for facts in inner) + "]"
    return Facts([f.held for f in inner], [f.written for f in inner], rules)


def wrong(value: Any, f: FieldDeclaration, chance: Random, path: str) -> Facts:
    """The facts of a field with one mistake somewhere in them."""
    of = f.type.of if isinstance(f.type, types.OptionalOf) else f.type
    match of:
        case types.Record(name) if chance.random() < 0.9:
            fields = rulebook().program.records[name]
            bad = chance.choice(fields)
            inner = {g.name: spelt(value[g.name], g.type) for g in fields if g != bad}
            found = inner[bad.name] = wrong(value[bad.name], bad, chance, f"{path}.{bad.name}")
            return evolve(record(inner), path=found.path, cell=found.cell)
        case types.ListOf(item) if value and chance.random() < 0.9:
            at = chance.randrange(len(value))
            elements = [spelt(v, item) for v in value]
            elements[at] = found = wrong(value[at], evolve(f, type=item), chance, f"{path}[{at}]")
            return evolve(listed(elements), path=found.path, cell=found.cell)
    return evolve(chance.choice(list(mistakes(of, f, chance))), path=path)


def mistakes(of: Type, f: FieldDeclaration, chance: Random) -> Iterator[Facts]:
    match of:
        case types.Enum(_, members):
            member = chance.choice(members)
            at = chance.randrange(len(member))
            misspelt = member[:at] + "q" + member[at:]
            yield Facts(misspelt, misspelt, misspelt)
            yield Facts(member.upper(), member.upper(), member.upper())
            yield Facts(1, 1, "1", cell=False)
            for outside in set(of.every) - set(members):
                yield Facts(outside, outside, outside)
        case types.Boolean():
            yield Facts("no", "no", '"no"', cell=False)
            yield Facts(1, 1, "1", cell=False)
        case types.Text():
            yield Facts(5, 5, "5", cell=False)
            yield Facts(True, True, "true", cell=False)
        case types.Date():
            yield Facts("2026-02-30", "2026-02-30", "2026-02-30", cell=False)
            yield Facts("soon", "soon", '"soon"', cell=False)
            yield Facts(True, True, "true", cell=False)
        case types.Instant():
            moment = "2026-02-30T16:10:00+08:00"
            yield Facts(moment, moment, moment, cell=False)
            yield Facts(True, True, "true", cell=False)
        case types.Number():
            for value in (10**18, -(10**18)):
                yield Facts(value, show(value, of), show(value, of))
            for bound, way in ((f.least, -1), (f.most, 1)):
                if bound is not None:
                    beyond = bound + way * chance.choice((1, 7, 10**9))
                    yield Facts(beyond, show(beyond, of), show(beyond, of))
            yield Facts("lots", "lots", '"lots"', cell=False)
            yield Facts(True, True, "true", cell=False)
        case _:
            yield Facts("x", "x", '"x"', cell=False)
            yield Facts(5, 5, "5", cell=False)


def orders(count: int, chance: Random) -> Iterator[dict[str, Any]]:
    program = rulebook().program
    for _ in range(count):
        yield sample(ORDER, program, NUMBERS, ["x", "", "y z"], chance)


def table(rows: list[Facts]) -> list[dict[str, Any]]:
    """The answers to rows of a table whose columns hold scaled numbers."""
    leg = pl.Struct({"side": pl.String, "size": pl.Int64})
    columns: dict[str, Any] = {
        "venue": pl.String,
        "admitted": pl.Boolean,
        "price": pl.Int64,
        "count": pl.Int64,
        "name": pl.String,
        "day": pl.Date,
        "moment": pl.Datetime("us", "UTC"),
        "note": pl.Int64,
        "grade": pl.String,
        "leg": leg,
        "legs": pl.List(leg),
        "sizes": pl.List(pl.Int64),
    }
    days = {"day": lambda day: date.fromordinal(day)}
    cells = {
        name: pl.Series(name, [days.get(name, lambda v: v)(row.held[name]) for row in rows], dtype=of)
        for name, of in columns.items()
    }
    frame = pl.DataFrame(list(cells.values()))
    made = rulebook().columns("cost", frame.schema, scaled=True).answers(frame)
    return list(made.table.iter_rows(named=True))


def unchecked_order(held: dict[str, Any]) -> Any:
    def leg(value: Any) -> Any:
        return unchecked(rulebook().records["Leg"], **value) if isinstance(value, dict) else value

    legs = held["legs"]
    held = held | {"leg": leg(held["leg"]), "legs": tuple(map(leg, legs)) if isinstance(legs, list) else legs}
    return unchecked(rulebook().records["Order"], **held)


def checked_by_rules(all_facts: list[Facts], expected: list[bool]) -> Any:
    """The rulebook with a test for each of the facts, a line each."""
    tests = [
        f'test "{n}" on {ON} expect cost({facts.rules}) = {str(value).lower()}'
        for n, (facts, value) in enumerate(zip(all_facts, expected, strict=True))
    ]
    return check([RulesFile("doors.policy", (RULES + "\n".join(tests) + "\n").encode())])


def right_facts_are_answered_alike(count: int) -> None:
    made = list(orders(count, Random(SEED)))
    evaluator, interpreter = rulebook().evaluator("cost"), rulebook().interpreter("cost")
    answers: list[Answer] = []
    facts = [spelt(held, ORDER) for held in made]
    for held, given in zip(made, facts, strict=True):
        order = record_from(held, ORDER, rulebook().records, rulebook().program)
        answer = evaluator.answer(order)
        assert answer.outcome is Outcome.VALUE
        assert interpreter.answer(order) == answer
        assert evaluator.answer(unchecked_order(given.held)).value == answer.value
        assert rulebook().ask("cost", json.dumps({"order": given.written})) == answer
        answers.append(answer)
    assert [row["value"] for row in table(facts)] == [answer.value for answer in answers]
    checked = checked_by_rules(facts, [bool(answer.value) for answer in answers])
    assert not checked.errors
    runner = Runner(checked.model, "")
    assert all(runner.run(test).passed for test in checked.model.tests)
    assert {answer.value for answer in answers} == {True, False}


def one_mistake_is_refused_alike(count: int) -> None:
    chance = Random(SEED)
    order = FieldDeclaration(name="order", type=ORDER, least=None, most=None, title=BilingualText(""))
    facts = []
    for held in orders(count, chance):
        found = Facts(held, None, "")
        while not found.path or not isinstance(found.held, dict):
            found = wrong(held, order, chance, "order")
        facts.append(found)
    evaluator = rulebook().evaluator("cost")
    said = []
    for given in facts:
        read = rulebook().reader("cost").read(json.dumps({"order": given.written}))
        assert isinstance(read, list), given
        (finding,) = read
        assert finding.message.startswith(f"`{given.path}`"), given
        reason = finding.message.partition("`: ")[2]
        said.append((finding.code, reason))
        answer = evaluator.answer(unchecked_order(given.held))
        assert answer.outcome is Outcome.FAILED
        assert answer.verdict.fault.startswith(f"`{given.path}`: {reason}"), given
        with pytest.raises(policy.PolicyError) as caught:
            doors.record(doors.Form(given.held))
        (refusal,) = caught.value.diagnostics
        assert (refusal.code, refusal.message.partition("`: ")[2]) == said[-1], given
    in_tables = [n for n, given in enumerate(facts) if given.cell]
    for n, row in zip(in_tables, table([facts[n] for n in in_tables]), strict=True):
        assert row["outcome"] == "refused"
        assert row["problem"].startswith(f"`{facts[n].path}`: {said[n][1]}"), facts[n]
    checked = checked_by_rules(facts, [True] * count)
    first = RULES.count("\n") + 1
    lines = [d.span.line - first for d in checked.errors if d.span]
    assert sorted(set(lines)) == list(range(count))


def test_right_facts_are_answered_alike() -> None:
    right_facts_are_answered_alike(100)


def test_one_mistake_is_refused_alike() -> None:
    one_mistake_is_refused_alike(100)


@pytest.mark.slow
def test_many_right_facts_are_answered_alike() -> None:
    right_facts_are_answered_alike(2_000)


@pytest.mark.slow
def test_any_one_mistake_is_refused_alike() -> None:
    one_mistake_is_refused_alike(2_000)
