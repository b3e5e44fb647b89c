"""Finds columns that depend on a few codes and conditions only, so that a look-up can replace the rules.

A column of haircuts by class of asset compiles to a chain of twelve choices; tabulated it is one gather.
"""

from __future__ import annotations

from itertools import product
from math import prod

import polars as pl
from attrs import frozen

from policy.backends.columns.graph import BOOLEAN, ColumnNode

MOST_COMBINATIONS = 4_096
WORTH_IT = 4  # operations on numbers that cost more than a look-up, for each of its keys
WORTH_IT_FOR_BITS = 24  # likewise operations on conditions, which are cheap

_ENDS = ("leaf", "lift", "reduce", "bits", "column", "place")  # keys of a look-up, whatever their inputs

Domain = dict[int, ColumnNode]


@frozen(eq=False)
class LookupKey:
    """A key of a look-up, and how many values it can have; null is one, the last."""

    node: ColumnNode
    name: str
    size: int


@frozen(eq=False)
class Tabulation:
    node: ColumnNode
    keys: tuple[LookupKey, ...]

    def grid(self) -> pl.DataFrame:
        """All combinations of the keys."""
        columns = list(zip(*product(*(_values(k) for k in self.keys)), strict=True))
        return pl.DataFrame(
            [pl.Series(k.name, c, dtype=k.node.dtype) for k, c in zip(self.keys, columns, strict=True)]
        )

    def code(self, keys: list[tuple[pl.Expr, int]]) -> tuple[pl.Expr, int]:
        """The position of a row in the grid."""
        whole: pl.Expr | None = None
        for key, (expression, _) in zip(self.keys, keys, strict=True):
            place = expression if key.node.dtype != BOOLEAN and len(self.keys) == 1 else expression.cast(pl.UInt32)
            if key.node.nullable:
                place = place.fill_null(key.size - 1)
            whole = place if whole is None else whole * key.size + place
        assert whole is not None
        return whole, max(level for _, level in keys)


def tabulated(node: ColumnNode, domains: dict[int, Domain | None]) -> Tabulation | None:
    """How to look a column up; None where computing it is as cheap, or it depends on more than a few codes."""
    if node.operator in ("constant", "leaf", "lift", "reduce", "place", "known", "certain", "possible", "as text"):
        return None
    table = tabulation(node, domains)
    if table is None:
        return None
    worth = WORTH_IT_FOR_BITS if node.dtype == BOOLEAN else WORTH_IT
    return table if _operations(node, {id(k.node): k.node for k in table.keys}) >= worth * len(table.keys) else None


def tabulation(node: ColumnNode, domains: dict[int, Domain | None]) -> Tabulation | None:
    """The table that a column can be looked up in, if it depends on a few codes only."""
    domain = _domain(node, domains)
    if not domain or id(node) in domain:
        return None
    return Tabulation(node, tuple(LookupKey(k, f"k{n}", _size(k)) for n, k in enumerate(domain.values())))


def _domain(node: ColumnNode, domains: dict[int, Domain | None]) -> Domain | None:
    """The small columns that a node depends on; None where one of them is not small."""
    pending = [node]
    while pending:  # no recursion: a long table is a deep graph
        inner = pending[-1]
        open_still = [i for i in inner.inputs if id(i) not in domains] if inner.operator not in _ENDS else []
        if open_still:
            pending += open_still
            continue
        pending.pop()
        if id(inner) not in domains:
            domains[id(inner)] = _found(inner, domains)
    return domains[id(node)]


def _found(node: ColumnNode, domains: dict[int, Domain | None]) -> Domain | None:
    if node.operator == "constant":
        return {}
    if node.operator not in _ENDS:
        whole: Domain | None = {}
        for inner in (domains[id(i)] for i in node.inputs):
            whole = None if whole is None or inner is None else whole | inner
        if whole is not None and prod(map(_size, whole.values())) <= MOST_COMBINATIONS:
            return whole
    return {id(node): node} if _size(node) else None


def _size(node: ColumnNode) -> int:
    """How many values a column can have, null among them; 0 where they are not few."""
    if node.dtype == BOOLEAN:
        return 2 + node.nullable
    codes = node
    while codes.operator == "lift":
        codes = codes.inputs[0]
    return codes.members + node.nullable if codes.operator == "leaf" and codes.members else 0


def _values(key: LookupKey) -> list[object]:
    plain: list[object] = [False, True] if key.node.dtype == BOOLEAN else list(range(key.size - key.node.nullable))
    return [*plain, None] if key.node.nullable else plain


def _operations(node: ColumnNode, domain: Domain) -> int:
    """How many operations lead from the keys to a column."""
    seen: set[int] = set()
    pending = [node]
    while pending:
        inner = pending.pop()
        if id(inner) not in seen and id(inner) not in domain and not inner.is_constant:
            seen.add(id(inner))
            pending += inner.inputs
    return len(seen)
