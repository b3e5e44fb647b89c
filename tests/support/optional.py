"""What tests can do without, and the machine may not have: libraries, programs, fonts.

A test asks for what it needs here, and is skipped with what to install where that is not there or does not work. At
the top of a file the whole file is.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest

from policy.diagnostics import PolicyError
from policy.extras import require_extra, require_java, silence
from policy.reports.pdf import pdf_of


def library(name: str, extra: str) -> Any:
    """The module, which `extra` brings."""
    _ask(require_extra, name, extra)
    with silence():
        return import_module(name)


def columns() -> Any:
    """Polars; PyArrow, which the same extra brings, is loaded too."""
    polars = library("polars", "columns")
    library("pyarrow", "columns")
    return polars


def there_is(name: str, extra: str) -> bool:
    """Whether a library loads, for tests that do less without."""
    try:
        require_extra(name, extra)
    except PolicyError:
        return False
    return True


def proofs(report: Sequence[str]) -> None:
    """Z3, where `policy report` with these words proves something."""
    if {"rulebook", "change", "pack", "decision"} & set(report) and "--no-proofs" not in report:
        library("z3", "proofs")


def file_of(library: str, name: str) -> Path | None:
    """A file that a library brings, which need not load for it."""
    found = find_spec(library)
    file = Path(found.origin).with_name(name) if found and found.origin else None
    return file if file and file.exists() else None


def java() -> None:
    _ask(require_java)


def pdf() -> None:
    """WeasyPrint, Pango, and fonts for English and Chinese."""
    _ask(_printed)


@cache
def _printed() -> None:
    pdf_of('<html lang="en"><p>Virtual assets 虛擬資產</p></html>')


def program(packages: str, *names: str) -> str:
    """The first of these programs that runs."""
    path = next((p for name in names if (p := shutil.which(name)) and _runs(p)), "")
    if not path:
        _skip(f"this needs `{names[0]}`, which is not installed or does not run: apt install {packages}")
    return path


def nvrtc() -> Path:
    """The compiler of CUDA that is a library, of its own package or of the toolkit."""
    folders = [*(f for path in sys.path for f in Path(path).glob("nvidia/*/lib")), Path("/usr/local/cuda/lib64")]
    found = sorted(f for folder in folders for f in folder.glob("libnvrtc.so.*"))
    if not found:
        _skip("this needs NVRTC, which is not installed: pip install nvidia-cuda-nvrtc-cu12")
    return found[-1]


def _runs(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _ask(what: Callable[..., None], *words: str) -> None:
    try:
        what(*words)
    except PolicyError as missing:
        _skip("; ".join(f"{d.message}: {d.help}" for d in missing.diagnostics))


def _skip(reason: str) -> NoReturn:
    pytest.skip(reason.replace("'policy-that-runs[", "-e '.["), allow_module_level=True)
