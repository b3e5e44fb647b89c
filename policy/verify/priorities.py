"""What is claimed of priorities: that they are a strict order, and who may tie."""

from __future__ import annotations

from functools import reduce

from policy.ir import program as ir
from policy.ir.program import Expr, Function
from policy.verify.claims import Batch, Claim, Sought

ROLES = ("one", "other", "third")


def batch(function: Function) -> Batch:
    """The claims about a priority, over three that wait in its queue."""
    parameters = tuple((f"{role}_{n}", of) for role in ROLES for n, of in function.parameters)
    place = str(function.place)
    both = ir.And((before(function, "one", "other"), before(function, "other", "one")))
    passed_on = ir.And(
        (
            before(function, "one", "other"),
            before(function, "other", "third"),
            ir.Not(before(function, "one", "third")),
        )
    )
    last = [_key(function, role, -1) for role in ROLES[:2]]
    tie = ir.And(
        (
            ir.Not(before(function, "one", "other")),
            ir.Not(before(function, "other", "one")),
            ir.Compare("is not", *last),
        )
    )

    def claim(says: str, outcome: str, e: Expr) -> Claim:
        return Claim("priority", function.id, says, place, Sought(outcome, e))

    claims = (
        claim("no two come before each other", "true", both),
        Claim(
            "priority", function.id, "the order is passed on from one to the next", place, Sought("true", passed_on)
        ),
        claim("only those alike in its last line tie", "true", tie),
        claim("there is always an answer", "fault", _keys(function, "one")),
    )
    return Batch(parameters, claims)


def before(function: Function, first: str, second: str) -> Expr:
    """That the one in the role of `first` comes before the one in the role of `second`, key by key."""
    assert isinstance(function.body, ir.Items)
    result: Expr = ir.FALSE
    for n in reversed(range(len(function.body.items))):
        a, b = _key(function, first, n), _key(function, second, n)
        less, same = ir.Compare("<", a, b), ir.Compare("is", a, b)
        result = less if result == ir.FALSE else ir.Or((less, ir.And((same, result))))
    return result


def _key(function: Function, role: str, n: int) -> Expr:
    assert isinstance(function.body, ir.Items)
    return _asked(function, role, function.body.items[n])


def _keys(function: Function, role: str) -> Expr:
    return _asked(function, role, function.body)


def _asked(function: Function, role: str, e: Expr) -> Expr:
    """The expression about what stands in a role."""
    return reduce(lambda body, n: ir.Let(n, ir.Variable(f"{role}_{n}"), body), [n for n, _ in function.parameters], e)
