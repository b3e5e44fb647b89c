"""Rules as a revision of Git has them: `HEAD~1:rulesets`, read without touching the work tree.

In: a revision and a path, as `git show` takes them. Out: the files of its tree.
Absent: ranges, which `policy.cli.sides` takes apart.
"""

from __future__ import annotations

import os
import subprocess
from functools import cached_property
from pathlib import Path, PurePath, PurePosixPath

from attrs import frozen

from policy.diagnostics import PolicyError
from policy.files import LIST, RULES

_LINK = "120000"  # the mode of a symbolic link
_QUIET = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}


@frozen
class Blob:
    mode: str
    hash: str
    size: int


@frozen(slots=False, eq=False)
class Revision:
    """The files of rules in one tree. Paths are those from the top of the repository."""

    name: str  # as it was written
    top: Path
    blobs: dict[PurePath, Blob]

    @cached_property
    def _folders(self) -> set[PurePath]:
        return {above for path in self.blobs for above in path.parents}

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        """What is in each blob, by hash: one run of Git for all."""
        hashes = list(dict.fromkeys(b.hash for b in self.blobs.values()))
        answer = _git(self.top, "cat-file", "--batch", given="".join(h + "\n" for h in hashes).encode())
        contents: dict[str, bytes] = {}
        at = 0
        for hash in hashes:
            end = answer.index(b"\n", at)
            size = int(answer[at:end].split()[-1])
            contents[hash] = answer[end + 1 : end + 1 + size]
            at = end + size + 2
        return contents

    def is_folder(self, path: PurePath) -> bool:
        return path in self._folders

    def exists(self, path: PurePath) -> bool:
        return path in self.blobs or path in self._folders

    def rules_below(self, folder: PurePath) -> list[PurePath]:
        return sorted(p for p in self.blobs if p.suffix == RULES and p.is_relative_to(folder))

    def rules_in(self, folder: PurePath) -> list[PurePath]:
        return sorted(p for p in self.blobs if p.suffix == RULES and p.parent == folder)

    def folders_in(self, folder: PurePath) -> list[PurePath]:
        return sorted(f for f in self._folders if f.parent == folder and f != folder)

    def escapes(self, path: PurePath, root: PurePath) -> bool:
        return path in self.blobs and self.blobs[path].mode == _LINK

    def read(self, path: PurePath, most: int) -> bytes:
        blob = self.blobs[path]
        if blob.size > most:
            raise PolicyError.of("too-large", f"`{self.shown(path)}` is more than {most:,} bytes")
        return self._contents[blob.hash]

    def shown(self, path: PurePath) -> str:
        return f"{self.name}:{path}"


def revision_named(written: str) -> tuple[Revision, PurePath]:
    """`REVISION:PATH`; the path is from the top of the repository, or with `./` from the current folder, or absolute.

    Raises PolicyError.
    """
    name, _, path = written.partition(":")
    place = Path(path) if os.path.isabs(path) else Path()
    top = top_of(place)
    tree = tree_of(top, name)
    if tree is None:
        known = "a branch, a tag or a commit, as `main` or `HEAD~1`"
        raise PolicyError.of("git-revision", f"the repository `{top}` has no revision `{name}`", f"name {known}")
    if os.path.isabs(path) or path.startswith(("./", "../")) or path in (".", ".."):
        inner = os.path.relpath(os.path.realpath(place if os.path.isabs(path) else path), top)
    else:
        inner = os.path.normpath(path) if path else "."
    found = Revision(name, top, dict(_blobs(top, tree)))
    at = PurePosixPath(inner)
    if not found.exists(at):
        help = "the path is from the top of the repository; with `./` from the current folder"
        raise PolicyError.of("git-revision", f"`{name}` has no rules at `{inner}`", help)
    return found, at


def is_revision(name: str, place: Path) -> bool:
    """Whether the repository in which `place` is has this revision."""
    try:
        return tree_of(top_of(place), name) is not None
    except PolicyError:
        return False


def top_of(place: Path) -> Path:
    """The top of the repository in which a path is. Raises PolicyError."""
    folder = next(p for p in (place.absolute(), *place.absolute().parents) if p.is_dir())
    try:
        return Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel")).rstrip("\n"))
    except subprocess.CalledProcessError as failure:
        help = "name a folder of rules, or run the command in the repository"
        raise PolicyError.of(
            "git-revision", f"`{place.absolute()}` is in no repository of Git{_said(failure)}", help
        ) from failure


def tree_of(top: Path, name: str) -> str | None:
    """The hash of a revision's tree, or None where there is no such revision."""
    if not name or name.startswith("-"):
        return None
    try:
        return _git(top, "rev-parse", "--verify", "--quiet", name + "^{tree}").decode().strip()
    except subprocess.CalledProcessError:
        return None


def _blobs(top: Path, tree: str) -> list[tuple[PurePath, Blob]]:
    found: list[tuple[PurePath, Blob]] = []
    for entry in os.fsdecode(_git(top, "ls-tree", "-r", "-z", "-l", "--full-tree", tree)).split("\0"):
        head, _, name = entry.partition("\t")
        path = PurePosixPath(name)
        if head and (path.suffix == RULES or path.name == LIST):
            mode, kind, hash, size = head.split()
            if kind == "blob":
                found.append((path, Blob(mode, hash, int(size))))
    return found


def _git(folder: Path, *words: str, given: bytes = b"") -> bytes:
    """What Git prints. Raises CalledProcessError, and PolicyError where there is no Git."""
    try:
        done = subprocess.run(
            ["git", "-C", os.fspath(folder), *words],
            input=given,
            capture_output=True,
            check=True,
            env={**os.environ, **_QUIET},
        )
    except FileNotFoundError as failure:
        help = "install Git, or name a folder in which the revision is checked out"
        raise PolicyError.of(
            "git-revision", "there is no `git` on this machine to read a revision with", help
        ) from failure
    return done.stdout


def _said(failure: subprocess.CalledProcessError) -> str:
    """What Git says is wrong besides."""
    lines = os.fsdecode(failure.stderr).strip().splitlines()
    said = lines[0].removeprefix("fatal: ") if lines else f"it ended with {failure.returncode}"
    return "" if said.startswith("not a git repository") else f": {said}"
