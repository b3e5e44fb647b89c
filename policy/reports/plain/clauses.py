"""Sentences with lettered points. Part of `frames`.

In: text. Out: a sentence, and the marks of its points. Absent: either language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import frozen

_ROMAN = (("x", 10), ("ix", 9), ("v", 5), ("iv", 4), ("i", 1))


@frozen
class Clause:
    """A sentence: how it begins, the points it lists (none, or two and more), and how it ends."""

    lead: str
    points: tuple[str, ...] = ()
    tail: str = ""

    def __str__(self) -> str:
        lettered = " ".join(f"({letter(n)}) {p}" for n, p in enumerate(self.points, 1))
        whole = " ".join(part for part in (self.lead, lettered, self.tail) if part)
        return re.sub(r"(?<=[：；，。及或]) (?=\()|(?<=。) ", "", whole)  # Chinese marks stand without spaces


def letter(n: int) -> str:
    """`a`, `b`, … `z`, `27`."""
    return chr(96 + n) if n <= 26 else str(n)


def roman(n: int) -> str:
    """`i`, `ii`, `iii`."""
    text = ""
    for digits, value in _ROMAN:
        while n >= value:
            text, n = text + digits, n - value
    return text


def once(clause: Clause, explained: Mapping[str, str]) -> Clause:
    """The sentence with each number explained where it is first told; `explained` has its bare number."""
    seen: set[str] = set()

    def shortened(text: str) -> str:
        for full, bare in explained.items():
            first, *more = text.split(full)
            if more:
                text = first + (bare if full in seen else full) + bare.join(more)
                seen.add(full)
        return text

    return Clause(shortened(clause.lead), tuple(map(shortened, clause.points)), shortened(clause.tail))
