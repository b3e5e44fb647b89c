"""Values that pick a record of the facts, as `if … then order.first else order.second`. Part of `from_syntax`.

In: the declarations that answer a record. Out: those that hand one of the facts on as it is. What they answer is
itself such a fact, and may be handed to a question. Absent: records that are worked out.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from policy.model.names import Scope
from policy.syntax import tree


@frozen
class _Picking:
    """What a value may name: its arguments, its local names, and the values that are taken to pick a fact."""

    arguments: frozenset[str]
    local: Mapping[str, tree.Expression]
    scope: Scope
    picking: frozenset[str]

    def picks(self, e: tree.Expression) -> bool:
        """Whether an expression is a record of the facts, and none that is worked out."""
        match e:
            case tree.Reference(name):
                return name in self.arguments or (name in self.local and self.picks(self.local[name]))
            case tree.FieldAccess(of=of):
                return self.picks(of)
            case tree.Conditional(then=then, otherwise=otherwise):
                return self.picks(then) and self.picks(otherwise)
            case tree.Binary(operator="default", left=left, right=right):
                return self.picks(left) and self.picks(right)
            case tree.Call(name=name):
                return any(entry.id in self.picking for entry in self.scope.visible.get(name.text, ()))
            case tree.Aggregate(kind="only" | "first"):
                return True
            case _:
                return False


def picking(values: Mapping[str, tuple[tree.Value, Scope]]) -> frozenset[str]:
    """Those of these values, which answer a record, that pick one of the facts in every version."""
    found = frozenset(values)
    while True:
        kept = frozenset(id for id in found if _is_picking(*values[id], found))
        if kept == found:
            return found
        found = kept


def _is_picking(d: tree.Value, scope: Scope, found: frozenset[str]) -> bool:
    local = {name.name.text: name.value for name in d.local}
    known = _Picking(frozenset(b.name.text for b in d.parameters), local, scope, found)
    return all(known.picks(version.body) for version in d.versions)
