"""The facts that a question is said to read are all that its answers can turn on."""

from __future__ import annotations

import re
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import optional
from policy.facts.records import record_from
from policy.facts.schema import schema, template
from policy.ir.program import Program
from policy.ir.reads import Fact, every, facts_read
from policy.model import types
from policy.pipeline import RulesFile, check, dated, program
from random_expressions import DAYS
from random_facts import facts
from random_rules import Rules

SOURCE = """language 1

ruleset shop "shop" zh "店"

source S "source" zh "來源" status house
provision S/1 "one" zh "一"

"""
LINES = """
record Line "line" zh "行" {
  price: integer
  pieces: integer at least 2
  note: text
}
record Order "order" zh "單" {
  first: Line
  second: Line
  spare: optional Line
  lines: list of Line
  pages: list of list of Line
  gift: boolean
  days: integer
  inner: optional Order
}
"""


def made(text: str) -> Program:
    checked = check([RulesFile("shop.policy", (SOURCE + LINES + text).encode())])
    return program(checked)


def paths(program: Program, name: str) -> set[str]:
    [function] = program.named(name)
    return {f.path for f in every(facts_read(program, function).values())}


@pytest.mark.parametrize(
    ("of", "body", "read"),
    [
        ("integer", "o.first.price", {"first", "first.price"}),
        ("boolean", "o.spare is present", {"spare"}),
        ("integer", "if o.spare is present then o.spare.price else 0", {"spare", "spare.price"}),
        (
            "integer",
            "(o.spare default o.first).price",
            {"spare", "spare.price", "first", "first.price"},
        ),
        (
            "integer",
            "(if o.gift then o.first else o.second).pieces",
            {"gift", "first", "first.pieces", "second", "second.pieces"},
        ),
        ("integer", "count(x for x in o.lines)", {"lines"}),
        ("integer", "count(x for x in o.lines where x.price > 1)", {"lines", "lines[].price"}),
        ("integer", "sum(x.pieces for x in o.lines)", {"lines", "lines[].pieces"}),
        ("integer", "sum(sum(x.price for x in p) for p in o.pages)", {"pages", "pages[][].price"}),
        (
            "integer",
            "sum(x.price for x in [o.first, o.second])",
            {"first", "first.price", "second", "second.price"},
        ),
        ("integer", "dear(o.second)", {"second", "second.price"}),
        ("integer", "dear(cheaper(o.first, o.second))", {"first", "first.price", "second", "second.price"}),
        ("Line", "o.first", {"first", "first.price", "first.pieces", "first.note"}),
        ("list of Line", "o.lines", {"lines", "lines[].price", "lines[].pieces", "lines[].note"}),
        (
            "integer",
            "if o.inner is present then o.inner.first.price else 1",
            {"inner", "inner.first", "inner.first.price"},
        ),
    ],
)
def test_records_are_followed_wherever_they_go(of: str, body: str, read: set[str]) -> None:
    program = made(
        'value dear(l: Line) -> integer "d" zh "貴"\n  = l.price * 2 per S/1\n'
        'value cheaper(a: Line, b: Line) -> Line "c" zh "平"\n  = if a.price < b.price then a else b per S/1\n'
        f'value asked(o: Order) -> {of} "a" zh "問"\n  = {body} per S/1\n'
    )
    assert paths(program, "asked") == {"o", *(f"o.{path}" for path in read)}


def test_a_record_inside_its_own_kind_is_followed_once() -> None:
    """A result that is such a record would be endless."""
    read = paths(made('value asked(o: Order) -> Order "a" zh "問"\n  = o per S/1\n'), "asked")
    assert {"o.first.price", "o.lines[].note", "o.inner"} <= read
    assert not any(path.startswith("o.inner.inner.") for path in read)


def test_a_reason_turns_on_what_its_rule_reads_wherever_the_record_comes_from() -> None:
    undated = made(
        'decision asked(o: Order) "a" zh "問"\n  otherwise permit "p" zh "准"\n'
        '  deny dear when (o.spare default o.first).price > 5 because "d" zh "貴" per S/1\n'
    )
    rulebook = dated(undated, "2026-01-01")
    answer = rulebook.ask("asked", '{"o": {"spare": null, "first": {"price": 7}}}')
    assert answer.verdict.relevant_facts == ("o.spare", "o.first.price", "o.spare.price")


def test_only_what_is_read_as_of_a_date_is_listed() -> None:
    undated = made(
        'value asked(o: Order) -> integer "a" zh "問"\n'
        "  until 2026-01-01 = o.first.price per S/1\n  from 2026-01-01 = o.days per S/1\n"
    )
    assert paths(undated, "asked") == {"o", "o.first", "o.first.price", "o.days"}
    assert paths(dated(undated, "2025-12-31").program, "asked") == {"o", "o.first", "o.first.price"}
    assert paths(dated(undated, "2026-01-01").program, "asked") == {"o", "o.days"}


def test_the_schema_takes_what_is_not_read_and_lists_it_apart() -> None:
    jsonschema = optional.library("jsonschema", "dev")
    program = made('value asked(o: Order) -> integer "a" zh "問"\n  = sum(x.pieces for x in o.lines) per S/1\n')
    [function] = program.named("asked")
    document = schema(program, function)
    jsonschema.Draft202012Validator.check_schema(document)
    validator = jsonschema.Draft202012Validator(document)
    form = template(program, function)
    assert form == {"o": {"lines": [{"pieces": "2"}]}}
    order = document["properties"]["o"]
    assert list(order["properties"]) == ["lines"]
    assert list(order["properties"]["lines"]["items"]["properties"]) == ["pieces"]
    assert validator.is_valid(form)
    assert validator.is_valid({})
    assert validator.is_valid({"o": {"gift": True, "lines": [{"note": "n"}], "inner": {"days": 3}}})
    for wrong in (
        {"p": 1},
        {"o": {"gifts": True}},
        {"o": {"gift": 3}},
        {"o": {"lines": [{"piece": 1}]}},
        {"o": {"inner": {"inner": {"x": 1}}}},
    ):
        assert not validator.is_valid(wrong)


# ── random rules ────────────────────────────────────────────────────────────────────────────


def changed(given: dict[str, Any], other: dict[str, Any], read: dict[str, Fact]) -> dict[str, Any]:
    """The first facts as far as they are read, and for the rest the others."""
    result = {name: value for name, value in other.items() if name not in read}
    for name, value in given.items():
        if name in read:
            result[name] = _changed(value, other.get(name), read[name])
    return result


def _changed(value: Any, other: Any, fact: Fact) -> Any:
    match fact.inner:
        case types.Record() if value is not None:
            return changed(value, other if isinstance(other, dict) else {}, fact.fields)
        case types.ListOf(types.Record()):
            spare = {"amount": 7, "kind": "green", "flag": True}
            return [changed(item, spare, fact.elements.fields) for item in value]
    return value


def reads_all(seed: int) -> None:
    chance = Random(seed)
    rules = Rules(chance)
    checked = check([RulesFile("random.policy", rules.text.encode())])
    if any(d.is_error for d in checked.errors):
        assert {d.code for d in checked.errors} <= {"unreachable-row"}
        return
    undated = program(checked)
    parameters = {types.short(f.id) for f in undated.functions.values() if f.kind in ("parameter", "set")}
    rulebook = dated(undated, date.fromisoformat(chance.choice(DAYS)))
    record = rulebook.program.functions["random.rules.queue"].parameters[0][1]
    for name in rules.questions:
        function = rulebook.question(name)
        read = facts_read(rulebook.program, function)
        listed = {f.path for f in every(read.values())}
        assert listed <= paths(undated, name)
        fields = read["f"].fields if read else {}
        for missing in (0.0, 0.15, 0.4):
            one, two = facts(chance, missing), facts(chance, 0.3)
            f, g = (
                record_from(given, record, rulebook.records, rulebook.program)
                for given in (one, changed(one, two, fields))
            )
            answer = rulebook.interpreter(name).answer(f)
            used = {*answer.needs, *(path for path, _ in answer.basis.facts)} - parameters
            unlisted = {re.sub(r"\[\d+\]", "[]", path) for path in used} - listed
            unlisted = {path for path in unlisted if re.sub(r"(\[\])+$", "", path) not in listed}
            assert not unlisted, f"{name} reads {unlisted}, listed are {listed}\n{rules.text}"
            again = rulebook.interpreter(name).answer(g)
            assert answer == again, f"{name} turns on a fact that is not among {listed}\n{rules.text}"
            assert rulebook.evaluator(name).answer(g) == again


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**64 - 1))
def test_nothing_else_is_read_by_random_rules(seed: int) -> None:
    reads_all(seed)
