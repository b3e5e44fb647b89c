"""Everything an assessor asks for, in one folder, with an index and a manifest."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import metadata
from pathlib import Path

from attrs import evolve

from policy.documents.changes import change
from policy.documents.editions import A_PLATFORM, Edition
from policy.documents.markets import margin, read_journal, trading
from policy.documents.recorded import decisions
from policy.documents.registers import register as entries_of
from policy.documents.replays import SEED, SIZE, replayed
from policy.documents.rulebooks import rulebook, traceability
from policy.progress import Watch, unwatched
from policy.reports import matrix, register as registers
from policy.reports.documents import Document, Language
from policy.reports.imprint import UNSIGNED, Imprint
from policy.reports.markdown import markdown_of
from policy.reports.pack import TITLE, Listed, Pack, PackFile, digest, manifest
from policy.reports.pdf import pdf_of
from policy.reports.sandbox.folder import Folder
from policy.reports.sheets import of_matrix, of_register

Files = dict[str, bytes | Path]  # a file that is there already, as the journal, by its path
_ID = re.compile(r' id="([^"]+)"')
_LINK = re.compile(r'<a href="(\w+)\.html#([^"]+)">(.*?)</a>', re.DOTALL)
_TOOL, _SOLVER, _PDF, _XLSX = "policy-that-runs", "z3-solver", "weasyprint", "xlsxwriter"


def pack(
    edition: Edition,
    *,
    journal: str | Path = "",
    since: date | None = None,
    register: str | Path = "",
    sample: int = SIZE,
    seed: int = SEED,
    proofs: bool = True,
    platform: str = A_PLATFORM,
    imprint: Imprint = UNSIGNED,
    language: Language = "both",
    pdf: bool = False,
    xlsx: bool = False,
    own: Folder | None = None,
    command: str = "",
    watch: Watch = unwatched,
) -> Files:
    """The files of the pack by name: the same input gives the same bytes.

    `journal` adds its days, its decisions and a `sample` of them drawn by `seed` and replayed, and must be of this
    edition's rules; `since` adds what has changed from that date on; `register` the firm's exceptions and findings.
    Every document is HTML, Markdown, JSON and, with `pdf`, PDF, by templates of one's `own` where given; with `xlsx`,
    what is tables is a workbook too. The index shows `command` as the way to make the pack again.
    """
    entries = entries_of(register, edition.rules.model.provisions) if register else None
    documents = dict(_documents(edition, journal, since, sample, seed, proofs, platform, watch))
    controls = matrix.matrix_of(documents["traceability"].parts["t"])
    cover = documents["traceability"].cover
    documents["matrix"] = Document(
        "matrix.html.jinja", evolve(cover, title=matrix.TITLE), {"matrix": controls}, of_matrix(controls)
    )
    if entries is not None:
        found = registers.register_of(entries, edition.on.isoformat())
        documents["register"] = Document(
            "register.html.jinja", evolve(cover, title=registers.TITLE), {"register": found}, of_register(found)
        )
    documents = {name: made.signed(imprint) for name, made in documents.items()}
    pages = _pages(documents, language, own, watch)
    files: Files = {}
    listed = [_listed(files, name, made, pages[name], language, pdf, xlsx) for name, made in documents.items()]
    besides: Files = {"matrix.csv": matrix.csv_of(controls), **_rules(edition)}
    if journal:
        besides["journal.jsonl"] = Path(journal)
    others = tuple(PackFile(name, _digest_of(data)) for name, data in besides.items())
    kept = next((f.digest for f in others if f.name == "journal.jsonl"), "")
    contents = Pack(tuple(listed), others, kept, tuple(_versions(proofs, pdf, xlsx)), command)
    index = Document("index.html.jinja", evolve(documents["rulebook"].cover, title=TITLE), {"pack": contents})
    page = index.page(language, own, list(documents))
    first = _listed(files, "index", index, page, language, pdf, xlsx)
    everything = [*(f for d in (first, *listed) for f in d.files), *others]
    return {**files, **besides, "manifest.txt": manifest(everything).encode()}


def _documents(
    edition: Edition,
    journal: str | Path,
    since: date | None,
    sample: int,
    seed: int,
    proofs: bool,
    platform: str,
    watch: Watch,
) -> Iterator[tuple[str, Document]]:
    if journal:
        read_journal(journal, edition.rules, edition.under, watch)
    yield "rulebook", rulebook(edition, platform=platform, proofs=proofs, watch=watch)
    yield "traceability", traceability(edition, platform=platform, journal=journal, watch=watch)
    if journal:
        yield "decisions", decisions(edition.rules, journal=journal, platform=platform, watch=watch)
        yield (
            "replay",
            replayed(edition.rules, journal=journal, size=sample, seed=seed, platform=platform, watch=watch),
        )
        yield "trading", trading(edition.rules, journal=journal, platform=platform, watch=watch)
        yield "margin", margin(edition.rules, journal=journal, platform=platform, watch=watch)
    if since:
        old = evolve(edition, on=since)
        yield "change", change(old, edition, platform=platform, proofs=proofs, watch=watch)


def _pages(documents: Mapping[str, Document], language: Language, own: Folder | None, watch: Watch) -> dict[str, str]:
    """The pages, each linked to the others; a link to what another does not show is only its words."""
    pages: dict[str, str] = {}
    with watch("documents written", len(documents)) as seen:
        for name, document in documents.items():
            pages[name] = document.page(language, own, [n for n in documents if n != name])
            seen.update()
    there = {name: frozenset(_ID.findall(page)) for name, page in pages.items()}

    def linked(link: re.Match[str]) -> str:
        return link[0] if link[2] in there.get(link[1], ()) else link[3]

    return {name: _LINK.sub(linked, page) for name, page in pages.items()}


def _listed(
    files: Files, name: str, document: Document, page: str, language: Language, pdf: bool, xlsx: bool
) -> Listed:
    """Adds the files of a document, in every format."""
    printed = {
        f"{name}.html": page.encode(),
        f"{name}.md": markdown_of(page).encode(),
        f"{name}.json": document.printed("json"),
    }
    if pdf:
        printed[f"{name}.pdf"] = pdf_of(page)
    if xlsx and document.sheets:
        printed[f"{name}.xlsx"] = document.printed("xlsx", language)
    files.update(printed)
    return Listed(document.cover.title, tuple(PackFile(n, digest(data)) for n, data in printed.items()))


def _rules(edition: Edition) -> dict[str, bytes]:
    """The texts of the rules, in their folders: `--rules rules` reads them, and they have the same digest."""
    names = [text.name for text in edition.rules.texts]
    folder = os.path.commonpath([os.path.dirname(name) for name in names])
    return {f"rules/{os.path.relpath(text.name, folder)}": text.data for text in edition.rules.texts}


def _versions(proofs: bool, pdf: bool, xlsx: bool) -> Iterator[tuple[str, str]]:
    yield _TOOL, metadata.version(_TOOL)
    yield "Python", ".".join(map(str, sys.version_info[:3]))
    for name, used in ((_SOLVER, proofs), (_PDF, pdf), (_XLSX, xlsx)):
        if used:
            yield name, metadata.version(name)


def _digest_of(data: bytes | Path) -> str:
    if isinstance(data, bytes):
        return digest(data)
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
