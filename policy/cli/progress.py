"""Progress of a long command, on standard error: a bar on a terminal, in a pipe a line now and then.

In: what is counted, and how much of it there is. Out: nothing on standard output, ever.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import click
from attrs import define, field

EVERY = 10.0  # seconds between two lines in a pipe


@define(eq=False)
class Progress:
    """How many of `total` are done, in units of `label`; a total of 0 is unknown."""

    label: str
    total: int
    done: int = 0
    bar: Any = None  # on a terminal
    start: float = field(factory=time.monotonic)
    printed: float = field(factory=time.monotonic)

    def of(self, total: int) -> None:
        """Sets the total, if it is known only on the way."""
        self.total = total
        if self.bar is not None:
            self.bar.length = total

    def update(self, more: int = 1) -> None:
        self.done += more
        if self.bar is not None:
            self.bar.update(more)
            return
        now = time.monotonic()
        if now - self.printed >= EVERY:
            self.printed = now
            share = f" of {self.total:,} ({self.done * 100 // self.total} %)" if self.total else ""
            click.echo(f"{self.label}: {self.done:,}{share}, {now - self.start:.0f} s", err=True)


@contextmanager
def progress(label: str, total: int = 0) -> Iterator[Progress]:
    """Shows the progress of the block."""
    if not sys.stderr.isatty():
        yield Progress(label, total)
        return
    with click.progressbar(count(), length=total or None, label=label, file=sys.stderr) as bar:
        yield Progress(label, total, bar=bar)
