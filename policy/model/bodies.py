"""Bodies of declarations from syntax: what a parameter, table, decision or record says. Part of `from_syntax`."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol, assert_never

from policy.decisions import Citation, Words
from policy.diagnostics import Collector, which_member
from policy.model import rules, types
from policy.model.agreement import a_type
from policy.model.expressions import Expression
from policy.model.given import UNREADABLE, fact
from policy.model.index import Index, Unit
from policy.model.names import Scope, Signature
from policy.model.tables import rows_of
from policy.model.types import Quantity, Type
from policy.model.typing import Typist
from policy.syntax import tree


class Rulebook(Protocol):
    """What the bodies of one ruleset need to know of the whole rulebook."""

    index: Index
    found: Collector
    scopes: dict[str, Scope]
    signatures: dict[str, Signature]
    model: rules.Model

    def cited(self, citations: tree.Citations) -> tuple[Citation, ...]: ...


class UnitReader:
    """Reads the bodies of one ruleset's declarations into the model."""

    def __init__(self, rulebook: Rulebook, unit: Unit) -> None:
        self.rulebook, self.unit, self.found = rulebook, unit, rulebook.found
        self.scope = rulebook.scopes[unit.name]
        self.declared = rulebook.model.declared

    def typist(self, variables: tuple[tuple[str, Type], ...] = ()) -> Typist:
        return Typist(self.scope, dict(variables), self.found)

    def declaration(self, d: tree.Definition) -> None:
        id = f"{self.unit.name}.{d.name.text}"
        if id in self.declared:
            return
        common: dict[str, Any] = {
            "id": id,
            "ruleset": self.unit.name,
            "title": words_of(d.title),
            "span": d.span,
        }
        if isinstance(d, tree.Value | tree.Table | tree.Decision | tree.Priority | tree.Property):
            common["binders"] = tuple(b.span for b in d.parameters)
        if isinstance(d, tree.EnumOf | tree.RecordType | tree.Property):
            self._unsigned(d, id, common)
            return
        signature = self.rulebook.signatures[id]
        typist = self.typist(signature.parameters)
        match d:
            case tree.DatedSet():
                versions = self._set_versions(d.versions, signature.type)
                self.declared[id] = rules.DatedSet(type=signature.type, versions=versions, **common)
            case tree.Parameter():
                self.declared[id] = rules.Parameter(
                    type=signature.type,
                    stricter=d.stricter,
                    leniency=leniency_of(d.leniency),
                    versions=self.versions(d.versions, typist, signature.type),
                    unset=words_of(d.unset.reason) if d.unset else None,
                    citations=self.rulebook.cited(d.unset.per) if d.unset else (),
                    **common,
                )
            case tree.Value():
                self.declared[id] = rules.Value(
                    parameters=signature.parameters,
                    type=signature.type,
                    stricter=d.stricter,
                    leniency=leniency_of(d.leniency),
                    versions=self.versions(d.versions, typist, signature.type),
                    **common,
                )
            case tree.Table():
                self.declared[id] = rules.Table(
                    parameters=signature.parameters,
                    type=signature.type,
                    stricter=d.stricter,
                    leniency=leniency_of(d.leniency),
                    hit=d.hit,
                    body=rows_of(self, d.name, d.header, d.rows, signature),
                    **common,
                )
            case tree.Decision():
                self.declared[id] = rules.Decision(
                    parameters=signature.parameters,
                    otherwise=d.otherwise.effect,
                    because=words_of(d.otherwise.because),
                    citations=self.rulebook.cited(d.otherwise.per),
                    rules=self.rules_of(d.rules, typist),
                    stricter=d.stricter,
                    **common,
                )
            case tree.Priority():
                keys = tuple(self._key(k, typist) for k in d.keys)
                self.declared[id] = rules.Priority(parameters=signature.parameters, keys=keys, **common)
            case _:
                assert_never(d)

    def _unsigned(self, d: tree.EnumOf | tree.RecordType | tree.Property, id: str, common: dict[str, Any]) -> None:
        """What no expression can name: types, and properties."""
        match d:
            case tree.EnumOf(members=members):
                named = tuple((m.name.text, words_of(m.title)) for m in members)
                self.declared[id] = rules.EnumOf(members=named, **common)
            case tree.RecordType():
                held = self.scope.fields[id]
                fields = tuple(self._field(f, held[f.name.text]) for f in d.fields)
                self.declared[id] = rules.RecordType(fields=fields, **common)
                self.scope.bounds[id] = {f.name: (f.least, f.most) for f in fields}
            case tree.Property():
                parameters = tuple((b.name.text, self.scope.type_of(b.type)) for b in d.parameters)
                typist = self.typist(parameters)
                self.declared[id] = rules.Property(
                    parameters=parameters,
                    citations=self.rulebook.cited(d.per),
                    where=typist.typed(d.where, types.BOOLEAN) if d.where is not None else None,
                    always=self._always(d.always, typist),
                    **common,
                )
            case _:
                assert_never(d)

    def _always(self, e: tree.Expression | tree.Precedes, typist: Typist) -> Expression | rules.Precedes:
        if not isinstance(e, tree.Precedes):
            return typist.typed(e, types.BOOLEAN)
        entry = self.scope.find(e.priority.text, e.priority.span, (tree.Priority,), "priority")
        signature = self.rulebook.signatures.get(entry.id) if entry else None
        if entry is None or signature is None:
            return typist.typed(tree.Truth(True, span=e.span), types.BOOLEAN)
        if len(signature.parameters) != 1:
            typist.fail("wrong-arguments", f"`{e.priority.text}` does not order single things", e.span)
            return typist.typed(tree.Truth(True, span=e.span), types.BOOLEAN)
        of = signature.parameters[0][1]
        return rules.Precedes(first=typist.typed(e.first, of), second=typist.typed(e.second, of), priority=entry.id)

    def _field(self, f: tree.Field, of: Type) -> rules.Field:
        plain = of.of if isinstance(of, types.OptionalOf) else of

        def bound(e: tree.Expression | None) -> int | None:
            if e is None:
                return None
            if not isinstance(plain, Quantity | types.Broken):
                self.typist().fail("type-mismatch", f"{a_type(of)} has no order, and so no bounds", e.span)
                return None
            value = fact(e, of, {}, self.typist())
            return None if value is UNREADABLE else value

        return rules.Field(
            name=f.name.text,
            type=of,
            least=bound(f.at_least),
            most=bound(f.at_most),
            title=words_of(f.title),
            is_changeable=bool(f.mark),
            span=f.span,
        )

    # ── dated things ────────────────────────────────────────────────────────────────────────

    def dated(self, node: Any, period: tree.Period | None, per: tree.Citations) -> dict[str, Any]:
        start, end = days_of(period, self.found)
        return {"start": start, "end": end, "citations": self.rulebook.cited(per), "span": node.span}

    def versions(self, versions: tuple[tree.Version, ...], typist: Typist, of: Type) -> tuple[rules.Version, ...]:
        return tuple(rules.Version(body=typist.typed(v.body, of), **self.dated(v, v.period, v.per)) for v in versions)

    def _set_versions(self, versions: tuple[tree.SetVersion, ...], of: Type) -> tuple[rules.SetVersion, ...]:
        typist = self.typist()
        result: list[rules.SetVersion] = []

        def items(braces: tree.SetOf | None) -> frozenset[Any]:
            value = fact(braces, of, {}, typist) if braces is not None else frozenset()
            return frozenset(v for v in value if v is not UNREADABLE) if value is not UNREADABLE else frozenset()

        for v in versions:
            if v.items is not None:
                members = items(v.items)
            else:
                before = result[-1].items if result else frozenset()
                added, removed = items(v.add), items(v.remove)
                for odd, what in ((added & before, "already in"), (removed - before, "not in")):
                    if odd:
                        names = ", ".join(f"`{o}`" for o in sorted(odd))
                        self.found.error("set-change", f"{names} is {what} the set", v.span)
                members = (before | added) - removed
            result.append(rules.SetVersion(items=members, **self.dated(v, v.period, v.per)))
        return tuple(result)

    # ── decisions and priorities ────────────────────────────────────────────────────────────

    def rules_of(self, written: tuple[tree.Rule, ...], typist: Typist) -> tuple[rules.Rule, ...]:
        names: dict[str, tree.Rule] = {}
        result = []
        for r in written:
            if r.name.text in names:
                self.found.error("duplicate-name", f"a rule `{r.name.text}` is already there", r.name.span)
            names[r.name.text] = r
            result.append(
                rules.Rule(
                    name=r.name.text,
                    effect=r.effect,
                    when=tuple(typist.typed(e, types.BOOLEAN) for e in r.when),
                    unless=tuple(typist.typed(e, types.BOOLEAN) for e in r.unless),
                    because=words_of(r.because),
                    **self.dated(r, r.period, r.per),
                )
            )
        return tuple(result)

    def _key(self, k: tree.Key, typist: Typist) -> rules.Key:
        by = typist.exact(typist.expression(k.by))
        side = typist.expression(k.side) if k.side is not None else None
        if k.kind == "ranked" and isinstance(by.type, types.Enum):
            ranks = [r.text for r in k.ranks]
            for rank in k.ranks:
                if rank.text not in by.type.members:
                    help = which_member(rank.text, by.type.members)
                    self.found.error("unknown-name", f"`{rank.text}` is not a member", rank.span, help)
                elif ranks.count(rank.text) > 1:
                    self.found.error("duplicate-name", f"`{rank.text}` is written twice", rank.span)
            missing = [m for m in by.type.members if m not in ranks]
            if missing:
                shown = ", ".join(f"`{m}`" for m in missing)
                self.found.error("incomplete-ranks", f"the order does not say where {shown} stands", k.span)
        elif k.kind == "ranked":
            typist.fail("type-mismatch", "only the members of an enum can be ranked", by.span)
        elif not isinstance(by.type, Quantity | types.Broken):
            typist.fail("type-mismatch", f"`{types.describe(by.type)}` has no order", by.span)
        if side is not None and not (isinstance(side.type, types.Enum) and set(side.type.members) == {"buy", "sell"}):
            typist.fail("type-mismatch", "a side is an enum with the members `buy` and `sell`", side.span)
        return rules.Key(
            kind=k.kind,
            by=by,
            side=side,
            ranks=tuple(r.text for r in k.ranks),
            **self.dated(k, k.period, k.per),
        )


def words_of(words: tree.Words | None) -> Words:
    return Words(words.en, words.zh) if words else Words("")


def leniency_of(l: tree.Leniency | None) -> rules.Leniency | None:
    return rules.Leniency(mode=l.mode, because=words_of(l.because), span=l.span) if l is not None else None


def days_of(period: tree.Period | None, found: Collector) -> tuple[int | None, int | None]:
    """The first day of a period, and the first after it."""
    start = ordinal(period.start) if period else None
    end = ordinal(period.end) if period else None
    if start is not None and end is not None and start >= end:
        assert period is not None
        found.error(
            "empty-period",
            "the period ends before it begins",
            period.span,
            "`until` names the first day no longer in force",
        )
    return start, end


def ordinal(day: date | None) -> int | None:
    return day.toordinal() if day else None
