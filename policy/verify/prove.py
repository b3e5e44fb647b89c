"""Claims to results: encode, solve, replay the solution on the interpreter, minimise it.

In: a program and a batch of claims about the same facts. Out: a result for each, in order. Solving is counterexample-
guided refinement (CEGAR, see `axioms`): a solution that the interpreter rejects is excluded by an axiom's instance.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from math import inf

from attrs import evolve, field, frozen

from policy.facts.to_json import in_json
from policy.ir import program as ir
from policy.ir.interpret import FaultError, Unknown
from policy.ir.program import Expr, Program
from policy.model import types
from policy.model.values import show
from policy.verify.axioms import Model, instances
from policy.verify.claims import Batch, Claim, ClaimResult, ProofStatus, Query, Witness, is_true
from policy.verify.facts import DAYS, LONGEST, Fact, Given, SymbolicFacts
from policy.verify.goals import Goals
from policy.verify.minimise import Minimiser, days_of
from policy.verify.notation import in_rules, paths
from policy.verify.replay import DatedProgram, Replay, part_about, part_of, without_unread
from policy.verify.second import SecondSolver, asked, satisfiable
from policy.verify.smtlib import Script
from policy.verify.solver import Reply, Solver
from policy.verify.symbolic import CannotEncodeError
from policy.verify.terms import OutOfTimeError, Term, Terms
from policy.verify.witnesses import witnessed

MOST_REFINEMENTS = 60
FEW_REFINEMENTS, GLANCE = 8, 0.02  # after so many, so much of the budget for the goal with all axioms whole
CLOCK = 60.0  # seconds for one claim
LONGEST_TRIED = 12  # elements of a list, before a case that lists might show is reported as missing


class SolverMismatchError(AssertionError):
    """The interpreter rejects the solver's solution and no axiom explains why: a mistake in this program.

    Its text is a report for the makers: the facts, and the query as SMT-LIB.
    """


@frozen
class Limits:
    """The budget of one claim, and the bound on the length of lists.

    `seconds` are counted in steps of the solver, so that all machines give the same results. `clock` are seconds by
    the clock, for one claim, and `until` is the moment at which the whole run stops (`time.monotonic`): a result that
    they cut off says so. A `second` solver is asked for every claim that the first decides.
    """

    seconds: float = 10.0
    longest: int = LONGEST
    clock: float = CLOCK
    until: float = inf
    second: SecondSolver | None = None

    @property
    def deadline(self) -> float:
        """When a claim must be done that is begun now."""
        return min(time.monotonic() + self.clock, self.until)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.until


@frozen(eq=False)
class Encoding:
    """A batch of one program in terms, over all dates or `on` one.

    `wrong` are the goals that cannot be encoded, with the reason, and `late` those that could not be in time.
    """

    program: Program
    batch: Batch
    limits: Limits
    on: int | None
    goals: Goals
    script: Script
    wrong: dict[str, str]
    late: frozenset[str]
    dated: DatedProgram
    solver: Solver

    @property
    def facts(self) -> SymbolicFacts:
        return self.goals.facts

    def answer(self, given: Given, day: int, e: Expr) -> Fact:
        """The value of an expression on facts, `Unknown`, or the `FaultError`."""
        return Replay(self.dated, self.batch.parameters, is_true(e)).outcome(given, day, e)


def encode(
    program: Program,
    batch: Batch,
    limits: Limits,
    on: int | None = None,
    restrict: Callable[[SymbolicFacts], SymbolicFacts] = lambda facts: facts,
) -> Encoding:
    """The batch in terms, about all facts or those to which `restrict` limits them."""
    terms = Terms()
    small = part_about(program, batch.parameters, *(e for _, s in _queries(batch) for e in s.expressions))
    today = terms.integer("today", *DAYS) if on is None else terms.number(on)
    goals = Goals.over(small, terms, batch.parameters, today, limits.longest, restrict)
    encoded: dict[str, Term] = {}
    wrong: dict[str, str] = {}
    late: set[str] = set()
    for name, query in _queries(batch):
        terms.deadline = limits.deadline
        try:
            encoded[name] = goals.of(query)
        except CannotEncodeError as reason:
            wrong[name] = str(reason)
        except RecursionError:
            wrong[name] = "the rules are nested too deeply"
        except OutOfTimeError:
            late.add(name)
            wrong[name] = f"it is too large to be encoded {out_of_time(limits)}"
    terms.deadline = inf
    script = Script(terms, encoded)
    solver = Solver(script, limits.seconds)
    return Encoding(small, batch, limits, on, goals, script, wrong, frozenset(late), DatedProgram(small), solver)


def _queries(batch: Batch) -> Iterator[tuple[str, Query]]:
    for n, claim in enumerate(batch.claims):
        yield str(n), claim.query
        yield from ((f"{n} {label}", aside) for label, aside in claim.asides)


# ── results ─────────────────────────────────────────────────────────────────────────────────


def prove(program: Program, batch: Batch, limits: Limits, on: int | None = None) -> list[ClaimResult]:
    """A result for each claim, from the solver where made-up facts do not show it."""
    shown = witnessed(program, batch, on) if limits.second is None else ()
    results = [_blank(c, ProofStatus.PROVED) for c in batch.claims]
    left = [n for n in range(len(results)) if n not in shown]
    if left:
        claims = tuple(batch.claims[n] for n in left)
        for n, result in zip(left, _solved(program, evolve(batch, claims=claims), limits, on), strict=True):
            results[n] = result
    return results


def _solved(program: Program, batch: Batch, limits: Limits, on: int | None) -> list[ClaimResult]:
    """The solver's result for each claim. A case that short lists do not show is looked for in longer ones."""
    a = encode(program, batch, limits, on)
    results = [_seconded(a, n, _proved(a, n)) for n in range(len(batch.claims))]
    again = [n for n, (c, r) in enumerate(zip(batch.claims, results, strict=True)) if _is_unshown(c, r)]
    if again and limits.longest < LONGEST_TRIED:
        longer = evolve(limits, longest=min(2 * limits.longest, LONGEST_TRIED))
        claims = tuple(batch.claims[n] for n in again)
        for n, result in zip(again, _solved(program, evolve(batch, claims=claims), longer, on), strict=True):
            if result.status is not ProofStatus.UNDECIDED:
                results[n] = result
    return results


def _is_unshown(claim: Claim, result: ClaimResult) -> bool:
    return not claim.is_universal and result.status is ProofStatus.NOT_FOUND


def _blank(claim: Claim, status: ProofStatus) -> ClaimResult:
    return ClaimResult(claim.kind, claim.subject, claim.statement, claim.place, status)


def _proved(a: Encoding, n: int) -> ClaimResult:
    claim = a.batch.claims[n]
    blank = _blank(claim, ProofStatus.UNDECIDED)
    if str(n) in a.late or a.limits.is_over:
        return evolve(blank, why=out_of_time(a.limits))
    if str(n) in a.wrong:
        return evolve(blank, status=ProofStatus.NOT_ENCODED, why=a.wrong[str(n)])
    a.solver.deadline = a.limits.deadline
    longest = a.limits.longest if a.facts.lists and reads_lists(a.program, claim.query) else 0
    try:
        case = solve(a, str(n), claim.query, minimal=claim.is_universal)
        is_late = a.solver.is_late
        a.solver.deadline = a.limits.deadline
        notes = tuple(note for label, aside in claim.asides if (note := _aside(a, f"{n} {label}", label, aside)))
    except SolverMismatchError as report:
        why = "solver and interpreter disagree"
        return evolve(blank, status=ProofStatus.UNCONFIRMED, why=why, report=str(report))
    if case is None:
        why = out_of_time(a.limits) if is_late else f"in {a.limits.seconds:g} seconds"
        return evolve(blank, longest=longest, why=why)
    if case.found:
        status = ProofStatus.REFUTED if claim.is_universal else ProofStatus.PROVED
        return evolve(blank, status=status, example=case.example, notes=notes)
    if claim.is_universal:
        return evolve(blank, status=ProofStatus.PROVED, longest=longest, notes=notes)
    status = ProofStatus.NOT_FOUND if longest else ProofStatus.REFUTED
    return evolve(blank, status=status, longest=longest, why="" if longest else claim.unless_so, notes=notes)


def _seconded(a: Encoding, n: int, result: ClaimResult) -> ClaimResult:
    """The result, with whether the second solver agrees; not confirmed where it does not."""
    decided = (ProofStatus.PROVED, ProofStatus.REFUTED, ProofStatus.NOT_FOUND)
    if a.limits.second is None or result.status not in decided:
        return result
    first = (result.status is ProofStatus.PROVED) is not a.batch.claims[n].is_universal  # whether there is a case
    said = satisfiable(a.script, str(n), a.limits.seconds, a.limits.clock)
    if said is None or said is first:
        return evolve(result, second="gave up" if said is None else "agrees")
    words = {True: "satisfiable", False: "unsatisfiable"}
    report = f"z3: {words[first]}\n{a.limits.second}: {words[said]}\n\n{asked(a.script, str(n))}"
    why = f"z3 and {a.limits.second} disagree"
    return evolve(_blank(a.batch.claims[n], ProofStatus.UNCONFIRMED), why=why, report=report)


def out_of_time(limits: Limits) -> str:
    """Why a claim is not decided that the clock cut off."""
    return "before the run was stopped" if limits.is_over else f"in {limits.clock:g} seconds by the clock"


def _aside(a: Encoding, name: str, label: str, aside: Query) -> str:
    if name in a.wrong:
        return f"{label} cannot be encoded: {a.wrong[name]}"
    case = solve(a, name, aside)
    if case is None:
        return f"{label} could not be looked for in {a.limits.seconds:g} seconds"
    return f"{label} {case.example}: {case.example.comes_to}" if case.example else ""


@frozen(eq=False)
class Solution:
    """Whether a query is satisfiable, and if so facts that the interpreter has confirmed."""

    found: bool
    example: Witness | None = None
    model: Model = field(factory=dict)
    named: dict[str, Fact] = field(factory=dict)  # the facts, by parameter
    day: int = 0

    @property
    def given(self) -> Given:
        return tuple(self.named.values())


def solve(a: Encoding, name: str, query: Query, minimal: bool = True, also: tuple[str, ...] = ()) -> Solution | None:
    """Solves a query, together with the goals `also`; None where the solver gave up.

    At first the solver knows only the lemmas of products and months. Where its solution violates their axioms, it
    gets the instances that exclude it, and solves again; in the end, with all axioms whole. After a few instances
    it gets a glance at the whole, which is often enough.
    """
    replay = Replay(a.dated, a.batch.parameters, query)
    started = a.solver.spent
    for n in range(MOST_REFINEMENTS):
        reply = a.solver.check(name, *also)
        if not reply.holds:
            break
        if case := _replayed(a, replay, reply, minimal):
            return case
        more = instances(a.script.terms, a.script.names(name, *also), reply.model)
        if not more:
            raise SolverMismatchError(f"`{name}`: the interpreter rejects {reply.model}\n{a.script.plain}")
        a.solver.assert_all(more)
        if n + 1 == FEW_REFINEMENTS and (case := _exactly(a, replay, minimal, (name, *also), GLANCE)):
            return case
        if a.solver.spent - started > a.limits.seconds / 2:
            break
    if reply.holds is False:
        return Solution(False)
    return _exactly(a, replay, minimal, (name, *also)) if a.script.is_hard(name, *also) else None


def _exactly(
    a: Encoding, replay: Replay, minimal: bool, goals: tuple[str, ...], share: float = 1.0
) -> Solution | None:
    """Solves goals with all axioms whole in a share of the budget; None where the solver gave up."""
    reply = a.solver.check_exactly(*goals, share=share)
    if not reply.holds:
        return None if reply.holds is None else Solution(False)
    case = _replayed(a, replay, reply, minimal)
    if case is None:
        raise SolverMismatchError(f"`{goals[0]}`: the interpreter rejects {reply.model}\n{a.script.exact(*goals)}")
    return case


def _replayed(a: Encoding, replay: Replay, reply: Reply, minimal: bool) -> Solution | None:
    """The solution, if the interpreter confirms it."""
    given = tuple(a.facts.read(reply.model, of, n) for n, of in replay.parameters)
    day = int(reply.model.get("today", DAYS[1] // 5)) if a.on is None else a.on
    if not replay.holds(given, day):
        return None
    if minimal:
        given, day = minimised(a, replay, given, day)
    named = dict(zip((n for n, _ in replay.parameters), given, strict=True))
    return Solution(True, example_of(replay, given, day) if minimal else None, reply.model, named, day)


def minimised(a: Encoding, replay: Replay, given: Given, day: int) -> tuple[Given, int]:
    """The solution with simple values, and without the facts that are not read where it does not need them."""
    bodies: list[Expr] = [*replay.query.expressions, *(f.body for f in a.program.functions.values())]
    members = {m for members in a.program.enums.values() for m in members}
    texts = tuple(text for text in a.facts.texts.numbers if text not in members)
    days = days_of(bodies) if a.on is None else None
    given, day = Minimiser(a.program, replay.holds, texts, days).of(given, replay.parameters, day)
    read = replay.reads(given, day)
    shown = tuple(without_unread(g, n, read) for g, (n, _) in zip(given, replay.parameters, strict=True))
    return shown if replay.holds(shown, day) else given, day


def example_of(replay: Replay, given: Given, day: int) -> Witness:
    """Facts as people write them."""
    program = replay.dated.program
    named = [(g, n, of) for g, (n, of) in zip(given, replay.parameters, strict=True)]
    return Witness(
        show(day, types.DATE),
        {n: in_json(g, of, program) for g, n, of in named},
        tuple(p for g, n, of in named for p in paths(g, of, program, n)),
        _comes_to(replay, given, day),
        tuple((n, in_rules(g, of, program)) for g, n, of in named),
    )


def _comes_to(replay: Replay, given: Given, day: int) -> str:
    value = replay.outcome(given, day, replay.query.expression)
    if isinstance(value, FaultError):
        return f"fails: {value}"
    if isinstance(value, Unknown):
        return "needs " + ", ".join(sorted(value.needs))
    return ", ".join(_calls(replay, given, day))


def _calls(replay: Replay, given: Given, day: int) -> Iterator[str]:
    """The questions that the expression asks about the given facts, each with its answer."""
    names = {n for n, _ in replay.parameters}
    seen: set[str] = set()
    functions = replay.dated.program.functions
    for e in ir.walk(replay.query.expression):
        if not isinstance(e, ir.Call) or functions[e.function].kind == "set":
            continue
        about = [_path(a) for a in e.arguments]
        if any(a is None or a.partition(".")[0] not in names for a in about):
            continue
        of = functions[e.function]
        label = types.short(e.function).partition("@")[0] + (f"({', '.join(map(str, about))})" if about else "")
        if label not in seen:
            seen.add(label)
            yield f"{label} = {answer_text(replay.outcome(given, day, e), of)}"


def _path(e: Expr) -> str | None:
    if isinstance(e, ir.FieldAccess):
        inner = _path(e.of)
        return None if inner is None else f"{inner}.{e.name}"
    if isinstance(e, ir.Const) and isinstance(e.value, str):
        return e.value
    return e.name if isinstance(e, ir.Variable) else None


def answer_text(value: Fact, function: ir.Function) -> str:
    """An answer to a question, in a line."""
    if isinstance(value, Unknown):
        return "undecided: needs " + ", ".join(sorted(value.needs))
    if isinstance(value, FaultError):
        return f"fails: {value}"
    if function.kind == "decision":
        return "permitted" if value else "denied"
    return show(value, function.type)


def reads_lists(program: Program, query: Query) -> bool:
    """Whether a query depends on lists: it aggregates them, or tests membership in one."""
    bodies = [*query.expressions, *(f.body for f in part_of(program, *query.expressions).functions.values())]
    return any(
        isinstance(e, ir.Aggregate | ir.Sorted)
        or (isinstance(e, ir.Compare) and e.operator == "in" and isinstance(e.right, ir.FieldAccess | ir.Variable))
        for body in bodies
        for e in ir.walk(body)
    )
