"""Two vocabularies as one: two programs over the facts that both accept, and what only one of them accepts.

Fields, members and questions are matched by their names, or by the names that the later rulebook says they had
(`renamed from`). Records are matched by name, and else by where questions ask for them: no fact shows their names.
In: two programs. Out: both over common facts, whose names, types and bounds both sides accept; and the differences of
acceptance. Absent: answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from attrs import evolve, field, frozen

from policy.ir import program as ir
from policy.ir.program import Expr, FieldDeclaration, Function, Location, Program
from policy.ir.reads import Fact, facts_read
from policy.model import types
from policy.model.rules import Parameters
from policy.model.types import Type
from policy.verify.common_type import Bounded, CommonType, Conversion, common_type
from policy.verify.translate import Translation, translated, with_records

COMPARED = ("decision", "value", "table", "parameter")
FactOutcome = Literal["added", "removed", "newly accepted", "newly refused", "accepted otherwise"]
Field = tuple[str, str]  # a record and a field of it, by their own names


@frozen
class FactDifference:
    """A fact of which the rulebooks do not accept the same: a field of a record, or an argument of a question."""

    of: str  # the record or question
    name: str
    outcome: FactOutcome
    place: str
    accepted: tuple[str, ...] = ()  # by the later rulebook alone
    refused: tuple[str, ...] = ()  # by it, though the earlier accepts them

    @property
    def fact(self) -> str:
        return f"{self.of}.{self.name}"

    def as_json(self) -> dict[str, object]:
        return {
            "fact": self.fact,
            "kind": "fact",
            "outcome": self.outcome,
            "place": self.place,
            "accepted": list(self.accepted),
            "refused": list(self.refused),
        }


@frozen(eq=False)
class Common:
    """What a question is asked about in both rulebooks, and how its arguments reach either side.

    `why` tells why its answers cannot be compared. `is_of_old` where it reads fields that the later one lacks.
    """

    parameters: Parameters = ()
    before: tuple[Expr, ...] = ()
    after: tuple[Expr, ...] = ()
    why: str = ""
    is_of_old: bool = False


@frozen(eq=False)
class Vocabulary:
    """Two programs over common facts, the questions of the earlier under their later names."""

    before: Program
    after: Program
    facts: tuple[FactDifference, ...]
    questions: dict[str, Common]
    of_old: dict[str, tuple[FieldDeclaration, ...]]  # records with the fields that the later one lacks


def vocabulary_of(before: Program, after: Program) -> Vocabulary:
    """The common vocabulary of two programs."""
    return _Matching(before, after).vocabulary()


def under_old_names(before: Program, after: Program) -> Program:
    """The later program, with its facts under the names that they have in the earlier: for facts kept from then."""
    return _Matching(before, after).under_old_names() if after.renamed else after


def old_question(before: Program, after: Program, name: str) -> str:
    """What the earlier program calls a question of the later one, named in full or by its last part."""
    known = [after.renamed.get(f.id, "") for f in after.named(name)]
    return next((old for old in known if old in before.functions and not before.named(name)), name)


@frozen(eq=False)
class _Matching:
    before: Program
    after: Program
    records: dict[str, str] = field(factory=dict)  # matched: by the name before, the name after
    fields: dict[Field, tuple[str, CommonType]] = field(factory=dict)  # matched: by the later, the earlier's name
    lost: tuple[set[Field], set[Field]] = field(factory=lambda: (set(), set()))  # without a match, on either side
    retyped: tuple[set[Field], set[Field]] = field(factory=lambda: (set(), set()))  # matched, without common facts

    def vocabulary(self) -> Vocabulary:
        ids = self._matched_ids()
        self._match_records(ids)
        facts = [d for b, a in self.records.items() for d in self._of_record(b, a)]
        self.lost[0].update(_fields(self.before, set(self.records)))
        self.lost[1].update(_fields(self.after, set(self.records.values())))
        questions: dict[str, Common] = {}
        for old, new in ids.items():
            if self.after.functions[new].kind in COMPARED and "#" not in new:
                questions[new], more = self._asked(self.before.functions[old], self.after.functions[new])
                facts += more
        return Vocabulary(*self._programs(ids), tuple(facts), questions, self._records_of_old())

    def under_old_names(self) -> Program:
        """The later program over its own facts, under their earlier names."""
        self.vocabulary()
        names: dict[Field, tuple[str, Conversion]] = {}
        records = dict(self.after.records)
        for (record, name), (old, common) in self.fields.items():
            renamed = dict(common.before.names)
            is_optional = isinstance(common.common.type, types.OptionalOf)
            members = (
                tuple((renamed.get(m, m), m) for m in _members(self.after.records[record], name)) if renamed else ()
            )
            names[record, name] = old, Conversion(1, members, True, is_optional)
            records[record] = tuple(
                evolve(f, name=old, type=_with_members(f.type, renamed)) if f.name == name else f
                for f in records[record]
            )
        return evolve(translated(Translation(self.after, {}, {}, names, set())), records=records)

    # ── matching ────────────────────────────────────────────────────────────────────────────

    def _matched_ids(self) -> dict[str, str]:
        """The functions of both programs: the later names by the earlier."""
        found = {id: id for id in self.before.functions if id in self.after.functions}
        for id in self.after.functions:
            whole, mark, part = id.partition("#")
            old = self.after.renamed.get(whole, "") + mark + part
            if id not in self.before.functions and old in self.before.functions and old not in found:
                found[old] = id
        return found

    def _match_records(self, ids: dict[str, str]) -> None:
        for name in self.after.records:
            old = name if name in self.before.records else self.after.renamed.get(name, "")
            if old in self.before.records and old not in self.records:
                self.records[old] = name
        for old, new in ids.items():
            of = dict(self.after.functions[new].parameters)
            pairs = [(t, of[n]) for n, t in self.before.functions[old].parameters if n in of]
            while pairs:
                b, a = (_inner(t) for t in pairs.pop())
                if not isinstance(b, types.Record) or not isinstance(a, types.Record):
                    continue
                if b.name not in self.records and a.name not in self.records.values():
                    self.records[b.name] = a.name
                    pairs += [(x.type, y.type) for x, y in self._fields_of(b.name, a.name) if x and y]

    def _fields_of(self, b: str, a: str) -> Iterator[tuple[FieldDeclaration | None, FieldDeclaration | None]]:
        """The fields of two records, matched; None where there is no other."""
        old = {f.name: f for f in self.before.records[b]}
        left = dict(old)
        for f in self.after.records[a]:
            name = f.name if f.name in old else self.after.renamed.get(f"{a}.{f.name}", "")
            yield left.pop(name, None), f
        yield from ((f, None) for f in left.values())

    def _matched(self, b: str, a: str) -> bool:
        return self.records.get(b) == a

    def _of_record(self, b: str, a: str) -> Iterator[FactDifference]:
        for old, new in self._fields_of(b, a):
            if new is None:
                assert old is not None
                self.lost[0].add((b, old.name))
                yield FactDifference(a, old.name, "removed", str(old.place), refused=(str(_bounded(old)),))
            elif old is None:
                self.lost[1].add((a, new.name))
                yield FactDifference(a, new.name, "added", str(new.place), accepted=(str(_bounded(new)),))
            else:
                common = common_type(_bounded(old), _bounded(new), self.after.renamed, self._matched)
                if common is None or not common.is_compared:
                    self.retyped[0].add((b, old.name))
                    self.retyped[1].add((a, new.name))
                else:
                    self.fields[a, new.name] = old.name, common
                yield from _differing(a, new.name, new.place, _bounded(old), _bounded(new), common)

    # ── questions ───────────────────────────────────────────────────────────────────────────

    def _asked(self, old: Function, new: Function) -> tuple[Common, list[FactDifference]]:
        """What both ask about, and which arguments they do not accept alike."""
        was, now = dict(old.parameters), dict(new.parameters)
        if was.keys() != now.keys():
            told = [f"asked with `{n}`" for n in now if n not in was]
            told += [f"asked without `{n}`" for n in was if n not in now]
            return Common(why=", ".join(told)), []
        parameters: list[tuple[str, Type]] = []
        conversions: list[tuple[Conversion, Conversion]] = []
        facts: list[FactDifference] = []
        for name, of in new.parameters:
            b, a = Bounded(was[name]), Bounded(of)
            common = common_type(b, a, self.after.renamed, self._matched)
            facts += _differing(new.id, name, new.place, b, a, common)
            if common is None or not common.is_compared:
                return Common(why=f"`{name}` is {a}, and was {b}"), facts
            parameters.append((name, common.common.type))
            conversions.append((common.before, common.after))
        why, is_of_old = self._fields_lost(old, new)
        converted = {n: c for (n, _), c in zip(parameters, conversions, strict=True)}
        before = tuple(converted[n][0].of(ir.Variable(n)) for n, _ in old.parameters)
        after = tuple(converted[n][1].of(ir.Variable(n)) for n, _ in new.parameters)
        return Common(tuple(parameters), before, after, why, is_of_old), facts

    def _fields_lost(self, old: Function, new: Function) -> tuple[str, bool]:
        """Why the answers cannot be compared, where each side reads what the other does not know; and whether only
        the earlier does."""
        if not any((*self.lost, *self.retyped)):
            return "", False
        read = _fields_read(self.before, old), _fields_read(self.after, new)
        gone, come = ([f for f in r if f in lost] for r, lost in zip(read, self.lost, strict=True))
        other = [f for r, retyped in zip(read, self.retyped, strict=True) for f in r if f in retyped]
        if other:
            return f"reads {_named(other)}, which is not the same fact as before", False
        if gone and come:
            told = f"read {_named(gone)}, which is gone, and reads {_named(come)}, which is new"
            return f"{told}; `renamed from` matches a fact that only has another name", False
        return "", bool(gone)

    # ── programs ────────────────────────────────────────────────────────────────────────────

    def _programs(self, ids: dict[str, str]) -> tuple[Program, Program]:
        """Both programs over the common facts."""
        names: tuple[dict[Field, tuple[str, Conversion]], dict[Field, tuple[str, Conversion]]] = ({}, {})
        back = {a: b for b, a in self.records.items()}
        for (record, name), (old, common) in self.fields.items():
            names[0][back[record], old] = name, common.before
            names[1][record, name] = name, common.after
        before = Translation(self.before, ids, self.records, names[0], self.retyped[0])
        after = Translation(self.after, {}, {}, names[1], self.retyped[1])
        records = {**self._unmatched(), **self._records()}
        return evolve(translated(before), records=records), evolve(translated(after), records=records)

    def _records(self) -> dict[str, tuple[FieldDeclaration, ...]]:
        """The later records, of facts that both accept, and with the fields that only the later has."""
        return {
            name: tuple(self._common_field(name, f) for f in fields) for name, fields in self.after.records.items()
        }

    def _common_field(self, record: str, f: FieldDeclaration) -> FieldDeclaration:
        if (record, f.name) not in self.fields:
            return f
        common = self.fields[record, f.name][1].common
        return evolve(f, type=common.type, least=common.least, most=common.most)

    def _unmatched(self) -> dict[str, tuple[FieldDeclaration, ...]]:
        """The earlier records without a match."""
        alone = {r: fields for r, fields in self.before.records.items() if r not in self.records}
        return {r: tuple(map(self._translated, fields)) for r, fields in alone.items()}

    def _translated(self, f: FieldDeclaration) -> FieldDeclaration:
        return evolve(f, type=with_records(f.type, self.records))

    def _records_of_old(self) -> dict[str, tuple[FieldDeclaration, ...]]:
        """The records with the fields that only the earlier has, instead of those that only the later has."""
        made = {**self._unmatched(), **self._records()}
        for b, a in self.records.items():
            known = [f for f in made[a] if (a, f.name) in self.fields]
            gone = [self._translated(f) for f in self.before.records[b] if (b, f.name) in self.lost[0]]
            made[a] = (*known, *gone)
        return made


def _fields(program: Program, but: set[str]) -> Iterator[Field]:
    return ((r, f.name) for r, fields in program.records.items() if r not in but for f in fields)


def _with_members(of: Type, names: dict[str, str]) -> Type:
    """An enum's type with members under other names, or the type as it is."""
    if isinstance(of, types.OptionalOf):
        return types.OptionalOf(_with_members(of.of, names))
    return evolve(of, members=tuple(names.get(m, m) for m in of.members)) if isinstance(of, types.Enum) else of


def _members(fields: tuple[FieldDeclaration, ...], name: str) -> tuple[str, ...]:
    of = next(_inner(f.type) for f in fields if f.name == name)
    return of.members if isinstance(of, types.Enum) else ()


def _bounded(f: FieldDeclaration) -> Bounded:
    return Bounded(f.type, f.least, f.most)


def _inner(of: Type) -> Type:
    while isinstance(of, types.OptionalOf | types.ListOf | types.SetOf):
        of = of.of
    return of


def _named(fields: list[Field]) -> str:
    return ", ".join(f"`{types.short(record)}.{name}`" for record, name in dict.fromkeys(fields))


def _differing(
    of: str, name: str, place: Location, old: Bounded, new: Bounded, common: CommonType | None
) -> Iterator[FactDifference]:
    """Nothing where both accept the same."""
    accepted = (str(new),) if common is None else common.accepted
    refused = (str(old),) if common is None else common.refused
    if accepted or refused:
        outcome: FactOutcome = "accepted otherwise"
        if not (accepted and refused):
            outcome = "newly accepted" if accepted else "newly refused"
        yield FactDifference(of, name, outcome, str(place), accepted, refused)


def _fields_read(program: Program, function: Function) -> list[Field]:
    """The fields that a question may read."""
    found: dict[Field, None] = {}
    pending: list[Fact] = list(facts_read(program, function).values())
    while pending:
        fact = pending.pop()
        while isinstance(fact.inner, types.ListOf | types.SetOf):
            fact = fact.elements
        if isinstance(fact.inner, types.Record):
            found.update({(fact.inner.name, n): None for n in fact.fields})
            pending += fact.fields.values()
    return list(found)
