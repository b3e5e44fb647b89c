"""Everything an assessor asks for, in one folder, with an index and a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from attrs import evolve

from policy.documents.changes import change
from policy.documents.editions import A_PLATFORM, Edition
from policy.documents.markets import margin, read_journal, trading
from policy.documents.rulebooks import rulebook, traceability
from policy.progress import Watch, unwatched
from policy.reports.documents import Document, Language
from policy.reports.markdown import markdown_of
from policy.reports.pack import TITLE, File, Listed, Pack, digest, manifest
from policy.reports.pdf import pdf_of
from policy.reports.sandbox.folder import Folder


def pack(
    edition: Edition,
    *,
    journal: str | Path = "",
    since: date | None = None,
    proofs: bool = True,
    platform: str = A_PLATFORM,
    language: Language = "both",
    pdf: bool = False,
    own: Folder | None = None,
    command: str = "",
    watch: Watch = unwatched,
) -> dict[str, bytes]:
    """The files of the pack by name: the same input gives the same bytes.

    `journal` adds its days, and must be of this edition's rules; `since` adds what has changed from that date on.
    Every document is HTML, Markdown, JSON and, with `pdf`, PDF, by templates of one's `own` where given. The index
    shows `command` as the way to make the pack again.
    """
    documents = list(_documents(edition, journal, since, proofs, platform, watch))
    files: dict[str, bytes] = {}

    def add(name: str, document: Document) -> Listed:
        printed = {f"{name}.{suffix}": data for suffix, data in _printed(document, language, pdf, own)}
        files.update(printed)
        return Listed(document.cover.title, tuple(File(n, digest(data)) for n, data in printed.items()))

    listed = []
    with watch("documents written", len(documents)) as seen:
        for name, document in documents:
            listed.append(add(name, document))
            seen.update()
    contents = Pack(tuple(listed), _digest_of(journal) if journal else "", command)
    cover = evolve(documents[0][1].cover, title=TITLE)
    index = add("index", Document("index.html.jinja", cover, {"pack": contents}))
    files["manifest.txt"] = manifest(f for d in (index, *listed) for f in d.files).encode()
    return files


def _documents(
    edition: Edition, journal: str | Path, since: date | None, proofs: bool, platform: str, watch: Watch
) -> Iterator[tuple[str, Document]]:
    if journal:
        read_journal(journal, edition.rules, edition.under, watch)
    yield "rulebook", rulebook(edition, platform=platform, proofs=proofs, watch=watch)
    yield "traceability", traceability(edition, platform=platform, journal=journal, watch=watch)
    if journal:
        yield "trading", trading(edition.rules, journal=journal, platform=platform, watch=watch)
        yield "margin", margin(edition.rules, journal=journal, platform=platform, watch=watch)
    if since:
        old = evolve(edition, on=since)
        yield "change", change(old, edition, platform=platform, proofs=proofs, watch=watch)


def _printed(document: Document, language: Language, pdf: bool, own: Folder | None) -> Iterator[tuple[str, bytes]]:
    page = document.page(language, own)  # once, for three formats
    yield "html", page.encode()
    yield "md", markdown_of(page).encode()
    yield "json", document.printed("json")
    if pdf:
        yield "pdf", pdf_of(page)


def _digest_of(path: str | Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
