"""Scenarios and recorded prices as they are read: one stream by time, and every line that is wrong named."""

from __future__ import annotations

import gzip
import os
from itertools import pairwise
from pathlib import Path

import pytest
from attrs import frozen
from hypothesis import given, strategies as st

from policy.diagnostics import PolicyError, draw
from policy.model import types
from policy.model.types import Number
from policy.scenario.coverage import coverage
from policy.scenario.from_folder import ScenarioLine, scenario_in
from policy.scenario.prices import RecordedPrice, recorded_prices
from policy.source import Source
from policy.wire import Commands, command_json, facts as raw_facts, json_line, typed

SHARED = Path(__file__).parents[3] / "shared" / "data"


@frozen
class Quote:
    id: str
    at: int = typed(types.INSTANT)
    price: int = typed(Number("price:HKD", 2))
    firm: bool = True
    size: int | None = typed(types.OptionalOf(Number("quantity", 8)), None)
    tags: tuple[str, ...] = typed(types.ListOf(types.TEXT), ())
    facts: dict[str, object] = raw_facts()


COMMANDS = Commands.of(Quote)
MINUTE = 60 * 10**6
FIRST = 1_772_330_400_000_000  # 2026-03-01T10:00:00+08:00


def line(minute: int, id: str, **other: str) -> str:
    said = {"do": "quote", "id": id, "at": f"2026-03-01T10:{minute:02}:00+08:00", "price": "12.30 HKD", **other}
    return json_line(said) + "\n"


def steps(folder: Path) -> list[ScenarioLine]:
    return list(scenario_in(folder).stream(COMMANDS))


def test_files_are_merged_by_time_and_the_stage_comes_first(tmp_path: Path) -> None:
    (tmp_path / "participants.jsonl").write_text(line(9, "p"))
    (tmp_path / "market.jsonl").write_text(line(8, "m"))
    (tmp_path / "orders.jsonl").write_text(line(1, "o1") + "\n" + line(3, "o3"))
    (tmp_path / "prices.csv").write_text(
        "do,id,at,price,firm,size\nquote,p1,2026-03-01T10:01:00+08:00,1.5,false,\n"
        "quote,p2,2026-03-01T10:02:00+08:00,2,true,0.5\n"
    )
    (tmp_path / "notes.txt").write_text("not read")
    scenario = scenario_in(tmp_path)
    assert [s.command.id for s in scenario.setting(COMMANDS)] == ["m", "p"]
    found = list(scenario.stream(COMMANDS))
    assert [(s.file, s.line, s.command.id) for s in found] == [
        ("orders.jsonl", 1, "o1"),
        ("prices.csv", 2, "p1"),
        ("prices.csv", 3, "p2"),
        ("orders.jsonl", 3, "o3"),
    ]
    assert found[1].command == Quote("p1", FIRST + MINUTE, 150, firm=False)
    assert found[2].command == Quote("p2", FIRST + 2 * MINUTE, 200, size=50_000_000)


def test_a_line_that_is_wrong_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "market.jsonl").write_text("")
    good, late, early = line(1, "a"), line(5, "b"), line(4, "c")
    lines = [good, "{\n", '{"do": "qote"}\n', late, early, line(6, "d", price="1.234 HKD"), line(7, "e")[:40]]
    (tmp_path / "orders.jsonl").write_text("".join(lines))
    found = steps(tmp_path)
    assert [s.command.id for s in found if s.command] == ["a", "b"]
    assert [(s.line, [d.code for d in s.wrong]) for s in found if s.wrong] == [
        (2, ["facts-json"]),
        (3, ["command-unknown"]),
        (5, ["out-of-sequence"]),
        (6, ["facts-number"]),
        (7, ["facts-json"]),  # cut in the middle
    ]
    assert "orders.jsonl:3:1" in draw(found[2].wrong[0])


def test_bytes_that_are_no_text_and_lines_without_end_are_named(tmp_path: Path) -> None:
    (tmp_path / "market.jsonl").write_bytes(b"\xff\xfe{}\n" + b"[" * 1_000_002 + b"\n" + line(1, "a").encode())
    found = list(scenario_in(tmp_path).setting(COMMANDS))
    assert [[d.code for d in s.wrong] for s in found] == [["not-utf-8"], ["facts-json"], []]


def test_a_row_with_other_columns_than_the_first_is_named(tmp_path: Path) -> None:
    (tmp_path / "market.csv").write_text("do,id\nquote,a,b\n")
    (step,) = scenario_in(tmp_path).setting(COMMANDS)
    assert step.wrong[0].message == "there are 3 cells for 2 columns"


def test_what_a_scenario_says_of_itself(tmp_path: Path) -> None:
    (tmp_path / "market.jsonl").write_text("")
    (tmp_path / "scenario.json").write_text('{"title": "A day", "on": "2026-03-01"}')
    assert (scenario_in(tmp_path).title, scenario_in(tmp_path).on) == ("A day", "2026-03-01")
    for wrong in ("{", "[]", '{"title": 1}', '{"titel": "A day"}', '{"on": "2026-13-01"}', '{"on": "20260301"}'):
        (tmp_path / "scenario.json").write_text(wrong)
        with pytest.raises(PolicyError):
            scenario_in(tmp_path)
    with pytest.raises(PolicyError, match="not a folder"):
        scenario_in(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["market.jsonl", "f.jsonl", "recorded.jsonl", "scenario.json", "f.csv"])
def test_pipes_devices_and_folders_are_not_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "market.jsonl").write_text("")
    makers = {"a pipe": os.mkfifo, "a device": lambda path: path.symlink_to("/dev/zero"), "a folder": Path.mkdir}
    for kind, make in makers.items():
        (tmp_path / name).unlink(missing_ok=True)
        make(tmp_path / name)
        with pytest.raises(PolicyError, match=f"cannot be read: it is {kind}"):
            scenario_in(tmp_path)
    (tmp_path / name).rmdir()


def test_prices_in_a_pipe_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "prices.csv")
    with pytest.raises(PolicyError, match="it is a pipe"):
        recorded_prices(tmp_path / "prices.csv")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
QUOTES = st.builds(
    Quote,
    id=TEXTS,
    at=st.integers(-(10**15), 4 * 10**15),
    price=st.integers(-(10**17), 10**17),
    firm=st.booleans(),
    size=st.none() | st.integers(-(10**17), 10**17),
    tags=st.lists(TEXTS, max_size=3).map(tuple),
    facts=st.dictionaries(TEXTS, TEXTS | st.booleans() | st.lists(TEXTS, max_size=2), max_size=3),
)


@given(QUOTES)
def test_a_command_that_is_written_is_read_back(quote: Quote) -> None:
    text = json_line(command_json(quote))
    read = COMMANDS.read(Source("line", text))
    assert read == quote
    assert json_line(command_json(read)) == text


# ── recorded prices ─────────────────────────────────────────────────────────────────────────


def test_prices_are_put_in_order_and_rows_that_are_wrong_named(tmp_path: Path) -> None:
    rows = ["Unix,Oymbol,Close", "7200,X,2.5", "3600,X,1.00000001", "3600,X,1.00000001", "10800,X,-1", "x,X,1", "1"]
    (tmp_path / "p.csv").write_text("\n".join(rows))
    prices, wrong = recorded_prices(tmp_path / "p.csv")
    assert prices == (RecordedPrice(3_600 * 10**6, 100_000_001), RecordedPrice(7_200 * 10**6, 250_000_000))
    assert [d.span.line for d in wrong if d.span] == [5, 6, 7]
    with gzip.open(tmp_path / "p.csv.gz", "wt") as file:
        file.write("\n".join(rows))
    assert recorded_prices(tmp_path / "p.csv.gz")[0] == prices


def test_recorded_hours_of_march_2020() -> None:
    if not SHARED.exists():
        pytest.skip("the recorded data is not beside this folder")
    prices, wrong = recorded_prices(SHARED / "btc_usd_hourly_2018_2022.csv.gz")
    assert (len(prices), wrong) == (32_659, [])
    assert all(b.at - a.at == 3_600 * 10**6 for a, b in pairwise(prices))
    crash = {p.at // 10**6: p.price for p in prices}
    assert crash[1_584_140_400] == 562_274_000_000  # 13 March 2020, 23:00 UTC


# ── what a margin would have covered ────────────────────────────────────────────────────────


def test_an_exception_is_a_loss_beyond_the_margin() -> None:
    found = coverage([100, 90, 99], held=1, notional=1_000, margin=lambda notional: notional // 10)
    # long: 100 → 90 loses 100 of 1,000, all of the margin; short: 90 → 99 loses 100 as well
    assert (found.observations, found.exceptions, found.covered) == (4, 0, 10**6)
    found = coverage([100, 80, 96], held=1, notional=1_000, margin=lambda notional: notional // 10)
    assert (found.exceptions, found.covered, found.largest, found.mean) == (2, 500_000, 100, 100)
    assert coverage([100], 1, 1_000, lambda n: n).observations == 0


HEADER, ROW = "do,id,at,price", "quote,p1,2026-03-01T10:01:00+08:00,1.5"


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([HEADER, ROW.replace("1.5", '"1.5'), ROW], ["this is no row of CSV: unexpected end of data", ""]),
        ([HEADER, ROW.replace("p1", '"p"1'), ROW], ["this is no row of CSV: ',' expected after '\"'", ""]),
        ([HEADER, ROW.replace("p1", "p\r1"), ROW], ["this is no row of CSV: new-line character seen", ""]),
        ([HEADER, ROW.replace("p1", "p" * 200_000), ROW], ["this is no row of CSV: field larger than", ""]),
        ([HEADER + ",price", ROW + ",2", ROW + ",2"], ["the column `price` is named twice"]),
        (["", HEADER + ", at", ROW, ROW], ["the column `at` is named twice"]),
        ([HEADER + ',"x', ROW, ROW], ["this is no row of CSV: unexpected end of data"]),
        ([HEADER + ",\udcff", ROW, ROW], ["byte"]),
    ],
)
def test_a_line_of_csv_is_a_whole_row_and_names_each_column_once(
    tmp_path: Path, rows: list[str], wrong: list[str]
) -> None:
    (tmp_path / "market.jsonl").write_text(line(0, "m"))
    (tmp_path / "prices.CSV").write_bytes("\n".join([*rows, ""]).encode(errors="surrogateescape"))
    told = steps(tmp_path)
    assert len(told) == len(wrong)
    for step, why in zip(told, wrong, strict=True):
        assert (step.command is None) == bool(why)
        assert not why or why in step.wrong[0].message


@pytest.mark.parametrize(
    ("about", "code"),
    [
        (b'{"on": "2026-03-01", "on": "2026-04-01"}', "facts-duplicate-key"),
        (b"[" * 200_000, "facts-json"),
        (b'{"on": 20260301}', "facts-type"),
        (b'{"title": "\xff"}', "not-utf-8"),
        (b'\xef\xbb\xbf{"on": "2026-03-01"}', ""),
    ],
)
def test_what_a_scenario_says_of_itself_is_read_as_strictly_as_facts(tmp_path: Path, about: bytes, code: str) -> None:
    (tmp_path / "market.jsonl").write_text(line(0, "m"))
    (tmp_path / "scenario.json").write_bytes(about)
    if not code:
        assert scenario_in(tmp_path).on == "2026-03-01"
        return
    with pytest.raises(PolicyError) as refusal:
        scenario_in(tmp_path)
    assert [d.code for d in refusal.value.diagnostics] == [code]


PRICES = "Unix,Close\n" + "".join(f"{3600 * n},{100 + n}\n" for n in range(1, 50))


@pytest.mark.parametrize("damage", ["cut", "flipped", "plain"])
def test_a_damaged_file_of_prices_is_a_finding(tmp_path: Path, damage: str) -> None:
    whole = bytearray(gzip.compress(PRICES.encode()))
    if damage == "flipped":
        whole[40] ^= 0xFF
    path = tmp_path / "p.csv.gz"
    path.write_bytes({"cut": whole[:-20], "flipped": whole, "plain": PRICES.encode()}[damage])
    with pytest.raises(PolicyError, match="cannot be read"):
        recorded_prices(path)


def test_a_row_of_prices_is_a_whole_row(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(PRICES + '180000,"1\n183600,2,' + "x" * 200_000 + "\n187200,3\n")
    prices, wrong = recorded_prices(path)
    assert prices[-1] == RecordedPrice(187_200 * 10**6, 3 * 10**8)
    assert [d.message.partition(":")[0] for d in wrong] == ["this is no row of CSV"] * 2


@pytest.mark.parametrize("header", ["Unix,Close,Close", "unix, Unix ,Close", 'Unix,"Close'])
def test_prices_have_one_column_of_times_and_one_of_prices(tmp_path: Path, header: str) -> None:
    (tmp_path / "p.csv").write_text(header + "\n1,2,3\n")
    with pytest.raises(PolicyError) as refusal:
        recorded_prices(tmp_path / "p.csv")
    assert [d.code for d in refusal.value.diagnostics] == ["prices-columns"]
