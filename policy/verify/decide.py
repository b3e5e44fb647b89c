"""Claims to verdicts: encode, ask the solver, read its case back, confirm it on the interpreter, make it plain.

In: a program and a batch of claims about the same facts. Out: a verdict for each, in order, and never silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from attrs import evolve, field, frozen

from policy.ir import program as ir
from policy.ir.interpret import FaultError, Unknown
from policy.ir.program import Expr, Program
from policy.model import types
from policy.model.values import show
from policy.verify.beside import records_of
from policy.verify.claims import Batch, Claim, Example, Sought, Status, Verdict
from policy.verify.facts import DAYS, LONGEST, Facts, Model
from policy.verify.goals import Goals
from policy.verify.meanings import pieces
from policy.verify.plainest import Plainest, days_of
from policy.verify.script import Script
from policy.verify.solver import Reply, Solver
from policy.verify.symbolic import CannotEncodeError
from policy.verify.terms import Term, Terms
from policy.verify.trial import Dated, Given, Trial, part_of, without_unread
from policy.verify.written import in_json, in_rules, paths

MOST_TOLD = 60  # times that the solver is told of a meaning that its case breaks
LONGEST_TRIED = 12  # elements of a list, before something that lists might show is said not to be


class DisagreementError(AssertionError):
    """The solver's case is none on the interpreter: a mistake in this program, and never an answer."""


@frozen
class Limits:
    """How long the solver may take over one claim, and how long lists are looked at."""

    seconds: float = 10.0
    longest: int = LONGEST


@frozen(eq=False)
class Asked:
    """A batch of one program in terms, over all dates or `on` one; `wrong` tells which goals cannot be encoded."""

    program: Program
    batch: Batch
    limits: Limits
    on: int | None
    goals: Goals
    script: Script
    wrong: dict[str, str]
    dated: Dated
    solver: Solver

    @property
    def facts(self) -> Facts:
        return self.goals.facts

    def answer(self, given: Given, day: int, e: Expr) -> Any:
        """What an expression comes to on facts: a value, `Unknown`, or the `FaultError`."""
        return Trial(self.dated, self.batch.parameters, Sought("true", e)).outcome(given, day, e)


def asked(
    program: Program,
    batch: Batch,
    limits: Limits,
    on: int | None = None,
    which: Callable[[Facts], Facts] = lambda facts: facts,
) -> Asked:
    """The batch in terms, about all facts or those that `which` makes of them."""
    terms = Terms()
    small = part_of(program, *(e for _, s in _all_sought(batch) for e in (s.expression, s.other, s.where) if e))
    small = evolve(small, records=records_of(batch.parameters, program))
    today = terms.integer("today", *DAYS) if on is None else terms.number(on)
    goals = Goals.over(small, terms, batch.parameters, today, limits.longest, which)
    made: dict[str, Term] = {}
    wrong: dict[str, str] = {}
    for name, sought in _all_sought(batch):
        try:
            made[name] = goals.of(sought)
        except CannotEncodeError as reason:
            wrong[name] = str(reason)
        except RecursionError:
            wrong[name] = "the rules lie too deep inside each other"
    whole = Script(terms, made)
    return Asked(small, batch, limits, on, goals, whole, wrong, Dated(small), Solver(whole, limits.seconds))


def _all_sought(batch: Batch) -> Iterator[tuple[str, Sought]]:
    for n, claim in enumerate(batch.claims):
        yield str(n), claim.sought
        yield from ((f"{n} {label}", aside) for label, aside in claim.asides)


# ── verdicts ────────────────────────────────────────────────────────────────────────────────


def decided(program: Program, batch: Batch, limits: Limits, on: int | None = None) -> list[Verdict]:
    """A verdict for each claim. What short lists do not show is looked for in longer ones."""
    a = asked(program, batch, limits, on)
    verdicts = [_decided(a, n) for n in range(len(batch.claims))]
    again = [n for n, (c, v) in enumerate(zip(batch.claims, verdicts, strict=True)) if _is_unshown(c, v)]
    if again and limits.longest < LONGEST_TRIED:
        longer = evolve(limits, longest=min(2 * limits.longest, LONGEST_TRIED))
        claims = tuple(batch.claims[n] for n in again)
        for n, verdict in zip(again, decided(program, evolve(batch, claims=claims), longer, on), strict=True):
            if verdict.status is not Status.UNDECIDED:
                verdicts[n] = verdict
    return verdicts


def _is_unshown(claim: Claim, verdict: Verdict) -> bool:
    return not claim.is_never and verdict.status is Status.REFUTED and verdict.longest > 0


def _decided(a: Asked, n: int) -> Verdict:
    claim = a.batch.claims[n]
    blank = Verdict(claim.kind, claim.subject, claim.says, claim.place, Status.UNDECIDED)
    if str(n) in a.wrong:
        return evolve(blank, status=Status.NOT_ENCODED, why=a.wrong[str(n)])
    longest = a.limits.longest if a.facts.lists and reads_lists(a.program, claim.sought) else 0
    case = searched(a, str(n), claim.sought, wants_plain=claim.is_never)
    if case is None:
        return evolve(blank, longest=longest, why=f"in {a.limits.seconds:g} seconds")
    status = Status.PROVED if claim.is_never is not case.found else Status.REFUTED
    notes = tuple(note for label, aside in claim.asides if (note := _aside(a, f"{n} {label}", label, aside)))
    return evolve(blank, status=status, longest=0 if case.found else longest, example=case.example, notes=notes)


def _aside(a: Asked, name: str, label: str, aside: Sought) -> str:
    if name in a.wrong:
        return f"{label} cannot be encoded: {a.wrong[name]}"
    case = searched(a, name, aside)
    if case is None:
        return f"{label} could not be looked for in {a.limits.seconds:g} seconds"
    return f"{label} {case.example}: {case.example.comes_to}" if case.example else ""


@frozen(eq=False)
class Searched:
    """Whether there are such facts, and if so an example that the interpreter has confirmed."""

    found: bool
    example: Example | None = None
    model: Model = field(factory=dict)
    named: dict[str, Any] = field(factory=dict)  # the facts, by parameter
    day: int = 0

    @property
    def given(self) -> Given:
        return tuple(self.named.values())


def searched(
    a: Asked, name: str, sought: Sought, wants_plain: bool = True, also: tuple[str, ...] = ()
) -> Searched | None:
    """Looks for facts; None where the solver gave up.

    The solver first knows only the laws of products and months. Where its case is none because it breaks their
    meaning, it is told why and asked again; and in the end it is asked with all meanings whole.
    """
    trial = Trial(a.dated, a.batch.parameters, sought)
    started = a.solver.spent
    for _ in range(MOST_TOLD):
        reply = a.solver.ask(name, *also)
        if not reply.holds:
            break
        if case := _confirmed(a, trial, reply, wants_plain):
            return case
        more = pieces(a.script.terms, a.script.names(name, *also), reply.model)
        if not more:
            raise DisagreementError(f"`{name}`: the solver's case is none: {reply.model}\n{a.script.plain}")
        a.solver.tell(more)
        if a.solver.spent - started > a.limits.seconds / 2:
            break
    if reply.holds is False:
        return Searched(False)
    if not a.script.is_hard(name, *also):
        return None
    reply = a.solver.ask_exactly(name, *also)
    if reply.holds is None:
        return None
    if not reply.holds:
        return Searched(False)
    case = _confirmed(a, trial, reply, wants_plain)
    if case is None:
        raise DisagreementError(f"`{name}`: the solver's case is none: {reply.model}\n{a.script.exact(name, *also)}")
    return case


def _confirmed(a: Asked, trial: Trial, reply: Reply, wants_plain: bool) -> Searched | None:
    """The case, where the interpreter finds it so too."""
    given = tuple(a.facts.read(reply.model, of, n) for n, of in trial.parameters)
    day = int(reply.model.get("today", DAYS[1] // 5)) if a.on is None else a.on
    if not trial.holds(given, day):
        return None
    if not wants_plain:
        return Searched(True, None, reply.model, _named(trial, given), day)
    given, day = plainest(a, trial, given, day)
    return Searched(True, told(trial, given, day), reply.model, _named(trial, given), day)


def _named(trial: Trial, given: Given) -> dict[str, Any]:
    return dict(zip((n for n, _ in trial.parameters), given, strict=True))


def plainest(a: Asked, trial: Trial, given: Given, day: int) -> tuple[Given, int]:
    """The case made plain, and only what was read of it, where that alone is enough."""
    expressions = [e for e in (trial.sought.expression, trial.sought.other, trial.sought.where) if e]
    bodies: list[Expr] = [*expressions, *(f.body for f in a.program.functions.values())]
    members = {m for members in a.program.enums.values() for m in members}
    texts = tuple(text for text in a.facts.texts.numbers if text not in members)
    days = days_of(bodies) if a.on is None else None
    given, day = Plainest(a.program, trial.holds, texts, days).of(given, trial.parameters, day)
    read = trial.reads(given, day)
    shown = tuple(without_unread(g, n, read) for g, (n, _) in zip(given, trial.parameters, strict=True))
    return shown if trial.holds(shown, day) else given, day


def told(trial: Trial, given: Given, day: int) -> Example:
    """Facts as people write them."""
    program = trial.dated.program
    named = [(g, n, of) for g, (n, of) in zip(given, trial.parameters, strict=True)]
    return Example(
        show(day, types.DATE),
        {n: in_json(g, of, program) for g, n, of in named},
        tuple(p for g, n, of in named for p in paths(g, of, program, n)),
        _comes_to(trial, given, day),
        tuple((n, in_rules(g, of, program)) for g, n, of in named),
    )


def _comes_to(trial: Trial, given: Given, day: int) -> str:
    value = trial.outcome(given, day, trial.sought.expression)
    if isinstance(value, FaultError):
        return f"fails: {value}"
    if isinstance(value, Unknown):
        return "needs " + ", ".join(sorted(value.needs))
    return ", ".join(_asked_on_the_way(trial, given, day))


def _asked_on_the_way(trial: Trial, given: Given, day: int) -> Iterator[str]:
    """What the questions come to that the expression asks about the facts as they are."""
    names = {n for n, _ in trial.parameters}
    told_already: set[str] = set()
    functions = trial.dated.program.functions
    for e in ir.walk(trial.sought.expression):
        if not isinstance(e, ir.Call) or functions[e.function].kind == "set":
            continue
        about = [_path(a) for a in e.arguments]
        if any(a is None or a.partition(".")[0] not in names for a in about):
            continue
        of = functions[e.function]
        label = types.short(e.function).partition("@")[0] + (f"({', '.join(map(str, about))})" if about else "")
        if label not in told_already:
            told_already.add(label)
            yield f"{label} = {shown(trial.outcome(given, day, e), of)}"


def _path(e: Expr) -> str | None:
    match e:
        case ir.Variable(name):
            return name
        case ir.Field(of, name):
            inner = _path(of)
            return None if inner is None else f"{inner}.{name}"
        case ir.Const(str() as value):
            return value
    return None


def shown(value: Any, function: ir.Function) -> str:
    """What a question comes to, in a line."""
    if isinstance(value, Unknown):
        return "undecided: needs " + ", ".join(sorted(value.needs))
    if isinstance(value, FaultError):
        return f"fails: {value}"
    if function.kind == "decision":
        return "permitted" if value else "denied"
    return show(value, function.type)


def reads_lists(program: Program, sought: Sought) -> bool:
    """Whether what is sought goes over lists, or asks what is in one."""
    asked_of = [e for e in (sought.expression, sought.other, sought.where) if e]
    bodies = [*asked_of, *(f.body for f in part_of(program, *asked_of).functions.values())]
    return any(
        isinstance(e, ir.Aggregate)
        or (isinstance(e, ir.Compare) and e.operator == "in" and isinstance(e.right, ir.Field | ir.Variable))
        for body in bodies
        for e in ir.walk(body)
    )
