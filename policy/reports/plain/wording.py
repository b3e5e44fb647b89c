"""What a language puts into words: one method for each thing that a rule can say.

In: nothing. Out: the interface that `english` and `chinese` fill and that `phrasing` calls. Absent: grammar.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from policy.answers import BilingualText
from policy.model import expressions as x
from policy.model.expressions import Expression
from policy.model.types import Type
from policy.vocabulary import (
    BusinessDayOperator,
    CalendarOperator,
    ElapsedOperator,
    EqualityOperator,
    ExtremumOperator,
    OrderOperator,
    RoundingMode,
)

Comparison = Literal[EqualityOperator, OrderOperator]
Calculation = Literal["+", "-", "*", "/"]
OPPOSITE: dict[Comparison, Comparison] = {"is": "is not", "is not": "is", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Wording(ABC):
    """Phrases of one language."""

    today: str
    none: str
    that_amount: str

    @abstractmethod
    def pick(self, words: BilingualText) -> str: ...

    @abstractmethod
    def article(self, noun: str) -> str: ...

    @abstractmethod
    def one_of(self, items: str) -> str: ...

    @abstractmethod
    def of_which(self, said: str, owner: str) -> str: ...

    @abstractmethod
    def explained(self, number: str, title: str) -> str: ...

    @abstractmethod
    def share_of(self, share: str, whole: str) -> str: ...

    @abstractmethod
    def days(self, days: Expression) -> str: ...

    @abstractmethod
    def taken(self, name: str, yes: bool) -> str: ...

    @abstractmethod
    def within(self, term: str, bounds: list[tuple[OrderOperator, str]], of: Type) -> str: ...

    @abstractmethod
    def bounds(self, bounds: list[tuple[OrderOperator, str]], of: Type) -> str: ...

    @abstractmethod
    def months(self, months: int) -> str: ...

    @abstractmethod
    def passed(self, operator: Comparison, time: str, day: str) -> str: ...

    @abstractmethod
    def later_than(self, day: str, operator: OrderOperator, time: str, other: str) -> str: ...

    @abstractmethod
    def near(self, day: str, time: str, holds: bool) -> str: ...

    @abstractmethod
    def if_any(self, term: str) -> str: ...

    @abstractmethod
    def beside_nil(self, left: str, operator: Comparison) -> str: ...

    @abstractmethod
    def at_least_nil(self, term: str, nil: str) -> str: ...

    @abstractmethod
    def divided(self, whole: str, by: str, least: str) -> str: ...

    @abstractmethod
    def amount(self, value: object, of: Type) -> str: ...

    @abstractmethod
    def bracketed(self, text: str) -> str: ...

    @abstractmethod
    def local(self, name: str, of: Type) -> str: ...

    @abstractmethod
    def titled(self, title: BilingualText) -> str: ...

    @abstractmethod
    def field(self, of: Expression, title: BilingualText, kind: Type) -> str: ...

    @abstractmethod
    def given(self, e: x.Apply) -> str: ...

    @abstractmethod
    def applied(self, title: BilingualText, e: x.Apply) -> str: ...

    @abstractmethod
    def or_else(self, first: str, second: str) -> str: ...

    @abstractmethod
    def or_nil(self, first: str) -> str: ...

    @abstractmethod
    def arithmetic(self, operator: Calculation, left: str, right: str) -> str: ...

    @abstractmethod
    def negative(self, term: str) -> str: ...

    @abstractmethod
    def size_of(self, term: str) -> str: ...

    @abstractmethod
    def root_of(self, term: str) -> str: ...

    @abstractmethod
    def elapsed(self, operator: ElapsedOperator, first: str, last: str) -> str: ...

    @abstractmethod
    def on_calendar(self, operator: BusinessDayOperator, calendar: str, terms: list[str]) -> str: ...

    @abstractmethod
    def business_day(self, day: str, calendar: str, holds: bool) -> str: ...

    @abstractmethod
    def counted(self, term: str, one: str) -> str: ...

    @abstractmethod
    def calendar(self, operator: CalendarOperator, day: str) -> str: ...

    @abstractmethod
    def power(self, term: str, exponent: int) -> str: ...

    @abstractmethod
    def remainder(self, whole: str, part: str) -> str: ...

    @abstractmethod
    def multiple(self, whole: str, part: str, holds: bool) -> str: ...

    @abstractmethod
    def days_later(self, later: bool, day: str, days: str) -> str: ...

    @abstractmethod
    def months_later(self, day: str, months: int) -> str: ...

    @abstractmethod
    def extreme(self, operator: ExtremumOperator, terms: list[str]) -> str: ...

    @abstractmethod
    def either(self, condition: str, then: str, otherwise: str) -> str: ...

    @abstractmethod
    def in_case(self, condition: str, then: str, otherwise: str) -> str: ...

    @abstractmethod
    def rounded(self, term: str, mode: RoundingMode, step: str) -> str: ...

    @abstractmethod
    def kept_between(self, term: str, low: str, high: str) -> str: ...

    @abstractmethod
    def gathered(self, e: x.Aggregate) -> str: ...

    @abstractmethod
    def valued(self, title: BilingualText, term: str) -> str: ...

    @abstractmethod
    def made_of(self, base: str, fields: list[str]) -> str: ...

    @abstractmethod
    def listed(self, terms: list[str]) -> str: ...

    @abstractmethod
    def whether(self, condition: str) -> str: ...

    @abstractmethod
    def exists(self, term: str, holds: bool) -> str: ...

    @abstractmethod
    def joined(self, every: bool, conditions: list[str]) -> str: ...

    @abstractmethod
    def among(self, term: str, inside: bool, items: str, written_out: bool) -> str: ...

    @abstractmethod
    def compared(self, left: str, operator: Comparison, right: str, of: Type) -> str: ...

    @abstractmethod
    def that_for(self, things: list[str]) -> str: ...

    @abstractmethod
    def that_where(self, taken: list[str]) -> str: ...

    @abstractmethod
    def alike(self, one: str, other: str, titles: list[BilingualText], same: bool) -> str: ...

    @abstractmethod
    def bound(self, operator: OrderOperator, bound: str, of: Type) -> str: ...

    @abstractmethod
    def for_some(self, e: x.Aggregate, holds: bool, some: bool = False) -> str: ...

    @abstractmethod
    def settled(self, true: bool) -> str: ...

    @abstractmethod
    def answered(self, title: BilingualText, e: x.Apply, yes: bool) -> str: ...

    @abstractmethod
    def stated(self, of: Expression, title: BilingualText, true: bool) -> str: ...

    @abstractmethod
    def parameter_so(self, title: BilingualText, yes: bool) -> str: ...

    @abstractmethod
    def true_of(self, term: str, true: bool) -> str: ...
