"""Members of ordered enums by their ranks, the lowest being 0. Part of `lower`.

In: expressions that are members. Out: comparisons, the higher and the lower of two, in nodes that exist. A rank is
found by halves, so that many members are no deeper than they need be.
"""

from __future__ import annotations

from policy.ir.logic import is_absent, once
from policy.ir.program import Arithmetic, Choose, Compare, Const, Expr, If, Let
from policy.model import types
from policy.vocabulary import ComparisonOperator, ExtremumOperator, OrderOperator

_FEW_RANKS = 16
_TURNED: dict[OrderOperator, OrderOperator] = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def compare(operator: ComparisonOperator, left: Expr, right: Expr, of: types.Enum) -> Expr:
    """Whether one member is higher than another; of a written member, whether the other is one of those beside it."""
    if operator == "is" or operator == "is not" or operator == "in":
        return Compare(operator, left, right)
    if isinstance(right, Const):
        return Compare("in", left, Const(of.beside(operator, right.value)))
    if isinstance(left, Const):
        return Compare("in", right, Const(of.beside(_TURNED[operator], left.value)))
    return Compare(operator, rank(left, of), rank(right, of))


def rank(e: Expr, of: types.Enum) -> Expr:
    return once(e, lambda member: rank_among(member, of.ascending))


def member(e: Expr, of: types.Enum) -> Expr:
    """The member of a rank."""
    return once(e, lambda n: _member_at(n, of.ascending))


def optional_member(e: Expr, of: types.Enum) -> Expr:
    """The member of a rank, or nothing where there is none."""
    return once(e, lambda n: If(is_absent(n), Const(None), _member_at(n, of.ascending)))


def extremum(operator: ExtremumOperator, a: Expr, b: Expr, of: types.Type) -> Expr:
    """The higher or the lower of two of one type."""
    if not isinstance(of, types.Enum):
        return Arithmetic(operator, a, b)
    return member(Arithmetic(operator, rank(a, of), rank(b, of)), of)


def rows_of(body: Expr) -> Choose | None:
    """The rows of a table; where it answers the highest of the members that they give, each gives a rank."""
    chosen = body.value if isinstance(body, Let) else body
    return chosen if isinstance(chosen, Choose) else None


def rank_among(x: Expr, ranks: tuple[str, ...], first: int = 0) -> Expr:
    """Where `x` stands among the ranks, of which the first stands at `first`: few are compared one by one."""
    if len(ranks) > _FEW_RANKS:
        half = len(ranks) // 2
        before = Compare("in", x, Const(frozenset(ranks[:half])))
        return If(before, rank_among(x, ranks[:half], first), rank_among(x, ranks[half:], first + half))
    rank: Expr = Const(first + len(ranks) - 1)
    for place in range(len(ranks) - 2, -1, -1):
        rank = If(Compare("is", x, Const(ranks[place])), Const(first + place), rank)
    return rank


def _member_at(n: Expr, members: tuple[str, ...], first: int = 0) -> Expr:
    """The member at place `n`, of which the first stands at `first`."""
    if len(members) == 1:
        return Const(members[0])
    half = len(members) // 2
    before = Compare("<", n, Const(first + half))
    return If(before, _member_at(n, members[:half], first), _member_at(n, members[half:], first + half))
