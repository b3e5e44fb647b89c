"""What the rows of a table cover: proofs that two rows never meet, that one is useless, that a case is left out.

A row is a box: one region a column, and one for the date. A region is a set of ints (as half-open intervals)
or of words (listed, or all but those listed). Cells that are not constants have no region; nothing is claimed
about rows that contain one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from policy.model import expressions as typed
from policy.model import rules, types
from policy.model.calendar import BEGINNING, ENDING
from policy.model.types import Number, Type
from policy.model.values import show

_FAR = 10**60
_MOST_BOXES = 4_000


@frozen
class Ints:
    """Half-open intervals, in order and apart."""

    intervals: tuple[tuple[int, int], ...]

    def meet(self, other: Ints) -> Ints:
        pairs = ((max(a, c), min(b, d)) for a, b in self.intervals for c, d in other.intervals)
        return Ints(tuple(sorted((lo, hi) for lo, hi in pairs if lo < hi)))

    def minus(self, other: Ints) -> Ints:
        left = self
        for a, b in other.intervals:
            left = left.meet(Ints(tuple(i for i in ((-_FAR, a), (b, _FAR)) if i[0] < i[1])))
        return left

    @property
    def empty(self) -> bool:
        return not self.intervals


@frozen
class Words:
    """`items`, or everything but `items` where `others`."""

    items: frozenset[Any]
    others: bool = False

    def meet(self, other: Words) -> Words:
        match self.others, other.others:
            case False, False:
                return Words(self.items & other.items)
            case False, True:
                return Words(self.items - other.items)
            case True, False:
                return Words(other.items - self.items)
        return Words(self.items | other.items, True)

    def minus(self, other: Words) -> Words:
        return self.meet(Words(other.items, not other.others))

    @property
    def empty(self) -> bool:
        return not self.others and not self.items


Region = Ints | Words
Box = tuple[Region, ...]


def _meet(a: Region, b: Region) -> Region:
    if isinstance(a, Ints) and isinstance(b, Ints):
        return a.meet(b)
    assert isinstance(a, Words)
    assert isinstance(b, Words)
    return a.meet(b)


def _minus(a: Region, b: Region) -> Region:
    if isinstance(a, Ints) and isinstance(b, Ints):
        return a.minus(b)
    assert isinstance(a, Words)
    assert isinstance(b, Words)
    return a.minus(b)


def _universe(of: Type) -> Region:
    match of:
        case types.OptionalOf(item):
            inner = _universe(item)
            return Words(inner.items | {None}, inner.others) if isinstance(inner, Words) else inner
        case types.Enum(_, members):
            return Words(frozenset(members))
        case types.Boolean():
            return Words(frozenset({True, False}))
        case Number() | types.Date() | types.Instant():
            return Ints(((-_FAR, _FAR),))
        case _:
            return Words(frozenset(), True)


def _constants(items: tuple[typed.Expression, ...], of: Type) -> list[int | str] | None:
    """The items' values at the column's scale; None where one is not a constant of that scale."""
    values: list[int | str] = []
    for item in items:
        if not isinstance(item, typed.Literal):
            return None
        value = item.value
        if isinstance(of, Number) and isinstance(item.type, Number):
            if item.type.scale > of.scale:
                return None
            value *= 10 ** (of.scale - item.type.scale)
        values.append(value)
    return values


def _region(cell: rules.Cell, of: Type) -> Region | None:
    inner = of.of if isinstance(of, types.OptionalOf) else of
    universe = _universe(of)
    if cell.kind == "any":
        return universe
    if isinstance(of, types.OptionalOf) and isinstance(universe, Ints):
        return None  # absence has no place among the ints
    if cell.kind in ("values", "other"):
        values = _constants(cell.items, inner)
        if values is None:
            return None
        named: Region
        if isinstance(universe, Ints):
            named = Ints(tuple(sorted((int(v), int(v) + 1) for v in set(values))))
        else:
            named = Words(frozenset(values))
        return _meet(universe, named) if cell.kind == "values" else _minus(universe, named)
    if cell.kind == "bounds":
        region = universe
        for operator, bound in cell.tests:
            at = _constants((bound,), inner)
            if at is None:
                return None
            low = int(at[0]) + (operator in (">", "<="))
            interval = (low, _FAR) if operator in (">", ">=") else (-_FAR, low)
            region = _meet(region, Ints((interval,)))
        return region
    items = cell.items[0]
    if isinstance(items, typed.SetOf):
        same = rules.Cell(kind="values", items=items.items)
        listed = _region(same, of)
        return listed if cell.kind == "in" or listed is None else _minus(universe, listed)
    return None


def boxes(body: rules.Rows) -> list[Box | None]:
    """A box a row, the date first; None for rows about which nothing can be claimed."""
    result: list[Box | None] = []
    for row in body.rows:
        start = row.start if row.start is not None else BEGINNING
        end = row.end if row.end is not None else ENDING
        regions: list[Region | None] = [Ints(((start, end),) if start < end else ())]
        regions += [_region(c, column.type) for c, column in zip(row.cells, body.columns, strict=True)]
        known = [r for r in regions if r is not None]
        result.append(tuple(known) if len(known) == len(regions) else None)
    return result


def disjoint(a: Box, b: Box) -> bool:
    return any(_meet(x, y).empty for x, y in zip(a, b, strict=True))


def proven_disjoint(body: rules.Rows) -> bool:
    """Whether no two rows of the table can ever apply together."""
    found = boxes(body)
    known = [b for b in found if b is not None]
    return len(known) == len(found) and not overlapping(known)


def overlapping(found: Sequence[Box | None]) -> list[tuple[int, int]]:
    """Pairs of rows that share a case. Rows are first sorted by the column that tells most of them apart."""
    known = [(n, b) for n, b in enumerate(found) if b is not None]
    if not known:
        return []
    groups: list[list[tuple[int, Box]]] = [known]
    for column in range(len(known[0][1])):
        groups = [part for group in groups for part in _partition(group, column)]
    pairs = {
        (m, n)
        for group in groups
        for at, (m, a) in enumerate(group)
        for n, b in group[at + 1 :]
        if not disjoint(a, b)
    }
    return sorted(pairs)


def _partition(group: list[tuple[int, Box]], column: int) -> list[list[tuple[int, Box]]]:
    """Groups that cannot overlap across each other: by listed words, or by sweeping the intervals."""
    if len(group) < 8:
        return [group]
    regions = [b[column] for _, b in group]
    if all(isinstance(r, Words) and not r.others for r in regions):
        by_word: dict[Any, list[tuple[int, Box]]] = {}
        for entry in group:
            region = entry[1][column]
            assert isinstance(region, Words)
            for word in region.items:
                by_word.setdefault(word, []).append(entry)
        return list(by_word.values()) if max(map(len, by_word.values()), default=0) < len(group) else [group]
    if all(isinstance(r, Ints) and not r.empty for r in regions):
        ordered = sorted(group, key=lambda entry: entry[1][column].intervals[0][0])  # type: ignore[union-attr]  # Ints
        parts: list[list[tuple[int, Box]]] = []
        reach = -_FAR
        for entry in ordered:
            region = entry[1][column]
            assert isinstance(region, Ints)
            if not parts or region.intervals[0][0] >= reach:
                parts.append([])
            parts[-1].append(entry)
            reach = max(reach, region.intervals[-1][1])
        return parts
    return [group]


def left_over(start: Sequence[Box], taken: Sequence[Box]) -> list[Box] | None:
    """What remains of `start` without `taken`; None when that takes too many pieces to say."""
    remaining = list(start)
    for row in taken:
        pieces: list[Box] = []
        for box in remaining:
            if disjoint(box, row):
                pieces.append(box)
                continue
            kept: list[Region] = []
            for at, (mine, theirs) in enumerate(zip(box, row, strict=True)):
                outside = _minus(mine, theirs)
                if not outside.empty:
                    pieces.append((*kept, outside, *box[at + 1 :]))
                kept.append(_meet(mine, theirs))
        if len(pieces) > _MOST_BOXES:
            return None
        remaining = pieces
    return remaining


def gap(body: rules.Rows) -> str | None:
    """A case that no row covers, in words, from the first day any row is in force; None if there is none known."""
    found = boxes(body)
    known = [b for b in found if b is not None]
    if len(known) < len(found) or not known:
        return None
    first = min(i[0] for b in known if isinstance(b[0], Ints) for i in b[0].intervals)
    universe: Box = (Ints(((first, ENDING),)), *(_universe(c.type) for c in body.columns))
    rest = left_over([universe], known)
    return _in_words(rest[0], universe, body.columns) if rest else None


def useless(body: rules.Rows) -> list[int]:
    """Rows whose every case is taken by earlier rows."""
    found = boxes(body)
    result = []
    for n, box in enumerate(found):
        earlier = [b for b in found[:n] if b is not None]
        if box is not None and left_over([box], earlier) == []:
            result.append(n)
    return result


def _in_words(box: Box, universe: Box, columns: tuple[typed.Expression, ...]) -> str:
    words = []
    for region, whole, column in zip(box[1:], universe[1:], columns, strict=True):
        if region != whole:
            words.append(f"{column.span.text} {_region_in_words(region, column.type)}")
    date = box[0]
    assert isinstance(date, Ints)
    start, end = date.intervals[0]
    if end < ENDING:
        words.append(f"from {show(start, types.DATE)} until {show(end, types.DATE)}")
    return " and ".join(words) or "any facts"


def _region_in_words(region: Region, of: Type) -> str:
    inner = of.of if isinstance(of, types.OptionalOf) else of
    if isinstance(region, Words):
        shown = sorted("absent" if v is None else show(v, inner) for v in region.items)
        if region.others:
            return "is something other than " + ", ".join(shown) if shown else "is anything"
        return "is " + " or ".join(shown)
    low, high = region.intervals[0]
    tests = []
    if low > -_FAR:
        tests.append(f">= {show(low, inner)}")
    if high < _FAR:
        tests.append(f"< {show(high, inner)}")
    return " and ".join(tests) or "is anything"
