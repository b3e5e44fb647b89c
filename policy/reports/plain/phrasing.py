"""Typed expressions as phrases: what English and Chinese do in the same way.

In: expressions of a model. Out: phrases; a condition is said as holding or as not holding, so that negation ends up
in the verb. Absent: words, which are those of `english` and `chinese`, and any look at the rules' text.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import assert_never

from policy.answers import NO_WORDS, BilingualText
from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.model.rules import NO_PHRASES, Parameters, Phrases
from policy.model.types import Type
from policy.model.values import show
from policy.reports.plain.names import record_of, spaced
from policy.reports.plain.scope import Called, Scope
from policy.reports.plain.shapes import (
    compared_field,
    counts,
    denies as denies,
    length_of_one,
    other_of_two,
    some_and_all,
    two_alike,
)
from policy.reports.plain.wording import OPPOSITE, Comparison
from policy.vocabulary import is_calendar

_PLACE = re.compile(r"\{(\w*)\}")


class Phrasing(Scope):
    """Phrases of the expressions of one declaration, with its parameters and its local names."""

    # ── terms ───────────────────────────────────────────────────────────────────────────────

    def term(self, e: Expression) -> str:
        """What an expression stands for, as a noun phrase."""
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
            case "*" if self._share(e.left):
                return self.share_of(self.inner(e.left), self.inner(e.right))
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
        return self.explained(self.literal(number.value, number.type), title) if number is not None else title

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
        clauses = isinstance(e, x.Round | x.Conditional | x.Clamp | x.Aggregate)
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
                things.append(self.term(a))
        return things, taken

    def _title(self, e: Expression) -> BilingualText | None:
        """What a fact of the only thing of its kind is called: a question that calls it so needs no word of it."""
        if isinstance(e, x.FieldAccess) and self.alone(e.of):
            return self.names.field(record_of(e.of), e.name)
        return self.called.get(e.name, (NO_WORDS, NO_PHRASES))[0] if isinstance(e, x.Local | x.Defined) else None

    # ── conditions ──────────────────────────────────────────────────────────────────────────

    def condition(self, e: Expression, holds: bool = True) -> str:
        """What has to be so for a boolean expression to be true, or to be false."""
        match e:
            case x.Unary(operator="not", operand=operand):
                return self.condition(operand, not holds)
            case x.Unary(operator="is present" | "is absent" as operator, operand=operand):
                there = (operator == "is present") is holds
                return self.told(operand, there) or self.exists(self.term(operand), there)
            case x.OnCalendar(name=name, operands=operands):
                return self.business_day(self.side(operands[0]), self.titled(self.names.declared(name)), holds)
            case x.Chain(operator="and" | "or" as operator, operands=operands):
                every = (operator == "and") is holds
                parts = self._alike(operands) if every and holds else list(operands)
                return self.joined(every, [p if isinstance(p, str) else self.part(p, holds, every) for p in parts])
            case x.Binary(operator="is" | "is not" as operator, left=left, right=x.Literal(value=bool() as value)):
                return self.condition(left, (value is (operator == "is")) is holds)
            case x.Binary():
                return self._comparison(e, holds)
            case x.Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.in_case(
                    self.condition(condition), self.condition(then, holds), self.condition(otherwise, holds)
                )
            case x.Aggregate(kind="any" | "all"):
                with self.saying(e):
                    return self.for_some(e, holds)
            case x.Literal(value=value):
                return self.settled(bool(value) is holds)
            case x.Apply(name=name):
                return self._answer(e, holds) or self.answered(self.names.declared(name), e, holds)
            case x.Named(name=name):
                title = self.names.declared(name)
                return self.spoken(title, self.names.phrases(name), holds) or self.parameter_so(title, holds)
            case x.FieldAccess(of=of, name=name):
                return self.told(e, holds) or self.stated(of, self.names.field(record_of(of), name), holds)
            case x.Local() | x.Defined() if said := self.told(e, holds):
                return said
            case x.Local() | x.Defined() | x.Unary() | x.Chain() | x.Round() | x.Clamp() | x.Aggregate() | x.Failed():
                return self.true_of(self.term(e), holds)
            case x.Today() | x.MonthsLater() | x.SetOf() | x.ListOf() | x.RecordOf():
                raise AssertionError(f"`{type(e).__name__}` is no condition")
            case _:
                assert_never(e)

    def _alike(self, operands: tuple[Expression, ...]) -> list[Expression | str]:
        """The conditions, with two things compared field by field told at once: they have the same this and that.
        That each of many is so and that there are any is told at once too."""
        told: list[Expression | str] = []
        every = [o for o in operands if any(some_and_all(some, o) for some in operands)]
        operands = tuple(o for o in operands if not any(some_and_all(o, e) for e in every))
        for pair, group in groupby(operands, two_alike):
            several = list(group)
            if pair is None or len(several) == 1:
                told += [self._each_of_any(e) if e in every else e for e in several]
            else:
                told.append(self._same(several, True))
        return told

    def _each_of_any(self, e: Expression) -> str:
        assert isinstance(e, x.Aggregate)
        with self.saying(e):
            return self.for_some(e, True, True)

    def _same(self, comparisons: list[Expression], same: bool) -> str:
        """Comparisons of the same field of the same two things, one field or several."""
        fields = [found for c in comparisons if (found := compared_field(c))]
        one, other, _ = fields[0]
        return self.alike(
            self.term(one), self.term(other), [self.names.field(record_of(one), n) for *_, n in fields], same
        )

    def _answer(self, e: x.Apply, holds: bool) -> str:
        """A decision or a formula told by its own phrase, with what it is asked about in the places for it."""
        text = self.spoken(NO_WORDS, self.names.phrases(e.name), holds)
        asked = getattr(self.names.model.declared[e.name], "parameters", ())
        places = {
            name: self.term(a) for (name, _), a in zip(asked, e.arguments, strict=True) if f"{{{name}}}" in text
        }
        return text and self.filled(text, places) + ("" if places else self.given(e))

    def _phrases(self, e: Expression) -> tuple[BilingualText, Phrases]:
        """What something is called, and how it is told."""
        if isinstance(e, x.FieldAccess):
            record = record_of(e.of)
            return self.names.field(record, e.name), self.names.field_phrases(record, e.name)
        if isinstance(e, x.Local | x.Defined) and e.name not in self.variables:
            return self.called.get(e.name, (NO_WORDS, NO_PHRASES))
        return NO_WORDS, NO_PHRASES

    def told(self, e: Expression, holds: bool, items: list[str] | None = None) -> str:
        """A field or a parameter by its own phrase, as true or not, or with `items` in its place; else nothing."""
        title, phrases = self._phrases(e)
        text = self.spoken(title, phrases, holds)
        if not text or ("{" in text) is not (items is not None):
            return ""
        said = self.filled(text, {"": self.listed(items or [])}, items or [])
        if not isinstance(e, x.FieldAccess) or self.alone(e.of):
            return said
        return self.of_which(said, self.term(e.of))

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

    def _comparison(self, e: x.Binary, holds: bool) -> str:
        match e.operator:
            case "in" | "not in" as operator:
                inside = (operator == "in") is holds
                if isinstance(e.right, x.SetOf):
                    items = [self.term(i) for i in e.right.items]
                else:
                    items = [self.one_of(self.term(e.right))]
                said = self.told(e.left, inside, items)
                return said or self.among(self.side(e.left), inside, self.term(e.right), isinstance(e.right, x.SetOf))
            case "is" | "is not" | "<" | "<=" | ">" | ">=" as operator:
                as_said = operator if holds else OPPOSITE[operator]
                if compared_field(e):
                    return self._same([e], as_said == "is")
                if as_said == "is not" and (other := other_of_two(e.right)) and e.left.type == other.type:
                    return self._comparison(x.Binary("is", e.left, other, type=e.type), True)
                told = ""
                if operator in ("is", "is not") and isinstance(e.right, x.Literal):
                    told = self.told(e.left, as_said == "is", [self.term(e.right)])
                elif as_said != "is" and as_said != "is not" and isinstance(e.right, x.Literal):
                    told = self.told(e.left, True, [self.bound(as_said, self.term(e.right), e.left.type)])
                return (
                    told
                    or self._passed(e, as_said)
                    or self.compared(self.side(e.left), as_said, self.side(e.right), e.left.type)
                )
            case "default":
                return self.true_of(self.term(e), holds)
            case "is a multiple of":
                return self.multiple(self.side(e.left), self.side(e.right), holds)
            case "+" | "-" | "*" | "/" | "^" | "modulo" | "whole years from" | "whole months from":
                raise AssertionError(f"`{e.operator}` is no condition")
            case _:
                assert_never(e.operator)

    def _passed(self, e: x.Binary, operator: Comparison) -> str:
        """How long ago something was, where a day some months or days later is compared with today; or how much
        later than another day it is."""
        if (
            isinstance(e.right, x.Today)
            and operator not in ("is", "is not")
            and (since := self._some_time_after(e.left))
        ):
            return self.passed(operator, *since)
        if operator == ">" and (since := self._some_time_after(e.right)) and not self._some_time_after(e.left):
            return self.later_than(self.side(e.left), *since)
        return ""

    def _some_time_after(self, e: Expression) -> tuple[str, str] | None:
        """How long after which day a day is."""
        if isinstance(e, x.MonthsLater) and e.months > 0:
            return self.months(e.months), self.term(e.date)
        added = isinstance(e, x.Binary) and e.operator == "+" and isinstance(e.type, types.Date)
        if added and isinstance(e, x.Binary) and isinstance(e.right, x.Literal | x.Named):
            return self.days(e.right), self.term(e.left)
        return None

    def part(self, e: Expression, holds: bool, every: bool) -> str:
        """One of several conditions; brackets where its own parts are joined the other way."""
        text = self.condition(e, holds)
        inner, said = e, holds
        while isinstance(inner, x.Unary) and inner.operator == "not":
            inner, said = inner.operand, not said
        joins = isinstance(inner, x.Chain) and ((inner.operator == "and") is said) is not every
        apart = isinstance(inner, x.Conditional) or (
            isinstance(inner, x.Aggregate) and re.search("[,，：]", text) is not None
        )
        return self.bracketed(text) if joins or apart else text
