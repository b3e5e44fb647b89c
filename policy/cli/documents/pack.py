"""`policy report pack`: everything an assessor asks for, in one folder."""

from __future__ import annotations

import hashlib
import json
import shlex
from datetime import date
from pathlib import Path

import click

from policy.cli.backtest import SHIPPED
from policy.cli.documents import change, margin, traceability, trading
from policy.cli.documents.common import LANGUAGES, model_of
from policy.cli.documents.journals import journal_option
from policy.cli.options import DateType, on_option, rules_option, under_option
from policy.reports.book.figures import Cover
from policy.reports.book.from_model import Setting, book_of
from policy.reports.documents import Document
from policy.reports.markdown import markdown_of
from policy.reports.pack import TITLE, File, Listed, Pack, digest, manifest


@click.command(short_help="Everything an assessor asks for, in one folder.")
@click.argument("folder", type=click.Path(file_okay=False))
@rules_option
@under_option
@on_option
@journal_option
@click.option("--since", type=DateType(), help="Also what has changed since this date, as 2026-02-10.")
@click.option("--platform", default="A licensed platform", show_default=True, help="Whose name the covers bear.")
@click.option("--language", type=click.Choice(LANGUAGES), default="both", show_default=True)
def command(
    folder: str,
    paths: tuple[str, ...],
    under: str,
    on: date,
    journal: str,
    since: date | None,
    platform: str,
    language: str,
) -> None:
    """Write the rulebook, traceability and, where asked, the days and the changes, with an index and a manifest.

    \b
    policy report pack assessor --on 2026-06-18 --under example.house --journal day.jsonl --since 2026-02-10
    (cd assessor && sha256sum --check manifest.txt)

    The same input makes the same bytes. The folder must be new or empty.
    """
    into = Path(folder)
    if into.exists() and any(into.iterdir()):
        raise click.UsageError(f"`{folder}` is not empty: name a new folder")
    documents = _documents(paths, under, on, journal, since, platform)
    into.mkdir(parents=True, exist_ok=True)
    listed = [_written(into, name, document, language) for name, document in documents]
    again = _again(folder, paths, under, on, journal, since, platform, language)
    pack = Pack(tuple(listed), _digest_of(journal) if journal else "", again)
    first = documents[0][1].cover
    cover = Cover(TITLE, platform, first.on, first.digest, first.under, first.status)
    index = _written(into, "index", Document("index.html.jinja", cover, {"pack": pack}), language)
    files = [f for d in (index, *listed) for f in d.files]
    (into / "manifest.txt").write_text(manifest(files), encoding="utf-8")
    click.echo(f"{len(files)} files and their manifest are in {folder}", err=True)


def _documents(
    paths: tuple[str, ...], under: str, on: date, journal: str, since: date | None, platform: str
) -> list[tuple[str, Document]]:
    checked, model, rules_digest = model_of(paths, under)
    book = book_of(model, Setting(platform, on.toordinal(), rules_digest, under))
    found = [
        ("rulebook", Document("rulebook.html.jinja", book.cover, {"book": book})),
        ("traceability", traceability.made(checked, rules_digest, under, on, platform, journal)),
    ]
    if journal:
        found += [
            ("trading", trading.made(journal, platform, paths)),
            ("margin", margin.made(journal, platform, paths)),
        ]
    if since:
        if len(paths) > 1:
            raise click.UsageError("`--since` compares one folder of rules with itself; name one")
        name = (paths[0] if paths else SHIPPED) + (f"+{under}" if under else "")
        found.append(("change", change.made(name, name, since, on, "", platform)))
    return found


def _written(into: Path, name: str, document: Document, language: str) -> Listed:
    """A document as HTML, Markdown and JSON."""
    page = document.page(language)
    texts = {
        f"{name}.html": page,
        f"{name}.md": markdown_of(page),
        f"{name}.json": json.dumps(document.as_json(), ensure_ascii=False, indent=2) + "\n",
    }
    files = []
    for file, text in texts.items():
        data = text.encode()
        (into / file).write_bytes(data)
        files.append(File(file, digest(data)))
    return Listed(document.cover.title, tuple(files))


def _digest_of(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _again(
    folder: str,
    paths: tuple[str, ...],
    under: str,
    on: date,
    journal: str,
    since: date | None,
    platform: str,
    language: str,
) -> str:
    """The command, without the folder's own place, which is no part of the pack."""
    words = ["policy", "report", "pack", Path(folder).name, "--on", on.isoformat()]
    words += [w for path in paths for w in ("--rules", path)]
    for option, value in (
        ("--under", under),
        ("--journal", journal),
        ("--since", since.isoformat() if since else ""),
    ):
        words += [option, value] if value else []
    return shlex.join([*words, "--platform", platform, "--language", language])
