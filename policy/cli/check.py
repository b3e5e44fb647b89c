"""`policy check`: everything wrong with rules, all at once."""

from __future__ import annotations

import click

from policy.cli.exits import Exit, end
from policy.cli.options import format_option, rules_arguments, texts_of, unsaved
from policy.cli.output import plural, print_diagnostics, print_json
from policy.cli.watch import watchable
from policy.pipeline import findings


@click.command()
@watchable
@rules_arguments
@click.option("--as", "instead", default="", help="File that standard input stands for, which it may not be yet.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@format_option("text", "json", "sarif")
def command(paths: tuple[str, ...], instead: str, strict: bool, format: str) -> None:
    """Parse, type-check and lint the rules in RULES (the shipped rulebook if none is named, `-` for standard input).

    \b
    policy check rulesets
    policy check rulesets --format sarif > findings.sarif
    cat draft.policy | policy check -
    policy check my-rules --watch
    policy check - --as rules/draft.policy < buffer        an editor's text, among the rules of its folder
    """
    if instead and paths != ("-",):
        raise click.UsageError("`--as` goes with `-`, standard input")
    found = findings(unsaved(instead) if instead else texts_of(paths))
    errors = found.errors
    warnings = len(found.diagnostics) - errors
    if format == "json":
        print_json([d.as_json() for d in found.diagnostics])
    elif format == "sarif":
        from policy.cli.sarif import sarif  # with what no other format needs

        print_json(sarif(found.diagnostics))
    else:
        print_diagnostics(found.diagnostics, err=False)
        rulesets = plural(found.rulesets, "ruleset")
        if errors or warnings:
            click.echo(f"{rulesets}: {plural(errors, 'error')}, {plural(warnings, 'warning')}")
        else:
            click.echo(
                f"{rulesets}, {plural(found.provisions, 'provision')}, {plural(found.tests, 'test')}: nothing found"
            )
    end(Exit.NO if errors or (strict and warnings) else Exit.YES)
