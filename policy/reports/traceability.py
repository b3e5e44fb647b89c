"""Traceability as rows: every provision of every source, what stands on it, its tests, and who relied on it.

In: the rows of `testing.traceability`, the model, and what a journal's decisions relied on. Out: `Traceability`.
Absent: a judgement of what is covered; that is one computation, and it is not here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from attrs import frozen

from policy.decisions import Status, Words
from policy.model import rules
from policy.reports.book.figures import Cover
from policy.reports.plain.names import in_full
from policy.reports.reach import SourceRow, source_row
from policy.reports.reliance import Reliance
from policy.testing.coverage import Summary
from policy.testing.traceability import STATES, Traced

TITLE = Words("Traceability", "條文追溯")
_STATES_ZH = {
    "untested": "未經測試",
    "failing": "測試未通過",
    "excused": "獲豁免",
    "tested": "已測試",
    "not in force": "當日無效",
}


@frozen
class Piece:
    """A rule, row or version, with how many tests made it speak and the first of them."""

    what: Words
    of: Words
    place: str
    tests: int
    first: str
    can_speak: bool


@frozen
class Row:
    """One provision."""

    provision: str
    text: Words
    status: str
    pillar: str
    measure: str
    state: str
    state_zh: str
    excused: str
    pieces: tuple[Piece, ...]
    tests: int
    relied: int
    first: tuple[int, ...]


@frozen
class SourceRows:
    """A source, and its provisions: those that want attention first."""

    source: SourceRow
    rows: tuple[Row, ...]


@frozen
class Count:
    """How many provisions are of a kind, and how many of them are tested or excused; `share` is in thousandths."""

    what: Words
    provisions: int
    answered: int
    share: int


@frozen
class Traceability:
    """The whole."""

    cover: Cover
    percent: int
    pieces: int
    uncovered: tuple[tuple[str, str], ...]
    states: tuple[tuple[Words, str, int], ...]
    by_status: tuple[Count, ...]
    by_pillar: tuple[Count, ...]
    by_measure: tuple[Count, ...]
    sources: tuple[SourceRows, ...]
    decisions: int | None  # in the journal, where one was given


def traceability_of(
    cover: Cover, model: rules.Model, traced: Sequence[Traced], summary: Summary, reliance: Reliance | None
) -> Traceability:
    """The rows of the report."""
    rows = {t.provision: _row(model, t, reliance) for t in traced}
    sources = []
    for source in model.sources.values():
        own = [rows[p.id] for p in model.provisions.values() if p.source == source.id]
        if own:
            ordered = sorted(own, key=lambda r: STATES.index(r.state))
            sources.append(SourceRows(source_row(source), tuple(ordered)))
    every = list(rows.values())
    found = Counter(r.state for r in every)
    return Traceability(
        cover,
        summary.percent,
        len(summary.pieces),
        tuple((p.what, str(p.place)) for p in summary.uncovered),
        tuple((Words(s, _STATES_ZH[s]), s, found[s]) for s in STATES),
        _counts(every, "status", {s.value: Words(s.value) for s in Status}),
        _counts(every, "pillar", _members(model, "Pillar")),
        _counts(every, "measure", _members(model, "Measure")),
        tuple(sorted(sources, key=lambda s: min(STATES.index(r.state) for r in s.rows))),
        reliance.decisions if reliance else None,
    )


def _row(model: rules.Model, t: Traced, reliance: Reliance | None) -> Row:
    p = model.provisions[t.provision]
    relied = reliance.provisions.get(t.provision) if reliance else None
    return Row(
        t.provision,
        p.title,
        p.status.value,
        p.pillar,
        p.measure,
        t.state,
        _STATES_ZH[t.state],
        t.excused,
        tuple(
            Piece(
                Words(s.what.replace("`", "")),
                in_full(model.declared[s.declared].title, s.declared),
                str(s.place),
                len(s.tests),
                s.tests[0] if s.tests else "",
                s.can_speak,
            )
            for s in t.pieces
        ),
        len({test for s in t.pieces for test in s.tests}),
        relied.count if relied else 0,
        tuple(relied.first) if relied else (),
    )


def _members(model: rules.Model, enum: str) -> dict[str, Words]:
    """The members of the rulebook's enum of that name, where it has one."""
    found = [e for e in model.of_kind(rules.EnumOf) if e.name == enum]
    return dict(found[0].members) if found else {}


def _counts(rows: list[Row], by: str, titles: dict[str, Words]) -> tuple[Count, ...]:
    counts = []
    for name in (*titles, *sorted({getattr(r, by) for r in rows} - {*titles, ""})):
        own = [r for r in rows if getattr(r, by) == name and r.state != "not in force"]
        if own:
            answered = sum(r.state in ("tested", "excused") for r in own)
            counts.append(Count(titles.get(name, Words(name)), len(own), answered, 1000 * answered // len(own)))
    return tuple(counts)
