"""Where text came from: a `Source` is one file's text, a `Span` a stretch of it.

Everything later (tree, model, program, diagnostics, explanations) carries spans, so that any
result can be traced to the characters that caused it.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from functools import cached_property, lru_cache

from attrs import field, frozen


@frozen(slots=False, eq=False)
class Source:
    """One file: `name` is what people see (a path, or `<stdin>`), `text` is its decoded content.

    Of a file that is read in parts, `text` is one part and `before` counts the lines before it.
    """

    name: str
    text: str = field(repr=False)
    before: int = 0

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of each line."""
        starts = [0]
        for offset, character in enumerate(self.text):
            if character == "\n":
                starts.append(offset + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of `offset`, both counted from one."""
        line = bisect_right(self.line_starts, offset)
        return line + self.before, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Text of line `number` (from one), without its end."""
        number -= self.before
        start = self.line_starts[number - 1]
        end = self.line_starts[number] - 1 if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@frozen
class Span:
    """Characters `start` (inclusive) to `end` (exclusive) of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The stretch from the start of this span to the end of `other`."""
        return Span(self.source, self.start, other.end)

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


NOWHERE = Span(Source("<nowhere>", ""), 0, 0)

TABLE = ".csv"  # what the name of a file with the rows of a table ends with
_NAMES_ONE = re.compile(rb'from\s+"')
_NAMED = re.compile(rb'#[^\n]*|\bfrom\s+"([^"\\\n]*)"|"(?:[^"\\\n]|\\["\\])*"')


@lru_cache(1_000)
def named_in(rules: bytes) -> tuple[str, ...]:
    """The files that tables of these rules are from, as they are written, in order; nothing else is named so."""
    if _NAMES_ONE.search(rules) is None:
        return ()
    found = (match[1] for match in _NAMED.finditer(rules) if match[1] is not None)
    return tuple(dict.fromkeys(name.decode("utf-8", errors="replace") for name in found))


def beside(rules: str, path: str) -> str | None:
    """The name of a file that rules name; None where it is no `.csv` file in or below the folder of the rules."""
    parts = path.split("/")
    if not path.endswith(TABLE) or "\\" in path or ":" in path or any(part.strip(". ") == "" for part in parts):
        return None
    return os.path.join(os.path.dirname(rules), path)
