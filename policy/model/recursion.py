"""Definitions that lead back to themselves: no value of a total language can be made of itself."""

from __future__ import annotations

from policy.diagnostics import Collector
from policy.model import rules
from policy.model.traversal import uses
from policy.model.types import short


def report_recursion(model: rules.Model, found: Collector) -> None:
    """One finding per circle of definitions."""
    edges: dict[str, frozenset[str]] = {id: uses(d) for id, d in model.declared.items()}
    for amendment in model.amendments:
        edges[amendment.target] = edges.get(amendment.target, frozenset()) | uses(amendment)
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        pending: list[tuple[str, bool]] = [(start, False)]
        while pending:
            id, leaving = pending.pop()
            if leaving:
                path.pop()
                done.add(id)
            elif id in path:
                circle = " → ".join(f"`{short(i)}`" for i in [*path[path.index(id) :], id])
                found.error(
                    "circular-definition",
                    f"this depends on itself: {circle}",
                    model.declared[id].span,
                    "one of them must depend on facts alone",
                )
                done.update(path)
            elif not edges.get(id):
                done.add(id)
            elif id not in done:
                path.append(id)
                pending.append((id, True))
                pending.extend((next_id, False) for next_id in sorted(edges[id]))
