"""What the lenses ask for: a test run, a question answered, claims proved, a comparison with the last commit.

In: the texts of a rulebook as they stand, and what is asked about. Out: a `Run`, in words. Each is a function that a
process of its own can be given. Absent: the lenses, and which texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

from attrs import evolve, frozen

from policy.answers import Outcome
from policy.diagnostics import PolicyError, in_one_line
from policy.pipeline import Checked, RulesFile, check, dated, digest_of, program, read_folder
from policy.source import Source
from policy.syntax import tree
from policy.syntax.from_text import parse

P = ParamSpec("P")


@frozen
class RunResult:
    """How something went: a line that tells it all, and more. `accepted` is the file as its test would pass."""

    is_good: bool
    title: str
    lines: tuple[str, ...] = ()
    accepted: str = ""


def _of_rules(
    run: Callable[Concatenate[Checked, P], RunResult],
) -> Callable[Concatenate[Sequence[RulesFile], P], RunResult]:
    """What is run of texts that have no errors; of others, the first of these is told."""

    @wraps(run)
    def of(texts: Sequence[RulesFile], /, *given: P.args, **named: P.kwargs) -> RunResult:
        checked = check(texts)
        if checked.errors:
            return RunResult(False, f"the rules have errors: {checked.errors[0].message}")
        try:
            return run(checked, *given, **named)
        except PolicyError as wrong:
            return RunResult(False, in_one_line(wrong.diagnostics))

    return of


@_of_rules
def tested(checked: Checked, file: str, title: str) -> RunResult:
    """The test of a title, on both evaluators."""
    from policy.testing.run import Runner

    chosen = tuple(t for t in checked.model.tests if t.span.source.name == file and t.title.en == title)
    runner = Runner(evolve(checked.model, tests=chosen), digest_of(checked.texts))
    failures = [f for t in chosen for f in runner.run(t).failures]
    told = tuple(f"expected {f.expected}, got {f.actual}" for f in failures)
    if not told:
        return RunResult(True, "passed")
    written = {f.stretch: f.written for f in failures if f.written}
    return RunResult(
        False, told[0], told, _accepted(chosen[0].span.source, written) if len(written) == len(told) else ""
    )


def _accepted(source: Source, written: Mapping[tuple[int, int], str]) -> str:
    """The text with what came in place of what is expected there; nothing where it cannot be written so."""
    text = source.text
    tests = [d for d in parse(source).file.declarations if isinstance(d, tree.Test)]
    for e in reversed([e for t in tests for e in t.expect]):
        if (came := written.get((e.span.start, e.span.end))) is not None:
            text = f"{text[: e.subject.span.end]} {came}{text[e.span.end :]}"
    return text if not parse(Source(source.name, text)).diagnostics else ""


@_of_rules
def evaluated(checked: Checked, question: str, facts: str, on: date) -> RunResult:
    """A question answered on the facts in a file."""
    from policy.model.values import show

    book = dated(program(checked), on)
    answer = book.ask(question, Path(facts).read_text(encoding="utf-8"))
    of = book.question(question).type
    told = show(answer.value, of) if answer.outcome is Outcome.VALUE else answer.outcome.value
    reasons = [f"by {r.rule}: {r.text.en}" for r in answer.basis.reasons]
    needs = [f"needs {need}" for need in answer.needs]
    good = answer.outcome in (Outcome.VALUE, Outcome.PERMITTED, Outcome.DENIED)
    by = ", ".join(r.rule for r in answer.basis.reasons)
    return RunResult(good, told + (f" by {by}" if by else ""), (*reasons, *needs))


@_of_rules
def proved(checked: Checked, id: str) -> RunResult:
    """All claims about a declaration, for all facts and all days."""
    from policy.verify import rulebook
    from policy.verify.claims import ProofStatus
    from policy.verify.overlay import overlays
    from policy.verify.solver import needed_solver

    needed_solver()
    asked, unasked = rulebook.claims_of(checked, rulebook.USUAL, overlays(checked.model))
    subject = id.rpartition(".")[2]
    tasks = [t.chosen(lambda c: c.subject in (id, subject)) for t in asked]
    found = [*rulebook.proved([t for t in tasks if t.batch.claims], 1)]
    found += [v for v in unasked if v.subject in (id, subject)]
    open_ = [v for v in found if v.status not in (ProofStatus.PROVED, ProofStatus.MARKED, ProofStatus.NOT_ASKED)]
    lines = tuple(f"{v.outcome}: {v.statement}" + (f" ({v.example})" if v.example else "") for v in open_)
    if open_:
        return RunResult(False, lines[0].split("\n", 1)[0], lines)
    return RunResult(
        True, f"{len(found)} claim{'' if len(found) == 1 else 's'} proved" if found else "nothing is claimed"
    )


@_of_rules
def compared(checked: Checked, home: str) -> RunResult:
    """What the rules in a folder change against the last commit, question by question."""
    from policy.verify.rulebook import comparison_of
    from policy.verify.solver import needed_solver

    needed_solver()
    before, wrong = read_folder([f"HEAD:{home}"])
    if wrong:
        raise PolicyError(wrong)
    committed = check(before)
    if committed.errors:
        return RunResult(False, f"the rules of HEAD have errors: {committed.errors[0].message}")
    found = comparison_of(program(committed), program(checked), checked.model, jobs=1)
    lines = [f"{d.outcome}: fact {d.fact}" for d in found.facts]
    lines += [f"{d.outcome}: {d.kind} {d.question}" for d in found.questions if d.outcome != "equivalent"]
    if not lines:
        return RunResult(True, "no answer changes")
    return RunResult(True, f"{lines[0]}{f' and {len(lines) - 1} more' if len(lines) > 1 else ''}", tuple(lines))
