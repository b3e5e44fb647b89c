"""A question that is a sum over a list, as a question to each element of it.

In: a question, and its program. Out: the question whose values add up to the answer wherever each of them has one;
none where the question is no such sum. Where an element has no value, the whole must be asked.
"""

from __future__ import annotations

from attrs import evolve

from policy.ir.logic import sole_version
from policy.ir.program import Aggregate, FieldAccess, Function, Items, Program, Variable
from policy.model.types import ListOf, Record


def summand(program: Program, function: Function) -> Function | None:
    """The same sum over one element alone, which is the last parameter. Of a program of one date."""
    whole = sole_version(function.body)
    if not isinstance(whole, Aggregate) or whole.kind != "sum" or whole.most:
        return None
    over = whole.over
    if not isinstance(over, FieldAccess) or not isinstance(over.of, Variable):
        return None
    of = dict(function.parameters)[over.of.name]
    assert isinstance(of, Record)
    listed = next(f.type for f in program.records[of.name] if f.name == over.name)
    if not isinstance(listed, ListOf):
        return None
    return evolve(
        function,
        id=f"{function.id}#each",
        parameters=(*function.parameters, (whole.variable, listed.of)),
        body=evolve(whole, over=Items((Variable(whole.variable),))),
    )
