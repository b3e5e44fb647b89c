"""`policy report margin`: margin and perpetual contracts, out of a journal."""

from __future__ import annotations

import click

from policy.cli.documents.common import document_options, write
from policy.cli.documents.journals import journal_of, journal_option, read_journal
from policy.reports.documents import Document
from policy.reports.journal.margin import MarginTally


@click.command(short_help="Margin and perpetual contracts, out of a journal.")
@click.argument("scenario", required=False, default="", type=click.Path(file_okay=False))
@journal_option
@document_options
def command(scenario: str, journal: str, language: str, format: str, platform: str, output: str) -> None:
    """Write collateral before and after the haircut, calls, sales, liquidations, funding, the insurance fund.

    \b
    policy report margin rulesets/hk_sfc/scenarios/perpetual_contracts -o margin.html
    policy report margin --journal day.jsonl --language zh -o margin.html

    A journal is read as a stream, however long it is; a SCENARIO is run under the shipped rules first. Ends with 3
    where a journal is not whole.
    """
    with journal_of(scenario, journal) as path:
        write(made(path, platform), language, format, output)


def made(journal: str, platform: str) -> Document:
    """The document."""
    header, records = read_journal(journal)
    day = MarginTally(header).read(records).figures(platform)
    return Document("margin.html.jinja", day.cover, {"day": day})
