"""A conformance corpus: questions with facts and the answers that every engine must give.

In: checked rules, an overlay or none, questions. Out: rows, the same on every run: from the rulebook's own tests,
then of each question facts at the numbers that its rules mention, and made-up facts, some of them missing. Absent:
files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from random import Random

from attrs import define, evolve, frozen

from policy.answers import Answer, Outcome
from policy.facts.records import record_from
from policy.facts.samples import constants, sample
from policy.facts.to_json import in_json
from policy.ir.program import Function, Program
from policy.ir.questions import DatedQuestion, InterpretedEvaluator
from policy.ir.validation import misfits
from policy.model import rules, types
from policy.model.overlays import belongs
from policy.model.types import Type
from policy.testing.run import NO_DATE, Runner
from policy.testing.samples import dates_of
from policy.vocabulary import RuntimeValue

MISSING_OF = (0.0, 0.0, 0.1, 0.3)  # shares of facts that are left out, in turn


@frozen
class CorpusRow:
    """A question as of a date, its facts in JSON, and the answer."""

    question: str
    on: str
    facts: dict[str, object]
    answer: Answer
    function: Function
    program: Program

    def text(self) -> str:
        """The row as one line of JSON."""
        a, decided = self.answer, self.answer.outcome in (Outcome.PERMITTED, Outcome.DENIED)
        has_value = a.outcome is Outcome.VALUE
        said = {
            "question": self.question,
            "on": self.on,
            "facts": self.facts,
            "outcome": a.outcome.value,
            "value": in_json(a.value, self.function.type, self.program) if has_value else None,
            "reasons": [r.rule for r in a.reasons] if decided else [],
            "needs": list(a.needs),
            "fault": a.verdict.fault,
        }
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


@define(eq=False)
class Corpus:
    """Makes rows of one model under an overlay, or none."""

    runner: Runner
    overlay: str = ""

    def rows(self, questions: Sequence[str], count: int) -> Iterator[CorpusRow]:
        """Rows of these questions, each once: those of tests, and `count` for each question beside its boundaries."""
        seen: set[str] = set()
        for row in (*self.of_tests(questions), *(r for q in questions for r in self.made_up(q, count))):
            text = row.text()
            if text not in seen:
                seen.add(text)
                yield row

    def of_tests(self, questions: Sequence[str]) -> Iterator[CorpusRow]:
        model = self.runner.model
        for test in model.tests:
            is_of_house = bool(model.rulesets[test.ruleset].amends)
            if is_of_house is not bool(self.overlay) or (is_of_house and not belongs(test.ruleset, self.overlay)):
                continue
            for e in test.expectations:
                if e.question in questions and e.kind != "refused":
                    for facts in filter(None, (e.arguments, e.other)):
                        yield from self.row(e.question, test.on or NO_DATE, facts)

    def made_up(self, question: str, count: int) -> Iterator[CorpusRow]:
        chance, dates = Random(question), dates_of(self.runner.model) or [NO_DATE]
        undated = self.runner.whole(self.overlay)
        function = undated.functions[question]
        if not function.parameters:
            for day in dates:
                yield from self.row(question, day, ())
            return
        numbers, texts = constants(undated, function)
        steps = [number + step for number in numbers for step in (-1, 0, 1)]
        for n in range(len(steps) + count):
            facts = {name: sample(of, undated, numbers, texts, chance) for name, of in function.parameters}
            if n < len(steps) and (places := list(_numbers(facts, function.parameters, undated))):
                place = places[chance.randrange(len(places))]
                if place.allows(steps[n]):
                    place.holder[place.name] = steps[n]
            day, share = dates[chance.randrange(len(dates))], MISSING_OF[n % len(MISSING_OF)]
            yield from self.row(question, day, [_thinned(v, share, chance) for v in facts.values()])

    def row(self, question: str, day: int, facts: Sequence[RuntimeValue]) -> Iterator[CorpusRow]:
        """The row of these facts; none where they are no facts of the question."""
        program, _, classes = self.runner.under(self.overlay, day)
        function = program.functions[question]
        given = [record_from(f, of, classes, program) for f, (_, of) in zip(facts, function.parameters, strict=True)]
        if misfits(program, function, given):
            return
        asked = DatedQuestion(question, program)
        written = {name: in_json(v, of, program) for (name, of), v in zip(function.parameters, given, strict=True)}
        yield CorpusRow(question, asked.on, written, InterpretedEvaluator(asked).answer(*given), function, program)


@frozen
class _Place:
    """Where a number stands among facts, and the bounds that it has there."""

    holder: dict[str, RuntimeValue]
    name: str
    least: int | None = None
    most: int | None = None

    def allows(self, number: int) -> bool:
        return (self.least is None or self.least <= number) and (self.most is None or number <= self.most)


def _numbers(
    facts: dict[str, RuntimeValue], declared: Sequence[tuple[str, Type]], program: Program
) -> Iterator[_Place]:
    for name, of in declared:
        inner = types.inner_of(of)
        if isinstance(inner, types.Number) and facts[name] is not None:
            yield _Place(facts, name)
        elif isinstance(inner, types.Record) and facts[name] is not None:
            yield from _inside(facts[name], inner, program)
        elif isinstance(inner, types.ListOf) and isinstance(inner.of, types.Record):
            for element in facts[name]:
                yield from _inside(element, inner.of, program)


def _inside(record: dict[str, RuntimeValue], of: types.Record, program: Program) -> Iterator[_Place]:
    fields = {f.name: f for f in program.records[of.name]}
    for place in _numbers(record, [(f.name, f.type) for f in fields.values()], program):
        bounded = place.holder is record
        yield evolve(place, least=fields[place.name].least, most=fields[place.name].most) if bounded else place


def _thinned(value: RuntimeValue, share: float, chance: Random) -> RuntimeValue:
    if isinstance(value, dict):
        return {k: _thinned(v, share, chance) for k, v in value.items() if chance.random() >= share}
    return [_thinned(v, share, chance) for v in value] if isinstance(value, list) else value


def corpus_text(model: rules.Model, digest: str, overlay: str, questions: Sequence[str], count: int) -> Iterator[str]:
    """The lines of a corpus; the first says of which rulebook it is."""
    yield json.dumps({"corpus": 1, "rulebook": digest, "under": overlay}, ensure_ascii=False)
    for row in Corpus(Runner(model, digest), overlay).rows(questions, count):
        yield row.text()
