"""Rules that stand on no provision, and provisions that no rule stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import assert_never

from policy.answers import Citation
from policy.diagnostics import Diagnostic, Edit, Severity, without
from policy.model import rules
from policy.remembered import remembered, remembered_items
from policy.source import Span

Cited = tuple[str, Span, tuple[Citation, ...]]


@remembered_items
def cited_pieces(declared: rules.Declaration | rules.Amendment) -> Iterator[Cited]:
    """The citable pieces of a declaration: what each is, where it is, what it stands on."""
    for what, piece in dated_pieces(declared):
        yield what, piece.span, piece.citations
    if isinstance(declared, rules.Parameter) and declared.unset is not None:
        yield f"parameter `{declared.name}`", declared.span, declared.citations
    elif isinstance(declared, rules.Decision):
        yield f"the `otherwise` of `{declared.name}`", declared.span, declared.citations
    elif isinstance(declared, rules.Property):
        yield f"property `{declared.name}`", declared.span, declared.citations


@remembered_items
def dated_pieces(declared: rules.Declaration | rules.Amendment) -> Iterator[tuple[str, rules.Dated]]:
    """Those of them that are in force for a period of their own."""
    match declared:
        case rules.Parameter(unset=unset) if unset is not None:
            return
        case rules.Parameter() | rules.Value():
            for version in chain(declared.versions, *declared.tightened):
                yield f"a version of `{declared.name}`", version
        case rules.DatedSet() | rules.Calendar():
            for change in declared.versions:
                yield f"a version of `{declared.name}`", change
        case rules.Table():
            for rows in (declared.body, *declared.tightened):
                for n, row in enumerate(rows.rows, 1):
                    yield f"row {n} of `{declared.name}`", row
        case rules.Decision():
            for rule in declared.rules:
                yield f"rule `{rule.name}`", rule
        case rules.Priority():
            for n, key in enumerate(declared.keys, 1):
                yield f"line {n} of `{declared.name}`", key
        case rules.Amendment():
            target = declared.target.rpartition(".")[2]
            for version in declared.versions:
                yield f"a version that tightens `{target}`", version
            for row in declared.rows.rows if declared.rows else ():
                yield f"a row that tightens `{target}`", row
            for rule in declared.rules:
                yield f"rule `{rule.name}`", rule
        case rules.EnumOf() | rules.RecordType() | rules.Property():
            return
        case _:
            assert_never(declared)


def standing_on(model: rules.Model) -> dict[str, list[str]]:
    """Provisions to the pieces of rules that stand on them, with the ruleset each is in."""
    result: dict[str, list[str]] = {}
    for declared in (*model.declared.values(), *model.amendments):
        for what, _, citations in cited_pieces(declared):
            where = declared.ruleset if isinstance(declared, rules.Amendment) else declared.id
            for citation in citations:
                result.setdefault(citation.provision, []).append(f"{what} in {where}")
    return result


@remembered
def _provisions(declared: rules.Declaration | rules.Amendment) -> frozenset[str]:
    return frozenset(c.provision for _, _, citations in cited_pieces(declared) for c in citations)


@remembered
def _uncited(declared: rules.Declaration | rules.Amendment) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            "uncited-rule",
            f"{what} cites no provision",
            span,
            "add `per SOURCE/paragraph`; for a rule of your own, declare a source with `status house`",
            Severity.WARNING,
        )
        for what, span, citations in cited_pieces(declared)
        if not citations and not what.startswith(("the `otherwise`", "line "))
    )


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    cited: set[str] = set()
    for declared in (*model.declared.values(), *model.amendments):
        cited |= _provisions(declared)
        yield from _uncited(declared)
    for provision in model.provisions.values():
        if provision.id not in cited and not provision.excused:
            yield Diagnostic(
                "provision-without-rule",
                f"no rule cites `{provision.id}`",
                provision.span,
                'write the rule, or add `excused "…"` with the reason why there is none',
                Severity.WARNING,
            )
        if provision.id in cited and provision.excused:
            yield Diagnostic(
                "needless-excuse",
                f"`{provision.id}` is excused, but rules cite it",
                provision.span,
                "remove `excused`",
                Severity.WARNING,
                fix=_excuse_removed(provision.span),
            )


def _excuse_removed(provision: Span) -> tuple[Edit, ...]:
    text = r'"(?:[^"\\\n]|\\["\\])*"'
    clauses = list(re.finditer(rf"\bexcused\s+{text}(?:\s+zh\s+{text})?|{text}|#[^\n]*", provision.text))
    places = [Span(provision.source, *(provision.start + at for at in m.span())) for m in clauses if m[0][0] == "e"]
    return (without(places[0]),) if len(places) == 1 else ()
