"""Periods of dated versions: where one ends because the next begins, where they overlap or leave a gap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from policy.model.rules import Dated

D = TypeVar("D", bound=Dated)

BEGINNING, ENDING = 0, 10**7  # before and after every day of the calendar


def periods(versions: Sequence[D]) -> list[tuple[D, int | None, int | None]]:
    """Each version with its first day and the day it ends: its own, or the first day of the next one."""
    ordered = sorted(versions, key=lambda v: v.start or BEGINNING)
    result: list[tuple[D, int | None, int | None]] = []
    for at, version in enumerate(ordered):
        following = ordered[at + 1].start if at + 1 < len(ordered) else None
        result.append((version, version.start, version.end if version.end is not None else following))
    return result


def overlaps(versions: Sequence[D]) -> list[tuple[D, D]]:
    """Pairs of neighbouring versions that are in force on the same day."""
    dated = periods(versions)
    return [
        (a, b)
        for (a, first, end), (b, start, _) in pairwise(dated)
        if (end if end is not None else ENDING) > (start or BEGINNING) or first == start
    ]


def gaps(versions: Sequence[D]) -> list[tuple[int, int]]:
    """Days between versions on which none is in force, as half-open periods."""
    dated = periods(versions)
    return [
        (end, start)
        for (_, _, end), (_, start, _) in pairwise(dated)
        if end is not None and start is not None and end < start
    ]
