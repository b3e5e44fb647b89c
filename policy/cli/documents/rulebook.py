"""`policy report rulebook`: the rules in words, as a book."""

from __future__ import annotations

from datetime import date

import click

from policy.cli.documents.common import document_options, model_of, write
from policy.cli.options import on_option, rules_option, under_option
from policy.reports.book.from_model import Setting, book_of
from policy.reports.documents import Document


@click.command(short_help="The rules in words, as a book.")
@rules_option
@under_option
@on_option
@document_options
def command(
    paths: tuple[str, ...], under: str, on: date, language: str, format: str, platform: str, output: str
) -> None:
    """Write what the law asks and what the platform does, rule by rule, in English and Chinese.

    \b
    policy report rulebook --on 2026-03-01 -o rulebook.html
    policy report rulebook --on 2026-03-01 --language zh --format markdown > rulebook.md
    policy report rulebook --on 2026-03-01 --format pdf -o rulebook.pdf
    """
    _, model, digest = model_of(paths, under)
    book = book_of(model, Setting(platform, on.toordinal(), digest, under))
    write(Document("rulebook.html.jinja", book.cover, {"book": book}), language, format, output)
