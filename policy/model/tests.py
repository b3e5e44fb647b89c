"""Tests from syntax: the questions asked, their facts, and what is expected of the answers. Part of `from_syntax`."""

from __future__ import annotations

from policy.diagnostics import did_you_mean
from policy.model import rules, types
from policy.model.context import Context, ordinal
from policy.model.literals import UNREADABLE, checked, fact
from policy.syntax import tree
from policy.vocabulary import RuntimeValue


def test_of(context: Context, t: tree.Test) -> rules.Test:
    given: dict[str, tree.Expression] = {}
    for g in t.given:
        if g.name.text in given:
            context.found.error("duplicate-name", f"`{g.name.text}` is written twice", g.name.span)
        given[g.name.text] = g.value
    expectations = [_expectation(context, e, given) for e in t.expect]
    return rules.Test(
        title=t.title,
        ruleset=context.unit.name,
        on=ordinal(t.on),
        expectations=tuple(e for e in expectations if e is not None),
        span=t.span,
    )


def _expectation(
    context: Context, e: tree.Expectation, given: dict[str, tree.Expression]
) -> rules.Expectation | None:
    checker = context.checker()
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
        checker.fail("type-mismatch", "a test asks a question by its name", e.subject.span)
        return None
    kinds = (tree.Value, tree.Table, tree.Decision, tree.Parameter, tree.Priority)
    entry = context.scope.find(name.name.text, name.name.span, kinds, "question")
    if entry is None or entry.id not in context.scope.signatures:
        return None
    signature = context.scope.signatures[entry.id]
    if (signature.kind == "priority") != (e.kind == "before"):
        checker.fail("type-mismatch", "a priority is tested with `expect a before b by name`", e.span)
        return None
    if (signature.kind == "decision") == (e.kind == "equals") and e.kind in (
        "equals",
        "permitted",
        "denied",
    ):
        word = "`permitted` or `denied`" if signature.kind == "decision" else "`= …`"
        checker.fail("type-mismatch", f"a {signature.kind} is expected to be {word}", e.span)
        return None
    if len(arguments) != len(signature.parameters):
        wanted = ", ".join(n for n, _ in signature.parameters)
        checker.fail("wrong-arguments", f"`{types.short(entry.id)}` asks about ({wanted})", e.span)
        return None
    facts = tuple(
        checked(fact(a, of, given, checker), of, name, a.span, checker)
        for a, (name, of) in zip(arguments, signature.parameters, strict=True)
    )
    value: RuntimeValue = None
    other: tuple[RuntimeValue, ...] = ()
    if e.kind == "equals":
        assert e.value is not None
        value = fact(e.value, signature.type, given, checker)
    elif e.kind == "before":
        assert e.value is not None
        other = (fact(e.value, signature.parameters[0][1], given, checker),)
    if UNREADABLE in facts or value is UNREADABLE or UNREADABLE in other:
        return None
    names = tuple(n.text for n in e.names) if e.names is not None else None
    if e.kind in ("permitted", "denied") and names and isinstance(entry.node, tree.Decision):
        amended = [
            r.name.text
            for d in context.unit.declarations
            if isinstance(d, tree.Tighten) and d.name.text == types.short(entry.id)
            for r in d.rules
        ]
        known = [*(r.name.text for r in entry.node.rules), *amended, "otherwise"]
        for n in e.names or ():
            if n.text not in known:
                help = did_you_mean(n.text, known)
                context.found.error("unknown-name", f"there is no rule `{n.text}`", n.span, help)
    return rules.Expectation(
        question=entry.id,
        arguments=facts,
        kind=e.kind,
        value=value,
        names=None if e.kind == "before" else names,
        other=other,
        span=e.span,
    )
