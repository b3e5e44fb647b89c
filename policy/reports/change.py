"""What changes from one rulebook to another, or from one date to the next, in words.

In: two models with their dates, and, where asked for, cases and journalled decisions that flip. Out: `ChangeReport`:
for each declaration what was in force before and what is after, on the date asked and from each later one. A version
that is laid over the law is set against the law. Absent: an end that is only the beginning of the next version; and
proof. Differences are those of the text as `plain` says it; what has been proved of the meaning is handed in as
`meaning`, and printed first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from attrs import evolve, frozen

from policy.answers import NO_WORDS, BilingualText
from policy.model import expressions as x, rules, types
from policy.model.values import show
from policy.reports.book.network import kind_of
from policy.reports.differences import Differences
from policy.reports.flips import Flip, JournalRun
from policy.reports.plain.clauses import Clause
from policy.reports.plain.frames import EnglishFrame
from policy.reports.plain.names import in_full
from policy.reports.plain.sentences import Sentences, Statement, ended

TITLE = BilingualText("Changes to the rulebook", "規則手冊變更說明")
Said = tuple[tuple[Statement, ...], ...]  # all that the old side says of a declaration, and the new
_LAST = 10**9
_HOUSE = ", laid over the law"
Difference = Literal["added", "removed", "tightened", "loosened", "changed"]
RowState = Literal["added", "removed", "changed", "moved", "same"]
_VERDICTS: dict[Difference, BilingualText] = {
    "added": BilingualText("added", "新增"),
    "removed": BilingualText("removed", "刪除"),
    "tightened": BilingualText("tightened", "收緊"),
    "loosened": BilingualText("loosened", "放寬"),
    "changed": BilingualText("changed", "更改"),
}


@frozen
class Side:
    """A rulebook as of a date."""

    name: str
    model: rules.Model
    on: int
    digest: str

    def holds(self, dated: Statement | rules.Dated) -> bool:
        return (dated.start or 0) <= self.on < (dated.end or _LAST)


@frozen
class ChangedPiece:
    """A rule, version, line or list that differs; one side is None where nothing of it was in force."""

    verdict: Difference
    verdict_words: BilingualText
    name: str
    before: tuple[Clause, Clause] | None  # English and Chinese
    after: tuple[Clause, Clause] | None
    per: tuple[str, ...]


@frozen
class CellPair:
    """A cell on either side."""

    before: BilingualText
    after: BilingualText
    differs: bool


@frozen
class TablePair:
    """A table on both sides, a line for each row of either."""

    heads: tuple[BilingualText, ...]
    rows: tuple[tuple[RowState, tuple[CellPair, ...]], ...]


@frozen
class Stage:
    """What differs from a day on, until the next stage; `since` is empty for the date that is asked about."""

    since: str
    verdict: Difference
    pieces: tuple[ChangedPiece, ...]
    table: TablePair | None

    @property
    def differs(self) -> bool:
        return bool(self.pieces) or (self.table is not None and any(state != "same" for state, _ in self.table.rows))


@frozen
class ChangedDeclaration:
    """A declaration that differs."""

    id: str
    kind: str
    title: BilingualText
    verdict: Difference
    verdict_words: BilingualText
    stages: tuple[Stage, ...]


@frozen
class ChangeReport:
    """The whole."""

    old: tuple[str, str, str]  # name, date, digest
    new: tuple[str, str, str]
    meaning: Differences | None  # None where nothing was to be proved
    counts: tuple[tuple[BilingualText, str, int], ...]
    changed: tuple[ChangedDeclaration, ...]
    cases: tuple[Flip, ...] | None  # None: not comparable, or not asked for
    run: JournalRun | None  # of a journal's commands, where one was given


def changed_between(old: Side, new: Side) -> tuple[ChangedDeclaration, ...]:
    """Every declaration that says something else on the other side."""
    ids = dict.fromkeys((*old.model.declared, *new.model.declared))
    found = (_declaration(old, new, id) for id in ids)
    return tuple(c for c in found if c is not None)


def change_of(
    old: Side,
    new: Side,
    cases: tuple[Flip, ...] | None = None,
    run: JournalRun | None = None,
    meaning: Differences | None = None,
) -> ChangeReport:
    """The rows of the report; `meaning` is what has been proved to differ, if anything was to be."""
    changed = changed_between(old, new)
    verdicts = [c.verdict for c in changed]
    return ChangeReport(
        (old.name, show(old.on, types.DATE), old.digest),
        (new.name, show(new.on, types.DATE), new.digest),
        meaning,
        tuple((words, verdict, verdicts.count(verdict)) for verdict, words in _VERDICTS.items()),
        changed,
        cases,
        run,
    )


def _declaration(old: Side, new: Side, id: str) -> ChangedDeclaration | None:
    a, b = old.model.declared.get(id), new.model.declared.get(id)
    said = tuple(Sentences(side.model).of(d) if d is not None else () for side, d in ((old, a), (new, b)))
    stages: list[Stage] = []
    last: Stage | None = None
    for day in _days(old, new, said):
        one, other = (old, new) if day is None else (evolve(old, on=day), evolve(new, on=day))
        stage = _stage(one, other, a, b, said)
        if last is None or (stage.pieces, stage.table) != (last.pieces, last.table):
            since = "" if day is None else show(day, types.DATE)
            stages += [evolve(stage, since=since)] if stage.differs else []
        last = stage
    if not stages:
        return None
    d = b or a
    assert d is not None
    verdict = stages[0].verdict
    return ChangedDeclaration(id, kind_of(d), in_full(d.title, d.name), verdict, _VERDICTS[verdict], tuple(stages))


def _days(old: Side, new: Side, said: Said) -> list[int | None]:
    """The date asked about, and, where both sides have the same, each later one on which something begins or ends."""
    days = {day for side in said for s in side for day in (s.start, s.end) if day is not None and day > old.on}
    return [None, *(sorted(days) if old.on == new.on else ())]


def _stage(old: Side, new: Side, a: rules.Declared | None, b: rules.Declared | None, said: Said) -> Stage:
    """What differs as of the dates of the two sides."""
    before, after = _in_force(old, said[0]), _in_force(new, said[1])
    pieces = tuple(_pieces(a or b, before, after))
    verdict = _verdict_of(old, new, a, b, [p.verdict for p in pieces], bool(before), bool(after))
    if isinstance(a, rules.Table) and isinstance(b, rules.Table):
        return Stage("", verdict, (), _tables(old, new, a, b))
    return Stage("", verdict, pieces, None)


def _in_force(side: Side, said: tuple[Statement, ...]) -> dict[str, Statement]:
    """What is in force, by name; what is laid over the law by a name of its own, and several of one name numbered."""
    found: dict[str, Statement] = {}
    for s in filter(side.holds, said):
        whole = f"{s.name}{_HOUSE}" if s.house and s.kind == "version" else s.name
        name, n = whole, 1
        while name in found:
            n += 1
            name = f"{whole} {n}"
        found[name] = s
    return found


def _pieces(
    d: rules.Declared | None, before: dict[str, Statement], after: dict[str, Statement]
) -> Iterable[ChangedPiece]:
    for name in dict.fromkeys((*before, *after)):
        a, b = before.get(name), after.get(name)
        if a is not None and b is not None and _same(a, b):
            continue
        verdict: Difference = "added" if a is None else "removed" if b is None else "changed"
        if isinstance(d, rules.Decision) and verdict != "changed":
            deny = "deny" in {s.effect for s in (a, b) if s}
            verdict = "tightened" if deny is (verdict == "added") else "loosened"
        elif verdict == "added" and b is not None and b.house:
            verdict = "tightened"  # of the law's and the house's, the stricter wins
        law = name.partition(_HOUSE)[0]
        a = a or (before.get(law) if law != name else None)  # what counted before the house laid its own over it
        cited = tuple(dict.fromkeys(c.provision for s in (a, b) if s for c in s.citations))
        yield ChangedPiece(
            verdict, _VERDICTS[verdict], law, (a.en, a.zh) if a else None, (b.en, b.zh) if b else None, cited
        )


def _same(a: Statement, b: Statement) -> bool:
    """Whether both say the same from the same day; that another version will follow is no difference of this one."""
    if a.kind == "otherwise":  # its words say "in any other case" once there is another
        return (a.tells, a.effect, a.citations) == (b.tells, b.effect, b.citations)
    if a.kind not in ("version", "members"):
        return (a.en, a.tells, a.effect) == (b.en, b.tells, b.effect)
    return a.start == b.start and _without_period(a) == _without_period(b)


def _without_period(s: Statement) -> Clause:
    lead = s.en.lead[len(EnglishFrame().period(s.start, s.end)) :]
    return evolve(s.en, lead=lead[:1].upper() + lead[1:])


def _verdict_of(
    old: Side,
    new: Side,
    a: rules.Declared | None,
    b: rules.Declared | None,
    pieces: list[Difference],
    was: bool,
    now: bool,
) -> Difference:
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


def _number(side: Side, d: rules.Parameter | rules.Value) -> int | None:
    """The constant that is in force, at the declared scale; None where it is no constant."""
    held = [v for versions in (d.versions, *d.tightened) for v in ended(versions) if side.holds(v)]
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
        rows: dict[tuple[BilingualText, ...], tuple[BilingualText, ...]] = {}
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
    places = [
        {key: n for n, key in enumerate(k for k in one if k in other)}
        for one, other in ((before, after), (after, before))
    ]
    found: list[tuple[RowState, tuple[CellPair, ...]]] = []
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key), after.get(key)
        blank = (NO_WORDS,) * len(heads)
        state: RowState = (
            "added" if was is None else "removed" if now is None else "changed" if was != now else "same"
        )
        if state == "same" and places[0][key] != places[1][key]:
            state = "moved"
        pairs = tuple(CellPair(p, q, p != q) for p, q in zip(was or blank, now or blank, strict=True))
        found.append((state, pairs))
    return TablePair(heads, tuple(found))
