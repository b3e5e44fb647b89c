"""Sources and provisions from syntax: what rules rest on, and whether it was read. Part of `from_syntax`."""

from __future__ import annotations

from policy.answers import NO_WORDS, Citation, Status
from policy.diagnostics import Collector, Diagnostic, did_you_mean
from policy.model import rules
from policy.model.context import days_of, ordinal
from policy.model.copies import copies_of
from policy.remembered import remembered
from policy.syntax import tree


@remembered
def source_of(s: tree.SourceText) -> tuple[rules.SourceText, list[Diagnostic]]:
    """A source, and what is found in it."""
    found = Collector()
    if s.status is None:
        found.error(
            "unknown-status",
            f"source `{s.name.text}` has no status",
            s.name.span,
            "add `status official`, `secondary`, `press` or `house`",
        )
    start, end = days_of(s.period, found)
    source = rules.SourceText(
        id=s.name.text,
        ruleset="",
        title=s.title,
        span=s.span,
        reference=s.reference,
        issued=s.issued.isoformat() if s.issued else "",
        start=start if start is not None else ordinal(s.issued),
        end=end,
        read=ordinal(s.reading.on) if s.reading else None,
        copies=copies_of(s, found),
        holds_until=ordinal(s.reading.holds_until) if s.reading else None,
        status=_status(s.status, found) if s.status else Status.HOUSE,
        note=s.note or NO_WORDS,
    )
    return source, found.found


@remembered
def provision_of(
    p: tree.Provision, ruleset: str, source: rules.SourceText
) -> tuple[rules.Provision, list[Diagnostic]]:
    """A provision of a source, and what is found in it."""
    found = Collector()
    name = p.name.text
    status = _status(p.status, found) if p.status else source.status
    start, end = days_of(p.period, found)
    if p.period is None:
        start, end = source.start, source.end
    provision = rules.Provision(
        id=name,
        ruleset=ruleset,
        title=p.text,
        span=p.span,
        source=source.id,
        status=status,
        pillar=p.pillar.text if p.pillar else "",
        measure=p.measure.text if p.measure else "",
        excused=p.excused,
        citation=Citation(name, source.id, source.reference, status, p.text, start, end),
    )
    return provision, found.found


def _status(name: tree.Name, found: Collector) -> Status:
    known = {s.value: s for s in Status}
    if name.text not in known:
        found.error(
            "unknown-status",
            f"`{name.text}` is not a status",
            name.span,
            did_you_mean(name.text, known) or "a status is official, secondary, press or house",
        )
    return known.get(name.text, Status.HOUSE)
