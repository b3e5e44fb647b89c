"""Decisions of a journal as a list to look one up in: refusals first, then what was undecided, then the rest.

In: decisions, one after another, and the model for the words of their facts. Out: `DecisionList`. Of a long journal
the first of each kind are kept, and the first that relied on each provision; the others are counted. Absent: judging.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import define, field, frozen

from policy.answers import BilingualText, Outcome
from policy.model import rules
from policy.reports.journal.decisions import Decided
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.names import EVENTS
from policy.reports.journal.reasons import EXAMPLES, provisions_of
from policy.reports.plain.facts import ToldFacts
from policy.reports.rows import Mark
from policy.vocabulary import Json

TITLE = BilingualText("Decisions and refusals", "決定及拒絕一覽")
MOST = 500  # of each kind, in the list
_MARKS: dict[Outcome, Mark] = {Outcome.PERMITTED: "accept", Outcome.DENIED: "refuse"}


@frozen
class Why:
    """A reason, and the provisions that it rests on."""

    text: BilingualText
    per: tuple[str, ...]


@frozen
class DecisionRow:
    """One decision."""

    anchor: str
    record: int
    at: str
    on: str
    client: str
    about: str
    asked: BilingualText
    what: BilingualText
    mark: Mark
    reasons: tuple[Why, ...]
    needs: tuple[BilingualText, ...]
    facts: tuple[tuple[BilingualText, BilingualText], ...]


@frozen
class ClientRow:
    """How many decisions were about a client, and how many refused."""

    client: str
    decisions: int
    refused: int
    undecided: int


@frozen
class ProvisionRow:
    """How many decisions relied on a provision, and the first records that did."""

    provision: str
    title: BilingualText
    status: str
    count: int
    first: tuple[int, ...]


@frozen
class Kind:
    """Decisions of a kind: how many in all, how many reasons they have in all, and the rows that are shown."""

    count: int
    reasons: int
    rows: tuple[DecisionRow, ...]


@frozen
class DecisionList:
    """The whole."""

    records: int
    refused: Kind
    undecided: Kind
    others: Kind
    clients: tuple[ClientRow, ...]
    provisions: tuple[ProvisionRow, ...]


@define
class _Kept:
    count: int = 0
    reasons: int = 0
    decided: list[Decided] = field(factory=list)


@define
class DecisionTally:
    """Counts decisions as they come; `figures` may be asked for at any time."""

    model: rules.Model
    glossary: Glossary
    most: int = MOST  # of each kind, besides the first of each provision
    records: int = 0
    count: int = 0
    on: str = ""  # the last day of the law that was read
    kinds: dict[str, _Kept] = field(factory=lambda: {k: _Kept() for k in ("refused", "undecided", "others")})
    clients: dict[str, list[int]] = field(factory=dict)  # decisions, refused, undecided
    provisions: dict[str, tuple[int, tuple[int, ...]]] = field(factory=dict)

    def add(self, decided: Decided) -> None:
        kind = _kind(decided.outcome)
        kept = self.kinds[kind]
        kept.count += 1
        self.count += 1
        kept.reasons += len(decided.reasons)
        if decided.client:
            row = self.clients.setdefault(decided.client, [0, 0, 0])
            row[0] += 1
            row[1] += kind == "refused"
            row[2] += kind == "undecided"
        if self._is_first_of_a_provision(decided) or len(kept.decided) < self.most:
            kept.decided.append(decided)

    def _is_first_of_a_provision(self, decided: Decided) -> bool:
        first = False
        for p in dict.fromkeys(p for v in decided.verdicts for r in v.reasons for p in provisions_of(r)):
            count, records = self.provisions.get(p, (0, ()))
            if len(records) < EXAMPLES and decided.record not in records:
                records, first = (*records, decided.record), True
            self.provisions[p] = count + 1, records
        return first

    def rows(self) -> tuple[DecisionRow, ...]:
        """All that are kept, in the order of their records."""
        kept = [d for k in self.kinds.values() for d in k.decided]
        return rows_of(self.model, self.glossary, sorted(kept, key=lambda d: d.record))

    def figures(self) -> DecisionList:
        seen: dict[int, int] = {}
        known = self.glossary.citations
        return DecisionList(
            self.records,
            **{
                name: Kind(kept.count, kept.reasons, rows_of(self.model, self.glossary, kept.decided, seen))
                for name, kept in self.kinds.items()
            },
            clients=tuple(ClientRow(name, *row) for name, row in sorted(self.clients.items())),
            provisions=tuple(
                ProvisionRow(p, known[p].text, known[p].status.value, count, first)
                for p, (count, first) in sorted(self.provisions.items())
                if p in known
            ),
        )


def rows_of(
    model: rules.Model, glossary: Glossary, decided: Sequence[Decided], seen: dict[int, int] | None = None
) -> tuple[DecisionRow, ...]:
    """Decisions in words; `seen` counts those of each record that the page has already."""
    counted = {} if seen is None else seen
    return tuple(_row(model, glossary, d, counted) for d in decided)


def _row(model: rules.Model, glossary: Glossary, d: Decided, seen: dict[int, int]) -> DecisionRow:
    nth = seen[d.record] = seen.get(d.record, 0) + 1
    return DecisionRow(
        f"record-{d.record}" + (f"-{nth}" if nth > 1 else ""),
        d.record,
        glossary.at(d.at),
        d.on,
        d.client,
        d.about,
        d.asked if d.asked.en else glossary.questions.get(d.question.rpartition(".")[2], d.asked),
        EVENTS[d.event],
        _MARKS.get(d.outcome, "doubt"),
        tuple(Why(r.text, provisions_of(r)) for r in d.reasons),
        tuple(glossary.needed(n) for n in d.needs),
        tuple(facts_of(model, d)),
    )


def _kind(outcome: Outcome) -> str:
    if outcome is Outcome.DENIED:
        return "refused"
    return "others" if outcome in (Outcome.PERMITTED, Outcome.VALUE) else "undecided"


def facts_of(model: rules.Model, decided: Decided) -> Iterator[tuple[BilingualText, BilingualText]]:
    """The facts of a decision that the journal tells: in words, or by their names where the rules do not ask it."""
    asked = [d for d in model.of_kind(rules.Decision) if decided.question in (d.id, d.name)]
    facts = ToldFacts.of(model, asked[0] if len(asked) == 1 else None)
    told = {name: v for name, v in decided.facts.items() if name in facts.parameters} or decided.facts
    for path, text in _leaves("", told):
        yield facts.said(path, text)


def _leaves(path: str, value: Json | Sequence[object] | object) -> Iterator[tuple[str, str]]:
    """Each fact at its path, as an author writes it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _leaves(f"{path}[{n}]", inner)
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    elif value is not None:
        yield path, str(value)
