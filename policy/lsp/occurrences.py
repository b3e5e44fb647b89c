"""Where every name of a rulebook is declared and where it is used.

In: a `Snapshot`. Out: the `Occurrences`, which knows what stands at a place and where else that stands.
Definition, references, outline, rename and the rest are questions to it. Absent: names that could not be resolved.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, assert_never

import attrs
from attrs import define, field, frozen

from policy.lsp.snapshot import Snapshot
from policy.model.uses import Symbol, declared
from policy.source import Span
from policy.syntax import tree
from policy.syntax.expressions import Node


@frozen
class Occurrence:
    """A name in its place, and what it means there."""

    span: Span
    symbol: Symbol
    is_definition: bool


@frozen
class LocalOccurrence:
    """A name that is known only within a span of its declaration."""

    name: str
    symbol: Symbol
    within: Span


@define(eq=False)
class Occurrences:
    """All occurrences, by file in the order of their places, and by symbol."""

    by_file: Mapping[str, list[Occurrence]]
    by_symbol: dict[Symbol, list[Occurrence]]
    starts: dict[str, list[int]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.starts = {file: [o.span.start for o in found] for file, found in self.by_file.items()}

    def at(self, file: str, offset: int) -> Occurrence | None:
        """What stands at an offset, or ends there."""
        found = self.by_file.get(file, [])
        last = bisect_right(self.starts.get(file, []), offset)
        return next((o for o in reversed(found[max(last - 2, 0) : last]) if offset <= o.span.end), None)

    def of(self, symbol: Symbol) -> list[Occurrence]:
        """Where a symbol stands, its declaration first."""
        return self.by_symbol.get(symbol, [])

    def definition(self, symbol: Symbol) -> Occurrence | None:
        return next((o for o in self.of(symbol) if o.is_definition), None)


def index_of(snapshot: Snapshot) -> Occurrences:
    """Every occurrence of every name that was understood."""
    found: dict[Span, Occurrence] = {}
    local: list[LocalOccurrence] = []
    for file in snapshot.files.values():
        for span, symbol in declarations(file, snapshot, local):
            found[span] = Occurrence(span, symbol, True)
        for span, symbol in mentions(file):
            found[span] = Occurrence(span, symbol, False)
    local += _amended(snapshot)
    local.sort(key=lambda l: l.within.end - l.within.start)  # the innermost first
    by_name: dict[tuple[str, str], list[LocalOccurrence]] = defaultdict(list)
    for l in local:
        by_name[l.within.source.name, l.name].append(l)
    for span, symbol in snapshot.uses.items():
        if symbol.kind == "local" and "(" not in symbol.id:
            around = by_name[span.source.name, symbol.id]
            inner = next((l for l in around if l.within.start <= span.start and span.end <= l.within.end), None)
            if inner is None:
                continue
            symbol = inner.symbol
        found.setdefault(span, Occurrence(span, symbol, False))
    return _indexed(found.values())


def _indexed(found: Iterable[Occurrence]) -> Occurrences:
    by_file: dict[str, list[Occurrence]] = defaultdict(list)
    by_symbol: dict[Symbol, list[Occurrence]] = defaultdict(list)
    for o in sorted(found, key=lambda o: (o.span.source.name, o.span.start)):
        by_file[o.span.source.name].append(o)
        by_symbol[o.symbol].append(o)
    for occurrences in by_symbol.values():
        occurrences.sort(key=lambda o: not o.is_definition)
    return Occurrences(dict(by_file), dict(by_symbol))


def mentions(file: tree.File) -> Iterator[tuple[Span, Symbol]]:
    """Names whose meaning needs no looking up: imported rulesets, and the fields that have an amount's currency."""
    ruleset = _ruleset(file)
    for d in file.declarations:
        if isinstance(d, tree.Import):
            yield d.name.span, Symbol("ruleset", d.name.text)
        elif isinstance(d, tree.Ruleset) and d.amends is not None:
            yield d.amends.span, Symbol("ruleset", d.amends.text)
        elif isinstance(d, tree.RecordType):
            for of in nodes(d):
                if isinstance(of, tree.TypeName) and of.kind == "amount":
                    start = of.span.start + of.span.text.index(of.argument, len("money in"))
                    span = Span(of.span.source, start, start + len(of.argument))
                    yield span, Symbol("field", f"{ruleset}.{d.name.text}.{of.argument}")


def _ruleset(file: tree.File) -> str:
    return next((d.name.text for d in file.declarations if isinstance(d, tree.Ruleset)), "")


# ── declarations ────────────────────────────────────────────────────────────────────────────


def declarations(
    file: tree.File, snapshot: Snapshot, local: list[LocalOccurrence] | None = None
) -> Iterator[tuple[Span, Symbol]]:
    """The names that a file declares; those known only within a declaration go to `local` too."""
    local = [] if local is None else local
    ruleset = _ruleset(file)
    for n, d in enumerate(file.declarations):
        match d:
            case tree.Ruleset(name=name):
                yield name.span, Symbol("ruleset", name.text)
            case tree.Provision(name=name):
                yield name.span, Symbol("provision", name.text)
            case tree.Test():
                for given in d.given:
                    yield _local(given.name, f"{ruleset}:{n}", d.span, local)
            case tree.Tighten():
                target = snapshot.uses.get(d.name.span)
                if target is not None:
                    yield from ((r.name.span, Symbol("rule", f"{target.id}.{r.name.text}")) for r in d.rules)
                    yield from _variables(d, f"{target.id}:{ruleset}", local)
            case tree.Language() | tree.Import() | tree.SourceText() | tree.Currency():
                pass
            case (
                tree.EnumOf() | tree.RecordType() | tree.DatedSet() | tree.Calendar() | tree.Parameter()
                | tree.Value() | tree.Table() | tree.Decision() | tree.Priority() | tree.Property()
            ):  # fmt: skip
                symbol = declared(f"{ruleset}.{d.name.text}", d)
                yield d.name.span, symbol
                yield from _inside(d, symbol.id, local)
            case _:
                assert_never(d)


def _inside(d: tree.Definition, id: str, local: list[LocalOccurrence]) -> Iterator[tuple[Span, Symbol]]:
    """The names that stand inside a declaration."""
    match d:
        case tree.EnumOf(members=members):
            yield from ((m.name.span, Symbol("member", f"{id}.{m.name.text}")) for m in members)
        case tree.RecordType(fields=fields):
            yield from ((f.name.span, Symbol("field", f"{id}.{f.name.text}")) for f in fields)
        case tree.DatedSet() | tree.Calendar() | tree.Parameter():
            pass
        case tree.Value() | tree.Table() | tree.Decision() | tree.Priority() | tree.Property():
            names: tuple[tree.Binder | tree.LocalName, ...] = (*d.parameters, *d.local)
            for bound in names:
                yield _local(bound.name, id, d.span, local)
            if isinstance(d, tree.Decision):
                yield from ((r.name.span, Symbol("rule", f"{id}.{r.name.text}")) for r in d.rules)
            yield from _variables(d, id, local)
        case _:
            assert_never(d)


def _amended(snapshot: Snapshot) -> Iterator[LocalOccurrence]:
    """The arguments and local names that what is tightened has, in what tightens it."""
    bound: dict[str, tuple[tree.Binder | tree.LocalName, ...]] = {}
    for file in snapshot.files.values():
        for d in file.declarations:
            if isinstance(d, tree.Value | tree.Table | tree.Decision):
                bound[f"{_ruleset(file)}.{d.name.text}"] = (*d.parameters, *d.local)
    for file in snapshot.files.values():
        for d in file.declarations:
            target = snapshot.uses.get(d.name.span) if isinstance(d, tree.Tighten) else None
            if target is not None:
                for b in bound.get(target.id, ()):
                    yield LocalOccurrence(b.name.text, Symbol("local", f"{target.id}({b.name.text})"), d.span)


def _local(name: tree.Name, of: str, within: Span, local: list[LocalOccurrence]) -> tuple[Span, Symbol]:
    symbol = Symbol("local", f"{of}({name.text})")
    local.append(LocalOccurrence(name.text, symbol, within))
    return name.span, symbol


def _variables(
    d: tree.Definition | tree.Tighten, of: str, local: list[LocalOccurrence]
) -> Iterator[tuple[Span, Symbol]]:
    """The variables of aggregates, each known where it stands and in no other."""
    for n, node in enumerate(nodes(d)):
        if isinstance(node, tree.Aggregate):
            yield _local(node.variable, f"{of}:{n}", node.span, local)


def nodes(value: object) -> Iterator[Node]:
    """A node and all that are inside it."""
    if isinstance(value, tuple):
        for item in value:
            yield from nodes(item)
    elif isinstance(value, Node):
        yield value
        cls: Any = type(value)
        for name in _fields(cls):
            yield from nodes(getattr(value, name))


@cache
def _fields(cls: Any) -> tuple[str, ...]:
    return tuple(a.name for a in attrs.fields(cls) if a.name != "span")
