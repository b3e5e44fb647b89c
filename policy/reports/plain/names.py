"""What things are called: the titles that authors gave to declarations, fields and members of enums.

In: a model. Out: a `BilingualText` for every name. Absent: grammar, which is a language's own.
"""

from __future__ import annotations

from attrs import frozen

from policy.answers import BilingualText
from policy.model import rules, types


def spaced(name: str) -> str:
    """The last part of a name, read as words."""
    return name.rpartition(".")[2].replace("_", " ")


def in_full(words: BilingualText, name: str) -> BilingualText:
    """The words with nothing left empty: Chinese falls back on English, and English on the name."""
    en = words.en or spaced(name)
    return BilingualText(en, words.zh or en)


@frozen(eq=False)
class Names:
    """Titles by what they belong to."""

    model: rules.Model

    def declared(self, id: str) -> BilingualText:
        return in_full(self.model.declared[id].title, id)

    def field(self, record: types.Record, name: str) -> BilingualText:
        fields = self.model.get(rules.RecordType, record.name).fields
        return in_full(next(f.title for f in fields if f.name == name), name)

    def member(self, enum: types.Enum, name: str) -> BilingualText:
        members = dict(self.model.get(rules.EnumOf, enum.name).members)
        return in_full(members[name], name)
