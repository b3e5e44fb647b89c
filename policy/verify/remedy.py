"""Counterfactuals of an answer, and of each reason of a denial.

In: a question on one date, its facts, and the goal. Out: counterfactuals of the whole answer; and where several
reasons deny, or no change helps, those of each reason alone. Absent: the search (`counterfactual`).
"""

from __future__ import annotations

from attrs import frozen

from policy.answers import Answer, BilingualText, Outcome
from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program
from policy.verify.counterfactual import Counterfactuals, counterfactuals, goal_of
from policy.verify.prove import Limits

MOST_CURES = 3  # counterfactuals of one reason


@frozen
class Cure:
    """The counterfactuals that remove one reason, whatever the others do."""

    rule: str
    text: BilingualText
    ways: Counterfactuals

    def as_json(self) -> dict[str, object]:
        return {"rule": self.rule, "text": self.text.by_tag(), **self.ways.as_json()}


@frozen
class Remedy:
    """The counterfactuals of the whole answer, and of each reason where these are computed."""

    how: str
    whole: Counterfactuals
    reasons: tuple[Cure, ...]

    def as_json(self) -> dict[str, object]:
        return {**self.whole.as_json(), "reasons": [c.as_json() for c in self.reasons]}

    @property
    def changes_times(self) -> bool:
        """Whether any counterfactual changes an instant or a date."""
        return any(way.changes_times for found in (self.whole, *(c.ways for c in self.reasons)) for way in found.ways)


def remedy_of(
    program: Program, function: Function, answer: Answer, how: str, limits: Limits, goal: Expr | None = None
) -> Remedy:
    """The remedy of an answer; `goal` is that of a question that is no decision."""
    given = answer.arguments
    whole = counterfactuals(program, function, given, goal_of(function, how) if goal is None else goal, limits)
    reasons: tuple[Cure, ...] = ()
    if how == "permitted" and answer.outcome is Outcome.DENIED:
        denying = {r.rule for r in answer.reasons}
        rules = [r for r in function.rules if r.name in denying and r.name != "otherwise"]
        if len(rules) > 1 or not whole.ways:
            reasons = tuple(
                Cure(
                    r.name, r.text, counterfactuals(program, function, given, ir.Not(r.condition), limits, MOST_CURES)
                )
                for r in rules
            )
    return Remedy(how, whole, reasons)
