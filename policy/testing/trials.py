"""The expectations of tests, put to mutants: does one of them fail?

In: a program, tests, functions that replace some of the program's. Out: yes or no. Expectations are evaluated on the
reference interpreter, as of their dates but without specialising the program first, since most mutants fall at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import define, evolve, field, frozen

from policy.answers import Answer, Outcome, Reason, Verdict
from policy.facts.records import record_classes, record_from
from policy.ir.interpret import FaultError, Interpreter, Unknown
from policy.ir.program import Function, Program
from policy.ir.questions import DatedQuestion
from policy.model import rules
from policy.testing.citing import cites, stands_on
from policy.testing.run import NO_DATE, holds
from policy.vocabulary import RecordClass, RuntimeValue


@frozen(eq=False)
class Trial:
    """An expectation with its date, and its facts as the interpreter takes them."""

    on: int
    expectation: rules.Expectation
    arguments: tuple[RuntimeValue, ...]
    other: tuple[RuntimeValue, ...]

    @property
    def provisions(self) -> tuple[str, ...]:
        return self.expectation.provisions


@define(eq=False)
class Trials:
    """Expectations of tests of the law, or of one overlay, by the functions that they come to call."""

    program: Program
    reached: dict[str, list[Trial]] = field(factory=dict)
    classes: dict[str, RecordClass] = field(factory=dict)
    called: dict[str, list[str]] = field(factory=dict)
    standing: dict[str, list[tuple[Trial, frozenset[str]]]] = field(factory=dict)

    @staticmethod
    def of(program: Program, tests: Iterable[rules.Test]) -> Trials:
        trials = Trials(program, classes=record_classes(program))
        trials.add(trial for test in tests for trial in trials.made(test))
        for id, some in trials.reached.items():
            some.sort(key=lambda trial: trial.expectation.function != id)
        return trials

    def made(self, test: rules.Test) -> list[Trial]:
        """A trial for each expectation of a test that has an answer."""
        return [
            Trial(test.on or NO_DATE, e, self._given(e, e.arguments), self._given(e, e.other))
            for e in test.expectations
            if e.kind != "refused"
        ]

    def add(self, trials: Iterable[Trial]) -> None:
        for trial in trials:
            question = trial.expectation.function
            if question not in self.called:
                self.called[question] = self.program.calls_first(question)
            for id in self.called[question]:
                self.reached.setdefault(id, []).append(trial)

    def _given(self, e: rules.Expectation, facts: Sequence[RuntimeValue]) -> tuple[RuntimeValue, ...]:
        parameters = self.program.functions[e.function].parameters
        return tuple(
            record_from(a, of, self.classes, self.program) for a, (_, of) in zip(facts, parameters, strict=False)
        )

    def naming(self, question: str) -> list[Trial]:
        """Those of a question that name provisions."""
        return [t for t in self.reached.get(question, ()) if t.expectation.question == question and t.provisions]

    def nameless(self, question: str, changed: Sequence[Function]) -> tuple[Trial, frozenset[str]] | None:
        """An expectation that would notice other citations if it named provisions, and these; as few as may be."""
        functions = {**self.program.functions, **{f.id: f for f in changed}}
        for trial, before in self._standing(question):
            program = evolve(self.program, functions=functions, on=trial.on)
            if stands_on(program, functions[question], trial.arguments) != before:
                return trial, before
        return None

    def _standing(self, question: str) -> list[tuple[Trial, frozenset[str]]]:
        """The expectations of a question that could name provisions, those of the fewest first."""
        if question not in self.standing:
            found = []
            for trial in self.reached.get(question, ()):
                e = trial.expectation
                if e.question == question and e.kind in ("equals", "permitted", "denied") and not e.provisions:
                    program = evolve(self.program, on=trial.on)
                    found.append((trial, stands_on(program, program.functions[question], trial.arguments)))
            self.standing[question] = sorted((f for f in found if f[1]), key=lambda f: len(f[1]))
        return self.standing[question]

    def kill(self, changed: Sequence[Function], trials: Iterable[Trial] | None = None) -> bool:
        """Whether an expectation fails where these functions are changed: one of these, or of all that reach them."""
        programs: dict[int, Program] = {}
        functions = {**self.program.functions, **{f.id: f for f in changed}}
        if trials is None:
            trials = dict.fromkeys(trial for f in changed for trial in self.reached.get(f.id, ()))
        for trial in trials:
            if trial.on not in programs:
                programs[trial.on] = evolve(self.program, functions=functions, on=trial.on)
            if _fails(programs[trial.on], trial):
                return True
        return False


def _fails(program: Program, trial: Trial) -> bool:
    e = trial.expectation
    answer = _answer(program, e.function, trial.arguments)
    if e.kind == "before":
        first, second = answer.value, _answer(program, e.function, trial.other).value
        return first is None or second is None or not first < second
    return not (holds(e, answer) and cites(e, program, program.functions[e.question], trial.arguments))


def _answer(program: Program, question: str, arguments: tuple[RuntimeValue, ...]) -> Answer:
    """The answer as far as expectations look at it: reasons have their names only."""
    function = program.functions[question]
    interpreter, asked_about = Interpreter(program), DatedQuestion(question, program)
    env = interpreter.facts(function, arguments)
    try:
        value = interpreter.whole(interpreter.evaluate(function.body, env))
    except FaultError as fault:
        return Answer(asked_about, Verdict(Outcome.FAILED, fault=str(fault)), None, arguments)
    if isinstance(value, Unknown):
        return Answer(asked_about, Verdict(Outcome.UNDECIDED, needs=tuple(sorted(value.needs))), None, arguments)
    if function.kind != "decision":
        return Answer(asked_about, Verdict(Outcome.VALUE), value, arguments)
    applied = interpreter.applying(function, value, env) or [len(function.rules) - 1]
    reasons = tuple(Reason(r.name, r.effect, r.text, (), None, "") for r in (function.rules[n] for n in applied))
    outcome = Outcome.PERMITTED if value else Outcome.DENIED
    return Answer(asked_about, Verdict(outcome, reasons), None, arguments)
