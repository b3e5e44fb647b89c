"""One line of CSV as its cells, read strictly: a line is a row, and a row is a line.

In: a line. Out: its cells, or a finding that says why it is none: a quote that is not closed, something behind a
closing quote, an end of line within. Absent: what the cells mean.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence

from policy.diagnostics import Collector
from policy.source import Source, Span


def cells(line: Source, found: Collector, code: str) -> list[str] | None:
    """The cells of a line; None where it is no row, with a finding of this code."""
    try:
        return next(csv.reader([line.text], strict=True), [])
    except csv.Error as failure:
        help = "a quote is closed in its line, and written twice within a cell"
        why = str(failure).partition(" - ")[0]  # behind it stands advice for who calls it
        found.error(code, f"this is no row of CSV: {why}", Span(line, 0, len(line.text)), help)
        return None


def named_twice(names: Sequence[str]) -> str:
    """The first column that a header names more than once; nothing where there is none."""
    return next((name for name, count in Counter(names).items() if count > 1), "")
