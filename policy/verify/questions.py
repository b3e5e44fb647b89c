"""The claims about a whole rulebook, declaration by declaration, in the order of the rules.

In: the model and its undated program. Out: batches of claims; and marks of claims as refuted on purpose that name no
claim. Absent: the claims about tables, branches, decisions, priorities and overlays, which stand in the modules of
these names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from attrs import evolve

from policy.answers import BilingualText
from policy.ir import program as ir
from policy.ir.fields import in_rows
from policy.ir.lower import lower
from policy.ir.program import Function, Program
from policy.model import rules
from policy.verify import branches, decisions, priorities, tables
from policy.verify.claims import (
    Batch,
    Claim,
    ClaimKind,
    ClaimResult,
    ProofStatus,
    fails,
    is_possible,
    is_true,
    is_unknown,
)

KINDS: tuple[ClaimKind, ...] = (
    "property",
    "table",
    "value",
    "argument",
    "branch",
    "decision",
    "rule",
    "condition",
    "priority",
    "overlay",
)
MOST_CLAIMS = 60  # in one batch


def batches(model: rules.Model, program: Program) -> list[Batch]:
    """All claims about a rulebook, declaration by declaration."""
    found: list[Batch] = []
    for declared in model.declared.values():
        function = program.functions.get(declared.id)
        if function is not None:
            if isinstance(declared, rules.Priority):
                of_three = priorities.batch(function)
                found.append(evolve(of_three, claims=_marked(declared, of_three.claims)))
            found += _in_parts(_batch(declared, in_rows(function, program)))
            if isinstance(declared, rules.Value | rules.Table) and function.parameters:
                found.append(_arguments(declared, function))
    return [evolve(b, claims=tuple(_known(c, program) for c in b.claims)) for b in found]


def _known(claim: Claim, program: Program) -> Claim:
    """The claim; what is unknown shows it only where it may come to be known, of a number that is unset."""
    called = [c.function for e in claim.query.expressions for c in ir.walk(e) if isinstance(c, ir.Call)]
    if claim.query.kind != "possible" or any(id in program.notes for id in program.calls_first(*called)):
        return claim
    return evolve(claim, query=is_true(claim.query.expression))


def _in_parts(batch: Batch) -> Iterator[Batch]:
    """The batch, cut into parts that are small for the solver."""
    for start in range(0, len(batch.claims), MOST_CLAIMS):
        yield Batch(batch.parameters, batch.claims[start : start + MOST_CLAIMS])


def _batch(declared: rules.Declaration, function: Function) -> Batch:
    claims: tuple[Claim, ...] = ()
    match declared:
        case rules.Property():
            claims = tuple(_property(declared, function))
        case rules.Table():
            claims = (*tables.claims(declared, function), never_fails(function, "table"))
        case rules.Value():
            claims = (*tables.versions(function), never_fails(function, "value"))
        case rules.Decision():
            claims = (*decisions.claims(declared, function), never_fails(function, "decision"))
        case (
            rules.Priority() | rules.Parameter() | rules.DatedSet() | rules.Calendar() | rules.RecordType()
            | rules.EnumOf()
        ):  # fmt: skip
            pass
        case _:
            assert_never(declared)
    claims = (*claims, *branches.claims(declared, function))
    return Batch(function.parameters, _marked(declared, claims))


def _marked(declared: rules.Declaration, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """The claims, those marked that the rules say are false on purpose."""
    if not isinstance(declared, rules.Asking) or not declared.refuted:
        return claims
    return tuple(evolve(c, refuted=_mark(declared, c)) for c in claims)


def _property(declared: rules.Property, function: Function) -> Iterator[Claim]:
    """That the property is never false; whether it can lack an answer is noted. And that it is about something."""
    yield Claim(
        "property",
        function.id,
        holds(declared),
        str(function.place),
        is_true(ir.Not(function.body)),
        asides=(("undecided", is_unknown(function.body)), ("fails", fails(function.body))),
    )
    if declared.where is not None:
        where = lower(declared.where)
        place = str(function.place)
        vacuous = "the property is vacuous"
        yield Claim("property", function.id, ABOUT, place, is_possible(where), False, unless_so=vacuous)


ABOUT = "its `where` is met by something"


def holds(declared: rules.Property) -> str:
    """What a property claims."""
    return declared.title.en or "the property holds"


# ── claims that are refuted on purpose ──────────────────────────────────────────────────────


def _names(mark: rules.Refuted, declared: rules.Asking, statement: str) -> bool:
    """Whether a mark is about a claim: a property's own where it names none."""
    if not mark.claim:
        return isinstance(declared, rules.Property) and statement == holds(declared)
    return mark.claim == statement


def _mark(declared: rules.Asking, claim: Claim) -> BilingualText | None:
    return next((m.because for m in declared.refuted if _names(m, declared, claim.statement)), None)


_KIND: dict[type[rules.Asking], ClaimKind] = {
    rules.Property: "property",
    rules.Table: "table",
    rules.Value: "value",
    rules.Decision: "decision",
    rules.Priority: "priority",
}


def idle_marks(model: rules.Model, found: Sequence[Batch]) -> list[ClaimResult]:
    """The marks that are about no claim."""
    marked = {(c.subject, c.statement) for b in found for c in b.claims if c.refuted is not None}
    return [
        ClaimResult(_KIND[type(d)], d.id, m.claim, str(m.span), ProofStatus.STALE, why="there is no such claim")
        for d in model.of_kind(rules.Asking)
        for m in d.refuted
        if not any(subject == d.id and _names(m, d, statement) for subject, statement in marked)
    ]


def _arguments(declared: rules.Value | rules.Table, function: Function) -> Batch:
    """That each argument makes a difference: another in its place gives another answer."""
    names = [n for n, _ in function.parameters]
    given = ir.Call(function.id, tuple(map(ir.Variable, names)))
    claims = []
    for n, name in enumerate(names):
        other = ir.Variable(f"other_{name}")
        changed = ir.Call(function.id, (*given.arguments[:n], other, *given.arguments[n + 1 :]))
        query = is_possible(ir.Compare("is not", given, changed))
        statement = f"`{name}` makes a difference"
        claims.append(Claim("argument", function.id, statement, str(function.place), query, False))
    others = tuple((f"other_{n}", of) for n, of in function.parameters)
    marked = tuple(evolve(c, refuted=_mark(declared, c)) for c in claims)
    return Batch((*function.parameters, *others), marked)


def never_fails(function: Function, kind: ClaimKind) -> Claim:
    """That the function is total: no division by zero, no case without a row."""
    return Claim(kind, function.id, "there is always an answer", str(function.place), fails(function.body))
