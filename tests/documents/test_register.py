"""The register of exceptions and findings: every wrong row is told with its line; what is right is a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.diagnostics import PolicyError
from policy.documents.registers import register
from policy.reports.register import RegisterEntry, register_of

HEAD = "id,kind,provision,finding,owner,due,status,response\n"
PROVISIONS = {"SLC/retail_opt_in": None, "VATP/9.7": None}


def read(folder: Path, text: str) -> tuple[RegisterEntry, ...]:
    (folder / "register.csv").write_text(text, encoding="utf-8")
    return register(folder / "register.csv", PROVISIONS)


def mistakes(folder: Path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(PolicyError) as refused:
        read(folder, text)
    return [(d.span.line if d.span else 0, f"{d.message}; {d.help}") for d in refused.value.diagnostics]


def test_rows_are_read_and_what_is_overdue_comes_first(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        HEAD
        + 'A,finding,VATP/9.7,"two\nlines",Risk,2026-09-30,open,\n'
        + "B,exception,,=1+1,Operations,2026-06-01,,noted\n\nC,finding,,<b>,Risk,2026-01-01,closed,done\n",
    )
    found = register_of(rows, "2026-06-18")
    assert [(r.entry.id, r.overdue) for r in found.rows] == [("B", True), ("A", False), ("C", False)]
    assert (found.open, found.overdue, found.closed) == (2, 1, 1)
    assert rows[1].finding == "=1+1"


def test_every_wrong_row_is_told_with_its_line(tmp_path: Path) -> None:
    text = HEAD + (
        "A,finding,VATP/9.8,text,Risk,2026-09-30,open,\n"
        "A,finding,,text,Risk,30 September,open,\n"
        "B,findng,,text,,2026-09-30,opn,\n"
        "C,finding,,text\n"
        "D,finding,,te\u202ext,Risk,2026-09-30,open,\n"
    )
    assert mistakes(tmp_path, text) == [
        (2, "the rulebook has no provision `VATP/9.8`; "),
        (3, "`30 September` is not a date; write year, month and day, as 2026-11-27"),
        (3, "`A` is the id of line 2 too; "),
        (4, "`findng` is no kind; did you mean `finding`?"),
        (4, "`opn` is no status; did you mean `open`?"),
        (4, "`owner` is empty; "),
        (5, "the row has 4 cells, and there are 8 columns; "),
        (6, "`finding` has a character that cannot be seen, U+202E; "),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,kind,findng,owner,due\n", "there is no column `findng`; did you mean `finding`?"),
        ("id,kind,finding,owner\n", "the column `due` is missing"),
        ("id,id,kind,finding,owner,due\n", "a column is there twice"),
        ("", "the column `id` is missing"),
        (HEAD + 'A,finding,,"never ended', "this is not CSV"),
        (HEAD + f"A,finding,,{'x' * 10_000},Risk,2026-09-30,open,\n", "10,000 characters; 2,000 is the most"),
    ],
)
def test_a_file_that_is_no_register_is_refused(text: str, told: str, tmp_path: Path) -> None:
    assert any(told in message for _, message in mistakes(tmp_path, text))
