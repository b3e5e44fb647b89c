"""Overlays from syntax: what makes the rules of another ruleset stricter. Part of `from_syntax`."""

from __future__ import annotations

from policy.model import rules
from policy.model.bodies import rules_of
from policy.model.context import Context
from policy.model.tables import rows_of
from policy.syntax import tree
from policy.vocabulary import AmendmentKind

_AMENDED: dict[AmendmentKind, type[tree.Parameter | tree.Value | tree.Table | tree.Decision]] = {
    "adopt": tree.Parameter,
    "parameter": tree.Parameter,
    "value": tree.Value,
    "table": tree.Table,
    "decision": tree.Decision,
}


def amendment_of(context: Context, t: tree.Tighten) -> rules.Amendment | None:
    if context.unit.head.amends is None:
        context.found.error(
            "cannot-tighten",
            "only a ruleset that amends another can tighten it",
            t.span,
            "write `ruleset my.house amends the.ruleset` at the top",
        )
        return None
    kind = _AMENDED[t.kind]
    entry = context.scope.find(t.name.text, t.name.span, (kind,), "parameter" if t.kind == "adopt" else t.kind)
    if entry is None:
        return None
    node, signature = entry.node, context.scope.signatures[entry.id]
    assert isinstance(node, tree.Parameter | tree.Value | tree.Table | tree.Decision)
    if t.kind == "adopt" and isinstance(node, tree.Parameter) and node.unset is None:
        context.found.error(
            "cannot-tighten", f"`{t.name.text}` has a value already", t.span, "write `tighten parameter`"
        )
    if t.kind in ("parameter", "value", "table") and not node.stricter:
        context.found.error(
            "cannot-tighten",
            f"`{t.name.text}` does not say which way is stricter",
            t.name.span,
            "add `stricter when higher` or `stricter when lower` where it is declared",
        )
    taken = {law.name.text for law in node.rules} if isinstance(node, tree.Decision) else set()
    for r in t.rules:
        if r.name.text in taken:
            context.found.error("duplicate-name", f"a rule `{r.name.text}` is already there", r.name.span)
        if r.effect == ("deny" if node.stricter else "permit"):
            word = "denies a duty" if node.stricter else "permits"
            context.found.error("loosens", f"`{r.name.text}` {word}, and an overlay may only be stricter", r.span)
    checker = context.checker(signature.parameters)
    return rules.Amendment(
        kind=t.kind,
        target=entry.id,
        ruleset=context.unit.name,
        versions=context.versions(t.versions, checker, signature.type),
        rows=rows_of(context, t.name, t.header, t.rows, signature, checker) if t.header else None,
        rules=rules_of(context, t.rules, checker),
        span=t.span,
    )
