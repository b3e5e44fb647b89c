"""Claims that something exists, shown by made-up facts: a witness needs no solver.

In: a program and a batch of claims. Out: the claims that have a witness, which the reader of facts accepts and the
interpreter confirms, as it must a solution of the solver. Absent: proofs that there is none.

Only claims about arguments are tried: two calls about different facts are the largest queries for a solver, and
almost any two facts answer them. Of the other claims, a solver answers one in the time of two or three evaluations.
"""

from __future__ import annotations

from random import Random

from policy.facts.samples import constants, sample
from policy.ir.program import Program
from policy.verify.claims import Batch, Claim
from policy.verify.facts import DAYS
from policy.verify.minimise import days_of
from policy.verify.replay import DatedProgram, Replay, part_about

TRIED = (
    60  # made-up facts for a claim: the first half under the latest law, the others on every day on which it changes
)


def witnessed(program: Program, batch: Batch, on: int | None = None) -> frozenset[int]:
    """Which claims of a batch, by their place in it, made-up facts show to be so."""
    tried = [n for n, c in enumerate(batch.claims) if c.kind == "argument" and not c.is_universal]
    small = part_about(program, batch.parameters, *(e for n in tried for e in batch.claims[n].query.expressions))
    days = [on] if on is not None else days_of(f.body for f in small.functions.values()) or [DAYS[1] // 5]
    dated = DatedProgram(small)
    return frozenset(n for n in tried if _has_witness(dated, batch, batch.claims[n], days))


def _has_witness(dated: DatedProgram, batch: Batch, claim: Claim, days: list[int]) -> bool:
    replay = Replay(dated, batch.parameters, claim.query)
    numbers, texts = constants(dated.program, dated.program.functions[claim.subject])
    chance = Random(f"{claim.subject} {claim.statement}")
    for n in range(TRIED):
        given = tuple(sample(of, dated.program, numbers, texts, chance) for _, of in batch.parameters)
        if replay.holds(given, days[n % len(days) if n >= TRIED // 2 else 0]):
            return True
    return False
