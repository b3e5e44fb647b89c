"""What is not installed with the project, because most who use it do without: libraries, programs, fonts.

In: what is needed, and the extra that brings it. Out: nothing where it works; else one finding, `missing-extra`, with
what to install. A library works when it loads: one that is there and raises, or finds no library of the machine's, is
told of as one that is absent. What it warns of or prints meanwhile is not shown.
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
LONGEST_REASON = 300  # characters of what a library says when it does not load


def needed(library: str, extra: str, machine: str = "", instead: str = "") -> None:
    """Loads a library. Raises PolicyError, naming what to install, where it does not load.

    `machine` are the Debian packages that bring what the library itself needs; `instead` is what to do without it.
    """
    if (failure := _failure(library)) is not None:
        raise PolicyError([_missing(library, extra, machine, failure, instead)])


def needed_java() -> None:
    """Raises PolicyError where there is no Java that runs: in the folder that JAVA_HOME names, else on the PATH."""
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


def absent(message: str, help: str) -> Diagnostic:
    """The finding that something is not installed."""
    return Diagnostic("missing-extra", message, None, help)


@contextmanager
def silence() -> Iterator[None]:
    """Without the warnings of libraries, and without what they print."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@cache
def _failure(library: str) -> Exception | None:
    """What a library raises when it is loaded; None where it loads."""
    try:
        with silence():
            module = import_module(library)
    except Exception as failure:  # a library that is half there raises anything at all
        return failure
    if getattr(module, "__file__", None) is None:  # an empty folder, which is what some removals leave
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
