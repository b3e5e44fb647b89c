"""Elements of lists by keys: the first of them, or a list in their order. Part of `lower`.

In: a list and its keys as numbers, of which the lower comes first. Out: nodes of a program. A key is evaluated for
the elements that the keys before it do not leave out.
"""

from __future__ import annotations

from collections.abc import Sequence

from policy.ir.logic import all_of, once
from policy.ir.program import Aggregate, Compare, Expr, Or, Sorted, Variable


def first(variable: str, over: Expr, where: Sequence[Expr], keys: Sequence[Expr], body: Expr) -> Expr:
    """The first element by the keys: of those that count, the ones with the least key, and of them by the next."""

    def among(conditions: tuple[Expr, ...], keys: Sequence[Expr]) -> Expr:
        kept = all_of(conditions) if conditions else None
        if not keys:
            return Aggregate("first", variable, over, kept, body)
        least = Aggregate("min", variable, over, kept, keys[0])
        return once(least, lambda x: among((*conditions, Compare("is", keys[0], x)), keys[1:]))

    return among(tuple(where), keys)


def in_order(variable: str, over: Expr, keys: tuple[Expr, ...], most: int) -> Expr:
    """The list in the order of its keys, or so many of the first: by each key, those that are not after the last."""

    def among(over: Expr, last: tuple[Expr, ...]) -> Expr:
        """`last` are the keys of the last element that is in the list, as far as they are known."""
        known = len(last)
        if not most or known >= len(keys) - 1:
            return Sorted(variable, over, keys, most)
        alike = tuple(Compare("is", key, edge) for key, edge in zip(keys, last, strict=False))
        foremost = Sorted(variable, over, keys[: known + 1], most)
        edge = Aggregate("max", variable, foremost, all_of(alike) if alike else None, keys[known])

        def within(edge: Expr) -> Expr:
            before = tuple(Compare("is not", key, x) for key, x in zip(keys, last, strict=False))
            kept = Or((*before, Compare("<=", keys[known], edge))) if before else Compare("<=", keys[known], edge)
            return among(Aggregate("list", variable, over, kept, Variable(variable)), (*last, edge))

        return once(edge, within)

    return once(over, lambda over: among(over, ())) if most and len(keys) > 1 else among(over, ())
