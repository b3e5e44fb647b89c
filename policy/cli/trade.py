"""`policy trade`: runs a scenario through the market under a rulebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy.audit.journal import Journal
from policy.audit.records import Header
from policy.cli.exits import Exit, end
from policy.cli.market import market_of, overlay_of, tally_text
from policy.cli.options import DateType, checked_of, format_option, not_here, rules_arguments, under_option
from policy.cli.output import json_text, keep_apart, print_json, print_unread, write_whole
from policy.cli.progress import progress
from policy.files import whole
from policy.reports.journal.tally import Tally
from policy.scenario.from_folder import Scenario, scenario_in
from policy.scenario.run import Follower, Run, header_of
from policy.wire import event_json

if TYPE_CHECKING:
    from policy.reports.journal.market import Recorded


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@rules_arguments
@click.option("--on", type=DateType(), help="First as-of date; the scenario's own if not given.")
@under_option
@click.option(
    "--journal",
    type=click.Path(dir_okay=False),
    callback=not_here,
    help="Record every command and event in this new file.",
)
@click.option(
    "--events", type=click.Path(dir_okay=False), help="Write events as JSON Lines; `-` for standard output."
)
@click.option(
    "--report", type=click.Path(dir_okay=False), callback=not_here, help="Write the report of the day, as HTML."
)
@format_option("text", "json")
def command(
    scenario: Path,
    paths: tuple[str, ...],
    on: date | None,
    under: str,
    journal: str | None,
    events: str | None,
    report: str | None,
    format: str,
) -> None:
    """Run the folder SCENARIO through the exchange, the lender and the perpetuals desk, and count the events.

    \b
    policy trade rulesets/hk_sfc/scenarios/shared_book
    policy trade my-day --on 2026-03-01 --under example.house --journal day.jsonl
    policy trade my-day --on 2026-03-01 --events - | jq 'select(.event == "order_rejected")'

    `market.jsonl` and `participants.jsonl` run first; then the lines of every other .jsonl or .csv file, in order of
    time. `scenario.json` may name the first date and an overlay; `--under none` ignores the overlay. A line that
    cannot be read is reported, and the others run.

    A line of `recorded.jsonl` plays a recording (LOBSTER messages, or Binance depth and trades) as orders: bids
    belong to `buyer`, asks to `seller`; both are subject to funding and rules.

    \b
    {"do": "play", "at": "2026-03-02T09:30:00+08:00", "format": "lobster", "file": "messages.csv",
     "instrument": "BTC", "venue": "own_book", "buyer": "a", "seller": "b", "tick": "0.01 HKD", "lot": "1"}
    """
    keep_apart((journal, events, report), (str(scenario), *paths))
    read = scenario_in(scenario)
    market = market_of(read, paths, on, under)
    header = header_of(read, market, overlay_of(read, under))
    with _writing(events) as write, _kept(journal, header) as kept:
        recorded = _recorded(paths, header) if report else None
        tally = recorded.tally if recorded else Tally()
        followers: list[Follower] = [recorded.follow if recorded else tally.add]
        if write:
            followers.append(lambda _, events: write(_lines(events)))
        with _watched(read) as seen:
            run = Run(market, followers, journal=kept, on_unread=print_unread, on_step=seen)
            run.carry_out(read)
    if recorded:
        _report(str(report), recorded, run, read, header)
    about = _about(read, run, header)
    if events != "-":
        _print(about, tally, run.unread, format)
    end(Exit.UNANSWERED if run.unread else Exit.YES)


# ── on the way ──────────────────────────────────────────────────────────────────────────────


def _lines(events: Iterable[object]) -> str:
    return "".join(json_text(event_json(e)) + "\n" for e in events)


@contextmanager
def _writing(events: str | None) -> Iterator[Callable[[str], object] | None]:
    """The function that writes events, if `--events` is given."""
    if events is None:
        yield None
    elif events == "-":
        yield sys.stdout.write
    else:
        with whole(events) as file:
            yield lambda text: file.write(text.encode())


@contextmanager
def _kept(path: str | None, header: Header) -> Iterator[Journal | None]:
    """The journal, if `--journal` is given."""
    if path is None:
        yield None
    else:
        with Journal.create(path, header) as journal:
            yield journal


@contextmanager
def _watched(scenario: Scenario) -> Iterator[Callable[[], None]]:
    """Shows how many of the lines have been run."""
    lines = sum(_lines_in(path) for path in (*scenario.stage, *scenario.streams))
    label, length = ("lines and a recording", 0) if scenario.recorded else ("lines", lines)
    with progress(label, length) as seen:
        yield seen.update


def _lines_in(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


# ── at the end ──────────────────────────────────────────────────────────────────────────────


def _about(scenario: Scenario, run: Run, header: Header) -> dict[str, str]:
    return {
        "scenario": scenario.title or scenario.folder.name,
        "zh": scenario.zh,
        "on": header.on,
        "until": run.market.on,
        "under": header.overlay,
        "rules": header.rules,
    }


def _print(about: dict[str, str], tally: Tally, unread: int, format: str) -> None:
    if format == "json":
        print_json({**about, "unread": unread, **tally.as_json()})
    else:
        click.echo(tally_text(about, tally, unread))


def _recorded(paths: tuple[str, ...], header: Header) -> Recorded:
    """The figures of the report, which follow the records from here on."""
    from policy.reports.journal.glossary import glossary_of
    from policy.reports.journal.market import Recorded

    return Recorded.whole(header, glossary_of(checked_of(paths).under(header.overlay)))


def _report(path: str, recorded: Recorded, run: Run, scenario: Scenario, header: Header) -> None:
    from policy.documents import A_PLATFORM
    from policy.documents.markets import finish

    finish(recorded, run, scenario, header)
    write_whole(path, recorded.document(A_PLATFORM, run.unread).printed("html"))
    click.echo(f"the report is in {path}", err=True)
