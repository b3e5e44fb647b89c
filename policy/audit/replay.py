"""Runs a journal's commands again and compares what comes of them, byte for byte.

In: the path of a journal, and a maker of engines. Out: how many records came out the same, and the first that did
not, field by field. A journal that is not whole is not replayed, unless only its end is torn. Absent: what a
difference means; under other rules it may be what was wanted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from attrs import frozen

from policy.audit.chain import Damage
from policy.audit.lines import JournalLine, lines
from policy.audit.records import Header, JournalRecord, canonical, read_record
from policy.audit.verify import Progress, verify
from policy.diagnostics import Diagnostic, PolicyError
from policy.files import opened
from policy.vocabulary import Json

Submit = Callable[[Json], tuple[list[Json], str]]  # a command in; its events and the rulebook's digest out

_ABSENT = object()
_LONGEST_SHOWN = 200  # characters of a field
_MOST_SHOWN = 5  # fields in a message


@frozen
class Field:
    """A field that differs: where, as `reasons[0].rule`, and what was recorded and replayed, as JSON or `nothing`."""

    path: str
    recorded: str
    replayed: str


@frozen
class ReplayDifference:
    """The first record whose events differ, and the first of those that does, counted from one."""

    record: int
    event: int
    fields: tuple[Field, ...]


@frozen
class Replayed:
    """What a replay gave: how many records came out the same before the first that did not."""

    header: Header | None
    same: int
    difference: ReplayDifference | None
    findings: tuple[Damage, ...]

    @property
    def exact(self) -> bool:
        return not self.findings


def replay(
    path: str | Path,
    engine_for: Callable[[Header], Submit],
    other_rules: bool = False,
    progress: Progress | None = None,
) -> Replayed:
    """Gives the commands of a journal to a fresh engine until an event differs.

    That the rules differ is found too, before anything else, unless `other_rules` says that they are meant to.
    Raises OSError and PolicyError as `verify` does, and PolicyError where no engine can be made.
    """
    verified = verify(path)
    header = verified.header
    if header is None or not (verified.whole or verified.only_torn):
        return Replayed(header, 0, None, verified.findings)
    submit = engine_for(header)
    found: list[Damage] = []
    same, difference, rules_reported = 0, None, other_rules
    for place, record in records(path, verified.last, progress):
        try:
            events, rules = submit(record.input)
        except PolicyError as refused:
            found += [_at(place, record, diagnostic) for diagnostic in refused.diagnostics]
            break
        recorded_rules = {record.rules, header.rules} if record.seq == 1 else {record.rules}
        if not rules_reported and recorded_rules != {rules}:
            rules_reported = True
            found.append(_at(place, record, _other_rules(rules, recorded_rules)))
        difference = compared(record, events)
        if difference:
            found.append(_at(place, record, _differs(difference)))
            break
        same += 1
    return Replayed(header, same, difference, (*found, *verified.findings))


def compared(record: JournalRecord, events: Sequence[Json]) -> ReplayDifference | None:
    """Where the events of a record and those of its replay part, or None where their text is the same."""
    text = canonical(events)
    if text == canonical(record.events):
        return None
    pairs = zip_longest(record.events, json.loads(text), fillvalue=_ABSENT)
    differing = ((n, fields) for n, pair in enumerate(pairs, 1) if (fields := tuple(_fields("", *pair))))
    event, fields = next(differing)
    return ReplayDifference(record.seq, event, fields)


def records(
    path: str | Path, last: int, progress: Progress | None = None
) -> Iterator[tuple[JournalLine, JournalRecord]]:
    """The records of a verified journal up to number `last`, one at a time, each with its place."""
    with open(opened(path, streams=False), "rb") as file:
        for line in lines(file):
            if progress:
                progress(line.size)
            record = read_record(line.text).record if isinstance(line, JournalLine) and line.number > 1 else None
            if isinstance(line, JournalLine) and record is not None and record.seq <= last:
                yield line, record


def _fields(path: str, recorded: object, replayed: object) -> Iterator[Field]:
    """Every place where two values differ; 1, 1.0 and true are different texts."""
    if isinstance(recorded, dict) and isinstance(replayed, dict):
        for name in sorted({**recorded, **replayed}):
            inner = f"{path}.{name}" if path else name
            yield from _fields(inner, recorded.get(name, _ABSENT), replayed.get(name, _ABSENT))
    elif isinstance(recorded, list) and isinstance(replayed, list):
        for n, (one, other) in enumerate(zip_longest(recorded, replayed, fillvalue=_ABSENT)):
            yield from _fields(f"{path}[{n}]", one, other)
    elif _text(recorded) != _text(replayed):
        yield Field(path, _shown(recorded), _shown(replayed))


def _text(value: object) -> bytes | None:
    return None if value is _ABSENT else canonical(value)


def _shown(value: object) -> str:
    text = "nothing" if value is _ABSENT else canonical(value).decode("utf-8")
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _at(place: JournalLine, record: JournalRecord, diagnostic: Diagnostic) -> Damage:
    return Damage(diagnostic, record.seq, place.number, place.offset)


def _other_rules(rules: str, recorded: set[str]) -> Diagnostic:
    under = " and ".join(f"`{digest[:12]}`" for digest in sorted(recorded))
    message = f"the journal was written under the rulebook {under}, and this is `{rules[:12]}`"
    return Diagnostic("journal-rules", message, None, "replay it under the rules it was written under")


def _differs(difference: ReplayDifference) -> Diagnostic:
    fields = [f"`{f.path or 'all of it'}` was {f.recorded} and is {f.replayed}" for f in difference.fields]
    more = len(fields) - _MOST_SHOWN
    listed = "; ".join(fields[:_MOST_SHOWN]) + (f"; and {more} more" if more > 0 else "")
    message = f"event {difference.event} of record {difference.record} comes out differently: {listed}"
    return Diagnostic("journal-replay", message, None, "the rules, the engine or the journal has changed")
