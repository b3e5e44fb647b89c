"""A book made of a model: concerns, entries, indexes and a timeline.

In: a model (an overlay already laid over it) and a date. Out: `figures.Book`. Absent: any text that is not in the
rules; sentences come from `plain`, examples from the rules' tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import assert_never

from attrs import frozen

from policy.answers import NO_WORDS, BilingualText, Citation, Status, weakest
from policy.model import expressions as x, rules, types
from policy.model.overlays import belongs
from policy.model.values import show
from policy.reports.book.examples import Examples
from policy.reports.book.figures import (
    Bar,
    Concern,
    Cover,
    DateEntry,
    DeclarationEntry,
    DrawnTable,
    GlossaryTerm,
    NotEncoded,
    Paragraph,
    RulebookFigures,
    Said,
    TableRow,
)
from policy.reports.book.network import kind_of, named_in, network_of
from policy.reports.plain.amounts import iso
from policy.reports.plain.names import in_full
from policy.reports.plain.sentences import Sentences, Statement
from policy.reports.proofs import Proof, proofs_by_name, proofs_of
from policy.reports.reach import reading_closed, remarks_on, sources_of
from policy.reports.render import anchor
from policy.reports.rows import by_status, cited
from policy.verify.claims import ClaimResult

TITLE = BilingualText("Rulebook: what the law requires and the platform does", "規則手冊：法規要求及平台做法")
_LAST = 10**9
_SAYING = (
    rules.Decision,
    rules.Priority,
    rules.Value,
    rules.Table,
    rules.Parameter,
    rules.DatedSet,
    rules.Calendar,
    rules.Property,
)
_COUNTED = (
    (rules.Decision, BilingualText("decisions", "決定")),
    (rules.Value, BilingualText("formulas", "公式")),
    (rules.Table, BilingualText("tables", "表")),
    (rules.Parameter, BilingualText("parameters", "參數")),
    (rules.Priority, BilingualText("orders of priority", "優先次序")),
    (rules.Property, BilingualText("properties", "恆常保證")),
)


@frozen(eq=False)
class Setting:
    """What a book is printed for."""

    platform: str
    on: int
    digest: str
    under: str


def book_of(
    model: rules.Model, setting: Setting, verdicts: Sequence[ClaimResult] | None = None
) -> tuple[Cover, RulebookFigures]:
    """The whole book and its cover; `verdicts` are what has been proved and what has not, if anything was to be."""
    chosen = [
        r for r in model.rulesets.values() if not r.amends or (setting.under and belongs(r.name, setting.under))
    ]
    names = {r.name for r in chosen}
    proofs = proofs_by_name(model, verdicts or ())
    maker = _Maker(model, setting, Sentences(model), Examples(model), _claims(model, names), proofs)
    concerns = tuple(c for r in chosen if (c := maker.concern(r)).entries or c.not_encoded)
    entries = [e for c in concerns for e in c.entries]
    cover = Cover(
        TITLE,
        setting.platform,
        show(setting.on, types.DATE),
        setting.digest,
        setting.under,
        by_status((p.id, p.status) for p in _standing(model, entries)),
        remarks_on(model, (p.id for p in _standing(model, entries)), setting.on),
        read=reading_closed(model),
        languages=model.languages,
    )
    paragraphs = tuple(_paragraphs(model, entries))
    moments = {day for e in entries for s in e.said for day in (s.since, s.until)} - {""}
    scale = _Scale.over({*moments, cover.on})
    book = RulebookFigures(
        concerns,
        tuple(sources_of(model, (p.id for p in paragraphs))),
        paragraphs,
        tuple(_terms(model, names)),
        tuple(_timeline(entries, scale)),
        scale.years,
        scale.at(date.fromordinal(setting.on)),
        tuple((title, sum(e.kind == kind.__name__.lower() for e in entries)) for kind, title in _COUNTED),
        None if verdicts is None else proofs_of(model, verdicts, proofs),
    )
    return cover, book


def _weakest(statuses: Iterable[str]) -> str:
    found = weakest(Status(s) for s in statuses if s)
    return found.value if found else ""


def _claims(model: rules.Model, names: set[str]) -> dict[str, list[rules.Property]]:
    """The properties that speak of a declaration."""
    found: dict[str, list[rules.Property]] = {}
    for p in model.of_kind(rules.Property):
        for id in named_in(p) if p.ruleset in names else ():
            found.setdefault(id, []).append(p)
    return found


@frozen(eq=False)
class _Maker:
    model: rules.Model
    setting: Setting
    sentences: Sentences
    examples: Examples
    claims: dict[str, list[rules.Property]]
    proofs: dict[str, tuple[Proof, ...]]

    def concern(self, r: rules.Ruleset) -> Concern:
        said = (
            d for d in self.model.declared.values() if isinstance(d, rules.Question | rules.DatedSet | rules.Calendar)
        )
        mine = [d for d in said if d.ruleset == r.name]
        ordered = sorted(mine, key=lambda d: _SAYING.index(type(d)))  # decisions first, then what they rest on
        return Concern(
            r.name,
            anchor(r.name),
            in_full(r.title, r.name),
            r.amends,
            tuple(self.entry(d) for d in ordered),
            tuple(
                NotEncoded(p.id, p.title, p.status.value, p.excused)
                for p in self.model.provisions.values()
                if p.ruleset == r.name and p.excused
            ),
        )

    def entry(self, d: rules.Question | rules.DatedSet | rules.Calendar) -> DeclarationEntry:
        said = tuple(self.said(s) for s in self.sentences.of(d))
        table = d if isinstance(d, rules.Table) else None
        bodies = (table.body, *table.tightened) if table else ()
        return DeclarationEntry(
            id=d.id,
            anchor=anchor(d.id),
            kind=kind_of(d),
            title=in_full(d.title, d.name),
            stricter=self.sentences.direction(d),
            said=said,
            tables=tuple(self.table(table, body) for body in bodies) if table else (),
            chart=tuple(_chart(bodies[0])) if bodies else (),
            examples=self.examples.of(d)
            if not isinstance(d, rules.DatedSet | rules.Calendar | rules.Property)
            else (),
            ranked=self.examples.ranked(d) if isinstance(d, rules.Priority) else (),
            network=network_of(self.model, d) if isinstance(d, rules.Decision) else None,
            properties=tuple((anchor(p.id), in_full(p.title, p.name)) for p in self.claims.get(d.id, ())),
            proofs=self.proofs.get(d.id, ()),
            status=_weakest(s.status for s in said),
        )

    def said(self, s: Statement) -> Said:
        return Said(
            s.kind,
            s.name,
            *(s.listed or (s.en, s.zh)),
            s.tells,
            s.effect,
            tuple(cited(c) for c in s.citations),
            _status(s.citations),
            iso(s.start),
            iso(s.end),
            self.holds(s.start, s.end),
            s.house,
            str(s.place),
            s.under,
            s.signs,
        )

    def holds(self, start: int | None, end: int | None) -> bool:
        return (start or 0) <= self.setting.on < (end or _LAST)

    def table(self, d: rules.Table, body: rules.Rows) -> DrawnTable:
        grid = self.sentences.grid(d, body)
        rows = [
            TableRow(cells, iso(start), iso(end), self.holds(start, end), tuple(c.provision for c in row.citations))
            for cells, start, end, row in zip(grid.rows, grid.starts, grid.ends, body.rows, strict=True)
        ]
        return DrawnTable(grid.heads, tuple(rows), grid.hit, any(r.since or r.until for r in rows))


def _chart(body: rules.Rows) -> Iterable[Bar]:
    """A schedule of tiers, where a table is one: a single column of bounds, and a constant for each."""
    if len(body.columns) != 1 or len(body.rows) < 4:
        return []
    tiers: list[tuple[str, int, str]] = []
    for row in body.rows:
        (cell,) = row.cells
        if cell.kind != "bounds" or not isinstance(row.result, x.Literal):
            return []
        ceilings = [b for operator, b in cell.tests if operator in ("<", "<=")]
        upto = show(ceilings[0].value, ceilings[0].type) if ceilings and isinstance(ceilings[0], x.Literal) else ""
        tiers.append((upto, row.result.value, show(row.result.value, row.result.type)))
    highest = max((value for _, value, _ in tiers), default=0)
    return [Bar(upto, shown, 1000 * value // highest) for upto, value, shown in tiers] if highest > 0 else []


def _standing(model: rules.Model, entries: list[DeclarationEntry]) -> list[rules.Provision]:
    used = {c.provision for e in entries for s in e.said for c in s.cited}
    return [p for p in model.provisions.values() if p.id in used]


def _paragraphs(model: rules.Model, entries: list[DeclarationEntry]) -> Iterable[Paragraph]:
    standing: dict[str, dict[tuple[str, BilingualText], None]] = {}
    for e in entries:
        for s in e.said:
            for c in s.cited:
                standing.setdefault(c.provision, {})[e.anchor, e.title] = None
    for id, p in sorted(model.provisions.items(), key=lambda item: (item[1].source, _natural(item[0]))):
        if id in standing or p.excused:
            since, until = iso(p.citation.start), iso(p.citation.end)
            entries_on_it = tuple(standing.get(id, ()))
            yield Paragraph(id, p.source, p.title, p.status.value, since, until, p.excused or NO_WORDS, entries_on_it)


def _natural(text: str) -> list[tuple[int, str]]:
    """`7.9` before `7.19`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def _terms(model: rules.Model, names: set[str]) -> Iterable[GlossaryTerm]:
    found: list[GlossaryTerm] = []
    for d in model.declared.values():
        if d.ruleset not in names:
            continue
        title = in_full(d.title, d.name)
        match d:
            case rules.RecordType(fields=fields):
                found += [
                    GlossaryTerm(in_full(f.title, f.name), BilingualText(f"of {title.en}", f"屬{title.zh}"), "")
                    for f in fields
                ]
            case rules.EnumOf(members=members):
                found += [
                    GlossaryTerm(in_full(w, n), BilingualText(f"a kind of {title.en}", f"{title.zh}之一"), "")
                    for n, w in members
                ]
            case rules.Value() | rules.Table() | rules.Parameter() | rules.DatedSet() | rules.Calendar():
                found.append(GlossaryTerm(title, NO_WORDS, anchor(d.id)))
            case rules.Decision() | rules.Priority() | rules.Property():
                pass
            case _:
                assert_never(d)
    for c in model.currencies.values():
        if c.ruleset in names and c.title.en:
            explained = BilingualText(f"{c.title.en}, a currency", f"{c.title.zh or c.title.en}，一種貨幣")
            found.append(GlossaryTerm(BilingualText(c.id, c.id), explained, ""))
    return sorted(dict.fromkeys(found), key=lambda t: (t.title.en.lower(), t.explained.en))


def _timeline(entries: list[DeclarationEntry], scale: _Scale) -> Iterable[DateEntry]:
    begins: dict[str, dict[tuple[str, BilingualText], None]] = {}
    ends: dict[str, dict[tuple[str, BilingualText], None]] = {}
    for e in entries:
        for s in e.said:
            begins.setdefault(s.since, {})[e.anchor, e.title] = None
            ends.setdefault(s.until, {})[e.anchor, e.title] = None
    days = sorted(({*begins, *ends}) - {""})
    busiest = max((len(begins.get(d, ())) + len(ends.get(d, ())) for d in days), default=1)
    for on in days:
        size = 1000 * (len(begins.get(on, ())) + len(ends.get(on, ()))) // busiest
        yield DateEntry(
            on, scale.at(date.fromisoformat(on)), size, tuple(begins.get(on, ())), tuple(ends.get(on, ()))
        )


@frozen
class _Scale:
    """The line of time: from the first day of its first year to the end of its last."""

    first: date
    last: date

    @classmethod
    def over(cls, days: Iterable[str]) -> _Scale:
        known = sorted(days)
        return cls(date(int(known[0][:4]), 1, 1), date(int(known[-1][:4]), 12, 31))

    def at(self, day: date) -> int:
        return 1000 * (day - self.first).days // (self.last - self.first).days

    @property
    def years(self) -> tuple[tuple[str, int], ...]:
        return tuple((str(y), self.at(date(y, 1, 1))) for y in range(self.first.year, self.last.year + 1))


def _status(citations: tuple[Citation, ...]) -> str:
    found = weakest(c.status for c in citations)
    return found.value if found else ""
