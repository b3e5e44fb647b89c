"""Mistakes in the bounds of fields: one left out, or its literal another. Part of `mutators`.

They show in which facts are accepted, which tests tell by facts at a bound, and by `refused` beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from attrs import evolve

from policy.syntax import tree
from policy.testing.mutators import MUTATORS, Slips, Words, mutates


@mutates("bound", tree.FieldDeclaration)
def _field(f: tree.FieldDeclaration, words: Words) -> Slips:
    for changed, says in _bounds(f.at_least, words):
        yield evolve(f, at_least=changed), f"at least {says}" if changed else "`at least` left out"
    for changed, says in _bounds(f.at_most, words):
        yield evolve(f, at_most=changed), f"at most {says}" if changed else "`at most` left out"


def _bounds(bound: tree.Expression | None, words: Words) -> Iterator[tuple[tree.Expression | None, str]]:
    """What a bound might have been: none at all, or one of another literal."""
    if bound is None:
        return
    yield None, ""
    literal = bound.operand if isinstance(bound, tree.Unary) else bound
    for _, change in MUTATORS.get(type(literal), ()):
        for slip, says in change(literal, words):
            other = cast(tree.Expression, slip)
            yield evolve(bound, operand=other) if isinstance(bound, tree.Unary) else other, says
