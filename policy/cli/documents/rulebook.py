"""`policy report rulebook`: the rules in words, as a book."""

from __future__ import annotations

from datetime import date

import click

from policy.cli.documents.common import document_options, model_of, write
from policy.cli.options import on_option, rules_option, under_option
from policy.cli.proving import UNPROVED, USUAL, claims_of, proofs_option, proved, require_solver
from policy.reports.book.from_model import Setting, book_of
from policy.reports.documents import Document


@click.command(short_help="The rules in words, as a book.")
@rules_option
@under_option
@on_option
@proofs_option
@document_options
def command(
    paths: tuple[str, ...],
    under: str,
    on: date,
    proofs: bool,
    language: str,
    format: str,
    platform: str,
    output: str,
) -> None:
    """Write what the law asks and what the platform does, rule by rule, in English and Chinese.

    \b
    policy report rulebook --on 2026-03-01 -o rulebook.html
    policy report rulebook --on 2026-03-01 --language zh --format markdown > rulebook.md
    policy report rulebook --on 2026-03-01 --format pdf -o rulebook.pdf
    policy report rulebook --on 2026-03-01 --no-proofs -o rulebook.html
    """
    write(made(paths, under, on, proofs, platform), language, format, output)


def made(paths: tuple[str, ...], under: str, on: date, proofs: bool, platform: str) -> Document:
    """The document."""
    checked, model, digest = model_of(paths, under)
    verdicts = None
    if proofs:
        require_solver(UNPROVED)
        wanted, not_asked = claims_of(checked, USUAL, [under] if under else [])
        verdicts = [*proved(wanted), *not_asked]
    book = book_of(model, Setting(platform, on.toordinal(), digest, under), verdicts)
    return Document("rulebook.html.jinja", book.cover, {"book": book})
