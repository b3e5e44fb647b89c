"""A workbook brought back into the rules that it came of: the rules as they would be, or everything that is refused.

In: a workbook, and a checked rulebook. Out: an `ImportResult`: the changes, the texts with them made, checked, and
findings of cells. Out of a folder: `write`, which replaces all files or none. Absent: what the changes mean, which
`policy.verify` compares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import assert_never

from attrs import evolve, frozen

from policy import files
from policy.diagnostics import Diagnostic
from policy.pipeline import Checked, RulesFile, check
from policy.workbooks.changes import Added, Change, ChangedCell, Removed, changes_of
from policy.workbooks.edits import Edited, edited, in_shape
from policy.workbooks.from_xlsx import LARGEST, RawBook, read
from policy.workbooks.sheets import sheets_of


@frozen
class ImportResult:
    """`after` is the rulebook with the changes made, where nothing is refused; `warnings` are its new ones."""

    digest: str  # of the rulebook that was exported
    changes: tuple[Change, ...]
    before: Checked
    after: Checked
    findings: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...]

    @property
    def changed(self) -> list[tuple[RulesFile, RulesFile]]:
        """The files that change, as they are and as they would be."""
        pairs = zip(self.before.texts, self.after.texts, strict=True)
        return [(old, new) for old, new in pairs if old.data != new.data]

    @property
    def overlays(self) -> list[str]:
        """What to compare under: the rules themselves where they change, and each overlay that does."""
        amends = {r.name: r.amends for r in self.before.model.rulesets.values()}
        touched = dict.fromkeys(c.sheet.ruleset for c in self.changes)
        found = ["" for r in touched if not amends.get(r)]
        return list(dict.fromkeys([*found, *(r for r in touched if amends.get(r))]))


def imported(data: bytes, name: str, checked: Checked) -> ImportResult:
    """What a workbook makes of the rules. Raises PolicyError where it is no workbook of rules."""
    return imported_from(read(data, name), name, checked)


def imported_from(book: RawBook, name: str, checked: Checked) -> ImportResult:
    """What sheets make of the rules."""
    found = changes_of(book, name, sheets_of(checked))
    made = edited(checked.texts, found.changes)
    after = check(made.texts) if found.changes else checked
    fresh = _fresh(checked.diagnostics, after.diagnostics)
    told = [_placed(d, made) for d in fresh]
    at_cells = [new for old, new in zip(fresh, told, strict=True) if old.is_error and new is not old]
    errors = at_cells if found.findings else [d for d in told if d.is_error]
    warnings = tuple(d for d in told if not d.is_error)
    findings = tuple(dict.fromkeys((*found.findings, *errors)))
    if not findings and found.changes:
        after = check(in_shape(checked.texts, made))
    return ImportResult(found.digest, found.changes, checked, after, findings, warnings)


def read_workbook(path: str) -> bytes:
    """The bytes of a workbook. Raises OSError, and PolicyError if it is no plain file or too large."""
    return files.read(path, LARGEST)


def _fresh(before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings that were not there before, wherever they stand now."""
    known = Counter((d.code, d.message) for d in before)
    fresh = []
    for d in after:
        if known[d.code, d.message]:
            known[d.code, d.message] -= 1
        else:
            fresh.append(d)
    return fresh


def _placed(d: Diagnostic, made: Edited) -> Diagnostic:
    """A finding at the cell that its place came of."""
    place = made.place(d.span) if d.span else ""
    return evolve(d, message=f"`{place}`: {d.message}", span=None, related=()) if place else d


def told(change: Change) -> str:
    """A change in a line."""
    match change:
        case ChangedCell(sheet=sheet, line=line, column=column, text=text, place=place):
            head, old = sheet.columns[column], line.texts[column]
            where = f"{place}  {head.name}"
            if head.role in ("is", "add", "remove") and old and text:
                return f"{where}: {_members(old.split(', '), text.split(', '))}"
            return f"{where}: {old or 'nothing'} becomes {text or 'nothing'}"
        case Added(texts=texts, place=place):
            return f"{place}  new row: {' | '.join(texts)}"
        case Removed(line=line, place=place):
            return f"{place}  removed: {' | '.join(line.texts)}"
        case _:
            assert_never(change)


def _members(old: list[str], new: list[str]) -> str:
    gone = [f"without {m}" for m in old if m not in new]
    return ", ".join([*gone, *(f"with {m}" for m in new if m not in old)]) or "in another order"


def write(made: ImportResult) -> list[str]:
    """Replaces the files that change, and returns their names. Raises PolicyError if one has changed meanwhile."""
    files.rewrite((old.name, old.data, new.data) for old, new in made.changed)
    return [old.name for old, _ in made.changed]
