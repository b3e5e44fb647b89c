"""Findings as output: coloured text on a terminal, plain text in a pipe, JSON for machines; files published whole."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable
from typing import NoReturn

import click

from policy.diagnostics import Diagnostic, PolicyError, draw
from policy.files import apart, publish, rewrite


def print_json(value: object) -> None:
    """Prints one JSON document, keys in the given order."""
    click.echo(json_text(value, indent=2))


def json_text(value: object, indent: int | None = None) -> str:
    """JSON for standard output, escaped where its encoding lacks characters."""
    import json  # here: most commands print text

    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return json.dumps(value, ensure_ascii=codecs.lookup(encoding).name != "utf-8", indent=indent)


def drawn(diagnostic: Diagnostic) -> str:
    """A diagnostic, its head in colour."""
    head, _, rest = draw(diagnostic).partition("\n")
    colour = "red" if diagnostic.is_error else "yellow"
    return click.style(head, fg=colour, bold=True) + ("\n" + rest if rest else "")


def print_diagnostics(diagnostics: Iterable[Diagnostic], err: bool = True) -> None:
    for diagnostic in diagnostics:
        click.echo(drawn(diagnostic) + "\n", err=err)


def print_unread(diagnostic: Diagnostic) -> None:
    """Prints why a line of a scenario could not be read."""
    print_diagnostics((diagnostic,))


def write_whole(path: str, data: bytes) -> None:
    """Publishes a file whole. Ends with 2 where it cannot be written."""
    try:
        publish(path, data)
    except OSError as failure:
        raise click.UsageError(f"`{path}` cannot be written: {failure.strerror}") from failure


def rewrite_whole(changes: Iterable[tuple[str, bytes, bytes]]) -> None:
    """Replaces files by name, unless one was changed since it was read. Ends with 2 where it cannot be written."""
    try:
        rewrite(changes)
    except OSError as failure:
        raise click.UsageError(f"`{failure.filename}` cannot be written: {failure.strerror}") from failure


def keep_apart(outputs: Iterable[str | None], inputs: Iterable[str]) -> None:
    """Ends with 2 if an output file is also an input; checked before either is opened."""
    apart((o for o in outputs if o), (i for i in inputs if i))


def fail(error: PolicyError) -> NoReturn:
    """Prints every finding and ends with the exit code of the error."""
    print_diagnostics(error.diagnostics)
    sys.exit(error.exit_code)


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
