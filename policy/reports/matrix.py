"""The control matrix: each provision with the rules that control it, their tests, the last result and the evidence.

In: the rows of the traceability report. Out: `Matrix`, and its text as CSV. Absent: counting; it was done there.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from attrs import frozen

from policy.answers import BilingualText
from policy.reports.traceability import Traceability, TracedProvision
from policy.spreadsheets import cell

TITLE = BilingualText("Control matrix", "監控矩陣")
_HEADS = ("provision", "paraphrase", "paraphrase_zh", "source_status", "pillar", "measure", "control", "of", "place")
_MORE = ("tests", "result", "decisions", "first_records", "reason_not_encoded")
HOLDS = BilingualText("holds", "通過")
FAILS = BilingualText("fails", "未通過")
_UNTESTED = BilingualText("not tested", "未經測試")
_ORDERS = BilingualText("no result of its own", "無獨立結果")


@frozen
class Control:
    """A rule, row or version that controls a provision; `result` is that of its tests, run for this document."""

    what: BilingualText
    of: BilingualText
    place: str
    anchor: str
    tests: int
    result: BilingualText
    mark: str


@frozen
class MatrixRow:
    """A provision with its controls; without any, why."""

    row: TracedProvision
    controls: tuple[Control, ...]


@frozen
class Matrix:
    """The whole."""

    rows: tuple[MatrixRow, ...]
    decisions: int | None


def matrix_of(t: Traceability) -> Matrix:
    """The matrix of a traceability report, provision by provision in the order of their names."""
    rows = sorted((row for source in t.sources for row in source.rows), key=lambda r: r.provision)
    return Matrix(tuple(MatrixRow(r, tuple(_controls(r))) for r in rows), t.decisions)


def _controls(row: TracedProvision) -> list[Control]:
    found = []
    for p in row.pieces:
        result, mark = (FAILS, "refuse") if p.failed else (HOLDS, "accept") if p.tests else (_UNTESTED, "refuse")
        if not p.can_speak:
            result, mark = _ORDERS, ""
        found.append(Control(p.what, p.of, p.place, p.anchor, p.tests, result, mark))
    return found


def lines_of(matrix: Matrix) -> Iterator[tuple[TracedProvision, tuple[BilingualText | str, ...]]]:
    """The provision with each control in turn: what it is, of what, its place, tests and result; or what it lacks."""
    for m in matrix.rows:
        for c in m.controls:
            yield m.row, (c.what, c.of, c.place, str(c.tests), c.result)
        if not m.controls:
            yield m.row, ("", "", "", "0", m.row.state_words)


def csv_of(matrix: Matrix) -> bytes:
    """A line for each control, and one for each provision without; UTF-8 with the mark that spreadsheets look for."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*_HEADS, *_MORE))
    for r, line in lines_of(matrix):
        head = (r.provision, r.text.en, r.text.zh, r.status, r.pillar.en, r.measure.en)
        tail = (str(r.relied), " ".join(map(str, r.first)), r.excused.en)
        own = (text if isinstance(text, str) else text.en for text in line)
        writer.writerow([cell(text) for text in (*head, *own, *tail)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()
