"""Rulebooks as an editor sees them: its open documents over the files on the disk.

In: documents with their versions, as they are opened, changed and closed. Out: what is found in the rulebook of a
document, with the versions that it was computed from. A document that does not parse shows its own findings as it
stands; for everybody else it stands as it last parsed. Absent: the protocol, and when to check.

The rulebook of a document is the nearest folder above it with a `rulebook.txt` that names its folder; else its own
folder, with the neighbours that it imports. One that is in no folder is a rulebook of its own.
"""

from __future__ import annotations

import os
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from attrs import frozen

from policy.diagnostics import Diagnostic
from policy.files import LIST, RULES
from policy.folders import Disk, read_folder
from policy.lsp.snapshot import Snapshot, snapshot
from policy.model.reuse import Memory
from policy.pipeline import RulesFile, uncollected
from policy.syntax import kept
from policy.syntax.from_text import decode

Findings = Mapping[str, tuple[Diagnostic, ...]]
Told = dict[str, tuple[int | None, tuple[Diagnostic, ...]]]  # by path, of the version of an open document
_HALVES = re.compile("[\ud800-\udfff]")  # of characters, which JSON can name and no file holds
_SNAPSHOTS = 4  # that are kept: of two rulebooks, each as it stands and as it last parsed


@frozen
class OpenDocument:
    """An open document: its path, or its address where it is no file; its text; its version."""

    path: str
    text: str
    version: int


@frozen(eq=False)
class Published:
    """What is found in a rulebook; `findings` are by path, of each of its files.

    `now` are its texts as they stand, `whole` with each document that does not parse as it last did.
    """

    home: str
    moment: tuple[int, int]
    versions: Mapping[str, int]
    now: Snapshot
    whole: Snapshot
    broken: frozenset[str]
    findings: Findings

    def snapshot(self, path: str) -> Snapshot:
        """What to answer questions about a document from: its text is the one that the editor shows."""
        return self.now if path in self.broken else self.whole

    def news(self, told: Told) -> Told:
        """What is to be told of documents where that was told before; findings that are gone among it."""
        now = {path: (self.versions.get(path), self.findings.get(path, ())) for path in (*self.findings, *told)}
        return {path: news for path, news in now.items() if news != told.get(path, (None, ()))}


class Workspace:
    """The open documents."""

    def __init__(self) -> None:
        self.documents: dict[str, OpenDocument] = {}
        self.changes: Counter[str] = Counter()  # documents opened, changed and closed, by home
        self.rereads = 0  # times that files changed on the disk
        self.parsed: dict[str, bytes] = {}  # each open document as it last parsed
        self.memories: dict[str, Memory] = {}  # what declarations were typed as, by home
        self.snapshots: OrderedDict[tuple[RulesFile, ...], Snapshot] = OrderedDict()

    def put(self, path: str, text: str, version: int) -> None:
        kept.remember()
        self.documents[path] = OpenDocument(path, _HALVES.sub("\ufffd", text), version)
        self.changes[home_of(path)] += 1

    def close(self, path: str) -> None:
        self.documents.pop(path, None)
        self.parsed.pop(path, None)
        home = home_of(path)
        self.changes[home] += 1
        if not any(home_of(other) == home for other in self.documents):
            self.memories.pop(home, None)

    def reread(self) -> None:
        """Files have changed on the disk."""
        self.rereads += 1

    def is_current(self, result: Published) -> bool:
        """Whether no document of the rulebook was opened, changed or closed since, and no file on the disk."""
        return result.moment == self._moment(result.home)

    def check(self, path: str) -> Published:
        """What is found in the rulebook of a document as it stands now."""
        home = home_of(path)
        moment = self._moment(home)  # before the documents: what changes meanwhile makes the result an old one
        documents = _inside(home, dict(self.documents))
        texts, wrong = _texts(home, documents)
        broken = {t.name for t in texts if not t.is_table and self._breaks(t, documents)}
        earlier = [
            RulesFile(t.name, self.parsed.get(path_of(t.name), t.data)) if t.name in broken else t for t in texts
        ]
        memory = self.memories.setdefault(home, Memory())
        now = self._snapshot(texts, memory)
        whole = self._snapshot(earlier, memory) if broken else now
        findings: dict[str, list[Diagnostic]] = {path_of(t.name): [] for t in texts}
        for of, names in ((now, broken), (whole, {t.name for t in texts} - broken)):
            for d in of.checked.diagnostics:
                if d.span is not None and d.span.source.name in names:
                    findings[path_of(d.span.source.name)].append(d)
        findings.setdefault(path, []).extend(wrong)
        return Published(
            home,
            moment,
            {d.path: d.version for d in documents.values()},
            now,
            whole,
            frozenset(map(path_of, broken)),
            {name: tuple(found) for name, found in findings.items()},
        )

    def _moment(self, home: str) -> tuple[int, int]:
        return self.rereads, self.changes[home]

    def _breaks(self, text: RulesFile, documents: Mapping[str, OpenDocument]) -> bool:
        """Whether an open document does not parse; one that does is kept."""
        path = path_of(text.name)
        if path not in documents:
            return False
        source, wrong = decode(text.name, text.data)
        if wrong or kept.parsed(source).diagnostics:
            return True
        self.parsed[path] = text.data
        return False

    def _snapshot(self, texts: list[RulesFile], memory: Memory) -> Snapshot:
        key = tuple(texts)
        if key not in self.snapshots:
            with uncollected():
                self.snapshots[key] = snapshot(key, memory)
        self.snapshots.move_to_end(key)
        while len(self.snapshots) > _SNAPSHOTS:
            self.snapshots.popitem(last=False)
        return self.snapshots[key]


def path_of(name: str) -> str:
    """The path of a text, by its name in messages; the address of one that is no file."""
    return name if ":" in name.partition("/")[0] else os.path.abspath(name)


def name_of(path: str) -> str:
    """The name in messages of a document."""
    return Disk().shown(Path(path)) if os.path.isabs(path) else path


def _home(inner: Path) -> str:
    """The folder of the rulebook that the files in a folder are of; nothing where there is no such folder."""
    if not inner.is_dir():
        return ""
    for folder in (inner, *inner.parents):
        if (folder / LIST).is_file():
            below = inner.relative_to(folder).parts[:1]
            return str(folder if _listed(folder / LIST).issuperset(below) else inner)
    return str(inner)


def home_of(path: str, home: Callable[[Path], str] = _home) -> str:
    """The folder of the rulebook that a document is in; its own path where it is in none."""
    file = Path(path)
    return (home(file.parent) or path) if file.is_absolute() and file.suffix == RULES else path


def _inside(home: str, documents: Mapping[str, OpenDocument]) -> dict[str, OpenDocument]:
    """Those documents that are in a rulebook; many are in the same folder."""
    once = cache(_home)
    return {path: d for path, d in documents.items() if home_of(path, once) == home}


def _listed(file: Path) -> set[str]:
    """The first folder of each line of a `rulebook.txt`."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()  # whoever reads the rulebook reports it
    return {line.partition("#")[0].strip().partition("/")[0] for line in lines}


def _texts(home: str, documents: Mapping[str, OpenDocument]) -> tuple[list[RulesFile], list[Diagnostic]]:
    if home in documents:  # a document that is in no folder
        return [RulesFile(name_of(home), documents[home].text.encode())], []
    unsaved = {Path(d.path): d.text.encode() for d in documents.values()}
    return read_folder([home], unsaved=unsaved)
