"""Formulas in signs, to stand beside the words: `loan − min(100%; call level) × lending value`.

In: the body of a value, and the phrases of a language. Out: lines, the first with the name of what is computed; a
formula by cases has a line for each. Absent: formulas so short that their sentence is as clear.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.answers import BilingualText
from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.reports.plain.chinese import Chinese
from policy.reports.plain.english import English
from policy.reports.plain.phrasing import Phrasing
from policy.reports.plain.wording import Calculation
from policy.vocabulary import AggregateKind, ExtremumOperator, RoundingMode, SortDirection

ENOUGH = 3  # steps of computing, from which on signs say more than words
_SIGNS: dict[Calculation, str] = {"+": "+", "-": "−", "*": "×", "/": "÷"}
_RANKS: dict[str, int] = {"+": 1, "-": 1, "*": 2, "/": 2}
_EXTREME: dict[ExtremumOperator, BilingualText] = {
    "min": BilingualText("min", "最小值"),
    "max": BilingualText("max", "最大值"),
}
_GATHERED: dict[AggregateKind, BilingualText] = {
    "min": _EXTREME["min"],
    "max": _EXTREME["max"],
    "sum": BilingualText("sum", "總和"),
    "largest": BilingualText("sum of the {} largest", "最大{}項總和"),
    "smallest": BilingualText("sum of the {} smallest", "最小{}項總和"),
    "average": BilingualText("average", "平均值"),
    "median": BilingualText("median", "中位數"),
    "count": BilingualText("number of", "數目"),
    "count distinct": BilingualText("number of different", "相異數目"),
    "list": BilingualText("each", "各項"),
    "only": BilingualText("only one", "唯一"),
    "first": BilingualText("first", "首項"),
    "any": BilingualText("any", "任何"),
    "all": BilingualText("all", "全部"),
}
_FIRST = BilingualText("each of the first {}", "首{}項")
_ORDERED: dict[SortDirection, BilingualText] = {
    "lowest": BilingualText("{}, ascending", "{}由低至高"),
    "highest": BilingualText("{}, descending", "{}由高至低"),
}
_ROUNDED: dict[RoundingMode, BilingualText] = {
    "down": BilingualText("round down", "向下取整"),
    "up": BilingualText("round up", "向上取整"),
    "half up": BilingualText("round half up", "四捨五入"),
    "half even": BilingualText("round half to even", "四捨六入五成雙"),
}


class Signs(Phrasing):
    """Arithmetic in signs; facts, parameters and conditions by their words."""

    in_words = False  # within a condition

    def condition(self, e: Expression, holds: bool = True) -> str:
        around, self.in_words = self.in_words, True
        said = super().condition(e, holds)
        self.in_words = around
        return said

    def term(self, e: Expression) -> str:
        text = super().term(e)
        named = not self.in_words and isinstance(e, x.FieldAccess | x.Local | x.Named | x.Apply)
        return text.removeprefix("the ") if named else text

    def inner(self, e: Expression) -> str:
        chained = isinstance(e, x.Chain) and e.operator in ("min", "max")
        called = chained or isinstance(e, x.Round | x.Clamp | x.Aggregate)
        return self.term(e) if called else super().inner(e)

    def side(self, e: Expression) -> str:
        return self.inner(e) if isinstance(e, x.Conditional) else self.term(e)

    def _binary(self, e: x.Binary) -> str:
        if e.operator not in _RANKS or isinstance(e.type, types.Date):
            return super()._binary(e)
        rank, strict = _RANKS[e.operator], e.operator in ("-", "/")
        left, right = self._beside(e.left, rank, False), self._beside(e.right, rank, strict)
        return f"{left} {_SIGNS[e.operator]} {right}"  # type: ignore[index]  # a key of the one is one of the other

    def _beside(self, e: Expression, rank: int, strict: bool) -> str:
        """An operand: brackets only where the order of computing needs them."""
        if isinstance(e, x.Binary) and e.operator in _RANKS:
            own = _RANKS[e.operator]
            return self.bracketed(self.term(e)) if own < rank or (strict and own == rank) else self.term(e)
        return self.inner(e)

    def explained(self, number: str, title: str) -> str:
        return number

    def negative(self, term: str) -> str:
        return f"−{term}"

    def size_of(self, term: str) -> str:
        return f"|{term}|"

    def extreme(self, operator: ExtremumOperator, terms: list[str]) -> str:
        return f"{self.pick(_EXTREME[operator])}({'; '.join(terms)})"

    def at_least_nil(self, term: str, nil: str) -> str:
        return self.extreme("max", [nil, term])

    def kept_between(self, term: str, low: str, high: str) -> str:
        shape = self.pick(BilingualText("limited({}; at least {}; at most {})", "限於({}; 不少於{}; 不超過{})"))
        return shape.format(term, low, high)

    def rounded(self, term: str, mode: RoundingMode, step: str) -> str:
        return f"{self.pick(_ROUNDED[mode])}({term}; {step})"

    def power(self, term: str, exponent: int) -> str:
        raised = "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(exponent))
        return f"{term}{raised}"

    def gathered(self, e: x.Aggregate) -> str:
        where = [self.condition(e.where)] if e.where is not None else []
        order = [self.pick(_ORDERED[key.direction]).format(self.term(key.by)) for key in e.order]
        keys = e.body.items if isinstance(e.body, x.ListOf) and e.kind == "count distinct" else (e.body,)
        said = [self.bracketed(self.term(k)) if isinstance(k, x.Conditional) else self.term(k) for k in keys]
        body, over = ", ".join(said), Phrasing.term(self, e.over)
        computed = e.kind in ("sum", "min", "max", "largest", "smallest", "average", "median")
        each = self.pick(BilingualText("{0}, for each of {1}", "{1}中每項的{0}"))
        inside = [*([each.format(body, over)] if computed else [body, over]), *where, *order]
        what = _FIRST if e.kind == "list" and e.most else _GATHERED[e.kind]
        return f"{self.pick(what).format(e.most)}({'; '.join(inside)})"

    def either(self, condition: str, then: str, otherwise: str) -> str:
        shape = self.pick(BilingualText("{1} if {0}, else {2}", "如{0}則{1}，否則{2}"))
        return shape.format(condition, then, otherwise)


class EnglishSigns(Signs, English):
    """With words in English."""


class ChineseSigns(Signs, Chinese):
    """With words in Chinese."""

    def bracketed(self, text: str) -> str:
        return f"({text})"


def steps(e: Expression) -> int:
    """How many steps of computing an expression has."""
    own = isinstance(e, x.Round | x.Clamp | x.Aggregate) or (isinstance(e, x.Chain) and e.operator in ("min", "max"))
    return int(own or (isinstance(e, x.Binary) and e.operator in _RANKS)) + sum(map(steps, x.parts(e)))


def figures(e: Expression) -> Iterator[x.Named]:
    """The parameters and sets of a formula, in its order."""
    if isinstance(e, x.Named):
        yield e
    for part in x.parts(e):
        yield from figures(part)


def nesting(text: str) -> int:
    """How deep brackets stand in brackets."""
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    return deepest


def in_signs(words: Signs, title: str, e: Expression) -> Iterator[str]:
    """The lines of a formula."""
    name = title.removeprefix("the ")
    if not isinstance(e, x.Conditional):
        yield f"{name} = {words.term(e)}"
        return
    yield f"{name} ="
    while isinstance(e, x.Conditional):
        condition = words.condition(e.condition)
        yield words.pick(BilingualText("where {}: {}", "如{}：{}")).format(condition, words.term(e.then))
        e = e.otherwise
    yield words.pick(BilingualText("otherwise: {}", "否則：{}")).format(words.term(e))
