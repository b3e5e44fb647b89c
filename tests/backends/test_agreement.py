"""One meaning: the model, read by an oracle, the reference interpreter and generated Python give the same answers."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from model_oracle import Oracle
from policy import UndecidedError, resources
from policy.answers import Outcome
from policy.facts.records import record_from
from policy.ir.from_model import program_of
from policy.ir.questions import DatedQuestion, InterpretedEvaluator
from policy.model.overlays import overlaid
from policy.pipeline import Text, check, dated, read_folder
from policy.source import Source
from policy.syntax.from_text import parse
from policy.syntax.to_text import formatted
from policy.testing.run import NO_DATE, Runner
from random_expressions import DAYS
from random_rules import Rules, facts

SEEDS = st.integers(0, 2**64 - 1)
QUIET = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


def agree(seed: int) -> None:
    chance = Random(seed)
    rules = Rules(chance)
    checked = check([Text("random.policy", rules.text.encode()), Text("house.policy", rules.house.encode())])
    judgements = ("unreachable-row", "loosens")  # which random rules may earn
    wrong = [d for d in checked.errors if d.code not in judgements]
    assert not wrong, rules.text + rules.house + "\n".join(map(str, wrong))
    overlay = chance.choice(("", "random.house"))
    model = overlaid(checked.model, overlay)
    undated = program_of(model, "random", overlay)
    for day in chance.sample(DAYS, 2):
        rulebook = dated(undated, date.fromisoformat(day))
        oracle = Oracle(model, date.fromisoformat(day).toordinal())
        for missing in (0.0, 0.0, 0.15):
            record = rulebook.program.functions["random.rules.queue"].parameters[0][1]
            written = facts(chance, missing)
            f = record_from(written, record, rulebook.records, rulebook.program)
            for name in rules.questions:
                meant = rulebook.interpreter(name).answer(f)
                oracle.check(f"random.rules.{name}", (written,), meant)
                evaluator = rulebook.evaluator(name)
                made = evaluator.answer(f)
                assert made == meant, (
                    f"{name} on {day}: {made} {made.verdict}, but {meant} {meant.verdict}\n{rules.text}{rules.house}"
                )
                assert evaluator.verdict(f) == meant.verdict
                if meant.outcome in (Outcome.UNDECIDED, Outcome.FAILED):
                    with pytest.raises(UndecidedError):
                        evaluator.fast(f)
                else:
                    wanted = meant.value if meant.outcome is Outcome.VALUE else meant.permitted
                    assert evaluator.fast(f) == wanted
                told = meant.derivation.value  # the explanation must tell the same story
                assert all(need in told for need in meant.needs)
                assert all(isinstance(shown, str) for _, shown in meant.basis.facts)


def reformat(seed: int) -> None:
    text = Rules(Random(seed)).text
    source = Source("random.policy", text)
    parsed = parse(source)
    assert not parsed.diagnostics
    once = formatted(source, parsed.file)
    again = parse(Source("random.policy", once))
    assert formatted(Source("random.policy", once), again.file) == once
    assert again.file == parsed.file
    before = check([Text("random.policy", text.encode())]).model
    assert check([Text("random.policy", once.encode())]).model == before


@settings(max_examples=50, **QUIET)
@given(SEEDS)
def test_backends_agree_on_random_rules(seed: int) -> None:
    agree(seed)


def test_the_shipped_rules_mean_what_the_model_says() -> None:
    checked = check(read_folder((resources.folder("rulesets"),))[0])
    runner, asked = Runner(checked.model, "shipped"), 0
    for test in checked.model.tests:
        day = test.on or NO_DATE
        program, _, classes = runner.program(test.ruleset, day)
        overlay = test.ruleset if checked.model.rulesets[test.ruleset].amends else ""
        oracle = Oracle(overlaid(checked.model, overlay), day)
        for e in test.expectations:
            types = [of for _, of in program.functions[e.question].parameters]
            for written in (e.arguments, e.other):
                if len(written) == len(types):
                    given_ = [record_from(f, of, classes, program) for f, of in zip(written, types, strict=True)]
                    oracle.check(
                        e.question, written, InterpretedEvaluator(DatedQuestion(e.question, program)).answer(*given_)
                    )
                    asked += 1
    assert asked > 300


@settings(max_examples=20, **QUIET)
@given(SEEDS)
def test_formatting_changes_no_meaning(seed: int) -> None:
    reformat(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_backends_agree_on_thousands_of_random_rules(part: int) -> None:
    for seed in range(part * 250, part * 250 + 250):
        agree(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_formatting_changes_no_meaning_of_thousands(part: int) -> None:
    for seed in range(10_000 + part * 250, 10_000 + part * 250 + 250):
        reformat(seed)
