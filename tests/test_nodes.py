"""Classes of nodes are equal, hashed and shown as those that attrs makes."""

from __future__ import annotations

import pickle
from itertools import product

import attrs
import pytest

from policy.answers import BilingualText
from policy.nodes import frozen
from policy.source import Source, Span
from policy.syntax.expressions import Name, Text, Truth


def made(decorator: type) -> list[object]:
    @decorator(kw_only=True)
    class Node:
        place: int = attrs.field(default=0, eq=False, repr=False)

    @decorator
    class Empty(Node):
        pass

    @decorator
    class One(Node):
        value: object

    @decorator
    class Two(Node):
        value: object
        other: str = ""

    nodes: list[object] = [Empty(), Empty(place=1), One(1), One(1, place=2), One(True), One("a"), Two(1), Two(1, "b")]
    return [*nodes, One(nodes[6]), One(nodes[7]), One(((nodes[0],),)), Two(nodes[1], "c")]


def test_nodes_are_equal_hashed_and_shown_as_those_of_attrs() -> None:
    ours, theirs = made(frozen), made(attrs.frozen)
    for (a, x), (b, y) in product(zip(ours, theirs, strict=True), repeat=2):
        assert (a == b) is (x == y)
        assert (a != b) is (x != y)
        assert (len({a, b}) == 1) is (len({x, y}) == 1)
    assert list(map(repr, ours)) == list(map(repr, theirs))
    assert ours[0] != object()
    assert ours[2] != 1


def test_a_node_is_frozen_and_is_read_back_as_it_was() -> None:
    span = Span(Source("t", "abc"), 0, 1)
    name = Name("a", span=span)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        name.text = "b"  # type: ignore[misc]  # which is what is tried
    assert attrs.evolve(name, text="b") == Name("b") != name == Name("a")
    assert Text("a") != Name("a")
    assert Truth(True) != Truth(False)
    assert pickle.loads(pickle.dumps(BilingualText("a", "甲"))) == BilingualText("a", "甲")
