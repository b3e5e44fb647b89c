"""Options that documents share, and where a document goes: a file, or standard output."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import click
from attrs import frozen
from click.core import ParameterSource

from policy.cli.options import DateType
from policy.cli.output import keep_apart, write_whole
from policy.cli.watch import watchable
from policy.documents import A_PLATFORM, Document, Format, Imprint, Language, firm
from policy.documents.firms import signed
from policy.files import whole_folder
from policy.reports.imprint import UNSIGNED
from policy.reports.pdf import needed_here
from policy.reports.sandbox.folder import Folder, templates_in
from policy.reports.xlsx import needed_for_xlsx
from policy.vocabulary import Json

F = TypeVar("F", bound=Callable[..., object])
_TAG = re.compile(r"both|[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
FORMATS: tuple[Format, ...] = get_args(Format)
_NOT_GIVEN = (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)
_PAGES = tuple(f for f in FORMATS if f != "xlsx")  # of documents that are no tables
_IN_FILES: dict[str, Callable[[], None]] = {"pdf": needed_here, "xlsx": needed_for_xlsx}  # that need an extra
_NAMED: dict[str, Format] = {  # what the end of a file's name says is in it
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".json": "json",
    ".pdf": "pdf",
    ".xlsx": "xlsx",
}


@frozen
class OwnTemplates:
    """A folder of templates that was named, and what is in it."""

    path: str
    folder: Folder

    def __str__(self) -> str:
        return self.path


class TemplatesType(click.Path):
    """Reads the templates before anything else is done. Ends with 2 and every finding if they are wrong."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = os.fsdecode(super().convert(value, param, ctx))
        return OwnTemplates(path, templates_in(path))


class LanguageType(click.ParamType[str]):
    """`both`, or the tag of a language; whether the rules have it, they tell."""

    name = "language"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not _TAG.fullmatch(value):
            self.fail(f"`{value}` is not a language: write `en`, `zh`, `both` or another tag, as `pt`", param, ctx)
        return str(value)


def _require_format(ctx: click.Context, _: click.Parameter, format: str) -> str:
    """Before a document is made in vain."""
    if format in _IN_FILES and not ctx.resilient_parsing:
        _IN_FILES[format]()
    return format


templates_option = click.option(
    "--templates", type=TemplatesType(), help="Folder of templates that replace shipped ones of the same name."
)
platform_option = click.option(
    "--platform", default=A_PLATFORM, show_default=True, help="Name of the platform on the cover."
)
_FIRM = (
    click.option(
        "--rulebook-version",
        "version",
        default="",
        help="Name of this version of the rulebook, as 2026.4.",
    ),
    click.option(
        "--issued", type=DateType(), help="Date of issue, as 2026-11-27; a document without one is a draft."
    ),
    click.option(
        "--firm",
        "issuer",
        type=click.Path(dir_okay=False),
        default="",
        help="TOML file of the firm: name, address, logo, people who sign, distribution, confidentiality.",
    ),
)
language_option = click.option(
    "--language",
    type=LanguageType(),
    default="both",
    show_default=True,
    help="`en`, `zh`, `both` of them, or the tag of another language that the rules have, as `pt`.",
)
_OPTIONS = (
    templates_option,
    click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False),
        default="-",
        show_default=True,
        help="Output file; `-` for standard output.",
    ),
    platform_option,
    language_option,
)


def issued_by(command: F) -> F:
    """The options that say who issues a document, when, and as which version."""
    for option in _FIRM:
        command = option(command)
    return command


def imprint_of(issuer: str, issued: date | None, version: str) -> Imprint:
    """The firm that issues a document. Ends with 2 and every mistake of its file."""
    return firm(issuer, issued, version) if issuer else signed(UNSIGNED, issued, version)


def _format_option(formats: Sequence[Format]) -> Callable[[F], F]:
    return click.option(
        "--format",
        type=click.Choice(formats),
        default="html",
        show_default=True,
        callback=_require_format,
        help="Output format.",
    )


def prints_tables(command: Callable[..., Document]) -> Callable[..., None]:
    """As `prints_document`, of a document that a workbook can hold too."""
    return prints_document(command, FORMATS)


def prints_document(command: Callable[..., Document], formats: Sequence[Format] = _PAGES) -> Callable[..., None]:
    """A command that returns a document, with the options that print it: a finding ends it as the finding says."""

    @wraps(command)
    def printed(
        language: Language,
        format: Format,
        output: str,
        templates: OwnTemplates | None,
        issuer: str,
        issued: date | None,
        version: str,
        **given: object,
    ) -> None:
        if format in _IN_FILES and output == "-":
            raise click.UsageError(f"{format.upper()} goes to a file: name one with --output")
        named = _NAMED.get(Path(output).suffix.lower(), format)
        if named != format:
            raise click.UsageError(f"`{output}` would hold {format}: add `--format {named}`, or name it otherwise")
        keep_apart((output,), [*_read_by(given), issuer])
        imprint = imprint_of(issuer, issued, version)
        document = command(**given).signed(imprint)
        data = document.printed(format, language, templates.folder if templates else None)
        if output == "-":
            sys.stdout.buffer.write(data)
            return
        write_whole(output, data)
        click.echo(f"the document is in {output}", err=True)

    printed = watchable(issued_by(printed))
    for option in (*_OPTIONS, _format_option(formats)):
        printed = option(printed)
    return cast(Callable[..., None], printed)


def _read_by(given: Json) -> Iterator[str]:
    """The files and folders that a document is made of, by the options and arguments that name them."""
    yield from given.get("paths", ())
    yield from (given[name] for name in ("facts", "journal", "scenario") if given.get(name))
    yield from (given[name].partition("+")[0] for name in ("old", "new") if name in given)


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


def command_line(context: click.Context) -> str:
    """The command, without the places of folders and files, which are no part of the pack."""
    words = ["policy", "report", "pack", "pack"]
    for option in context.command.params:
        value = context.params.get(option.name or "")
        if not isinstance(option, click.Option) or context.get_parameter_source(option.name or "") in _NOT_GIVEN:
            continue
        values = map(str, value if isinstance(value, tuple) else (value,))
        if isinstance(value, bool):
            words.append((option.opts if value else option.secondary_opts)[0])
        else:
            words += [w for v in values for w in (option.opts[0], Path(v).name if Path(v).is_absolute() else v)]
    return shlex.join(words)
