"""Cells at the edges of what a column can hold: a row is answered as it stands, or refused; no other row suffers."""

from __future__ import annotations

import json
import struct
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import optional

pl = optional.columns()
pa = optional.library("pyarrow", "columns")
parquet = optional.library("pyarrow.parquet", "columns")
ipc = optional.library("pyarrow.ipc", "columns")

from cases_of_rules import HEAD, rulebook  # noqa: E402
from policy.cli import main  # noqa: E402
from policy.pipeline import Rulebook, RulesFile  # noqa: E402
from tables import rows_of  # noqa: E402

RULES = (
    HEAD
    + """
enum Class { stock "stock" zh "股票", token "token" zh "代幣" }
record Leg { size: integer when_at: instant }
record Order { worth: money(HKD) sent: instant day: date kind: Class held: boolean name: text leg: Leg
  spare: optional Leg note: optional integer legs: list of Leg sizes: list of integer }
value worth(order: Order) -> money(HKD) = order.worth per LAW/1
value sent(order: Order) -> instant = order.sent per LAW/1
value day(order: Order) -> date = order.day per LAW/1
value leg_at(order: Order) -> instant = order.leg.when_at per LAW/1
value last(order: Order) -> instant
  = (the (l for l in order.legs where l.size >= 0)).when_at per LAW/1
value total(order: Order) -> integer = sum(n for n in order.sizes) per LAW/1
value both(order: Order) -> boolean = order.note is absent and order.spare is absent per LAW/1
value any_of(order: Order) -> boolean
  = order.held and order.kind is token and order.name is "x" and count(l for l in order.legs) > 1 per LAW/1
"""
)
NOW = 1_770_000_000
BEYOND = {"ms": (2**63 - 1, -(2**63), 2**64 // 1_000 + 1, 253_402_300_800_000), "us": (2**63 - 1, -(2**63))}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return rulebook([RulesFile("t.policy", RULES.encode())], "2026-03-01")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.policy").write_text(RULES, encoding="utf-8")


def asked(book: Rulebook, question: str, table: Any, scaled: bool = False) -> list[tuple[str, Any]]:
    """Outcomes and values, by the plan and by a kernel's."""
    answers = book.columns(question, table.schema, scaled=scaled).answers(table)
    return [(row["outcome"], row["value"]) for row in rows_of(answers.table)]


def moments(unit: str, *of: int) -> Any:
    bits = pa.py_buffer(struct.pack(f"<{len(of)}q", *of))
    return pa.Array.from_buffers(pa.timestamp(unit, tz="UTC"), len(of), [None, bits])


def decide(question: str, facts: str, *more: str) -> Result:
    words = ["decide", question, "--rules", "t.policy", "--facts", facts, "--out", "o.jsonl", *more]
    return CliRunner().invoke(main, words if "--on-column" in more else [*words, "--on", "2026-03-01"])


def written() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("o.jsonl").read_text().splitlines()]


def outcomes() -> list[str]:
    return [row["outcome"] for row in written()]


# ── days and moments ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("unit", ["ms", "us"])
def test_a_moment_that_no_calendar_has_refuses_its_row_alone(book: Rulebook, unit: str) -> None:
    now = NOW * {"ms": 1_000, "us": 1_000_000}[unit]
    for beyond in BEYOND[unit]:
        column = moments(unit, now, beyond)
        refused = [("value", NOW * 10**6), ("refused", None)]
        assert asked(book, "sent", pl.DataFrame(pa.table({"sent": column}))) == refused
        legs = pa.StructArray.from_arrays([pa.array([1, 2]), column], ["size", "when_at"])
        assert asked(book, "leg_at", pl.DataFrame(pa.table({"leg": legs}))) == refused
        lists = pa.ListArray.from_arrays(pa.array([0, 1, 2]), legs)
        assert asked(book, "last", pl.DataFrame(pa.table({"legs": lists}))) == refused
        parquet.write_table(pa.table({"sent": column}), "f.parquet")
        assert decide("sent", "f.parquet").exit_code == 2
        assert outcomes() == ["value", "refused"]


def test_a_day_that_no_calendar_has_refuses_its_row_alone(book: Rulebook) -> None:
    days = pl.Series("day", [0, 2**31 - 1, -(2**31), -719_163], pl.Int32).cast(pl.Date)
    told = asked(book, "day", days.to_frame())
    assert told == [("value", date(1970, 1, 1).toordinal()), *[("refused", None)] * 3]


def test_a_moment_finer_than_a_fact_is_not_rounded(book: Rulebook) -> None:
    column = moments("ns", NOW * 10**9, NOW * 10**9 + 1, 2**63 - 1)
    assert asked(book, "sent", pl.DataFrame(pa.table({"sent": column}))) == [
        ("value", NOW * 10**6),
        ("refused", None),
        ("refused", None),
    ]


def test_seconds_that_do_not_fit_into_milliseconds_are_no_other_moment() -> None:
    for beyond, code in ((2**63 - 1, 2), (NOW, 0)):
        columns = pa.table({"sent": moments("s", NOW, beyond)})
        with ipc.new_file("f.arrow", columns.schema) as writer:
            writer.write_table(columns)
        result = decide("sent", "f.arrow")
        assert result.exit_code == code, result.output
        assert ("`sent`: Casting from timestamp[s, tz=UTC]" in result.stderr) == (code == 2)
    assert {row["value"] for row in written()} == {"2026-02-02T02:40:00+00:00"}


DAYS = ["2026-03-01", "20260301", "2026-3-1", " 2026-03-01", "+2026-03-01", "2026-W09-7", "2026-02-30", ""]


def test_the_date_of_a_row_is_read_as_strictly_as_a_fact() -> None:
    Path("f.csv").write_text("\n".join(["on,worth", *(f"{day},1" for day in DAYS)]) + "\n")
    lines = [{"on": day, "worth": "1"} for day in DAYS]
    Path("f.jsonl").write_text("\n".join(map(json.dumps, [*lines, {"on": None}, {"on": 20260301}])) + "\n")
    for name, count in (("f.csv", len(DAYS)), ("f.jsonl", len(DAYS) + 2)):
        decide("worth", name, "--on-column", "on")
        assert outcomes() == ["value", *["refused"] * (count - 1)], name


def test_a_date_that_no_calendar_has_is_no_date_of_a_row() -> None:
    days = pl.Series("on", [20_000, 2**31 - 1], pl.Int32).cast(pl.Date)
    run = _on_column(pl.DataFrame([days, pl.Series("worth", ["1", "1"])]))
    assert run["outcome"].to_list() == ["value", "refused"]


def _on_column(table: Any) -> Any:
    from policy.batch.dates import TableQuestion, evaluator_of
    from policy.ir.from_model import program_of
    from policy.pipeline import check

    undated = program_of(check([RulesFile("t.policy", RULES.encode())]).model, "t", "")
    return evaluator_of(undated, TableQuestion(question="worth", dates="on"), table.schema).answers(table).table


# ── numbers, lists, and columns of nothing ──────────────────────────────────────────────────


@pytest.mark.parametrize("scaled", [False, True])
def test_the_least_and_greatest_of_128_bits_are_no_numbers(book: Rulebook, scaled: bool) -> None:
    for least, of in ((-(2**127), pl.Int128), (2**127 - 1, pl.Int128), (2**128 - 1, pl.UInt128)):
        told = asked(book, "worth", pl.DataFrame({"worth": pl.Series([7, least], dtype=of)}), scaled)
        assert told == [("value", 7 if scaled else 700), ("refused", None)]


def test_lists_of_one_length_are_lists(book: Rulebook) -> None:
    fixed = pa.FixedSizeListArray.from_arrays(pa.array([1, 2, 3, 4, 5, None]), 2, mask=pa.array([False, True, False]))
    told = asked(book, "total", pl.DataFrame(pa.table({"sizes": fixed})))
    assert told == [("value", 3), ("undecided", None), ("undecided", None)]


@pytest.mark.parametrize("question", ["worth", "sent", "day", "leg_at", "last", "total", "any_of"])
def test_a_column_without_a_value_says_that_nobody_knows(book: Rulebook, question: str) -> None:
    """It has no type: an engine gives it one when a cell has a value."""
    names = ("worth", "sent", "day", "kind", "held", "name", "leg", "legs", "sizes")
    nothing = pl.DataFrame({name: pl.Series([None, None]) for name in names})
    assert asked(book, question, nothing) == [("undecided", None)] * 2
    parquet.write_table(nothing.to_arrow(), "f.parquet")
    assert decide(question, "f.parquet").exit_code == 3


def test_a_column_without_a_value_says_that_an_optional_fact_is_absent(book: Rulebook) -> None:
    nothing = pl.DataFrame({name: pl.Series([None, None]) for name in ("note", "spare")})
    assert asked(book, "both", nothing) == [("value", True)] * 2


# ── columns that are kept ───────────────────────────────────────────────────────────────────


def test_what_lines_keep_is_what_they_say() -> None:
    said = [None, True, "a", 1.50, {"a": [None]}]
    Path("f.jsonl").write_text("\n".join(json.dumps({"id": id, "worth": "1"}) for id in said) + '\n{"worth": "1"}\n')
    decide("worth", "f.jsonl", "--keep", "id")
    assert [row["id"] for row in written()] == [None, "true", "a", "1.5", '{"a": [null]}', None]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_is_kept_stands_once_beside_the_answers(kind: str) -> None:
    Path("f.csv").write_text("worth,id,value,row,outcome,rulebook\n1,a,b,c,d,e\n")
    Path("f.jsonl").write_text('{"worth": "1", "id": "a"}\n')
    keep = ("--keep", "id", "--keep", "id")
    names = ("row", "value", "outcome", "rulebook")
    for name in names:
        result = decide("worth", f"f.{kind}", *(word for n in (name, *names, "id") for word in ("--keep", n)))
        assert result.exit_code == 2
        assert f"`{name}` cannot be kept: a column of the answers is called so" in result.stderr
    Path("f.csv").write_text("worth,id\n1,a\n")
    assert decide("worth", f"f.{kind}", *keep).exit_code == 0
    assert [(row["row"], row["id"], row["value"]) for row in written()] == [(1, "a", "1.00")]
