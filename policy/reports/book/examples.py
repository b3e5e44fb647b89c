"""The tests of a rulebook as examples in words.

In: a model. Out: rows for each question. Absent: whether a test holds; that is for `policy test` and the
traceability report to say.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from policy.decisions import MISSING, Words
from policy.model import rules, types
from policy.model.types import Type
from policy.reports.book.figures import Example, Ranked
from policy.reports.plain import amounts
from policy.reports.plain.amounts import iso
from policy.reports.plain.names import Names, in_full

_MOST_FACTS = 5  # an example with more facts than these is told by its title
_YES, _NO = Words("yes", "是"), Words("no", "否")


@frozen(eq=False)
class Examples:
    """Puts tests into words."""

    model: rules.Model

    def of(self, question: Any) -> tuple[Example, ...]:
        """The expectations about a question, in order."""
        return tuple(
            self._example(test, e, question)
            for test in self.model.tests
            for e in test.expectations
            if e.question == question.id and e.kind != "before"
        )

    def ranked(self, priority: rules.Priority) -> tuple[Ranked, ...]:
        """What the tests say of who comes first."""
        return tuple(
            Ranked(test.title, iso(test.on), self._differences(priority, e))
            for test in self.model.tests
            for e in test.expectations
            if e.question == priority.id and e.kind == "before"
        )

    def _example(self, test: rules.Test, e: rules.Expectation, question: Any) -> Example:
        parameters = getattr(question, "parameters", ())
        given = [
            fact
            for (name, of), value in zip(parameters, e.arguments, strict=True)
            for fact in self._facts(name, of, value)
        ]
        place = f"{e.span.source.name}:{e.span.line}"
        outcome = self._outcome(e, question)
        return Example(test.title, iso(test.on), tuple(given) if len(given) <= _MOST_FACTS else (), outcome, place)

    def _facts(self, name: str, of: Type, value: Any) -> list[tuple[Words, Words]]:
        """The facts given, a record's field by field."""
        inner = of.of if isinstance(of, types.OptionalOf) else of
        if not isinstance(inner, types.Record):
            return [(in_full(Words(""), name), self._said(value, of))]
        if value is None or value is MISSING:
            return []
        fields = {f.name: f for f in self.model.declared[inner.name].fields}
        found: list[tuple[Words, Words]] = []
        for key, item in value.items():
            kind = fields[key].type
            if isinstance(kind, types.Record):
                found += self._facts(key, kind, item)
            else:
                found.append((in_full(fields[key].title, key), self._said(item, kind)))
        return found

    def _said(self, value: Any, of: Type) -> Words:
        inner = of.of if isinstance(of, types.OptionalOf) else of
        if value is None:
            return Words("none", "無")
        if value is MISSING:
            return Words("not stated", "未述明")
        match inner:
            case types.Enum():
                return Names(self.model).member(inner, value)
            case types.Boolean():
                return _YES if value else _NO
            case types.SetOf(of=item) | types.ListOf(of=item):
                parts = [self._said(v, item) for v in (sorted(value) if isinstance(value, frozenset) else value)]
                return Words(", ".join(p.en for p in parts) or "none", "、".join(p.zh for p in parts) or "無")
            case types.Record():
                facts = self._facts("", inner, value)
                return Words(
                    "; ".join(f"{k.en}: {v.en}" for k, v in facts), "；".join(f"{k.zh}：{v.zh}" for k, v in facts)
                )
        return Words(amounts.english(value, inner), amounts.chinese(value, inner))

    def _outcome(self, e: rules.Expectation, question: Any) -> Words:
        named = sorted(e.names or ())
        match e.kind:
            case "equals":
                return self._said(e.value, question.type)
            case "permitted" | "denied":
                because = self._because(question, named) if isinstance(question, rules.Decision) else Words("")
                yes = _YES if e.kind == "permitted" else _NO
                return Words(f"{yes.en}. {because.en}".removesuffix(" "), f"{yes.zh}。{because.zh}")
            case "undecided":
                listed = ", ".join(named)
                return Words(
                    "undecided" + f", until this is known: {listed}" * bool(named),
                    "未能裁定" + f"，欠缺：{listed}" * bool(named),
                )
        return Words("no answer can be given", "不能作答")

    def _because(self, d: rules.Decision, named: list[str]) -> Words:
        told = [r.because for r in d.rules if r.name in named]
        told += [d.because] if "otherwise" in named else []
        return Words(" ".join(w.en for w in told), "".join(w.zh or w.en for w in told))

    def _differences(self, p: rules.Priority, e: rules.Expectation) -> tuple[tuple[Words, Words, Words], ...]:
        (_, of), first, second = p.parameters[0], e.arguments[0], e.other[0]
        assert isinstance(of, types.Record)
        found = []
        for f in self.model.declared[of.name].fields:
            a, b = first.get(f.name, MISSING), second.get(f.name, MISSING)
            if a is not b and (MISSING is a or MISSING is b or a != b):
                found.append((in_full(f.title, f.name), self._said(a, f.type), self._said(b, f.type)))
        return tuple(found)
