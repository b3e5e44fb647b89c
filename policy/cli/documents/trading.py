"""`policy report trading`: a trading day, out of a journal."""

from __future__ import annotations

import click

from policy.audit.records import Header
from policy.cli.documents.common import document_options, write
from policy.cli.documents.followed import followed
from policy.cli.documents.journals import journal_option
from policy.cli.options import rules_option
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.market import Recorded
from policy.reports.journal.trading import Trading


@click.command(short_help="A trading day, out of a journal.")
@click.argument("scenario", required=False, default="", type=click.Path(file_okay=False))
@journal_option
@rules_option
@document_options
def command(
    scenario: str, journal: str, paths: tuple[str, ...], language: str, format: str, platform: str, output: str
) -> None:
    """Write what was accepted and refused by which rule, evidence of client priority, flows, settlement and reserve.

    \b
    policy report trading rulesets/hk_sfc/scenarios/shared_book -o trading.html
    policy report trading --journal day.jsonl --language zh -o trading.html

    A journal is read as a stream, however long it is; a SCENARIO is run first. The rules give the words for what
    the journal names; what was decided stands in the journal.
    """
    recorded, unread = followed(scenario, journal, paths, start)
    write(recorded.document(platform, unread), language, format, output)


def start(header: Header, glossary: Glossary) -> Recorded:
    return Recorded(header, glossary, trading=Trading(glossary))
