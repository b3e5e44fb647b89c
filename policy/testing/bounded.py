"""Bounds of fields as tests tell them: a fact at a bound is accepted, and a fact beyond it is refused.

In: a rulebook, its tests, and a field with other bounds. Out: whether a test notices them; if none does, what would.
Absent: the mistakes that are made in bounds, which stand in `misbounded`; whether a test holds, see `run`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import assert_never

from attrs import define, evolve, field, frozen

from policy.answers import Outcome
from policy.facts.records import record_classes, record_from
from policy.ir.interpret import Interpreter
from policy.ir.program import Program
from policy.ir.questions import DatedQuestion
from policy.model import rules, types
from policy.model.types import Number, Type, short
from policy.model.values import show
from policy.model.written import limits
from policy.testing.missing import Expected, home
from policy.testing.run import NO_DATE, described
from policy.vocabulary import RuntimeValue

Place = tuple[str, str]  # a record by its full name, and a field of it
Fact = tuple[Place, int]


@define(eq=False)
class BoundTests:
    """What tests put into bounded fields: what is to be accepted, and by expectation what is to be refused."""

    model: rules.Model
    fields: dict[Place, rules.FieldDeclaration]
    accepted: dict[Place, set[int]] = field(factory=dict)
    refused: list[tuple[Fact, ...]] = field(factory=list)

    @staticmethod
    def of(model: rules.Model, tests: Iterable[rules.Test] = ()) -> BoundTests:
        records = model.of_kind(rules.RecordType)
        fields = {(r.id, f.name): f for r in records for f in r.fields if f.bounds != (None, None)}
        made = BoundTests(model, fields)
        for test in tests if fields else ():
            made.add(test)
        return made

    def add(self, test: rules.Test) -> None:
        for e in test.expectations:
            asked = self.model.declared[e.question]
            if not isinstance(asked, rules.Asking):
                continue
            given = [*zip(asked.parameters, e.arguments, strict=True), *zip(asked.parameters, e.other, strict=False)]
            facts = [f for (_, of), value in given for f in self._facts(of, value)]
            if e.kind == "refused":
                self.refused.append(tuple(f for f in facts if not _keeps(self.fields[f[0]], f[1])))
            else:
                for place, value in facts:
                    self.accepted.setdefault(place, set()).add(value)

    def _facts(self, of: Type, value: RuntimeValue) -> Iterator[Fact]:
        """The numbers, dates, instants and ranks that facts in run-time form have at bounded fields."""
        inner = types.inner_of(of)
        if isinstance(inner, types.ListOf) and isinstance(value, list):
            for item in value:
                yield from self._facts(inner.of, item)
        elif isinstance(inner, types.Record) and isinstance(value, dict):
            for f in self.model.get(rules.RecordType, inner.name).fields:
                if f.name not in value:
                    continue
                at = _place(value[f.name], types.inner_of(f.type)) if (inner.name, f.name) in self.fields else None
                if at is not None:
                    yield (inner.name, f.name), at
                yield from self._facts(f.type, value[f.name])

    def notice(self, record: str, changed: rules.FieldDeclaration) -> bool:
        """Whether a test fails where a field of a record has other bounds."""
        place = record, changed.name
        if not all(_keeps(changed, value) for value in self.accepted.get(place, ())):
            return True
        return any(
            wrong and all(where == place and _keeps(changed, value) for where, value in wrong)
            for wrong in self.refused
        )


def _keeps(field: rules.FieldDeclaration, value: int) -> bool:
    return (field.least is None or field.least <= value) and (field.most is None or value <= field.most)


def _place(value: RuntimeValue, of: Type) -> int | None:
    """Where a fact lies between bounds: a number is its own place, a member has its rank."""
    if isinstance(of, types.Enum) and value in of.members:
        return of.ascending.index(value)
    return value if type(value) is int else None


# ── what is missing ─────────────────────────────────────────────────────────────────────────


@frozen(eq=False)
class Edges:
    """Makes the expectations that notice other bounds of a field."""

    model: rules.Model
    program: Program
    overlay: str

    def expected(self, record: str, changed: rules.FieldDeclaration) -> Expected | None:
        """An expectation about a fact at a bound, or beyond it; None where no test can tell."""
        fields = self.model.get(rules.RecordType, record).fields
        value, is_refused = _telling(next(f for f in fields if f.name == changed.name), changed)
        of = types.inner_of(changed.type)
        low, high = (0, len(of.members) - 1) if isinstance(of, types.Enum) else limits(of)
        asked = self._asking(record, changed.name)
        if asked is None or not low <= value <= high:
            return None
        fact = of.ascending[value] if isinstance(of, types.Enum) else value
        facts = self._facts_of(asked, (record, changed.name), fact)
        written = [self._said(fact, of) for fact, (_, of) in zip(facts, asked.parameters, strict=True)]
        question = f"expect {short(asked.id)}({', '.join(written)})"
        answer = "refused" if is_refused else self._answered(asked, facts)
        on, ruleset = date.fromordinal(NO_DATE).isoformat(), home(self.model, asked.id, self.overlay)
        return Expected(ruleset, asked.id, on, f"{question} {answer}")

    def _asking(self, record: str, field: str) -> rules.Asking | None:
        """The question that is nearest to a field: it reads it, by the shortest way, of fewest parameters."""
        ruleset = self.model.declared[record].ruleset
        found = [
            (field not in self.program.fields_read(d.id), min(ways), d.ruleset != ruleset, len(d.parameters), n, d)
            for n, d in enumerate(self.model.of_kind(rules.Value, rules.Table, rules.Decision))
            if (ways := [len(way) for _, of in d.parameters if (way := self._way(of, record)) is not None])
        ]
        return min(found)[-1] if found else None

    def _way(self, of: Type, record: str) -> tuple[str, ...] | None:
        """The names of the fields that lead from facts of a type to a record; the fewest."""
        held = _element(of)
        if not isinstance(held, types.Record):
            return None
        if held.name == record:
            return ()
        fields = self.model.get(rules.RecordType, held.name).fields
        ways = [(f.name, *way) for f in fields if (way := self._way(f.type, record)) is not None]
        return min(ways, key=len, default=None)

    def _facts_of(self, asked: rules.Asking, place: Place, value: RuntimeValue) -> list[RuntimeValue]:
        """The facts of a question: one leads to the field, by the shortest way; of the others, any."""
        ways = {
            n: len(way) for n, (_, of) in enumerate(asked.parameters) if (way := self._way(of, place[0])) is not None
        }
        nearest = min(ways, key=lambda n: ways[n])
        return [
            self._facts(of, place, value) if n == nearest else _any(of) for n, (_, of) in enumerate(asked.parameters)
        ]

    def _facts(self, of: Type, place: Place, value: RuntimeValue) -> RuntimeValue:
        """Facts of a type in run-time form, in which a field has a value where the shortest way leads to it."""
        way = self._way(of, place[0])
        assert way is not None
        if isinstance(of, types.OptionalOf):
            return self._facts(of.of, place, value)
        if isinstance(of, types.ListOf):
            return [self._facts(of.of, place, value)]
        assert isinstance(of, types.Record)
        if not way:
            return {place[1]: value}
        inner = next(f for f in self.model.get(rules.RecordType, of.name).fields if f.name == way[0])
        return {way[0]: self._facts(inner.type, place, value)}

    def _said(self, value: RuntimeValue, of: Type) -> str:
        """Facts as tests write them."""
        inner = types.inner_of(of)
        if isinstance(inner, types.Record) and isinstance(value, dict):
            kinds = {f.name: f.type for f in self.model.get(rules.RecordType, inner.name).fields}
            entries = ", ".join(f"{name}: {self._said(v, kinds[name])}" for name, v in value.items())
            return f"{{ {entries} }}" if entries else "{}"
        if isinstance(inner, types.ListOf) and isinstance(value, list):
            return "[" + ", ".join(self._said(v, inner.of) for v in value) + "]"
        return show(value, inner)

    def _answered(self, asked: rules.Asking, facts: Sequence[RuntimeValue]) -> str:
        """What the rules answer about a fact at its bound."""
        function, classes = self.program.functions[asked.id], record_classes(self.program)
        dated = evolve(self.program, on=NO_DATE)
        given = zip(facts, asked.parameters, strict=True)
        arguments = tuple(record_from(fact, of, classes, dated) for fact, (_, of) in given)
        answer = Interpreter(dated).answer(DatedQuestion(asked.id, dated), arguments)
        match answer.outcome:
            case Outcome.VALUE:
                return f"= {described(answer, function)}"
            case Outcome.FAILED:
                return "fails"
            case Outcome.UNDECIDED:
                return "undecided"
            case Outcome.PERMITTED | Outcome.DENIED:
                return str(answer.outcome.value)
            case _:
                assert_never(answer.outcome)


def _telling(before: rules.FieldDeclaration, changed: rules.FieldDeclaration) -> tuple[int, bool]:
    """The fact that only one of two bounds admits, and whether it is to be refused."""
    if before.least != changed.least:
        assert before.least is not None
        is_wider = changed.least is None or changed.least < before.least
        return before.least - is_wider, is_wider
    assert before.most is not None
    is_wider = changed.most is None or changed.most > before.most
    return before.most + is_wider, is_wider


def _any(of: Type) -> RuntimeValue:
    """Some fact of a type; of a record nothing is known."""
    match of:
        case types.OptionalOf():
            return None
        case types.Boolean():
            return False
        case types.Text():
            return ""
        case types.Enum(members=members):
            return members[0]
        case types.Record():
            return {}
        case types.ListOf():
            return []
        case types.SetOf():
            return frozenset()
        case types.Date():
            return NO_DATE
        case types.Instant() | Number() | types.Broken():
            return 0
        case _:
            assert_never(of)


def _element(of: Type) -> Type:
    while isinstance(of, types.OptionalOf | types.ListOf):
        of = of.of
    return of
