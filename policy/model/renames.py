"""The names that things had before, as `renamed from` says: none of them is still there, or claimed twice.

In: the rulesets as written. Out: findings. Absent: the earlier rulebook, in which a comparison looks the names up.
"""

from __future__ import annotations

from collections.abc import Iterable

from policy.diagnostics import Collector, Diagnostic
from policy.model.index import NAMED, Index, RulesetSource
from policy.remembered import remembered
from policy.source import Span
from policy.syntax import tree

Renamable = tree.Definition | tree.Member | tree.FieldDeclaration


def report_renames(index: Index, found: Collector) -> None:
    """A finding for each name that cannot be an earlier one."""
    for unit in index.units.values():
        found.found += _wrong(unit)


@remembered
def _wrong(unit: RulesetSource) -> list[Diagnostic]:
    found = Collector()
    declared = [d for d in unit.declarations if isinstance(d, NAMED)]
    _report(declared, found)
    for d in declared:
        if isinstance(d, tree.EnumOf):
            _report(d.members, found)
        elif isinstance(d, tree.RecordType):
            _report(d.fields, found)
    return found.found


def _report(named: Iterable[Renamable], found: Collector) -> None:
    now = {n.name.text: n.name.span for n in named}
    claimed: dict[str, Span] = {}
    for n in named:
        old: tree.Name | None = getattr(n, "renamed", None)
        if old is None:
            continue
        for known, why in ((now, "is still declared"), (claimed, "became another already")):
            if old.text in known:
                found.error(
                    "renamed-name",
                    f"`{n.name.text}` cannot be what `{old.text}` was, which {why}",
                    old.span,
                    "`renamed from` takes the name under which it stood in the rulebook before, once",
                    related=((known[old.text], "here"),),
                )
        claimed.setdefault(old.text, n.name.span)
