"""`policy backtest`: what another rulebook would have decided about a journal, or about a table of past facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import click

from policy import resources
from policy.audit.verify import require_whole
from policy.cli.exits import Exit, end
from policy.cli.options import (
    DateType,
    Settings,
    format_option,
    set_option,
    texts_of,
    texts_with,
    under_option,
)
from policy.cli.output import keep_apart, plural, print_json
from policy.cli.sides import SHIPPED, two_sides
from policy.ir.program import Program
from policy.pipeline import load_program, rulebooks
from policy.reports.plain.amounts import grouped
from policy.scenario.backtest import Backtest, Flips, backtest, commands_of, other_rules
from policy.scenario.market import Venues
from policy.verify.vocabulary import under_old_names

_OF_HISTORY = ("question", "on_column", "amount", "out", "keep", "scaled", "under")


@click.command()
@click.argument("old")
@click.argument("new", required=False, default="")
@click.option(
    "--journal",
    type=click.Path(exists=True, dir_okay=False),
    help="Journal to run under both rulebooks.",
)
@click.option(
    "--history", type=click.Path(), help="Table of past facts, one question a row: .parquet, .arrow or .csv."
)
@click.option("--question", default="", help="With --history: question to ask of each row.")
@click.option("--on", type=DateType(), help="As-of date of both rulebooks; the journal's own if not given.")
@click.option("--on-column", default="", help="With --history, instead of --on: column of each row's date.")
@click.option("--amount", default="", help="With --history: value question that gives each row's amount.")
@click.option("--out", type=click.Path(dir_okay=False), help="With --history: output file of the rows that flip.")
@click.option("--keep", multiple=True, help="With --history: column to copy to the output. Repeatable.")
@click.option("--scaled", is_flag=True, help="With --history: whole numbers count the last decimal, 600 is 6.00 HKD.")
@set_option(" of NEW")
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
    settings: Settings,
    under: str,
    format: str,
) -> None:
    """Decide the same past under the rulebooks OLD and NEW; report what flips, by which rule, for how much.

    OLD and NEW are folders of rules, `shipped`, or revisions of Git: `main:rules`, or `HEAD~1 rules` and
    `main..draft rules` for one folder in two states. With --journal, `+` adds an overlay: `shipped+example.house`.
    Facts of the past stand under the names of OLD; `renamed from` in NEW says what became of them. With --set, NEW
    is OLD with parameters of other values, unless it is named.

    \b
    policy backtest shipped shipped+example.house --journal day.jsonl --on 2026-04-01
    policy backtest HEAD~1 rulesets --journal day.jsonl --on 2026-04-01
    policy backtest rulesets proposed --history orders.parquet --question order_accepted --on 2026-03-01
    policy backtest shipped --set minimum_virtual_asset_haircut=70% --journal day.jsonl
    policy backtest rulesets proposed --history year.parquet --question order_accepted --on-column day \\
        --amount order_notional --out flipped.parquet --keep id

    For a journal, the outcomes of its commands are compared, and the value, call and headroom of every margin
    account at the end.
    """
    old, new = two_sides(old, old if settings and not new else new)
    if (journal is None) == (history is None):
        raise click.UsageError("give either `--journal FILE` or `--history FILE`")
    if history is None:
        assert journal is not None
        for name in _OF_HISTORY:
            if context.params[name]:
                raise click.UsageError(f"`--{name.replace('_', '-')}` goes with `--history`, not with `--journal`")
        flips = _of_journal(journal, old, new, on, settings, format)
    else:
        if not question:
            raise click.UsageError("give `--question`, as order_accepted: the question to ask of each row")
        if (on is None) == (not on_column):
            raise click.UsageError("give either `--on 2026-03-01` or `--on-column NAME`")
        keep_apart((out,), (history, _folder(old), _folder(new)))
        from policy.cli.batch import backtest_table

        asking = {"question": question, "on": on, "dates": on_column, "keep": keep, "scaled": scaled}
        sides = texts_of((_folder(old),)), texts_with((_folder(new),), settings)
        flips = backtest_table(sides, under, asking, history, amount, out, format) > 0
    end(Exit.NO if flips else Exit.YES)


def _folder(name: str) -> str:
    return str(resources.folder("rulesets")) if name == SHIPPED else name


_MOST_CLIENTS = 20  # as text

# ── a journal ───────────────────────────────────────────────────────────────────────────────


def _of_journal(journal: str, old: str, new: str, on: date | None, settings: Settings, format: str) -> bool:
    header, last = require_whole(journal)
    first = on.isoformat() if on else header.on
    before, after = _program_named(old, ()), _program_named(new, settings)
    markets = [Venues(rulebooks(program), first) for program in (before, under_old_names(before, after))]
    result = backtest(commands_of(journal, last), *markets)
    kept = other_rules(header, markets)
    if format == "json":
        print_json({"old": old, "new": new, "journal": header.rules, **result.as_json()})
    else:
        click.echo(_text(old, new, result, kept))
    return result.differs


def _program_named(name: str, settings: Settings) -> Program:
    path, _, overlay = name.partition("+")
    return load_program(texts_with((_folder(path),), settings), overlay)


def _text(old: str, new: str, result: Backtest, kept: str) -> str:
    lines = [f"{plural(result.commands, 'command')}, {plural(result.flipped, 'flip')} from {old} to {new}"]
    if kept:
        lines.append(f"the journal was kept under neither, but under the rulebook {kept[:16]}")
    for (kind, _, _), sort in sorted(result.sorts.items(), key=lambda item: -item[1].count):
        lines += [
            "",
            f"{sort.count:>7,}  {click.style(kind, bold=True)}, such as {', '.join(sort.examples)}",
            f"         was: {sort.before}" + (f"  per {', '.join(sort.cited_before)}" if sort.cited_before else ""),
            f"         is:  {sort.after}" + (f"  per {', '.join(sort.cited_after)}" if sort.cited_after else ""),
        ]
    lines += ["", *_accounts(result)]
    lines += _clients(result)
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


def _clients(result: Backtest) -> Iterator[str]:
    """Who is answered differently, and by how much."""
    rows = result.by_client()
    if rows:
        yield ""
        yield plural(len(rows), "client") + " with other answers or sums"
    for client, sorts, money in rows[:_MOST_CLIENTS]:
        examples: dict[str, list[str]] = {}
        for kind, sort in sorts:
            examples.setdefault(kind, []).extend(sort.examples)
        kinds = (f"{plural(_of(kind, sorts), 'flip')} of {kind} ({', '.join(ids)})" for kind, ids in examples.items())
        sums = (f"{m.what} {_grouped(m.before)} → {_grouped(m.after)}" for m in money)
        yield f"  {client}: {'; '.join((*kinds, *sums))}"
    if len(rows) > _MOST_CLIENTS:
        yield f"  and {len(rows) - _MOST_CLIENTS:,} more, which `--format json` lists"


def _of(kind: str, sorts: Iterable[tuple[str, Flips]]) -> int:
    return sum(sort.count for said, sort in sorts if said == kind)


def _grouped(amount: str) -> str:
    return grouped(amount) if amount[:1] in "-0123456789" and amount.rpartition(" ")[2].isupper() else amount
