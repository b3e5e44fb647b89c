"""Declarations as sentences: one for each rule, row, version, line of priority and property.

In: a model. Out: `Statement`s, in the order of the rules, each in English and in Traditional Chinese; tables also as
heads and cells. Everything is said from the typed model: there is no second text that could come to differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, assert_never

from attrs import evolve, field, frozen

from policy.answers import NO_WORDS, BilingualText, Citation
from policy.ir.from_model import location_of
from policy.ir.program import Location
from policy.model import expressions as x, rules, types
from policy.model.calendar import D, periods
from policy.model.expressions import Expression
from policy.reports.plain.chinese import Chinese
from policy.reports.plain.chinese_frame import ChineseFrame
from policy.reports.plain.clauses import Clause, once
from policy.reports.plain.decisions import Teller, ToldDecision
from policy.reports.plain.english import English
from policy.reports.plain.frames import EnglishFrame
from policy.reports.plain.names import Titles, in_full
from policy.reports.plain.points import Language, as_either, cases_of, drawn_cell, points_of, results_of, tested
from policy.reports.plain.scope import Called
from policy.reports.plain.signs import ENOUGH, ChineseSigns, EnglishSigns, figures, in_signs, nesting, steps
from policy.vocabulary import RuntimeValue

_DIRECTIONS = {
    "higher": BilingualText("the stricter the higher", "愈高愈嚴格"),
    "lower": BilingualText("the stricter the lower", "愈低愈嚴格"),
    "permitted": BilingualText("a duty: the stricter when the answer is yes", "屬責任：答案為是則較嚴格"),
}
_ROUNDED = {"down": BilingualText("down", "向下取整"), "up": BilingualText("up", "向上取整")}
_HITS = {
    "first": BilingualText("The first row that applies decides.", "以首個適用的一列為準。"),
    "only": BilingualText("Exactly one row applies.", "每宗個案只適用其中一列。"),
    "highest": BilingualText("Of the rows that apply, the highest decides.", "以適用各列中最高者為準。"),
    "lowest": BilingualText("Of the rows that apply, the lowest decides.", "以適用各列中最低者為準。"),
    "sum": BilingualText("The rows that apply are added up.", "把適用各列相加。"),
}


_NUMBERED = re.compile(r"(\D+|^)(\d*)")  # so that paragraph 9.4 comes before 12.12

_FEW = 2  # conditions of a property that are told in one breath, unless one has clauses of its own

StatementKind = Literal["rule", "otherwise", "version", "unset", "row", "line", "property", "members", "name"]


@frozen
class Statement:
    """One piece of the rules in words."""

    kind: StatementKind
    name: str
    en: Clause
    zh: Clause
    citations: tuple[Citation, ...]
    place: Location
    start: int | None
    end: int | None
    tells: BilingualText = NO_WORDS  # what the rule itself says to people
    effect: str = ""
    house: bool = False  # laid over the law by an overlay
    listed: tuple[Clause, Clause] | None = None  # the same in its place in a longer sentence, in English and Chinese
    under: BilingualText = NO_WORDS  # what this and its neighbours have in common, told once above them
    signs: tuple[BilingualText, ...] = ()  # a long formula, line by line


@frozen
class TableDrawing:
    """A table as drawn: heads, and a line of cells for each row; the results stand last."""

    heads: tuple[BilingualText, ...]
    rows: tuple[tuple[BilingualText, ...], ...]
    starts: tuple[int | None, ...]
    ends: tuple[int | None, ...]
    hit: BilingualText


@frozen(eq=False)
class Sentences:
    """Puts the declarations of a model into words."""

    model: rules.Model
    names: Titles = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "names", Titles(self.model))

    def of(self, d: rules.Declaration) -> tuple[Statement, ...]:
        """What a declaration says, its local names first; records, enums and the like say nothing."""
        local = d.local if isinstance(d, rules.Asking) else ()
        return (*(self._name(d, name) for name in local), *self._own(d))

    def _own(self, d: rules.Declaration) -> tuple[Statement, ...]:
        match d:
            case rules.Decision():
                told = ToldDecision(d)
                return tuple(self._part(told, r) for r in told.order)
            case rules.Value():
                return self._versions(d)
            case rules.Parameter(unset=unset) if unset is not None:
                return (self._unset(d, unset),)
            case rules.Parameter():
                return self._versions(d)
            case rules.Table():
                bodies = (d.body, *d.tightened)
                return tuple(
                    self._row(d, body, row, n, at > 0)
                    for at, body in enumerate(bodies)
                    for n, row in enumerate(body.rows, 1)
                )
            case rules.Priority():
                return tuple(self._line(d, k, n) for n, k in enumerate(d.keys, 1))
            case rules.Property():
                return (self._property(d),)
            case rules.DatedSet():
                return tuple(self._members(d, v) for v in ended(d.versions))
            case rules.Calendar():
                return tuple(self._days(d, v) for v in d.versions)
            case rules.EnumOf() | rules.RecordType():
                return ()
            case _:
                assert_never(d)

    def direction(self, d: rules.Declared) -> BilingualText:
        """Which way is stricter, where the rules say; and why it is rounded the other way, where they do."""
        way = _DIRECTIONS.get(getattr(d, "stricter", ""), NO_WORDS)
        leniency = getattr(d, "leniency", None)
        if leniency is None:
            return way
        rounded, why = _ROUNDED[leniency.mode], leniency.because
        zh = f"{way.zh}，惟{rounded.zh}：{why.zh or why.en}"
        return BilingualText(f"{way.en}, though rounded {rounded.en}: {why.en}", zh)

    def grid(self, d: rules.Table, body: rules.Rows) -> TableDrawing:
        """A table's rows as they are drawn."""
        en, zh = self._languages(d)
        heads = [BilingualText(en[0].term(c), zh[0].term(c)) for c in body.columns]
        rows = [
            (
                *(
                    BilingualText(drawn_cell(en, c, col), drawn_cell(zh, c, col))
                    for c, col in zip(r.cells, body.columns, strict=True)
                ),
                *(BilingualText(en[0].term(e), zh[0].term(e)) for e in results_of(r.result)),
            )
            for r in body.rows
        ]
        starts, ends = tuple(r.start for r in body.rows), tuple(r.end for r in body.rows)
        return TableDrawing((*heads, *self._answers(d)), tuple(rows), starts, ends, _HITS[d.hit])

    def _answers(self, d: rules.Table) -> tuple[BilingualText, ...]:
        """What stands above a table's results: its title, or those of the fields that each row gives."""
        if isinstance(d.type, types.Record):
            fields = self.model.get(rules.RecordType, d.type.name).fields
            return tuple(in_full(f.title, f.name) for f in fields)
        return (in_full(d.title, d.name),)

    # ── pieces ──────────────────────────────────────────────────────────────────────────────

    def _languages(self, d: rules.Declaration) -> tuple[Language, Language]:
        own = self._own_names(d)
        return (English(*own), EnglishFrame()), (Chinese(*own), ChineseFrame())

    def _own_names(
        self, d: rules.Declaration
    ) -> tuple[Titles, rules.Parameters, Called, tuple[rules.LocalName, ...]]:
        return self.names, getattr(d, "parameters", ()), getattr(d, "called", ()), getattr(d, "local", ())

    def _part(self, told: ToldDecision, r: rules.Rule | None) -> Statement:
        """A rule of a decision, or its `otherwise`: in its place in the sentence, and alone."""
        d = told.decision
        en, zh = (Teller(told, *language) for language in self._languages(d))
        if r is None:
            whole = rules.Dated(citations=d.citations, span=d.span)
            said = StatementContext(
                "otherwise", "otherwise", d.because, d.otherwise, False, (en.otherwise(), zh.otherwise())
            )
            return self._statement(said, (en.remaining(), zh.remaining()), whole)
        under, listed = BilingualText(en.under(r), zh.under(r)), (en.listed(r), zh.listed(r))
        said = StatementContext("rule", r.name, r.because, r.effect, told.house(r), listed, under)
        return self._statement(said, (en.alone(r), zh.alone(r)), r)

    def _versions(self, d: rules.Value | rules.Parameter) -> tuple[Statement, ...]:
        laid = [
            (v, house) for house, vs in ((False, d.versions), *((True, t) for t in d.tightened)) for v in ended(vs)
        ]
        return tuple(self._version(d, v, house) for v, house in laid)

    def _version(self, d: rules.Value | rules.Parameter, v: rules.Version, house: bool) -> Statement:
        title = in_full(d.title, d.name)

        own = self._own_names(d)
        signs = (EnglishSigns(*own), ChineseSigns(*own)) if self._riddle(d, v.body) else None

        def clause(language: Language) -> Clause:
            phrasing, frame = language
            words = phrasing.pick(title)
            if signs is not None:
                formula = signs[isinstance(frame, ChineseFrame)]
                legend = [(phrasing.literal(n.value, n.type), phrasing.titled(t)) for n, t in self._figures(v.body)]
                period = frame.period(v.start, v.end)
                return frame.computed(period, phrasing.titled(title), *cases_of(formula, v.body), legend)
            either = (frame.answer(words, False), frame.answer(words, True))
            return _worth(
                language, frame.period(v.start, v.end), phrasing.titled(title), either, title, d.phrases, v.body
            )

        said = self._said(StatementContext("version", d.name, house=house), d, clause, v)
        long = signs is None and steps(v.body) >= ENOUGH
        return evolve(said, signs=self._signs(d, title, v.body)) if long else said

    def _riddle(self, d: rules.Value | rules.Parameter, e: Expression) -> bool:
        """Whether a formula has brackets within brackets in words: it is told in signs."""
        if not isinstance(types.inner_of(e.type), types.Number) or "{}" in d.phrases.says.en:
            return False
        (english, _), _ = self._languages(d)
        cases, last = cases_of(english, e)
        return any(nesting(term) > 1 for term in (*(term for _, term in cases), last))

    def _figures(self, e: Expression) -> list[tuple[x.Literal, BilingualText]]:
        """The numbers with a title in a formula, each once."""
        named = dict.fromkeys(n.name for n in figures(e))
        found = ((self.names.one_number(name), self.names.declared(name)) for name in named)
        return [(number, title) for number, title in found if number is not None]

    def _signs(
        self, d: rules.Value | rules.Parameter, title: BilingualText, e: Expression
    ) -> tuple[BilingualText, ...]:
        if isinstance(e.type, types.Boolean):
            return ()
        own = self._own_names(d)
        each = [in_signs(words, words.titled(title), e) for words in (EnglishSigns(*own), ChineseSigns(*own))]
        return tuple(BilingualText(en, zh) for en, zh in zip(*each, strict=True))

    def _name(self, d: rules.Declaration, name: rules.LocalName) -> Statement:
        title = in_full(name.title, name.name)

        def clause(language: Language) -> Clause:
            term = language[0].local(name.name, name.body.type)
            said = (language[0].true_of(term, False), language[0].true_of(term, True))
            return _worth(language, "", term, said, title, name.phrases, name.body)

        return self._said(StatementContext("name", name.name), d, clause, rules.Dated(span=name.span))

    def _unset(self, d: rules.Parameter, why: BilingualText) -> Statement:
        def clause(language: Language) -> Clause:
            phrasing, frame = language
            title, reason = in_full(d.title, d.name), phrasing.pick(why)
            if isinstance(d.type, types.Boolean):
                return frame.unsettled(phrasing.spoken(title, d.phrases, True), phrasing.pick(title), reason)
            return frame.unknown(phrasing.titled(title), reason)

        whole = rules.Dated(citations=d.citations, span=d.span)
        return self._said(StatementContext("unset", d.name), d, clause, whole)

    def _row(self, d: rules.Table, body: rules.Rows, row: rules.Row, n: int, house: bool) -> Statement:
        def clause(language: Language) -> Clause:
            phrasing, frame = language
            said = [
                tested(phrasing, cell, column)
                for cell, column in zip(row.cells, body.columns, strict=True)
                if cell.kind != "any" and not (cell.kind == "other" and not cell.items)
            ]
            says, result = phrasing.pick(d.phrases.says), phrasing.term(row.result)
            title = phrasing.titled(in_full(d.title, d.name))
            worth = phrasing.filled(says, {"": result}) if "{}" in says else frame.worth(title, result)
            return frame.row(frame.period(row.start, row.end), said, worth)

        return self._said(StatementContext("row", f"{d.name} {n}", house=house), d, clause, row)

    def _line(self, d: rules.Priority, k: rules.Key, n: int) -> Statement:
        def clause(language: Language) -> Clause:
            phrasing, frame = language
            side = phrasing.term(k.side) if k.side is not None else ""
            ranks = [phrasing.literal(r, k.by.type) for r in k.ranks]
            timed = isinstance(k.by.type, types.Date | types.Instant)
            kind = {"lowest": "earliest", "highest": "latest"}.get(k.kind, k.kind) if timed else k.kind
            return frame.line(frame.period(k.start, k.end), kind, phrasing.term(k.by), side, ranks)

        return self._said(StatementContext("line", f"{d.name} {n}"), d, clause, k)

    def _property(self, d: rules.Property) -> Statement:
        def clause(language: Language) -> Clause:
            phrasing, frame = language
            points = phrasing.each(points_of((d.where,), "and"), True, True, True) if d.where is not None else []
            many = len(points) > _FEW or (len(points) == _FEW and any(re.search("[,，]", p) for p in points))
            where = frame.numbered(points) if many else phrasing.condition(d.where) if d.where else ""
            if isinstance(d.always, rules.Precedes):
                by = phrasing.titled(phrasing.names.declared(d.always.priority))
                holds = [frame.precedes(phrasing.term(d.always.first), phrasing.term(d.always.second), by)]
            else:
                holds = [phrasing.condition(p) for p in points_of((d.always,), "and")]
            return frame.always(where, holds)

        whole = rules.Dated(citations=d.citations, span=d.span)
        return self._said(StatementContext("property", d.name, d.title), d, clause, whole)

    def _members(self, d: rules.DatedSet, v: rules.SetVersion) -> Statement:
        of = d.type.of if isinstance(d.type, types.SetOf) else d.type

        def name(item: RuntimeValue) -> list[tuple[int, str]]:
            text = self.names.member(of, str(item)).en if isinstance(of, types.Enum) else str(item)
            return [(int(n or 0), word) for word, n in _NUMBERED.findall(text)]

        def clause(language: Language) -> Clause:
            phrasing, frame = language
            items = [phrasing.literal(item, of) for item in sorted(v.items, key=name)]
            return frame.members(frame.period(v.start, v.end), phrasing.titled(in_full(d.title, d.name)), items)

        return self._said(StatementContext("members", d.name), d, clause, v)

    def _days(self, d: rules.Calendar, v: rules.CalendarVersion) -> Statement:
        def clause(language: Language) -> Clause:
            phrasing, frame = language
            holidays = [
                phrasing.explained(phrasing.amount(day, types.DATE), phrasing.pick(title))
                if title.en
                else phrasing.amount(day, types.DATE)
                for day, title in sorted(v.holidays, key=lambda h: h[0])
            ]
            title = phrasing.titled(in_full(d.title, d.name))
            return frame.business_days(frame.period(v.start, v.end), title, d.rest, holidays)

        return self._said(StatementContext("members", d.name), d, clause, v)

    def _said(
        self, said: StatementContext, d: rules.Declaration, clause: Callable[[Language], Clause], dated: rules.Dated
    ) -> Statement:
        en, zh = (once(clause(language), language[0].explanations) for language in self._languages(d))
        return self._statement(said, (en, zh), dated)

    def _statement(self, said: StatementContext, clauses: tuple[Clause, Clause], dated: rules.Dated) -> Statement:
        return Statement(
            said.kind,
            said.name,
            *clauses,
            dated.citations,
            location_of(dated.span),
            dated.start,
            dated.end,
            said.tells,
            said.effect,
            said.house,
            said.listed,
            said.under,
        )


@frozen
class StatementContext:
    """What is known of a statement before its sentence is."""

    kind: StatementKind
    name: str
    tells: BilingualText = NO_WORDS
    effect: str = ""
    house: bool = False
    listed: tuple[Clause, Clause] | None = None
    under: BilingualText = NO_WORDS


def _worth(
    language: Language,
    period: str,
    term: str,
    without: tuple[str, str],
    title: BilingualText,
    phrases: rules.Phrases,
    body: Expression,
) -> Clause:
    """That `term` is worth `body`, or holds where that does: `without` a phrase, that it does not and does."""
    phrasing, frame = language
    if not isinstance(body.type, types.Boolean):
        says = phrasing.pick(phrases.says)
        if "{}" in says:
            return frame.settled(period, phrasing.filled(says, {"": phrasing.term(body)}))
        return frame.is_worth(period, term, *cases_of(phrasing, body))
    yes = phrasing.spoken(title, phrases, True) or without[True]
    no = phrasing.spoken(title, phrases, False) or without[False]
    if isinstance(body, x.Literal):
        return frame.settled(period, yes if body.value else no)
    body = as_either(body)
    either = isinstance(body, x.Chain) and body.operator == "or"
    points = points_of((body,), "or" if either else "and")
    said = [phrasing.condition(p) for p in points]
    own = {name: phrasing.local(name, of) for name, of in phrasing.parameters.items()}
    return frame.holds_where(period, phrasing.filled(yes, own), phrasing.filled(no, own), said, not either)


def ended(versions: Sequence[D]) -> list[D]:
    """The versions in the order of time, each with the day on which the next takes its place."""
    return [evolve(version, start=start, end=end) for version, start, end in periods(versions)]
