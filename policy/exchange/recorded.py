"""Lines of a recorded stream, what is wrong with one, and the order flow that a stream stands for.

In: lines as a file gives them, their ends included. Out: numbered lines; whole numbers from the text on them.
What cannot be trusted raises PolicyError with a finding that names the line; all before it was good. Absent: any
one format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Literal

from attrs import frozen

from policy.diagnostics import Diagnostic, PolicyError
from policy.market.book import LIMIT, OrderType, Side
from policy.source import Source, Span

_DECIMAL = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,12}))?")
_PLACES = 12
_LONGEST = 120  # characters of a line that a finding shows


@frozen
class StreamLine:
    """One line of a stream, without its end."""

    stream: str
    number: int
    text: str

    def wrong(self, message: str, help: str) -> PolicyError:
        """It is not what it should be."""
        return PolicyError([Diagnostic("stream-line", message, self._span(), help)])

    def out_of_order(self, message: str, help: str) -> PolicyError:
        """It does not follow on what came before."""
        return PolicyError([Diagnostic("stream-order", message, self._span(), help)])

    def _span(self) -> Span:
        """The line by itself, at its number: nobody keeps the text of a whole stream."""
        before = "\n" * (self.number - 1)
        shown = self.text[:_LONGEST]
        return Span(Source(self.stream, before + shown), len(before), len(before) + len(shown))

    def whole(self, text: str, what: str) -> int:
        """A whole number that is not negative."""
        if not (text.isascii() and text.isdigit() and len(text) <= 19):
            raise self.wrong(f"{what} is `{text[:20]}`, which is not a whole number", "record the stream anew")
        return int(text)

    def units(self, text: str, unit: str, what: str, zero: bool = False) -> int:
        """A decimal number in units (ticks, lots); positive, unless it may be zero."""
        scaled, size = _scaled(text), _size(unit)
        if scaled is None:
            raise self.wrong(f"{what} is `{text[:20]}`, which is not a positive number", "record the stream anew")
        if not scaled and not zero:
            raise self.wrong(f"{what} is zero", "leave out what was not for sale")
        if scaled % size:
            raise self.wrong(
                f"{what} is {text}, which is not a multiple of {unit}", "give the instrument's own units"
            )
        return scaled // size


@lru_cache(maxsize=1 << 16)  # prices and amounts come again and again
def _scaled(text: str) -> int | None:
    match = _DECIMAL.fullmatch(text)
    return int(match[1] + (match[2] or "").ljust(_PLACES, "0")) if match else None


@cache
def _size(unit: str) -> int:
    size = _scaled(unit)
    if not size:
        raise ValueError(f"`{unit}` is no unit")
    return size


def numbered(lines: Iterable[str], stream: str) -> Iterator[StreamLine]:
    """The lines of a stream, from one. The last is whole only if it has an end."""
    for number, text in enumerate(lines, 1):
        line = StreamLine(stream, number, text.rstrip("\r\n"))
        if not text.endswith("\n"):
            raise line.wrong(
                "the stream is cut in the middle of a line", "remove the line, or record the stream anew"
            )
        yield line


@frozen
class OrderUpdate:
    """What happens to one order, in ticks and lots: a new one, another quantity left of it, or its end."""

    action: Literal["new", "change", "delete"]
    id: str
    side: Side
    price: int
    quantity: int  # that is left
    type: OrderType = LIMIT
