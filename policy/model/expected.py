"""Tests and overlays from syntax: what is expected of rules, and what makes them stricter."""

from __future__ import annotations

from typing import Any

from policy.diagnostics import did_you_mean
from policy.model import rules, types
from policy.model.bodies import UnitReader, ordinal
from policy.model.given import UNREADABLE, checked, fact
from policy.model.tables import rows_of
from policy.syntax import tree
from policy.vocabulary import AmendmentKind


def test_of(reader: UnitReader, t: tree.Test) -> rules.Test:
    given: dict[str, tree.Expression] = {}
    for g in t.given:
        if g.name.text in given:
            reader.found.error("duplicate-name", f"`{g.name.text}` is written twice", g.name.span)
        given[g.name.text] = g.value
    expectations = [_expectation(reader, e, given) for e in t.expect]
    return rules.Test(
        title=t.title,
        ruleset=reader.unit.name,
        on=ordinal(t.on),
        expectations=tuple(e for e in expectations if e is not None),
        span=t.span,
    )


def _expectation(
    reader: UnitReader, e: tree.Expectation, given: dict[str, tree.Expression]
) -> rules.Expectation | None:
    typist = reader.typist()
    name: tree.Expression = e.subject
    arguments: tuple[tree.Expression, ...] = ()
    if e.kind == "before":
        assert e.names is not None
        name, arguments = tree.Call(e.names[0], (), span=e.span), (e.subject,)
    elif isinstance(e.subject, tree.Call):
        arguments = e.subject.arguments
    elif isinstance(e.subject, tree.Reference):
        name = tree.Call(tree.Name(e.subject.name, span=e.span), (), span=e.span)
    if not isinstance(name, tree.Call):
        typist.fail("type-mismatch", "a test asks a question by its name", e.subject.span)
        return None
    kinds = (tree.Value, tree.Table, tree.Decision, tree.Parameter, tree.Priority)
    entry = reader.scope.find(name.name.text, name.name.span, kinds, "question")
    if entry is None or entry.id not in reader.rulebook.signatures:
        return None
    signature = reader.rulebook.signatures[entry.id]
    if (signature.kind == "priority") != (e.kind == "before"):
        typist.fail("type-mismatch", "a priority is tested with `expect a before b by name`", e.span)
        return None
    if (signature.kind == "decision") == (e.kind == "equals") and e.kind in (
        "equals",
        "permitted",
        "denied",
    ):
        word = "`permitted` or `denied`" if signature.kind == "decision" else "`= …`"
        typist.fail("type-mismatch", f"a {signature.kind} is expected to be {word}", e.span)
        return None
    if len(arguments) != len(signature.parameters):
        wanted = ", ".join(n for n, _ in signature.parameters)
        typist.fail("wrong-arguments", f"`{types.short(entry.id)}` asks about ({wanted})", e.span)
        return None
    facts = tuple(
        checked(fact(a, of, given, typist), of, name, a.span, typist)
        for a, (name, of) in zip(arguments, signature.parameters, strict=True)
    )
    value: Any = None
    other: tuple[Any, ...] = ()
    if e.kind == "equals":
        assert e.value is not None
        value = fact(e.value, signature.type, given, typist)
    elif e.kind == "before":
        assert e.value is not None
        other = (fact(e.value, signature.parameters[0][1], given, typist),)
    if UNREADABLE in facts or value is UNREADABLE or UNREADABLE in other:
        return None
    names = tuple(n.text for n in e.names) if e.names is not None else None
    if e.kind in ("permitted", "denied") and names and isinstance(entry.node, tree.Decision):
        amended = [
            r.name.text
            for d in reader.unit.declarations
            if isinstance(d, tree.Tighten) and d.name.text == types.short(entry.id)
            for r in d.rules
        ]
        known = [*(r.name.text for r in entry.node.rules), *amended, "otherwise"]
        for n in e.names or ():
            if n.text not in known:
                help = did_you_mean(n.text, known)
                reader.found.error("unknown-name", f"there is no rule `{n.text}`", n.span, help)
    return rules.Expectation(
        question=entry.id,
        arguments=facts,
        kind=e.kind,
        value=value,
        names=None if e.kind == "before" else names,
        other=other,
        span=e.span,
    )


_AMENDED: dict[AmendmentKind, type[tree.Parameter | tree.Value | tree.Table | tree.Decision]] = {
    "adopt": tree.Parameter,
    "parameter": tree.Parameter,
    "value": tree.Value,
    "table": tree.Table,
    "decision": tree.Decision,
}


def amendment_of(reader: UnitReader, t: tree.Tighten) -> rules.Amendment | None:
    if reader.unit.head.amends is None:
        reader.found.error(
            "cannot-tighten",
            "only a ruleset that amends another can tighten it",
            t.span,
            "write `ruleset my.house amends the.ruleset` at the top",
        )
        return None
    kind = _AMENDED[t.kind]
    entry = reader.scope.find(t.name.text, t.name.span, (kind,), "parameter" if t.kind == "adopt" else t.kind)
    if entry is None:
        return None
    node, signature = entry.node, reader.rulebook.signatures[entry.id]
    assert isinstance(node, tree.Parameter | tree.Value | tree.Table | tree.Decision)
    if t.kind == "adopt" and isinstance(node, tree.Parameter) and node.unset is None:
        reader.found.error(
            "cannot-tighten", f"`{t.name.text}` has a value already", t.span, "write `tighten parameter`"
        )
    if t.kind in ("parameter", "value", "table") and not node.stricter:
        reader.found.error(
            "cannot-tighten",
            f"`{t.name.text}` does not say which way is stricter",
            t.name.span,
            "add `stricter when higher` or `stricter when lower` where it is declared",
        )
    taken = {law.name.text for law in node.rules} if isinstance(node, tree.Decision) else set()
    for r in t.rules:
        if r.name.text in taken:
            reader.found.error("duplicate-name", f"a rule `{r.name.text}` is already there", r.name.span)
        if r.effect == ("deny" if node.stricter else "permit"):
            word = "denies a duty" if node.stricter else "permits"
            reader.found.error("loosens", f"`{r.name.text}` {word}, and an overlay may only be stricter", r.span)
    typist = reader.typist(signature.parameters)
    return rules.Amendment(
        kind=t.kind,
        target=entry.id,
        ruleset=reader.unit.name,
        versions=reader.versions(t.versions, typist, signature.type),
        rows=rows_of(reader, t.name, t.header, t.rows, signature) if t.header else None,
        rules=reader.rules_of(t.rules, typist),
        span=t.span,
    )
