"""One meaning: on random rules and facts, generated Python answers exactly as the reference interpreter."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy import UndecidedError
from policy.decisions import Outcome
from policy.facts.records import record_from
from policy.ir.from_model import program_of
from policy.model.overlays import overlaid
from policy.pipeline import Text, check, dated
from policy.source import Source
from policy.syntax.from_text import parse
from policy.syntax.to_text import formatted
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
    undated = program_of(overlaid(checked.model, overlay), "random", overlay)
    for day in chance.sample(DAYS, 2):
        rulebook = dated(undated, date.fromisoformat(day))
        for missing in (0.0, 0.0, 0.15):
            record = rulebook.program.functions["random.rules.queue"].parameters[0][1]
            f = record_from(facts(chance, missing), record, rulebook.records, rulebook.program)
            for name in rules.questions:
                meant = rulebook.interpreter(name).answer(f)
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


@settings(max_examples=75, **QUIET)
@given(SEEDS)
def test_backends_agree_on_random_rules(seed: int) -> None:
    agree(seed)


@settings(max_examples=30, **QUIET)
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
