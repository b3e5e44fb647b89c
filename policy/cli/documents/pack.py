"""`policy report pack`: everything an assessor asks for, in one folder."""

from __future__ import annotations

import hashlib
import shlex
from datetime import date
from pathlib import Path

import click
from attrs import evolve
from click.core import ParameterSource

from policy.cli.backtest import SHIPPED
from policy.cli.documents import change, margin, rulebook, traceability, trading
from policy.cli.documents.common import (
    LANGUAGES,
    json_of,
    model_of,
    new_folder,
    page_of,
    require_pdf,
    templates_option,
)
from policy.cli.documents.common import pdf as pdf_of
from policy.cli.documents.followed import of_journal
from policy.cli.documents.journals import journal_option, read_journal, require_rules
from policy.cli.options import DateType, on_option, rules_option, under_option
from policy.cli.progress import progress
from policy.cli.proving import proofs_option
from policy.reports.documents import Document
from policy.reports.markdown import markdown_of
from policy.reports.pack import TITLE, File, Listed, Pack, digest, manifest

_UNSAID = (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)


@click.command(short_help="Everything an assessor asks for, in one folder.")
@click.argument("folder", type=click.Path(file_okay=False))
@rules_option
@under_option
@on_option
@journal_option
@click.option("--since", type=DateType(), help="Also what has changed since this date, as 2026-02-10.")
@proofs_option
@click.option("--platform", default="A licensed platform", show_default=True, help="Whose name the covers bear.")
@click.option("--language", type=click.Choice(LANGUAGES), default="both", show_default=True)
@click.option("--pdf", is_flag=True, help="Also as PDF, with the extra `pdf`.")
@templates_option(expose=True)
def command(
    folder: str,
    paths: tuple[str, ...],
    under: str,
    on: date,
    journal: str,
    since: date | None,
    proofs: bool,
    platform: str,
    language: str,
    pdf: bool,
    templates: str,  # noqa: ARG001 (for the command that is told)
) -> None:
    """Write the rulebook, traceability and, where asked, the days and the changes, with an index and a manifest.

    \b
    policy report pack assessor --on 2026-06-18 --under example.house --journal day.jsonl --since 2026-02-10
    policy report pack assessor --on 2026-06-18 --pdf --templates our-letterhead
    (cd assessor && sha256sum --check manifest.txt)

    The same input makes the same bytes. The folder must be new or empty. A journal must have been kept under this
    very rulebook, overlay included; otherwise it ends with 2 and says which.
    """
    if pdf:
        require_pdf()
    with new_folder(folder) as into:
        documents = _documents(paths, under, on, journal, since, proofs, platform)
        listed = []
        with progress("documents written", len(documents)) as seen:
            for name, document in documents:
                listed.append(_written(into, name, document, language, pdf))
                seen.update()
        pack = Pack(tuple(listed), _digest_of(journal) if journal else "", _again(click.get_current_context()))
        cover = evolve(documents[0][1].cover, title=TITLE)
        index = _written(into, "index", Document("index.html.jinja", cover, {"pack": pack}), language, pdf)
        files = [f for d in (index, *listed) for f in d.files]
        (into / "manifest.txt").write_text(manifest(files), encoding="utf-8")
    click.echo(f"{len(files)} files and their manifest are in {folder}", err=True)


def _documents(
    paths: tuple[str, ...], under: str, on: date, journal: str, since: date | None, proofs: bool, platform: str
) -> list[tuple[str, Document]]:
    checked, _, rules_digest = model_of(paths, under)
    if journal:
        require_rules(read_journal(journal)[0], checked.texts, under)
    found = [
        ("rulebook", rulebook.made(paths, under, on, proofs, platform)),
        ("traceability", traceability.made(checked, rules_digest, under, on, platform, journal)),
    ]
    if journal:
        found += [
            ("trading", of_journal(journal, platform, paths, trading.start)),
            ("margin", of_journal(journal, platform, paths, margin.start)),
        ]
    if since:
        if len(paths) > 1:
            raise click.UsageError("`--since` compares one folder of rules with itself; name one")
        name = (paths[0] if paths else SHIPPED) + (f"+{under}" if under else "")
        found.append(("change", change.made(name, name, since, on, "", proofs, platform)))
    return found


def _written(into: Path, name: str, document: Document, language: str, pdf: bool) -> Listed:
    """A document as HTML, Markdown and JSON, and PDF where that is asked for."""
    page = page_of(document, language)
    made = {"html": page.encode(), "md": markdown_of(page).encode(), "json": json_of(document)}
    if pdf:
        made["pdf"] = pdf_of(page)
    files = []
    for suffix, data in made.items():
        (into / f"{name}.{suffix}").write_bytes(data)
        files.append(File(f"{name}.{suffix}", digest(data)))
    return Listed(document.cover.title, tuple(files))


def _digest_of(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _again(context: click.Context) -> str:
    """The command, without the folder's own place, which is no part of the pack."""
    words = ["policy", "report", "pack", Path(context.params["folder"]).name]
    for option in context.command.params:
        value = context.params.get(option.name or "")
        if not isinstance(option, click.Option) or context.get_parameter_source(option.name or "") in _UNSAID:
            continue
        if isinstance(value, bool):
            words.append((option.opts if value else option.secondary_opts)[0])
        else:
            words += [w for v in (value if isinstance(value, tuple) else (value,)) for w in (option.opts[0], str(v))]
    return shlex.join(words)
