"""`policy facts`: the facts that a question reads."""

from __future__ import annotations

from datetime import date

import click

from policy.cli.options import DateType, asked, format_option, rules_arguments, texts_of, under_option
from policy.cli.output import print_json
from policy.facts.schema import schema, template
from policy.ir.reads import Fact, every, facts_read
from policy.model import types
from policy.model.types import describe
from policy.pipeline import dated, load_program
from policy.rulebook import Rulebook

FEW_MEMBERS = 8


@click.command()
@click.argument("question", shell_complete=asked)
@rules_arguments
@under_option
@click.option("--on", type=DateType(), help="Only facts read as of this date, as 2026-03-01.")
@click.option("--template", "want_template", is_flag=True, help="Print a JSON document to fill in.")
@click.option("--all-members", is_flag=True, help="List the members of long enums in full.")
@format_option("text", "json")
def command(
    question: str,
    paths: tuple[str, ...],
    under: str,
    on: date | None,
    want_template: bool,
    all_members: bool,
    format: str,
) -> None:
    """List the facts QUESTION may read; as a JSON Schema (--format json); as a form to fill in (--template).

    \b
    policy facts order_accepted
    policy facts order_accepted --on 2026-03-01 --all-members
    policy facts order_accepted --format json > order.schema.json
    policy facts order_accepted --template > order.json

    Other fields of the same records are not read. They may be given, and the JSON Schema accepts them.
    """
    program = load_program(texts_of(paths), under)
    rulebook = dated(program, on) if on is not None else Rulebook(program)
    function = rulebook.question(question)
    if want_template:
        print_json(template(rulebook.program, function))
    elif format == "json":
        print_json(schema(rulebook.program, function))
    else:
        click.echo(f"{function.id}: {' '.join((function.title.en, *function.title.translations))}".rstrip())
        most = None if all_members else FEW_MEMBERS
        rows = [_row(fact, most) for fact in every(facts_read(rulebook.program, function).values())]
        widths = [max((len(r[n]) for r in rows), default=0) for n in range(2)]
        for path, kind, title in rows:
            click.echo(f"  {path:{widths[0]}}  {kind:{widths[1]}}  {title}".rstrip())
        if not rows:
            click.echo("  no fact is read")
        if any(title.endswith(_MORE) for *_, title in rows):
            click.echo("members in full: --all-members")


_MORE = " more)"


def _row(fact: Fact, most: int | None) -> tuple[str, str, str]:
    """The path, the type, and the title with the members of an enum, at `most` so many."""
    title = fact.declared.title.en if fact.declared is not None else ""
    item = fact.type
    while isinstance(item, types.OptionalOf | types.ListOf | types.SetOf):
        item = item.of
    if isinstance(item, types.Enum):
        hidden = item.members[most:] if most is not None else ()
        title += f" ({', '.join(item.members[:most])}" + (f" and {len(hidden):,}{_MORE}" if hidden else ")")
    return fact.path, describe(fact.type), title
