"""Typed conditions as phrases: what English and Chinese do in the same way.

In: expressions of a model. Out: phrases; a condition is said as holding or as not holding, so that negation ends up
in the verb. Absent: words, which are those of `english` and `chinese`, and any look at the rules' text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise, permutations
from typing import assert_never

from policy.answers import NO_WORDS, BilingualText
from policy.model import expressions as x
from policy.model.expressions import Expression
from policy.model.rules import NO_PHRASES, Phrases
from policy.reports.plain.names import record_of
from policy.reports.plain.shapes import (
    compared_field,
    denies as denies,
    guarded,
    guards_first,
    is_nil,
    near_today,
    other_of_two,
    some_and_all,
    some_time_after,
    two_alike,
    within,
    without_guards,
)
from policy.reports.plain.terms import Terms
from policy.reports.plain.wording import OPPOSITE, Comparison


class Phrasing(Terms):
    """Phrases of the expressions of one declaration, with its parameters and its local names."""

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
                return self.together(operands, holds, every)
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

    def together(self, conditions: Sequence[Expression], holds: bool = True, every: bool = True) -> str:
        """Several conditions, all or any of which must hold, or must not."""
        said = self.each(conditions, holds, every)
        return self.joined(every, said) if len(said) > 1 else "".join(said)

    def each(self, conditions: Sequence[Expression], holds: bool, every: bool, numbered: bool = False) -> list[str]:
        """The same one by one; some are told at once. Those that are numbered need no brackets."""
        around, told = (self.present, self.just_told), list(conditions)
        if every and holds:
            told, self.present = without_guards(told)
            told = guards_first(told)
        days = self._near_today(told, holds, every)
        rest: Sequence[Expression | str] = [days.get(n, c) for n, c in enumerate(told)]
        if every and holds:
            rest = self._alike(rest)
        said = []
        for before, c in pairwise((None, *rest)):
            amount = guarded(before) if every and holds and isinstance(before, x.Binary) else None
            self.just_told = [*around[1], *([amount] if amount is not None and within(amount, c) else [])]
            if c != "" and c is not None:
                said.append(
                    c if isinstance(c, str) else self.condition(c, holds) if numbered else self.part(c, holds, every)
                )
        self.present, self.just_told = around
        return said

    def _near_today(self, conditions: Sequence[Expression], holds: bool, every: bool) -> dict[int, str]:
        """Two conditions on one day as one, in the place of the first: that it lies neither after the day of the
        decision nor too long before it, or that it does. The place of the second is empty."""
        found: dict[int, str] = {}
        for (m, past), (n, late) in permutations(enumerate(conditions), 2):
            if (day := near_today(past, late, holds, every)) and m not in found and n not in found:
                found[min(m, n)] = self.near(self.side(day[0]), self._length(day[1]), every)
                found[max(m, n)] = ""
        return found

    def _alike(self, operands: Sequence[Expression | str]) -> list[Expression | str]:
        """The conditions, with two things compared field by field told at once: they have the same this and that.
        That each of many is so and that there are any is told at once too."""
        told: list[Expression | str] = []
        every = [o for o in operands if any(some_and_all(some, o) for some in operands)]
        operands = [o for o in operands if not any(some_and_all(o, e) for e in every)]
        for pair, group in groupby(operands, two_alike):
            several = list(group)
            if pair is None or len(several) == 1:
                told += [self._each_of_any(e) if e in every else e for e in several]
            else:
                told.append(self._same([e for e in several if not isinstance(e, str)], True))
        return told

    def _each_of_any(self, e: Expression | str) -> str:
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
                left = self._if_any(e.left) if e.left in self.present else self.side(e.left)
                if told := told or self._passed(e, as_said):
                    return told
                if is_nil(e.right):
                    return self.beside_nil(left, as_said)
                return self.compared(left, as_said, self._that(e.left, e.right) or self.side(e.right), e.left.type)
            case "default":
                return self.true_of(self.term(e), holds)
            case "is a multiple of":
                return self.multiple(self.side(e.left), self.side(e.right), holds)
            case "+" | "-" | "*" | "/" | "^" | "modulo" | "whole years from" | "whole months from":
                raise AssertionError(f"`{e.operator}` is no condition")
            case _:
                assert_never(e.operator)

    def _that(self, left: Expression, right: Expression) -> str:
        """The answer to the same question about something else, or in another case, after its first answer."""
        if not isinstance(left, x.Apply) or not isinstance(right, x.Apply) or left.name != right.name:
            return ""
        (things, taken), (others, cases) = self.about(left), self.about(right)
        if taken == cases and len(things) == len(others):
            changed = [b for a, b in zip(things, others, strict=True) if a != b]
            return self.that_for(changed) if changed else ""
        if things == others and len(taken) == len(cases):
            return self.that_where([b for a, b in zip(taken, cases, strict=True) if a != b])
        return ""

    def _if_any(self, e: Expression) -> str:
        """Something of which another condition says that there is any."""
        return self.if_any(self.term(e.left if isinstance(e, x.Binary) and e.operator == "default" else e))

    def _passed(self, e: x.Binary, operator: Comparison) -> str:
        """How long ago something was, where a day some months or days later is compared with today; or how much
        later than another day it is."""
        if operator == "is" or operator == "is not":
            return ""
        if isinstance(e.right, x.Today) and (since := some_time_after(e.left)):
            return self.passed(operator, self._length(since[1]), self.term(since[0]))
        if (since := some_time_after(e.right)) and not some_time_after(e.left):
            return self.later_than(self.side(e.left), operator, self._length(since[1]), self.term(since[0]))
        return ""

    def _length(self, length: int | Expression) -> str:
        return self.months(length) if isinstance(length, int) else self.days(length)

    def part(self, e: Expression, holds: bool, every: bool) -> str:
        """One of several conditions; brackets where its own parts are joined the other way."""
        text = self.condition(e, holds)
        inner, said = e, holds
        while isinstance(inner, x.Unary) and inner.operator == "not":
            inner, said = inner.operand, not said
        joins = isinstance(inner, x.Chain) and ((inner.operator == "and") is said) is not every
        apart = isinstance(inner, x.Conditional) or (
            isinstance(inner, x.Aggregate) and re.search("[,:，：]", text) is not None
        )
        return self.bracketed(text) if joins or apart else text
