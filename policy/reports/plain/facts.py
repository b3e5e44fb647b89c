"""Facts at their paths, and what they are, as people read them.

In: the parameters of a question; paths such as `position.asset.class`, and values as an author writes them. Out: the
titles of what leads there, owners first, and the value, in English and Chinese. Absent: facts themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import assert_never

from attrs import field, frozen

from policy.answers import NO_WORDS, BilingualText, joined
from policy.model import rules, types
from policy.model.types import Type
from policy.reports.plain import amounts
from policy.reports.plain.names import Titles, in_full, spaced

NOT_STATED = BilingualText("not stated", "未述明")
DATE = BilingualText("the date", "日期")
EMPTY = BilingualText("an empty list", "空列表")
_MOST_ITEMS = 3  # of a list with more, so many are told, and how many there are
_STEP = re.compile(r"\.|\[(\d+)\]\.?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_TESTS = {
    "is": ("{}", "{}"),
    "is not": ("not {}", "並非{}"),
    ">=": ("at least {}", "不少於{}"),
    "<=": ("at most {}", "不多於{}"),
    "from": ("from {}", "由{}起"),
    "until": ("before {}", "在{}前"),
    "is absent": ("not stated{}", "未述明{}"),
    "is present": ("stated{}", "已述明{}"),
}


@frozen(eq=False)
class ToldFacts:
    """The facts that something asks for, by path."""

    model: rules.Model
    parameters: dict[str, Type]
    titles: dict[str, BilingualText] = field(factory=dict)  # of parameters that have one

    @classmethod
    def of(cls, model: rules.Model, question: object) -> ToldFacts:
        parameters: rules.Parameters = getattr(question, "parameters", ())
        called = zip(parameters, getattr(question, "called", ()), strict=False)
        return cls(model, dict(parameters), {name: title for (name, _), (title, _) in called if title.en})

    def title(self, path: str) -> BilingualText:
        """What the fact is called."""
        return self._resolved(path)[0]

    def said(self, path: str, text: str) -> tuple[BilingualText, BilingualText]:
        """What the fact is called, and its value."""
        title, of = self._resolved(path)
        return title, in_words(self.model, text, of)

    def needed(self, name: str) -> BilingualText:
        """What is missing, as the rules call it: a parameter, a calendar or question not in force, or a fact."""
        found = self.parameter(name) or self._question(name)
        return in_full(found.title, found.name) if found else self.title(name)

    def _question(self, name: str) -> rules.Value | rules.Table | rules.Calendar | None:
        known = [q for q in self.model.of_kind(rules.Value, rules.Table, rules.Calendar) if name in (q.id, q.name)]
        return known[0] if len(known) == 1 else None

    def parameter(self, name: str) -> rules.Parameter | None:
        """The parameter of that name, full or short, if there is one."""
        known = [p for p in self.model.of_kind(rules.Parameter) if name in (p.id, p.name)]
        return known[0] if len(known) == 1 else None

    def limited(self, path: str, ways: Iterable[Iterable[tuple[str, str]]]) -> tuple[BilingualText, BilingualText]:
        """What the fact is called, and what is so of it: one of these ways, each of tests that all hold."""
        title, of = (DATE, types.DATE) if path == "today" else self._resolved(path)
        said = []
        for way in ways:
            parts = [(_TESTS[operator], in_words(self.model, text, of)) for operator, text in way]
            en = " and ".join(forms[0].format(value.en) for forms, value in parts)
            zh = "並".join(forms[1].format(value.zh) for forms, value in parts)
            said.append(BilingualText(en, zh))
        return title, BilingualText(" or ".join(w.en for w in said), "或".join(w.zh for w in said))

    def _resolved(self, path: str) -> tuple[BilingualText, Type]:
        """What the fact at a path is called, owners first, and its type."""
        name, *steps = [s for s in _STEP.split(path) if s]
        of = self.parameters.get(name, types.BROKEN)
        titles: list[BilingualText] = []
        for step in steps:
            inner = types.inner_of(of)
            if isinstance(inner, types.ListOf) and step.isdigit():
                of = inner.of
                titles.append(BilingualText(f"no. {int(step) + 1}", f"第{int(step) + 1}項"))
            elif isinstance(inner, types.Record):
                fields = {f.name: f for f in self.model.get(rules.RecordType, inner.name).fields}
                if step not in fields:  # as of an earlier rulebook
                    titles.append(BilingualText(spaced(step), spaced(step)))
                    of = types.BROKEN
                    continue
                of = fields[step].type
                titles.append(in_full(fields[step].title, step))
        if not titles:
            return in_full(self.titles.get(path, NO_WORDS), path), of
        return joined(titles, ", ", "，"), of


def told_list(items: Sequence[BilingualText]) -> BilingualText:
    """`a, b, c`; of a long list the first few: `7: a, b, c and 4 more`."""
    first = items if len(items) <= _MOST_ITEMS + 1 else items[:_MOST_ITEMS]
    told, more = joined(first, ", ", "、"), len(items) - len(first)
    if not more:
        return told
    return BilingualText(f"{len(items)}: {told.en} and {more} more", f"共{len(items)}項：{told.zh}及另外{more}項")


def in_words(model: rules.Model, text: str, of: Type) -> BilingualText:
    """A value as an author writes it, as people read it."""
    inner = types.inner_of(of)
    if text == "none":
        return BilingualText("none", "無")
    match inner:
        case types.Boolean() if text in ("true", "false"):
            return BilingualText("yes", "是") if text == "true" else BilingualText("no", "否")
        case types.Enum(_, members) if text in members:
            return Titles(model).member(inner, text)
        case types.Date() if _ISO.fullmatch(text):
            day = date.fromisoformat(text).toordinal()
            return BilingualText(amounts.long_day(day), amounts.chinese_day(day))
        case types.Instant():
            iso = amounts.moved(text, model.offset)
            return BilingualText(amounts.long_moment(iso), amounts.chinese_moment(iso))
        case types.Number():
            shown = amounts.grouped(text)
            return BilingualText(amounts.said_in_english(shown), amounts.said_in_chinese(shown))
        case types.Boolean() | types.Enum() | types.Date() | types.Text():
            return BilingualText(text, text)
        case types.Record() | types.SetOf() | types.ListOf() | types.OptionalOf() | types.Broken():
            return BilingualText(text, text)
        case _:
            assert_never(inner)
