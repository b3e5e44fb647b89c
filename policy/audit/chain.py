"""Follows the chain of a journal's records and says where it is broken.

In: the lines behind the header, in the file's order, and what each says. Out: findings, each with its record, line
and byte. Every record that is damaged, missing, moved or doubled is found, not only the first: a damaged one is taken
for what its place says, and the chain goes on from its hash. Memory does not grow with the journal.
"""

from __future__ import annotations

from attrs import define, field, frozen

from policy.audit.lines import JournalLine
from policy.audit.records import NOTHING_READ, JournalRecord, LineReading
from policy.diagnostics import Diagnostic

MOST_FINDINGS = 1_000  # told one by one; the others are counted
RESTORE = "take the journal from a copy: what stands here is not what was written"


@frozen
class Damage:
    """What is wrong, and where: record 0 is the header; `size` is of the bytes that are torn off."""

    diagnostic: Diagnostic
    record: int
    line: int
    offset: int
    size: int = 0


@define
class _Damaged:
    """A line that is not what was written, or several in a row of which nothing can be read."""

    place: JournalLine
    reading: LineReading
    linked: bool  # to the line before, as far as that can be told
    lines: int = 1

    def cause(self, wanted: str = "") -> str:
        """What was altered; `wanted` is the hash by which the next record names this one."""
        if self.reading.has and self.reading.has == wanted:
            return "its hash was altered"
        return self.reading.fault if self.linked else "its link to the record before was altered"


@frozen
class _Gap:
    """Records that were not where they should be; they may turn up later."""

    first: int
    last: int
    place: JournalLine


@define
class HashChain:
    """Where the chain has got to: the record that is next, and the hashes it may name as the one before."""

    links: frozenset[str] = frozenset()  # empty where they are not known
    head: str = ""  # the hash of the last record that was whole and in its place
    next: int = 1
    records: int = 0
    found: list[Damage] = field(factory=list)
    untold: int = 0
    _gaps: list[_Gap] = field(factory=list)
    _damaged: list[_Damaged] = field(factory=list)  # since the last whole record
    _passed: int = 0  # damaged lines that are only counted

    def take(self, place: JournalLine, reading: LineReading) -> None:
        """The next line of the file."""
        record = reading.record
        if record is None or reading.fault:
            self._keep(_Damaged(place, reading, record is None or self._follows(record)))
            self.links = reading.hashes
            return
        self.records += 1
        if record.seq < self.next:
            self._take_again(place, record)
            return
        missing = record.seq - self.next
        accounted = missing == self._damaged_lines
        if self._damaged:
            self._name_damaged(missing, record.prev)
        elif missing:
            self._gaps.append(_Gap(self.next, record.seq - 1, place))
        if accounted and not self._follows(record):
            message = (
                f"record {record.seq} does not follow record {record.seq - 1} as it stands: one was written anew"
            )
            self._altered(message, record.seq, place)
        self.next, self.links, self.head = record.seq + 1, reading.hashes, reading.said

    def end(self) -> None:
        """There are no more lines."""
        seq = self.next
        for damaged in self._damaged:
            record = damaged.reading.record
            if record is not None and record.seq == seq:
                message = f"record {seq} is not what was written: {damaged.cause()}"
            else:
                message = f"what stands behind record {self.next - 1} does not belong there: {damaged.cause()}"
            self._altered(message, seq, damaged.place, damaged.lines)
            seq += damaged.lines
        self.untold += self._passed
        for gap in self._gaps:
            self._misplaced(f"{_numbered(gap.first, gap.last)} missing before this place", gap.first, gap.place)

    def _altered(self, message: str, record: int, place: JournalLine, lines: int = 1) -> None:
        self.find(Diagnostic("journal-altered", f"{message} {_where(place, lines)}", None, RESTORE), record, place)

    def _misplaced(self, message: str, record: int, place: JournalLine) -> None:
        self.find(Diagnostic("journal-order", f"{message} {_where(place, 1)}", None, RESTORE), record, place)

    def find(self, diagnostic: Diagnostic, record: int, place: JournalLine) -> None:
        if len(self.found) < MOST_FINDINGS:
            self.found.append(Damage(diagnostic, record, place.number, place.offset))
        else:
            self.untold += 1

    def _follows(self, record: JournalRecord) -> bool:
        return not self.links or record.prev in self.links

    @property
    def _damaged_lines(self) -> int:
        return sum(d.lines for d in self._damaged) + self._passed

    def _keep(self, damaged: _Damaged) -> None:
        if self._damaged and self._damaged[-1].reading == damaged.reading == NOTHING_READ:
            self._damaged[-1].lines += 1
        elif len(self._damaged) < MOST_FINDINGS:
            self._damaged.append(damaged)
        else:
            self._passed += 1

    def _name_damaged(self, missing: int, wanted: str) -> None:
        """Says what the damaged lines were, now that the number of the next whole record is known."""
        one_each = missing == self._damaged_lines
        seq = self.next
        for damaged in self._damaged:
            cause = damaged.cause(wanted if damaged is self._damaged[-1] else "")
            if one_each:
                message = f"{_numbered(seq, seq + damaged.lines - 1)} not what was written: {cause}"
            elif missing:
                lost = _numbered(self.next, self.next + missing - 1)
                message = f"{lost} missing, and what stands there is not what was written: {cause}"
            else:
                message = f"something was put in before record {seq}: {cause}"
            self._altered(message, seq, damaged.place, damaged.lines)
            seq += damaged.lines if one_each else 0
        self.untold += self._passed
        self._damaged, self._passed = [], 0

    def _take_again(self, place: JournalLine, record: JournalRecord) -> None:
        """A whole record that comes later than it should, or once more."""
        gap = next((g for g in self._gaps if g.first <= record.seq <= g.last), None)
        if gap is None:
            message = f"record {record.seq} stands here again"
        else:
            message = f"record {record.seq} was moved to this place"
            rest = _Gap(gap.first, record.seq - 1, gap.place), _Gap(record.seq + 1, gap.last, gap.place)
            at = self._gaps.index(gap)
            self._gaps[at : at + 1] = [g for g in rest if g.first <= g.last]
        self._misplaced(message, record.seq, place)


def _numbered(first: int, last: int) -> str:
    return f"record {first} is" if first == last else f"records {first} to {last} are"


def _where(place: JournalLine, lines: int) -> str:
    named = f"line {place.number}" if lines == 1 else f"lines {place.number} to {place.number + lines - 1}"
    return f"({named}, byte {place.offset:,})"
