"""The rules in words, as a book; and from every provision to the rules, tests and decisions that stand on it."""

from __future__ import annotations

from pathlib import Path

from policy.documents.editions import A_PLATFORM, WITHOUT_PROOFS, Edition
from policy.documents.markets import read_journal
from policy.documents.recorded import tally_of
from policy.progress import Watch, unwatched
from policy.reports.book.from_model import Setting, book_of
from policy.reports.documents import Document
from policy.reports.sheets import of_book, of_traceability
from policy.reports.traceability import TITLE, traceability_of
from policy.testing.coverage import summarised
from policy.testing.run import Runner
from policy.testing.samples import try_properties
from policy.testing.traceability import traced
from policy.verify.rulebook import USUAL, claims_of, proved
from policy.verify.solver import needed_solver


def rulebook(
    edition: Edition, *, platform: str = A_PLATFORM, proofs: bool = True, watch: Watch = unwatched
) -> Document:
    """What the law asks and what the platform does, rule by rule. With `proofs`, also what is proved of each."""
    model, digest, verdicts = edition.model, edition.digest, None
    if proofs:
        needed_solver(WITHOUT_PROOFS)
        claims, not_asked = claims_of(edition.rules, USUAL, [edition.under] if edition.under else [])
        verdicts = [*proved(claims, watch=watch), *not_asked]
    cover, book = book_of(model, Setting(platform, edition.on.toordinal(), digest, edition.under), verdicts)
    return Document("rulebook.html.jinja", cover, {"book": book}, of_book(book))


def traceability(
    edition: Edition, *, platform: str = A_PLATFORM, journal: str | Path = "", watch: Watch = unwatched
) -> Document:
    """The tests of all rules are run; a journal, which must be of this edition's rules, adds its decisions."""
    model, day = edition.rules.model, edition.on.toordinal()
    recorded = read_journal(journal, edition.rules, edition.under, watch) if journal else None
    runner = Runner(model, edition.digest)
    results = []
    with watch("tests", len(model.tests)) as seen:
        for test in model.tests:
            results.append(runner.run(test))
            seen.update()
    results += try_properties(runner)
    summary = summarised(model, (r.coverage for r in results))
    stands = traced(model, results, summary, day)
    decided = None if recorded is None else tally_of(edition, *recorded)
    cover = edition.cover(TITLE, platform)
    figures = traceability_of(model, stands, summary, decided)
    return Document("traceability.html.jinja", cover, {"t": figures}, of_traceability(figures))
