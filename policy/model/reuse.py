"""What was worked out before and can be taken as it is, for an editor, which asks again at each key.

In: declarations, as syntax or typed, and what typing one of them looks up. Out: what was made of each, with its
findings. A declaration is typed again where its tree is another or what it looked up means something else; one with
findings, or with a name that nothing declares, where anything does. Absent: what is made of them.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import wraps
from typing import Any, Generic, TypeVar, TypeVarTuple

from attrs import define, field, frozen

from policy.diagnostics import Diagnostic
from policy.model.uses import Uses
from policy.syntax import tree

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")
Given = TypeVarTuple("Given")

Key = tuple[str, Hashable]  # a kind of names, and one of them
ANYTHING: Key = ("anything", "")


@define(eq=False)
class Lookups:
    """What the declaration that is being typed has looked up; None where nobody asks."""

    keys: set[Key] | None = None

    def add(self, key: Key) -> None:
        if self.keys is not None:
            self.keys.add(key)


class Watched(dict[K, V], Generic[K, V]):
    """Names of one kind, noting which are looked up."""

    __slots__ = ("kind", "lookups")

    def __init__(self, kind: str, lookups: Lookups, names: Mapping[K, V] | None = None) -> None:
        super().__init__(names or {})
        self.kind, self.lookups = kind, lookups

    def __getitem__(self, key: K) -> V:
        self.lookups.add((self.kind, key))
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.lookups.add((self.kind, key))
        return super().__contains__(key)

    def get(self, key: K, default: Any = None) -> Any:
        self.lookups.add((self.kind, key))
        return super().get(key, default)

    def __iter__(self) -> Any:
        self.lookups.add(ANYTHING)
        return super().__iter__()

    def keys(self) -> Any:
        self.lookups.add(ANYTHING)
        return super().keys()

    def values(self) -> Any:
        self.lookups.add(ANYTHING)
        return super().values()

    def items(self) -> Any:
        self.lookups.add(ANYTHING)
        return super().items()


@frozen(eq=False)
class Typed:
    """What a declaration of a ruleset was typed as."""

    node: tree.Statement
    result: Any
    findings: tuple[Diagnostic, ...]
    uses: Uses
    looked_up: frozenset[Key]


@define(eq=False)
class Memory:
    """What the declarations of a rulebook were typed as when it was last read.

    `begin` begins a reading; `now` is told each kind of names, then `known` and `keep` of each declaration; `settle`
    ends it. One that is not ended has only been in vain.
    """

    names: dict[str, dict[Any, object]] = field(factory=dict)  # what they meant, by kind
    changed: set[Key] = field(factory=set)
    typed: dict[tuple[str, int], Typed] = field(factory=dict)
    coming: dict[tuple[str, int], Typed] = field(factory=dict)

    def begin(self) -> None:
        self.coming.clear()

    def now(self, kind: str, names: dict[Any, object]) -> None:
        """What the names of a kind mean now."""
        before = self.names.get(kind, {})
        self.names[kind] = names
        if before == names:
            return
        self.changed.update((kind, k) for k, v in names.items() if k not in before or before[k] != v)
        self.changed.update((kind, k) for k in before if k not in names)
        self.changed.add(ANYTHING)

    def known(self, ruleset: str, node: tree.Statement) -> Typed | None:
        """What a declaration was typed as, if it would be typed so again."""
        found = self.typed.get((ruleset, id(node)))
        if found is None or found.node is not node or not found.looked_up.isdisjoint(self.changed):
            return None
        return found

    def keep(self, ruleset: str, typed: Typed) -> None:
        self.coming[ruleset, id(typed.node)] = typed

    def settle(self) -> None:
        self.typed, self.coming = self.coming, {}
        self.changed.clear()


def remembered(function: Callable[[Any, *Given], T]) -> Callable[[Any, *Given], T]:
    """Keeps what a function makes of an object that never changes, while it lives and nothing else is given."""
    known: dict[int, tuple[weakref.ref[Any], tuple[*Given], T]] = {}

    @wraps(function)
    def of(thing: Any, /, *given: *Given) -> T:
        key = id(thing)
        found = known.get(key)
        if found is not None and found[0]() is thing and found[1] == given:
            return found[2]
        made = function(thing, *given)
        known[key] = weakref.ref(thing, lambda _: known.pop(key, None)), given, made
        return made

    return of


def remembered_items(function: Callable[[Any, *Given], Iterable[T]]) -> Callable[[Any, *Given], tuple[T, ...]]:
    """The same for a function that makes many things, one by one."""

    @remembered
    @wraps(function)
    def items(thing: Any, /, *given: *Given) -> tuple[T, ...]:
        return tuple(function(thing, *given))

    return items
