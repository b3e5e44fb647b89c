"""The most that a number rises or falls by a change.

In: a batch in terms. Out: by how much, and whether that is certainly the most.
"""

from __future__ import annotations

from attrs import frozen

from policy.ir.program import Function
from policy.verify.beside import AFTER, BEFORE, called
from policy.verify.decide import Asked, Limits
from policy.verify.script import Script
from policy.verify.solver import Solver
from policy.verify.symbolic import Plain
from policy.verify.terms import Term


@frozen
class Extreme:
    """`by` is at the number's scale; unless it `is_exact`, some case may be worse."""

    by: int
    is_exact: bool


def extreme(a: Asked, function: Function, way: str, limits: Limits, at_least: int) -> Extreme:
    """How far the number `rises` or `falls` at most; at least as far as in the example."""
    t = a.script.terms
    before, after = (a.goals.found(called(function, which)) for which in (BEFORE, AFTER))
    if not isinstance(before.value, Plain) or not isinstance(after.value, Plain):
        return Extreme(at_least, False)
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
        return Extreme(at_least, False)
    return _most(Solver(script, limits.seconds), name, at_least, by.high)


def _most(solver: Solver, name: Term, low: int, high: int) -> Extreme:
    """The greatest that a name can be where the goal holds, by halving what is between what it can and cannot be."""
    t = solver.script.terms
    while low < high:
        middle = (low + high + 1) // 2
        solver.also(f"from {middle}", t.at_most(t.number(middle), name))
        reply = solver.ask("some", f"from {middle}")
        if reply.holds is None or solver.spent > solver.seconds / 2:
            return Extreme(max(low, middle) if reply.holds else low, False)
        if reply.holds:
            low = max(middle, reply.model.get(str(name.value), middle))
        else:
            high = middle - 1
    return Extreme(low, True)


def _absent(value: object) -> Term:
    assert isinstance(value, Plain)
    return value.absent
