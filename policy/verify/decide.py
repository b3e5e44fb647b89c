"""Claims to verdicts: encode, ask the solver, read its case back, confirm it on the interpreter, make it plain.

In: a program and a batch of claims about the same facts. Out: a verdict for each, in order, and never silence.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

from policy.ir.interpret import FaultError, Unknown
from policy.ir.program import Program
from policy.model import types
from policy.model.values import show
from policy.verify.claims import Batch, Example, Sought, Status, Verdict
from policy.verify.facts import DAYS, LONGEST, Facts, Model
from policy.verify.plainest import Plainest, days_of
from policy.verify.script import Script, script
from policy.verify.solver import Solver
from policy.verify.symbolic import CannotEncodeError, Found, Texts, alike, truth, whole
from policy.verify.terms import Term, Terms
from policy.verify.to_smt import Encoder, Env
from policy.verify.trial import Trial, part_of, without_unread
from policy.verify.written import in_json, in_rules, paths


class DisagreementError(AssertionError):
    """The solver's case is none on the interpreter: a mistake in this program, and never an answer."""


@frozen
class Limits:
    """How long the solver may take over one claim, and how long lists are looked at."""

    seconds: float = 10.0
    longest: int = LONGEST


@frozen(eq=False)
class Encoded:
    """A batch in terms: the script of all its goals, and for those that have none the reason."""

    script: Script
    facts: Facts
    wrong: dict[str, str]


def encoded(program: Program, batch: Batch, limits: Limits, on: int | None = None) -> Encoded:
    """The batch in terms, over all dates or on one."""
    terms, texts = Terms(), Texts()
    facts = Facts(program, terms, texts, limits.longest)
    today = terms.integer("today", *DAYS) if on is None else terms.number(on)
    encoder = Encoder(program, terms, texts, today)
    goals: dict[str, Term] = {}
    wrong: dict[str, str] = {}
    env: Env = {}
    for name, sought in _all_sought(batch):
        try:
            if not env:
                env.update({n: facts.any(of, n) for n, of in batch.parameters})
            goals[name] = goal(encoder, sought, env)
        except CannotEncodeError as reason:
            wrong[name] = str(reason)
        except RecursionError:
            wrong[name] = "the rules lie too deep inside each other"
    return Encoded(script(terms, goals), facts, wrong)


def _all_sought(batch: Batch) -> list[tuple[str, Sought]]:
    found = []
    for n, claim in enumerate(batch.claims):
        found.append((str(n), claim.sought))
        found += [(f"{n} {label}", aside) for label, aside in claim.asides]
    return found


def goal(encoder: Encoder, sought: Sought, env: Env) -> Term:
    """That facts are like those sought."""
    t = encoder.terms
    found = whole(t, encoder.found(sought.expression, env))
    match sought.outcome:
        case "true":
            result = _certain(t, found)
        case "fault":
            result = found.fault
        case "unknown":
            result = t.all(t.no(found.fault), found.value.unknown)
        case _:
            assert sought.other is not None
            result = differ(t, found, encoder.found(sought.other, env))
    if sought.where is not None:
        result = t.all(_certain(t, encoder.found(sought.where, env)), result)
    return result


def _certain(t: Terms, found: Found) -> Term:
    return t.all(t.no(found.fault), t.no(found.value.unknown), truth(t, found.value))


def differ(t: Terms, a: Found, b: Found) -> Term:
    """That two outcomes are not the same: other values, or one a fault or unknown and the other not."""
    a, b = whole(t, a), whole(t, b)
    a_unknown, b_unknown = t.all(t.no(a.fault), a.value.unknown), t.all(t.no(b.fault), b.value.unknown)
    both_known = t.no(t.any(a.fault, b.fault, a_unknown, b_unknown))
    return t.any(
        t.no(t.same(a.fault, b.fault)),
        t.no(t.same(a_unknown, b_unknown)),
        t.all(both_known, t.no(alike(t, a.value, b.value))),
    )


# ── verdicts ────────────────────────────────────────────────────────────────────────────────


def decided(program: Program, batch: Batch, limits: Limits, on: int | None = None) -> list[Verdict]:
    """A verdict for each claim."""
    made = encoded(program, batch, limits, on)
    solver = Solver(made.script, limits.seconds)
    return [_decided(program, batch, n, made, solver, limits, on) for n in range(len(batch.claims))]


def _decided(
    program: Program, batch: Batch, n: int, made: Encoded, solver: Solver, limits: Limits, on: int | None
) -> Verdict:
    claim = batch.claims[n]
    blank = Verdict(claim.kind, claim.subject, claim.says, claim.place, Status.UNDECIDED)
    if str(n) in made.wrong:
        return evolve(blank, status=Status.NOT_ENCODED, why=made.wrong[str(n)])
    longest = limits.longest if any(f"{path}#" in made.script.names for path in made.facts.lists) else 0
    case = searched(program, batch, str(n), claim.sought, made, solver, on)
    if case is None:
        return evolve(blank, longest=longest, why=f"in {limits.seconds:g} seconds")
    is_good = claim.is_never is not case.found
    status = Status.PROVED if is_good else Status.REFUTED
    notes = tuple(
        note
        for label, aside in claim.asides
        if (note := _aside(program, batch, f"{n} {label}", label, aside, made, solver, on))
    )
    return evolve(blank, status=status, longest=longest, example=case.example, notes=notes)


def _aside(
    program: Program,
    batch: Batch,
    name: str,
    label: str,
    aside: Sought,
    made: Encoded,
    solver: Solver,
    on: int | None,
) -> str:
    if name in made.wrong:
        return f"{label} cannot be encoded: {made.wrong[name]}"
    case = searched(program, batch, name, aside, made, solver, on)
    if case is None:
        return f"{label} could not be looked for in time"
    return f"{label} {case.example}, {case.example.comes_to}" if case.example else ""


@frozen(eq=False)
class Searched:
    """Whether there are such facts, and if so an example that the interpreter has confirmed."""

    found: bool
    example: Example | None = None


def searched(
    program: Program, batch: Batch, name: str, sought: Sought, made: Encoded, solver: Solver, on: int | None
) -> Searched | None:
    """Looks for facts, first without the meanings of products and months; None where the solver gave up."""
    reply = solver.ask(name, exact=False)
    trial = Trial(program, batch.parameters, sought)
    for exact in (False, True):
        if exact:
            if not made.script.is_hard or reply.holds is False:
                break
            reply = solver.ask(name, exact=True)
        if reply.holds:
            case = _confirmed(trial, made, reply.model, on)
            if case is not None:
                return Searched(True, case)
            if exact or not made.script.is_hard:
                raise DisagreementError(f"`{name}`: the solver's case is none: {reply.model}\n{made.script.exact}")
    return Searched(False) if reply.holds is False else None


def _confirmed(trial: Trial, made: Encoded, model: Model, on: int | None) -> Example | None:
    given = tuple(made.facts.read(model, of, name) for name, of in trial.parameters)
    day = int(model.get("today", DAYS[0] + 738_000)) if on is None else on
    if not trial.holds(given, day):
        return None
    return example(trial, tuple(made.facts.texts.numbers), given, day, on)


def example(trial: Trial, texts: tuple[str, ...], given: tuple[Any, ...], day: int, on: int | None) -> Example:
    """The case made plain, and only what was read of it, where that alone is enough."""
    program = trial.program
    asked = [e for e in (trial.sought.expression, trial.sought.other, trial.sought.where) if e]
    bodies = [*asked, *(f.body for f in part_of(program, *asked).functions.values())]
    known = _texts_of(program, texts)
    days = days_of(bodies) if on is None else []
    given, day = Plainest(program, trial.holds, known, days).of(given, trial.parameters, day)
    read = trial.reads(given, day)
    shown = tuple(without_unread(g, n, read) for g, (n, _) in zip(given, trial.parameters, strict=True))
    if not trial.holds(shown, day):
        shown = given
    return Example(
        show(day, types.DATE),
        {n: in_json(g, of, program) for g, (n, of) in zip(shown, trial.parameters, strict=True)},
        tuple(p for g, (n, of) in zip(shown, trial.parameters, strict=True) for p in paths(g, of, program, n)),
        _comes_to(trial, shown, day),
        tuple((n, in_rules(g, of, program)) for g, (n, of) in zip(shown, trial.parameters, strict=True)),
    )


def _texts_of(program: Program, texts: tuple[str, ...]) -> tuple[str, ...]:
    members = {m for members in program.enums.values() for m in members}
    return tuple(text for text in texts if text not in members)


def _comes_to(trial: Trial, given: tuple[Any, ...], day: int) -> str:
    value = trial.outcome(given, day, trial.sought.expression)
    if isinstance(value, FaultError):
        return f"fails: {value}"
    if isinstance(value, Unknown):
        return "needs " + ", ".join(sorted(value.needs))
    return ""
