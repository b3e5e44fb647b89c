"""Writes a journal: records wait, are made a stretch at a time, then written and made durable a group at a time.

In: commands, their events, and the digest of the rules in force. Out: a file that only grows. What `commit` has
returned is on the disk and stays there; what it has not may be lost, and then is lost from a point on. A write that
fails stops the journal for good. Absent: reading records back (see `verify`, `replay`).

A group is written at the byte where the last acknowledged one ends, so that a commit that was interrupted can be
made again, and whatever it left behind is written over or cut.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from attrs import define, field

from policy.audit.lines import Torn, line_start, locked
from policy.audit.records import (
    LONGEST_LINE,
    Header,
    canonical,
    header_line,
    read_header,
    read_record,
    record_lines,
)
from policy.diagnostics import Diagnostic, PolicyError
from policy.files import keep_entry, opened
from policy.vocabulary import Json

GROUP = 1_000  # records that are committed together unless the caller asks sooner
STRETCH = 50  # records whose lines are made together: of more, the garbage collector would look at all that waits


class JournalStopped(PolicyError):
    """Nothing more can be written. Up to and including `last`, everything is on the disk."""

    exit_code = 3

    def __init__(self, message: str, help: str, last: int) -> None:
        super().__init__([Diagnostic("journal-stopped", message, None, help)])
        self.last = last


Encode = Callable[[Any, Any], tuple[bytes, bytes]]
"""Makes the canonical bytes of a command and of its events."""


def as_they_are(command: bytes, events: bytes) -> tuple[bytes, bytes]:
    """For bytes that have been made."""
    return command, events


@define(eq=False)
class _Group:
    """What has been acknowledged, and what waits to be: lines, and records of which none have been made yet.

    One object, so that each step replaces all of it at once: an interrupt can then never part them.
    """

    durable: int
    end: int  # of the file, in bytes
    last: int  # that has its line
    hash: str
    lines: tuple[bytes, ...] = ()  # a stretch in each
    waiting: list[tuple[int, Any, Any, str, Encode]] = field(factory=list)


class Journal:
    """A journal open for writing. `torn` is what `open` cut from its end, if anything."""

    def __init__(self, path: str | Path, handle: int, group: _Group, torn: Torn | None, every: int) -> None:
        """For `create` and `open` alone."""
        self.torn = torn
        self._path = path
        self._handle = handle
        self._group = group
        self._every = every
        self._over = ""  # why nothing more can be written

    @classmethod
    def create(cls, path: str | Path, header: Header, every: int = GROUP) -> Journal:
        """Begins a journal where there is no file yet; commits by itself `every` so many records.

        Raises OSError where no file can be made, PolicyError where one is already, JournalStopped on a full disk.
        """
        line, hash = header_line(header)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            _taken(f"`{path}` is already there", "name a new file: a journal is never written over")
        if not locked(handle):
            os.close(handle)
            _taken(f"`{path}` is being written by another process", "name a new file")
        try:
            _write(handle, line, 0)
            os.fsync(handle)
            keep_entry(Path(path).parent)
        except OSError as failure:
            os.close(handle)
            os.unlink(path)
            message = f"the journal `{path}` cannot be begun: {failure.strerror}"
            raise JournalStopped(message, "nothing was recorded; begin it where there is room", 0) from failure
        return cls(path, handle, _Group(0, len(line), 0, hash), None, every)

    @classmethod
    def open(cls, path: str | Path, every: int = GROUP) -> Journal:
        """Goes on with a journal: its header and last record are checked, a torn line is cut.

        Only the ends are looked at; `verify` looks at everything. Raises OSError where the file cannot be opened,
        PolicyError where another writes to it or its ends are not whole.
        """
        handle = opened(path, os.O_RDWR, streams=False)
        try:
            if not locked(handle):
                _taken(f"`{path}` is being written by another process", "wait until it is done")
            group, size = _ends(path, handle)
            torn = Torn(group.end, size - group.end) if size > group.end else None
            if torn:
                os.ftruncate(handle, group.end)
                os.fsync(handle)
        except BaseException:
            os.close(handle)
            raise
        return cls(path, handle, group, torn, every)

    @property
    def durable(self) -> int:
        """The sequence number of the last acknowledged record; 0 where there is none."""
        return self._group.durable

    def append(self, at: int, command: Mapping[str, object], events: Sequence[Json], rules: str) -> int:
        """Adds a record and returns its sequence number; it is acknowledged when `durable` has reached that.

        Raises JournalStopped where it cannot be kept, and TypeError where the data is not JSON.
        """
        return self.append_later(at, canonical(command), canonical(events), rules, as_they_are)

    def append_later(self, at: int, command: object, events: object, rules: str, encode: Encode) -> int:
        """`append` of what `encode` makes of a command and its events, which must not change until they are durable.

        It is asked for many records in a row, which takes less time than for each as it comes.
        """
        if self._over:
            self._refuse()
        group = self._group
        waiting = group.waiting
        waiting.append((at, command, events, rules, encode))
        count = len(waiting)
        seq = group.last + count
        if seq - group.durable >= self._every:
            self.commit()
        elif count >= STRETCH:
            self._make_lines()
        return seq

    def commit(self) -> int:
        """Writes what waits and makes it durable; returns the last acknowledged sequence number.

        Raises JournalStopped where that fails: nothing of the group counts as written then.
        """
        if self._over:
            self._refuse()
        self._make_lines()
        group = self._group
        if group.lines:
            data = b"".join(group.lines)
            try:
                _write(self._handle, data, group.end)
                os.fsync(self._handle)
            except OSError as failure:
                self._stop(failure)
            self._group = _Group(group.last, group.end + len(data), group.last, group.hash)
        return group.last

    def _make_lines(self) -> None:
        """Of the records that wait. Raises JournalStopped where one is too long to be read again."""
        group = self._group
        if not group.waiting:
            return
        records = [(at, encode(command, events), rules) for at, command, events, rules, encode in group.waiting]
        made, hash = record_lines(records, group.last + 1, group.hash)
        if len(made) > LONGEST_LINE and any(len(line) >= LONGEST_LINE for line in made.split(b"\n")):
            self._stop(OSError(errno.EFBIG, f"a record is longer than {LONGEST_LINE:,} bytes"))
        last = group.last + len(records)
        self._group = _Group(group.durable, group.end, last, hash, (*group.lines, made))

    def close(self) -> None:
        """Commits what waits and lets go of the file. A journal that has stopped is only let go of."""
        try:
            if not self._over:
                self.commit()
        finally:
            self._over = self._over or "it was closed"
            if self._handle >= 0:
                os.close(self._handle)
                self._handle = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse(self) -> NoReturn:
        message = f"the journal `{self._path}` takes no more records: {self._over}"
        raise JournalStopped(message, f"record {self.durable} is its last", self.durable)

    def _stop(self, failure: OSError) -> NoReturn:
        """Goes back to the last acknowledged byte and gives up: a disk that failed once is not asked again."""
        group = self._group
        lost = group.last - group.durable + len(group.waiting)
        self._over = failure.strerror or str(failure)
        remedy = "free the disk or mend it, open the journal again, and give the later commands again"
        try:
            os.ftruncate(self._handle, group.end)
            os.fsync(self._handle)
        except OSError:
            remedy += f"; cut first what stands behind byte {group.end}, with `policy log verify --cut`"
        kept = f"; {lost} {'record' if lost == 1 else 'records'} behind it could not be kept" if lost else ""
        message = f"the journal `{self._path}` has stopped after record {group.durable}: {self._over}{kept}"
        raise JournalStopped(message, remedy, group.durable) from failure


def cut(path: str | Path, torn: Torn) -> None:
    """Cuts what is torn from the end of a journal. Raises PolicyError where it is being written or has changed."""
    handle = opened(path, os.O_RDWR, streams=False)
    try:
        if not locked(handle) or os.fstat(handle).st_size != torn.offset + torn.size:
            _taken(f"`{path}` is being written by another process", "wait until it is done, then verify it again")
        os.ftruncate(handle, torn.offset)
        os.fsync(handle)
    finally:
        os.close(handle)


def _ends(path: str | Path, handle: int) -> tuple[_Group, int]:
    """Where a journal goes on, and how long its file is."""
    size = os.fstat(handle).st_size
    with open(handle, "rb", closefd=False) as file:
        first = file.readline(LONGEST_LINE)
    header, reading = read_header(first.removesuffix(b"\n"))
    look = f"see `policy log verify {path}`"
    if header is None or reading.fault or not first.endswith(b"\n"):
        fault = reading.fault or "it is cut short"
        raise PolicyError.of("journal-header", f"the header of `{path}` is damaged: {fault}", look)
    end = line_start(handle, size)
    begin = line_start(handle, end - 1)
    if begin == 0:
        return _Group(0, end, 0, reading.said), size
    last = read_record(os.pread(handle, min(end - 1 - begin, LONGEST_LINE), begin))
    if last.record is None or last.fault:
        fault = f"the last record of `{path}` is damaged: {last.fault}"
        raise PolicyError.of("journal-altered", fault, look)
    return _Group(last.record.seq, end, last.record.seq, last.said), size


def _write(handle: int, data: bytes, offset: int) -> None:
    """All of `data` at `offset`, in one write unless the system takes only a part of it. Raises OSError."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(handle, rest, offset)
        if written == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[written:]
        offset += written


def _taken(message: str, help: str) -> NoReturn:
    raise PolicyError.of("journal-taken", message, help)
