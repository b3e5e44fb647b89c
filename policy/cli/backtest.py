"""`policy backtest`: what another rulebook would have decided, matched and called; or answered about a history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import click

from policy import resources
from policy.audit.lines import Line
from policy.audit.records import Header
from policy.audit.replay import records
from policy.audit.verify import verify
from policy.cli.exits import Exit, end
from policy.cli.options import DateType, format_option, rulebooks_of, under_option
from policy.cli.output import fail, keep_apart, plural, print_json
from policy.diagnostics import PolicyError
from policy.pipeline import Rulebook
from policy.reports.plain.amounts import grouped
from policy.scenario.backtest import Backtest, backtest
from policy.scenario.market import Market, recorded_command

SHIPPED = "shipped"
_OF_HISTORY = ("question", "on_column", "amount", "out", "keep", "scaled", "under")


@click.command(short_help="See what another rulebook would have decided.")
@click.argument("old")
@click.argument("new")
@click.option("--journal", type=click.Path(exists=True, dir_okay=False), help="A market's journal: all of it again.")
@click.option(
    "--history", type=click.Path(), help="Or facts of the past, one question a row: .parquet, .arrow, .csv."
)
@click.option("--question", default="", help="Of a history: what is asked of each row.")
@click.option("--on", type=DateType(), help="The date as of which both begin, or all rows are asked.")
@click.option("--on-column", default="", help="Of a history, instead of --on: the column that has each row's date.")
@click.option("--amount", default="", help="Of a history: a value question, how much each row is about.")
@click.option("--out", type=click.Path(dir_okay=False), help="Of a history: where the rows that flip go.")
@click.option("--keep", multiple=True, help="Of a history: a column that is no fact and comes out again. Repeatable.")
@click.option("--scaled", is_flag=True, help="Of a history: 600 in money(HKD) is 6.00 HKD.")
@under_option
@format_option("text", "json")
@click.pass_context
def command(
    context: click.Context,
    old: str,
    new: str,
    journal: str | None,
    history: str | None,
    question: str,
    on: date | None,
    on_column: str,
    amount: str,
    out: str | None,
    keep: tuple[str, ...],
    scaled: bool,
    under: str,
    format: str,
) -> None:
    """Put the same past to the rulebooks OLD and NEW, and tell what flips, on what, for how much.

    OLD and NEW are folders of rules, or `shipped`. With --journal, `+` adds an overlay: `shipped+example.house`.

    \b
    policy backtest shipped shipped+example.house --journal day.jsonl --on 2026-04-01
    policy backtest rulesets proposed --history orders.parquet --question order_accepted --on 2026-03-01
    policy backtest rulesets proposed --history year.parquet --question order_accepted --on-column day \\
        --amount order_notional --out flipped.parquet --keep id

    Of a journal, what became of its commands is compared, and what every margin account comes to after them: value,
    call and headroom.
    """
    if (journal is None) == (history is None):
        raise click.UsageError("say what is put to them: either --journal FILE, or --history FILE")
    if history is None:
        assert journal is not None
        for name in _OF_HISTORY:
            if context.params[name]:
                raise click.UsageError(f"`--{name.replace('_', '-')}` is asked of a history, not of a journal")
        flips = _of_journal(journal, old, new, on, format)
    else:
        if not question:
            raise click.UsageError("say what is asked of each row: --question order_accepted")
        if (on is None) == (not on_column):
            raise click.UsageError("say as of when: --on 2026-03-01, or --on-column NAME")
        keep_apart((out,), (history, _folder(old), _folder(new)))
        from policy.cli.tables import backtest_table

        asking = {"question": question, "on": on, "dates": on_column, "keep": keep, "scaled": scaled}
        flips = backtest_table((_folder(old), _folder(new)), under, asking, history, amount, out, format) > 0
    end(Exit.NO if flips else Exit.YES)


def _folder(name: str) -> str:
    return str(resources.folder("rulesets")) if name == SHIPPED else name


# ── a journal ───────────────────────────────────────────────────────────────────────────────


def _of_journal(journal: str, old: str, new: str, on: date | None, format: str) -> bool:
    try:
        verified = verify(journal)
        if verified.header is None or not verified.whole:
            fail(PolicyError([f.diagnostic for f in verified.findings]), Exit.UNDECIDED)
        first = on.isoformat() if on else verified.header.on
        markets = [Market(rulebooks_named(name), first) for name in (old, new)]
        result = backtest(commands_of(journal, verified.last), *markets)
    except PolicyError as error:
        fail(error)
    kept = other_rules(verified.header, markets)
    if format == "json":
        print_json({"old": old, "new": new, "journal": verified.header.rules, **result.as_json()})
    else:
        click.echo(_text(old, new, result, kept))
    return result.differs


def rulebooks_named(name: str) -> Callable[[str], Rulebook]:
    """The rulebook of a date, by the date."""
    path, _, overlay = name.partition("+")
    return rulebooks_of((_folder(path),), overlay)[0]


def other_rules(header: Header, markets: Sequence[Market]) -> str:
    """The rulebook that a journal was kept under, where it is neither of those that its commands are put to."""
    return "" if header.rules in {market.rules for market in markets} else header.rules


def commands_of(journal: str, last: int) -> Iterator[Any]:
    for place, record in records(journal, last):
        assert isinstance(place, Line)
        yield recorded_command(record.input, journal, place.number - 1)


def _text(old: str, new: str, result: Backtest, kept: str) -> str:
    lines = [f"{plural(result.commands, 'command')}, {plural(result.flipped, 'flip')} from {old} to {new}"]
    if kept:
        lines.append(f"the journal was kept under neither, but under the rulebook {kept[:16]}")
    for (said, _, _), sort in sorted(result.sorts.items(), key=lambda item: -item[1].count):
        lines += [
            "",
            f"{sort.count:>7,}  {click.style(said, bold=True)}, such as {', '.join(sort.examples)}",
            f"         was: {sort.before}" + (f"  per {', '.join(sort.cited_before)}" if sort.cited_before else ""),
            f"         is:  {sort.after}" + (f"  per {', '.join(sort.cited_after)}" if sort.cited_after else ""),
        ]
    lines += ["", *_accounts(result)]
    money = result.money()
    if money:
        width = max(map(len, money))
        lines += ["", "money"]
        lines += [f"  {what:{width}}  {_grouped(was)} → {_grouped(now)}" for what, (was, now) in money.items()]
    return "\n".join(lines)


def _accounts(result: Backtest) -> Iterator[str]:
    """The figures of margin accounts that differ, and how many accounts were compared."""
    if not result.accounts:
        yield "no margin account: no lending value, call or headroom was there to compare"
        return
    differing = len({d.account for d in result.differing}) or "none"
    yield f"{plural(result.accounts, 'margin account')} compared by value, call and headroom; differing: {differing}"
    width = max((len(d.account) for d in result.differing), default=0)
    for d in result.differing:
        yield f"  {d.account:{width}}  {d.figure}: {_grouped(d.before)} → {_grouped(d.after)}"


def _grouped(amount: str) -> str:
    return grouped(amount) if amount[:1] in "-0123456789" and amount.endswith((" HKD", " USD")) else amount
