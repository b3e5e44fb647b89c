"""Errors and panics of Polars and Arrow, as diagnostics.

In: a block that calls Polars or Arrow for a file. Out: PolicyError where they fail. A panic of Polars is a
BaseException, which nothing else here may catch. Absent: what is computed (`backends.columns`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa

from policy.diagnostics import PolicyError

WRONG = (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException, MemoryError)


@contextmanager
def guarded(path: str | Path) -> Iterator[None]:
    """Raises PolicyError for errors and panics of an engine that reads a file."""
    try:
        yield
    except OSError as failure:  # Arrow's, too, which have no number
        raise _failed(path, failure.strerror or str(failure)) from failure
    except (*WRONG, ValueError) as failure:  # such as a name that is not UTF-8
        raise _failed(path, str(failure) or type(failure).__name__) from failure


@contextmanager
def computing(path: str | Path) -> Iterator[None]:
    """Raises PolicyError where an engine fails on the rows of a file."""
    try:
        yield
    except WRONG as failure:
        raise _failed(path, str(failure) or type(failure).__name__) from failure


def unreadable(path: str | Path, why: str, help: str = "") -> PolicyError:
    """The error that a file is no table that can be read."""
    return PolicyError.of("table-format", f"`{path}` cannot be read as a table: {why}", help)


def _failed(path: str | Path, why: str) -> PolicyError:
    return unreadable(path, why.strip().partition("\n")[0])
