"""Which files are a rulebook: those that paths name, and the neighbouring folders that they import from.

In: paths of files and folders; `REVISION:PATH` is one as Git has it. Out: texts, and what cannot be read. A folder
holds `.policy` files at any depth, hidden ones aside; with a `rulebook.txt` it holds those of the folders named
there. Absent: what the texts say.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Protocol

from attrs import frozen

from policy import files
from policy.diagnostics import Collector, Diagnostic, PolicyError
from policy.files import LIST, RULES
from policy.source import TABLE, beside, named_in

LARGEST_FILE = 64 << 20  # bytes of rules
_LARGEST_LIST = 1 << 20
NO_FILES: Mapping[Path, bytes] = {}
_WORDS = ("ruleset", "import", "amends")
_HEADS = [re.compile(word.encode() + rb"\s+([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)") for word in _WORDS]


@frozen
class RulesFile:
    """A file of rules, or one that a table of them is from: its name as messages show it, and its bytes."""

    name: str
    data: bytes

    @property
    def is_table(self) -> bool:
        return self.name.endswith(TABLE)


class Origin(Protocol):
    """Where files are: on the disk, or in a revision."""

    def is_folder(self, path: PurePath) -> bool: ...
    def exists(self, path: PurePath) -> bool: ...
    def rules_below(self, folder: PurePath) -> list[PurePath]: ...
    def rules_in(self, folder: PurePath) -> list[PurePath]: ...
    def folders_in(self, folder: PurePath) -> list[PurePath]: ...
    def escapes(self, path: PurePath, root: PurePath) -> bool: ...
    def read(self, path: PurePath, most: int) -> bytes: ...
    def shown(self, path: PurePath) -> str: ...


class Disk:
    """The files that are there now."""

    def __init__(self) -> None:
        self.real: dict[PurePath, str] = {}  # folders, links followed

    def is_folder(self, path: PurePath) -> bool:
        return Path(path).is_dir()

    def exists(self, path: PurePath) -> bool:
        return Path(path).exists()

    def rules_below(self, folder: PurePath) -> list[PurePath]:
        return sorted(Path(folder).rglob("*" + RULES))

    def rules_in(self, folder: PurePath) -> list[PurePath]:
        return sorted(Path(folder).glob("*" + RULES))

    def folders_in(self, folder: PurePath) -> list[PurePath]:
        return sorted(p for p in Path(folder).iterdir() if p.is_dir())

    def escapes(self, path: PurePath, root: PurePath) -> bool:
        real = os.path.realpath(path) if os.path.islink(path) else os.path.join(self._real(path.parent), path.name)
        return not os.path.join(real, "").startswith(os.path.join(self._real(root), ""))

    def _real(self, folder: PurePath) -> str:
        if folder not in self.real:
            self.real[folder] = os.path.realpath(folder)
        return self.real[folder]

    def read(self, path: PurePath, most: int) -> bytes:
        return files.read(Path(path), most)

    def shown(self, path: PurePath) -> str:
        relative = os.path.relpath(path)
        return str(path) if relative.startswith("..") else relative


def read_folder(
    paths: Iterable[str | Path], *, alone: bool = False, unsaved: Mapping[Path, bytes] = NO_FILES
) -> tuple[list[RulesFile], list[Diagnostic]]:
    """The rules that `paths` name, and what cannot be read.

    Where a ruleset imports or amends one that is in none of them, the neighbouring folder that has it joins, unless
    they are read `alone`. What is `unsaved` stands for the files of these paths, which need not be there.
    """
    reader = _Reader({Path(os.path.abspath(path)): data for path, data in unsaved.items()})
    for path in map(str, paths):
        try:
            place, inner = _placed(path)
        except PolicyError as wrong:
            reader.found.found.extend(wrong.diagnostics)
            continue
        reader.add(place, inner)
    if not alone:
        reader.join_neighbours()
    return list(reader.texts.values()), reader.found.found


def _is_hidden(path: PurePath) -> bool:
    """Whether a part of a path begins with a dot, as what Git, editors and mounted volumes keep for themselves."""
    return any(part.startswith(".") for part in path.parts)


def _placed(path: str) -> tuple[Origin, PurePath]:
    if not os.path.lexists(path) and ":" in path:
        from policy.revisions import revision_named  # whose imports a rulebook on the disk does not need

        return revision_named(path)
    return Disk(), Path(os.path.abspath(path))


class _Reader:
    """The texts so far, and the folders that they are in."""

    def __init__(self, unsaved: Mapping[PurePath, bytes]) -> None:
        self.unsaved = unsaved
        self.found = Collector()
        self.texts: dict[str, RulesFile] = {}
        self.folders: list[tuple[Origin, PurePath]] = []  # that were read whole
        self.lone: list[tuple[Origin, PurePath]] = []  # of which one file was named

    def add(self, place: Origin, path: PurePath) -> None:
        if not place.is_folder(path):
            self.lone.append((place, path.parent))
            self._read(place, path, path.parent)
            return
        if place.exists(path / LIST):
            self._listed(place, path)
            return
        self.folders.append((place, path))
        new = (p for p in self.unsaved if p.is_relative_to(path) and not place.exists(p))
        files_below = (file for file in place.rules_below(path) if not _is_hidden(file.relative_to(path)))
        named = sorted([*files_below, *new])
        if not named:
            message = f"there is no {RULES} file below `{place.shown(path)}`"
            self.found.error("no-rules", message, None, "name a folder of rules")
        for file in named:
            self._read(place, file, path)

    def _listed(self, place: Origin, path: PurePath) -> None:
        """The folders that `rulebook.txt` names, one a line."""
        name = place.shown(path / LIST)
        help = "write the name of a folder beside the file on each line"
        try:
            lines = place.read(path / LIST, _LARGEST_LIST).decode().splitlines()
        except (UnicodeDecodeError, OSError) as failure:
            self.found.error("unreadable", f"`{name}` cannot be read: {failure}", None, help)
            return
        folders = [text for line in lines if (text := line.partition("#")[0].strip())]
        if not folders:
            self.found.error("no-rules", f"`{name}` names no folder", None, help)
        for folder in folders:
            inner = path / folder
            if inner == path or ".." in inner.parts or not inner.is_relative_to(path) or not place.is_folder(inner):
                message = f"`{name}` names `{folder}`, and there is no such folder beside it"
                self.found.error("no-rules", message, None, help)
            elif place.escapes(inner, path):
                self._escaped(place, inner)
            else:
                self.add(place, inner)

    def _read(self, place: Origin, file: PurePath, root: PurePath) -> None:
        if place.escapes(file, root):
            self._escaped(place, file)
            return
        name = place.shown(file)
        if (data := self._bytes(place, file, name)) is None:
            return
        self.texts[name] = RulesFile(name, data)
        for path in named_in(data):
            table, beside_it = beside(name, path), file.parent / path
            if table is None or table in self.texts or not place.exists(beside_it) or place.escapes(beside_it, root):
                continue  # `check` tells of a file that is not there, or not inside the folder
            if (rows := self._bytes(place, beside_it, table)) is not None:
                self.texts[table] = RulesFile(table, rows)

    def _bytes(self, place: Origin, file: PurePath, name: str) -> bytes | None:
        if not name.isprintable() and any("\ud800" <= c <= "\udfff" for c in name):
            self.found.error("unreadable", f"`{name}` cannot be read: its name is not UTF-8", None, "rename it")
            return None
        try:
            data = self.unsaved.get(file)
            return place.read(file, LARGEST_FILE) if data is None else data
        except PolicyError as wrong:
            self.found.found.extend(wrong.diagnostics)
        except OSError as failure:
            self.found.error("unreadable", f"`{name}` cannot be read: {failure.strerror}", None)
        return None

    def _escaped(self, place: Origin, path: PurePath) -> None:
        self.found.error(
            "escapes-folder",
            f"`{place.shown(path)}` leads out of the rulebook's folder",
            None,
            "copy the file into the folder instead of linking to it",
        )

    # ── neighbours ──────────────────────────────────────────────────────────────────────────

    def join_neighbours(self) -> None:
        """Adds folders until every ruleset that is imported is there, or none of them has it."""
        while missing := self._missing():
            having: dict[PurePath, tuple[Origin, set[str]]] = {}
            for place, folder in self._neighbours():
                if there := missing & set(_declared_in(place, folder)):
                    having[folder] = (place, there)
            if not having:
                return
            for name in sorted(missing):
                homes = [place.shown(folder) for folder, (place, there) in having.items() if name in there]
                if len(homes) > 1:
                    message = f"`{name}` is in several neighbouring folders: {', '.join(f'`{h}`' for h in homes)}"
                    self.found.error("ambiguous-name", message, None, "name one of them besides the others")
                    return
            for folder, (place, _) in having.items():
                self.add(place, folder)

    def _missing(self) -> set[str]:
        """Rulesets that are imported or amended and are not among the texts."""
        words = {(word, name) for text in self.texts.values() for word, name in _heads(text.data)}
        return {name for word, name in words if word != "ruleset"} - {n for word, n in words if word == "ruleset"}

    def _neighbours(self) -> Iterator[tuple[Origin, PurePath]]:
        """The folder of a file that was named, then those beside folders, then those in which folders are."""
        seen = {folder for _, folder in self.folders}
        around = [(p, near) for p, f in (*self.lone, *self.folders) for near in (f, *_beside(p, f))]
        for place, folder in around:
            if folder not in seen:
                seen.add(folder)
                yield place, folder


def _beside(place: Origin, folder: PurePath) -> list[PurePath]:
    """The folders in the same folder, and that one."""
    above = folder.parent
    return [] if above == folder else [*place.folders_in(above), above]


def _declared_in(place: Origin, folder: PurePath) -> Iterator[str]:
    """The rulesets of the files directly in a folder."""
    try:
        for file in place.rules_in(folder):
            yield from (name for word, name in _heads(place.read(file, LARGEST_FILE)) if word == "ruleset")
    except (OSError, PolicyError):
        return  # a folder that cannot be read is no neighbour


@lru_cache(1_000)
def _heads(data: bytes) -> tuple[tuple[str, str], ...]:
    """`ruleset`, `import` and `amends`, each with the name after it, where no text and no comment comes before."""
    return tuple(_found_heads(data))


def _found_heads(data: bytes) -> Iterator[tuple[str, str]]:
    for word, pattern in zip(_WORDS, _HEADS, strict=True):
        for hit in pattern.finditer(data):
            before = data[data.rfind(b"\n", 0, hit.start()) + 1 : hit.start()]
            if b'"' not in before and b"#" not in before and (not before or before[-1:].isspace()):
                yield word, hit[1].decode()
