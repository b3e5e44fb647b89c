"""What would bring about another answer, and what would take away each reason of a denial.

In: a question on one date, its facts, and how it is to be answered. Out: the ways out of the whole; and where several
reasons deny, or nothing helps, those of each reason alone. Absent: the search itself, see `counterfactual`.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from policy.decisions import Answer, Outcome, Words
from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program
from policy.verify.counterfactual import WaysOut, wanted, ways_out
from policy.verify.decide import Limits

MOST_CURES = 3  # ways told of taking away one reason


@frozen
class Cure:
    """What would take away one reason, whatever becomes of the others."""

    rule: str
    text: Words
    ways: WaysOut

    def as_json(self) -> dict[str, Any]:
        return {"rule": self.rule, "text": {"en": self.text.en, "zh": self.text.zh}, **self.ways.as_json()}


@frozen
class Remedy:
    """The ways out of the whole, and of each reason where that is told."""

    how: str
    whole: WaysOut
    reasons: tuple[Cure, ...]

    def as_json(self) -> dict[str, Any]:
        return {**self.whole.as_json(), "reasons": [c.as_json() for c in self.reasons]}

    @property
    def changes_times(self) -> bool:
        """Whether any way changes an instant or a date."""
        return any(way.changes_times for found in (self.whole, *(c.ways for c in self.reasons)) for way in found.ways)


def remedy_of(
    program: Program, function: Function, answer: Answer, how: str, limits: Limits, goal: Expr | None = None
) -> Remedy:
    """The remedy of an answer; `goal` is what is wanted of a question that is no decision."""
    given = answer.arguments
    whole = ways_out(program, function, given, wanted(function, how) if goal is None else goal, limits)
    reasons: tuple[Cure, ...] = ()
    if how == "permitted" and answer.outcome is Outcome.DENIED:
        denying = {r.rule for r in answer.reasons}
        rules = [r for r in function.rules if r.name in denying and r.name != "otherwise"]
        if len(rules) > 1 or not whole.ways:
            reasons = tuple(
                Cure(r.name, r.text, ways_out(program, function, given, ir.Not(r.condition), limits, MOST_CURES))
                for r in rules
            )
    return Remedy(how, whole, reasons)
