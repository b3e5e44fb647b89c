"""A cache of compiled programs and verdicts between runs, keyed by everything they are computed from.

Entries are pickles, and a pickle can run code when it is read. So the folder must be the user's own: an absolute
path, no link, owned and writable by nobody else. Any other is not used, and `refusal` says why; nothing fails without
a cache. Files are written whole or not at all; one that cannot be read is computed again. Entries are evicted when
they are old, and least recently used first when there are too many. `POLICY_CACHE` names the folder;
`POLICY_CACHE=off` switches the cache off. Absent: a cache on systems whose files have no owner.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from policy import resources

_CHECK = hashlib.sha256().digest_size
_OURS = re.compile(r"[0-9a-f]{64}(\.[0-9a-f]{16}\.part)?")  # other files in the folder are never removed
MOST = 256 << 20  # bytes of all entries
OLDEST = 30 * 24 * 3600  # seconds since an entry was last used
_SHARE = MOST // 16  # bytes that a process stores between evictions
_left = 0  # of its share


class _UnsafeError(Exception):
    """Why a folder is not used, and the remedy."""


def folder() -> Path | None:
    """The folder of the cache; None when it is off."""
    named = os.environ.get("POLICY_CACHE", "")
    if named == "off":
        return None
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # one that is not is to be ignored, says XDG
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return Path(named or os.path.join(base, "policy-that-runs"))


def refusal() -> str:
    """Why the folder is not used, and the remedy; empty if it is used, does not exist yet, or the cache is off."""
    try:
        with _opened(make=False):
            return ""
    except _UnsafeError as why:
        return f"the cache `{folder()}` is not used: {why}"


@contextmanager
def _opened(make: bool) -> Iterator[int | None]:
    """The folder as a descriptor, so that the one checked is the one used; None if there is none."""
    place = folder()
    if place is None or not hasattr(os, "geteuid"):
        yield None
        return
    if not place.is_absolute():
        raise _UnsafeError("it is not named by an absolute path; name it by one in POLICY_CACHE")
    handle = -1
    with suppress(OSError):
        if make:
            _make(place)
        if stat.S_ISLNK(os.lstat(place).st_mode):
            raise _UnsafeError("it is a link; name a folder in POLICY_CACHE")
        handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    if handle < 0:
        yield None
        return
    try:
        found = os.fstat(handle)
        _require_own(found)
        if make and found.st_mode & 0o077:  # made by an older version, or by hand
            os.fchmod(handle, 0o700)
        yield handle
    finally:
        os.close(handle)


def _make(place: Path) -> None:
    """Creates the folder and its missing parents, for the user alone whatever the umask."""
    for part in (*reversed(place.parents), place):
        with suppress(FileExistsError):
            os.mkdir(part, 0o700)


def _require_own(found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise _UnsafeError("it is another user's; name one of your own in POLICY_CACHE")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _UnsafeError("others may write to it; look through it, empty it, and `chmod 700` it")


@cache
def _self_digest() -> str:
    """The digest of this program's code and grammar, so that a new version never reads entries of an old one."""
    package, grammar = _code(os.path.dirname(__file__)), _code(str(resources.folder("grammar")))
    parts = [f"{sys.version_info[:3]}", *sorted(package), *sorted(grammar)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _code(folder: str, inside: str = "") -> Iterator[str]:
    """Each file of code or grammar below a folder: where it is, its size, and when it was changed."""
    for entry in os.scandir(folder):
        name = f"{inside}/{entry.name}"
        if name.endswith((".py", ".lark")):
            found = entry.stat()
            yield f"{name}:{found.st_size}:{found.st_mtime_ns}"
        elif entry.is_dir():
            yield from _code(entry.path, name)


def key(*parts: str) -> str:
    """The name of the entry that this program computes from `parts`."""
    return hashlib.sha256("\0".join((_self_digest(), *parts)).encode()).hexdigest()


def fetch(name: str) -> object:
    """The entry `name`, or None."""
    try:
        with _opened(make=False) as place:
            kept = b"" if place is None else _read(place, name)
        check, data = kept[:_CHECK], kept[_CHECK:]
        return pickle.loads(data) if data and hashlib.sha256(data).digest() == check else None
    except Exception:  # an entry that is missing, damaged or not ours is computed again
        return None


def _read(place: int, name: str) -> bytes:
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place), "rb") as file:
        _require_own(os.fstat(file.fileno()))
        os.utime(file.fileno())  # it was used now
        return file.read()


def store(name: str, value: object) -> None:
    """Stores an entry; a folder that cannot be written is no error."""
    global _left
    try:
        with _opened(make=True) as place:
            if place is None:
                return
            data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
            _write(place, name, hashlib.sha256(data).digest() + data)
            _left -= len(data)
            if _left < 0:
                _prune(place)
                _left = _SHARE
    except (OSError, RecursionError, _UnsafeError):
        return


def _write(place: int, name: str, data: bytes) -> None:
    partial = f"{name}.{os.urandom(8).hex()}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(partial, flags, 0o600, dir_fd=place), "wb") as file:
        try:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.replace(partial, name, src_dir_fd=place, dst_dir_fd=place)
        except OSError:
            os.unlink(partial, dir_fd=place)
            raise


def _prune(place: int) -> None:
    """Evicts old entries, then the least recently used until the rest fits."""
    now, total = time.time(), 0
    found = []
    for entry in os.scandir(place):
        with suppress(FileNotFoundError):
            kept = entry.stat(follow_symlinks=False)
            if _OURS.fullmatch(entry.name) and stat.S_ISREG(kept.st_mode):
                found.append((kept.st_mtime, entry.name, kept.st_size))
    for used, name, size in sorted(found, reverse=True):
        total += size
        if total > MOST or now - used > OLDEST:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=place)
