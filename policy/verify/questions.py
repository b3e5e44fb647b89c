"""The claims about a whole rulebook, declaration by declaration, in the order of the rules.

In: the model and its undated program. Out: batches of claims. Absent: the claims about tables, decisions, priorities
and overlays, which stand in the modules of these names.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.ir import program as ir
from policy.ir.program import Function, Program
from policy.model import rules
from policy.verify import decisions, priorities, tables
from policy.verify.claims import Batch, Claim, ClaimKind, fails, is_true, is_unknown

KINDS: tuple[ClaimKind, ...] = ("property", "table", "value", "decision", "rule", "condition", "priority", "overlay")
MOST_CLAIMS = 60  # in one batch


def batches(model: rules.Model, program: Program) -> list[Batch]:
    """All claims about a rulebook, declaration by declaration."""
    found: list[Batch] = []
    for declared in model.declared.values():
        function = program.functions.get(declared.id)
        if function is not None:
            found += _in_parts(_batch(declared, function))
    return found


def _in_parts(batch: Batch) -> Iterator[Batch]:
    """The batch, cut into parts that are small for the solver."""
    for start in range(0, len(batch.claims), MOST_CLAIMS):
        yield Batch(batch.parameters, batch.claims[start : start + MOST_CLAIMS])


def _batch(declared: rules.Declared, function: Function) -> Batch:
    claims: tuple[Claim, ...] = ()
    if isinstance(declared, rules.Property):
        claims = (_property(function),)
    if isinstance(declared, rules.Table):
        claims = (*tables.claims(declared, function), never_fails(function, "table"))
    if isinstance(declared, rules.Value):
        claims = (*tables.versions(function), never_fails(function, "value"))
    if isinstance(declared, rules.Decision):
        claims = (*decisions.claims(declared, function), never_fails(function, "decision"))
    return priorities.batch(function) if isinstance(declared, rules.Priority) else Batch(function.parameters, claims)


def _property(function: Function) -> Claim:
    """That the property is never false; whether it can lack an answer is noted."""
    return Claim(
        "property",
        function.id,
        function.title.en or "the property holds",
        str(function.place),
        is_true(ir.Not(function.body)),
        asides=(("undecided", is_unknown(function.body)), ("fails", fails(function.body))),
    )


def never_fails(function: Function, kind: ClaimKind) -> Claim:
    """That the function is total: no division by zero, no case without a row."""
    return Claim(kind, function.id, "there is always an answer", str(function.place), fails(function.body))
