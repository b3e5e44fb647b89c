"""Whether tests would notice small mistakes in the rules; and for those they would not, the test that would.

In: a checked rulebook. Out: for each mutant whether a test fails on it; and if none does, whether the solver can tell
it from the original at all. One that nothing can tell apart is equivalent, and not counted against the author.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from functools import partial
from typing import Any, assert_never

from attrs import define, evolve, field, frozen

from policy.answers import Answer, Outcome, Reason, Verdict
from policy.facts.records import record_classes, record_from
from policy.ir import program as ir
from policy.ir.interpret import FaultError, Interpreter, Unknown
from policy.ir.program import Function, Program
from policy.ir.questions import DatedQuestion
from policy.ir.simplify import simplify, specialised
from policy.model import rules
from policy.model.types import short
from policy.parallel import in_parallel
from policy.testing.mutants import Mutant, mutants
from policy.testing.run import NO_DATE, Runner, described, holds
from policy.verify.claims import Batch, Claim, Example, differ, exactly_one_true
from policy.verify.product_program import AFTER, BEFORE, called, product_of
from policy.verify.prove import Limits, Solution, encode, reads_lists, solve
from policy.verify.replay import part_of
from policy.vocabulary import Json, RuntimeValue


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    UNDECIDED = "not decided"


@frozen
class MutantResult:
    """A mutant and what became of it: of one that survived, the `test` that would catch it; of one that is
    equivalent, the length up to which lists were looked at, 0 where none were."""

    function: str
    says: str
    place: str
    fate: Fate
    test: str = ""
    longest: int = 0

    def as_json(self) -> Json:
        return {
            "function": self.function,
            "mutation": self.says,
            "place": self.place,
            "fate": self.fate.value,
            "test": self.test,
            "longest_list": self.longest,
        }


@frozen
class Score:
    """All mutants of a rulebook."""

    results: tuple[MutantResult, ...]

    def count(self, fate: Fate) -> int:
        return sum(f.fate is fate for f in self.results)

    @property
    def percent(self) -> int:
        """The killed among those that can be, rounded down."""
        killable = self.count(Fate.KILLED) + self.count(Fate.SURVIVED)
        return 100 if not killable else self.count(Fate.KILLED) * 100 // killable

    def as_json(self) -> Json:
        return {
            "percent": self.percent,
            **{fate.value.replace(" ", "_"): self.count(fate) for fate in Fate},
            "mutants": [f.as_json() for f in self.results if f.fate is not Fate.KILLED],
        }


@define(eq=False)
class Trials:
    """The expectations of the tests of the law, or of one overlay, by the functions they come to call."""

    program: Program
    tests: tuple[rules.Test, ...]
    dated: dict[int, Program] = field(factory=dict)
    reached: dict[str, list[tuple[int, rules.Expectation]]] = field(factory=dict)
    classes: dict[str, type[Any]] = field(factory=dict)

    @staticmethod
    def of(program: Program, tests: Sequence[rules.Test]) -> Trials:
        """Finds out what each expectation calls."""
        trials = Trials(program, tuple(tests), classes=record_classes(program))
        for test in tests:
            on = test.on or NO_DATE
            for e in test.expectations:
                for id in program.calls_first(e.question):
                    trials.reached.setdefault(id, []).append((on, e))
        for id, expectations in trials.reached.items():
            expectations.sort(key=lambda pair: pair[1].question != id)
        return trials

    def kill(self, mutant: Mutant) -> bool:
        """Whether an expectation fails on the mutant."""
        programs: dict[int, Program] = {}
        for on, e in self.reached.get(mutant.function.id, ()):
            if on not in programs:
                programs[on] = self._changed(mutant.function, on)
            if self._fails(programs[on], e):
                return True
        return False

    def _changed(self, changed: Function, on: int) -> Program:
        if on not in self.dated:
            self.dated[on] = specialised(self.program, on)
        made = evolve(
            changed,
            body=simplify(changed.body, on),
            rules=tuple(evolve(r, condition=simplify(r.condition, on)) for r in changed.rules),
        )
        return evolve(self.dated[on], functions={**self.dated[on].functions, changed.id: made})

    def _fails(self, program: Program, e: rules.Expectation) -> bool:
        answer = self._answer(program, e, e.arguments)
        if e.kind == "before":
            first, second = answer.value, self._answer(program, e, e.other).value
            return first is None or second is None or not first < second
        return not holds(e, answer)

    def _answer(self, program: Program, e: rules.Expectation, facts: Sequence[RuntimeValue]) -> Answer:
        """The answer as far as expectations look at it: reasons have their names only."""
        function = program.functions[e.question]
        arguments = tuple(
            record_from(a, of, self.classes, program) for a, (_, of) in zip(facts, function.parameters, strict=True)
        )
        interpreter, asked_about = Interpreter(program), DatedQuestion(e.question, program)
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


def mutated(
    runner: Runner,
    limits: Limits,
    processes: int = 0,
    begun: Callable[[int], None] = lambda _: None,
    done: Callable[[], None] = lambda: None,
) -> Score:
    """What becomes of every mutant; `begun` is told how many parts there are, `done` called after each."""
    jobs = [job for overlay in _overlays(runner.model) for job in _jobs(runner, overlay, limits)]
    begun(len(jobs))
    fared: list[MutantResult] = []
    for some in in_parallel(jobs, [1] * len(jobs), processes, done):
        fared += some
    return Score(tuple(fared))


def _overlays(model: rules.Model) -> list[str]:
    return ["", *(r.name for r in model.rulesets.values() if r.amends)]


def _jobs(runner: Runner, overlay: str, limits: Limits) -> Iterator[Callable[[], list[MutantResult]]]:
    model = runner.model
    program = runner.whole(overlay)
    tests = [t for t in model.tests if (t.ruleset == overlay if overlay else not model.rulesets[t.ruleset].amends)]
    own = [r for r in model.rulesets.values() if (r.name == overlay if overlay else not r.amends)]
    files = frozenset(r.span.source.name for r in own)
    trials = Trials.of(program, tests)
    found = list(mutants(program, files))
    for start in range(0, len(found), SHARE):
        yield partial(_fare, trials, found[start : start + SHARE], limits)


SHARE = 20  # mutants that one process takes at a time


def _fare(trials: Trials, some: Sequence[Mutant], limits: Limits) -> list[MutantResult]:
    result = []
    for m in some:
        fared = MutantResult(m.function.id, m.says, str(m.place), Fate.KILLED)
        if not trials.kill(m):
            fared = _told_apart(trials.program, m, fared, limits)
        result.append(fared)
    return result


def _told_apart(program: Program, mutant: Mutant, blank: MutantResult, limits: Limits) -> MutantResult:
    """A mutant that no test kills: the facts on which it differs, as a test; or that there are none."""
    original = program.functions[mutant.function.id]
    part = part_of(program, *original.bodies, *mutant.function.bodies)
    before = evolve(part, functions={**part.functions, original.id: original})
    after = evolve(part, functions={**part.functions, original.id: mutant.function})
    both = product_of(before, after)
    sought = [differ(called(original, BEFORE), called(original, AFTER))]
    if mutant.rule >= 0:
        old, new = (both.functions[original.id + which].rules[mutant.rule] for which in (BEFORE, AFTER))
        outcome = called(original, BEFORE)
        reached = outcome if old.effect == "permit" else ir.Not(outcome)
        sought.append(exactly_one_true(old.condition, new.condition, reached))
    claims = tuple(Claim("mutant", original.id, mutant.says, "", s) for s in sought)
    a = encode(both, Batch(original.parameters, claims), limits)
    if a.wrong:
        return evolve(blank, fate=Fate.UNDECIDED)
    for n, s in enumerate(sought):
        case = solve(a, str(n), s)
        if case is None:
            return evolve(blank, fate=Fate.UNDECIDED)
        if case.found:
            return evolve(blank, fate=Fate.SURVIVED, test=_test(before, original, mutant, case))
    over_lists = a.facts.lists and any(reads_lists(a.program, s) for s in sought)
    return evolve(blank, fate=Fate.EQUIVALENT, longest=limits.longest if over_lists else 0)


def _test(program: Program, function: Function, mutant: Mutant, case: Solution) -> str:
    """The test that would catch a mutant, ready to paste; it expects what the original answers."""
    example = case.example
    assert example is not None
    dated = specialised(program, case.day)
    classes = record_classes(dated)
    arguments = tuple(
        record_from(g, of, classes, dated, checked=False)
        for g, (_, of) in zip(case.given, function.parameters, strict=True)
    )
    answer = Interpreter(dated).answer(DatedQuestion(function.id, dated), arguments)
    told = described(answer, function)
    match answer.outcome:
        case Outcome.VALUE:
            expected = f"= {told}"
        case Outcome.FAILED:
            expected = "fails"
        case Outcome.UNDECIDED:
            in_lists = any("[" in need for need in answer.needs)  # a test names no element of a list
            expected = "undecided" + ("" if in_lists else " needs " + ", ".join(answer.needs))
        case Outcome.PERMITTED | Outcome.DENIED:
            expected = told
        case _:
            assert_never(answer.outcome)
    return _written(function, mutant, example, expected)


def _written(function: Function, mutant: Mutant, example: Example, expected: str) -> str:
    name = short(function.id).partition("#")[0]
    title = f"{name}: not with {mutant.says}".replace("`", "'")
    asked_about = "(" + ", ".join(text for _, text in example.written) + ")" if example.written else ""
    return f'test "{title}" on {example.on}\n  expect {name}{asked_about} {expected}\n'
