"""Progress of long work, reported to whoever shows it: the command line draws a bar, a library call shows nothing.

In: what is counted, and how many of it there are. Out: a counter to update, for the length of a `with` block.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Counter(Protocol):
    def update(self, more: int = 1) -> object: ...


class _Unwatched:
    def update(self, more: int = 1) -> None:
        """Counts nothing."""


Watch = Callable[[str, int], AbstractContextManager[Counter]]  # a label and the total, 0 if it is unknown


def unwatched(_label: str, _total: int = 0) -> AbstractContextManager[Counter]:
    """Shows nothing."""
    return nullcontext(_Unwatched())
