"""A journal read as a stream, verified first.

In: the path of a journal. Out: its header, and its records one at a time, so that memory stays as it is however
long the journal. Ends with 3 where the journal is not whole, and with 2 where it was kept under other rules than the
document is of.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import click

from policy.audit.records import Header, Record
from policy.audit.replay import records
from policy.audit.verify import verify
from policy.cli.output import fail
from policy.cli.progress import progress
from policy.diagnostics import Diagnostic, PolicyError
from policy.pipeline import Text, digest_of

journal_option = click.option(
    "--journal",
    type=click.Path(dir_okay=False),
    default="",
    help="What happened, as `policy trade` kept it.",
)


def require_rules(header: Header, texts: Sequence[Text], under: str) -> None:
    """Ends with 2 where a journal was kept under another rulebook than these texts under this overlay."""
    if digest_of(texts, under) != header.rules:
        fail(PolicyError([_other_rules(header.rules, header.overlay, texts, under)]))


def _other_rules(kept: str, overlay: str, texts: Sequence[Text], under: str) -> Diagnostic:
    journal = f"`{kept[:16]}`" + (f" with `{overlay}` over it" if overlay else "")
    document = f"`{digest_of(texts, under)[:16]}`" + (f" with `{under}` over it" if under else "")
    help = "name the rules that it was kept under with `--rules`"
    if overlay != under and digest_of(texts, overlay) == kept:
        help = f"write it with `--under {overlay}`" if overlay else "write it without `--under`"
    message = f"the journal was kept under the rulebook {journal}, and this document is of {document}"
    return Diagnostic("journal-rules", message, None, help)


def read_journal(path: str) -> tuple[Header, Iterator[Record]]:
    """The header of a journal that is whole, and its records, all of which were kept under one rulebook."""
    try:
        with progress("checking the journal, bytes", os.path.getsize(path)) as seen:
            verified = verify(path, progress=seen.update)
    except PolicyError as error:
        fail(error)
    if verified.header is None or not verified.whole:
        fail(PolicyError([f.diagnostic for f in verified.findings]), 3)
    return verified.header, _records(path, verified.last, verified.header.rules)


def _records(path: str, last: int, rules: str) -> Iterator[Record]:
    with progress("reading the journal, bytes", os.path.getsize(path)) as seen:
        for _, record in records(path, last, seen.update):
            if record.rules != rules:
                kept = f"`{record.rules[:16]}`, others under `{rules[:16]}`"
                message = f"record {record.seq} was kept under the rulebook {kept}"
                fail(PolicyError([Diagnostic("journal-rules", message, None, "keep a journal for each rulebook")]))
            yield record
