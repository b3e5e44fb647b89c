"""A journal read as a stream, verified first.

In: the path of a journal. Out: its header, and its records one at a time, so that memory stays as it is however
long the journal. Ends with 3 where the journal is not whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from policy.audit.records import Header, Record
from policy.audit.replay import records
from policy.audit.verify import verify
from policy.cli.output import fail
from policy.cli.progress import progress
from policy.diagnostics import PolicyError

journal_option = click.option(
    "--journal",
    type=click.Path(dir_okay=False),
    default="",
    help="What happened, as `policy trade` kept it.",
)


def read_journal(path: str) -> tuple[Header, Iterator[Record]]:
    """The header of a journal that is whole, and its records."""
    try:
        with progress("checking the journal, bytes", os.path.getsize(path)) as seen:
            verified = verify(path, progress=seen.update)
    except PolicyError as error:
        fail(error)
    if verified.header is None or not verified.whole:
        fail(PolicyError([f.diagnostic for f in verified.findings]), 3)
    return verified.header, _records(path, verified.last)


def _records(path: str, last: int) -> Iterator[Record]:
    with progress("reading the journal, bytes", os.path.getsize(path)) as seen:
        for _, record in records(path, last, seen.update):
            yield record
