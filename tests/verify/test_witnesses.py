"""Short ways to a result: made-up facts in place of the solver, and a glance at the whole goal before many steps."""

from __future__ import annotations

import pytest

import optional
from policy.ir.program import Program
from policy.pipeline import RulesFile, check, program
from policy.verify import prove as proving
from policy.verify.claims import Batch, ClaimKind, ProofStatus
from policy.verify.prove import Limits, prove
from policy.verify.questions import batches
from policy.verify.solver import Reply, Solver
from policy.verify.witnesses import witnessed

needs_solver = pytest.mark.skipif(not optional.there_is("z3", "proofs"), reason="pip install -e '.[proofs]'")

RULES = """language 1
ruleset t "t"
source LAW "law" status official
provision LAW/1 "what it says"
record Deal {
  amount: money(HKD) at least 0 HKD at most 1 million HKD
  size: integer at least 1 at most 50
  rate: rate at least 0% at most 100%
}
parameter step: money(HKD)
  from 2026-01-01 = 10 HKD per LAW/1
value fee(deal: Deal, further: money(HKD), note: text) -> money(HKD)
  = round up to 0.01 (deal.rate * deal.amount / deal.size) + further + step per LAW/1
property no_more "no fee is above the amount" per LAW/1
  for any deal: Deal
  always round up to 0.01 (deal.rate * deal.amount / deal.size) <= deal.amount
"""
LIMITS = Limits(10.0, 2)


def read(rules: str) -> tuple[Program, dict[ClaimKind, Batch]]:
    """The program of rules, and the batch of claims that begins with each kind."""
    made = check([RulesFile("t.policy", rules.encode())])
    rulebook = program(made)
    return rulebook, {b.claims[0].kind: b for b in batches(made.model, rulebook)}


RULEBOOK, CLAIMS = read(RULES)
ARGUMENTS = CLAIMS["argument"]


def test_arguments_that_matter_need_no_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Solver, "check")
    assert witnessed(RULEBOOK, ARGUMENTS) == {0, 1}
    shown = Batch(ARGUMENTS.parameters, ARGUMENTS.claims[:2])
    assert [r.status for r in prove(RULEBOOK, shown, LIMITS)] == [ProofStatus.PROVED] * 2


def test_witnesses_are_accepted_facts_under_law_in_force() -> None:
    rulebook, claims = read(RULES.replace("deal.rate * deal", "max(0%, deal.rate - 100%) * deal"))
    assert witnessed(rulebook, claims["argument"]) == {1}  # only a rate above its bound would make a difference
    assert not witnessed(RULEBOOK, ARGUMENTS, 730_000)  # before the step is in force there is no fee


@needs_solver
def test_what_no_facts_show_is_left_to_the_solver() -> None:
    results = prove(RULEBOOK, ARGUMENTS, LIMITS)
    assert [r.status for r in results] == [ProofStatus.PROVED, ProofStatus.PROVED, ProofStatus.REFUTED]


@needs_solver
@pytest.mark.parametrize("share", [0.000001, proving.GLANCE])
def test_a_glance_changes_no_result(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    glances: list[str] = []
    check_exactly = Solver.check_exactly

    def watched(solver: Solver, *goals: str, share: float = 1.0) -> Reply:
        glances.extend(goals)
        return check_exactly(solver, *goals, share=share)

    monkeypatch.setattr(Solver, "check_exactly", watched)
    monkeypatch.setattr(proving, "GLANCE", share)
    monkeypatch.setattr(proving, "FEW_REFINEMENTS", 1)
    assert [r.status for r in prove(RULEBOOK, CLAIMS["property"], LIMITS)] == [ProofStatus.PROVED]
    assert glances
