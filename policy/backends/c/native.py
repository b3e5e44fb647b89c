"""C as functions of this process: compiled once, kept in the cache by its digest, and loaded.

In: a source. Out: the library, or `NoCompilerError` with the reason. The compiler is that of CC, else `cc`, `gcc`,
`clang`, or that of the extra `native`. What it makes is loaded by a process of its own first: a library that is no
library, or is another one, is not loaded here.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from policy import cache
from policy.extras import is_there, program

FLAGS = ("-std=c11", "-O2", "-fPIC", "-shared", "-w")
LONGEST = 60  # seconds that a compiler may take
_PROBE = "import ctypes, sys; sys.stdout.write(ctypes.string_at(ctypes.CDLL(sys.argv[1]).digest, 64).decode())"


class NoCompilerError(Exception):
    """Why there is no library."""


def compiler() -> list[str]:
    """The command that compiles C; empty where there is none."""
    if named := os.environ.get("CC", ""):
        try:
            command = shlex.split(named)
        except ValueError:
            command = [named]
        return [program(command[0]) or command[0], *command[1:]] if command else []
    for name in ("cc", "gcc", "clang"):
        if found := program(name):
            return [found]
    return [sys.executable, "-m", "ziglang", "cc"] if is_there("ziglang") else []


def library(source: str, may_compile: bool = True) -> ctypes.CDLL | None:
    """The library of a source; None where it would have to be compiled first and may not. Raises NoCompilerError."""
    command = compiler()
    if not command:
        raise NoCompilerError("there is no C compiler: install gcc, or the extra `native`, or name one in CC")
    digest = hashlib.sha256(source.encode()).hexdigest()
    name = cache.key("library", digest, *command, _version(command[0]), *FLAGS, platform.system(), platform.machine())
    data = cache.fetch(name)
    if not isinstance(data, bytes) and not may_compile:
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="policy-") as folder:
            path = Path(folder, "rules.so")
            if isinstance(data, bytes):
                path.write_bytes(data)
            else:
                _compile(command, source + _named(digest), path)
                cache.store(name, path.read_bytes())
            return ctypes.CDLL(str(path))
    except OSError as failure:
        raise NoCompilerError(" ".join(str(failure).split())) from None


def _named(digest: str) -> str:
    """A constant that tells this library from any other."""
    return f'\nextern const char digest[65];\nconst char digest[65] = "{digest}";\n'


def _version(compiler: str) -> str:
    """What tells one installed compiler from another, without running it."""
    try:
        found = os.stat(compiler)
    except OSError:
        return ""
    return f"{os.path.realpath(compiler)} {found.st_size} {found.st_mtime_ns}"


def _compile(command: list[str], source: str, target: Path) -> None:
    name = os.path.basename(command[0]) if command[1:2] != ["-m"] else command[2]
    text = target.with_suffix(".c")
    text.write_text(source, encoding="utf-8")
    told, code = _run([*command, *FLAGS, "-o", str(target), str(text)], target.with_suffix(".log"), name)
    if code:
        lines = told.splitlines() or [f"it ended with {code}"]
        reason = next((line for line in lines if "error" in line), lines[0])
        raise NoCompilerError(f"`{name}` does not compile the rules: {reason[:300]}")
    if not target.is_file():
        raise NoCompilerError(f"`{name}` ended well and made nothing: it is no C compiler")
    digest = source[-67:-3]
    told, code = _run([sys.executable, "-I", "-c", _PROBE, str(target)], target.with_suffix(".log"), name)
    if code or told != digest:
        raise NoCompilerError(f"`{name}` made something that is no library of these rules: it is no C compiler")


def _run(command: list[str], log: Path, name: str) -> tuple[str, int]:
    """What a program tells, and how it ends; with those that it starts, it is ended when it takes too long."""
    with log.open("wb") as file:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )
        except OSError as failure:
            raise NoCompilerError(f"`{name}` does not run: {failure.strerror}") from None
        try:
            code = process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            _end(process)
            raise NoCompilerError(f"`{name}` took more than {LONGEST} s, and was ended") from None
        except BaseException:
            _end(process)
            raise
    return log.read_text(encoding="utf-8", errors="replace"), code


def _end(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
