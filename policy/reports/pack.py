"""The assessor pack as rows: what lies in the folder, with digests, versions, and the command that makes it again.

In: the digests of files. Out: `Pack`, and the text of the manifest in the form that `sha256sum --check` reads.
Absent: time and place of making; the same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from attrs import frozen

from policy.answers import BilingualText

TITLE = BilingualText("Assessor pack", "評估文件匯編")


@frozen
class PackFile:
    """A file in the folder."""

    name: str
    digest: str


@frozen
class Listed:
    """A document and the files it is in."""

    title: BilingualText
    files: tuple[PackFile, ...]


@frozen
class Pack:
    """The whole."""

    documents: tuple[Listed, ...]
    files: tuple[PackFile, ...]  # besides: texts of rules, the journal, tables
    journal: str  # the digest of the journal, where there is one
    versions: tuple[tuple[str, str], ...]  # of the tool, and of what it was made with
    command: str


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest(files: Iterable[PackFile]) -> str:
    """A line a file."""
    return "".join(f"{f.digest}  {f.name}\n" for f in sorted(files, key=lambda f: f.name))
