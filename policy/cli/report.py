"""`policy report KIND`: the documents that people read and sign."""

from __future__ import annotations

from importlib import import_module

import click

from policy.cli.exits import describe

KINDS = {
    "rulebook": "The rules in words, as a book.",
    "traceability": "From every provision to rules, tests and decisions.",
    "decision": "A letter about one decision.",
    "trading": "A trading day, out of a journal.",
    "margin": "Margin and perpetual contracts, out of a journal.",
    "change": "What differs between two rulebooks, or two dates.",
    "pack": "Everything an assessor asks for, in one folder.",
    "templates": "The templates of all these, to change.",
}


class LazyKinds(click.Group):
    """Knows the kinds by name and imports the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in KINDS:
            return None
        return describe(import_module(f"policy.cli.documents.{cmd_name}").command, f"report {cmd_name}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Kinds"):
            formatter.write_dl(list(KINDS.items()))


@click.group(cls=LazyKinds, short_help="Write the documents that people read and sign.")
def command() -> None:
    """Write a document: HTML that is whole in itself, Markdown, PDF, or JSON of the same figures.

    \b
    policy report rulebook --on 2026-03-01 -o rulebook.html
    policy report traceability --on 2026-03-01 --language en -o traceability.html

    Their look and their words can be yours: files in a folder named with --templates go before ours of the same
    name, and may use ours as shipped/NAME. To change one block, write into ours/document.html.jinja:

    \b
    {% extends "shipped/document.html.jinja" %}
    {% block eyebrow %}Chan & Co.{% endblock %}

    \b
    policy report templates ours                # all of ours, to look up names of blocks; keep what you change
    policy report rulebook --on 2026-03-01 --templates ours -o rulebook.html

    Such templates are printed in a process of their own that sees the figures of --format json and nothing else,
    within bounds of time, memory and output. What they print is escaped, always.
    """
