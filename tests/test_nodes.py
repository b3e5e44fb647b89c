"""Classes of nodes are made, equal, hashed, shown, changed and pickled as those that attrs makes."""

from __future__ import annotations

import copy
import pickle
import weakref
from itertools import product

import attrs
import pytest

from policy.answers import BilingualText
from policy.nodes import evolve, frozen
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


@frozen
class Kept:
    """One that a pickle can name."""

    value: object
    others: dict[str, int] = attrs.field(factory=dict)
    flag: bool = attrs.field(kw_only=True, default=False)


@frozen
class Nothing:
    pass


def test_attrs_knows_the_fields() -> None:
    for ours, theirs in zip(made(frozen), made(attrs.frozen), strict=True):
        told, wanted = attrs.fields(type(ours)), attrs.fields(type(theirs))  # type: ignore[arg-type]
        for a, b in zip(told, wanted, strict=True):
            assert (a.name, a.default, a.kw_only, a.eq, a.inherited) == (
                b.name,
                b.default,
                b.kw_only,
                b.eq,
                b.inherited,
            )
        assert type(ours).__match_args__ == type(theirs).__match_args__  # type: ignore[attr-defined]
        assert repr(evolve(ours, place=3)) == repr(attrs.evolve(theirs, place=3))  # type: ignore[type-var]
    assert evolve(attrs.frozen(type("A", (), {"__annotations__": {"x": "int"}}))(1), x=2).x == 2


def test_a_node_is_made_of_its_fields_alone() -> None:
    one, other = Kept(1), Kept(1, flag=True)
    assert (one.value, one.others, one.flag, other.flag) == (1, {}, False, True)
    assert one.others is not other.others
    for wrong in (lambda: Kept(), lambda: Kept(1, {}, True), lambda: Kept(1, none=2)):
        with pytest.raises(TypeError):
            wrong()  # type: ignore[no-untyped-call]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del one.value
    assert weakref.ref(one)() is one


@pytest.mark.parametrize("node", [Nothing(), Kept(1), Kept((Kept(2), "a"), {"b": 3}, flag=True)])
def test_a_node_is_copied_and_pickled(node: object) -> None:
    for again in (pickle.loads(pickle.dumps(node)), copy.deepcopy(node), copy.copy(node)):
        assert again == node
        assert again is not node


def test_a_node_is_frozen_and_is_read_back_as_it_was() -> None:
    span = Span(Source("t", "abc"), 0, 1)
    name = Name("a", span=span)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        name.text = "b"  # type: ignore[misc]  # which is what is tried
    assert attrs.evolve(name, text="b") == Name("b") != name == Name("a")
    assert Text("a") != Name("a")
    assert Truth(True) != Truth(False)
    assert pickle.loads(pickle.dumps(BilingualText("a", "甲"))) == BilingualText("a", "甲")
