"""The tests of a rulebook as examples in words.

In: a model. Out: rows for each question, numbered; an example with many facts tells only those that differ from an
earlier one. Absent: whether a test holds; that is for `policy test` and the traceability report to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from attrs import field, frozen

from policy.answers import MISSING, NO_WORDS, BilingualText, joined
from policy.model import rules, types
from policy.model.types import Type
from policy.reports.book.figures import Example, Ranked
from policy.reports.plain import amounts
from policy.reports.plain.amounts import iso
from policy.reports.plain.chinese import Chinese
from policy.reports.plain.facts import EMPTY, NOT_STATED, ToldFacts, told_list
from policy.reports.plain.names import Titles, in_full, spaced
from policy.reports.rows import case_anchor
from policy.vocabulary import RuntimeValue

_FEW_FACTS = 3  # so many are always told in full
_MOST_DIFFERENCES = 6
_YES, _NO = BilingualText("yes", "是"), BilingualText("no", "否")
Path = tuple[BilingualText, ...]
Difference = tuple[Path, BilingualText, BilingualText]


@frozen(eq=False)
class Examples:
    """Puts tests into words."""

    model: rules.Model
    told: set[str] = field(factory=set)  # tests that have their place in the book

    def of(self, question: rules.Question) -> tuple[Example, ...]:
        """The expectations about a question, in order."""
        made: list[Example] = []
        in_full: dict[int, rules.Expectation] = {}  # those told in full, by number
        for test, e in self._expectations(question.id):
            if e.kind == "before":
                continue
            number = len(made) + 1
            base, given = self._given(question, e, in_full)
            if not base:
                in_full[number] = e
            place = f"{e.span.source.name}:{e.span.line}"
            outcome = self._outcome(e, question)
            made.append(Example(number, test.title, iso(test.on), base, given, outcome, place, self._anchor(test)))
        return tuple(made)

    def ranked(self, priority: rules.Priority) -> tuple[Ranked, ...]:
        """What the tests say of who comes first."""
        (_, of) = priority.parameters[0]
        return tuple(
            Ranked(
                test.title,
                iso(test.on),
                tuple(
                    (joined(path, ", ", "，"), a, b)
                    for path, a, b in self._differ((), of, e.arguments[0], e.other[0])
                ),
                self._anchor(test),
            )
            for test, e in self._expectations(priority.id)
            if e.kind == "before"
        )

    def _anchor(self, test: rules.Test) -> str:
        """Of the first example of a test only; a page has each name once."""
        anchor = case_anchor(f"{test.span.source.name}:{test.span.line}")
        if anchor in self.told:
            return ""
        self.told.add(anchor)
        return anchor

    def _expectations(self, question: str) -> Iterator[tuple[rules.Test, rules.Expectation]]:
        for test in self.model.tests:
            yield from ((test, e) for e in test.expectations if e.question == question)

    # ── facts ───────────────────────────────────────────────────────────────────────────────

    def _given(
        self, question: rules.Question, e: rules.Expectation, earlier: Mapping[int, rules.Expectation]
    ) -> tuple[int, tuple[tuple[BilingualText, BilingualText], ...]]:
        """The facts in full, or the number of the earlier example that they are close to, and what differs."""
        asked = self._asked(question)
        whole = [
            f for (path, of), value in zip(asked, e.arguments, strict=True) for f in self._facts(path, of, value)
        ]
        if len(whole) > _FEW_FACTS:
            apart = {
                number: [
                    d
                    for (path, of), a, b in zip(asked, other.arguments, e.arguments, strict=True)
                    for d in self._differ(path, of, a, b)
                ]
                for number, other in earlier.items()
            }
            nearest = min(apart, key=lambda number: len(apart[number]), default=0)
            if nearest and len(apart[nearest]) <= min(_MOST_DIFFERENCES, len(whole) // 2):
                return nearest, tuple((joined(path, ", ", "，"), now) for path, _, now in apart[nearest])
        return 0, tuple(whole)

    def _asked(self, question: rules.Question) -> list[tuple[Path, Type]]:
        """What the parameters are called; a record alone goes without saying."""
        parameters = getattr(question, "parameters", ())
        titles = [title for title, _ in getattr(question, "called", ())] or [NO_WORDS] * len(parameters)
        chinese = Chinese(Titles(self.model), parameters)
        alone = len(parameters) == 1 and all(isinstance(types.inner_of(of), types.Record) for _, of in parameters)
        own = [
            BilingualText(t.en or spaced(n), t.zh or chinese.noun(n, of), t.others)
            for t, (n, of) in zip(titles, parameters, strict=True)
        ]
        return [(() if alone else (title,), of) for title, (_, of) in zip(own, parameters, strict=True)]

    def _facts(self, path: Path, of: Type, value: RuntimeValue) -> list[tuple[BilingualText, BilingualText]]:
        """The facts given, a record's field by field, each with what leads to it."""
        inner = types.inner_of(of)
        if not isinstance(inner, types.Record) or value is None or value is MISSING:
            return [(joined(path, ", ", "，") if path else self._title(inner), self._said(value, of))]
        return [
            fact
            for key, title, kind in self._fields(inner)
            if key in value
            for fact in self._facts((*path, title), kind, value[key])
        ]

    def _differ(self, path: Path, of: Type, before: RuntimeValue, now: RuntimeValue) -> list[Difference]:
        """Where two values differ, as deep down as can be said."""
        inner = types.inner_of(of)
        if _same(before, now):
            return []
        if isinstance(inner, types.Record) and isinstance(before, dict) and isinstance(now, dict):
            return [
                d
                for key, title, kind in self._fields(inner)
                for d in self._differ((*path, title), kind, before.get(key, MISSING), now.get(key, MISSING))
            ]
        if isinstance(inner, types.ListOf) and _alike(before, now):
            return [
                d
                for n, (a, b) in enumerate(zip(before, now, strict=True), 1)
                for d in self._differ((*path, BilingualText(f"no. {n}", f"第{n}項")), inner.of, a, b)
            ]
        return [(path or (self._title(inner),), self._said(before, of), self._said(now, of))]

    def _fields(self, record: types.Record) -> list[tuple[str, BilingualText, Type]]:
        return [
            (f.name, in_full(f.title, f.name), f.type) for f in self.model.get(rules.RecordType, record.name).fields
        ]

    def _title(self, of: Type) -> BilingualText:
        return (
            Titles(self.model).declared(of.name)
            if isinstance(of, types.Record | types.Enum)
            else BilingualText("fact", "事實")
        )

    def _said(self, value: RuntimeValue, of: Type) -> BilingualText:
        inner = types.inner_of(of)
        if value is None:
            return BilingualText("none", "無")
        if value is MISSING:
            return NOT_STATED
        match inner:
            case types.Enum():
                return Titles(self.model).member(inner, value)
            case types.Boolean():
                return _YES if value else _NO
            case types.SetOf(of=item) | types.ListOf(of=item):
                items = sorted(value) if isinstance(value, frozenset) else value
                return told_list([self._said(v, item) for v in items]) if items else EMPTY
            case types.Record():
                facts = self._facts((), inner, self._as_facts(value, inner))
                en = "; ".join(f"{k.en}: {v.en}" for k, v in facts)
                return BilingualText(f"({en})", f"（{'；'.join(f'{k.zh}：{v.zh}' for k, v in facts)}）")
            case types.Text() | types.Date() | types.Instant() | types.Number() | types.OptionalOf() | types.Broken():
                offset = self.model.offset
                return BilingualText(amounts.english(value, inner, offset), amounts.chinese(value, inner, offset))
            case _:
                assert_never(inner)

    # ── answers ─────────────────────────────────────────────────────────────────────────────

    def _outcome(self, e: rules.Expectation, question: rules.Question) -> BilingualText:
        named = sorted(e.names or ())
        match e.kind:
            case "equals":
                assert isinstance(question, rules.Parameter | rules.Value | rules.Table)
                return self._field_said(e, question.type)
            case "permitted" | "denied":
                because = self._because(question, named) if isinstance(question, rules.Decision) else NO_WORDS
                yes = _YES if e.kind == "permitted" else _NO
                told = joined([yes, because], ". ", "。")
                return told if because.en else BilingualText(f"{yes.en}.", told.zh)
            case "undecided":
                needed = [ToldFacts.of(self.model, question).needed(n) for n in named]
                return BilingualText(
                    "undecided" + f", until this is known: {', '.join(w.en for w in needed)}" * bool(named),
                    "未能決定" + f"，欠缺：{'、'.join(w.zh for w in needed)}" * bool(named),
                )
            case "refused":
                return BilingualText("these facts are not accepted", "不接納此等事實")
            case "fails" | "before":
                return BilingualText("no answer can be given", "不能作答")
            case _:
                assert_never(e.kind)

    def _as_facts(self, value: RuntimeValue, of: Type) -> object:
        """An answer that is a record, as facts are held."""
        if not isinstance(of, types.Record) or not isinstance(value, tuple):
            return value
        return {name: self._as_facts(v, t) for (name, _, t), v in zip(self._fields(of), value, strict=True)}

    def _field_said(self, e: rules.Expectation, of: Type) -> BilingualText:
        """An answer; of a record perhaps one field alone, by its title."""
        titles: list[BilingualText] = []
        for name in e.way:
            assert isinstance(of, types.Record)
            title, of = next((title, t) for n, title, t in self._fields(of) if n == name)
            titles.append(title)
        said = self._said(e.value, of)
        if not titles:
            return said
        en, zh = ", ".join(t.en for t in titles), "".join(t.zh for t in titles)
        return BilingualText(f"{en}: {said.en}", f"{zh}：{said.zh}")

    def _because(self, d: rules.Decision, named: list[str]) -> BilingualText:
        told = [r.because for r in d.rules if r.name in named]
        told += [d.because] if "otherwise" in named else []
        return joined(told, " ", "")


def _same(a: RuntimeValue, b: RuntimeValue) -> bool:
    """Equality that may be asked of what is missing."""
    if a is b or a is MISSING or b is MISSING:
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if _alike(a, b):
        return all(_same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def _alike(before: object, now: object) -> bool:
    """Whether two lists can be told apart item by item."""
    return isinstance(before, list | tuple) and isinstance(now, list | tuple) and len(before) == len(now)
