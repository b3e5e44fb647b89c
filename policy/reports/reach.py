"""How far a document reaches: the sources that it rests on, and those whose reading ends before its date.

In: a model. Out: remarks for the cover, and rows of sources. Absent: remarks on one answer, which has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from policy.answers import BilingualText
from policy.ir.from_model import readings_of
from policy.ir.program import Reading
from policy.ir.reach import readings_ended
from policy.model import rules, types
from policy.model.values import show
from policy.reports.plain.names import in_full


@frozen
class Remark:
    """How far a document reaches: a sentence, and the sources that it is about where they are several."""

    text: BilingualText
    sources: tuple[BilingualText, ...] = ()

    @property
    def in_one_line(self) -> BilingualText:
        named = BilingualText("; ".join(s.en for s in self.sources), "；".join(s.zh for s in self.sources))
        return BilingualText(f"{self.text.en} {named.en}".rstrip(), f"{self.text.zh}{named.zh}")


@frozen
class CopyRow:
    """Where a source was read: the address, and the SHA-256 of what was there, if it is known."""

    address: str
    sha256: str


@frozen
class SourceRow:
    """A source: what it is, when it took effect, when and where it was read. Days are ISO texts, or empty."""

    id: str
    title: BilingualText
    reference: str
    issued: str
    since: str
    until: str
    status: str
    read: str
    holds_until: str
    note: BilingualText
    copies: tuple[CopyRow, ...]


def remarks_on(model: rules.Model, provisions: Iterable[str], on: int) -> tuple[Remark, ...]:
    """The remarks of a document that rests on these provisions, as of a day."""
    return remarks_in_full(readings_of(model), titles_of(model), (p.partition("/")[0] for p in provisions), on)


def titles_of(model: rules.Model) -> dict[str, BilingualText]:
    """What each source is called."""
    return {s.id: in_full(s.title, s.id) for s in model.sources.values()}


def remarks_in_full(
    readings: Mapping[str, Reading], titles: Mapping[str, BilingualText], sources: Iterable[str], on: int
) -> tuple[Remark, ...]:
    """The remarks on the sources whose reading ends on that day or before, each source by its title."""
    return tuple(
        _ended(reading, [(id, titles.get(id, BilingualText(id, id))) for id in ended])
        for reading, ended in readings_ended(readings, sources, on)
    )


def _ended(reading: Reading, sources: list[tuple[str, BilingualText]]) -> Remark:
    end, on = show(reading.holds_until, types.DATE), show(reading.on, types.DATE)
    named = tuple(BilingualText(f"{title.en} ({id})", f"{title.zh}（{id}）") for id, title in sources)
    these = "this source" if len(named) == 1 else "these sources"
    text = BilingualText(
        f"the reading of {these} ends {end} (read {on}), and later changes may be missing:",
        f"下列來源於{on}閱讀，所讀內容只確知適用至{end}前，其後如有修訂，未必反映在此：",
    )
    return Remark(text, named) if len(named) > 1 else Remark(Remark(text, named).in_one_line)


def reading_closed(model: rules.Model) -> str:
    """The day on which the reading of a rulebook's sources closed."""
    return closed_on(readings_of(model))


def closed_on(readings: Mapping[str, Reading]) -> str:
    """The day on which the reading of the sources closed; nothing where none was read."""
    return show(max(r.on for r in readings.values()), types.DATE) if readings else ""


def sources_of(model: rules.Model, provisions: Iterable[str]) -> Iterator[SourceRow]:
    """The sources of these provisions, in the order of the rules."""
    named = {p.partition("/")[0] for p in provisions}
    yield from (source_row(s) for s in model.sources.values() if s.id in named)


def source_row(s: rules.SourceText) -> SourceRow:
    """One source as shown."""
    days = (s.start, s.end, s.read, s.holds_until)
    start, end, read, holds_until = ("" if day is None else show(day, types.DATE) for day in days)
    title = in_full(s.title, s.id)
    copies = tuple(CopyRow(c.address, c.sha256) for c in s.copies)
    return SourceRow(
        s.id, title, s.reference, s.issued, start, end, s.status.value, read, holds_until, s.note, copies
    )
