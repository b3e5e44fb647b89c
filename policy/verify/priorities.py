"""Claims about priorities: they are strict orders, and only equal last keys tie."""

from __future__ import annotations

from functools import reduce

from policy.ir import program as ir
from policy.ir.program import Expr, Function
from policy.verify.claims import Batch, Claim, Query, fails, is_true

ROLES = ("one", "other", "third")


def batch(function: Function) -> Batch:
    """The claims about a priority, over three in its queue."""
    parameters = tuple((f"{role}_{n}", of) for role in ROLES for n, of in function.parameters)
    place = str(function.place)
    both = ir.And((before(function, "one", "other"), before(function, "other", "one")))
    intransitive = ir.And(
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

    def claim(statement: str, query: Query) -> Claim:
        return Claim("priority", function.id, statement, place, query)

    claims = (
        claim("no two come before each other", is_true(both)),
        claim("the order is passed on from one to the next", is_true(intransitive)),
        claim("only those alike in its last line tie", is_true(tie)),
        claim("there is always an answer", fails(_in_role(function, "one", function.body))),
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
    return _in_role(function, role, function.body.items[n])


def _in_role(function: Function, role: str, e: Expr) -> Expr:
    """The expression about the one in a role."""
    return reduce(lambda body, n: ir.Let(n, ir.Variable(f"{role}_{n}"), body), [n for n, _ in function.parameters], e)
