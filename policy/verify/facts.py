"""Facts as symbols: a name for every fact that a question reads, and a model of the solver read back.

Facts have the bounds that the reader of facts checks: those of their fields and types. Lists have up to `longest`
elements, and so have sets, except for sets of enum members, which are unbounded.
In: types and a program. Out: symbolic values; and facts in run-time form, records as dicts.
"""

from __future__ import annotations

from datetime import date
from typing import assert_never

from attrs import field, frozen

from policy.answers import MISSING
from policy.ir.program import FieldDeclaration, Program
from policy.ir.validation import attribute
from policy.model import types
from policy.model.types import Number, Quantity, Type
from policy.model.values import LAST_DAY
from policy.model.written import limits
from policy.verify.axioms import Model
from policy.verify.symbolic import CannotEncodeError, Group, Many, Nothing, Plain, Texts, Value, equal
from policy.verify.terms import Term, Terms
from policy.vocabulary import RuntimeValue

Fact = RuntimeValue  # records are dicts
Given = tuple[Fact, ...]  # one for each parameter
LONGEST = 3
DAYS = 1, LAST_DAY
USUAL_DAY = date(2026, 1, 1).toordinal()
USUAL_MOMENT = 1_767_225_600_000_000  # 2026-01-01T00:00Z


def usual(of: Quantity, least: int | None = None, most: int | None = None) -> int:
    """The plainest fact of a type that keeps the bounds of its field."""
    low, high = limits(of, least, most)
    plain = USUAL_DAY if isinstance(of, types.Date) else USUAL_MOMENT if isinstance(of, types.Instant) else 0
    return min(max(plain, low), high)


def member(record: Fact, name: str) -> Fact:
    """A field of a record, which is an object or a dict."""
    return record[name] if isinstance(record, dict) else getattr(record, attribute(name))


@frozen(eq=False)
class SymbolicFacts:
    """The facts of one question. `lists` are the paths of lists bounded by `longest`."""

    program: Program
    terms: Terms
    texts: Texts
    longest: int = LONGEST
    lists: dict[str, None] = field(factory=dict)

    # ── names ───────────────────────────────────────────────────────────────────────────────

    def any(self, of: Type, path: str, least: int | None = None, most: int | None = None) -> Value:
        """An arbitrary fact of a type, at a path."""
        t = self.terms
        match of:
            case types.OptionalOf(item):
                inner, absent = self.any(item, path, least, most), t.boolean(f"{path}?")
                if isinstance(inner, Group):
                    return Group(inner.field, absent, t.false)
                if isinstance(inner, Plain):
                    return Plain(inner.term, absent, t.false)
                raise CannotEncodeError(f"`{path}`, a list or set that may be absent")
            case types.Record(name):
                fields = {f.name: f for f in self.program.records[name]}
                return Group(lambda n: self._field(fields[n], f"{path}.{n}"), t.false, t.false)
            case types.ListOf(item):
                return Many(self._elements(item, path), t.false)
            case types.SetOf(types.Enum(_, members)):
                there = [(t.boolean(f"{path}:{m}"), self._plain(t.number(self.texts.number(m)))) for m in members]
                return Many(tuple(there), t.false, True)
            case types.SetOf(item):
                return Many(self._elements(item, path), t.false, True)
            case types.Boolean():
                return self._plain(t.boolean(path))
            case types.Enum(_, members):
                return self._plain(self._member(members, path))
            case types.Text():
                return self._plain(t.integer(path, 0))
            case types.Date() | types.Instant() | Number():
                return self._plain(t.integer(path, *limits(of, least, most)))
            case types.Broken():
                raise CannotEncodeError(f"`{path}`, of a type without facts")
            case _:
                assert_never(of)

    def _plain(self, term: Term) -> Plain:
        return Plain(term, self.terms.false, self.terms.false)

    def _field(self, f: FieldDeclaration, path: str) -> Value:
        return self.any(f.type, path, f.least, f.most)

    def _elements(self, item: Type, path: str) -> tuple[tuple[Term, Value], ...]:
        t = self.terms
        self.lists[path] = None
        length = t.integer(f"{path}#", 0, self.longest)
        return tuple((t.less(t.number(n), length), self.any(item, f"{path}[{n}]")) for n in range(self.longest))

    def _member(self, members: tuple[str, ...], path: str) -> Term:
        t = self.terms
        numbers = [self.texts.number(m) for m in members]
        name = t.integer(path, min(numbers), max(numbers))
        if max(numbers) - min(numbers) >= len(numbers):
            t.lemmas[name] = [t.any(*(t.same(name, t.number(n)) for n in numbers))]
        return name

    # ── given facts ────────────────────────────────────────────────────────────────

    def given(self, value: Fact, of: Type, path: str) -> Value:
        """A given fact; what is missing is unknown."""
        t = self.terms
        if value is MISSING:
            return Nothing(t.true)
        if value is None:
            return Plain(t.number(0), t.true, t.false)
        match of:
            case types.OptionalOf(item):
                return self.given(value, item, path)
            case types.Record(name):
                fields = {f.name: f for f in self.program.records[name]}
                return Group(lambda n: self.given_field(member(value, n), fields[n], f"{path}.{n}"), t.false, t.false)
            case types.ListOf(item) | types.SetOf(item):
                items = sorted(value) if isinstance(value, frozenset) else value
                elements = [(t.true, self.given(v, item, f"{path}[{n}]")) for n, v in enumerate(items)]
                return Many(tuple(elements), t.false, isinstance(value, frozenset))
            case types.Boolean():
                return self._plain(t.truth(value))
            case types.Text() | types.Enum():
                return self._plain(t.number(self.texts.number(value)))
            case Number() | types.Date() | types.Instant() | types.Broken():
                return self._plain(t.number(value))
            case _:
                assert_never(of)

    def given_field(self, value: Fact, f: FieldDeclaration, path: str) -> Value:
        return self.given(value, f.type, path)

    def is_given(self, value: Fact, of: Type, path: str) -> Term:
        """That the names at a path, of a fact outside lists, stand for this fact."""
        t = self.terms
        inner = self.any(of, path)
        assert isinstance(inner, Plain)
        return equal(t, inner, self.given(value, of, path))

    # ── models ──────────────────────────────────────────────────────────────────────────────

    def read(self, model: Model, of: Type, path: str, least: int | None = None, most: int | None = None) -> Fact:
        """The fact at a path in a model; what the model leaves open gets a simple value."""
        match of:
            case types.OptionalOf(item):
                return None if model.get(f"{path}?", False) else self.read(model, item, path, least, most)
            case types.Record(name):
                return {
                    f.name: self.read(model, f.type, f"{path}.{f.name}", f.least, f.most)
                    for f in self.program.records[name]
                }
            case types.ListOf(item):
                return [self.read(model, item, f"{path}[{n}]") for n in range(int(model.get(f"{path}#", 0)))]
            case types.SetOf(types.Enum(_, members)):
                return frozenset(m for m in members if model.get(f"{path}:{m}", False))
            case types.SetOf(item):
                elements = range(int(model.get(f"{path}#", 0)))
                return frozenset(self.read(model, item, f"{path}[{n}]") for n in elements)
            case types.Boolean():
                return bool(model.get(path, False))
            case types.Text():
                return self.text(int(model.get(path, -1)))
            case types.Enum(_, members):
                return self.text(int(model[path])) if path in model else members[0]
            case types.Date() | types.Instant() | Number():
                return int(model[path]) if path in model else usual(of, least, most)
            case types.Broken():
                return 0
            case _:
                assert_never(of)

    def text(self, number: int) -> str:
        """The text with that number; for a number of no text of the rules, some other text."""
        by_number = {n: text for text, n in self.texts.numbers.items()}
        if number in by_number or number < 0:
            return by_number.get(number, "")
        return "other" if number == len(by_number) else f"other {number}"
