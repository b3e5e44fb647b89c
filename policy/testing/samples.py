"""Tries a rulebook's properties on made-up facts: a way to find a counterexample, never a proof."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from policy.answers import Outcome
from policy.facts.records import record_from
from policy.facts.samples import constants, sample
from policy.ir.interpret import Interpreter
from policy.ir.questions import DatedQuestion
from policy.model import rules
from policy.model.calendar import periods
from policy.testing.coverage import Coverage
from policy.testing.run import NO_DATE, Failure, Result, Runner, line_of

SAMPLES = 300


def dates_of(model: rules.Model) -> list[int]:
    """The days on which something in the rulebook changes, and the day before the first."""
    days = {
        start
        for d in model.of_kind(rules.Parameter, rules.Value)
        for _, start, _ in periods(d.versions)
        if start is not None
    }
    days |= {r.start for d in model.of_kind(rules.Decision) for r in d.rules if r.start is not None}
    days |= {r.start for d in model.of_kind(rules.Table) for r in d.body.rows if r.start is not None}
    return [min(days) - 1, *sorted(days)] if days else []


def try_properties(runner: Runner, count: int = SAMPLES) -> Iterator[Result]:
    """A result per property: failed with the first counterexample found, if one was."""
    return (try_property(runner, p, count) for p in runner.model.of_kind(rules.Property))


def try_property(runner: Runner, p: rules.Property, count: int = SAMPLES) -> Result:
    """What comes of a property on made-up facts."""
    dates = dates_of(runner.model) or [NO_DATE]
    chance = Random(p.id)
    failure: Failure | None = None
    coverage = Coverage()
    for n in range(count):
        on = dates[n % len(dates)]
        program, _, classes = runner.program(p.ruleset, on)
        function = program.functions[p.id]
        if n < len(dates):
            numbers, texts = constants(program, function)
        facts = [sample(of, program, numbers, texts, chance) for _, of in p.parameters]
        arguments = tuple(
            record_from(f, of, classes, program) for f, (_, of) in zip(facts, p.parameters, strict=True)
        )
        asked = DatedQuestion(p.id, program)
        answer = Interpreter(program).answer(asked, arguments)
        if answer.outcome is Outcome.VALUE:
            coverage.provisions.update(c.provision for c in p.citations)
        if answer.outcome is Outcome.VALUE and answer.value is False:
            shown = ", ".join(f"{path} = {value}" for path, value in answer.basis.facts)
            expected, actual = "always true", f"false on {asked.on} where {shown}"
            failure = Failure(expected, actual, line_of(p.span), answer.derivation)
            break
    return Result(f"property {p.name}", p.ruleset, line_of(p.span), (failure,) if failure else (), coverage)
