"""`policy report trading`: a trading day, out of a journal."""

from __future__ import annotations

import click

from policy.cli.documents.common import document_options, write
from policy.cli.documents.journals import read_journal
from policy.reports.documents import Document
from policy.reports.journal.trading import Trading


@click.command(short_help="A trading day, out of a journal.")
@click.option("--journal", type=click.Path(exists=True, dir_okay=False), required=True, help="What happened.")
@document_options
def command(journal: str, language: str, format: str, platform: str, output: str) -> None:
    """Write what was accepted and refused by which rule, evidence of client priority, flows, settlement and reserve.

    \b
    policy trade rulesets/hk_sfc/scenarios/shared_book --journal day.jsonl
    policy report trading --journal day.jsonl -o day.html

    The journal is read as a stream, however long it is. Ends with 3 where it is not whole.
    """
    write(made(journal, platform), language, format, output)


def made(journal: str, platform: str) -> Document:
    """The document."""
    header, records = read_journal(journal)
    day = Trading(header).read(records).figures(platform)
    return Document("day.html.jinja", day.cover, {"day": day})
