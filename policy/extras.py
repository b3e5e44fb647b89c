"""Optional dependencies: libraries, programs and fonts that are not installed with the project.

In: a name, and the extra that brings it. Out: nothing where it works; else the finding `missing-extra`, with what to
install. A library works if it loads: one that raises, or lacks a library of the machine's, counts as absent. Its
warnings and output while loading are not shown.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from importlib import import_module

from policy.diagnostics import Diagnostic, PolicyError

JAVA = "default-jre-headless"
LONGEST_REASON = 300  # characters of the error of a library that does not load


def require_extra(library: str, extra: str, machine: str = "", instead: str = "") -> None:
    """Loads a library. Raises PolicyError, naming what to install, if it does not load.

    `machine` are the Debian packages that the library itself depends on; `instead` is how to do without it.
    """
    if (failure := _failure(library)) is not None:
        raise PolicyError([_missing(library, extra, machine, failure, instead)])


def is_there(library: str) -> bool:
    """Whether a library loads."""
    return _failure(library) is None


def require_java() -> None:
    """Raises PolicyError if no Java runs: that of JAVA_HOME if it is set, else the one on the PATH."""
    home, found = os.environ.get("JAVA_HOME"), shutil.which("java")
    java = os.path.join(home, "bin", "java") if home else found
    message = "this needs `java`, which is not installed"
    if java:
        try:
            subprocess.run([java, "-version"], capture_output=True, check=True)
            return
        except (OSError, subprocess.CalledProcessError) as failure:
            message = f"this needs `java`, which does not run: {failure}"
    raise PolicyError([absent(message, f"apt install {JAVA}; JAVA_HOME, where set, names its folder")])


def program(name: str) -> str:
    """Where a program is on the PATH; empty where it is not."""
    return shutil.which(name) or ""


def absent(message: str, help: str) -> Diagnostic:
    """The finding that something is not installed."""
    return Diagnostic("missing-extra", message, None, help)


@contextmanager
def silence() -> Iterator[None]:
    """Suppresses warnings and output of libraries."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@cache
def _failure(library: str) -> Exception | None:
    """The exception that loading a library raises; None if it loads."""
    try:
        with silence():
            module = import_module(library)
    except Exception as failure:  # a damaged installation raises anything at all
        return failure
    if getattr(module, "__file__", None) is None:  # an empty folder, as some uninstallers leave it
        return ModuleNotFoundError(name=library)
    return None


def _missing(library: str, extra: str, machine: str, failure: Exception, instead: str) -> Diagnostic:
    message, help = f"this needs `{library}`, which is not installed", f"pip install 'policy-that-runs[{extra}]'"
    if not (isinstance(failure, ModuleNotFoundError) and failure.name == library):
        reason = " ".join(str(failure).split())[:LONGEST_REASON]
        message = f"this needs `{library}`, which is installed and does not load: {type(failure).__name__}: {reason}"
        help = help.replace("install", "install --force-reinstall", 1)
        if machine and isinstance(failure, OSError):
            help = f"apt install {machine}"
    return absent(message, f"{help}; or {instead}" if instead else help)
