"""Optimisation: the most that a number rises or falls by a change, by bisection.

In: a batch in terms. Out: the maximum found, and whether it is proved.
"""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from policy.ir.program import Function
from policy.verify.product_program import AFTER, BEFORE, called
from policy.verify.prove import Encoding, Limits
from policy.verify.smtlib import Script
from policy.verify.solver import Solver
from policy.verify.symbolic import Plain
from policy.verify.terms import Term


@frozen
class Maximum:
    """`by` is at the number's scale; unless it `is_exact`, there may be a greater one."""

    by: int
    is_exact: bool


def maximum(
    a: Encoding, function: Function, way: Literal["rises", "falls"], limits: Limits, at_least: int
) -> Maximum:
    """How far the number `rises` or `falls` at most; at least as far as in the example."""
    t = a.script.terms
    before, after = (a.goals.found(called(function, which)) for which in (BEFORE, AFTER))
    if not isinstance(before.value, Plain) or not isinstance(after.value, Plain):
        return Maximum(at_least, False)
    low, high = (before, after) if way == "rises" else (after, before)
    assert isinstance(low.value, Plain)
    assert isinstance(high.value, Plain)
    by = t.minus(high.value.term, low.value.term)
    name = t.integer(f"by {way}", by.low, by.high)
    assert by.high is not None
    known: Term = t.all(*(t.no(x) for f in (before, after) for x in (f.fault, f.value.unknown, _absent(f.value))))
    goal = t.all(known, t.same(name, by), t.less(t.number(0), by))
    script = Script(t, {"some": goal})
    if script.is_hard("some"):
        return Maximum(at_least, False)
    return _most(Solver(script, limits.seconds), name, at_least, by.high)


def _most(solver: Solver, name: Term, low: int, high: int) -> Maximum:
    """The greatest value of a name where the goal holds, by bisection."""
    t = solver.script.terms
    while low < high:
        middle = (low + high + 1) // 2
        solver.add_goal(f"from {middle}", t.at_most(t.number(middle), name))
        reply = solver.check("some", f"from {middle}")
        if reply.holds is None or solver.spent > solver.seconds / 2:
            return Maximum(max(low, middle) if reply.holds else low, False)
        if reply.holds:
            low = max(middle, reply.model.get(str(name.value), middle))
        else:
            high = middle - 1
    return Maximum(low, True)


def _absent(value: object) -> Term:
    assert isinstance(value, Plain)
    return value.absent
