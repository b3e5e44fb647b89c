"""Claims about random rulebooks: no case is shown that the interpreter does not confirm, and what is said never to
happen does not happen on random facts. And what is kept between runs, and what is said without a solver.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import optional
from policy import cache, resources
from policy.cli import main
from policy.facts.records import record_classes, record_from
from policy.ir.from_model import program_of
from policy.ir.interpret import Interpreter
from policy.ir.program import Program
from policy.ir.questions import DatedQuestion
from policy.ir.simplify import specialised
from policy.model import rules, types
from policy.model.overlays import overlaid
from policy.pipeline import RulesFile, check, program, read_folder
from policy.verify import overlay
from policy.verify.claims import Batch, Claim, ProofStatus
from policy.verify.difference import change, compared, directions
from policy.verify.facts import SymbolicFacts
from policy.verify.product_program import fingerprints
from policy.verify.prove import Limits, prove
from policy.verify.questions import batches
from policy.verify.replay import DatedProgram, Replay
from policy.verify.run import tasks, verdicts
from policy.verify.symbolic import CannotEncodeError, Texts
from policy.verify.terms import Terms
from random_expressions import DAYS
from random_facts import facts
from random_rules import Rules

needs_solver = pytest.mark.skipif(not optional.there_is("z3", "proofs"), reason="pip install -e '.[proofs]'")
SEEDS = st.integers(0, 2**64 - 1)
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
SEEDED = QUIET | {"phases": [Phase.generate]}  # a seed has no smaller form
QUICK = Limits(1.0, 2)
SAMPLES = 6


def random_model(seed: int) -> rules.Model:
    made = Rules(Random(seed))
    return check(
        [RulesFile("random.policy", made.text.encode()), RulesFile("house.policy", made.house.encode())]
    ).model


def whole(given: dict[str, Any]) -> dict[str, Any]:
    """Random facts with lists no longer than are looked at, and nothing missing in them."""
    return {n: v[: QUICK.longest] if isinstance(v, list) else v for n, v in given.items()}


def sampled(made: Program, batch: Batch, chance: Random) -> tuple[Any, ...]:
    """Random facts for a batch whose parameters are all of the one record."""
    record = made.functions["random.rules.queue"].parameters[0][1]
    assert all(of == record for _, of in batch.parameters)
    given = [whole(facts(chance, 0.0)) for _ in batch.parameters]
    for g in given:
        g["grid"] = [[x for x in row if isinstance(x, int)][: QUICK.longest] for row in g["grid"]]
        g["numbers"] = [x for x in g["numbers"] if isinstance(x, int)]
    return tuple(given)


def holds_on(made: Program, batch: Batch, claim: Claim, given: tuple[Any, ...], day: int) -> bool:
    return not Replay(DatedProgram(made), batch.parameters, claim.query).holds(given, day)


def claims_hold(seed: int) -> None:
    chance = Random(seed)
    model = random_model(seed)
    made = program_of(model, "random")
    record = made.functions["random.rules.queue"].parameters[0][1]
    wanted = [b for b in batches(model, made) if b.parameters and all(of == record for _, of in b.parameters)]
    for batch in wanted:
        found = prove(made, batch, QUICK)
        assert len(found) == len(batch.claims)
        for _ in range(SAMPLES):
            given, day = sampled(made, batch, chance), _day(chance)
            for claim, verdict in zip(batch.claims, found, strict=True):
                if verdict.status is (ProofStatus.PROVED if claim.is_universal else ProofStatus.REFUTED):
                    assert holds_on(made, batch, claim, given, day), f"{claim.statement} on {given}, {day}"


def overlay_holds(seed: int) -> None:
    """The verdicts on an overlay are kept by random facts."""
    chance = Random(seed)
    model = random_model(seed)
    law, house = program_of(model, "law"), program_of(overlaid(model, "random.house"), "house", "random.house")
    both = overlay.compared(model, law, house, "random.house")
    made = evolve(both.program, functions={**both.program.functions, **law.functions})
    for batch in both.batches:
        [verdict] = prove(both.program, batch, QUICK)
        if verdict.status is ProofStatus.PROVED and batch.parameters:
            for _ in range(SAMPLES):
                assert holds_on(both.program, batch, batch.claims[0], sampled(made, batch, chance), _day(chance))


def differences_hold(seed: int) -> None:
    """What is said to be equivalent under an overlay answers random facts alike."""
    chance = Random(seed)
    model = random_model(seed)
    law, house = program_of(model, "law"), program_of(overlaid(model, "random.house"), "house", "random.house")
    c = change(law, house, directions(model))
    for id in c.other:
        d = compared(c, id, QUICK)
        function = law.functions[id]
        if d.outcome == "equivalent" and function.parameters:
            batch = Batch(function.parameters, ())
            for _ in range(SAMPLES):
                given, day = sampled(law, batch, chance), _day(chance)
                answers = [_answer(p, id, given, day) for p in (law, house)]
                assert answers[0] == answers[1], f"{id} on {given}, {day}"


def _answer(made: Program, id: str, given: tuple[Any, ...], day: int) -> Any:
    dated = specialised(made, day)
    classes = record_classes(dated)
    function = dated.functions[id]
    arguments = tuple(
        record_from(g, of, classes, dated, checked=False)
        for g, (_, of) in zip(given, function.parameters, strict=True)
    )
    answer = Interpreter(dated).answer(DatedQuestion(id, dated), arguments)
    return answer.outcome, answer.value


def _day(chance: Random) -> int:
    return date.fromisoformat(chance.choice(DAYS)).toordinal()


@needs_solver
@settings(max_examples=1, **SEEDED)
@given(SEEDS)
def test_claims_about_random_rules_hold(seed: int) -> None:
    claims_hold(seed)


@needs_solver
@settings(max_examples=5, **SEEDED)
@given(SEEDS)
def test_claims_about_random_overlays_hold(seed: int) -> None:
    overlay_holds(seed)


@needs_solver
@settings(max_examples=2, **SEEDED)
@given(SEEDS)
def test_differences_of_random_rules_hold(seed: int) -> None:
    differences_hold(seed)


@needs_solver
@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_claims_about_many_random_rules_hold(part: int) -> None:
    for seed in range(part * 20, part * 20 + 12):
        claims_hold(seed)
        overlay_holds(seed)
        if seed % 4 == 0:
            differences_hold(seed)


# ── the shipped rulebook ────────────────────────────────────────────────────────────────────


@needs_solver
def test_every_property_of_the_shipped_rulebook_is_proved() -> None:
    texts, _ = read_folder([resources.folder("rulesets")])
    checked = check(texts)
    made = program(checked)
    wanted = [t for t in tasks(made, batches(checked.model, made), Limits()) if t.batch.claims[0].kind == "property"]
    found = list(verdicts(wanted, processes=1))
    assert len(found) >= 24
    assert [v for v in found if v.status is not ProofStatus.PROVED] == []


@needs_solver
@pytest.mark.slow
def test_nothing_about_the_shipped_rulebook_is_refuted_that_is_not_marked() -> None:
    result = CliRunner().invoke(main, ["verify", str(resources.folder("rulesets")), "--format", "json"])
    found = json.loads(result.stdout)
    assert {v["status"] for v in found} == {"proved", "refuted as marked", "not asked"}
    assert result.exit_code == 0


# ── what is kept ────────────────────────────────────────────────────────────────────────────

RULES = """language 1
ruleset t
source LAW "the law" status official
provision LAW/1 "one"
parameter haircut: rate = 60% per LAW/1
value lent(n: integer) -> integer = n + 1 per LAW/1
property positive for any n: integer where n > 0 always lent(n) > 0
property cut for any n: integer always haircut >= 50%
"""


def program_of_text(text: str) -> Program:
    return program(check([RulesFile("t.policy", text.encode())]))


def test_a_fingerprint_covers_what_an_answer_depends_on_and_nothing_else() -> None:
    before = fingerprints(program_of_text(RULES))
    moved = fingerprints(program_of_text("# a comment\n" + RULES.replace('"one"', '"the first"')))
    assert moved == before
    other = fingerprints(program_of_text(RULES.replace("n + 1", "n + 2")))
    assert {id for id in before if before[id] != other[id]} == {"t.lent", "t.positive"}
    assert len(set(before.values())) == len(before)


def test_a_fingerprint_covers_the_bounds_of_facts() -> None:
    text = RULES + "record R { n: integer at least 0 }\nvalue of_record(r: R) -> integer = r.n per LAW/1\n"
    before = fingerprints(program_of_text(text))
    after = fingerprints(program_of_text(text.replace("at least 0", "at least 1")))
    assert {id for id in before if before[id] != after[id]} == {"t.of_record"}


@needs_solver
def test_unchanged_claims_are_answered_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY_CACHE", str(tmp_path))
    checked = check([RulesFile("t.policy", RULES.encode())])
    made = program(checked)
    wanted = tasks(made, batches(checked.model, made), Limits())
    first = list(verdicts(wanted, processes=1))
    kept = {task.key: cache.fetch(task.key) for task in wanted}
    assert all(kept.values())
    for key, found in kept.items():
        cache.store(key, [evolve(v, notes=("from the cache",)) for v in found])
    again = list(verdicts(wanted, processes=1))
    assert [evolve(v, notes=()) for v in again] == [evolve(v, notes=()) for v in first]
    assert all(v.notes == ("from the cache",) for v in again)


@needs_solver
def test_a_disagreement_ends_its_claim_with_a_report_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the encoding were wrong about `lent` alone: every solution about it is rejected."""
    confirms = Replay.holds

    def rejects(self: Replay, given: Any, on: int) -> bool:
        return "t.lent" not in self.dated.program.functions and confirms(self, given, on)

    monkeypatch.setattr(Replay, "holds", rejects)
    monkeypatch.chdir(tmp_path)
    text = RULES.replace("lent(n) > 0", "lent(n) > 1").replace("haircut >= 50%", "haircut > 60%")
    (tmp_path / "t.policy").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["verify", "t.policy", "--kind", "property", "-j", "1", "--all"])
    [report] = tmp_path.glob("unconfirmed-*.txt")
    assert (
        f"could not be confirmed: solver and interpreter disagree; please report it with the file `{report.name}`"
        in (result.stdout)
    )
    assert "t.cut: the property holds  t.policy:8:1\n" in result.stdout
    assert "refuted  t.cut" in result.stdout
    assert "(assert (=> |goal 0|" in report.read_text(encoding="utf-8")
    assert result.exit_code == 1
    result = CliRunner().invoke(main, ["verify", "t.policy", "-k", "positive", "-j", "1"])
    assert result.exit_code == 3


def test_without_a_solver_the_remedy_is_named_and_questions_can_still_be_printed(tmp_path: Path) -> None:
    (tmp_path / "t.policy").write_text(RULES, encoding="utf-8")
    hide = "import sys; sys.modules['z3'] = None; from policy.cli import main; main()"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", hide, *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    refused = run("verify", "t.policy")
    assert refused.returncode == 2
    assert "pip install 'policy-that-runs[proofs]'" in refused.stderr
    assert run("test", "t.policy", "--mutate").returncode == 2
    assert run("diff", "t.policy", "t.policy").returncode == 2
    printed = run("verify", "t.policy", "--smt")
    assert printed.returncode == 0
    assert "(check-sat-assuming" in printed.stdout


def test_types_of_facts_without_a_name_are_refused_by_name() -> None:
    made = SymbolicFacts(program_of_text(RULES), Terms(), Texts())
    with pytest.raises(CannotEncodeError, match="`a`, a list or set that may be absent"):
        made.any(types.OptionalOf(types.ListOf(types.INTEGER)), "a")
