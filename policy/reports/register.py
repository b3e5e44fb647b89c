"""Exceptions and findings that the firm keeps, with who answers for each and by when.

In: entries of a register, and the day of the document. Out: `Register`, what is overdue first. Absent: reading files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from attrs import frozen

from policy.answers import BilingualText

TITLE = BilingualText("Exceptions and findings", "例外及發現事項")
EntryKind = Literal["exception", "finding"]
EntryStatus = Literal["open", "closed"]


@frozen(kw_only=True)
class RegisterEntry:
    """A row of the register. `provision` and `response` may be empty; `due` is an ISO date."""

    id: str
    kind: EntryKind
    provision: str
    finding: str
    owner: str
    due: str
    status: EntryStatus
    response: str


@frozen
class RegisterRow:
    """An entry, and whether it should have been closed by the day of the document."""

    entry: RegisterEntry
    overdue: bool


@frozen
class FindingsRegister:
    """The whole."""

    rows: tuple[RegisterRow, ...]
    open: int
    overdue: int
    closed: int


def register_of(entries: Sequence[RegisterEntry], on: str) -> FindingsRegister:
    """The rows: overdue first, then what is open by its due date, then what is closed."""
    rows = [RegisterRow(e, e.status == "open" and e.due < on) for e in entries]
    ordered = sorted(rows, key=lambda r: (not r.overdue, r.entry.status == "closed", r.entry.due, r.entry.id))
    closed = sum(e.status == "closed" for e in entries)
    return FindingsRegister(tuple(ordered), len(rows) - closed, sum(r.overdue for r in rows), closed)
