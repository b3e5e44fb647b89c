"""What the rules call things that a journal knows by their names, and since when clients come first.

In: a model. Out: words for members of enums and for what an answer may want, and the provisions that put clients
before others in a queue, and how well each provision is known. Absent: any answer; those stand in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import assert_never

from attrs import field, frozen

from policy.answers import BilingualText, Citation
from policy.ir.from_model import readings_of
from policy.ir.program import Reading
from policy.model import rules
from policy.reports.plain.amounts import moment_at
from policy.reports.plain.names import spaced
from policy.reports.reach import titles_of

CLIENT = "client"


@frozen
class ClientsFirst:
    """The lines of a priority that rank clients before others; `since` is empty where it has always been so."""

    provisions: tuple[str, ...] = ()
    since: str = ""


@frozen
class Glossary:
    """Texts by name; a name with two meanings has none, and is read as it is written."""

    words: Mapping[str, BilingualText] = field(factory=dict)
    clients_first: ClientsFirst = ClientsFirst()
    readings: Mapping[str, Reading] = field(factory=dict)  # by source, where it is said until when its reading holds
    sources: Mapping[str, BilingualText] = field(factory=dict)  # what each is called
    citations: Mapping[str, Citation] = field(factory=dict)  # by provision
    meanings: Mapping[str, BilingualText] = field(factory=dict)  # of names with several, one after another
    unset: Mapping[str, BilingualText] = field(factory=dict)  # why a number has no value, by its name
    questions: Mapping[str, BilingualText] = field(factory=dict)
    languages: tuple[str, ...] = ("en", "zh")
    offset: int = 0  # of its times, in minutes ahead of UTC

    def at(self, microseconds: int) -> str:
        """A moment as data, in the rulebook's time."""
        return moment_at(microseconds, self.offset)

    def named(self, name: str) -> BilingualText:
        return self.words.get(name.rpartition(".")[2]) or BilingualText(spaced(name))

    def needed(self, name: str) -> BilingualText:
        """What an answer wants; where its name has several meanings, all of them."""
        return self.meanings.get(name.rpartition(".")[2]) or self.named(name)


def glossary_of(model: rules.Model) -> Glossary:
    """The words of a rulebook."""
    found: dict[str, set[BilingualText]] = {}
    first = ClientsFirst()
    for declared in model.declared.values():
        match declared:
            case rules.EnumOf():
                named = dict(declared.members)
            case rules.RecordType():
                named = {f.name: f.title for f in declared.fields}
            case rules.Parameter():
                named = {declared.name: declared.title}
            case rules.Priority() if not first.provisions:
                first, named = _clients_first(declared), {}
            case (
                rules.Decision()
                | rules.Value()
                | rules.Table()
                | rules.DatedSet()
                | rules.Calendar()
                | rules.Priority()
                | rules.Property()
            ):
                named = {}
            case _:
                assert_never(declared)
        for name, words in named.items():
            if words.en:
                found.setdefault(name, set()).add(words)
    parameters, decisions = model.of_kind(rules.Parameter), model.of_kind(rules.Decision)
    citations = {p.id: p.citation for p in model.provisions.values()}
    meanings = {
        name: BilingualText(" or ".join(sorted(w.en for w in said)), "或".join(sorted(w.zh or w.en for w in said)))
        for name, said in found.items()
        if len(said) > 1
    }
    single = {name: next(iter(said)) for name, said in found.items() if len(said) == 1}
    unset = {p.name: p.unset for p in parameters if p.unset is not None}
    questions = {d.name: d.title for d in decisions}
    known = readings_of(model), titles_of(model), citations, meanings, unset, questions
    return Glossary(single, first, *known, languages=model.languages, offset=model.offset)


def _clients_first(priority: rules.Priority) -> ClientsFirst:
    keys = [k for k in priority.keys if CLIENT in k.ranks[:-1]]
    starts = [k.start for k in keys if k.start]
    return ClientsFirst(
        tuple(dict.fromkeys(c.provision for k in keys for c in k.citations)),
        date.fromordinal(min(starts)).isoformat() if starts else "",
    )
