"""`policy backtest`: what would have been decided, matched and called under another rulebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from policy.audit.lines import Line
from policy.audit.replay import records
from policy.audit.verify import verify
from policy.cli.options import DateType, format_option, rulebooks_of
from policy.cli.output import fail, plural, print_json
from policy.diagnostics import PolicyError
from policy.pipeline import Rulebook
from policy.scenario.backtest import Backtest, backtest
from policy.scenario.market import COMMANDS, Market
from policy.source import Source
from policy.wire import canonical

SHIPPED = "shipped"


@click.command(short_help="See what another rulebook would have decided.")
@click.argument("old")
@click.argument("new")
@click.option("--journal", type=click.Path(exists=True, dir_okay=False), required=True, help="What happened.")
@click.option("--on", type=DateType(), help="The date as of which both begin; the journal's if none is given.")
@format_option("text", "json")
def command(old: str, new: str, journal: str, on: Any, format: str) -> None:
    """Run the commands of a journal under the rulebooks OLD and NEW, and tell what flips, on what, for how much.

    OLD and NEW are folders of rules, or `shipped`; `+` adds an overlay, as in `shipped+example.house`.

    \b
    policy backtest shipped shipped+example.house --journal day.jsonl --on 2026-04-01
    policy backtest rulesets draft --journal day.jsonl --format json

    Ends with 0 when nothing flips, 1 when something does, 3 when the journal is not whole.
    """
    try:
        verified = verify(journal)
        if verified.header is None or not verified.whole:
            fail(PolicyError([f.diagnostic for f in verified.findings]), 3)
        first = on.isoformat() if on else verified.header.on
        markets = [Market(rulebooks_named(name), first) for name in (old, new)]
        result = backtest(commands_of(journal, verified.last), *markets)
    except PolicyError as error:
        fail(error)
    if format == "json":
        print_json({"old": old, "new": new, **result.as_json()})
    else:
        click.echo(_text(old, new, result))
    sys.exit(1 if result.flipped else 0)


def rulebooks_named(name: str) -> Callable[[str], Rulebook]:
    """The rulebook of a date, by the date."""
    path, _, overlay = name.partition("+")
    return rulebooks_of(() if path == SHIPPED else (path,), overlay)[0]


def commands_of(journal: str, last: int) -> Iterator[Any]:
    for place, record in records(journal, last):
        assert isinstance(place, Line)
        command = COMMANDS.read(Source(journal, canonical(record.input), place.number - 1))
        if isinstance(command, list):
            raise PolicyError(command)
        yield command


def _text(old: str, new: str, result: Backtest) -> str:
    lines = [f"{plural(result.commands, 'command')}, {plural(result.flipped, 'flip')} from {old} to {new}"]
    for (said, _, _), sort in sorted(result.sorts.items(), key=lambda item: -item[1].count):
        lines += [
            "",
            f"{sort.count:>7,}  {click.style(said, bold=True)}, such as {', '.join(sort.examples)}",
            f"         was: {sort.before}" + (f"  per {', '.join(sort.cited_before)}" if sort.cited_before else ""),
            f"         is:  {sort.after}" + (f"  per {', '.join(sort.cited_after)}" if sort.cited_after else ""),
        ]
    money = result.money()
    if money:
        width = max(map(len, money))
        lines += ["", "money"] + [f"  {what:{width}}  {was} → {now}" for what, (was, now) in money.items()]
    return "\n".join(lines)
