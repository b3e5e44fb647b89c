"""Positions of the protocol: lines, and units within a line, from zero; offsets in a text count characters.

In: a text, and the encoding whose units an editor counts: UTF-16 unless it asked for another. Out: positions of
offsets, and offsets of positions; one beyond the end of its line is that end, as the protocol has it.
Absent: the types of the protocol.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from policy.source import Span

Position = tuple[int, int]  # line, unit
UTF_16 = "utf-16"
_BYTES_OF_A_UNIT = {"utf-8": 1, UTF_16: 2, "utf-32": 4}
_END_OF_LINE = re.compile(r"\r\n|\n|\r")


class TextLines:
    """The lines of a text, with positions in units of an encoding."""

    def __init__(self, text: str, encoding: str = UTF_16) -> None:
        ends = list(_END_OF_LINE.finditer(text))
        self.text = text
        self.starts = [0, *(end.end() for end in ends)]
        self.ends = [*(end.start() for end in ends), len(text)]
        self.codec = "utf-8" if encoding == "utf-8" else f"{encoding}-le"
        self.unit = _BYTES_OF_A_UNIT[encoding]

    def _units(self, text: str) -> int:
        return len(text) if text.isascii() else len(text.encode(self.codec, "surrogatepass")) // self.unit

    def position(self, offset: int) -> Position:
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset) - 1
        return line, self._units(self.text[self.starts[line] : offset])

    def offset(self, position: Position) -> int:
        """The character at a position; of one inside a character, that character."""
        line, unit = position
        if line >= len(self.starts):
            return len(self.text)
        start, end = self.starts[line], self.ends[line]
        text = self.text[start:end]
        if text.isascii():
            return start + min(unit, len(text))
        passed = 0
        for n, character in enumerate(text):
            passed += self._units(character)
            if passed > unit:
                return start + n
        return end

    def range(self, span: Span) -> tuple[Position, Position]:
        return self.position(span.start), self.position(span.end)
