"""Optimisation: the most that a number rises or falls by a change, by bisection; or its share of a fact.

In: a batch in terms. Out: the maximum found, and whether it is proved.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from attrs import field, frozen

from policy.ir.program import Expr
from policy.model.types import Number
from policy.model.values import show
from policy.model.written import FACTS
from policy.verify.axioms import Model
from policy.verify.prove import Encoding, Limits
from policy.verify.regions import paths_of
from policy.verify.smtlib import Script
from policy.verify.solver import Solver
from policy.verify.symbolic import Plain
from policy.verify.terms import Term

RATE = Number("rate", 6)


@frozen(eq=False)
class Maximum:
    """`by` is at the number's scale; unless it `is_exact`, there may be a greater one. `solver` knows the move by the
    `name`, and `model` has facts of the greatest found."""

    by: int
    is_exact: bool
    solver: Solver | None = None
    name: Term | None = None
    model: Model = field(factory=dict)


def maximum(
    a: Encoding, answers: tuple[Expr, Expr], way: Literal["rises", "falls"], limits: Limits, at_least: int
) -> Maximum:
    """How far a number `rises` or `falls` at most from one answer to the other; at least as far as in the example."""
    t = a.script.terms
    before, after = map(a.goals.found, answers)
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
    model: Model = {}
    while low < high:
        middle = (low + high + 1) // 2
        solver.add_goal(f"from {middle}", t.at_most(t.number(middle), name))
        reply = solver.check("some", f"from {middle}")
        model = reply.model if reply.holds else model
        if reply.holds is None or solver.spent > solver.seconds / 2:
            return Maximum(max(low, middle) if reply.holds else low, False)
        if reply.holds:
            low = max(middle, int(reply.model.get(str(name.value), middle)))
        else:
            high = middle - 1
    return Maximum(low, True, solver, name, model)


def proportion(a: Encoding, most: Maximum, of: Number) -> tuple[str, str] | None:
    """The greatest move as a share of the fact that it grows with; and that fact's path, with the amount on top.

    Only where the fact is as large as its type allows, and both are proved, give or take the last decimal.
    """
    if most.solver is None or most.name is None or not most.is_exact:
        return None
    names = {str(n.value): n for n in most.solver.script.names("some")}
    for path, fact, _ in paths_of(a):
        value, name = most.model.get(path), names.get(path)
        if not isinstance(fact, Number) or fact.unit != of.unit or name is None or value is None:
            continue
        if name.high != FACTS[1] or 2 * abs(value) < FACTS[1]:
            continue
        left, right = 10 ** (RATE.scale + fact.scale), 10**of.scale
        share = round(Fraction(most.by * left, abs(value) * right))
        more = _on_top(most, left, share * right, name)
        if share and more is not None and 2 * more < most.by:
            return show(share, RATE), path + (f" and {show(more, of)}" if more > 1 else "")
    return None


def _on_top(most: Maximum, left: int, right: int, fact: Term) -> int | None:
    """The most by which `left` moves are more than `right` facts, in moves; None where it is not found."""
    assert most.solver is not None
    assert most.name is not None
    t = most.solver.script.terms
    excess = t.minus(t.times(left, most.name), t.times(right, t.size(fact)))
    name = t.integer("excess", excess.low, excess.high)
    goal = t.all(most.solver.script.goals["some"], t.same(name, excess))
    if excess.high is None:
        return None
    found = _most(Solver(Script(t, {"some": goal}), most.solver.seconds), name, 0, excess.high)
    return -(-found.by // left) if found.is_exact else None


def _absent(value: object) -> Term:
    assert isinstance(value, Plain)
    return value.absent
