"""Syntax trees to the typed model: names looked up, types checked, dates and citations resolved.

In: the parsed files of one rulebook. Out: a `Model` of everything that could be understood, and findings.
Absent on purpose: judgements about a well-formed model (gaps, unused names, …) are in `lints/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TypeVar, assert_never

from attrs import evolve

from policy.answers import NO_WORDS, Citation, Status
from policy.diagnostics import Collector, Diagnostic, did_you_mean, which_member
from policy.model import rules, types
from policy.model.amendments import amendment_of
from policy.model.bodies import declaration
from policy.model.context import Context, days_of, ordinal
from policy.model.copies import copies_of
from policy.model.index import Index, index
from policy.model.lints.languages import languages_of
from policy.model.names import Scope, Signature
from policy.model.offsets import offset_of
from policy.model.picks import picking
from policy.model.recursion import report_recursion
from policy.model.renames import report_renames
from policy.model.reuse import ANYTHING, Key, Lookups, Memory, Typed, Watched
from policy.model.tests import test_of
from policy.model.types import Type
from policy.model.unchanged import Meanings
from policy.model.uses import Symbol, Uses
from policy.syntax import tree

T = TypeVar("T")


def model_of(
    files: Sequence[tree.File],
    uses: list[Uses] | None = None,
    memory: Memory | None = None,
    meanings: Meanings | None = None,
) -> tuple[rules.Model, list[Diagnostic]]:
    """The model of a rulebook's files, and everything found wrong on the way.

    What names mean is put into `uses`, at their places, and into `meanings`. What `memory` knows of a declaration is
    not worked out again.
    """
    found = Collector()
    units = index(files, found)
    report_renames(units, found)
    reader = Reader(units, found, uses, memory)
    model = reader.read()
    if meanings is not None:
        meanings.update(reader.meanings(), bounds=reader.bounds)
    report_recursion(model, found)
    return model, list(dict.fromkeys(found.found))  # what several expectations use is read for each of them


class Reader:
    """Reads all units in three rounds: types, signatures, bodies; then, `again`, declarations that were changed."""

    def __init__(
        self, index: Index, found: Collector, uses: list[Uses] | None = None, memory: Memory | None = None
    ) -> None:
        self.index, self.found, self.memory = index, found, memory
        self.parts = uses  # what names mean, a part for each declaration
        self.uses: Uses | None = None if uses is None else {}  # outside of declarations
        self.lookups = Lookups()
        self.named_types: dict[str, Type] = self._watched("type")
        self.fields: dict[str, dict[str, Type]] = self._watched("fields")
        self.bounds: dict[str, dict[str, tuple[int | None, int | None]]] = self._watched("bounds")
        self.signatures: dict[str, Signature] = self._watched("signature")
        self.currencies = self._watched(
            "currency", {code: int(d.decimals.value) for code, (_, d) in index.currencies.items()}
        )
        self.scopes = {
            name: Scope(
                name,
                self._watched("name", index.visible(name)),
                self.signatures,
                self.named_types,
                self.fields,
                self.bounds,
                found,
                frozenset(index.unparsed),
                partial(index.elsewhere, name),
                index.open(name),
                self.currencies,
                self.uses,
                self.lookups,
            )
            for name in index.units
        }
        self.citations: dict[str, Citation] = self._watched("provision")
        self.model = rules.Model(rulesets={}, declared={}, sources={}, provisions={}, tests=(), amendments=())

    def _watched(self, kind: str, names: dict[str, T] | None = None) -> dict[str, T]:
        """Names whose lookups are noted, where somebody remembers what declarations were typed as."""
        if self.memory is None:
            return names if names is not None else {}
        return Watched(kind, self.lookups, names)

    def read(self) -> rules.Model:
        for unit in self.index.units.values():
            self.model.rulesets[unit.name] = rules.Ruleset(
                name=unit.name,
                title=unit.head.title or NO_WORDS,
                amends=unit.head.amends.text if unit.head.amends else "",
                imports=self.index.reach(unit.name),
                span=unit.head.span,
            )
        self._types()
        self._sources()
        for entries in self.index.own.values():
            for entry in entries:
                self._signature(entry.id, entry.node, self.scopes[entry.ruleset])
        self._picking()
        if self.memory is not None:
            self.memory.begin()
            for kind, of_kind in self.meanings().items():
                self.memory.now(kind, dict(of_kind))
        amendments: list[rules.Amendment] = []
        tests: list[tuple[str, tree.Test]] = []  # read last, when the bounds of all fields are known
        for unit in self.index.units.values():
            for d in unit.declarations:
                if isinstance(d, tree.Test):
                    tests.append((unit.name, d))
                elif isinstance(d, tree.Tighten):
                    amendment = self._typed(unit.name, d, partial(_amendment, d))
                    amendments += [amendment] if amendment else []
                elif not isinstance(d, tree.SourceText | tree.Provision | tree.Currency):
                    id = f"{unit.name}.{d.name.text}"
                    if id not in self.model.declared:
                        self.model.declared[id] = self._typed(unit.name, d, partial(_declaration, id, d))
        for r in self.model.of_kind(rules.RecordType):
            self.bounds[r.id] = {f.name: f.bounds for f in r.fields}
        if self.memory is not None:
            self.memory.now("bounds", dict(self.bounds))
        read = evolve(
            self.model,
            tests=tuple(self._typed(ruleset, test, partial(_test, test)) for ruleset, test in tests),
            amendments=tuple(amendments),
            currencies=self._currencies(),
            offset=offset_of((unit.head for unit in self.index.units.values()), self.found),
        )
        if self.memory is not None:
            self.memory.settle()
        if self.parts is not None and self.uses is not None:
            self.parts.append(self.uses)
        return evolve(read, languages=languages_of(read))

    def meanings(self) -> Meanings:
        """What all names mean that a declaration can look up, but for the bounds of fields."""
        return {
            "name": self.index.meant(),
            "sees": {u: (self.index.reach(u), self.index.open(u)) for u in self.index.units},
            "unparsed": dict.fromkeys(sorted(self.index.unparsed)),
            "declared provision": dict.fromkeys(self.index.provisions),
            "type": self.named_types,
            "fields": self.fields,
            "signature": self.signatures,
            "currency": self.currencies,
            "provision": self.citations,
        }

    def _typed(self, ruleset: str, node: tree.Statement, read: Callable[[Context], T]) -> T:
        """What a declaration means, worked out unless it is known."""
        if self.memory is None:
            return read(self._context(ruleset, self.found))
        known = self.memory.known(ruleset, node)
        if known is None:
            found, uses = Collector(), Uses()
            keys: set[Key] = {("sees", ruleset)}
            self.lookups.keys = keys
            scope = evolve(self.scopes[ruleset], found=found, uses=uses)
            read_as = read(Context(self.index.units[ruleset], scope, self.index, self.citations))
            self.lookups.keys = None
            if found.found:
                keys.add(ANYTHING)
            known = Typed(node, read_as, tuple(found.found), uses, frozenset(keys))
        self.memory.keep(ruleset, known)
        self.found.found += known.findings
        if self.parts is not None:
            self.parts.append(known.uses)
        result: T = known.result
        return result

    def _currencies(self) -> dict[str, rules.Currency]:
        return {
            code: rules.Currency(id=code, ruleset=ruleset, title=d.title, decimals=int(d.decimals.value), span=d.span)
            for code, (ruleset, d) in self.index.currencies.items()
        }

    def _context(self, ruleset: str, found: Collector) -> Context:
        scope = evolve(self.scopes[ruleset], found=found)
        return Context(self.index.units[ruleset], scope, self.index, self.citations)

    def again(self, ruleset: str, d: tree.Definition | tree.Tighten) -> rules.Declaration | rules.Amendment | None:
        """What `d` would mean in a ruleset, all else being as it was read; None where there are findings."""
        found = Collector()
        context = self._context(ruleset, found)
        if isinstance(d, tree.Tighten):
            read: rules.Declaration | rules.Amendment | None = amendment_of(context, d)
        else:
            read = declaration(context, f"{ruleset}.{d.name.text}", d)
        return read if not any(finding.is_error for finding in found.found) else None

    def test(self, ruleset: str, t: tree.Test) -> tuple[rules.Test, list[Diagnostic]]:
        """What a test would mean in a ruleset, and the findings about it."""
        found = Collector()
        return test_of(self._context(ruleset, found), t), found.found

    # ── types ───────────────────────────────────────────────────────────────────────────────

    def _types(self) -> None:
        for entries in self.index.own.values():
            for entry in entries:
                if isinstance(entry.node, tree.EnumOf):
                    members = entry.node.members
                    known: list[tree.Name | tree.Text] = [m.name for m in members]
                    known += [t for m in members for t in m.spelt]
                    self._each_once(known)
                    spelt = tuple((t.value, m.name.text) for m in members for t in m.spelt)
                    names = tuple(m.name.text for m in members)
                    self.named_types[entry.id] = types.Enum(entry.id, names, entry.node.first, spelt)
                elif isinstance(entry.node, tree.RecordType):
                    self.named_types[entry.id] = types.Record(entry.id)
        for ruleset, entries in self.index.own.items():
            for entry in entries:
                if isinstance(entry.node, tree.RecordType):
                    fields = self.fields[entry.id] = {}
                    for f in entry.node.fields:
                        if f.name.text in fields:
                            self._twice(f.name)
                        fields[f.name.text] = self.scopes[ruleset].field_type(f.type, entry.node.fields)

    def _twice(self, name: tree.Name) -> None:
        self.found.error("duplicate-name", f"`{name.text}` is written twice", name.span)

    def _each_once(self, words: Sequence[tree.Name | tree.Text]) -> None:
        """Members and their spellings, of which each stands for one member."""
        texts = [w.text if isinstance(w, tree.Name) else w.value for w in words]
        for text, word in zip(texts, words, strict=True):
            if texts.count(text) > 1:
                self._twice(tree.Name(text, span=word.span))

    # ── sources ─────────────────────────────────────────────────────────────────────────────

    def _status(self, name: tree.Name) -> Status:
        known = {s.value: s for s in Status}
        if name.text not in known:
            self.found.error(
                "unknown-status",
                f"`{name.text}` is not a status",
                name.span,
                did_you_mean(name.text, known) or "a status is official, secondary, press or house",
            )
        return known.get(name.text, Status.HOUSE)

    def _sources(self) -> None:
        for name, s in self.index.sources.items():
            if s.status is None:
                self.found.error(
                    "unknown-status",
                    f"source `{name}` has no status",
                    s.name.span,
                    "add `status official`, `secondary`, `press` or `house`",
                )
            start, end = days_of(s.period, self.found)
            self.model.sources[name] = rules.SourceText(
                id=name,
                ruleset="",
                title=s.title,
                span=s.span,
                reference=s.reference,
                issued=s.issued.isoformat() if s.issued else "",
                start=start if start is not None else ordinal(s.issued),
                end=end,
                read=ordinal(s.reading.on) if s.reading else None,
                copies=copies_of(s, self.found),
                holds_until=ordinal(s.reading.holds_until) if s.reading else None,
                status=self._status(s.status) if s.status else Status.HOUSE,
                note=s.note or NO_WORDS,
            )
        for name, (ruleset, p) in self.index.provisions.items():
            source_name = name.partition("/")[0]
            source = self.model.sources.get(source_name)
            if source is None and self.index.suppressed(source_name):
                continue
            if source is None:
                self.found.error(
                    "unknown-source",
                    f"there is no source `{source_name}`",
                    p.name.span,
                    did_you_mean(source_name, self.model.sources),
                )
                continue
            status = self._status(p.status) if p.status else source.status
            self._tag("Pillar", p.pillar)
            self._tag("Measure", p.measure)
            start, end = days_of(p.period, self.found)
            if p.period is None:
                start, end = source.start, source.end
            citation = Citation(name, source_name, source.reference, status, p.text, start, end)
            self.citations[name] = citation
            self.model.provisions[name] = rules.Provision(
                id=name,
                ruleset=ruleset,
                title=p.text,
                span=p.span,
                source=source_name,
                status=status,
                pillar=p.pillar.text if p.pillar else "",
                measure=p.measure.text if p.measure else "",
                excused=p.excused,
                citation=citation,
            )

    @cached_property
    def _tags(self) -> dict[str, list[types.Enum]]:
        """The enums that name pillars and measures."""
        enums = [t for t in self.named_types.values() if isinstance(t, types.Enum)]
        return {tag: [t for t in enums if types.short(t.name) == tag] for tag in ("Pillar", "Measure")}

    def _tag(self, enum: str, tag: tree.Name | None) -> None:
        """A provision's pillar or measure must be a member of the enum of that name, where one is declared."""
        if tag is None:
            return
        if self.uses is not None:
            for t in self._tags[enum]:
                self.uses[tag.span] = Symbol("member", f"{t.name}.{tag.text}")
        allowed = [m for t in self._tags[enum] for m in t.members]
        if allowed and tag.text not in allowed:
            self.found.error(
                "unknown-name",
                f"`{tag.text}` is not a member of `{enum}`",
                tag.span,
                which_member(tag.text, allowed),
            )

    def _picking(self) -> None:
        """Notes which values pick a record of the facts."""
        values = {
            entry.id: (entry.node, self.scopes[entry.ruleset])
            for entries in self.index.own.values()
            for entry in entries
            if isinstance(entry.node, tree.Value) and isinstance(self.signatures[entry.id].type, types.Record)
        }
        for id in picking(values):
            self.signatures[id] = evolve(self.signatures[id], picks=True)

    # ── signatures ──────────────────────────────────────────────────────────────────────────

    def _signature(self, id: str, node: tree.Definition, scope: Scope) -> None:
        def parameters(binders: tuple[tree.Binder, ...]) -> rules.Parameters:
            names = [b.name.text for b in binders]
            for b in binders:
                if names.count(b.name.text) > 1:
                    self._twice(b.name)
            return tuple((b.name.text, scope.type_of(b.type)) for b in binders)

        match node:
            case tree.Parameter():
                signature = Signature(id, "parameter", (), scope.type_of(node.type))
            case tree.DatedSet():
                signature = Signature(id, "set", (), types.SetOf(scope.type_of(node.of)))
            case tree.Calendar():
                signature = Signature(id, "set", (), types.SetOf(types.DATE))
            case tree.Value():
                signature = Signature(id, "value", parameters(node.parameters), scope.type_of(node.type))
            case tree.Table():
                signature = Signature(id, "table", parameters(node.parameters), scope.type_of(node.type))
            case tree.Decision():
                signature = Signature(id, "decision", parameters(node.parameters), types.BOOLEAN)
            case tree.Priority():
                signature = Signature(id, "priority", parameters(node.parameters), types.BROKEN)
            case tree.EnumOf() | tree.RecordType() | tree.Property():
                return
            case _:
                assert_never(node)
        self.signatures[id] = signature


def _amendment(t: tree.Tighten, context: Context) -> rules.Amendment | None:
    return amendment_of(context, t)


def _declaration(id: str, d: tree.Definition, context: Context) -> rules.Declaration:
    return declaration(context, id, d)


def _test(t: tree.Test, context: Context) -> rules.Test:
    return test_of(context, t)
