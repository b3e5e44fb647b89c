"""Tests from syntax: the questions asked, their facts, and what is expected of the answers. Part of `from_syntax`."""

from __future__ import annotations

from collections.abc import Sequence

from policy.diagnostics import did_you_mean
from policy.model import rules, types
from policy.model.checker import TypeChecker
from policy.model.context import Context, ordinal
from policy.model.literals import UNREADABLE, Given, answered, checked, fact
from policy.model.names import Signature
from policy.model.uses import declared
from policy.source import Span
from policy.syntax import tree
from policy.vocabulary import RuntimeValue


def test_of(context: Context, t: tree.Test) -> rules.Test:
    given = Given({})
    for g in t.given:
        if g.name.text in given.nodes:
            context.found.error("duplicate-name", f"`{g.name.text}` is written twice", g.name.span)
        given.nodes[g.name.text] = g.value
    unbounded = Given(given.nodes, unbounded=True)
    expectations = [_expectation(context, e, unbounded if e.kind == "refused" else given) for e in t.expect]
    return rules.Test(
        title=t.title,
        ruleset=context.unit.name,
        on=ordinal(t.on),
        expectations=tuple(e for e in expectations if e is not None),
        span=t.span,
    )


def _expectation(context: Context, e: tree.Expectation, given: Given) -> rules.Expectation | None:
    checker = context.checker()
    asked = _asked(e)
    if asked is None:
        checker.fail("type-mismatch", "a test asks a question by its name", e.subject.span)
        return None
    name, arguments, way = asked
    kinds = (tree.Value, tree.Table, tree.Decision, tree.Parameter, tree.Priority)
    entry = context.scope.find(name.text, name.span, kinds, "question")
    if entry is None or entry.id not in context.scope.signatures:
        return None
    signature = context.scope.signatures[entry.id]
    if not _fits(e, entry.id, signature, len(arguments), checker):
        return None
    facts = tuple(
        checked(fact(a, of, given, checker), of, name, a.span, checker)
        for a, (name, of) in zip(arguments, signature.parameters, strict=True)
    )
    value: RuntimeValue = None
    other: tuple[RuntimeValue, ...] = ()
    if e.kind == "equals":
        assert e.value is not None
        of = _at(signature.type, way, checker)
        value = answered(fact(e.value, of, given, checker), of, e.value.span, checker)
    elif e.kind == "before":
        assert e.value is not None
        other = (fact(e.value, signature.parameters[0][1], given, checker),)
    if UNREADABLE in facts or value is UNREADABLE or UNREADABLE in other:
        return None
    names = tuple(n.text for n in e.names) if e.names is not None else None
    if e.names and e.kind in ("permitted", "denied") and isinstance(entry.node, tree.Decision):
        _find_rules(context, entry.id, entry.node, e.names)
    if e.kind == "undecided":
        _note_needs(context, signature, e.names or ())
    return rules.Expectation(
        question=entry.id,
        way=tuple(n.text for n in way),
        arguments=facts,
        kind=e.kind,
        value=value,
        names=None if e.kind == "before" else names,
        provisions=tuple(c.provision for c in context.cited(e.per)),
        other=other,
        span=e.span,
    )


def _asked(
    e: tree.Expectation,
) -> tuple[tree.Name, tuple[tree.Expression, ...], tuple[tree.Name, ...]] | None:
    """The question of an expectation, what it is asked about, and the way to the field that is expected."""
    if e.kind == "before":
        assert e.names is not None
        return e.names[0], (e.subject,), ()
    subject, way = e.subject, list[tree.Name]()
    while isinstance(subject, tree.FieldAccess):
        way.insert(0, subject.name)
        subject = subject.of
    if isinstance(subject, tree.Call):
        return subject.name, subject.arguments, tuple(way)
    if isinstance(subject, tree.Reference):
        return tree.Name(subject.name, span=subject.span), (), tuple(way)
    return None


def _at(of: types.Type, way: tuple[tree.Name, ...], checker: TypeChecker) -> types.Type:
    """The type of a field of an answer."""
    for name in way:
        fields = checker.scope.fields.get(of.name, {}) if isinstance(of, types.Record) else {}
        if name.text not in fields:
            help = did_you_mean(name.text, fields)
            checker.fail("unknown-field", f"{types.a_type(of)} has no field `{name.text}`", name.span, help)
            return types.BROKEN
        assert isinstance(of, types.Record)
        checker.scope.note(name.span, "field", of.name, name.text)
        of = fields[name.text]
    return of


def _fits(e: tree.Expectation, id: str, signature: Signature, arguments: int, checker: TypeChecker) -> bool:
    """Whether a question of this signature can be expected to answer so."""
    if (signature.kind == "priority") != (e.kind == "before"):
        checker.fail("type-mismatch", "a priority is tested with `expect a before b by name`", e.span)
        return False
    if e.kind in ("equals", "permitted", "denied") and (signature.kind == "decision") == (e.kind == "equals"):
        word = "`permitted` or `denied`" if signature.kind == "decision" else "`= …`"
        help = "write `expect … permitted`, or `expect … denied by RULE`" if signature.kind == "decision" else ""
        checker.fail("type-mismatch", f"a {signature.kind} is expected to be {word}", e.span, help)
        return False
    if arguments != len(signature.parameters):
        wanted = ", ".join(n for n, _ in signature.parameters)
        checker.fail("wrong-arguments", f"`{types.short(id)}` asks about ({wanted})", e.span)
        return False
    return True


def _find_rules(context: Context, id: str, decision: tree.Decision, names: Sequence[tree.Name]) -> None:
    """Reports the names of rules that the decision does not have."""
    known = [*(r.name.text for r in decision.rules), "otherwise"]
    for name in names:
        if name.text != "otherwise":
            context.scope.note(name.span, "rule", id, name.text)
    if all(name.text in known for name in names):
        return
    known[-1:] = [
        *(
            r.name.text
            for d in context.unit.declarations
            if isinstance(d, tree.Tighten) and d.name.text == types.short(id)
            for r in d.rules
        ),
        "otherwise",
    ]
    for name in names:
        if name.text not in known:
            help = did_you_mean(name.text, known)
            context.found.error("unknown-name", f"there is no rule `{name.text}`", name.span, help)


def _note_needs(context: Context, signature: Signature, names: Sequence[tree.Name]) -> None:
    """Notes what the facts that an answer needs are: fields at the end of a path, or parameters without a value."""
    scope, takes = context.scope, dict(signature.parameters)
    for name in names:
        scope.lookups.add(("name", name.text.partition(".")[0]))
        first, *fields = name.text.split(".")
        at = Span(name.span.source, name.span.start, name.span.start + len(first))
        if first in takes:
            scope.note(at, "local", f"{signature.id}({first})")
            of = takes[first]
            for field in fields:
                of = types.inner_of(of)
                if not isinstance(of, types.Record) or field not in scope.fields[of.name]:
                    break
                at = Span(at.source, at.end + 1, at.end + 1 + len(field))
                scope.note(at, "field", of.name, field)
                of = scope.fields[of.name][field]
        elif len(found := [e for e in context.index.entries if e.node.name.text == first]) == 1:
            symbol = declared(found[0].id, found[0].node)
            scope.note(at, symbol.kind, symbol.id)
