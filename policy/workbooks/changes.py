"""What was changed in a workbook, against the rules as they are now: row by row, three ways.

In: a workbook, and the sheets of the rules. Out: changes to make, each with the cell that asks for it; and findings,
all at once: cells that are refused, and rows that were changed on both sides. The base of the comparison is the
hidden sheet `base`, which has every text as it was exported. Absent: the text of the rules, and whether it is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from attrs import define, field, frozen

from policy.diagnostics import Diagnostic, PolicyError, did_you_mean
from policy.workbooks.cells import Refusal, refused, refused_version, text_of
from policy.workbooks.from_xlsx import RawBook, RawSheet
from policy.workbooks.sheets import HEAD, Sheet, SheetLine
from policy.workbooks.to_xlsx import BASE, FORMAT, OWN, digest_of

Grid = list[list[str]]


@frozen
class ChangedCell:
    """A cell of a line of the rules that is to say something else."""

    sheet: Sheet
    line: SheetLine
    column: int
    text: str
    place: str


@frozen
class Added:
    """A line that is new, behind another or, where there is none, before all."""

    sheet: Sheet
    after: SheetLine | None
    texts: tuple[str, ...]
    places: tuple[str, ...]
    place: str


@frozen
class Removed:
    sheet: Sheet
    line: SheetLine
    place: str


Change = ChangedCell | Added | Removed


@frozen
class Changes:
    """`digest` is that of the rulebook that was exported."""

    digest: str
    changes: tuple[Change, ...]
    findings: tuple[Diagnostic, ...]


@frozen
class _Row:
    """A row of a workbook: its number, if it came of the rules, and its texts in the order of the columns."""

    number: int
    texts: tuple[str | None, ...]  # None for a cell that is refused
    places: tuple[str, ...]
    place: str


def changes_of(book: RawBook, name: str, sheets: Sequence[Sheet]) -> Changes:
    """What the workbook changes. Raises PolicyError where it is no workbook of rules."""
    digest, base = _base(book, name)
    reader = _Reader(book, {s.identity: s for s in sheets})
    present = {s.name: s for s in book.sheets}
    for title, grid in base.items():
        if title in present:
            reader.read(present[title], grid)
        else:
            help = did_you_mean(title, set(present) - set(base) - set(OWN))
            reader.refuse(
                "workbook", f"the sheet `{title}` is missing", help or "put it back, or export the rules again"
            )
    for title in present:
        if title not in base and title not in OWN and present[title].cells:
            help = "delete it; a new table is begun with `policy tables new`"
            reader.refuse("workbook", f"the sheet `{title}` is not one that was exported", help)
    return Changes(digest, tuple(reader.changes), tuple(reader.findings))


def _base(book: RawBook, name: str) -> tuple[str, dict[str, Grid]]:
    """The digest of the rulebook exported, and the texts of each sheet."""
    found = next((s for s in book.sheets if s.name == BASE), None)
    lines = _texts(found) if found else []
    if not lines or lines[0][0] != FORMAT:
        what = f"`{name}` has no sheet `{BASE}` of `policy tables export`"
        raise PolicyError.of("workbook", what, "export the rules and copy the changes over")
    if digest_of(lines[1:]) != lines[0][2]:
        what = f"the sheet `{BASE}` of `{name}` was changed: what was exported is not known any more"
        raise PolicyError.of("workbook", what, "export the rules again and copy the changes over")
    grids: dict[str, Grid] = {}
    for title, *texts in lines[1:]:
        grids.setdefault(title, []).append(texts)
    for grid in grids.values():
        wide = max(map(len, grid))
        grid[:] = [[*line, *[""] * (wide - len(line))] for line in grid]
    return lines[0][1], grids


def _texts(sheet: RawSheet) -> Grid:
    rows: dict[int, dict[int, str]] = {}
    for (row, column), cell in sheet.cells.items():
        rows.setdefault(row, {})[column] = cell.text
    height = max(rows, default=-1) + 1
    return [[rows.get(r, {}).get(c, "") for c in range(max(rows.get(r, {0: ""})) + 1)] for r in range(height)]


@define
class _Reader:
    book: RawBook
    current: Mapping[tuple[str, str], Sheet]
    changes: list[Change] = field(factory=list)
    findings: list[Diagnostic] = field(factory=list)

    def refuse(self, code: str, message: str, help: str) -> None:
        self.findings.append(Diagnostic(code, message, None, help))

    def cell(self, where: str, refusal: Refusal) -> None:
        self.refuse("workbook-cell", f"`{where}` {refusal.why}", refusal.help)

    def read(self, raw: RawSheet, base: Grid) -> None:
        """Compares one sheet."""
        identity = (base[0][0], base[0][1])
        sheet = self.current.get(identity)
        before = len(self.findings)
        columns = self._columns(raw, base)
        if raw.is_hidden:
            self.refuse(
                "workbook", f"the sheet `{raw.name}` is hidden", "show it, so that what is imported can be seen"
            )
        if columns is None:
            return
        heads = base[HEAD - 1]
        if sheet is None:
            if self._differs(raw, base, columns):
                what = f"the rules have no `{base[0][0]} {base[0][1]}` any more"
                self.refuse("workbook-conflict", f"`{raw.name}` was changed, and {what}", "export the rules again")
            return
        if [c.name for c in sheet.columns] != heads[1:-1] or [c.told for c in sheet.columns] != base[HEAD - 2][1:-1]:
            if self._differs(raw, base, columns):
                what = f"`{raw.name}` was changed, and so were meanwhile the columns of the rules"
                self.refuse("workbook-conflict", what, "export the rules again and copy the changes over")
            return
        rows = list(self._rows(raw, base, columns, sheet))
        self._order(raw, rows, sheet)
        _Merge(self, raw, base, sheet, len(self.findings) == before).merge(rows)

    def _columns(self, raw: RawSheet, base: Grid) -> list[int] | None:
        """Where each column of the base stands now; None, with a finding, where one is not there."""
        for at in range(HEAD - 2):
            said = Counter(c.text.strip() for (row, _), c in raw.cells.items() if row == at)
            meant = Counter(text for text in base[at] if text)
            if said != meant:
                odd = next(iter(said - meant), "nothing")
                told = next(iter(meant - said), "nothing")
                help = f"put `{told}` back; titles and types are changed in the rules"
                where = next(
                    (c for (r, c), cell in sorted(raw.cells.items()) if r == at and cell.text.strip() == odd), None
                )
                self.refuse("workbook-cell", f"`{raw.place(at, where)}` says `{odd}`, and is locked", help)
        heads = {c: cell.text.strip() for (row, c), cell in sorted(raw.cells.items()) if row == HEAD - 1}
        wanted = base[HEAD - 1]
        found: list[int] = []
        for head in wanted:
            same = [c for c, text in heads.items() if text == head]
            if len(same) == 1:
                found += same
            elif same:
                self.refuse(
                    "workbook-cell",
                    f"`{raw.place(HEAD - 1, same[1])}` is a second column `{head}`",
                    "delete one",
                )
        for c, text in heads.items():
            if text not in wanted:
                lost = [w for w in wanted if w not in heads.values()]
                help = f"put `{lost[0]}` back: columns are renamed in the rules" if lost else "delete the column"
                self.refuse(
                    "workbook-cell",
                    f"`{raw.place(HEAD - 1, c)}` says `{text}`, and there is no such column",
                    help,
                )
        if len(found) < len(wanted):
            for head in wanted:
                if head not in heads.values() and set(heads.values()) <= set(wanted):
                    help = "put it back, or export the rules again"
                    self.refuse("workbook-cell", f"`{raw.place(HEAD - 1)}` lacks the column `{head}`", help)
            return None
        for first, last in raw.hidden_columns:
            for c in range(first, min(last, raw.width - 1) + 1):
                if c in found:
                    help = "show it, so that what is imported can be seen"
                    self.refuse("workbook-cell", f"`{raw.place(HEAD - 1, c)}` is in a hidden column", help)
        for top, left, bottom, right in raw.merged:
            self.refuse(
                "workbook-cell",
                f"`{raw.place(top, left)}` is merged with `{raw.place(bottom, right).partition('!')[2]}`",
                "split the cells, and fill in each",
            )
        return found

    def _differs(self, raw: RawSheet, base: Grid, columns: Sequence[int]) -> bool:
        said = [[c.text if (c := raw.cells.get((r, at))) else "" for at in columns] for r in range(HEAD, raw.height)]
        return [line for line in said if any(line)] != [list(line) for line in base[HEAD:]]

    def _rows(self, raw: RawSheet, base: Grid, columns: Sequence[int], sheet: Sheet) -> Iterator[_Row]:
        """The rows below the heads that have anything in them."""
        filled: dict[int, set[int]] = {}
        for row, column in raw.cells:
            if row >= HEAD:
                filled.setdefault(row, set()).add(column)
        seen: set[int] = set()
        for row in sorted(filled):
            if row in raw.hidden_rows:
                self.refuse("workbook-cell", f"`{raw.place(row)}` is a hidden row", "show it, or delete it")
            for column in sorted(filled[row] - set(columns)):
                self.refuse("workbook-cell", f"`{raw.place(row, column)}` is under no head", "delete it")
            yield self._row(raw, base, columns, sheet, row, seen)

    def _row(self, raw: RawSheet, base: Grid, columns: Sequence[int], sheet: Sheet, row: int, seen: set[int]) -> _Row:
        at_number, *inner, at_comment = columns
        number = self._number(raw, row, at_number, len(base) - HEAD, seen)
        was = base[HEAD + number - 1] if number else None
        texts: list[str | None] = []
        for at, column, old in zip(inner, sheet.columns, was[1:-1] if was else [None] * len(inner), strict=True):
            stored = raw.cells.get((row, at))
            said: str | Refusal | None
            if stored is not None and stored.kind == "text" and stored.text == old:
                said = old
            else:
                said = text_of(stored, column, sheet.kind, self.book.from_1904)
                if isinstance(said, Refusal) and stored is None and old == "":
                    said = ""
                if isinstance(said, str) and said != old:
                    said = refused(said, column) or said
            if isinstance(said, Refusal):
                self.cell(raw.place(row, at), said)
                said = None
            texts.append(said)
        if sheet.kind == "set" and None not in texts:
            told = {c.role: t or "" for c, t in zip(sheet.columns, texts, strict=True)}
            if wrong := refused_version(told):
                self.cell(raw.place(row, inner[list(told).index(wrong[0])]), wrong[1])
                texts = [None] * len(texts)
        comment = raw.cells.get((row, at_comment))
        if (comment.text.strip() if comment else "") != (was[-1] if was else ""):
            self.cell(
                raw.place(row, at_comment),
                Refusal("is a comment, and locked", "comments are changed in the rules"),
            )
        return _Row(number, tuple(texts), tuple(raw.place(row, at) for at in inner), raw.place(row))

    def _number(self, raw: RawSheet, row: int, at: int, most: int, seen: set[int]) -> int:
        """The number of a row that came of the rules; 0 for a new one."""
        cell = raw.cells.get((row, at))
        text = cell.text.strip() if cell else ""
        if not text:
            return 0
        where = raw.place(row, at)
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
            self.cell(
                where,
                Refusal(f"says `{text[:20]}`, which is no row of those exported", "leave `row` empty in a new row"),
            )
            return 0
        if int(text) in seen:
            self.cell(where, Refusal(f"says `{text}`, like a row above", "leave `row` empty in a new row"))
            return 0
        seen.add(int(text))
        return int(text)

    def _order(self, raw: RawSheet, rows: Sequence[_Row], sheet: Sheet) -> None:
        """Where the first row that applies counts, the order of rows is their meaning."""
        numbers = [r.number for r in rows if r.number]
        if sheet.hit.startswith("first") and numbers != sorted(numbers):
            moved = next(
                r for r, n in zip([r for r in rows if r.number], sorted(numbers), strict=True) if r.number != n
            )
            help = "put the rows back in order; they are moved in the rules"
            self.refuse("workbook-cell", f"`{moved.place}` was moved, and the first row that applies counts", help)


@define
class _Merge:
    """One sheet three ways: as exported, as changed, and as the rules have it now."""

    reader: _Reader
    raw: RawSheet
    base: Grid
    sheet: Sheet
    is_whole: bool  # nothing of it was refused
    now: dict[int, SheetLine] = field(factory=dict)  # by the number of a row exported

    def merge(self, rows: Sequence[_Row]) -> None:
        exported = [tuple(line[1:-1]) for line in self.base[HEAD:]]
        self.now = _matched(exported, self.sheet)
        after: SheetLine | None = None
        for row in rows:
            line = self.now.get(row.number)
            if row.number:
                self._changed(row, exported[row.number - 1], line)
            else:
                self._added(row, after, exported)
            after = line or after
        self._removed({r.number for r in rows}, exported)

    def _changed(self, row: _Row, was: tuple[str, ...], line: SheetLine | None) -> None:
        for column, (text, old) in enumerate(zip(row.texts, was, strict=True)):
            if text is None or text == old:
                continue
            where = row.places[column]
            if line is None:
                self._conflict(f"`{where}` says `{text}`, and the row was removed or made another meanwhile")
            elif line.texts[column] == old:
                if line.cells[column].text and line.cells[column].span is None:
                    self.reader.cell(where, Refusal("has a comment inside in the rules", "change it there"))
                else:
                    self.reader.changes.append(ChangedCell(self.sheet, line, column, text, where))
            elif line.texts[column] != text:
                is_now = line.texts[column]
                self._conflict(f"`{where}` says `{text}` and was `{old}`, and the rules say `{is_now}` meanwhile")

    def _added(self, row: _Row, after: SheetLine | None, exported: Sequence[tuple[str, ...]]) -> None:
        if None in row.texts:
            return
        texts = tuple(t or "" for t in row.texts)
        known = {id(line) for line in self.now.values()}
        new = [line for line in self.sheet.lines if id(line) not in known]
        if any(line.texts == texts for line in new):
            return
        if any(_key(line.texts, self.sheet) == _key(texts, self.sheet) for line in new):
            self._conflict(f"`{row.place}` is new, and the rules have meanwhile another new row like it")
        elif not self.sheet.lines:
            what = f"`{row.place}` is new, and `{self.sheet.name}` is unset in the rules"
            self.reader.refuse(
                "workbook-cell", what, "an unset parameter is set in the rules, or adopted by an overlay"
            )
        else:
            self.reader.changes.append(Added(self.sheet, after, texts, row.places, row.place))

    def _removed(self, kept: set[int], exported: Sequence[tuple[str, ...]]) -> None:
        gone = [n for n in range(1, len(exported) + 1) if n not in kept]
        for number in gone:
            line = self.now.get(number)
            if line is not None and line.texts != exported[number - 1]:
                self._conflict(
                    f"row {number} of `{self.raw.name}` was removed, and the rules have changed it meanwhile"
                )
            elif line is not None:
                self.reader.changes.append(Removed(self.sheet, line, f"{self.raw.name}, row {number}"))
        if exported and len(gone) == len(exported):
            help = "keep at least one row; a whole declaration is removed in the rules"
            self.reader.refuse("workbook", f"every row of the sheet `{self.raw.name}` was removed", help)

    def _conflict(self, message: str) -> None:
        self.reader.refuse("workbook-conflict", message, "export the rules again and make the change there")


def _key(texts: Sequence[str | None], sheet: Sheet) -> tuple[str | None, ...]:
    """What tells a row from others: its conditions, or the day on which a version begins."""
    chosen = ("test", "from", "until") if sheet.kind == "table" else ("from",)
    return tuple(t for t, c in zip(texts, sheet.columns, strict=True) if c.role in chosen)


def _matched(exported: Sequence[tuple[str, ...]], sheet: Sheet) -> dict[int, SheetLine]:
    """The line of the rules that each row exported is now: the same one, or the only one left with its conditions."""
    now = [line.texts for line in sheet.lines]
    found: dict[int, SheetLine] = {}
    for a, b, size in SequenceMatcher(None, exported, now, autojunk=False).get_matching_blocks():
        found |= {a + n + 1: sheet.lines[b + n] for n in range(size)}
    taken = {id(line) for line in found.values()}
    left: dict[tuple[str | None, ...], list[SheetLine]] = {}
    for line in sheet.lines:
        if id(line) not in taken:
            left.setdefault(_key(line.texts, sheet), []).append(line)
    for number, row in enumerate(exported, 1):
        if number not in found and len(same := left.get(_key(row, sheet), [])) == 1:
            found[number] = same.pop()
    return found
