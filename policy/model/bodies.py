"""Bodies of declarations from syntax: what a parameter, table, decision or record says. Part of `from_syntax`."""

from __future__ import annotations

from typing import TypedDict, assert_never

from policy.answers import NO_WORDS, BilingualText
from policy.diagnostics import which_member
from policy.model import expressions as typed, records, rules, types
from policy.model.arithmetic import how_ordered
from policy.model.calendars import rest_of, versions_of
from policy.model.checker import TypeChecker
from policy.model.coercion import a_type
from policy.model.context import Context
from policy.model.expressions import Expression
from policy.model.literals import UNREADABLE, Given, fact, members_of
from policy.model.tables import rows_of
from policy.model.types import Type
from policy.source import Span
from policy.syntax import tree
from policy.vocabulary import RuntimeValue


class _Head(TypedDict):
    """What every declaration has."""

    id: str
    ruleset: str
    title: BilingualText
    phrases: rules.Phrases
    renamed: str
    span: Span


class _Bound(TypedDict):
    """What is said of the parameters besides their types."""

    binders: tuple[Span, ...]
    called: tuple[tuple[BilingualText, rules.Phrases], ...]


def declaration(context: Context, id: str, d: tree.Definition) -> rules.Declaration:
    """What is declared under the full name `id`."""
    head: _Head = {
        "id": id,
        "ruleset": context.unit.name,
        "title": d.title or NO_WORDS,
        "phrases": _phrases(getattr(d, "phrases", None)),
        "renamed": _earlier(getattr(d, "renamed", None)),
        "span": d.span,
    }
    if isinstance(d, tree.EnumOf | tree.RecordType | tree.Property):
        return _unsigned(context, d, head)
    signature = context.scope.signatures[id]
    checker = context.checker(signature.parameters)
    if isinstance(d, tree.Parameter | tree.Value | tree.Table):
        records.check_answer(context.scope, d, signature.type)
    local = _local(checker, id, signature.parameters, getattr(d, "local", ()))
    match d:
        case tree.DatedSet():
            versions = _set_versions(context, d.versions, signature.type)
            return rules.DatedSet(type=signature.type, versions=versions, **head)
        case tree.Calendar():
            return rules.Calendar(rest=rest_of(context, d), versions=versions_of(context, d), **head)
        case tree.Parameter():
            return rules.Parameter(
                type=signature.type,
                stricter=d.stricter,
                leniency=leniency_of(d.leniency),
                versions=context.versions(d.versions, checker, signature.type),
                unset=d.unset.reason if d.unset else None,
                citations=context.cited(d.unset.per) if d.unset else (),
                **head,
            )
        case tree.Value():
            return rules.Value(
                parameters=signature.parameters,
                **_bound(d.parameters),
                type=signature.type,
                stricter=d.stricter,
                leniency=leniency_of(d.leniency),
                refuted=_refuted(d.refuted),
                local=local,
                versions=context.versions(d.versions, checker, signature.type),
                **head,
            )
        case tree.Table():
            return rules.Table(
                parameters=signature.parameters,
                **_bound(d.parameters),
                type=signature.type,
                stricter=d.stricter,
                leniency=leniency_of(d.leniency),
                refuted=_refuted(d.refuted),
                local=local,
                hit=d.hit,
                body=rows_of(context, d.name, d.header, d.rows, signature, checker),
                **head,
            )
        case tree.Decision():
            return rules.Decision(
                parameters=signature.parameters,
                **_bound(d.parameters),
                otherwise=d.otherwise.effect,
                because=d.otherwise.because or NO_WORDS,
                citations=context.cited(d.otherwise.per),
                rules=rules_of(context, d.rules, checker),
                stricter=d.stricter,
                refuted=_refuted(d.refuted),
                local=local,
                **head,
            )
        case tree.Priority():
            keys = tuple(_key(context, k, checker) for k in d.keys)
            return rules.Priority(
                parameters=signature.parameters,
                **_bound(d.parameters),
                refuted=_refuted(d.refuted),
                local=local,
                keys=keys,
                **head,
            )
        case _:
            assert_never(d)


def _unsigned(
    context: Context, d: tree.EnumOf | tree.RecordType | tree.Property, head: _Head
) -> rules.EnumOf | rules.RecordType | rules.Property:
    """What no expression can name: types, and properties."""
    match d:
        case tree.EnumOf(members=members):
            named = tuple((m.name.text, m.title or _as_spelt(m)) for m in members)
            renamed = tuple((m.name.text, m.renamed.text) for m in members if m.renamed)
            return rules.EnumOf(members=named, renamed_members=renamed, **head)
        case tree.RecordType():
            held = context.scope.fields[head["id"]]
            fields = tuple(_field(context, f, held[f.name.text]) for f in d.fields)
            return rules.RecordType(fields=fields, **head)
        case tree.Property():
            parameters = tuple((b.name.text, context.scope.type_of(b.type)) for b in d.parameters)
            checker = context.checker(parameters)
            local = _local(checker, head["id"], parameters, d.local)
            return rules.Property(
                parameters=parameters,
                **_bound(d.parameters),
                citations=context.cited(d.per),
                where=checker.typed(d.where, types.BOOLEAN) if d.where is not None else None,
                always=_always(context, d.always, checker),
                refuted=_refuted(d.refuted),
                local=local,
                **head,
            )
        case _:
            assert_never(d)


def _as_spelt(m: tree.Member) -> BilingualText:
    """What a member without a title is called: what facts call it."""
    return BilingualText(m.spelt[0].value, m.spelt[0].value) if m.spelt else NO_WORDS


def _local(
    checker: TypeChecker, id: str, parameters: rules.Parameters, written: tuple[tree.LocalName, ...]
) -> tuple[rules.LocalName, ...]:
    """The local names of a declaration, each known to those after it and to all that the declaration says."""
    asked = tuple(typed.Local(name, type=of) for name, of in parameters)
    result = []
    for n, l in enumerate(written):
        checker.fresh(l.name)
        checker.later = tuple(after.name.text for after in written[n:])
        body = checker.exact(checker.expression(l.value))
        if isinstance(l.value, tree.Absence):
            body = checker.fail(
                "type-mismatch", "`none` alone has no type", l.value.span, "write it where it is used"
            )
        checker.local[l.name.text] = typed.Defined(l.name.text, id, asked, typed.is_made(body), type=body.type)
        title, phrases = l.title or NO_WORDS, _phrases(l.phrases)
        result.append(rules.LocalName(name=l.name.text, body=body, title=title, phrases=phrases, span=l.span))
    checker.later = ()
    return tuple(result)


def _refuted(marks: tuple[tree.Refuted, ...]) -> tuple[rules.Refuted, ...]:
    return tuple(rules.Refuted(claim=m.claim, because=m.because, span=m.span) for m in marks)


def _earlier(name: tree.Name | None) -> str:
    return name.text if name else ""


def _phrases(p: tree.Phrases | None) -> rules.Phrases:
    return rules.Phrases(p.says or NO_WORDS, p.otherwise or NO_WORDS) if p is not None else rules.NO_PHRASES


def _bound(binders: tuple[tree.Binder, ...]) -> _Bound:
    return {
        "binders": tuple(b.span for b in binders),
        "called": tuple((b.title or NO_WORDS, _phrases(b.phrases)) for b in binders),
    }


def _always(
    context: Context, e: tree.Expression | tree.Precedes, checker: TypeChecker
) -> Expression | rules.Precedes:
    if not isinstance(e, tree.Precedes):
        return checker.typed(e, types.BOOLEAN)
    entry = context.scope.find(e.priority.text, e.priority.span, (tree.Priority,), "priority")
    signature = context.scope.signatures.get(entry.id) if entry else None
    if entry is None or signature is None:
        return checker.typed(tree.Truth(True, span=e.span), types.BOOLEAN)
    if len(signature.parameters) != 1:
        checker.fail("wrong-arguments", f"`{e.priority.text}` does not order single things", e.span)
        return checker.typed(tree.Truth(True, span=e.span), types.BOOLEAN)
    of = signature.parameters[0][1]
    first, second = (checker.handed_over(checker.typed(side, of)) for side in (e.first, e.second))
    return rules.Precedes(first=first, second=second, priority=entry.id)


def _field(context: Context, f: tree.FieldDeclaration, of: Type) -> rules.FieldDeclaration:
    plain = types.inner_of(of)

    def bound(e: tree.Expression | None) -> int | None:
        if e is None:
            return None
        if not types.has_order(plain) and not isinstance(plain, types.Broken):
            message = f"{a_type(of)} has no order, and so no bounds"
            context.checker().fail("type-mismatch", message, e.span, how_ordered(plain))
            return None
        value = fact(e, of, Given({}), context.checker())
        if value is None or value is UNREADABLE:
            return None
        return plain.ascending.index(value) if isinstance(plain, types.Enum) else value

    return rules.FieldDeclaration(
        name=f.name.text,
        type=of,
        least=bound(f.at_least),
        most=bound(f.at_most),
        title=f.title or NO_WORDS,
        is_changeable=bool(f.mark),
        phrases=_phrases(f.phrases),
        renamed=_earlier(f.renamed),
        span=f.span,
    )


def _set_versions(context: Context, versions: tuple[tree.SetVersion, ...], of: Type) -> tuple[rules.SetVersion, ...]:
    checker = context.checker()
    result: list[rules.SetVersion] = []

    def items(braces: tree.SetOf | None) -> frozenset[RuntimeValue]:
        inner = of.of if isinstance(of, types.SetOf) else types.BROKEN
        return frozenset() if braces is None else members_of(braces, inner, Given({}), checker)

    for v in versions:
        if v.items is not None:
            members = items(v.items)
        else:
            before = result[-1].items if result else frozenset()
            added, removed = items(v.add), items(v.remove)
            for odd, what in ((added & before, "already in"), (removed - before, "not in")):
                if odd:
                    names = ", ".join(f"`{o}`" for o in sorted(odd))
                    context.found.error("set-change", f"{names} is {what} the set", v.span)
            members = (before | added) - removed
        result.append(rules.SetVersion(items=members, **context.dated(v.span, v.period, v.per)))
    return tuple(result)


# ── decisions and priorities ────────────────────────────────────────────────────────────


def rules_of(context: Context, written: tuple[tree.Rule, ...], checker: TypeChecker) -> tuple[rules.Rule, ...]:
    names: dict[str, tree.Rule] = {}
    result = []
    for r in written:
        if r.name.text in names:
            context.found.error(
                "duplicate-name",
                f"`{r.name.text}` names two rules of the decision",
                r.name.span,
                "rename one of the two; a rule that begins later has a name of its own too",
                related=((names[r.name.text].name.span, "first named here"),),
            )
        names[r.name.text] = r
        result.append(
            rules.Rule(
                name=r.name.text,
                effect=r.effect,
                when=tuple(checker.typed(e, types.BOOLEAN) for e in r.when),
                unless=tuple(checker.typed(e, types.BOOLEAN) for e in r.unless),
                because=r.because or NO_WORDS,
                **context.dated(r.span, r.period, r.per),
            )
        )
    return tuple(result)


def _key(context: Context, k: tree.Key, checker: TypeChecker) -> rules.Key:
    by = checker.exact(checker.expression(k.by))
    side = checker.expression(k.side) if k.side is not None else None
    if k.kind == "ranked" and isinstance(by.type, types.Enum):
        ranks = [r.text for r in k.ranks]
        for n, rank in enumerate(k.ranks):
            if rank.text not in by.type.members:
                help = which_member(rank.text, by.type.members, by.type.first is not None)
                context.found.error("unknown-name", f"`{rank.text}` is not a member", rank.span, help)
            elif rank.text in ranks[:n]:
                context.found.error("duplicate-name", f"`{rank.text}` is written twice", rank.span)
            context.scope.note(rank.span, "member", by.type.name, rank.text)
        missing = [m for m in by.type.members if m not in ranks]
        if missing and set(ranks) <= set(by.type.members):  # else one of them may be what was meant
            shown = ", ".join(f"`{m}`" for m in missing)
            context.found.error("incomplete-ranks", f"the ranking omits {shown}", k.span)
    elif k.kind == "ranked" and not isinstance(by.type, types.Broken):
        checker.fail("type-mismatch", "only the members of an enum can be ranked", by.span)
    elif isinstance(by.type, types.Number) and by.type.currency_of:
        help = f"convert it first, at a price of its currency: `… * price_of({by.type.currency_of})`"
        checker.fail("currency-mismatch", "what is ranked may have different currencies", by.span, help)
    elif not types.has_order(by.type):
        checker.fail("type-mismatch", f"`{types.describe(by.type)}` has no order", by.span)
    if side is not None and not (isinstance(side.type, types.Enum) and set(side.type.members) == {"buy", "sell"}):
        checker.fail("type-mismatch", "a side is an enum with the members `buy` and `sell`", side.span)
    return rules.Key(
        kind=k.kind,
        by=by,
        side=side,
        ranks=tuple(r.text for r in k.ranks),
        **context.dated(k.span, k.period, k.per),
    )


def leniency_of(l: tree.Leniency | None) -> rules.Leniency | None:
    return rules.Leniency(mode=l.mode, because=l.because, span=l.span) if l is not None else None
