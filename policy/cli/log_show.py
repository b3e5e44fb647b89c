"""`policy log show`: the decisions of a journal, one by one, as they are looked for."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import date

import click
from attrs import frozen

from policy.audit.replay import records
from policy.audit.verify import require_whole
from policy.cli.exits import Exit, end
from policy.cli.options import DateType, format_option
from policy.cli.progress import progress
from policy.model.offsets import minutes_of
from policy.reports.journal.decisions import Decided, Decisions
from policy.reports.journal.names import EVENTS
from policy.reports.journal.reasons import provisions_of
from policy.reports.plain.amounts import long_moment, moment_at
from policy.spreadsheets import cell
from policy.vocabulary import Json

_HEADS = ("record", "at", "on", "client", "about", "asked", "event", "outcome", "reasons", "provisions", "needs")


@frozen
class _Wanted:
    """Which decisions are looked for; what is empty leaves none out. Days are those of the journal's time."""

    client: str
    about: str
    provision: str
    outcomes: frozenset[str]
    since: str
    until: str

    def fits(self, d: Decided, at: str) -> bool:
        day = at[:10]
        return (
            (not self.client or d.client == self.client)
            and (not self.about or d.about == self.about)
            and (not self.outcomes or d.outcome.value in self.outcomes)
            and (not self.since or day >= self.since)
            and (not self.until or day <= self.until)
            and (not self.provision or any(self.provision in provisions_of(r) for r in d.reasons))
        )


@click.command()
@click.argument("file", type=click.Path())
@click.option("--client", default="", help="Only decisions about this client.")
@click.option("--order", "about", default="", help="Only decisions about this order or asset.")
@click.option("--refused", is_flag=True, help="Only refusals.")
@click.option("--undecided", is_flag=True, help="Only what could not be decided; with --refused, both.")
@click.option("--provision", default="", help="Only decisions that relied on this provision, as SLC/retail_opt_in.")
@click.option(
    "--since", type=DateType(), help="First day, as 2026-06-18, in the time of the rulebook that it was kept under."
)
@click.option("--until", type=DateType(), help="Last day.")
@format_option("text", "jsonl", "csv")
def show_command(
    file: str,
    client: str,
    about: str,
    refused: bool,
    undecided: bool,
    provision: str,
    since: date | None,
    until: date | None,
    format: str,
) -> None:
    """List the decisions in the journal FILE: record, time, client, order, what was asked, outcome and reasons.

    \b
    policy log show day.jsonl --client wong --refused --since 2026-06-18
    policy log show day.jsonl --provision SLC/retail_opt_in --format csv > refusals.csv
    policy report decision --record 53 --journal day.jsonl -o letter.html      # the letter about one of them
    """
    outcomes = ({"denied"} if refused else set()) | ({"undecided", "failed"} if undecided else set())
    days = ("" if day is None else day.isoformat() for day in (since, until))
    wanted = _Wanted(client, about, provision, frozenset(outcomes), *days)
    show = _printer(format)
    found = 0
    for decided, at in _decisions(file):
        if wanted.fits(decided, at):
            found += 1
            show(decided, at)
    if not found:
        click.echo("no decision fits", err=True)
    end(Exit.YES if found else Exit.NO)


def _decisions(file: str) -> Iterator[tuple[Decided, str]]:
    """The decisions, each with its moment at the offset that the journal's header tells, or in UTC."""
    with progress("bytes read", 2 * os.stat(file).st_size) as seen:
        header, last = require_whole(file, seen.update)
        offset = minutes_of(str(header.about.get("offset", ""))) or 0
        follow = Decisions(header.on)
        for _, record in records(file, last, seen.update):
            yield from ((d, moment_at(d.at, offset)) for d in follow.of(record))


def _printer(format: str) -> Callable[[Decided, str], None]:
    if format == "text":
        return lambda d, at: click.echo("\n".join(_lines(d, at)))
    if format == "jsonl":
        return lambda d, at: click.echo(json.dumps(_json(d, at), ensure_ascii=False))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_HEADS)
    return lambda d, at: writer.writerow([cell(text) for text in _row(d, at)])


def _lines(d: Decided, at: str) -> Iterator[str]:
    about = f" {d.about}" if d.about else ""
    asked = f": {d.asked.en}" if d.asked.en else ""
    yield f"record {d.record}  {long_moment(at)}  {d.client or '-'}{about}{asked}"
    yield f"  {EVENTS[d.event].en}: {d.outcome.value}"
    for r in d.reasons:
        yield f"    {r.text.en}  [{', '.join(provisions_of(r))}]"
    if d.needs:
        yield f"    needs {', '.join(d.needs)}"


def _json(d: Decided, at: str) -> Json:
    return {
        "record": d.record,
        "at": at,
        "on": d.on,
        "client": d.client,
        "about": d.about,
        "asked": d.asked.by_tag(),
        "event": d.event,
        "outcome": d.outcome.value,
        "reasons": [{"rule": r.rule, "text": r.text.by_tag(), "per": list(provisions_of(r))} for r in d.reasons],
        "needs": list(d.needs),
        "facts": d.facts,
    }


def _row(d: Decided, at: str) -> list[str]:
    per = dict.fromkeys(p for r in d.reasons for p in provisions_of(r))
    reasons = "; ".join(r.text.en for r in d.reasons)
    told = (str(d.record), at, d.on, d.client, d.about, d.asked.en, d.event, d.outcome.value)
    return [*told, reasons, ", ".join(per), ", ".join(d.needs)]
