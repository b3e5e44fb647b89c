"""Expressions in Traditional Chinese, as Hong Kong writes it.

In: expressions of a model, by way of `phrasing`. Out: phrases. A parameter has no Chinese title of its own; it is
called by its kind, with its name in brackets where two are of one kind. Absent: any text that was not given a Chinese
title by an author.
"""

from __future__ import annotations

from typing import assert_never

from policy.answers import BilingualText
from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.model.types import Type
from policy.reports.plain import amounts
from policy.reports.plain.names import spaced
from policy.reports.plain.phrasing import Calculation, Comparison, Phrasing
from policy.vocabulary import AggregateKind, ExtremumOperator, OrderOperator, RoundingMode

_VERBS: dict[Calculation, str] = {"+": "加", "-": "減", "*": "乘以", "/": "除以"}
_NUMBERS: dict[Comparison, str] = {
    "is": "為",
    "is not": "並非",
    "<": "少於",
    "<=": "不多於",
    ">": "多於",
    ">=": "不少於",
}
_TIMES: dict[Comparison, str] = _NUMBERS | {"<": "早於", "<=": "不晚於", ">": "晚於", ">=": "不早於"}
_MODES: dict[RoundingMode, str] = {
    "down": "向下取整至{}的倍數",
    "up": "向上取整至{}的倍數",
    "half up": "四捨五入至{}的倍數",
    "half even": "取最接近的{}的倍數（居中則取雙數）",
}
_KINDS: dict[AggregateKind, str] = {
    "sum": "總和",
    "min": "最小值",
    "max": "最大值",
    "count": "數目",
    "count distinct": "不同值的數目",
}
_THING = "事項"
_NOUNS = {"money": "款額", "price": "價格", "quantity": "數量", "rate": "比率", "duration": "時間", "number": "數字"}


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
            return _NOUNS[unit.partition(":")[0]]
        case types.Date():
            return "日期"
        case types.Instant():
            return "時間"
        case types.Boolean() | types.Text() | types.Broken():
            return _THING
        case _:
            assert_never(of)


class Chinese(Phrasing):
    """Traditional Chinese."""

    today = "當日"
    none = "無"

    def pick(self, words: BilingualText) -> str:
        return words.zh

    def member(self, words: BilingualText) -> str:
        return f"「{words.zh}」"

    def amount(self, value: object, of: Type) -> str:
        return amounts.chinese(value, of)

    def bracketed(self, text: str) -> str:
        return f"（{text}）"

    def local(self, name: str, of: Type) -> str:
        return f"該{self.noun(name, of)}"

    def noun(self, name: str, of: Type) -> str:
        """Something by its kind, and by its name too where two of a kind are spoken of, or its kind says nothing."""
        noun = noun_of(of, self)
        alike = [n for n, t in self.in_scope().items() if n == name or noun_of(t, self) == noun]
        return noun if len(alike) < 2 and noun != _THING else f"{noun}（{spaced(name)}）"

    def titled(self, title: BilingualText) -> str:
        return f"「{title.zh}」" if "是否" in title.zh or "？" in title.zh else title.zh

    def field(self, of: Expression, title: BilingualText, kind: Type) -> str:
        return f"{self.term(of)}的{self.titled(title)}"

    def given(self, e: x.Apply) -> str:
        if len(e.arguments) == 1 and self.alone(e.arguments[0]):
            return ""
        things, taken = self.about(e)
        told = [f"「{name}」作{'是' if yes else '否'}" for name, yes in taken]
        for_these = ["就" + "、".join(things) + "而言"] if things else []
        return f"（{'，'.join([*for_these, *told])}）" if e.arguments else ""

    def applied(self, title: BilingualText, e: x.Apply) -> str:
        return self.titled(title) + self.given(e)

    def or_else(self, first: str, second: str) -> str:
        return f"（{first}，如無則{second}）"

    def arithmetic(self, operator: Calculation, left: str, right: str) -> str:
        return f"{left}{_VERBS[operator]}{right}"

    def negative(self, term: str) -> str:
        return f"負的{term}"

    def size_of(self, term: str) -> str:
        return f"{term}的絕對值"

    def root_of(self, term: str) -> str:
        return f"{term}的平方根"

    def remainder(self, whole: str, part: str) -> str:
        return f"{whole}除以{part}的餘數"

    def multiple(self, whole: str, part: str, holds: bool) -> str:
        return f"{whole}{'是' if holds else '並非'}{part}的倍數"

    def days_later(self, later: bool, day: str, days: str) -> str:
        return f"{day}{'後' if later else '前'}{days}日之日"

    def months_later(self, day: str, months: int) -> str:
        return f"{day}{'後' if months >= 0 else '前'}{abs(months)}個月之日"

    def extreme(self, operator: ExtremumOperator, terms: list[str]) -> str:
        return f"{'、'.join(terms)}當中{'最小' if operator == 'min' else '最大'}者"

    def either(self, condition: str, then: str, otherwise: str) -> str:
        return f"如{condition}，則：{then}；否則：{otherwise}"

    def rounded(self, term: str, mode: RoundingMode, step: str) -> str:
        return f"{term}，{_MODES[mode].format(step)}"

    def kept_between(self, term: str, low: str, high: str) -> str:
        return f"{term}，但不少於{low}且不多於{high}"

    def _of_each(self, e: x.Aggregate) -> str:
        where = f"中符合（{self.condition(e.where)}）者" if e.where is not None else ""
        return f"就{self.inner(e.over)}{where}的每項{self._variable(e)}"

    def _variable(self, e: x.Aggregate) -> str:
        return self.noun(e.variable, self.variables[e.variable])

    def gathered(self, e: x.Aggregate) -> str:
        return f"{self._of_each(e)}，{self.inner(e.body)}的{_KINDS[e.kind]}"

    def listed(self, terms: list[str]) -> str:
        return "、".join(terms[:-1]) + "或" + terms[-1] if len(terms) > 1 else "".join(terms) or "無"

    def whether(self, condition: str) -> str:
        return f"「{condition}」是否成立"

    def exists(self, term: str, holds: bool) -> str:
        return f"{'有' if holds else '並無'}{term}"

    def joined(self, every: bool, conditions: list[str]) -> str:
        return ("，且" if every else "，或").join(conditions)

    def among(self, term: str, inside: bool, items: str, written_out: bool) -> str:
        if written_out:
            return f"{term}{'為' if inside else '並非'}{items}"
        return f"{term}{'屬於' if inside else '不屬於'}{items}"

    def compared(self, left: str, operator: Comparison, right: str, of: Type) -> str:
        return f"{left}{self._verb(operator, of)}{right}"

    def bound(self, operator: OrderOperator, bound: str, of: Type) -> str:
        return f"{self._verb(operator, of)}{bound}"

    def _verb(self, operator: Comparison, of: Type) -> str:
        inner = of.of if isinstance(of, types.OptionalOf) else of
        return (_TIMES if isinstance(inner, types.Date | types.Instant) else _NUMBERS)[operator]

    def for_some(self, e: x.Aggregate, holds: bool) -> str:
        where = f"中符合（{self.condition(e.where)}）者" if e.where is not None else ""
        among = f"{self.inner(e.over)}{where}"
        body = self.condition(e.body)
        head = {
            ("any", True): "至少一項",
            ("any", False): "沒有任何",
            ("all", True): "每項",
            ("all", False): "並非每項",
        }[e.kind, holds]
        return f"{among}，{head}{self._variable(e)}符合：{body}"

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
