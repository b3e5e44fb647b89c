"""A market's day followed to its end: out of a journal, or out of a scenario that is carried out for the purpose.

In: the one or the other, and rules for their words. Out: what was followed, and how many lines could not be read.
Absent: what a document makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from policy.audit.records import Header
from policy.cli.documents.journals import read_journal, require_rules
from policy.cli.market_document import finish, glossary_for
from policy.cli.options import texts_of
from policy.cli.output import fail
from policy.cli.trade import header_of, market_of, say
from policy.diagnostics import PolicyError
from policy.reports.documents import Document
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.market import Recorded
from policy.scenario.from_folder import scenario_in
from policy.scenario.run import Run

Start = Callable[[Header, Glossary], Recorded]


def followed(scenario: str, journal: str, paths: tuple[str, ...], start: Start) -> tuple[Recorded, int]:
    """What a journal holds or what comes of a scenario, and how many of its lines could not be read.

    A scenario is carried out under its own first date and overlay; at the end its accounts are stated, and if it has
    any, its portfolio is put under stress.
    """
    if bool(scenario) is bool(journal):
        raise click.UsageError("name either a SCENARIO to run or a `--journal`")
    if journal:
        header, found = read_journal(journal)
        require_rules(header, texts_of(paths), header.overlay)
        return start(header, glossary_for(paths, header.overlay)).read(found), 0
    return _carried_out(Path(scenario), paths, start)


def of_journal(journal: str, platform: str, paths: tuple[str, ...], start: Start) -> Document:
    """The document of a journal."""
    return followed("", journal, paths, start)[0].document(platform)


def _carried_out(folder: Path, paths: tuple[str, ...], start: Start) -> tuple[Recorded, int]:
    try:
        read = scenario_in(folder)
        market, digest = market_of(read, paths, None, "")
        header = header_of(read, digest, market.on, "")
        recorded = start(header, glossary_for(paths, header.overlay))
        run = Run(market, on_unread=say, on_record=recorded.take)
        run.carry_out(read)
        finish(recorded, run, read, header)
    except PolicyError as error:
        fail(error)
    return recorded, run.unread
