"""A folder of untrusted templates, read once, as texts.

In: a path. Out: `Folder`, the texts by name; those we ship stand under `shipped/`, and under their own names where
the folder has no other. Whoever prints them needs no file any more. Absent: files that are no templates (by their
suffix), hidden ones, and whatever a link or `..` leads to outside the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen

from policy.diagnostics import Collector, Diagnostic, PolicyError, not_utf_8
from policy.reports.render import SHIPPED
from policy.source import Source

SUFFIXES = (".jinja", ".css", ".js", ".svg", ".html", ".txt")
PREFIX = "shipped/"
LARGEST = 1_000_000  # bytes of a template
MOST = 500  # templates


@frozen(eq=False)
class Folder:
    """Every template there is, by the name that `include`, `extends` and `import` call it."""

    texts: Mapping[str, Source]
    own: frozenset[str]


def templates_in(folder: str) -> Folder:
    """The templates of a folder, laid over those we ship. Raises PolicyError with all that is wrong."""
    found = Collector()
    own = dict(_own(Path(folder), found))
    if found.found:
        raise PolicyError(found.found)
    shipped = {f.name: Source(PREFIX + f.name, f.read_text(encoding="utf-8")) for f in sorted(SHIPPED.iterdir())}
    return Folder({**shipped, **own, **{PREFIX + name: text for name, text in shipped.items()}}, frozenset(own))


def _own(folder: Path, found: Collector) -> Iterator[tuple[str, Source]]:
    paths = list(_paths(folder, found))
    if not paths:
        help = f"`policy report templates {folder}` writes those we ship there; keep the ones you change"
        found.error("no-templates", f"`{folder}` holds no template", None, help)
    if len(paths) > MOST:
        found.error("too-large", f"`{folder}` holds {len(paths):,} templates; {MOST:,} is the most", None)
        return
    for path in paths:
        read = _read(path, folder.resolve())
        if isinstance(read, Diagnostic):
            found.found.append(read)
        else:
            yield path.relative_to(folder).as_posix(), read


def _paths(folder: Path, found: Collector) -> Iterator[Path]:
    def unreadable(failure: OSError) -> None:
        found.error("unreadable", f"`{failure.filename}` cannot be read: {failure.strerror}", None)

    for place, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        yield from (Path(place, f) for f in sorted(files) if f.endswith(SUFFIXES) and not f.startswith("."))


def _read(path: Path, folder: Path) -> Source | Diagnostic:
    try:
        if not path.resolve().is_relative_to(folder):
            help = "copy the file into the folder instead of linking to it"
            return Diagnostic("escapes-folder", f"`{path}` leads out of the folder of templates", None, help)
        if not path.is_file():
            return Diagnostic("unreadable", f"`{path}` is not a file", None)
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, RuntimeError) as failure:  # a link to itself is a RuntimeError
        return Diagnostic("unreadable", f"`{path}` cannot be read: {failure}", None)
    if len(data) > LARGEST:
        return Diagnostic("too-large", f"`{path}` is more than {LARGEST:,} bytes", None)
    try:
        return Source(str(path), data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as failure:
        return not_utf_8(str(path), data, failure, "the template")[1]
