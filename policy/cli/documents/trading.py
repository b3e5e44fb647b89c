"""`policy report trading`: a trading day, out of a journal."""

from __future__ import annotations

import click

from policy.cli.documents.common import document_options, write
from policy.cli.documents.journals import journal_of, journal_option, read_journal
from policy.reports.documents import Document
from policy.reports.journal.trading import Trading


@click.command(short_help="A trading day, out of a journal.")
@click.argument("scenario", required=False, default="", type=click.Path(file_okay=False))
@journal_option
@document_options
def command(scenario: str, journal: str, language: str, format: str, platform: str, output: str) -> None:
    """Write what was accepted and refused by which rule, evidence of client priority, flows, settlement and reserve.

    \b
    policy report trading rulesets/hk_sfc/scenarios/shared_book -o trading.html
    policy report trading --journal day.jsonl --language zh -o trading.html

    A journal is read as a stream, however long it is; a SCENARIO is run under the shipped rules first. Ends with 3
    where a journal is not whole.
    """
    with journal_of(scenario, journal) as path:
        write(made(path, platform), language, format, output)


def made(journal: str, platform: str) -> Document:
    """The document."""
    header, records = read_journal(journal)
    day = Trading(header).read(records).figures(platform)
    return Document("day.html.jinja", day.cover, {"day": day})
