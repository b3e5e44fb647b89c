"""A journal read as a stream: verified first, with a bar where someone watches.

In: the path of a journal. Out: its header, and its records one at a time, so that memory stays as it is however
long the journal. Ends with 3 where the journal is not whole.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from policy.audit.records import Header, Record
from policy.audit.replay import records
from policy.audit.verify import verify
from policy.cli.output import fail
from policy.diagnostics import PolicyError

journal_option = click.option(
    "--journal",
    type=click.Path(dir_okay=False),
    default="",
    help="What happened, as `policy trade` kept it.",
)


@contextmanager
def _bar(path: str, label: str) -> Iterator[click._termui_impl.ProgressBar[int] | None]:
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=os.path.getsize(path), label=label, file=sys.stderr) as bar:
        yield bar


def read_journal(path: str) -> tuple[Header, Iterator[Record]]:
    """The header of a journal that is whole, and its records."""
    try:
        with _bar(path, "checking the journal") as bar:
            verified = verify(path, progress=bar.update if bar else None)
    except PolicyError as error:
        fail(error)
    if verified.header is None or not verified.whole:
        fail(PolicyError([f.diagnostic for f in verified.findings]), 3)
    return verified.header, _records(path, verified.last)


def _records(path: str, last: int) -> Iterator[Record]:
    with _bar(path, "reading the journal") as bar:
        for _, record in records(path, last, bar.update if bar else None):
            yield record
