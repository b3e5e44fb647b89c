"""`policy report traceability`: from every provision to rules, tests and decisions."""

from __future__ import annotations

from datetime import date

import click

from policy.cli.documents.common import document_options, model_of, write
from policy.cli.documents.journals import journal_option, read_journal, require_rules
from policy.cli.options import on_option, rules_option, under_option
from policy.cli.progress import progress
from policy.pipeline import Checked
from policy.reports.book.figures import Cover
from policy.reports.documents import Document
from policy.reports.reach import remarks_on
from policy.reports.reliance import Reliance
from policy.reports.rows import by_status
from policy.reports.traceability import TITLE, traceability_of
from policy.testing.coverage import summarised
from policy.testing.run import Runner
from policy.testing.samples import try_properties
from policy.testing.traceability import traced


@click.command(short_help="From every provision to rules, tests and decisions.")
@rules_option
@under_option
@on_option
@journal_option
@document_options
def command(
    paths: tuple[str, ...],
    under: str,
    on: date,
    journal: str,
    language: str,
    format: str,
    platform: str,
    output: str,
) -> None:
    """Run the rules' tests and write, for every provision, what stands on it, and which tests made it speak.

    \b
    policy report traceability --on 2026-03-01 -o traceability.html
    policy report traceability --on 2026-03-01 --journal day.jsonl --format json

    A journal must have been kept under this very rulebook, overlay included (2 if not), and be whole (3 if not).
    """
    checked, _, digest = model_of(paths, under)
    document = made(checked, digest, under, on, platform, journal)
    write(document, language, format, output)


def made(checked: Checked, digest: str, under: str, on: date, platform: str, journal: str) -> Document:
    """The document; the tests of the whole rulebook are run, overlays included, as `policy test` does."""
    model = checked.model
    runner = Runner(model, digest)
    results = []
    with progress("tests", len(model.tests)) as seen:
        for test in model.tests:
            results.append(runner.run(test))
            seen.update()
    results += try_properties(runner)
    summary = summarised(model, (r.coverage for r in results))
    day = on.toordinal()
    sources = by_status((p.id, p.status) for p in model.provisions.values())
    cover = Cover(TITLE, platform, on.isoformat(), digest, under, sources, remarks_on(model, model.provisions, day))
    reliance = _reliance(journal, checked, under) if journal else None
    figures = traceability_of(cover, model, traced(model, results, summary, day), summary, reliance)
    return Document("traceability.html.jinja", cover, {"t": figures})


def _reliance(journal: str, checked: Checked, under: str) -> Reliance:
    header, found = read_journal(journal)
    require_rules(header, checked.texts, under)
    reliance = Reliance()
    for record in found:
        reliance.add(record.seq, record.events)
    return reliance
