"""What things are called: the titles that authors gave to declarations, fields and members of enums.

In: a model. Out: a `BilingualText` for every name, and the phrases by which it is told. Absent: grammar, which is a
language's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from attrs import field, frozen

from policy.answers import BilingualText
from policy.model import expressions as x, rules, types
from policy.model.expressions import Expression
from policy.model.rules import Phrases
from policy.model.types import Type


def spaced(name: str) -> str:
    """The last part of a name, read as words."""
    return name.rpartition(".")[2].replace("_", " ")


def in_full(words: BilingualText, name: str) -> BilingualText:
    """The words with nothing left empty: Chinese falls back on English, and English on the name."""
    en = words.en or spaced(name)
    return BilingualText(en, words.zh or en, words.others)


@frozen(eq=False)
class Titles:
    """Titles by what they belong to."""

    model: rules.Model
    _reached: dict[tuple[Type, ...], Reached] = field(factory=dict, repr=False)

    def declared(self, id: str) -> BilingualText:
        return in_full(self.model.declared[id].title, id)

    def phrases(self, id: str) -> Phrases:
        return self.model.declared[id].phrases

    def field(self, record: types.Record, name: str) -> BilingualText:
        return in_full(self._field(record, name).title, name)

    def field_phrases(self, record: types.Record, name: str) -> Phrases:
        return self._field(record, name).phrases

    def _field(self, record: types.Record, name: str) -> rules.FieldDeclaration:
        return next(f for f in self.model.get(rules.RecordType, record.name).fields if f.name == name)

    def member(self, enum: types.Enum, name: str) -> BilingualText:
        members = dict(self.model.get(rules.EnumOf, enum.name).members)
        return in_full(members[name], name)

    def one_number(self, id: str) -> x.Literal | None:
        """The value of a parameter that has one only, whatever the date."""
        d = self.model.declared[id]
        if not isinstance(d, rules.Parameter) or d.tightened or isinstance(d.type, types.Boolean):
            return None
        bodies = {v.body for v in d.versions if isinstance(v.body, x.Literal)}
        return bodies.pop() if len(bodies) == 1 and all(isinstance(v.body, x.Literal) for v in d.versions) else None

    def reached(self, scope: Iterable[Type]) -> Reached:
        """What can be spoken of by the things of these types."""
        key = tuple(scope)
        if key not in self._reached:
            found = Reached()
            for of in key:
                self._reach(of, found)
            self._reached[key] = found
        return self._reached[key]

    def _reach(self, of: Type, found: Reached) -> None:
        if isinstance(of, types.OptionalOf):
            self._reach(of.of, found)
        elif isinstance(of, types.Record):
            found.records[of.name] += 1
            for f in self.model.get(rules.RecordType, of.name).fields:
                title = in_full(f.title, f.name)
                found.titles.update({title.en: 1, title.zh: 1})
                self._reach(f.type, found)


@frozen(eq=False)
class Reached:
    """How many records of each name, and fields of each title, are within reach: the only one needs no owner."""

    records: Counter[str] = field(factory=Counter)
    titles: Counter[str] = field(factory=Counter)

    def alone(self, of: Type) -> bool:
        inner = types.inner_of(of)
        return isinstance(inner, types.Record) and self.records[inner.name] == 1


def record_of(e: Expression) -> types.Record:
    """The type of what has a field."""
    inner = types.inner_of(e.type)
    assert isinstance(inner, types.Record)
    return inner
