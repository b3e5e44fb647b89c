"""Syntax trees to the typed model: names looked up, types checked, dates and citations resolved.

In: the parsed files of one rulebook. Out: a `Model` of everything that could be understood, and findings.
Absent on purpose: judgements about a well-formed model (gaps, unused names, …) are in `lints/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar

from attrs import evolve

from policy.answers import NO_WORDS, Citation
from policy.diagnostics import Collector, Diagnostic, did_you_mean, which_member
from policy.model import rules, types
from policy.model.amendments import amendment_of
from policy.model.bodies import declaration
from policy.model.context import Context
from policy.model.index import Index, RulesetSource, index
from policy.model.lints.languages import languages_of
from policy.model.names import Entry, Scope, Signature
from policy.model.offsets import offset_of
from policy.model.picks import picking
from policy.model.recursion import report_recursion
from policy.model.renames import report_renames
from policy.model.reuse import ANYTHING, Key, Lookups, Memory, TypedRuleset, Watched
from policy.model.signatures import fields_of, named_types, records, signature_of, signed
from policy.model.sources import provision_of, source_of
from policy.model.tests import test_of
from policy.model.types import Type
from policy.model.unchanged import Meanings
from policy.model.uses import Symbol, Uses
from policy.syntax import tree

T = TypeVar("T")
V = TypeVar("V")


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
        meanings.update(reader.meanings)
    report_recursion(model, found)
    return model, list(dict.fromkeys(found.found))  # what several expectations use is read for each of them


class Reader:
    """Reads all units, stage by stage: types, signatures, bodies; then, `again`, declarations that were changed."""

    def __init__(
        self, index: Index, found: Collector, uses: list[Uses] | None = None, memory: Memory | None = None
    ) -> None:
        self.index, self.found, self.memory = index, found, memory
        self.parts = uses  # what names mean, in parts that are of one ruleset each
        self.uses: Uses | None = None if uses is None else {}  # in tags of provisions
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
        self.meanings: Meanings = {}  # what all names mean that a declaration can look up

    def _watched(self, kind: str, names: dict[str, T] | None = None) -> dict[str, T]:
        """Names whose lookups are noted, where somebody remembers what declarations were typed as."""
        if self.memory is None:
            return names if names is not None else {}
        return Watched(kind, self.lookups, names)

    def read(self) -> rules.Model:
        units = self.index.units.values()
        for unit in units:
            self.model.rulesets[unit.name] = rules.Ruleset(
                name=unit.name,
                title=unit.head.title or NO_WORDS,
                amends=unit.head.amends.text if unit.head.amends else "",
                imports=self.index.reach(unit.name),
                span=unit.head.span,
            )
        if self.memory is not None:
            self.memory.begin()
        self._names()
        self._sources()
        self._signatures()
        for unit in units:
            self.model.declared.update(self._each("declared", unit, _declared, _declaration))
        amendments = [a for unit in units for a in self._each("amendment", unit, _amendments, _amendment) if a]
        for r in self.model.of_kind(rules.RecordType):
            self.bounds[r.id] = {f.name: f.bounds for f in r.fields}
        self._now("bounds", self.bounds)
        # tests are read last, when the bounds of all fields are known
        tests = [t for unit in units for t in self._each("test", unit, _tests, _test)]
        read = evolve(
            self.model,
            tests=tuple(tests),
            amendments=tuple(amendments),
            currencies=self._currencies(),
            offset=offset_of((unit.head for unit in units), self.found),
        )
        if self.memory is not None:
            self.memory.settle()
        if self.parts is not None and self.uses is not None:
            self.parts.append(self.uses)
        return evolve(read, languages=languages_of(read))

    def _now(self, kind: str, names: dict[Any, Any]) -> None:
        """What the names of a kind mean, before anything looks them up."""
        self.meanings[kind] = names
        if self.memory is not None:
            self.memory.now(kind, names)

    def _each(
        self,
        stage: str,
        unit: RulesetSource,
        things: Callable[[RulesetSource], Iterable[V]],
        read: Callable[[Context, V], T],
    ) -> list[T]:
        """What each of some things in a ruleset means, worked out unless it is known."""
        if self.memory is None:
            uses = None if self.parts is None else Uses()
            context = self._context(unit.name, self.found, uses)
            if self.parts is not None and uses is not None:
                self.parts.append(uses)
            return [read(context, thing) for thing in things(unit)]
        typed = self.memory.last(stage, unit)
        if not self.memory.holds(typed):
            before = typed.inner if typed is not None else {}
            inner: dict[int, TypedRuleset] = {}
            for thing in things(unit):
                known = before.get(id(thing))
                inner[id(thing)] = known if self.memory.holds(known) else self._typed(unit.name, thing, read)
            typed = TypedRuleset.together(unit, inner)
        self.memory.keep(stage, typed)
        self.found.found += typed.findings
        if self.parts is not None:
            self.parts += typed.uses
        result: list[T] = typed.result
        return result

    def _typed(self, ruleset: str, thing: V, read: Callable[[Context, V], T]) -> TypedRuleset:
        """What a thing in a ruleset means, with all that working it out looked up and found."""
        found, uses = Collector(), Uses()
        keys: set[Key] = {("sees", ruleset)}
        self.lookups.keys = keys
        result = read(self._context(ruleset, found, uses), thing)
        self.lookups.keys = None
        if found.found:
            keys.add(ANYTHING)
        return TypedRuleset(result, tuple(found.found), (uses,), frozenset(keys))

    def _currencies(self) -> dict[str, rules.Currency]:
        return {
            code: rules.Currency(id=code, ruleset=ruleset, title=d.title, decimals=int(d.decimals.value), span=d.span)
            for code, (ruleset, d) in self.index.currencies.items()
        }

    def _context(self, ruleset: str, found: Collector, uses: Uses | None = None) -> Context:
        scope = evolve(self.scopes[ruleset], found=found, uses=uses)
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

    # ── before bodies ───────────────────────────────────────────────────────────────────────

    def _names(self) -> None:
        """Types and fields, of which signatures are made."""
        units = self.index.units
        self._now("name", self.index.meant())
        self._now("sees", {u: (self.index.reach(u), self.index.open(u)) for u in units})
        self._now("unparsed", dict.fromkeys(sorted(self.index.unparsed)))
        self._now("currency", self.currencies)
        for unit in units.values():
            named, wrong = named_types(unit)
            self.named_types.update(named)
            self.found.found += wrong
        self._now("type", self.named_types)
        for unit in units.values():
            self.fields.update(self._each("fields", unit, records, fields_of))
        self._now("fields", self.fields)

    def _sources(self) -> None:
        for name, s in self.index.sources.items():
            self.model.sources[name], wrong = source_of(s)
            self.found.found += wrong
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
            self.model.provisions[name], wrong = provision_of(p, ruleset, source)
            self.found.found += wrong
            self._tag("Pillar", p.pillar)
            self._tag("Measure", p.measure)
            self.citations[name] = self.model.provisions[name].citation
        self._now("declared provision", dict.fromkeys(self.index.provisions))
        self._now("provision", self.citations)

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

    def _signatures(self) -> None:
        """How names may be used, with which values pick a record of the facts."""
        values: dict[str, tuple[tree.Value, Scope]] = {}
        for unit in self.index.units.values():
            for entry, signature in zip(
                signed(unit), self._each("signature", unit, signed, signature_of), strict=True
            ):
                self.signatures[entry.id] = signature
                if isinstance(entry.node, tree.Value) and isinstance(signature.type, types.Record):
                    values[entry.id] = entry.node, self.scopes[unit.name]
        for id in picking(values):
            self.signatures[id] = evolve(self.signatures[id], picks=True)
        self._now("signature", self.signatures)


def _declared(unit: RulesetSource) -> tuple[Entry, ...]:
    return unit.own


def _amendments(unit: RulesetSource) -> list[tree.Tighten]:
    return [d for d in unit.declarations if isinstance(d, tree.Tighten)]


def _tests(unit: RulesetSource) -> list[tree.Test]:
    return [d for d in unit.declarations if isinstance(d, tree.Test)]


def _declaration(context: Context, entry: Entry) -> tuple[str, rules.Declaration]:
    return entry.id, declaration(context, entry.id, entry.node)


def _amendment(context: Context, t: tree.Tighten) -> rules.Amendment | None:
    return amendment_of(context, t)


def _test(context: Context, t: tree.Test) -> rules.Test:
    return test_of(context, t)
