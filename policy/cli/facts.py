"""`policy facts`: what a question wants to know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import click

from policy.cli.options import DateType, format_option, rulebook_of, rules_option, under_option
from policy.cli.output import fail, print_json
from policy.diagnostics import PolicyError
from policy.facts.schema import schema, template
from policy.ir.program import Program
from policy.model import types
from policy.model.types import Type, describe


@click.command(short_help="Show what a question wants to know.")
@click.argument("question")
@rules_option
@under_option
@click.option("--on", type=DateType(), default=date(2026, 3, 1), hidden=True)
@click.option("--template", "want_template", is_flag=True, help="Print a JSON document to fill in.")
@format_option("text", "json")
def command(question: str, paths: tuple[str, ...], under: str, on: date, want_template: bool, format: str) -> None:
    """List the facts QUESTION may turn on; as a JSON Schema (--format json); as a form to fill in (--template).

    \b
    policy facts order_accepted
    policy facts order_accepted --format json > order.schema.json
    policy facts order_accepted --template > order.json
    """
    rulebook = rulebook_of(paths, on, under)
    try:
        function = rulebook.question(question)
    except PolicyError as error:
        fail(error)
    if want_template:
        print_json(template(rulebook.program, function))
    elif format == "json":
        print_json(schema(rulebook.program, function))
    else:
        click.echo(f"{function.id}: {function.title.en} {function.title.zh}".rstrip())
        rows = [row for name, of in function.parameters for row in _rows(name, of, "", rulebook.program)]
        widths = [max((len(r[n]) for r in rows), default=0) for n in range(2)]
        for path, kind, title in rows:
            click.echo(f"  {path:{widths[0]}}  {kind:{widths[1]}}  {title}".rstrip())


def _rows(path: str, of: Type, title: str, program: Program) -> Iterator[tuple[str, str, str]]:
    inner = of.of if isinstance(of, types.OptionalOf) else of
    item = inner.of if isinstance(inner, types.ListOf) else inner
    members = f" ({', '.join(item.members)})" if isinstance(item, types.Enum) and len(item.members) <= 8 else ""
    yield path, describe(of), title + members
    if isinstance(item, types.Record):
        below = path + "[]" if isinstance(inner, types.ListOf) else path
        for f in program.records[item.name]:
            yield from _rows(f"{below}.{f.name}", f.type, f.title.en, program)
