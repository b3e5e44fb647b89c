"""Booleans that rules turn on and that no phrase tells, and places in phrases that stand for nothing.

In: a model. Out: findings. Absent: rulesets in which nothing has a phrase; their sentences quote titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policy.diagnostics import Diagnostic, Severity
from policy.model import expressions as x, rules, types
from policy.model.traversal import everything
from policy.remembered import remembered, remembered_items
from policy.source import Span

_PLACE = re.compile(r"\{(\w*)\}")


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    telling = {d.ruleset for d in model.declared.values() if _tells(d)}
    for d in model.declared.values():
        if d.ruleset not in telling:
            continue
        if isinstance(d, rules.Decision) or (
            isinstance(d, rules.Value | rules.Parameter) and isinstance(d.type, types.Boolean)
        ):
            yield from _lacking(d.name, d.phrases, d.span, needs_says=True)
        yield from _misplaced(d)
    for record, name in sorted(_turned_on(model)):
        declared = model.get(rules.RecordType, record)
        field = next(f for f in declared.fields if f.name == name)
        if declared.ruleset in telling:
            yield from _lacking(name, field.phrases, field.span, needs_says=not field.title.en)


def _tells(d: rules.Declaration) -> bool:
    phrases = [d.phrases, *(f.phrases for f in d.fields)] if isinstance(d, rules.RecordType) else [d.phrases]
    return any(p != rules.NO_PHRASES for p in phrases)


@remembered_items
def _misplaced(d: rules.Declaration) -> Iterator[Diagnostic]:
    """Places in phrases that stand for nothing."""
    asked: rules.Parameters = getattr(d, "parameters", ())
    told = [(d.phrases, d.span, {"", *(name for name, _ in asked)})]
    if isinstance(d, rules.RecordType):
        told += [(f.phrases, f.span, {"", "a"}) for f in d.fields]
    if isinstance(d, rules.Asking):
        told += [(phrases, span, {"", "a"}) for (_, phrases), span in zip(d.called, d.binders, strict=True)]
    for phrases, span, known in told:
        for text in (phrases.says.en, phrases.says.zh, phrases.otherwise.en, phrases.otherwise.zh):
            for place in _PLACE.findall(text):
                if place not in known:
                    shown = ", ".join(f"`{{{k}}}`" for k in sorted(known))
                    yield Diagnostic("unknown-name", f"`{{{place}}}` stands for nothing", span, f"it may be {shown}")


def _turned_on(model: rules.Model) -> set[tuple[str, str]]:
    """The boolean fields that rules ask for."""
    return set().union(*map(_asked, model.declared.values()))


@remembered
def _asked(d: rules.Declaration) -> frozenset[tuple[str, str]]:
    found = set()
    for e in everything(d):
        if isinstance(e, x.FieldAccess) and isinstance(e.type, types.Boolean):
            of = types.inner_of(e.of.type)
            if isinstance(of, types.Record):
                found.add((of.name, e.name))
    return frozenset(found)


def _lacking(name: str, phrases: rules.Phrases, span: Span, needs_says: bool) -> Iterator[Diagnostic]:
    missing = [
        word
        for word, said, needed in (("says", phrases.says, needs_says), ("otherwise", phrases.otherwise, True))
        if needed and not said.en
    ]
    if missing:
        when = " or ".join("where it is true" if word == "says" else "where it is not" for word in missing)
        words = " and ".join(f'`{word} "…" zh "…"`' for word in missing)
        yield Diagnostic(
            "no-phrase",
            f"no sentence tells `{name}` {when}",
            span,
            f"add {words} after the title, as whole sentences without a full stop",
            Severity.WARNING,
        )
