"""`policy demo`: the scenario `demonstration` under the shipped rules, as of three dates, with its document."""

from __future__ import annotations

import sys

import click

from policy import documents
from policy.cli.demo_summary import summary_text
from policy.cli.options import checked_of, format_option, not_here, rules_arguments, under_option
from policy.cli.output import fail, keep_apart, print_json, write_whole
from policy.diagnostics import PolicyError


@click.command()
@rules_arguments
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
        from policy.cli.batch import show_rows

        show_rows(paths, under, rows, format)
        return
    keep_apart((report,), paths)
    try:
        document = documents.demonstration(checked_of(paths), under=under, progress=_progress)
    except PolicyError as error:
        fail(error)
    write_whole(report, document.page("both").encode())
    if format == "json":
        print_json(document.as_json())
    else:
        click.echo(summary_text(document))
    click.echo(f"the report is in {report}", err=True)


def _progress(doing: str) -> None:
    """Says what is being done, where someone watches."""
    if sys.stderr.isatty():
        click.secho(f"… {doing}", fg="bright_black", err=True)
