"""Mistakes in citations: one left out, or the next provision of its source cited in its place. Part of `mutators`.

They show in what an answer stands on, which tests tell by `per`. Absent: citations of sets and of the keys of
priorities, on which no answer stands itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from attrs import evolve

from policy.syntax import tree
from policy.syntax.tree import Node
from policy.testing.mutators import Slips, Words, mutates, put, without

CITATION = "citation"  # shows in what an answer stands on


def _miscited(per: tree.Citations, words: Words) -> Iterator[tuple[tree.Citations, str]]:
    names = per.names
    for n, name in enumerate(names):
        yield evolve(per, names=without(names, n)), f"`{name.text}` not cited"
        other = words.provisions.get(name.text, name.text)
        if all(other != x.text for x in names):
            yield evolve(per, names=put(names, n, evolve(name, text=other))), f"`{other}` cited for `{name.text}`"


@mutates(CITATION, tree.Rule, tree.Otherwise, tree.Version)
def _cited(piece: tree.Rule | tree.Otherwise | tree.Version, words: Words) -> Slips:
    for per, says in _miscited(piece.per, words):
        yield cast(Node, evolve(piece, per=per)), says


@mutates(CITATION, tree.Cell)
def _cited_cell(cell: tree.Cell, words: Words) -> Slips:
    for per, says in _miscited(cell.citations, words):
        yield evolve(cell, citations=per), says
