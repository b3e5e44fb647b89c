"""What is claimed of a whole rulebook: every question of every declaration, in the order of the rules.

In: the model and its undated program. Out: batches of claims. What each kind of declaration is asked stands in
`tables`, `decisions` and `priorities`; what an overlay is asked, in `overlay`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.ir import program as ir
from policy.ir.program import Function, Program
from policy.model import rules
from policy.verify import decisions, priorities, tables
from policy.verify.claims import Batch, Claim, Sought

KINDS = ("property", "table", "value", "decision", "rule", "condition", "priority", "overlay")
MOST_CLAIMS = 60  # in one batch


def batches(model: rules.Model, program: Program) -> list[Batch]:
    """Everything that is asked of a rulebook, declaration by declaration."""
    found: list[Batch] = []
    for declared in model.declared.values():
        function = program.functions.get(declared.id)
        if function is not None:
            found += (part for batch in _of(declared, function) for part in _in_parts(batch))
    return found


def _in_parts(batch: Batch) -> Iterator[Batch]:
    """The batch, or parts of it that the solver has an easy time with."""
    for start in range(0, len(batch.claims), MOST_CLAIMS):
        yield Batch(batch.parameters, batch.claims[start : start + MOST_CLAIMS])


def _of(declared: rules.Declared, function: Function) -> Iterator[Batch]:
    match declared:
        case rules.Property():
            yield Batch(function.parameters, (_property(function),))
        case rules.Table():
            yield Batch(function.parameters, (*tables.claims(declared, function), never_fails(function)))
        case rules.Value():
            yield Batch(function.parameters, (*tables.versions(function), never_fails(function)))
        case rules.Decision():
            yield Batch(function.parameters, (*decisions.claims(declared, function), never_fails(function)))
        case rules.Priority():
            yield priorities.batch(function)


def _property(function: Function) -> Claim:
    """That the property is never false. Where it has no answer is told beside."""
    return Claim(
        "property",
        function.id,
        function.title.en or "the property holds",
        str(function.place),
        Sought("true", ir.Not(function.body)),
        asides=(("undecided", Sought("unknown", function.body)), ("fails", Sought("fault", function.body))),
    )


def never_fails(function: Function) -> Claim:
    """That nothing is left out: no division by nought, no number too large, no table without a row."""
    kind = "value" if function.kind == "value" else function.kind
    return Claim(kind, function.id, "there is always an answer", str(function.place), Sought("fault", function.body))
