"""Expressions in Traditional Chinese, as Hong Kong writes it.

In: expressions of a model, by way of `phrasing`. Out: phrases. A parameter without a title is called by its kind,
with its name in brackets where two are of one kind. Absent: any text that was not given a Chinese
title by an author.
"""

from __future__ import annotations

from itertools import pairwise
from typing import assert_never

from policy.answers import NO_WORDS, BilingualText
from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.model.rules import NO_PHRASES
from policy.model.types import Type
from policy.reports.plain import amounts
from policy.reports.plain.chinese_days import ChineseDays
from policy.reports.plain.chinese_words import (
    AMOUNTS,
    KINDS,
    MODES,
    NIL,
    NOUNS,
    NUMBERS,
    ORDINALS,
    RANKS,
    THING,
    TIMES,
    VERBS,
)
from policy.reports.plain.names import spaced
from policy.reports.plain.phrasing import Phrasing, denies
from policy.reports.plain.wording import Calculation, Comparison
from policy.vocabulary import (
    ExtremumOperator,
    OrderOperator,
    RoundingMode,
)


def noun_of(of: Type, phrasing: Phrasing) -> str:
    """What a thing of some type is called that has no title of its own."""
    match of:
        case types.OptionalOf(inner):
            return noun_of(inner, phrasing)
        case types.ListOf(inner) | types.SetOf(inner):
            return f"各{noun_of(inner, phrasing)}"
        case types.Record(name) | types.Enum(name, _):
            return phrasing.names.declared(name).zh
        case types.Number(unit, _):
            return NOUNS[unit.replace(" ", ":").partition(":")[0]]
        case types.Date():
            return "日期"
        case types.Instant():
            return "時間"
        case types.Boolean() | types.Text() | types.Broken():
            return THING
        case _:
            assert_never(of)


class Chinese(ChineseDays):
    """Traditional Chinese."""

    today = "作出決定當日"
    verbs = frozenset(("大於", *NUMBERS.values(), *AMOUNTS.values(), *TIMES.values(), *RANKS.values()))
    none = "無"
    that_amount = "該數額"

    def pick(self, words: BilingualText) -> str:
        return words.zh or words.en

    def article(self, noun: str) -> str:
        return noun

    def one_of(self, items: str) -> str:
        return f"{items}之一"

    def of_which(self, said: str, owner: str) -> str:
        shared = next((n for n in range(len(said), 1, -1) if owner.endswith(said[:n])), 0)
        return owner + said[shared:] if shared else f"{said}（{owner}）"

    def explained(self, number: str, title: str) -> str:
        return f"{number}（{title}）"

    def share_of(self, share: str, whole: str) -> str:
        return f"{whole}的{share}"

    def within(self, term: str, bounds: list[tuple[OrderOperator, str]], of: Type) -> str:
        return term + self.bounds(bounds, of)

    def bounds(self, bounds: list[tuple[OrderOperator, str]], of: Type) -> str:
        return "但".join(self.bound(operator, bound, of) for operator, bound in bounds)

    def if_any(self, term: str) -> str:
        return f"{term}（如有）"

    def beside_nil(self, left: str, operator: Comparison) -> str:
        self.subjects.append(left)
        return f"{left}{NIL[operator]}"

    def at_least_nil(self, term: str, nil: str) -> str:
        return f"{term}，如為負數則為零"

    def divided(self, whole: str, by: str, least: str) -> str:
        return f"{whole}除以{by}（最少以{least}計）"

    def amount(self, value: object, of: Type) -> str:
        if isinstance(of, types.Text) and str(value).isascii() and str(value).isalnum():
            return str(value)
        return amounts.chinese(value, of, self.names.model.offset)

    def bracketed(self, text: str) -> str:
        return f"（{text}）"

    def local(self, name: str, of: Type) -> str:
        title = self.called.get(name, (NO_WORDS, NO_PHRASES))[0] if name not in self.variables else NO_WORDS
        return self.titled(title) if title.zh else f"該{self.noun(name, of)}"

    def noun(self, name: str, of: Type) -> str:
        """Something by its kind, and by its name too where two of a kind are spoken of, or its kind says nothing."""
        noun = noun_of(of, self)
        alike = [n for n, t in self.in_scope().items() if n == name or noun_of(t, self) == noun]
        if noun == THING or len(alike) > len(ORDINALS):
            return f"{noun}（{spaced(name)}）"
        return noun if len(alike) < 2 else noun + ORDINALS[alike.index(name)]

    def titled(self, title: BilingualText) -> str:
        return f"「{title.zh}」" if "是否" in title.zh or "？" in title.zh else title.zh

    def field(self, of: Expression, title: BilingualText, kind: Type) -> str:
        text = self.titled(title)
        if self.untold(of, title.zh):
            return text
        owner = self.term(of)
        shared = next((n for n in range(len(text), 1, -1) if owner.endswith(text[:n])), 0)
        return f"{owner}的{text[shared:] or text}"

    def given(self, e: x.Apply) -> str:
        things, taken = self.about(e)
        for_these = ["就" + "、".join(things) + "而言"] if things else []
        return f"（{'，'.join([*for_these, *taken])}）" if things or taken else ""

    def taken(self, name: str, yes: bool) -> str:
        return f"「{name}」作{'是' if yes else '否'}"

    def applied(self, title: BilingualText, e: x.Apply) -> str:
        things, taken = self.about(e)
        if_so = f"在{'、'.join(taken)}的情況下" if taken else ""
        computed = f"按{'、'.join(things)}計算的" if things else if_so and "，"
        return if_so + computed + self.titled(title)

    def or_else(self, first: str, second: str) -> str:
        return f"（{first}，如無則{second}）"

    def or_nil(self, first: str) -> str:
        return f"{first}（如無則以零計）"

    def arithmetic(self, operator: Calculation, left: str, right: str) -> str:
        return f"{left}{VERBS[operator]}{right}"

    def negative(self, term: str) -> str:
        return f"負的{term}"

    def size_of(self, term: str) -> str:
        return f"{term}的絕對值"

    def root_of(self, term: str) -> str:
        return f"{term}的平方根"

    def counted(self, term: str, one: str) -> str:
        return f"{term}（以{amounts.said_in_chinese(one).removeprefix('1').removeprefix('個')}計）"

    def power(self, term: str, exponent: int) -> str:
        named = {2: "平方", 3: "立方"}.get(exponent, f"{exponent}次方")
        return f"{term}的{named}"

    def remainder(self, whole: str, part: str) -> str:
        return f"{whole}除以{part}的餘數"

    def multiple(self, whole: str, part: str, holds: bool) -> str:
        return f"{whole}{'是' if holds else '並非'}{part}的倍數"

    def extreme(self, operator: ExtremumOperator, terms: list[str]) -> str:
        high = operator == "max"
        if len(terms) == 2:
            return f"{terms[0]}與{terms[1]}兩者中的較{'高' if high else '低'}者"
        return f"{'、'.join(terms)}當中的最{'高' if high else '低'}者"

    def either(self, condition: str, then: str, otherwise: str) -> str:
        return f"如{condition}，為{then}；否則為{otherwise}"

    def in_case(self, condition: str, then: str, otherwise: str) -> str:
        return f"{then}（如{condition}），或{otherwise}（在其他情況下）"

    def rounded(self, term: str, mode: RoundingMode, step: str) -> str:
        return f"{term}，{MODES[mode].format(step)}"

    def kept_between(self, term: str, low: str, high: str) -> str:
        return f"{term}，但不少於{low}且不多於{high}"

    def _only(self, e: x.Aggregate) -> str:
        """Which of many count."""
        return f"（只計{self.condition(e.where)}者）" if e.where is not None else ""

    def _of_each(self, e: x.Aggregate) -> str:
        return f"{self.inner(e.over)}中每項{self._only(e)}"

    def gathered(self, e: x.Aggregate) -> str:
        if e.kind == "count" and isinstance(e.body, x.Local):
            return f"{self.inner(e.over)}的數目{self._only(e)}"
        if isinstance(e.body.type, types.Enum) and (e.kind == "min" or e.kind == "max"):
            return f"{self._of_each(e)}的{self.inner(e.body)}當中的最{'低' if e.kind == 'min' else '高'}者"
        if e.kind == "only" or e.kind == "first":
            where = f"（{self.condition(e.where)}者）" if e.where is not None else ""
            found = f"{self.inner(e.over)}{where}中{self._order(e)}{'唯一一' if e.kind == 'only' else '首'}項"
            return found if self.is_element(e) else f"{found}的{self.inner(e.body)}"
        if e.kind == "list" and (self.is_element(e) or e.order or e.most):
            where = f"中{self.condition(e.where)}者" if e.where is not None else ""
            found = f"{self._order(e)}{self.inner(e.over)}{where}" + (f"的首{e.most}項" if e.most else "")
            return found if self.is_element(e) else f"{found}中每項的{self.inner(e.body)}"
        if e.kind == "largest" or e.kind == "smallest":
            what = f"{self.inner(e.body)}中最{'大' if e.kind == 'largest' else '小'}的{e.most}項的總和"
        elif e.kind == "count distinct":
            items = e.body.items if isinstance(e.body, x.ListOf) else (e.body,)
            where = f"只計{self.condition(e.where)}者；" if e.where is not None else ""
            alike = "與".join(self.inner(i) for i in items) + ("均" if len(items) > 1 else "")
            return f"{self.inner(e.over)}的數目（{where}{alike}相同者作一項計）"
        else:
            return f"{self.inner(e.over)}各項{self.inner(e.body)}{KINDS[e.kind]}{self._only(e)}"
        return f"{self._of_each(e)}的{what}"

    def _order(self, e: x.Aggregate) -> str:
        def way(key: x.SortKey) -> str:
            low, high = ("早", "晚") if isinstance(key.by.type, types.Date | types.Instant) else ("低", "高")
            return f"由{low}至{high}" if key.direction == "lowest" else f"由{high}至{low}"

        keys = [f"按{self.inner(key.by)}{way(key)}" for key in e.order]
        return "，再".join(keys) + "排序的" if keys else ""

    def valued(self, title: BilingualText, term: str) -> str:
        return f"{self.titled(title)}{term}"

    def made_of(self, base: str, fields: list[str]) -> str:
        return f"{base}，惟{'、'.join(fields)}" if base and fields else base or "、".join(fields)

    def listed(self, terms: list[str]) -> str:
        return "、".join(terms[:-1]) + "或" + terms[-1] if len(terms) > 1 else "".join(terms) or "無"

    def whether(self, condition: str) -> str:
        return f"「{condition}」是否成立"

    def exists(self, term: str, holds: bool) -> str:
        return f"{'有' if holds else '並無'}{term}"

    def joined(self, every: bool, conditions: list[str]) -> str:
        said = [*conditions[:1], *(self._again(was, c) for was, c in pairwise(conditions))]
        if every and len(said) > len("ab") and not any("，" in c for c in said):
            return f"{'，'.join(said[:-1])}，且{said[-1]}"
        return ("，且" if every else "，或").join(said)

    def _again(self, was: str, condition: str) -> str:
        """A condition after another about the same thing, which is named once."""
        about = (s for s in self.subjects for known in [tuple(f"{s}{verb}" for verb in self.verbs)]
                 if was.startswith(known) and condition.startswith(known))  # fmt: skip
        return condition.removeprefix(next(about, ""))

    def among(self, term: str, inside: bool, items: str, written_out: bool) -> str:
        if written_out:
            return f"{term}{'為' if inside else '並非'}{items}"
        return f"{term}{'屬於' if inside else '不屬於'}{items}"

    def compared(self, left: str, operator: Comparison, right: str, of: Type) -> str:
        self.subjects.append(left)
        return f"{left}{self._verb(operator, of)}{right}"

    def that_for(self, things: list[str]) -> str:
        return f"按{'、'.join(things)}計算者"

    def that_where(self, taken: list[str]) -> str:
        return f"在{'、'.join(taken)}的情況下的數額"

    def alike(self, one: str, other: str, titles: list[BilingualText], same: bool) -> str:
        fields, each = "、".join(title.zh for title in titles), "均" if len(titles) > 1 else ""
        return f"{one}與{other}的{fields}{each}{'相同' if same else '不同'}"

    def bound(self, operator: OrderOperator, bound: str, of: Type) -> str:
        return f"{self._verb(operator, of)}{bound}"

    def _verb(self, operator: Comparison, of: Type) -> str:
        inner = types.inner_of(of)
        if isinstance(inner, types.Enum):
            return RANKS[operator]
        if isinstance(inner, types.Date | types.Instant):
            return TIMES[operator]
        return (NUMBERS if isinstance(inner, types.Number) and inner.unit == "number" else AMOUNTS)[operator]

    def for_some(self, e: x.Aggregate, holds: bool, some: bool = False) -> str:
        where = f"（{self.condition(e.where)}者）" if e.where is not None else ""
        among = f"{self.inner(e.over)}{where}{'（須有最少一個）' if some else ''}"
        every = (e.kind == "all" and holds) or (e.kind == "any" and not holds and denies(e.body))
        whole = self.condition(e.body, (e.kind == "all") is every)
        said, subject = (t.removeprefix("該") for t in (whole, self.local(e.variable, self.variables[e.variable])))
        head = "並無任何一項" if e.kind == "any" and not holds else "最少有一項"
        if said.startswith(subject) and not isinstance(e.body, x.Chain) and e.where is None:
            rest = said.removeprefix(subject)
            if not rest.startswith("的"):
                return f"{among}均{rest}" if every else f"{among}中{head}{rest}"
        joint = "同時" if isinstance(e.body, x.Chain) and e.body.operator == "and" else ""
        if every:
            again = whole.startswith("就") and "中每項" in whole
            return f"就{among}中每項{'及' + whole.removeprefix('就') if again else '而言，' + whole}"
        return f"{among}中{head}{joint}符合以下條件：{whole}"

    def settled(self, true: bool) -> str:
        return "必然成立" if true else "必不成立"

    def answered(self, title: BilingualText, e: x.Apply, yes: bool) -> str:
        return f"「{title.zh}」{self.given(e)}的答案為{'是' if yes else '否'}"

    def stated(self, of: Expression, title: BilingualText, true: bool) -> str:
        about = "" if self.alone(of) else f"{self.term(of)}的"
        return f"{about}「{title.zh}」{'成立' if true else '不成立'}"

    def parameter_so(self, title: BilingualText, yes: bool) -> str:
        return f"「{title.zh}」的答案為{'是' if yes else '否'}"

    def true_of(self, term: str, true: bool) -> str:
        return f"{term}{'成立' if true else '不成立'}"
