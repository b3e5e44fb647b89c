"""`policy report margin`: margin and perpetual contracts, out of a journal."""

from __future__ import annotations

import click

from policy.audit.records import Header
from policy.cli.documents.common import document_options, write
from policy.cli.documents.followed import followed
from policy.cli.documents.journals import journal_option
from policy.cli.options import rules_option
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.margin import MarginTally
from policy.reports.journal.market import Recorded


@click.command(short_help="Margin and perpetual contracts, out of a journal.")
@click.argument("scenario", required=False, default="", type=click.Path(file_okay=False))
@journal_option
@rules_option
@document_options
def command(
    scenario: str, journal: str, paths: tuple[str, ...], language: str, format: str, platform: str, output: str
) -> None:
    """Write collateral before and after the haircut, calls, sales, liquidations, funding, fund, and stress results.

    \b
    policy report margin rulesets/hk_sfc/scenarios/portfolio -o margin.html
    policy report margin --journal day.jsonl --language zh -o margin.html

    A journal is read as a stream, however long it is; it holds the accounts that were stated, and no portfolio to be
    put under stress. A SCENARIO is run, all its accounts are stated at the end, and its prices fall, each time from
    there.
    """
    recorded, unread = followed(scenario, journal, paths, start)
    write(recorded.document(platform, unread), language, format, output)


def start(header: Header, glossary: Glossary) -> Recorded:
    return Recorded(header, glossary, margin=MarginTally(glossary))
