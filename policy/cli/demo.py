"""`policy demo`: the shipped rulebook on a small market, end to end."""

from __future__ import annotations

import sys

import click

from policy.cli.options import format_option, not_here, rules_option, texts_of, under_option
from policy.cli.output import fail, keep_apart, print_json, write_whole
from policy.demo.run import run, summary
from policy.diagnostics import PolicyError
from policy.pipeline import dated, load_program
from policy.reports.render import demo_page
from policy.rulebook import Rulebook


@click.command()
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
    """
    if rows is not None:
        from policy.cli.tables import show_rows

        show_rows(paths, under, rows, format)
        return
    keep_apart((report,), paths)
    try:
        undated = load_program(texts_of(paths), under)

        def rulebook_at(on: str) -> Rulebook:
            return dated(undated, on)

        figures = run(rulebook_at, _progress)
    except PolicyError as error:
        fail(error)
    write_whole(report, demo_page(figures).encode())
    if format == "json":
        print_json(figures.as_json())
    else:
        click.echo(summary(figures))
    click.echo(f"the report is in {report}", err=True)


def _progress(doing: str) -> None:
    """Says what is being done, where someone watches."""
    if sys.stderr.isatty():
        click.secho(f"… {doing}", fg="bright_black", err=True)
