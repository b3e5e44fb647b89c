"""`policy init`: a small working rulebook to start from."""

from __future__ import annotations

from pathlib import Path

import click

from policy.cli.exits import Exit, end
from policy.cli.options import format_option
from policy.cli.output import print_json, write_whole

STARTER = Path(__file__).parent / "starter"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False), default="my-rules")
@format_option("text", "json")
def command(folder: str, format: str) -> None:
    """Write a small rulebook into FOLDER: a source, a parameter, a decision, a table, tests. Nothing is overwritten.

    \b
    policy init my-rules && policy test my-rules --coverage
    """
    target = Path(folder)
    files = sorted(STARTER.iterdir())
    taken = [f.name for f in files if (target / f.name).exists()]
    if taken:
        click.echo(f"`{target / taken[0]}` is already there; nothing was written", err=True)
        end(Exit.UNANSWERED)
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        write_whole(str(target / file.name), file.read_bytes())
    if format == "json":
        print_json({"written": [str(target / file.name) for file in files]})
        return
    for file in files:
        click.echo(f"wrote {target / file.name}")
    click.echo(
        f"\nnow try:\n  policy check {target}\n  policy test {target} --coverage\n"
        f"  policy decide credit_limit --rules {target} --facts {target}/facts.json --on 2026-03-01"
    )
