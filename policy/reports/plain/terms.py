"""Typed expressions as noun phrases: what English and Chinese do in the same way.

In: expressions of a model. Out: what a number, a thing or a day is called. Absent: words, which are those of
`english` and `chinese`; conditions, which `phrasing` adds.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import assert_never

from attrs import evolve

from policy.answers import NO_WORDS, BilingualText
from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.model.rules import NO_PHRASES, Parameters, Phrases
from policy.model.types import Type
from policy.model.values import show
from policy.reports.plain.names import record_of, spaced
from policy.reports.plain.scope import Called, SentenceScope
from policy.reports.plain.shapes import counts, is_rate, kept_above, length_of_one, never_negative
from policy.vocabulary import is_calendar

_PLACE = re.compile(r"\{(\w*)\}")


class Terms(SentenceScope):
    """Noun phrases for the expressions of one declaration, with its parameters and its local names."""

    @abstractmethod
    def condition(self, e: Expression, holds: bool = True) -> str:
        """What has to be so for a boolean expression to be true, or to be false."""

    def term(self, e: Expression) -> str:
        """What an expression stands for, as a noun phrase."""
        if e in self.just_told:
            return self.that_amount
        match e:
            case x.Literal(value=value):
                return self.literal(value, e.type)
            case x.Local(name=name) | x.Defined(name=name):
                return self.local(name, e.type)
            case x.Today():
                return self.today
            case x.Named(name=name):
                return self._number(name)
            case x.FieldAccess(of=of, name=name):
                return self.field(of, self.names.field(record_of(of), name), e.type)
            case x.Apply() if not isinstance(e.type, types.Boolean):
                return self.applied(self.names.declared(e.name), e)
            case x.Binary():
                return self._binary(e)
            case x.Unary(operator="-", operand=operand):
                return self.negative(self.inner(operand))
            case x.Unary(operator="abs", operand=operand):
                return self.size_of(self.inner(operand))
            case x.Unary(operator="square root", operand=operand):
                return self.root_of(self.inner(operand))
            case x.Unary(operator=operator, operand=operand) if is_calendar(operator):
                return self.calendar(operator, self.inner(operand))
            case x.OnCalendar(operator=operator, name=name, operands=operands) if operator != "a business day":
                calendar = self.titled(self.names.declared(name))
                return self.on_calendar(operator, calendar, [self.inner(o) for o in operands])
            case x.MonthsLater(date=day, months=months):
                return self.months_later(self.term(day), months)
            case x.Chain() if nil := never_negative(e):
                return self.at_least_nil(self.term(nil[0]), self.term(nil[1]))
            case x.Chain(operator="min" | "max" as operator, operands=operands):
                return self.extreme(
                    operator, [self.term(o) if isinstance(o, x.Binary) else self.inner(o) for o in operands]
                )
            case x.Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.either(self.condition(condition), self.term(then), self.term(otherwise))
            case x.Round(mode=mode, step=step, operand=operand):
                return self.rounded(self.term(operand), mode, self.literal(step, e.type))
            case x.Clamp(operand=operand, low=low, high=high):
                return self.kept_between(self.term(operand), self.term(low), self.term(high))
            case x.Aggregate(kind=kind) if kind not in ("any", "all"):
                with self.saying(e):
                    return self.gathered(e)
            case x.SetOf(items=items) | x.ListOf(items=items):
                return self.listed([self.term(i) for i in items])
            case x.RecordOf():
                return self._record(e)
            case x.Apply() | x.Unary() | x.Chain() | x.Aggregate() | x.OnCalendar():
                return self.whether(self.condition(e))
            case x.Failed():
                raise AssertionError("a model with errors is not put into words")
            case _:
                assert_never(e)

    def _binary(self, e: x.Binary) -> str:
        match e.operator:
            case "default" if isinstance(e.right, x.Literal) and e.right.value == 0 and counts(e.right.type):
                return self.or_nil(self.term(e.left))
            case "default":
                return self.or_else(self.term(e.left), self.term(e.right))
            case "+" | "-" as operator if isinstance(e.type, types.Date):
                return self.days_later(operator == "+", self.term(e.left), self.days(e.right))
            case "*" if isinstance(e.right, x.Literal) and length_of_one(e.right):
                return self.counted(self.inner(e.left), show(e.right.value, e.right.type))
            case "*" if isinstance(e.left, x.Unary) and e.left.operator == "-":
                return self.negative(self.bracketed(self.term(evolve(e, left=e.left.operand))))
            case "*" if self._share(e.left):
                return self.share_of(self.inner(e.left), self.inner(e.right))
            case "*" if is_rate(e.left) and not is_rate(e.right) and not isinstance(e.right, x.Literal):
                return self.arithmetic("*", self.inner(e.right), self.inner(e.left))
            case "/" if least := kept_above(e.right):
                return self.divided(self.inner(e.left), self.inner(least[0]), self.term(least[1]))
            case "+" | "-" | "*" | "/" as operator:
                chained = operator in ("+", "-") and isinstance(e.left, x.Binary) and e.left.operator in ("+", "-")
                return self.arithmetic(
                    operator, self.term(e.left) if chained else self.inner(e.left), self.inner(e.right)
                )
            case "^":
                assert isinstance(e.right, x.Literal)
                return self.power(self.inner(e.left), e.right.value)
            case "whole years from" | "whole months from" as operator:
                return self.elapsed(operator, self.inner(e.left), self.inner(e.right))
            case "modulo":
                return self.remainder(self.inner(e.left), self.inner(e.right))
            case "is" | "is not" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "is a multiple of":
                return self.whether(self.condition(e))
            case _:
                assert_never(e.operator)

    def _record(self, e: x.RecordOf) -> str:
        """A record by its fields; one that is another with some of them changed, by that and by those."""
        kept = [
            i.of for name, i in zip(e.names, e.items, strict=True) if isinstance(i, x.FieldAccess) and i.name == name
        ]
        base = kept[0] if kept and isinstance(kept[0].type, types.Record) and kept[0].type == e.type else None
        told = [
            self.valued(
                self.names.field(record_of(e), name), self.inner(item) if x.is_made(item) else self.term(item)
            )
            for name, item in zip(e.names, e.items, strict=True)
            if base is None or item != x.FieldAccess(base, name, type=item.type)
        ]
        return self.made_of(self.term(base) if base is not None else "", told)

    def _number(self, name: str) -> str:
        """A parameter or set by its title; its number comes first where it has one only."""
        title = self.titled(self.names.declared(name))
        number = self.names.one_number(name)
        if number is None:
            return title
        bare = self.literal(number.value, number.type)
        said = self.explained(bare, title)
        if said != bare:
            self.explanations[said] = bare
        return said

    def _share(self, e: Expression) -> bool:
        """Whether something is a percentage in figures."""
        figures = isinstance(e, x.Literal) or (isinstance(e, x.Named) and self.names.one_number(e.name) is not None)
        return figures and isinstance(e.type, types.Number) and e.type.unit == "rate"

    def inner(self, e: Expression) -> str:
        """A term inside another, set apart where the two could be misread."""
        text = self.term(e)
        plain = isinstance(e, x.Literal | x.Local | x.Defined | x.Named | x.FieldAccess | x.Today)
        bracketed = isinstance(e, x.Binary) and e.operator == "default"  # it has brackets of its own
        called = isinstance(e, x.Apply) and not self.given(e)
        return text if plain or bracketed or called else self.bracketed(text)

    def side(self, e: Expression) -> str:
        """A term on one side of a comparison, set apart where it has clauses of its own."""
        clauses = isinstance(e, x.Round | x.Conditional | x.Clamp | x.Aggregate) or never_negative(e)
        return self.inner(e) if clauses else self.term(e)

    def literal(self, value: object, of: Type) -> str:
        inner = types.inner_of(of)
        if value is None:
            return self.none
        if isinstance(inner, types.Enum):
            return self.pick(self.names.member(inner, str(value)))
        return self.amount(value, inner)

    def about(self, e: x.Apply) -> tuple[list[str], list[str]]:
        """What a question is asked about: things, and what is taken to be so."""
        asked = self.names.model.declared[e.name]
        parameters: Parameters = getattr(asked, "parameters", ())
        called: Called = getattr(asked, "called", ()) or tuple((NO_WORDS, NO_PHRASES) for _ in parameters)
        things: list[str] = []
        taken: list[str] = []
        for (name, of), (title, phrases), a in zip(parameters, called, e.arguments, strict=True):
            told = ""
            if isinstance(a, x.Literal) and isinstance(of, types.Boolean):
                told = self.spoken(title, phrases, a.value) or self.taken(spaced(name), a.value)
            elif isinstance(a, x.Literal) and "{" in phrases.says.en:
                told = self.filled(self.pick(phrases.says), {"": self.term(a)}, [self.term(a)])
            elif isinstance(a, x.Literal) and title.en:
                told = self.compared(self.titled(title), "is", self.term(a), of)
            if told:
                taken.append(told)
            elif not self.obvious(a) and not (title.en and self._title(a) == title):
                things.append(self.inner(a) if isinstance(a, x.Binary) else self.term(a))
        return things, taken

    def _title(self, e: Expression) -> BilingualText | None:
        """What a fact of the only thing of its kind is called: a question that calls it so needs no word of it."""
        if isinstance(e, x.FieldAccess) and self.alone(e.of):
            return self.names.field(record_of(e.of), e.name)
        return self.called.get(e.name, (NO_WORDS, NO_PHRASES))[0] if isinstance(e, x.Local | x.Defined) else None

    def spoken(self, title: BilingualText, phrases: Phrases, holds: bool) -> str:
        """The phrase for true or for false; where only the false one is written, the title is the other."""
        if not holds:
            return self.pick(phrases.otherwise)
        return self.pick(phrases.says) or (self.pick(title) if phrases.otherwise.en else "")

    def filled(self, text: str, places: dict[str, str], items: list[str] | None = None) -> str:
        """A phrase with its places filled; `{a}` takes the items with their articles."""
        with_articles = {"a": self.listed([self.article(i) for i in items])} if items is not None else {}
        known = places | with_articles
        return _PLACE.sub(lambda place: known.get(place[1], place[0]), text)
