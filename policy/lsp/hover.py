"""What stands at a place, in words: its meaning in English and Chinese, its provisions, its dates, its users.

In: a `Snapshot` with its `Occurrences`, an occurrence and the date of the question. Out: Markdown. Absent: facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from policy.answers import BilingualText, Citation
from policy.lsp.callers import users
from policy.lsp.completion import told
from policy.lsp.occurrences import Occurrence, Occurrences
from policy.lsp.snapshot import Snapshot
from policy.lsp.symbols import around
from policy.model import expressions as typed, rules, types
from policy.model.overlays import overlaid
from policy.model.traversal import bodies
from policy.model.values import show_bound
from policy.reports.plain.amounts import iso
from policy.reports.plain.sentences import Sentences, Statement

MOST_USERS = 8
MOST_STATEMENTS = 12


def hover(snapshot: Snapshot, index: Occurrences, at: Occurrence, on: int) -> str:
    """What a person wants to know of a name, as of a day."""
    model, symbol = snapshot.checked.model, at.symbol
    match symbol.kind:
        case "rule" | "field" | "member":
            owner, _, name = symbol.id.rpartition(".")
            lines = _part(model, owner, name, on)
        case "provision":
            lines = _provision(model, symbol.id)
        case "ruleset":
            ruleset = model.rulesets.get(symbol.id)
            lines = [f"**ruleset** `{symbol.id}`", *_told(ruleset.title if ruleset else None)]
        case "local":
            lines = [f"`{_bound(snapshot, index, at)}`, known only in this declaration"]
        case (
            "parameter" | "set" | "value" | "table" | "decision" | "priority" | "property" | "enum" | "record"
            | "calendar"
        ):  # fmt: skip
            declared = model.declared.get(symbol.id)
            lines = [f"**{symbol.kind}** `{symbol.id}`"] if declared is None else _declaration(model, declared, on)
        case _:
            assert_never(symbol.kind)
    return "\n\n".join([*lines, *_users(snapshot, index, at)])


def _bound(snapshot: Snapshot, index: Occurrences, at: Occurrence) -> str:
    """The argument or variable with its type or list, as it is written where it is declared."""
    definition = index.definition(at.symbol)
    if definition is None:
        return at.span.text
    spans = around(snapshot, definition.span.source.name, definition.span.start)
    wider = next((s for s in spans if s.start <= definition.span.start and s.end > definition.span.end), at.span)
    return " ".join(wider.text.split())


def _declaration(model: rules.Model, d: rules.Declaration, on: int) -> list[str]:
    head = f"**{type(d).__name__.lower()}** `{_signature(d)}`"
    return [head, *_told(d.title), *_statements(_said(model, d), on), *_direction(d), *_amended(model, d, on)]


def _amended(model: rules.Model, d: rules.Declaration, on: int) -> Iterator[str]:
    """What each overlay makes of a declaration, beyond what the law says."""
    for overlay in dict.fromkeys(a.ruleset for a in model.amendments if a.target == d.id):
        under = overlaid(model, overlay)
        law = {(s.en, s.start, s.end) for s in _said(model, d)}
        yield f"**under** `{overlay}`"
        yield from _statements(
            [s for s in _said(under, under.declared[d.id]) if (s.en, s.start, s.end) not in law], on
        )


def _signature(d: rules.Declaration) -> str:
    takes = ", ".join(f"{n}: {types.describe(t)}" for n, t in getattr(d, "parameters", ()))
    of = getattr(d, "type", None)
    returns = f" -> {types.describe(of)}" if of is not None and takes else f": {types.describe(of)}" if of else ""
    return f"{d.name}{f'({takes})' if takes else ''}{returns}"


def _direction(d: rules.Declaration) -> list[str]:
    stricter = getattr(d, "stricter", "")
    return [f"Stricter when {stricter}."] if stricter else []


def _said(model: rules.Model, d: rules.Declaration) -> tuple[Statement, ...]:
    """What a declaration says in words; nothing where it has errors."""
    broken = any(isinstance(e, typed.Failed) for body in bodies(d) for e in _all(body))
    return () if broken else Sentences(model).of(d)


def _all(e: typed.Expression) -> Iterator[typed.Expression]:
    yield e
    for part in typed.parts(e):
        yield from _all(part)


def _statements(said: Sequence[Statement], on: int) -> list[str]:
    shown = [_statement(s, on) for s in said[:MOST_STATEMENTS]]
    rest = len(said) - len(shown)
    return [*shown, *([f"and {rest} more"] if rest > 0 else [])]


def _statement(s: Statement, on: int) -> str:
    holds = (s.start or 0) <= on and (s.end is None or on < s.end)
    dated = s.start is not None or s.end is not None
    force = f" *({'in force' if holds else 'not in force'} on {iso(on)})*" if dated else ""
    cited = f"\n\n  {_cited(s.citations)}" if s.citations else ""
    return f"- {s.en}{force}\n\n  {s.zh}{cited}"


def _cited(citations: Iterable[Citation]) -> str:
    return "; ".join(f"`{c.provision}` ({c.status.value})" for c in citations)


def _told(title: BilingualText | None) -> list[str]:
    return [words] if title is not None and (words := told(title)) else []


def _part(model: rules.Model, owner: str, name: str, on: int) -> list[str]:
    declared = model.declared.get(owner)
    if isinstance(declared, rules.Decision):
        said = [s for s in _said(model, declared) if s.name == name]
        return [f"**rule** `{name}` of `{declared.name}`", *_statements(said, on)]
    if isinstance(declared, rules.RecordType):
        for f in declared.fields:
            if f.name == name:
                return [f"**field** `{name}: {types.describe(f.type)}`", *_told(f.title), *_bounds(f)]
    if isinstance(declared, rules.EnumOf):
        return [f"**member** `{name}` of `{declared.name}`", *_told(dict(declared.members).get(name))]
    return [f"`{owner}.{name}`"]


def _bounds(field: rules.FieldDeclaration) -> list[str]:
    inner = types.inner_of(field.type)
    ends = (("at least", field.least), ("at most", field.most))
    shown = [f"{word} {show_bound(end, inner)}" for word, end in ends if end is not None]
    return [", ".join(shown)] if shown else []


def _provision(model: rules.Model, id: str) -> list[str]:
    provision = model.provisions.get(id)
    if provision is None:
        return [f"**provision** `{id}`"]
    source = model.sources.get(provision.source)
    period = [f"from {iso(provision.citation.start)}"] if provision.citation.start is not None else []
    period += [f"until {iso(provision.citation.end)}"] if provision.citation.end is not None else []
    reading = [f"read on {iso(source.read)}"] if source is not None and source.read is not None else []
    about = ", ".join([provision.status.value, *period, *reading])
    of = _told(source.title) if source is not None else []
    return [f"**provision** `{id}`", provision.title.en, *provision.title.translations, *of, about]


def _users(snapshot: Snapshot, index: Occurrences, at: Occurrence) -> list[str]:
    if at.symbol.kind == "local":
        return []
    found = users(snapshot, index, at)
    tests = sum(r.declared.kind == "test" for r in found)
    names = list(dict.fromkeys(r.declared.name for r in found if r.declared.kind != "test"))
    shown = ", ".join(f"`{n}`" for n in names[:MOST_USERS])
    more = f" and {len(names) - MOST_USERS} more" if len(names) > MOST_USERS else ""
    used = [f"Used by {shown}{more}."] if names else []
    return [*used, *([f"Named in {tests} test{'s' if tests > 1 else ''}."] if tests else [])]
