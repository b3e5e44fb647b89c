"""`policy report KIND`: the documents that people read and sign."""

from __future__ import annotations

from importlib import import_module

import click

KINDS = {
    "rulebook": "The rules in words, as a book.",
    "traceability": "From every provision to rules, tests and decisions.",
    "decision": "A letter about one decision.",
    "trading": "A trading day, out of a journal.",
    "margin": "Margin and perpetual contracts, out of a journal.",
    "change": "What differs between two rulebooks, or two dates.",
    "pack": "Everything an assessor asks for, in one folder.",
}


class LazyKinds(click.Group):
    """Knows the kinds by name and imports the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in KINDS:
            return None
        command: click.Command = import_module(f"policy.cli.documents.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Kinds"):
            formatter.write_dl(list(KINDS.items()))


@click.group(cls=LazyKinds, short_help="Write the documents that people read and sign.")
def command() -> None:
    """Write a document: HTML that is whole in itself, Markdown, PDF, or JSON of the same figures.

    \b
    policy report rulebook --on 2026-03-01 -o rulebook.html
    policy report traceability --on 2026-03-01 --language en -o traceability.html
    """
