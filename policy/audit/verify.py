"""Checks a journal from its first byte to its last.

In: the path of a journal, and a hash of it that was kept elsewhere, if one was. Out: what it holds, and everything
wrong with it: a damaged header; records altered, missing, moved or doubled; lines put in; what is torn off at the
end. Memory does not grow with the file. Absent: whether the events are right (see `replay`).

A journal that was shortened at a line's end, or written anew from some record on, is whole in itself; only a hash
kept elsewhere shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from policy.audit.chain import RESTORE, Damage, HashChain
from policy.audit.lines import JournalLine, Torn, lines, locked
from policy.audit.records import BEGINNING, Header, is_sealed, read_header, read_record
from policy.diagnostics import Diagnostic, PolicyError
from policy.files import opened

Progress = Callable[[int], object]  # is told of bytes that have been read


@frozen
class Verified:
    """What a journal holds and what is wrong with it; `untold` counts the findings that are not listed."""

    header: Header | None
    records: int  # whole ones
    last: int  # number of the last of them in its place
    head: str  # and its hash
    findings: tuple[Damage, ...]
    untold: int
    torn: Torn | None

    @property
    def whole(self) -> bool:
        return not self.findings

    @property
    def only_torn(self) -> bool:
        """Whether cutting off what is torn makes it whole."""
        return len(self.findings) == 1 and self.torn is not None and self.header is not None


def verify(path: str | Path, kept: str = "", progress: Progress | None = None) -> Verified:
    """Everything wrong with a journal. `kept` is the hash that one of its lines should have.

    Raises OSError where it cannot be read, PolicyError where it is no file or a later version has written it.
    """
    header: Header | None = None
    torn: Torn | None = None
    chain = HashChain()
    kept_is_there = not kept
    with open(opened(path, streams=False), "rb") as file:
        is_journal = BEGINNING.startswith(file.read(len(BEGINNING)))
        file.seek(0)
        for found in lines(file):
            is_journal = is_journal or (isinstance(found, JournalLine) and is_sealed(found.text))
            if isinstance(found, Torn):
                torn = found
            elif found.number == 1:
                header = _begin(chain, found)
            else:
                chain.take(found, read_record(found.text))
            kept_is_there = kept_is_there or chain.head == kept
            if progress:
                progress(found.size)
        chain.end()
        findings = sorted(chain.found, key=lambda f: f.line)
        if torn is not None:
            findings.append(_torn_off(torn, chain, busy=not locked(file.fileno())))
        elif header is None and not findings:
            empty = "the journal is empty: it has not even a header"
            findings.append(Damage(Diagnostic("journal-header", empty, None, RESTORE), 0, 1, 0))
    if not is_journal:
        message = "this is no journal: it does not begin as one, and no line ends with the hash that each line has"
        help = "name the file that was given to `--journal`"
        finding = Damage(Diagnostic("journal-header", message, None, help), 0, 1, 0)
        return Verified(None, 0, 0, "", (finding,), 0, None)
    if not kept_is_there:
        message = f"no record in its place has the hash `{kept}`: the journal was shortened or written anew"
        findings.append(Damage(Diagnostic("journal-order", message, None, RESTORE), chain.next, 0, 0))
    return Verified(header, chain.records, chain.next - 1, chain.head, tuple(findings), chain.untold, torn)


class DamagedJournalError(PolicyError):
    """A journal that is not whole was to be read as evidence."""

    exit_code = 3


def require_whole(path: str | Path, progress: Progress | None = None) -> tuple[Header, int]:
    """The header of a journal and the number of its last record. Raises DamagedJournalError if it is not whole."""
    verified = verify(path, progress=progress)
    if verified.header is None or not verified.whole:
        raise DamagedJournalError([f.diagnostic for f in verified.findings])
    return verified.header, verified.last


def _begin(chain: HashChain, line: JournalLine) -> Header | None:
    """The header, as far as it can be read; the chain is made ready for the records behind it."""
    header, reading = read_header(line.text)
    record = read_record(line.text)
    if header is None and not record.fault:
        chain.find(Diagnostic("journal-header", "the header is missing: line 1 is a record", None, RESTORE), 0, line)
        chain.take(line, record)
        return None
    if reading.fault:
        damaged = f"the header is not what was written: {reading.fault}"
        message = damaged if header else "line 1 cannot be read as the header of a journal"
        chain.find(Diagnostic("journal-header", message, None, RESTORE), 0, line)
    chain.links, chain.head = reading.hashes, reading.said
    return header


def _torn_off(torn: Torn, chain: HashChain, busy: bool) -> Damage:
    """The finding about what stands behind the last line end."""
    if torn.offset == 0:
        message = f"the header is cut short after {torn.size:,} bytes"
        return Damage(Diagnostic("journal-header", message, None, "start it again: nothing was recorded"), 0, 1, 0)
    message = f"record {chain.next} is torn: only {torn.size:,} bytes of it are there (byte {torn.offset:,})"
    dead = "a writer that dies leaves this, and never acknowledged it: cut it off with `--cut`"
    help = "a writer is at work: verify again when it is done" if busy else dead
    return Damage(Diagnostic("journal-torn", message, None, help), chain.next, 0, torn.offset, torn.size)
