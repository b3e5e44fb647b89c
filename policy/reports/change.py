"""What changes from one rulebook to another, or from one date to the next, in words.

In: two models with their dates, and, where asked for, cases and journalled decisions that flip. Out: `Change`.
Absent: proof. Differences are those of the text as `plain` says it; what has been proved of the meaning is handed in
as `meaning`, and printed first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

from policy.decisions import Words
from policy.model import expressions as x
from policy.model import rules, types
from policy.model.values import show
from policy.reports.book.figures import Cover
from policy.reports.book.network import kind_of
from policy.reports.differences import Differences
from policy.reports.plain.frames import Clause
from policy.reports.plain.names import in_full
from policy.reports.plain.sentences import Sentences, Statement

TITLE = Words("What changes", "變更說明")
_LAST = 10**9
_VERDICTS = {
    "added": Words("added", "新增"),
    "removed": Words("removed", "刪除"),
    "tightened": Words("tightened", "收緊"),
    "loosened": Words("loosened", "放寬"),
    "changed": Words("changed", "更改"),
}


@frozen
class Side:
    """A rulebook as of a date."""

    name: str
    model: rules.Model
    on: int
    digest: str

    def holds(self, s: Statement) -> bool:
        return (s.start or 0) <= self.on < (s.end or _LAST)


@frozen
class Piece:
    """A rule, version, line or list that differs; one side is None where it is not there."""

    verdict: str
    verdict_words: Words
    name: str
    before: tuple[Clause, Clause] | None  # English and Chinese
    after: tuple[Clause, Clause] | None
    per: tuple[str, ...]


@frozen
class CellPair:
    """A cell on either side."""

    before: Words
    after: Words
    differs: bool


@frozen
class TablePair:
    """A table on both sides, a line for each row of either."""

    heads: tuple[Words, ...]
    rows: tuple[tuple[str, tuple[CellPair, ...]], ...]  # added, removed, changed or same


@frozen
class Changed:
    """A declaration that differs."""

    id: str
    kind: str
    title: Words
    verdict: str
    verdict_words: Words
    pieces: tuple[Piece, ...]
    table: TablePair | None


@frozen
class Flip:
    """Decisions of a journal, or a case of the tests, whose outcome differs."""

    what: str
    count: int
    before: str
    after: str
    examples: tuple[str, ...]


@frozen
class Change:
    """The whole."""

    cover: Cover
    old: tuple[str, str, str]  # name, date, digest
    new: tuple[str, str, str]
    meaning: Differences | None  # None where nothing was to be proved
    counts: tuple[tuple[Words, str, int], ...]
    changed: tuple[Changed, ...]
    cases: tuple[Flip, ...] | None  # None: not comparable, or not asked for
    decisions: tuple[Flip, ...] | None
    commands: int
    money: tuple[tuple[str, str, str], ...]


def changed_between(old: Side, new: Side) -> tuple[Changed, ...]:
    """Every declaration that says something else on the other side."""
    ids = dict.fromkeys((*old.model.declared, *new.model.declared))
    found = (_declaration(old, new, id) for id in ids)
    return tuple(c for c in found if c is not None)


def change_of(
    cover: Cover,
    old: Side,
    new: Side,
    cases: tuple[Flip, ...] | None = None,
    decisions: tuple[Flip, ...] | None = None,
    commands: int = 0,
    money: Sequence[tuple[str, str, str]] = (),
    meaning: Differences | None = None,
) -> Change:
    """The rows of the report; `meaning` is what has been proved to differ, if anything was to be."""
    changed = changed_between(old, new)
    verdicts = [c.verdict for c in changed]
    return Change(
        cover,
        (old.name, show(old.on, types.DATE), old.digest),
        (new.name, show(new.on, types.DATE), new.digest),
        meaning,
        tuple((words, verdict, verdicts.count(verdict)) for verdict, words in _VERDICTS.items()),
        changed,
        cases,
        decisions,
        commands,
        tuple(money),
    )


def _declaration(old: Side, new: Side, id: str) -> Changed | None:
    a, b = old.model.declared.get(id), new.model.declared.get(id)
    before, after = _said(old, a), _said(new, b)
    pieces = tuple(_pieces(a or b, before, after))
    if not pieces:
        return None
    d: Any = b or a
    verdict = _verdict_of(old, new, a, b, [p.verdict for p in pieces], bool(before), bool(after))
    table = _tables(old, new, a, b) if isinstance(a, rules.Table) and isinstance(b, rules.Table) else None
    return Changed(
        id,
        kind_of(d),
        in_full(d.title, d.name),
        verdict,
        _VERDICTS[verdict],
        () if table else pieces,
        table,
    )


def _said(side: Side, d: Any) -> dict[str, Statement]:
    """What is in force, by name; several of one name are numbered."""
    found: dict[str, Statement] = {}
    for s in Sentences(side.model).of(d) if d is not None else ():
        if side.holds(s):
            name, n = s.name, 1
            while name in found:
                n += 1
                name = f"{s.name} {n}"
            found[name] = s
    return found


def _pieces(d: Any, before: dict[str, Statement], after: dict[str, Statement]) -> Iterable[Piece]:
    for name in dict.fromkeys((*before, *after)):
        a, b = before.get(name), after.get(name)
        if a is not None and b is not None and (a.en, a.tells, a.effect) == (b.en, b.tells, b.effect):
            continue
        verdict = "added" if a is None else "removed" if b is None else "changed"
        if isinstance(d, rules.Decision) and verdict != "changed":
            deny = "deny" in {s.effect for s in (a, b) if s}
            verdict = "tightened" if deny is (verdict == "added") else "loosened"
        elif verdict == "added" and b is not None and b.house:
            verdict = "tightened"  # of the law's and the house's, the stricter wins
        cited = tuple(dict.fromkeys(c.provision for s in (a, b) if s for c in s.citations))
        yield Piece(
            verdict, _VERDICTS[verdict], name, (a.en, a.zh) if a else None, (b.en, b.zh) if b else None, cited
        )


def _verdict_of(old: Side, new: Side, a: Any, b: Any, pieces: list[str], was: bool, now: bool) -> str:
    """What became of the whole: a number by which way is stricter, a decision by its rules."""
    if not was or not now:
        return "added" if now else "removed"
    if isinstance(a, rules.Decision):
        return pieces[0] if len(set(pieces)) == 1 else "changed"
    if set(pieces) == {"tightened"}:
        return "tightened"
    if isinstance(a, rules.Parameter | rules.Value) and isinstance(b, rules.Parameter | rules.Value) and b.stricter:
        one, other = _number(old, a), _number(new, b)
        if one is not None and other is not None and one != other:
            return "tightened" if (other > one) is (b.stricter == "higher") else "loosened"
    return "changed"


def _number(side: Side, d: Any) -> int | None:
    """The constant that is in force, at the declared scale; None where it is no constant."""
    held = [v for v in (*d.versions, *(v for more in d.tightened for v in more)) if side.holds(v)]
    numbers = [
        v.body.value * 10 ** (d.type.scale - v.body.type.scale)
        for v in held
        if isinstance(v.body, x.Literal)
        and isinstance(v.body.type, types.Number)
        and isinstance(d.type, types.Number)
    ]
    if not numbers or len(numbers) < len(held):
        return None
    return int(max(numbers) if d.stricter == "higher" else min(numbers))


def _tables(old: Side, new: Side, a: rules.Table, b: rules.Table) -> TablePair:
    """Rows side by side, joined by what they ask; a changed cell is marked."""
    sides = []
    for side, d in ((old, a), (new, b)):
        rows: dict[tuple[Words, ...], tuple[Words, ...]] = {}
        for body in (d.body, *d.tightened):
            grid = Sentences(side.model).grid(d, body)
            kept = [
                row
                for row, start, end in zip(grid.rows, grid.starts, grid.ends, strict=True)
                if (start or 0) <= side.on < (end or _LAST)
            ]
            rows |= {row[:-1]: row for row in kept}
        sides.append((grid.heads, rows))
    (_, before), (heads, after) = sides
    found = []
    for key in dict.fromkeys((*before, *after)):
        one, other = before.get(key), after.get(key)
        blank = (Words(""),) * len(heads)
        state = "added" if one is None else "removed" if other is None else "same" if one == other else "changed"
        pairs = tuple(CellPair(p, q, p != q) for p, q in zip(one or blank, other or blank, strict=True))
        found.append((state, pairs))
    return TablePair(heads, tuple(found))
