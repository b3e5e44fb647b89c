"""The most that a number rises or falls by a change.

In: a batch in terms. Out: by how much, and whether that is certainly the most.
"""

from __future__ import annotations

from attrs import frozen

from policy.ir.program import Function
from policy.verify.beside import AFTER, BEFORE, called
from policy.verify.decide import Asked, Limits
from policy.verify.script import Script
from policy.verify.solver import most
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
    known: Term = t.all(*(t.no(x) for f in (before, after) for x in (f.fault, f.value.unknown, _absent(f.value))))
    goal = t.all(known, t.same(name, by), t.less(t.number(0), by))
    script = Script(t, {"most": goal})
    reply = most(script, "most", f"by {way}", limits.seconds)
    if reply is None or script.is_hard("most"):
        return Extreme(at_least, False)
    return Extreme(max(reply, at_least), True)


def _absent(value: object) -> Term:
    assert isinstance(value, Plain)
    return value.absent
