"""A market's day as a document: out of a journal, read as a stream, or out of a scenario, run for the purpose.

In: a journal that is whole, or the folder of a scenario; and the rules it is under. Out: the document of what was
traded, or of what was lent and margined. A journal holds the accounts that were stated, and no portfolio to stress; a
scenario's accounts are stated at its end, and its prices fall, each time from there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from policy import resources
from policy.audit.records import Header, JournalRecord
from policy.audit.replay import records
from policy.audit.verify import require_whole
from policy.diagnostics import Diagnostic, PolicyError
from policy.documents.editions import A_PLATFORM
from policy.pipeline import Checked, program, rulebooks
from policy.progress import Watch, unwatched
from policy.reports.documents import Document
from policy.reports.journal.dates import DateSection, dates_of
from policy.reports.journal.glossary import Glossary, glossary_of
from policy.reports.journal.margin import MarginTally
from policy.reports.journal.market import Recorded
from policy.reports.journal.reasons import given
from policy.reports.journal.trading import Trading
from policy.rulebook import Rulebook
from policy.scenario.from_folder import Scenario, scenario_in
from policy.scenario.market import Venues
from policy.scenario.run import Run, header_of, market_for, stage_of
from policy.scenario.shocks import stress_rows
from policy.scenario.statements import balances, statements, terms, verdicts
from policy.scenario.stress import Prices

DATES = ("2025-10-01", "2025-12-01", "2026-03-01")  # of the demonstration
Begin = Callable[[Header, Glossary], Recorded]
OnUnread = Callable[[Diagnostic], None]


def trading(
    rules: Checked,
    *,
    journal: str | Path = "",
    scenario: str | Path = "",
    platform: str = A_PLATFORM,
    on_unread: OnUnread = lambda _: None,
    watch: Watch = unwatched,
) -> Document:
    """What was accepted and refused by which rule, evidence of client priority, flows, settlement and reserve."""

    def begin(header: Header, glossary: Glossary) -> Recorded:
        return Recorded(header, glossary, trading=Trading(glossary))

    return _document(rules, journal, scenario, begin, platform, on_unread, watch)


def margin(
    rules: Checked,
    *,
    journal: str | Path = "",
    scenario: str | Path = "",
    platform: str = A_PLATFORM,
    on_unread: OnUnread = lambda _: None,
    watch: Watch = unwatched,
) -> Document:
    """Collateral before and after the haircut, calls, sales, liquidations, funding, fund, and stress results."""

    def begin(header: Header, glossary: Glossary) -> Recorded:
        return Recorded(header, glossary, margin=MarginTally(glossary))

    return _document(rules, journal, scenario, begin, platform, on_unread, watch)


def _document(
    rules: Checked,
    journal: str | Path,
    scenario: str | Path,
    begin: Begin,
    platform: str,
    on_unread: OnUnread,
    watch: Watch,
) -> Document:
    if bool(journal) == bool(scenario):
        raise ValueError("name either a journal or a scenario")
    if journal:
        header, found = read_journal(journal, rules, None, watch)
        return begin(header, glossary_of(rules.under(header.overlay))).read(found).document(platform)
    recorded, unread = followed(rules, Path(scenario), begin, on_unread)
    return recorded.document(platform, unread)


# ── a scenario ──────────────────────────────────────────────────────────────────────────────


def followed(
    rules: Checked, folder: Path, begin: Begin, on_unread: OnUnread = lambda _: None
) -> tuple[Recorded, int]:
    """A scenario run under its own first date and overlay, and how many of its lines could not be read."""
    scenario = scenario_in(folder)
    market = market_for(scenario, rulebooks(program(rules, scenario.under)))
    header = header_of(scenario, market, scenario.under)
    recorded = begin(header, glossary_of(rules.under(scenario.under)))
    run = Run(market, on_unread=on_unread, followers=[recorded.follow])
    run.carry_out(scenario)
    finish(recorded, run, scenario, header)
    return recorded, run.unread


def finish(recorded: Recorded, run: Run, scenario: Scenario, header: Header) -> None:
    """What a scenario's document has beyond its records: accounts at the end, and what falls of prices would do."""
    if recorded.margin is not None:
        recorded.stress = stress_rows(_fresh(run.market, scenario, header))
        _state(recorded.margin, recorded, run.market)


def _state(margin: MarginTally, recorded: Recorded, market: Venues) -> None:
    """The accounts at the end, on what terms assets are taken, and what the rules say of each account."""
    margin.collateral.terms = terms(market)
    margin.collateral.verdicts = verdicts(market)
    recorded.state(statements(market))


def _fresh(market: Venues, scenario: Scenario, header: Header) -> Callable[[], tuple[Venues, Prices]]:
    def fresh() -> tuple[Venues, Prices]:
        again, prices = Venues(market.rulebook_on, header.on), Prices()
        again.open(stage_of(scenario))
        Run(again, [prices.take]).carry_out(scenario)
        return again, prices

    return fresh


def demonstration(rules: Checked, *, under: str = "", progress: Callable[[str], object] = lambda _: None) -> Document:
    """The scenario `demonstration` as of the last of three dates, with what the dates change. Raises PolicyError."""
    scenario = scenario_in(resources.folder("rulesets") / "hk_sfc" / "scenarios" / "demonstration")
    glossary = glossary_of(rules.under(under))
    rulebook_on = rulebooks(program(rules, under))
    days = []
    for on in DATES:
        progress(f"running the orders and loans as of {on}")
        days.append(_run_on(on, scenario, rulebook_on, under, glossary))
    progress("writing the report")
    last, unread = days[-1]
    return last.recorded.document(
        A_PLATFORM,
        unread,
        dates=dates_of([day for day, _ in days]),
        reasons=given(last.recorded.tally.reasons, glossary.citations),
    )


def _run_on(
    on: str, scenario: Scenario, rulebook_on: Callable[[str], Rulebook], under: str, glossary: Glossary
) -> tuple[DateSection, int]:
    """The scenario under the rules of one date, and how many of its lines could not be read."""
    rulebook = rulebook_on(on)
    market = Venues(lambda _: rulebook, on)
    market.open(stage_of(scenario))
    day = DateSection(Recorded.whole(header_of(scenario, market, under), glossary))
    run = Run(market, followers=[day.follow], on_unread=day.recorded.misread)
    run.carry_out(scenario)
    assert day.recorded.trading is not None
    assert day.recorded.margin is not None
    day.recorded.trading.stated = balances(market)
    _state(day.recorded.margin, day.recorded, market)
    return day, run.unread


# ── a journal ───────────────────────────────────────────────────────────────────────────────


def read_journal(
    path: str | Path, rules: Checked, under: str | None = None, watch: Watch = unwatched
) -> tuple[Header, Iterator[JournalRecord]]:
    """The header of a whole journal, and its records one at a time; of these rules under `under`, if that is said.

    Raises DamagedJournalError where the journal is not whole, PolicyError where it was kept under other rules.
    """
    with watch("checking the journal, bytes", os.path.getsize(path)) as seen:
        header, last = require_whole(path, seen.update)
    overlay = header.overlay if under is None else under
    if rules.digest(overlay) != header.rules:
        raise PolicyError([_other_rules(header, rules, overlay)])
    return header, _records(path, last, header.rules, watch)


def _other_rules(header: Header, rules: Checked, under: str) -> Diagnostic:
    kept = header.rules
    journal = f"`{kept[:16]}`" + (f" with `{header.overlay}` over it" if header.overlay else "")
    document = f"`{rules.digest(under)[:16]}`" + (f" with `{under}` over it" if under else "")
    help = "name the rules that it was kept under with `--rules`"
    if header.overlay != under and rules.digest(header.overlay) == kept:
        help = f"write it with `--under {header.overlay}`" if header.overlay else "write it without `--under`"
    message = f"the journal was kept under the rulebook {journal}, and this document is of {document}"
    return Diagnostic("journal-rules", message, None, help)


def _records(path: str | Path, last: int, rules: str, watch: Watch) -> Iterator[JournalRecord]:
    with watch("reading the journal, bytes", os.path.getsize(path)) as seen:
        for _, record in records(path, last, seen.update):
            if record.rules != rules:
                kept = f"`{record.rules[:16]}`, others under `{rules[:16]}`"
                message = f"record {record.seq} was kept under the rulebook {kept}"
                raise PolicyError([Diagnostic("journal-rules", message, None, "keep a journal for each rulebook")])
            yield record
