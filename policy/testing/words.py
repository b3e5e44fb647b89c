"""What might be written in the place of a member of an enum, or of a provision. Part of `mutators`."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from policy.syntax import tree

FEW = 8  # members of an enum that are each tried in place of another


@frozen
class Words:
    """What might be written in the place of a member of an enum, and of a provision: the next of its source."""

    members: dict[str, tuple[str, ...]]
    provisions: dict[str, str]

    @staticmethod
    def of(files: Sequence[tree.File]) -> Words:
        found: dict[str, tuple[str, ...]] = {}
        for enum in (d for f in files for d in f.declarations if isinstance(d, tree.EnumOf)):
            names = [m.name.text for m in enum.members]
            for n, name in enumerate(names):
                others = (*names[n + 1 :], *names[:n])
                found[name] = (*found.get(name, ()), *(others if len(names) <= FEW else others[:1]))
        sources: dict[str, list[str]] = {}
        for provision in (d.name.text for f in files for d in f.declarations if isinstance(d, tree.Provision)):
            sources.setdefault(provision.partition("/")[0], []).append(provision)
        return Words(
            found, {p: some[n - 1] for some in sources.values() for n, p in enumerate(some) if len(some) > 1}
        )
