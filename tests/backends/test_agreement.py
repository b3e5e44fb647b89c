"""One meaning: the model, read by an oracle, the reference interpreter and generated Python give the same answers."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from agreement import CONSTRUCTS, agree, using
from cases_of_rules import HEAD
from model_oracle import Oracle
from policy import resources
from policy.facts.records import record_from
from policy.ir.questions import DatedQuestion, InterpretedEvaluator
from policy.model.overlays import overlaid
from policy.pipeline import RulesFile, check, dated, program, read_folder
from policy.source import Source
from policy.syntax.from_text import parse
from policy.syntax.to_text import formatted
from policy.testing.run import NO_DATE, Runner
from random_expressions import DAYS
from random_rules import Rules

SEEDS = st.integers(0, 2**64 - 1)
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
SEEDED = QUIET | {"phases": [Phase.generate]}  # a seed has no smaller form


def reformat(seed: int) -> None:
    text = Rules(Random(seed)).text
    source = Source("random.policy", text)
    parsed = parse(source)
    assert not parsed.diagnostics
    once = formatted(source, parsed.file)
    again = parse(Source("random.policy", once))
    assert formatted(Source("random.policy", once), again.file) == once
    assert again.file == parsed.file
    before = check([RulesFile("random.policy", text.encode())]).model
    assert check([RulesFile("random.policy", once.encode())]).model == before


@settings(max_examples=25, **SEEDED)
@given(SEEDS)
def test_backends_agree_on_random_rules(seed: int) -> None:
    agree(seed)


@pytest.mark.parametrize("part", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 8))])
def test_the_shipped_rules_mean_what_the_model_says(part: int) -> None:
    """An eighth of their tests by default, from all over the rulebook."""
    checked = check(read_folder((resources.folder("rulesets"),))[0])
    runner, judged = Runner(checked.model, "shipped"), 0
    for test in checked.model.tests[part::8]:
        day = test.on or NO_DATE
        law, _, classes = runner.program(test.ruleset, day)
        overlay = test.ruleset if checked.model.rulesets[test.ruleset].amends else ""
        oracle = Oracle(overlaid(checked.model, overlay), day)
        for e in (e for e in test.expectations if e.kind != "refused"):
            types = [of for _, of in law.functions[e.question].parameters]
            for written in (e.arguments, e.other):
                if len(written) == len(types):
                    given_ = [record_from(f, of, classes, law) for f, of in zip(written, types, strict=True)]
                    answer = InterpretedEvaluator(DatedQuestion(e.question, law)).answer(*given_)
                    judged += oracle.check(e.question, written, answer)
    assert judged > 75


UNDECIDED = """record Item { x: integer }
record R { flag: boolean  a: integer  b: integer  list: list of integer  item: Item }
value listed(r: R) -> integer = count(x for x in (if r.flag then r.list else r.list)) per LAW/1
value written(r: R) -> integer = count(x for x in (if r.flag then [r.a] else [r.b])) per LAW/1
value recorded(r: R) -> integer = (if r.flag then r.item else r.item).x per LAW/1
value faulty(r: R) -> integer = if r.flag then round down to 1 (1 / r.b) else 3 per LAW/1
value twice(r: R) -> integer = if r.flag then round down to 1 (1 / r.b) else round down to 1 (1 / r.b) per LAW/1
value large(r: R) -> integer = if r.flag then r.a * r.a * r.a else r.a * r.a * r.a per LAW/1
decision may(r: R) otherwise deny
  deny zero when r.b is 0 per LAW/1
  deny huge when r.a * r.a * r.a > 5 per LAW/2
"""


@pytest.mark.parametrize(
    "facts",
    [{}, {"b": 0}, {"b": 1, "a": 2}, {"list": [1, 2]}, {"item": {"x": 4}}, {"a": 10**14}, {"a": 10**14, "b": 0}],
)
def test_the_oracle_knows_what_a_branch_gives_that_may_not_be_taken(facts: dict[str, Any]) -> None:
    """Lists and records of facts, unknown elements, faults and overflows, under a condition that is not known."""
    checked = check([RulesFile("t.policy", (HEAD + UNDECIDED).encode())])
    book, oracle = dated(program(checked), DAYS[0]), Oracle(checked.model, date.fromisoformat(DAYS[0]).toordinal())
    record = book.program.functions["t.may"].parameters[0][1]
    given_ = record_from(facts, record, book.records, book.program)
    asked = [f.id for f in book.program.functions.values()]
    judged = [id for id in asked if oracle.check(id, (facts,), book.interpreter(id).answer(given_))]
    assert len(judged) >= len(asked) - 2


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_random_rules_use_every_construct(construct: str) -> None:
    assert next(using(construct)) < 200


@settings(max_examples=20, **SEEDED)
@given(SEEDS)
def test_formatting_changes_no_meaning(seed: int) -> None:
    reformat(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_backends_agree_on_hundreds_of_random_rules(part: int) -> None:
    for seed in range(part * 250, part * 250 + 125):
        agree(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_formatting_changes_no_meaning_of_hundreds(part: int) -> None:
    for seed in range(10_000 + part * 250, 10_000 + part * 250 + 125):
        reformat(seed)
