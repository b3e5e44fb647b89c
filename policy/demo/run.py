"""The demonstration, whole: the shipped facts under the rulebook as of three dates.

In: a way to get the rulebook as of a date. Out: `Figures` of the last date, with what changed since the first.
Absent: files, clock and network beyond the data shipped beside this file; rules; and rounding.
"""

from __future__ import annotations

from collections.abc import Callable

from policy.decisions import Outcome
from policy.demo.day import Day, day_under
from policy.demo.facts import Standing, lines
from policy.reports.figures import Figures, StandingRow
from policy.reports.from_dates import Dated, changes_of
from policy.reports.from_exchange import market_of
from policy.reports.from_margin import margin_of
from policy.reports.summary import demo_summary
from policy.reports.words import by_status, state, wanted
from policy.rulebook import Rulebook

DATES = ("2025-10-01", "2025-12-01", "2026-03-01")


def run(rulebook_at: Callable[[str], Rulebook], progress: Callable[[str], None] = lambda _: None) -> Figures:
    """Runs the demonstration. `progress` is told, in a few words, what is being done."""
    days = []
    for on in DATES:
        progress(f"asking the orders and accounts as of {on}")
        days.append(day_under(rulebook_at(on)))
    progress("finding what every answer rests on")
    dated = [_dated(on, day) for on, day in zip(DATES, days, strict=True)]
    last, program = days[-1], days[-1].rulebook.program
    return Figures(
        on=DATES[-1],
        digest=program.digest,
        overlay=program.overlay,
        sources=by_status((c.provision, c.status) for a in last.answers for c in a.basis.citations),
        events=len(lines("orders.jsonl")) + len(lines("margin_accounts.jsonl")),
        market=dated[-1].market,
        margin=dated[-1].margin,
        changes=changes_of(dated),
        standings=tuple(_standing(s) for s in last.standings if s.answer.outcome is not Outcome.PERMITTED),
        wanted=wanted(last.answers, program),
        unread=last.unread,
    )


def _dated(on: str, day: Day) -> Dated:
    return Dated(on, day.session, market_of(day.session), margin_of(day.accounts, day.session.titles))


def _standing(standing: Standing) -> StandingRow:
    title = standing.question.title
    return StandingRow(standing.of, title.en, title.zh, state(standing.answer))


def summary(figures: Figures) -> str:
    """The figures in about twenty-five lines of plain text."""
    return demo_summary(figures)
