"""What the rows of a table cover: proofs that two rows never meet, that one is useless, that a case is left out.

A row is a box: one region a column, and one for the date. A region is a set of ints (as half-open intervals)
or of words (listed, or all but those listed). Cells that are not constants have no region; nothing is claimed
about rows that contain one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

from attrs import frozen

from policy.model import expressions as typed, rules, types
from policy.model.calendar import BEGINNING, ENDING
from policy.model.types import Number, Quantity, Type
from policy.model.values import show
from policy.model.written import limits
from policy.vocabulary import RuntimeValue

FAR = 10**60
_MOST_BOXES = 4_000


@frozen
class Ints:
    """Half-open intervals, in order and apart."""

    intervals: tuple[tuple[int, int], ...]

    def intersection(self, other: Ints) -> Ints:
        few, many = sorted((self.intervals, other.intervals), key=len)
        shared = ((max(a, c), min(b, d)) for a, b in few for c, d in many[_touched(many, a, b)])
        return Ints(tuple(shared))

    def difference(self, other: Ints) -> Ints:
        left = self.intervals
        for a, b in other.intervals:
            touched = _touched(left, a, b)
            around = [
                part for c, d in left[touched] for part in ((c, min(a, d)), (max(b, c), d)) if part[0] < part[1]
            ]
            left = (*left[: touched.start], *around, *left[touched.stop :])
        return Ints(left)

    @property
    def empty(self) -> bool:
        return not self.intervals


def _touched(intervals: tuple[tuple[int, int], ...], low: int, high: int) -> slice:
    """Which of the intervals, in order and apart, share something with the one from `low` to `high`."""
    return slice(bisect_right(intervals, low, key=lambda i: i[1]), bisect_left(intervals, high, key=lambda i: i[0]))


@frozen
class ValueSet:
    """`items`, or everything but `items` where `others`."""

    items: frozenset[RuntimeValue]
    others: bool = False

    def intersection(self, other: ValueSet) -> ValueSet:
        match self.others, other.others:
            case False, False:
                return ValueSet(self.items & other.items)
            case False, True:
                return ValueSet(self.items - other.items)
            case True, False:
                return ValueSet(other.items - self.items)
        return ValueSet(self.items | other.items, True)

    def difference(self, other: ValueSet) -> ValueSet:
        return self.intersection(ValueSet(other.items, not other.others))

    @property
    def empty(self) -> bool:
        return not self.others and not self.items


Region = Ints | ValueSet
Box = tuple[Region, ...]


def intersection(a: Region, b: Region) -> Region:
    if isinstance(a, Ints) and isinstance(b, Ints):
        return a.intersection(b)
    assert isinstance(a, ValueSet)
    assert isinstance(b, ValueSet)
    return a.intersection(b)


def difference(a: Region, b: Region) -> Region:
    if isinstance(a, Ints) and isinstance(b, Ints):
        return a.difference(b)
    assert isinstance(a, ValueSet)
    assert isinstance(b, ValueSet)
    return a.difference(b)


def universe_of(of: Type) -> Region:
    match of:
        case types.OptionalOf(item):
            inner = universe_of(item)
            return ValueSet(inner.items | {None}, inner.others) if isinstance(inner, ValueSet) else inner
        case types.Enum(_, members):
            return ValueSet(frozenset(members))
        case types.Boolean():
            return ValueSet(frozenset({True, False}))
        case Number() | types.Date() | types.Instant():
            return Ints(((-FAR, FAR),))
        case types.Text() | types.Record() | types.SetOf() | types.ListOf() | types.Broken():
            return ValueSet(frozenset(), True)
        case _:
            assert_never(of)


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


def region_of(cell: rules.Cell, of: Type) -> Region | None:
    inner = types.inner_of(of)
    universe = universe_of(of)
    if cell.kind != "any" and isinstance(of, types.OptionalOf) and isinstance(universe, Ints):
        return None  # absence has no place among the ints
    match cell.kind:
        case "any":
            return universe
        case "values" | "other":
            named = _listed(cell.items, inner, universe)
            return named if named is None or cell.kind == "values" else difference(universe, named)
        case "in" | "not in":
            items = cell.items[0]
            named = _listed(items.items, inner, universe) if isinstance(items, typed.SetOf) else None
            return named if named is None or cell.kind == "in" else difference(universe, named)
        case "bounds":
            region = universe
            for operator, bound in cell.tests:
                at = _constants((bound,), inner)
                if at is None:
                    return None
                if isinstance(inner, types.Enum):
                    region = intersection(region, ValueSet(inner.beside(operator, str(at[0]))))
                    continue
                low = int(at[0]) + (operator in (">", "<="))
                interval = (low, FAR) if operator in (">", ">=") else (-FAR, low)
                region = intersection(region, Ints((interval,)))
            return region
        case _:
            assert_never(cell.kind)


def _listed(items: tuple[typed.Expression, ...], of: Type, universe: Region) -> Region | None:
    """Of all values, those that are listed; None where one is not a constant."""
    values = _constants(items, of)
    if values is None:
        return None
    if isinstance(universe, Ints):
        return intersection(universe, Ints(tuple(sorted((int(v), int(v) + 1) for v in set(values)))))
    return intersection(universe, ValueSet(frozenset(values)))


Within = Callable[[typed.Expression], Region]  # all that a column can be


def anything(column: typed.Expression) -> Region:
    """All values of a column's type."""
    return universe_of(column.type)


def within_bounds(model: rules.Model) -> Within:
    """Of a column that is a fact, the values that its bounds allow; of any other, all of its type."""
    bounds = {(r.id, f.name): (f.least, f.most) for r in model.of_kind(rules.RecordType) for f in r.fields}

    def within(column: typed.Expression) -> Region:
        of = column.type
        if not is_fact(column) or not isinstance(of, Quantity | types.Enum):
            return universe_of(of)
        least, most = None, None
        if isinstance(column, typed.FieldAccess) and isinstance(column.of.type, types.Record):
            least, most = bounds[column.of.type.name, column.name]
        if isinstance(of, types.Enum):
            return universe_of(of.between(least, most))
        low, high = limits(of, least, most)
        return Ints(((low, high + 1),) if low <= high else ())

    return within


def is_fact(column: typed.Expression) -> bool:
    """Whether a column is a fact as it is given, and can so be anything that other columns do not say."""
    while isinstance(column, typed.FieldAccess):
        column = column.of
    return isinstance(column, typed.Local)


def boxes(body: rules.Rows, within: Within = anything) -> list[Box | None]:
    """A box a row, the date first; None for rows about which nothing can be claimed.

    What several columns say of the same expression is said by the first of them.
    """
    result: list[Box | None] = []
    universe = [within(column) for column in body.columns]
    first = [body.columns.index(column) for column in body.columns]
    for row in body.rows:
        start = row.start if row.start is not None else BEGINNING
        end = row.end if row.end is not None else ENDING
        regions: list[Region | None] = [Ints(((start, end),) if start < end else ())]
        regions += [region_of(c, column.type) for c, column in zip(row.cells, body.columns, strict=True)]
        known = [r for r in regions if r is not None]
        if len(known) < len(regions):
            result.append(None)
            continue
        kept = list(universe)
        for at, region in zip(first, known[1:], strict=True):
            kept[at] = intersection(kept[at], region)
        result.append((known[0], *kept))
    return result


def disjoint(a: Box, b: Box) -> bool:
    return any(intersection(x, y).empty for x, y in zip(a, b, strict=True))


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
    """Groups outside of which no two overlap, or the group itself where the column does not halve the pairs."""
    if len(group) < 8:
        return [group]
    parts, pairs = [], 0
    for part in _sharing([b[column] for _, b in group]):
        parts.append([group[at] for at in sorted(set(part))])
        pairs += len(part) ** 2
        if pairs > len(group) ** 2 // 2:
            return [group]
    return [part for part in parts if len(part) > 1]


def _sharing(regions: list[Region]) -> Iterator[list[int]]:
    """Which regions share a word, word by word; or a stretch of ints, wherever one begins."""
    if isinstance(regions[0], ValueSet):
        words = [r for r in regions if isinstance(r, ValueSet)]
        others = [at for at, r in enumerate(words) if r.others]
        yield others
        named: dict[RuntimeValue, list[int]] = {}
        for at, r in enumerate(words):
            for word in r.items if not r.others else ():
                named.setdefault(word, []).append(at)
        for word, those in named.items():
            yield those + [at for at in others if word not in words[at].items]
    else:
        spans = [(*i, at) for at, r in enumerate(regions) if isinstance(r, Ints) for i in r.intervals]
        begun: list[tuple[int, int]] = []  # where those that have begun end, and whose they are
        for low, high, at in sorted(spans):
            begun = [(end, who) for end, who in begun if end > low] + [(high, at)]
            yield [who for _, who in begun]


def remainder(start: Sequence[Box], taken: Sequence[Box]) -> list[Box] | None:
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
                outside = difference(mine, theirs)
                if not outside.empty:
                    pieces.append((*kept, outside, *box[at + 1 :]))
                kept.append(intersection(mine, theirs))
        if len(pieces) > _MOST_BOXES:
            return None
        remaining = pieces
    return remaining


def gap(body: rules.Rows, within: Within) -> str | None:
    """A case that no row covers, in words, from the first day any row is in force; None if there is none known."""
    found = boxes(body, within)
    known = [b for b in found if b is not None]
    if len(known) < len(found) or not known:
        return None
    first = min(i[0] for b in known if isinstance(b[0], Ints) for i in b[0].intervals)
    universe: Box = (Ints(((first, ENDING),)), *map(within, body.columns))
    rest = remainder([universe], known)
    return _in_words(rest[0], universe, body.columns) if rest else None


def redundant(body: rules.Rows) -> list[int]:
    """Rows whose every case is taken by earlier rows."""
    found = boxes(body)
    earlier: dict[int, list[Box]] = {n: [] for n, box in enumerate(found) if box is not None}
    for m, n in overlapping(found):
        earlier[n].append(found[m] or ())
    return [n for n, rows in earlier.items() if remainder([found[n] or ()], rows) == []]


def _in_words(box: Box, universe: Box, columns: tuple[typed.Expression, ...]) -> str:
    words = []
    for region, whole, column in zip(box[1:], universe[1:], columns, strict=True):
        if region != whole:
            words.append(f"{column.span.text} {_region_in_words(region, whole, column.type)}")
    date = box[0]
    assert isinstance(date, Ints)
    start, end = date.intervals[0]
    if end < ENDING:
        words.append(f"from {show(start, types.DATE)} until {show(end, types.DATE)}")
    return " and ".join(words) or "any facts"


def _region_in_words(region: Region, whole: Region, of: Type) -> str:
    inner = types.inner_of(of)
    if isinstance(region, ValueSet):
        shown = sorted("absent" if v is None else show(v, inner) for v in region.items)
        if region.others:
            return "is something other than " + ", ".join(shown) if shown else "is anything"
        return "is " + " or ".join(shown)
    assert isinstance(whole, Ints)
    low, high = region.intervals[0]
    tests = []
    if low > whole.intervals[0][0]:
        tests.append(f">= {show(low, inner)}")
    if high < whole.intervals[-1][1]:
        tests.append(f"< {show(high, inner)}")
    return " and ".join(tests) or "is anything"
