"""`policy report templates`: the templates that documents are made by, as files to change."""

from __future__ import annotations

import click

from policy.cli.documents.common import new_folder
from policy.reports.render import SHIPPED


@click.command(short_help="The templates of all these, to change.")
@click.argument("folder", type=click.Path(file_okay=False))
def command(folder: str) -> None:
    """Write the templates and styles of every document into FOLDER, which must be new or empty.

    \b
    policy report templates ours
    policy report rulebook --on 2026-03-01 --templates ours -o rulebook.html

    Delete the files you do not change: what is not in the folder is taken from ours, and stays up to date.
    """
    with new_folder(folder) as into:
        for file in sorted(SHIPPED.iterdir()):
            (into / file.name).write_bytes(file.read_bytes())
    click.echo(f"the templates are in {folder}", err=True)
