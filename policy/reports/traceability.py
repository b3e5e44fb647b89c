"""Traceability as rows: every provision of every source, what stands on it, its tests, and who relied on it.

In: the rows of `testing.traceability`, the model, and what a journal's decisions relied on. Out: `Traceability`.
Absent: a judgement of what is covered; that is one computation, and it is not here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import frozen

from policy.answers import NO_WORDS, BilingualText, Status
from policy.ir.from_model import location_of
from policy.ir.program import Location
from policy.model import rules
from policy.reports.decisions import DecisionRow, DecisionTally
from policy.reports.plain.names import in_full
from policy.reports.reach import SourceRow, source_row
from policy.reports.render import anchor
from policy.reports.rows import case_anchor
from policy.testing.coverage import Summary
from policy.testing.run import Result
from policy.testing.traceability import STATES, CitedPiece, Traced

TITLE = BilingualText("Traceability: provisions, rules, tests and decisions", "條文追溯：條文、規則、測試及決定")
_STATES = {
    "untested": BilingualText("untested", "未經測試"),
    "failing": BilingualText("failing", "測試未通過"),
    "excused": BilingualText("not encoded, for this reason", "未編入規則（附理由）"),
    "tested": BilingualText("tested", "已測試"),
    "not in force": BilingualText("not in force on the date asked", "當日無效"),
}
STATUSES = {
    Status.OFFICIAL.value: BilingualText("official", "官方文本"),
    Status.SECONDARY.value: BilingualText("secondary", "二手資料"),
    Status.PRESS.value: BilingualText("press", "報章"),
    Status.HOUSE.value: BilingualText("house", "自訂"),
}
_FIRST = 3  # tests named beside a piece
_RULE = re.compile(r"rule `(\w+)`")
_PIECES_ZH = (
    (re.compile(r"row (\d+) of"), "第{}列"),
    (re.compile(r"line (\d+) of"), "第{}項次序"),
    (re.compile(r"a version of"), "版本"),
    (re.compile(r"a version that tightens"), "收緊之版本"),
    (re.compile(r"a row that tightens"), "收緊之列"),
    (re.compile(r"the `otherwise` of"), "其他情況"),
    (re.compile(r"parameter"), "參數"),
    (re.compile(r"property"), "恆常保證"),
    (re.compile(r"rule"), "規則"),
)


@frozen
class TracedPiece:
    """A rule, row or version, with how many tests made it speak and the first of them."""

    what: BilingualText
    of: BilingualText
    place: str
    anchor: str  # in the rulebook
    tests: int
    first: tuple[int, ...]  # numbers of tests
    can_speak: bool
    failed: bool


@frozen
class TestRow:
    """A test that made a rule speak, and the provisions that stand behind what spoke."""

    number: int
    title: BilingualText
    place: str
    anchor: str  # in the rulebook
    passed: bool
    provisions: tuple[str, ...]


@frozen
class TracedProvision:
    """One provision."""

    provision: str
    text: BilingualText
    status: str
    pillar: BilingualText
    measure: BilingualText
    state: str
    state_words: BilingualText
    excused: BilingualText
    pieces: tuple[TracedPiece, ...]
    tests: int
    relied: int
    first: tuple[int, ...]


@frozen
class SourceRows:
    """A source, and its provisions: those that want attention first."""

    source: SourceRow
    rows: tuple[TracedProvision, ...]


@frozen
class Count:
    """How many provisions are of a kind, and what became of them: tested, not encoded for a reason, or neither.

    The bars are in thousandths of all of the kind, rounded down.
    """

    what: BilingualText
    provisions: int
    tested: int
    excused: int
    untested: int  # or failing
    tested_bar: int
    excused_bar: int
    untested_bar: int


@frozen
class Traceability:
    """The whole."""

    percent: int
    pieces: int
    uncovered: tuple[tuple[BilingualText, str], ...]
    states: tuple[tuple[BilingualText, str, int], ...]
    by_status: tuple[Count, ...]
    by_pillar: tuple[Count, ...]
    by_measure: tuple[Count, ...]
    sources: tuple[SourceRows, ...]
    tests: tuple[TestRow, ...]
    decisions: int | None  # in the journal, where one was given
    decided: tuple[DecisionRow, ...]  # the first that relied on each provision


def traceability_of(
    model: rules.Model, traced: Sequence[Traced], summary: Summary, decided: DecisionTally | None
) -> Traceability:
    """The rows of the report."""
    says = {
        location_of(r.span): r.because
        for d in (*model.declared.values(), *model.amendments)
        for r in getattr(d, "rules", ())
    }
    tests = _tests(traced)
    numbers = {t.place: t.number for t in tests}
    rows = {t.provision: _row(model, t, says, decided, numbers) for t in traced}
    known = [p for p in model.provisions.values() if p.id in rows]
    sources = []
    for source in model.sources.values():
        own = [rows[p.id] for p in model.provisions.values() if p.source == source.id]
        if own:
            ordered = sorted(own, key=lambda r: STATES.index(r.state))
            sources.append(SourceRows(source_row(source), tuple(ordered)))
    every = list(rows.values())
    found = Counter(r.state for r in every)
    return Traceability(
        summary.percent,
        len(summary.pieces),
        tuple((_piece_of(p.what), str(p.place)) for p in summary.uncovered),
        tuple((_STATES[s], s, found[s]) for s in STATES),
        _counts([(p.status.value, rows[p.id]) for p in known], STATUSES),
        _counts([(p.pillar, rows[p.id]) for p in known], _members(model, "Pillar")),
        _counts([(p.measure, rows[p.id]) for p in known], _members(model, "Measure")),
        tuple(sorted(sources, key=lambda s: min(STATES.index(r.state) for r in s.rows))),
        tests,
        decided.count if decided else None,
        decided.rows() if decided else (),
    )


def _tests(traced: Sequence[Traced]) -> tuple[TestRow, ...]:
    """Every test that made a piece speak, in the order of the files."""
    behind: dict[str, tuple[Result, dict[str, None]]] = {}
    for t in traced:
        for piece in t.pieces:
            for result in piece.tests:
                behind.setdefault(result.place, (result, {}))[1][t.provision] = None
    return tuple(
        TestRow(
            number,
            BilingualText(result.title, result.title_zh),
            place,
            case_anchor(place),
            result.passed,
            tuple(provisions),
        )
        for number, (place, (result, provisions)) in enumerate(behind.items(), 1)
    )


def _row(
    model: rules.Model,
    t: Traced,
    says: Mapping[Location, BilingualText],
    decided: DecisionTally | None,
    numbers: Mapping[str, int],
) -> TracedProvision:
    p = model.provisions[t.provision]
    relied, first = decided.provisions.get(t.provision, (0, ())) if decided else (0, ())
    return TracedProvision(
        t.provision,
        p.title,
        p.status.value,
        _members(model, "Pillar").get(p.pillar, BilingualText(p.pillar)),
        _members(model, "Measure").get(p.measure, BilingualText(p.measure.replace("_", " "))),
        t.state,
        _STATES[t.state],
        t.excused or NO_WORDS,
        tuple(
            TracedPiece(
                _piece(s, says),
                in_full(model.declared[s.declared].title, s.declared),
                str(s.place),
                _anchor(s),
                len(s.tests),
                tuple(numbers[r.place] for r in s.tests[:_FIRST]),
                s.can_speak,
                s.failed,
            )
            for s in t.pieces
        ),
        len({test.place for s in t.pieces for test in s.tests}),
        relied,
        first,
    )


def _anchor(s: CitedPiece) -> str:
    """Where the rulebook has the piece: a rule of its own, or the declaration that it is part of."""
    rule = _RULE.match(s.what)
    return anchor(s.declared) + (f"--{rule[1]}" if rule else "")


def _members(model: rules.Model, enum: str) -> dict[str, BilingualText]:
    """The members of the rulebook's enum of that name, where it has one."""
    found = [e for e in model.of_kind(rules.EnumOf) if e.name == enum]
    return dict(found[0].members) if found else {}


def _counts(rows: list[tuple[str, TracedProvision]], titles: dict[str, BilingualText]) -> tuple[Count, ...]:
    counts = []
    for name in (*titles, *sorted({kind for kind, _ in rows} - {*titles, ""})):
        own = [r for kind, r in rows if kind == name and r.state != "not in force"]
        if own:
            tested, excused = (sum(r.state == state for r in own) for state in ("tested", "excused"))
            each = tested, excused, len(own) - tested - excused
            counts.append(
                Count(titles.get(name, BilingualText(name)), len(own), *each, *(1000 * n // len(own) for n in each))
            )
    return tuple(counts)


def _piece(s: CitedPiece, says: Mapping[Location, BilingualText]) -> BilingualText:
    """A piece of the rules; in Chinese, where it is a rule, by what it says, as its name is English."""
    words = _piece_of(s.what)
    return BilingualText(words.en, says[s.place].zh or words.zh) if s.place in says else words


def _piece_of(what: str) -> BilingualText:
    for pattern, zh in _PIECES_ZH:
        if found := pattern.match(what):
            return BilingualText(what.replace("`", "").replace("_", " "), zh.format(*found.groups()))
    raise AssertionError(f"`{what}` has no Chinese")
