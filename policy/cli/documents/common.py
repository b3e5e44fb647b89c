"""What every document has in common: languages, formats, and where it goes.

In: a document. Out: a file, or standard output, in the format that was asked for, by templates of one's own where a
folder of them was named.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from policy.cli.exits import Exit, end
from policy.cli.options import texts_of
from policy.cli.output import fail, keep_apart, print_diagnostics, write_whole
from policy.diagnostics import PolicyError
from policy.files import whole_folder
from policy.model.overlays import check_overlay, overlaid
from policy.model.rules import Model
from policy.pipeline import Checked, Text, check, digest_of
from policy.reports.documents import Document
from policy.reports.foreign.folder import Folder, templates_in
from policy.reports.markdown import markdown_of

F = TypeVar("F", bound=Callable[..., Any])
_OWN = f"{__name__}.templates"
FORMATS = ("html", "markdown", "json", "pdf")
LANGUAGES = ("both", "en", "zh")


def _read_templates(ctx: click.Context, _: click.Parameter, folder: str | None) -> str:
    """Reads them before anything else is done; they hold for every document of this run."""
    try:
        ctx.meta[_OWN] = templates_in(folder) if folder else None
    except PolicyError as error:
        fail(error)
    return folder or ""


def templates_option(expose: bool) -> Callable[[F], F]:
    """`--templates`; `own_templates` gives what is in the folder."""
    return click.option(
        "--templates",
        type=click.Path(exists=True, file_okay=False),
        expose_value=expose,
        callback=_read_templates,
        help="A folder whose files go before ours of the same name, as style.css; see `policy report --help`.",
    )


def own_templates() -> Folder | None:
    """The templates that this run was given."""
    own: Folder | None = click.get_current_context().meta[_OWN]
    return own


def _pdf_is_possible(ctx: click.Context, _: click.Parameter, format: str) -> str:
    if format == "pdf" and not ctx.resilient_parsing:
        require_pdf()
    return format


_OPTIONS = (
    templates_option(expose=False),
    click.option(
        "-o", "--output", type=click.Path(dir_okay=False), default="", help="Output file; `-` is standard output."
    ),
    click.option(
        "--format",
        type=click.Choice(FORMATS),
        default="html",
        show_default=True,
        callback=_pdf_is_possible,
        help="Output format.",
    ),
    click.option("--platform", default="A licensed platform", show_default=True, help="Whose name the cover bears."),
    click.option(
        "--language", type=click.Choice(LANGUAGES), default="both", show_default=True, help="Which of the two."
    ),
)


def document_options(command: F) -> F:
    """`--language`, `--format`, `--platform`, `--output` and `--templates`."""

    @wraps(command)
    def kept_apart(**given: Any) -> Any:
        keep_apart((given["output"],), _read_by(given))
        return command(**given)

    made: Any = kept_apart
    for option in _OPTIONS:
        made = option(made)
    return cast(F, made)


def _read_by(given: dict[str, Any]) -> Iterator[str]:
    """The files and folders that a document is made of, by the options and arguments that name them."""
    yield from given.get("paths", ())
    yield from (given[name] for name in ("facts", "journal", "scenario") if given.get(name))
    yield from (given[name].partition("+")[0] for name in ("old", "new") if name in given)


def model_of(paths: tuple[str, ...], under: str) -> tuple[Checked, Model, str]:
    """The checked rules, their model under an overlay, and the digest; ends with 2 and every finding if wrong."""
    texts = texts_of(paths)
    checked = _checked(tuple(_from_their_folder(texts)))
    if checked.errors:
        print_diagnostics(check(texts).errors)
        end(Exit.UNANSWERED)
    model: Model = checked.model
    wrong = check_overlay(model, under)
    if wrong:
        fail(PolicyError(wrong))
    return checked, overlaid(model, under), digest_of(checked.texts, under)


@lru_cache(maxsize=2)
def _checked(texts: tuple[Text, ...]) -> Checked:
    """The checked rules, for both sides of a change, and every document of a pack."""
    return check(texts)


def _from_their_folder(texts: list[Text]) -> list[Text]:
    """The files, named from the folder that holds them all, so that a document is the same wherever that lies."""
    folder = os.path.commonpath([os.path.dirname(os.path.abspath(t.name)) for t in texts])
    above = os.path.dirname(folder)
    return [Text(os.path.relpath(t.name, above), t.data) for t in texts]


def write(document: Document, language: str, format: str, output: str) -> None:
    """Writes a document in a format."""
    if format == "pdf" and not output:
        raise click.UsageError("a PDF goes to a file: name one with --output")
    data = in_format(document, language, format)
    if output in ("", "-"):
        sys.stdout.buffer.write(data)
        return
    write_whole(output, data)
    click.echo(f"the document is in {output}", err=True)


@contextmanager
def new_folder(folder: str) -> Iterator[Path]:
    """A folder to write into, published whole. Ends with 2 where it is not new or empty, or cannot be written."""
    try:
        if os.path.exists(folder) and os.listdir(folder):
            raise click.UsageError(f"`{folder}` is not empty: name a new folder")
        with whole_folder(folder) as into:
            yield into
    except OSError as failure:
        raise click.UsageError(f"`{folder}` cannot be written: {failure.strerror}") from failure
    except PolicyError as error:
        fail(error)


def in_format(document: Document, language: str, format: str) -> bytes:
    """The bytes of a document. Ends with 2 where templates of one's own do not print it."""
    if format == "json":
        return json_of(document)
    page = page_of(document, language)
    match format:
        case "markdown":
            return markdown_of(page).encode()
        case "pdf":
            return pdf(page)
    return page.encode()


def json_of(document: Document) -> bytes:
    return (json.dumps(document.as_json(), ensure_ascii=False, indent=2) + "\n").encode()


def page_of(document: Document, language: str) -> str:
    """The page. Ends with 2 and the finding where a template of one's own does not print it."""
    try:
        return document.page(language, own_templates())
    except PolicyError as error:
        fail(error)


def pdf(page: str) -> bytes:
    """A page as PDF. Ends with 2 where that cannot be."""
    from policy.reports.pdf import pdf_of

    try:
        with _quiet_libraries():
            return pdf_of(page)
    except PolicyError as error:
        fail(error)


def require_pdf() -> None:
    """Ends with 2 where this machine prints no PDF, before a document is made for nothing."""
    from policy.reports.pdf import needed_here

    try:
        with _quiet_libraries():
            needed_here()
    except PolicyError as error:
        fail(error)


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Pango and Fontconfig, written in C, say what they think of a machine's fonts past Python's `stderr`."""
    if sys.stderr is None:  # it was closed before this program began
        yield
        return
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
