"""Files: only plain ones are read, and output is published atomically.

In: paths. Out: the bytes of a file, never blocking on a pipe nor reading an endless device; and files that appear
under their name only when their last byte is on the disk. A file being written is `NAME.part`, under a lock, so that
a second run on the same name is refused. A part left by a killed run is overwritten by the next.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from policy.diagnostics import PolicyError

PART = ".part"
RULES = ".policy"  # how the name of a file of rules ends
LIST = "rulebook.txt"  # which of its folders are the rulebook of a folder
STREAMS = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # as the shell names `<(command)`
_READ_IN_FOLDERS = {RULES, ".txt", ".json", ".jsonl", ".csv", ".gz", ".jinja", ".css"}
BROKEN = (OSError, EOFError, zlib.error)  # what reading a file raises, gzipped ones included
_open: dict[Path, None] = {}  # parts being written


# ── reading ─────────────────────────────────────────────────────────────────────────────────


def opened(path: str | Path, flags: int = os.O_RDONLY, streams: bool = True) -> int:
    """A descriptor of a plain file or of a shell's stream. Raises OSError, and PolicyError for anything else."""
    handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)  # so that opening a pipe does not block
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return handle
    if streams and str(path).startswith(STREAMS) and not stat.S_ISDIR(mode):
        os.set_blocking(handle, True)
        return handle
    os.close(handle)
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISCHR, "a device"))
    kind = next((word for is_one, word in kinds if is_one(mode)), "no plain file")
    raise PolicyError.of("unreadable", f"`{path}` cannot be read: it is {kind}")


def plain(path: str | Path) -> None:
    """Raises PolicyError if a path is not a plain file that can be read."""
    try:
        os.close(opened(path, streams=False))
    except OSError as failure:
        raise PolicyError.of("unreadable", f"`{path}` cannot be read: {failure.strerror}") from failure


def read(path: str | Path, most: int) -> bytes:
    """The bytes of a plain file. Raises OSError, and PolicyError if it is not one or has more than `most` bytes."""
    data = bytearray()
    with open(opened(path), "rb") as file:
        while len(data) <= most and (more := file.read(1 << 20)):
            data += more
    if len(data) > most:
        raise PolicyError.of("too-large", f"`{path}` is more than {most:,} bytes")
    return bytes(data)


# ── writing ─────────────────────────────────────────────────────────────────────────────────


@contextmanager
def whole(path: str | Path) -> Iterator[BinaryIO]:
    """A file to write, published under its name when the block ends without an exception.

    A device or a pipe, as `/dev/null`, is written directly. Raises OSError, and PolicyError if another run is writing
    the same file.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    part = target.with_name(target.name + PART)
    with open(_locked(part, path), "wb") as file:
        try:
            yield file
            file.flush()
            if target.exists():
                os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
            os.fsync(file.fileno())
            os.replace(part, target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        finally:
            _open.pop(part, None)
    keep_entry(target.parent)


def publish(path: str | Path, data: bytes) -> None:
    """Writes a file atomically."""
    with whole(path) as file:
        file.write(data)


def rewrite(changes: Iterable[tuple[str, bytes, bytes]]) -> None:
    """Replaces files, each told by its name, what was read of it, and what it is to be: all of them or none.

    Raises OSError, and PolicyError where one was changed since it was read: what its author saved is kept.
    """
    with ExitStack() as parts:
        for name, old, new in changes:
            file = parts.enter_context(whole(name))
            if not os.path.isfile(name) or os.path.getsize(name) != len(old) or read(name, len(old)) != old:
                what = f"`{name}` is no file, or was changed while it was read"
                raise PolicyError.of("being-written", what, "run it again, on rules in files")
            file.write(new)


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """A folder to write into, published under its name at the end; the name must be free, or an empty folder."""
    from shutil import rmtree  # here: most runs only read

    target = Path(os.path.realpath(path))
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise OSError(errno.ENOTEMPTY, "it is not a new or empty folder", str(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + PART)
    handle = _locked(part, path, folder=True)
    try:
        inner = part / target.name
        rmtree(inner, ignore_errors=True)
        inner.mkdir()
        yield inner
        os.replace(inner, target)
    finally:
        rmtree(part, ignore_errors=True)
        _open.pop(part, None)
        os.close(handle)
    keep_entry(target.parent)


def abandon() -> None:
    """Removes every part being written, for a run that is killed."""
    for part in list(_open):
        if part.is_dir():
            from shutil import rmtree  # which `whole_folder` has imported: no lock is waited for

            rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def apart(outputs: Iterable[str], inputs: Iterable[str]) -> None:
    """Raises PolicyError if an output file is an input or another output, under whatever name."""
    written = [o for o in outputs if o != "-"]
    there = any(os.path.lexists(name) for o in written for name in (o, o + PART))
    known = {key: i for i in inputs for key in _keys(i)} if there else {}
    for output in written:
        target = Path(os.path.realpath(output))
        if target.exists() and not (target.is_file() or target.is_dir()):
            continue  # a device keeps nothing
        names = {str(target), str(target.with_name(target.name + PART))}
        if target.exists():
            names.add(_inode(target))
        if clash := next((known[name] for name in sorted(names) if name in known), None):
            message = f"`{output}` is `{clash}`, which is read or written too"
            raise PolicyError.of("output-is-input", message, "name a new file")
        known |= dict.fromkeys(names, output)


def _keys(path: str) -> Iterator[str]:
    """The identities of a file: its real path and its inode; for a folder, those of the files that are read in it."""
    place = Path(path)
    if path == "-":
        place = Path("/dev/stdin")
    files = [place]
    if place.is_dir():
        files += [f for f in place.rglob("*") if f.suffix in _READ_IN_FOLDERS]
    for file in files:
        yield os.path.realpath(file)
        if file.is_file():
            yield _inode(file)


def _inode(path: Path) -> str:
    found = path.stat()
    return f"{found.st_dev}:{found.st_ino}"


def _locked(part: Path, path: str | Path, folder: bool = False) -> int:
    """The part, emptied, and locked as long as the descriptor is open."""
    while True:
        if folder:
            part.mkdir(exist_ok=True)
        handle = os.open(part, os.O_RDONLY | os.O_DIRECTORY if folder else os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), os.stat(part)):
                break
        except BlockingIOError:
            os.close(handle)
            message = f"`{path}` is being written by another run"
            raise PolicyError.of("being-written", message, "wait for it, or name a new file") from None
        except FileNotFoundError:
            pass  # the other run has just published it, under its name
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
    _open[part] = None
    if not folder:
        os.ftruncate(handle, 0)
    return handle


def keep_entry(folder: Path) -> None:
    """Makes the names in a folder as durable as the files."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
