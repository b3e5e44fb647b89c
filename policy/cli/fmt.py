"""`policy fmt`: rules in the standard shape."""

from __future__ import annotations

import click

from policy.cli.exits import Exit, end
from policy.cli.options import format_option, rules_arguments, texts_of, to_write
from policy.cli.output import plural, print_diagnostics, print_json, rewrite_whole
from policy.diagnostics import Diagnostic
from policy.pipeline import RulesFile


@click.command()
@rules_arguments
@click.option("--check", "only_check", is_flag=True, help="Change nothing; end with 1 if a file would change.")
@format_option("text", "json")
def command(paths: tuple[str, ...], only_check: bool, format: str) -> None:
    """Indent, align and space the rules in RULES, in place; `-` reads standard input and prints.

    \b
    policy fmt rulesets
    policy fmt --check rulesets
    policy fmt - < draft.policy

    Only white space changes, and a table gets a ruled line under its head. A file that does not parse is reported
    and left unchanged.
    """
    if not paths:
        raise click.UsageError("name the RULES to format, or `-` for standard input")
    to_write(paths)
    changed: list[str] = []
    broken: list[Diagnostic] = []
    texts = [t for t in texts_of(paths, alone=True) if not t.is_table]
    for text in texts:
        result = _formatted(text)
        if isinstance(result, tuple):
            broken += result
        elif paths == ("-",):
            click.echo(result, nl=False)
        elif result.encode() != text.data:
            changed.append(text.name)
            if not only_check:
                rewrite_whole([(text.name, text.data, result.encode())])
    if format == "json" and paths != ("-",):
        print_json({"files": len(texts), "changed": changed, "findings": [d.as_json() for d in broken]})
        end(_exit(broken, changed, only_check))
    print_diagnostics(broken)
    if paths != ("-",):
        verb = "would change" if only_check else "changed"
        for name in changed:
            click.echo(f"{verb} {name}")
        click.echo(f"{plural(len(texts), 'file')}, {len(changed)} {verb}", err=True)
    end(_exit(broken, changed, only_check))


def _exit(broken: list[Diagnostic], changed: list[str], only_check: bool) -> Exit:
    if broken:
        return Exit.UNANSWERED
    return Exit.NO if only_check and changed else Exit.YES


def _formatted(text: RulesFile) -> str | tuple[Diagnostic, ...]:
    from policy.syntax.from_text import decode, parse
    from policy.syntax.to_text import formatted

    source, wrong = decode(text.name, text.data)
    if wrong:
        return wrong
    parsed = parse(source)
    return parsed.diagnostics or formatted(source, parsed.file)
