"""The lines of a journal on the disk, read one at a time.

In: a path. Out: whole lines with their places, and what is torn off behind the last of them. Memory holds one line,
whatever the length of the file. Absent: what a line means (see `records`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from typing import BinaryIO

from attrs import frozen

from policy.audit.records import LONGEST_LINE

_STRETCH = 1 << 16  # bytes read at once when looking back for a line end


@frozen
class JournalLine:
    """Line `number` (from one) at byte `offset`; its text is without the end, and empty if longer than any record."""

    number: int
    offset: int
    size: int
    text: bytes


@frozen
class Torn:
    """The bytes behind the last whole line: a record that was being written when its writer died."""

    offset: int
    size: int


def locked(handle: int) -> bool:
    """Takes the lock that a writer holds; False where another has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lines(file: BinaryIO) -> Iterator[JournalLine | Torn]:
    """The whole lines of a file, then what is torn, if anything is."""
    offset = number = 0
    while text := file.readline(LONGEST_LINE):
        size = len(text)
        whole = text.endswith(b"\n")
        kept = text[:-1] if whole else b""
        while not whole and (more := file.readline(LONGEST_LINE)):
            size += len(more)
            whole = more.endswith(b"\n")
        if not whole:
            yield Torn(offset, size)
            return
        number += 1
        yield JournalLine(number, offset, size, kept)
        offset += size


def line_start(handle: int, end: int) -> int:
    """Where the line begins of which the byte before `end` is a part."""
    while end > 0:
        begin = max(0, end - _STRETCH)
        found = os.pread(handle, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0
