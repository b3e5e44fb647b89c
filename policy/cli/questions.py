"""`policy questions`: the questions that a rulebook answers."""

from __future__ import annotations

from datetime import date

import click

from policy.cli.options import DateType, format_option, rulebook_of, rules_arguments, under_option
from policy.cli.output import print_json
from policy.model.types import describe


@click.command()
@rules_arguments
@under_option
@click.option("--on", type=DateType(), default=date(2026, 3, 1), hidden=True)
@click.option(
    "--kind",
    type=click.Choice(["decision", "value", "table", "priority", "parameter", "property"]),
    help="Only questions of this kind.",
)
@format_option("text", "json")
def command(paths: tuple[str, ...], under: str, on: date, kind: str | None, format: str) -> None:
    """List the decisions, values, tables, priorities and parameters of a rulebook.

    \b
    policy questions
    policy questions --kind decision
    """
    rulebook = rulebook_of(paths, on, under)
    functions = [
        f
        for f in rulebook.program.functions.values()
        if (f.kind == kind or (kind is None and f.kind not in ("set", "property"))) and "#" not in f.id
    ]
    if format == "json":
        print_json(
            [
                {
                    "question": f.id,
                    "kind": f.kind,
                    "title": f.title.by_tag(),
                    "facts": {n: describe(t) for n, t in f.parameters},
                }
                for f in functions
            ]
        )
        return
    ruleset = ""
    for f in sorted(functions, key=lambda f: f.id.rpartition(".")[0]):
        home, _, name = f.id.rpartition(".")
        if home != ruleset:
            ruleset = home
            click.secho(f"\n{ruleset}", bold=True)
        asked = ", ".join(f"{n}: {describe(t)}" for n, t in f.parameters)
        click.echo(f"  {f.kind:9}  {name}({asked})  {f.title.en}".rstrip())
