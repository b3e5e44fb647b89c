"""What was worked out before and can be taken as it is, for an editor, which asks again at each key.

In: rulesets and the things in them, stage by stage, and what reading one of these looks up. Out: what was made of
each, with its findings. It is read again where its tree is another or what it looked up means something else; one
with findings, or with a name that nothing declares, where anything does. Absent: what is made of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Generic, Self, TypeGuard, TypeVar

from attrs import define, field, frozen

from policy.diagnostics import Diagnostic
from policy.model.uses import Uses

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

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
class TypedRuleset:
    """What a ruleset was read as in one stage, or one thing in it; `inner` are its things, by their identities."""

    result: Any
    findings: tuple[Diagnostic, ...]
    uses: tuple[Uses, ...]
    looked_up: frozenset[Key]
    unit: object = None
    inner: Mapping[int, TypedRuleset] = field(factory=dict)

    @classmethod
    def together(cls, unit: object, inner: Mapping[int, TypedRuleset]) -> Self:
        """What a ruleset was read as, of what each thing in it was."""
        each = inner.values()
        return cls(
            [typed.result for typed in each],
            tuple(finding for typed in each for finding in typed.findings),
            tuple(uses for typed in each for uses in typed.uses),
            frozenset().union(*(typed.looked_up for typed in each)),
            unit,
            inner,
        )


@define(eq=False)
class Memory:
    """What the rulesets of a rulebook were typed as when it was last read, stage by stage.

    `begin` begins a reading; `now` is told each kind of names, before a stage that looks them up; then `last` and
    `keep` of each ruleset; `settle` ends it. One that is not ended has only been in vain.
    """

    names: dict[str, dict[Any, Any]] = field(factory=dict)  # what they meant, by kind
    changed: set[Key] = field(factory=set)
    typed: dict[tuple[str, int], TypedRuleset] = field(factory=dict)
    coming: dict[tuple[str, int], TypedRuleset] = field(factory=dict)

    def begin(self) -> None:
        self.coming.clear()

    def now(self, kind: str, names: dict[Any, Any]) -> None:
        """What the names of a kind mean now."""
        before = self.names.get(kind, {})
        self.names[kind] = names
        if before == names:
            return
        for key, meaning in names.items():
            meant = dict.get(before, key)  # past `Watched`, as this is no lookup
            if meant is not meaning and meant != meaning:
                self.changed.add((kind, key))
        self.changed.update((kind, key) for key in before if not dict.__contains__(names, key))
        self.changed.add(ANYTHING)

    def last(self, stage: str, unit: object) -> TypedRuleset | None:
        """What a ruleset was typed as, which is so no more where it does not hold."""
        found = self.typed.get((stage, id(unit)))
        return found if found is not None and found.unit is unit else None

    def holds(self, typed: TypedRuleset | None) -> TypeGuard[TypedRuleset]:
        """Whether nothing that was looked up means something else now."""
        return typed is not None and typed.looked_up.isdisjoint(self.changed)

    def keep(self, stage: str, typed: TypedRuleset) -> None:
        self.coming[stage, id(typed.unit)] = typed

    def settle(self) -> None:
        self.typed, self.coming = self.coming, {}
        self.changed.clear()
