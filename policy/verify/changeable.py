"""Facts of which some may be changed: those that are given, with a name for each that is marked `changeable`.

In: given facts, a day and a moment. Out: facts for the encoder, a term for each that it is changed, and one that no
change reaches back in time. Absent: which changes bring anything about (`counterfactual`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import assert_never

from attrs import field, frozen

from policy.answers import MISSING
from policy.ir.program import FieldDeclaration, Function, Program
from policy.model import types
from policy.model.types import Number, Type
from policy.model.values import microseconds
from policy.model.written import limits as limits_of
from policy.verify.axioms import Model
from policy.verify.facts import Fact, Given, SymbolicFacts, member
from policy.verify.prove import Encoding
from policy.verify.symbolic import Plain, Value
from policy.verify.terms import Term

DAY = 24 * 60 * 60 * 1_000_000
MINUTE = 60 * 1_000_000


def moment_of(program: Program, function: Function, given: Given) -> int:
    """The moment of the decision: the latest instant of the facts that is not after the day asked about, and no
    earlier than that day begins in the rulebook's time. Nothing before it can be changed any more."""
    assert program.on is not None
    midnight = datetime.min.replace(tzinfo=UTC) + timedelta(days=program.on - 1)
    start = microseconds(midnight) - program.offset * MINUTE
    facts = zip(given, function.parameters, strict=True)
    instants = [i for value, (_, of) in facts for i in _instants(value, of, program)]
    return max([start, *(i for i in instants if i < start + DAY)])


def _instants(value: Fact, of: Type, program: Program) -> Iterator[int]:
    """Every instant in a fact."""
    if value is MISSING or value is None:
        return
    match of:
        case types.OptionalOf(item):
            yield from _instants(value, item, program)
        case types.Instant():
            yield value
        case types.Record(name):
            for f in program.records[name]:
                yield from _instants(member(value, f.name), f.type, program)
        case types.ListOf(item) | types.SetOf(item):
            for element in value:
                yield from _instants(element, item, program)
        case types.Boolean() | types.Text() | types.Enum() | types.Number() | types.Date() | types.Broken():
            return
        case _:
            assert_never(of)


@frozen(eq=False)
class Changeable:
    """A given fact that may be changed, and its field."""

    of: Type
    before: Fact
    least: int | None
    most: int | None

    @property
    def inner(self) -> Type:
        """Its type where it is present."""
        return types.inner_of(self.of)


@frozen(eq=False)
class Perturbation:
    """Given facts of which some may be changed, with a term for each that it is. Decided on a day, at a moment."""

    given: dict[str, Fact]
    day: int
    moment: int
    changeable: dict[str, Changeable] = field(factory=dict)  # by path
    changed: dict[str, Term] = field(factory=dict)

    def facts(self, blank: SymbolicFacts) -> SymbolicFacts:
        """Facts as given, except for the changeable ones."""
        return PerturbedFacts(blank.program, blank.terms, blank.texts, blank.longest, blank.lists, perturbation=self)

    def encode_changes(self, a: Encoding) -> None:
        """Encodes that a fact is changed, for each that the goal depends on."""
        names = {str(n.value) for n in a.script.names("0")}
        t = a.script.terms
        for path, c in self.changeable.items():
            if path in names or f"{path}?" in names:
                self.changed[path] = t.no(a.facts.is_given(c.before, c.of, path))

    def earliest(self, c: Changeable) -> int | None:
        """The earliest value that a date or instant can be changed to; None for other types."""
        if isinstance(c.inner, types.Instant):
            return self.moment
        return self.day if isinstance(c.inner, types.Date) else None

    def usual(self, c: Changeable) -> int:
        """Of a quantity the value to start from where there was none: the earliest in time, or the smallest."""
        low, high = limits_of(c.inner, c.least, c.most)
        return min(max(low, self.earliest(c) or 0), high)

    def in_time(self, a: Encoding) -> Term:
        """That a changed time is not before the decision, and that what has happened does not become absent."""
        t = a.script.terms
        conditions = []
        for path, is_changed in self.changed.items():
            c = self.changeable[path]
            earliest = self.earliest(c)
            if earliest is None:
                continue
            now = a.facts.any(c.of, path)
            assert isinstance(now, Plain)
            has_happened = c.before is not None and c.before <= earliest
            absent = t.false if has_happened else now.absent
            later = t.all(t.no(now.absent), t.at_most(t.number(earliest), now.term))
            conditions.append(t.any(t.no(is_changed), absent, later))
        return t.all(*conditions)


@frozen(eq=False)
class PerturbedFacts(SymbolicFacts):
    """Facts of which all but the changeable ones are given."""

    perturbation: Perturbation = field(kw_only=True)

    def any(self, of: Type, path: str, least: int | None = None, most: int | None = None) -> Value:
        if path in self.perturbation.given:
            return self.given(self.perturbation.given[path], of, path)
        return super().any(of, path, least, most)

    def given_field(self, value: Fact, f: FieldDeclaration, path: str) -> Value:
        inner = types.inner_of(f.type)
        is_single = not isinstance(inner, types.Record | types.ListOf | types.SetOf)
        if f.is_changeable and value is not MISSING and is_single:
            self.perturbation.changeable[path] = Changeable(f.type, value, f.least, f.most)
            return super().any(f.type, path, f.least, f.most)
        return super().given_field(value, f, path)

    def read(self, model: Model, of: Type, path: str, least: int | None = None, most: int | None = None) -> Fact:
        if path in self.perturbation.given:
            return self._changed(model, self.perturbation.given[path], of, path)
        return super().read(model, of, path, least, most)

    def _changed(self, model: Model, value: Fact, of: Type, path: str) -> Fact:
        """The given fact with its changes in a model, records as dicts."""
        inner = types.inner_of(of)
        if path in self.perturbation.changeable and (path in model or f"{path}?" in model):
            return self._read(model, self.perturbation.changeable[path], path)
        if value is None or value is MISSING:
            return value
        if isinstance(inner, types.Record):
            fields = self.program.records[inner.name]
            return {f.name: self._changed(model, member(value, f.name), f.type, f"{path}.{f.name}") for f in fields}
        if isinstance(inner, types.ListOf):
            return [self._changed(model, v, inner.of, f"{path}[{n}]") for n, v in enumerate(value)]
        return value

    def _read(self, model: Model, c: Changeable, path: str) -> Fact:
        """A changeable fact in a model; of what the model leaves open, as given."""
        if isinstance(c.of, types.OptionalOf) and model.get(f"{path}?", c.before is None):
            return None
        if path in model:
            return super().read(model, c.inner, path, c.least, c.most)
        if c.before is not None:
            return c.before
        is_quantity = isinstance(c.inner, Number | types.Date | types.Instant)
        return self.perturbation.usual(c) if is_quantity else super().read({}, c.inner, path)
