"""`policy demo`: the scenario `demonstration` under the shipped rules, as of three dates, with its document."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from policy import resources
from policy.audit.records import Header
from policy.cli.demo_summary import summary_text
from policy.cli.market_document import glossary_for
from policy.cli.options import format_option, not_here, rules_option, texts_of, under_option
from policy.cli.output import fail, keep_apart, print_json, write_whole
from policy.cli.trade import A_PLATFORM, header_of
from policy.diagnostics import PolicyError
from policy.ir.program import Program
from policy.pipeline import Rulebook, dated, load_program
from policy.reports.documents import Document
from policy.reports.journal.dates import Dated, dates_of
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.market import Recorded
from policy.reports.journal.reasons import given
from policy.scenario.from_folder import Scenario, scenario_in
from policy.scenario.market import Market
from policy.scenario.run import Run, stage_of
from policy.scenario.statements import balances, statements, terms, verdicts

DATES = ("2025-10-01", "2025-12-01", "2026-03-01")


@click.command(short_help="Run the shipped rulebook on a small market, end to end.")
@rules_option
@under_option
@click.option(
    "--report",
    type=click.Path(dir_okay=False),
    default="demo-report.html",
    show_default=True,
    callback=not_here,
    help="Where the report goes.",
)
@click.option("--rows", type=click.IntRange(min=1), help="Instead: so many made-up positions and orders, in columns.")
@format_option("text", "json")
def command(paths: tuple[str, ...], under: str, report: str, rows: int | None, format: str) -> None:
    """Decide a day's orders, match them, value collateral and margin, as of three dates; write a report.

    \b
    policy demo
    policy demo --under example.house --report house.html
    policy demo --format json > demo.json
    policy demo --rows 10000000

    The commands are those of the scenario `demonstration`, which `policy trade` and `policy report` take too.
    """
    if rows is not None:
        from policy.cli.tables import show_rows

        show_rows(paths, under, rows, format)
        return
    keep_apart((report,), paths)
    try:
        undated = load_program(texts_of(paths), under)
        document = demonstration(undated, glossary_for(paths, under), _progress)
    except PolicyError as error:
        fail(error)
    write_whole(report, document.page("both").encode())
    if format == "json":
        print_json(document.as_json())
    else:
        click.echo(summary_text(document))
    click.echo(f"the report is in {report}", err=True)


def demonstration(undated: Program, glossary: Glossary, progress: Callable[[str], Any]) -> Document:
    """The document of the scenario as of the last date, with what the dates change. Raises PolicyError."""
    scenario = scenario_in(resources.folder("rulesets") / "hk_sfc" / "scenarios" / "demonstration")
    days = []
    for on in DATES:
        progress(f"running the orders and loans as of {on}")
        days.append(_run(scenario, undated, on, glossary))
    progress("writing the report")
    last, unread = days[-1]
    return last.recorded.document(
        A_PLATFORM,
        unread,
        dates=dates_of([day for day, _ in days]),
        reasons=given(last.recorded.reasons, glossary.citations),
    )


def _run(scenario: Scenario, undated: Program, on: str, glossary: Glossary) -> tuple[Dated, int]:
    """The scenario under the rules of one date, and how many of its lines could not be read."""
    rulebook: Rulebook = dated(undated, on)
    market = Market(lambda _: rulebook, on)
    market.open(stage_of(scenario))
    header: Header = header_of(scenario, undated.digest, on, undated.overlay)
    day = Dated(Recorded.whole(header, glossary))
    run = Run(market, on_record=day.take, on_unread=day.recorded.misread)
    run.carry_out(scenario)
    assert day.recorded.trading is not None
    assert day.recorded.margin is not None
    day.recorded.trading.stated = balances(market)
    day.recorded.margin.collateral.terms = terms(market)
    day.recorded.margin.collateral.verdicts = verdicts(market)
    day.recorded.state(statements(market))
    return day, run.unread


def _progress(doing: str) -> None:
    """Says what is being done, where someone watches."""
    if sys.stderr.isatty():
        click.secho(f"… {doing}", fg="bright_black", err=True)
