"""What every document has in common: languages, formats, and where it goes.

In: a page and its figures, neither made before the format is known. Out: a file, or standard output.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from policy.cli.options import texts_of
from policy.cli.output import fail, print_diagnostics
from policy.diagnostics import PolicyError
from policy.model.overlays import check_overlay, overlaid
from policy.model.rules import Model
from policy.pipeline import Checked, Text, check, digest_of
from policy.reports.documents import Document
from policy.reports.markdown import markdown_of

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = ("html", "markdown", "json", "pdf")
LANGUAGES = ("both", "en", "zh")

_OPTIONS = (
    click.option("-o", "--output", type=click.Path(dir_okay=False), default="", help="Where it goes, if not here."),
    click.option("--format", type=click.Choice(FORMATS), default="html", show_default=True, help="Output format."),
    click.option("--platform", default="A licensed platform", show_default=True, help="Whose name the cover bears."),
    click.option(
        "--language", type=click.Choice(LANGUAGES), default="both", show_default=True, help="Which of the two."
    ),
)


def document_options(command: F) -> F:
    """`--language`, `--format`, `--platform` and `--output`."""
    for option in _OPTIONS:
        command = option(command)
    return command


def model_of(paths: tuple[str, ...], under: str) -> tuple[Checked, Model, str]:
    """The checked rules, their model under an overlay, and the digest; ends with 2 and every finding if wrong."""
    texts = texts_of(paths)
    checked = check(_from_their_folder(texts))
    if checked.errors:
        print_diagnostics(check(texts).errors)
        sys.exit(2)
    model: Model = checked.model
    wrong = check_overlay(model, under)
    if wrong:
        fail(PolicyError(wrong))
    return checked, overlaid(model, under), digest_of(checked.texts, under)


def _from_their_folder(texts: list[Text]) -> list[Text]:
    """The files, named from the folder that holds them all, so that a document is the same wherever that lies."""
    folder = os.path.commonpath([os.path.dirname(os.path.abspath(t.name)) for t in texts])
    above = os.path.dirname(folder)
    return [Text(os.path.relpath(t.name, above), t.data) for t in texts]


def write(document: Document, language: str, format: str, output: str) -> None:
    """Writes a document in a format."""
    match format:
        case "json":
            data = (json.dumps(document.as_json(), ensure_ascii=False, indent=2) + "\n").encode()
        case "markdown":
            data = markdown_of(document.page(language)).encode()
        case "pdf":
            data = _pdf(document.page(language), output)
        case _:
            data = document.page(language).encode()
    if not output:
        sys.stdout.buffer.write(data)
        return
    try:
        Path(output).write_bytes(data)
    except OSError as failure:
        raise click.UsageError(f"`{output}` cannot be written: {failure.strerror}") from failure
    click.echo(f"the document is in {output}", err=True)


def _pdf(page: str, output: str) -> bytes:
    from policy.reports.pdf import PdfError, pdf_of

    if not output:
        raise click.UsageError("a PDF goes to a file: name one with --output")
    try:
        return pdf_of(page)
    except PdfError as wrong:
        raise click.UsageError(str(wrong)) from wrong
