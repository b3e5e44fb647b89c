"""Recorded events as orders under the rules: the rules decide, the matcher matches, and nothing is lost.

The recordings lie beside the repository, in `../shared/data`; without them, only the small samples here are played.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from click.testing import CliRunner

from financing_cases import rulebook
from plain_matcher import PlainMatcher
from policy.cli import main
from policy.exchange import from_binance, from_lobster
from policy.exchange.commands import Cancel, Place, Replace
from policy.exchange.events import OrderAccepted, OrderCancelled, OrderRejected, OrderReplaced, Traded
from policy.exchange.recorded import OrderUpdate
from policy.market.events import CommandInvalid
from policy.scenario.from_folder import ScenarioLine, scenario_in
from policy.scenario.market import COMMANDS, Venues

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
recorded = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recordings are not here: {DATA}")

ON = "2026-03-02"
MORNING, OPEN = f"{ON}T09:00:00+08:00", f"{ON}T09:30:00+08:00"
FIRST = 1_772_415_000_000_000  # the moment OPEN
MESSAGES = """\
34200.000000001,1,11,100,5853300,1
34200.5,1,12,50,5853300,1
34200.5,2,11,40,5853300,1
34201.25,4,11,60,5853300,1
34202,3,12,50,5853300,1
"""
STREAM = """\
100000 {"lastUpdateId":10,"bids":[["1.00","3.0"],["0.99","1.0"]],"asks":[["1.02","4.0"]]}
104000 {"stream":"x@trade","data":{"e":"trade","t":77,"p":"1.02","q":"0.5","m":false}}
105000 {"stream":"x@depth","data":{"e":"depthUpdate","U":11,"u":13,"b":[],"a":[["1.02","0.0"]]}}
"""


@frozen
class Recording:
    """A recording beside the repository, and the units of its instrument."""

    file: str
    format: str
    tick: str
    lot: str

    def plain(self) -> Iterator[OrderUpdate]:
        """As order flow, in ticks and lots."""
        path = DATA / self.file
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
            if self.format == "lobster":
                yield from from_lobster.order_flow(from_lobster.read(lines, self.file))
            else:
                yield from from_binance.order_flow(from_binance.read(lines, self.file, self.tick, self.lot))


LOBSTER = Recording("lobster_aapl_messages.csv", "lobster", "0.01", "1")
SPOT = Recording("binance_spot_btcusdt_20240808.jsonl.gz", "binance", "0.01", "0.00000001")
PERPETUAL = Recording("binance_perp_btcusdt_20240808.jsonl.gz", "binance", "0.10", "0.001")


def folder(
    path: Path, recording: Recording, file: Path | str, /, money: str = "9000000000000.00", **other: Any
) -> Path:
    """A scenario of one platform, someone who buys and someone who sells, and a recording."""
    client = {"capacity": "client", "investor": "institutional_professional", "only_stablecoins": False}
    stage = [
        {
            "do": "list_instrument",
            "id": "X",
            "tick": recording.tick,
            "lot": recording.lot,
            "facts": {"admitted": True},
        },
        {"do": "admit_platform", "id": "harbour"},
        *(
            {"do": "admit_participant", "id": id, "platform": "harbour", "facts": client | {"financed": False}}
            for id in ("buyer", "seller")
        ),
        {"do": "deposit_money", "by": "buyer", "amount": money},
        {"do": "deposit_tokens", "by": "seller", "instrument": "X", "quantity": "100000000"},
    ]
    play = {"do": "play", "at": OPEN, "file": str(file), "format": recording.format, "instrument": "X"}
    play |= {"venue": "own_book", "tick": recording.tick, "lot": recording.lot, "buyer": "buyer", "seller": "seller"}
    _write(path / "market.jsonl", *({"at": MORNING, **line} for line in stage))
    _write(path / "recorded.jsonl", play | other)
    (path / "scenario.json").write_text(json.dumps({"on": ON}))
    return path


def _write(path: Path, *lines: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def played(path: Path) -> list[ScenarioLine]:
    return list(scenario_in(path).stream(COMMANDS))


# ── a recording as commands ─────────────────────────────────────────────────────────────────


def test_lobster_messages_become_orders(tmp_path: Path) -> None:
    (tmp_path / "messages.csv.txt").write_text(MESSAGES)
    steps = played(folder(tmp_path, LOBSTER, "messages.csv.txt"))
    whole = 10**8
    assert [(s.line, s.command) for s in steps] == [
        (1, Place("1/11", "buyer", "X", FIRST, "own_book", "buy", 100 * whole, 585_33)),
        (2, Place("1/12", "buyer", "X", FIRST + 499_999, "own_book", "buy", 50 * whole, 585_33)),
        (3, Replace("1/11", "buyer", FIRST + 499_999, 585_33, 60 * whole)),
        (
            4,
            Place(
                "1/taker-3", "seller", "X", FIRST + 1_249_999, "own_book", "sell", 60 * whole, 585_33,
                "immediate_or_cancel",
            ),
        ),
        (5, Cancel("1/12", "buyer", FIRST + 1_999_999)),
    ]  # fmt: skip


def test_binance_streams_become_orders(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "stream.gz", "wt") as file:
        file.write(STREAM)
    recording = Recording("", "binance", "0.01", "0.5")
    steps = played(folder(tmp_path, recording, "stream.gz"))
    told = [
        (s.line, s.command.at - FIRST, s.command.id, s.command.by, getattr(s.command, "price", None)) for s in steps
    ]
    assert told == [
        (1, 0, "1/order-1", "buyer", 100),
        (1, 0, "1/order-2", "buyer", 99),
        (1, 0, "1/order-3", "seller", 102),
        (2, 4, "1/taker-77", "buyer", 102),
        (3, 5, "1/order-3", "seller", None),
    ]


def test_recordings_and_other_orders_are_one_stream(tmp_path: Path) -> None:
    (tmp_path / "messages.txt").write_text(MESSAGES)
    folder(tmp_path, LOBSTER, "messages.txt")
    at = f"{ON}T09:30:00.6+08:00"
    _write(tmp_path / "orders.jsonl", {"do": "cancel", "id": "1/11", "by": "buyer", "at": at})
    assert [(s.file, s.line) for s in played(tmp_path)] == [
        ("messages.txt", 1),
        ("messages.txt", 2),
        ("messages.txt", 3),
        ("orders.jsonl", 1),
        ("messages.txt", 4),
        ("messages.txt", 5),
    ]


@pytest.mark.parametrize(
    ("other", "text", "code", "before"),
    [
        ({}, MESSAGES + "34203,1,13,50,5853", "stream-line", 5),  # cut in the middle of a line
        ({}, MESSAGES + "34100,1,13,50,5853300,1\n", "stream-order", 5),
        ({}, "34200,1,11,100,5853350,1\n", "stream-line", 0),  # off the tick
        ({"file": "nowhere.csv"}, MESSAGES, "stream-line", 0),
        ({"tick": "0 HKD"}, MESSAGES, "stream-line", 0),
        ({"tick": "-0.01 HKD"}, MESSAGES, "stream-line", 0),
        ({"lot": "0"}, MESSAGES, "stream-line", 0),
        ({"format": "pigeon"}, MESSAGES, "facts-type", 0),
        ({"buyer": None}, MESSAGES, "facts-type", 0),
    ],
)
def test_what_is_wrong_with_a_recording_is_named_and_ends_it(
    tmp_path: Path, other: dict[str, Any], text: str, code: str, before: int
) -> None:
    (tmp_path / "messages.txt").write_text(text)
    *good, last = played(folder(tmp_path, LOBSTER, "messages.txt", **other))
    assert [s.wrong for s in good] == [()] * before
    assert last.command is None
    assert [d.code for d in last.wrong] == [code]
    assert all(d.help for d in last.wrong)


def test_a_recording_in_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "messages.txt")
    (last,) = played(folder(tmp_path, LOBSTER, "messages.txt"))
    assert "it is a pipe" in last.wrong[0].message


def test_the_command_line_says_what_could_not_be_read_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "messages.txt").write_text(MESSAGES + "34203,1")
    path = folder(tmp_path, LOBSTER, "messages.txt")
    result = CliRunner().invoke(main, ["trade", str(path), "--format", "json"], prog_name="policy")
    assert result.exit_code == 2
    assert "messages.txt:6:1" in result.stderr
    said = json.loads(result.stdout)
    assert (said["unread"], said["commands"]["place"], said["events"]["traded"]["count"]) == (1, 3, 1)


# ── real events, under the rules ────────────────────────────────────────────────────────────


@frozen
class Outcome:
    """What became of a recording."""

    events: list[Any]
    market: Venues

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def carried_out(path: Path, most: int | None) -> Outcome:
    """The first so many steps, money and tokens checked now and then, and at the end."""
    scenario, market = scenario_in(path), Venues(lambda day: rulebook(day), ON)
    events: list[Any] = []
    for step in scenario.setting(COMMANDS):
        events += market.submit(step.command)
    for number, step in enumerate(islice(scenario.stream(COMMANDS), most)):
        assert not step.wrong, step
        events += market.submit(step.command)
        if number % 1_000 == 0:
            check_conservation(market)
    check_conservation(market)
    return Outcome(events, market)


def check_conservation(market: Venues) -> None:
    engine: Any = market.venues["exchange"]
    for what, (free, held) in engine.ledger.totals().items():
        assert free + held == engine.ledger.deposited.get(what, 0), what
    assert all(b.free >= 0 and b.held >= 0 for b in engine.ledger.balances.values())


def check_equal(recording: Recording, path: Path, most: int | None, trades: int) -> None:
    """Funded beyond measure, the rules let everything in: the trades are those of the plain matcher."""
    outcome = carried_out(folder(path, recording, DATA / recording.file), most)
    assert not outcome.of(OrderRejected)
    assert {r.code for r in outcome.of(CommandInvalid)} <= {"not_resting"}  # traded before it could be cancelled
    engine: Any = outcome.market.venues["exchange"]
    listed = engine.register.instruments["X"]
    plain = PlainMatcher().run(islice(recording.plain(), most))
    expected = [(f"1/{a}", f"1/{b}", price * listed.tick, size * listed.lot) for a, b, price, size in plain]
    assert [(t.resting, t.incoming, t.price, t.quantity) for t in outcome.of(Traded)] == expected
    assert len(expected) >= trades
    assert sum(balance.held for balance in engine.ledger.balances.values()) > 0, "something still rests"


@recorded
@pytest.mark.parametrize(
    ("recording", "most", "trades"),
    [(LOBSTER, None, 56), (SPOT, 12_000, 500), pytest.param(PERPETUAL, 12_000, 350, marks=pytest.mark.slow)],
)
def test_real_events_under_the_rules_trade_as_without(
    recording: Recording, most: int | None, trades: int, tmp_path: Path
) -> None:
    check_equal(recording, tmp_path, most, trades)


@recorded
@pytest.mark.slow
@pytest.mark.parametrize(("recording", "trades"), [(SPOT, 8_000), (PERPETUAL, 20_000)])
def test_whole_recordings_under_the_rules_trade_as_without(recording: Recording, trades: int, tmp_path: Path) -> None:
    check_equal(recording, tmp_path, None, trades)


@recorded
def test_with_little_money_the_rules_refuse_what_is_not_funded(tmp_path: Path) -> None:
    outcome = carried_out(folder(tmp_path, LOBSTER, DATA / LOBSTER.file, money="300000.00"), None)
    refused = outcome.of(OrderRejected)
    assert {reason.rule for event in refused for reason in event.verdict.reasons} == {"not_prefunded"}
    assert all(event.facts["order"]["side"] == "buy" for event in refused)
    assert len(refused) > 20
    assert len(outcome.of(OrderAccepted)) > 100
    assert outcome.of(Traded)
    assert outcome.of(OrderCancelled)
    assert not outcome.of(OrderReplaced)
