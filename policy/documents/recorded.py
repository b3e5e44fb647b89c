"""Decisions of a journal: the list of them, and one of them, found by its record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from policy.audit.records import Header, JournalRecord
from policy.diagnostics import Diagnostic, PolicyError
from policy.documents.editions import A_PLATFORM, Edition
from policy.documents.markets import read_journal
from policy.pipeline import Checked
from policy.progress import Watch, unwatched
from policy.reports.decisions import MOST, TITLE, DecisionTally
from policy.reports.documents import Document
from policy.reports.journal.decisions import Decided, Decisions
from policy.reports.journal.glossary import glossary_of
from policy.reports.sheets import of_decisions

_WORST = ("denied", "failed", "undecided")
_LISTED = "`policy log show` lists the records that hold decisions"


def decisions(
    rules: Checked, *, journal: str | Path, platform: str = A_PLATFORM, watch: Watch = unwatched
) -> Document:
    """Every decision of a journal: whose, about what, when, why and on which facts; refusals first."""
    header, records = read_journal(journal, rules, None, watch)
    edition = Edition(rules, date.fromisoformat(header.on), header.overlay)
    tally = tally_of(edition, header, records, MOST)
    known = tally.glossary.citations
    relied = [(p, known[p].status) for p in tally.provisions if p in known]
    cover = edition.cover(TITLE, platform, relied, until=tally.on)
    figures = tally.figures()
    return Document("decisions.html.jinja", cover, {"list": figures}, of_decisions(figures))


def tally_of(edition: Edition, header: Header, records: Iterable[JournalRecord], most: int = 0) -> DecisionTally:
    """The decisions of a journal, counted; the first of each provision are kept, and `most` of each kind."""
    tally = DecisionTally(edition.model, glossary_of(edition.model), most)
    follow = Decisions(header.on)
    for record in records:
        tally.records += 1
        for decided in follow.of(record):
            tally.add(decided)
    tally.on = follow.on
    return tally


def decided_in(
    rules: Checked, journal: str | Path, record: int, about: str = "", watch: Watch = unwatched
) -> tuple[Edition, Decided]:
    """The decision of a record, about an order or asset if that is named, and the rules of its day.

    Of several, one that tells its facts goes before others, then a refusal. Raises PolicyError without one.
    """
    header, records = read_journal(journal, rules, None, watch)
    follow, last = Decisions(header.on), 0
    for read in records:
        last = read.seq
        found = [d for d in follow.of(read) if read.seq == record]
        if read.seq != record:
            continue
        named = sorted({d.about for d in found} - {""})
        found = [d for d in found if about in ("", d.about)]
        if not found:
            message = f"record {record} of `{journal}` holds no decision" + (f" about `{about}`" if about else "")
            message += f"; it holds those about {', '.join(f'`{n}`' for n in named)}" if named else ""
            raise PolicyError([Diagnostic("no-such-record", message, None, _LISTED)])
        chosen = min(found, key=_preferred)
        return Edition(rules, date.fromisoformat(chosen.on), header.overlay), chosen
    message = f"there is no record {record} in `{journal}`: its records are numbered 1 to {last}"
    raise PolicyError([Diagnostic("no-such-record", message, None, _LISTED)])


def _preferred(d: Decided) -> tuple[bool, int]:
    outcome = d.outcome.value
    return not d.facts, _WORST.index(outcome) if outcome in _WORST else len(_WORST)
