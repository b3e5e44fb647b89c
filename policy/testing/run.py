"""Runs the tests and properties of a rulebook on the reference interpreter and on generated Python.

In: a checked rulebook. Out: a `Result` per test and per property, with what was expected, what came and why.
A test in an overlay's file runs with that overlay laid over the law.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import assert_never

from attrs import define, field, frozen

from policy.answers import Answer, Derivation, Outcome
from policy.backends.python import PythonBackend
from policy.diagnostics import PolicyError
from policy.facts.records import record_classes, record_from
from policy.ir.from_model import program_of
from policy.ir.program import Function, Program
from policy.ir.questions import DatedQuestion, InterpretedEvaluator
from policy.ir.simplify import specialised
from policy.model import rules
from policy.model.overlays import overlaid
from policy.model.values import show
from policy.source import Span
from policy.testing.citing import cites, per, stands_on
from policy.testing.coverage import Coverage, watched
from policy.vocabulary import RuntimeValue

NO_DATE = date(2026, 1, 1).toordinal()  # for tests that name no date: the answer should not turn on it


@frozen
class Failure:
    """One expectation that did not hold."""

    expected: str
    actual: str
    place: str
    why: Derivation | None = None
    written: str = ""  # what came, as a test would expect it; empty where that cannot be written
    stretch: tuple[int, int] = (0, 0)  # where the expectation begins and ends in its file


@frozen
class Result:
    """One test, with everything in it that failed."""

    title: str
    ruleset: str
    place: str
    failures: tuple[Failure, ...] = ()
    coverage: Coverage = field(factory=Coverage)
    title_zh: str = ""

    @property
    def passed(self) -> bool:
        return not self.failures


@define(eq=False)
class Runner:
    """Programs by overlay and date, made when first needed."""

    model: rules.Model
    digest: str
    undated: dict[str, Program] = field(factory=dict)
    made: dict[tuple[str, int], tuple[Program, PythonBackend, dict[str, type[object]]]] = field(factory=dict)
    classes: dict[str, dict[str, type[object]]] = field(factory=dict)  # of records, by overlay

    def program(self, ruleset: str, on: int) -> tuple[Program, PythonBackend, dict[str, type[object]]]:
        """The program of one date, under `ruleset` where that is an overlay; its backend and record classes."""
        return self.under(self._overlay(ruleset), on)

    def under(self, overlay: str, on: int) -> tuple[Program, PythonBackend, dict[str, type[object]]]:
        """The same under an overlay, which may be several rulesets, or none."""
        if (overlay, on) not in self.made:
            program = specialised(self.whole(overlay), on)
            if overlay not in self.classes:
                self.classes[overlay] = record_classes(program)
            classes = self.classes[overlay]
            self.made[overlay, on] = program, PythonBackend(program, classes), classes
        return self.made[overlay, on]

    def _overlay(self, ruleset: str) -> str:
        return ruleset if self.model.rulesets[ruleset].amends else ""

    def whole(self, overlay: str) -> Program:
        """The program for all dates, under an overlay or none."""
        if overlay not in self.undated:
            self.undated[overlay] = program_of(overlaid(self.model, overlay), self.digest, overlay)
        return self.undated[overlay]

    def shares(self, most: int) -> list[list[int]]:
        """The numbers of tests, in shares of tests that one program answers, each with some `most` expectations."""
        by_program: dict[tuple[str, int], list[list[int]]] = {}
        sizes: dict[tuple[str, int], int] = {}
        for n, test in enumerate(self.model.tests):
            of = self._overlay(test.ruleset), test.on or NO_DATE
            if sizes.setdefault(of, most) >= most:
                by_program.setdefault(of, []).append([])
                sizes[of] = 0
            by_program[of][-1].append(n)
            sizes[of] += len(test.expectations)
        return [share for shares in by_program.values() for share in shares]

    def run(self, test: rules.Test) -> Result:
        """Runs one test."""
        program, python, classes = self.program(test.ruleset, test.on or NO_DATE)
        coverage = Coverage()
        failures = [f for e in test.expectations for f in self._expectation(e, program, python, classes, coverage)]
        title, place = test.title, line_of(test.span)
        return Result(title.en, test.ruleset, place, tuple(failures), coverage, title.zh)

    def _expectation(
        self,
        e: rules.Expectation,
        program: Program,
        python: PythonBackend,
        classes: dict[str, type[object]],
        coverage: Coverage,
    ) -> Iterator[Failure]:
        function = program.functions[e.function]
        asked = DatedQuestion(e.function, program)

        def arguments_of(facts: Sequence[RuntimeValue]) -> tuple[RuntimeValue, ...]:
            return tuple(
                record_from(a, of, classes, program) for a, (_, of) in zip(facts, function.parameters, strict=True)
            )

        def answer(arguments: tuple[RuntimeValue, ...]) -> Answer:
            watched(program, function, arguments, coverage)
            meant = InterpretedEvaluator(asked).answer(*arguments)
            made = python.evaluator(asked).answer(*arguments)
            assert meant == made, f"{e.span}: generated Python answers {made}, the interpreter {meant}"
            return meant

        try:
            arguments = arguments_of(e.arguments)
        except PolicyError:
            if e.kind != "refused":
                raise
            return
        got = answer(arguments)
        if e.kind == "refused":
            accepted = f"facts within their bounds; {described(got, function)}"
            yield Failure(_expected(e, function), accepted, line_of(e.span), got.derivation)
        elif e.kind == "before":
            other = answer(arguments_of(e.other))
            first, second = got.value, other.value
            if first is None or second is None or not first < second:
                shown = "undecided" if first is None or second is None else f"{first} and {second}"
                yield Failure(_expected(e, function), shown, line_of(e.span), got.derivation)
        elif not (holds(e, got) and cites(e, program, function, arguments)):
            cited = per(stands_on(program, function, arguments)) if e.provisions else ""
            actual = described(got, function) + cited
            expected, written = _expected(e, function) + per(e.provisions), as_expected(got, function, cited)
            stretch = e.span.start, e.span.end
            yield Failure(expected, actual, line_of(e.span), got.derivation, written, stretch)


def holds(e: rules.Expectation, got: Answer) -> bool:
    """Whether an answer is as expected."""
    match e.kind:
        case "equals":
            return got.outcome is Outcome.VALUE and bool(_as_tuples(got.value) == _as_tuples(e.value))
        case "permitted" | "denied":
            if got.outcome.value != e.kind:
                return False
            return e.names is None or sorted(e.names) == sorted(r.rule for r in got.reasons)
        case "undecided":
            return got.outcome is Outcome.UNDECIDED and (e.names is None or sorted(e.names) == list(got.needs))
        case "fails":
            return got.outcome is Outcome.FAILED
        case "before" | "refused":
            raise AssertionError("an order takes two answers, and a refusal is none")
        case _:
            assert_never(e.kind)


def _as_tuples(value: RuntimeValue) -> RuntimeValue:
    """Lists, of which facts may hold either kind, as tuples."""
    return tuple(map(_as_tuples, value)) if isinstance(value, list | tuple) else value


def _expected(e: rules.Expectation, function: Function) -> str:
    match e.kind:
        case "equals":
            return show(e.value, function.type)
        case "undecided":
            return "undecided" + (f", needs {', '.join(sorted(e.names))}" if e.names else "")
        case "permitted" | "denied":
            return e.kind + (f" by {', '.join(sorted(e.names))}" if e.names else "")
        case "fails":
            return "failed"
        case "refused":
            return "facts that are refused"
        case "before":
            return "the first before the second"
        case _:
            assert_never(e.kind)


def as_expected(answer: Answer, function: Function, cited: str) -> str:
    """An answer as a test expects it, behind its question, with what it stands on."""
    match answer.outcome:
        case Outcome.VALUE:
            return f"= {described(answer, function)}{cited}"
        case Outcome.FAILED:
            return "fails"
        case Outcome.UNDECIDED:
            in_lists = any("[" in need for need in answer.needs)  # a test names no element of a list
            return "undecided" + ("" if in_lists else " needs " + ", ".join(answer.needs))
        case Outcome.PERMITTED | Outcome.DENIED:
            return described(answer, function) + cited
        case _:
            assert_never(answer.outcome)


def described(answer: Answer, function: Function) -> str:
    """An answer in one line, as tests write it."""
    match answer.outcome:
        case Outcome.VALUE:
            return show(answer.value, function.type)
        case Outcome.UNDECIDED:
            return "undecided, needs " + ", ".join(answer.needs)
        case Outcome.FAILED:
            return f"failed: {answer.verdict.fault}"
        case Outcome.PERMITTED | Outcome.DENIED:
            return f"{answer.outcome.value} by {', '.join(sorted(r.rule for r in answer.reasons))}"
        case _:
            assert_never(answer.outcome)


def line_of(span: Span) -> str:
    """File and line, as test results name places."""
    return f"{span.source.name}:{span.line}"
