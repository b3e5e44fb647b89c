"""`policy backtest`: what two rulebooks would have answered differently about a history."""

from __future__ import annotations

import sys
from datetime import date

import click

from policy.cli.options import DateType, format_option, under_option
from policy.cli.tables import backtest_table


@click.command(short_help="Compare two rulebooks on a history.")
@click.argument("old", type=click.Path(exists=True))
@click.argument("new", type=click.Path(exists=True))
@click.option("--history", required=True, type=click.Path(), help="The facts of the past: .parquet, .arrow or .csv.")
@click.option("--question", required=True, help="What is asked of each row.")
@click.option("--on", type=DateType(), help="The date as of which all rows are asked.")
@click.option("--on-column", default="", help="Instead of --on: the column that has each row's date.")
@click.option(
    "--amount", default="", help="A value question that says how much each row is about, as order_notional."
)
@click.option("--out", type=click.Path(dir_okay=False), help="Where the rows that come out otherwise go.")
@click.option("--keep", multiple=True, help="A column that is no fact and comes out again. Repeatable.")
@click.option("--scaled", is_flag=True, help="Whole numbers are in the last decimal: 600 in money(HKD) is 6.00 HKD.")
@click.option("--fail-on-change", is_flag=True, help="End with 1 where anything comes out otherwise.")
@under_option
@format_option("text", "json")
def command(
    old: str,
    new: str,
    history: str,
    question: str,
    on: date | None,
    on_column: str,
    amount: str,
    out: str | None,
    keep: tuple[str, ...],
    scaled: bool,
    fail_on_change: bool,
    under: str,
    format: str,
) -> None:
    """Ask the rulebooks in OLD and NEW the same of every row, and tell what flips, by rule and by amount.

    \b
    policy backtest rulesets proposed --history orders.parquet --question order_accepted --on 2026-03-01
    policy backtest rulesets proposed --history year.parquet --question order_accepted --on-column day \\
        --amount order_notional --out flipped.parquet --keep id
    """
    if (on is None) == (not on_column):
        raise click.UsageError("say as of when: --on 2026-03-01, or --on-column NAME")
    asking = {"question": question, "on": on, "dates": on_column, "keep": keep, "scaled": scaled}
    changed = backtest_table((old, new), under, asking, history, amount, out, format)
    sys.exit(1 if changed and fail_on_change else 0)
