"""Prices that move, and what the rules then do: conservation on the way down, and recorded prices."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner, Result
from hypothesis import strategies as st

from examples import examples
from financing_cases import rulebook
from perpetual_market import Market as Desk
from policy import resources
from policy.cli import main
from policy.market.events import CommandInvalid
from policy.perpetuals.engine import Engine
from policy.scenario.from_folder import scenario_in
from policy.scenario.market import Venues, recorded_command
from policy.scenario.prices import RecordedPrice
from policy.scenario.run import Run, stage_of
from policy.scenario.stress import Move, Prices, along, concerned, shocks, stress

PORTFOLIO = resources.folder("rulesets") / "hk_sfc" / "scenarios" / "portfolio"
SHARED = Path(__file__).parents[3] / "shared" / "data"
HOUR = 3_600 * 10**6


def staged() -> tuple[Run, Prices]:
    scenario = scenario_in(PORTFOLIO)
    market = Venues(lambda day: rulebook(day, scenario.under), scenario.on)
    market.open(stage_of(scenario))
    prices = Prices()
    run = Run(market, [prices.take])
    run.carry_out(scenario)
    return run, prices


def test_a_path_moves_prices_as_it_moved_from_its_first_on() -> None:
    path = [RecordedPrice(0, 200), RecordedPrice(HOUR, 100), RecordedPrice(3 * HOUR, 300)]
    other = [RecordedPrice(5 * HOUR, 10), RecordedPrice(7 * HOUR, 20)]
    assert along({"BTC": path, "ETH": other}) == (
        Move(HOUR, {"BTC": Fraction(1, 2), "ETH": Fraction(1)}),
        Move(2 * HOUR, {"BTC": Fraction(1, 2), "ETH": Fraction(2)}),
        Move(3 * HOUR, {"BTC": Fraction(3, 2), "ETH": Fraction(2)}),
    )


def test_every_move_counts_from_the_same_prices() -> None:
    run, prices = staged()
    rows = list(stress(prices, [Move(n * HOUR, {"BTC": Fraction(9, 10)}) for n in (1, 2)], run.submit))
    assert [row.prices for row in rows] == [{"BTC": "702000 HKD"}] * 2
    assert [row.at - rows[0].at for row in rows] == [0, HOUR]


def test_shocks_to_several_contracts_come_at_once() -> None:
    """A client who is hedged loses nothing: neither contract is marked without the other."""
    made = Desk()
    for contract in ("BTC", "ETH"):
        made.list(contract)
        made.index(100, contract)
    for name, dollars in (("ann", 220), ("ben", 10_000)):
        made.client(name, dollars, "cross")
    made.pair("ann", "ben", 100, 8, "BTC", "cross")
    made.pair("ben", "ann", 100, 8, "ETH", "cross")
    prices = Prices()
    for command, events in made.said:
        prices.take(command, events)
    (row,) = stress(prices, shocks(dict.fromkeys(("BTC", "ETH"), Fraction(11, 20))), made.desk.submit)
    assert {kind: n for kind, n in row.counts.items() if kind != "premium_sampled"} == {"marked": 2}
    assert row.prices == {"BTC": "55 USD", "ETH": "55 USD"}


@pytest.mark.parametrize(
    "line",
    [
        '"price_asset", "at": "2126-04-02T01:00:00Z", "asset": "BTC", "price": "1 HKD"',
        '"price_asset", "at": "2026-07-06T09:00:01+08:00", "asset": "DOGE", "price": "1 HKD"',
        '"price_assets", "at": "2026-07-06T09:00:01+08:00", "assets": ["BTC", "BTC"], "prices": ["1 HKD", "2 HKD"]',
        '"index_price", "at": "2026-07-06T09:00:01+08:00", "contract": "DOGE-PERP", "price": "1 USD"',
    ],
)
def test_a_price_that_the_market_did_not_take_is_none_to_move(line: str) -> None:
    run, prices = staged()
    before = prices.assets | prices.indices
    command = recorded_command(json.loads(f'{{"do": {line}}}'))
    assert [type(event) for event in run.submit(command)] == [CommandInvalid]
    assert prices.assets | prices.indices == before
    (row,) = stress(prices, shocks({"BTC": Fraction(2, 5)}), run.submit)
    assert row.prices == {"BTC": "312000 HKD"}
    assert row.counts["margin_called"]


def test_a_name_stands_for_contracts_on_it_too() -> None:
    assert concerned("BTC", ["BTC", "BTCX", "BTC-PERP", "ETH"]) == ("BTC", "BTC-PERP")


FACTORS = st.fractions(Fraction(1, 20), Fraction(3), max_denominator=1_000)


@examples(8, 25, st.lists(FACTORS, min_size=1, max_size=6))
def test_whatever_prices_do_no_money_is_made_or_lost_and_no_client_owes(path: list[Fraction]) -> None:
    run, prices = staged()
    desk = run.market.venues["perpetuals"]
    assert isinstance(desk, Engine)
    came_in = desk.total()
    moves = [Move((n + 1) * HOUR, {"BTC": f, "BTC-PERP": f, "ETH": f}) for n, f in enumerate(path)]
    for _ in stress(prices, moves, run.submit):
        assert desk.total() == came_in
        assert all(bucket.margin >= 0 for bucket in desk.state.buckets())


@examples(8, 15, FACTORS.filter(lambda f: f < 1), st.fractions(Fraction(1, 2), Fraction(1), max_denominator=100))
def test_a_deeper_gap_never_calls_fewer_accounts(gap: Fraction, deeper: Fraction) -> None:
    called = []
    for factor in (gap, gap * deeper):
        run, prices = staged()
        (row,) = stress(prices, shocks(dict.fromkeys(("BTC", "ETH", "KOWLOON"), factor)), run.submit)
        called.append({e: row.counts.get(e, 0) for e in ("margin_called", "collateral_sold")})
    assert called[0]["margin_called"] <= called[1]["margin_called"]


# ── recorded prices ─────────────────────────────────────────────────────────────────────────


def policy(*arguments: str) -> Result:
    result = CliRunner().invoke(main, list(arguments), prog_name="policy")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_who_holds_a_contract_without_an_index_is_undecided_with_what_is_missing(tmp_path: Path) -> None:
    scenario = tmp_path / "lost"
    copytree(PORTFOLIO, scenario)
    lost = {"do": "index_price", "at": "2026-07-06T10:00:00+08:00", "contract": "BTC-PERP", "price": None}
    (scenario / "orders.jsonl").write_text(json.dumps(lost) + "\n")
    stated = policy("margin", str(scenario), "--account", "erin").stdout
    assert "  liquidation: undecided, needs bucket.positions[0].mark\n" in stated
    assert "  equity: —\n" in stated
    assert "Its margin is enough" not in stated
    shock = ("stress", "portfolio", str(scenario), "--shock", "BTC=-50%")
    assert "  erin cross: undecided, needs bucket.positions[0].mark\n" in policy(*shock).stdout
    told = json.loads(policy(*shock, "--format", "json").stdout)
    assert {"account": "erin cross", "needs": ["bucket.positions[0].mark"]} in told["undecided"]
    assert "liquidation_begun" not in told["in_all"]["events"]
    document = policy("report", "margin", str(scenario), "--format", "json")
    figures = json.loads(document.stdout)
    assert {row["undecided"] for row in figures["stress"]} == {6}
    assert [row["what"]["en"] for row in figures["margin"]["liquidations"]] == ["undecided whether it is due"] * 6
    assert {need["en"] for row in figures["margin"]["liquidations"] for need in row["needs"]} == {"mark price"}


def test_a_recorded_path(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("Unix,Close\n1583971200,100\n1583974800,60\n1583978400,0\n1583982000,61\n")
    path = f"BTC={tmp_path / 'p.csv'}"
    result = policy("stress", "portfolio", str(PORTFOLIO), "--path", path, "--format", "json")
    assert result.exit_code == 0
    assert "prices-row" in result.stderr
    told = json.loads(result.stdout)
    assert [row["prices"]["BTC-PERP"] for row in told["rows"]] == ["60000 USD", "61000 USD"]
    assert told["in_all"]["events"]["liquidation_begun"]["count"] == 3
    early = policy("stress", "portfolio", str(PORTFOLIO), "--path", path, "--until", "2020-03-12")
    assert early.exit_code == 2
    assert "no two prices" in early.stderr


def test_a_name_is_given_once_and_what_has_its_own_is_moved_by_that() -> None:
    portfolio = ("stress", "portfolio", str(PORTFOLIO), "--format", "json")
    for given in (("BTC=-60%", "BTC-PERP=-1%"), ("BTC-PERP=-1%", "BTC=-60%")):
        told = json.loads(policy(*portfolio, *(word for shock in given for word in ("--shock", shock))).stdout)
        assert told["rows"][0]["prices"] == {"BTC": "312000 HKD", "BTC-PERP": "99000 USD"}
    twice = policy(*portfolio, "--shock", "BTC=-60%", "--shock", "BTC=-1%")
    assert twice.exit_code == 2
    assert "`BTC` is given twice" in twice.stderr


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--held", "3"), "has 3 prices: none is held for 3"),
        (("--notional", "NaN"), "`NaN` is not an amount of money"),
        (("--notional", "Infinity"), "`Infinity` is not an amount of money"),
        (("--notional", "1e400000000"), "`1e400000000` is not an amount of money"),
        (("--notional", "0"), "`0` is not an amount of money"),
    ],
)
def test_a_margin_that_nothing_can_be_held_against_is_none(tmp_path: Path, more: tuple[str, ...], why: str) -> None:
    (tmp_path / "p.csv").write_text("Unix,Close\n3600,100\n7200,90\n10800,99\n")
    result = policy("stress", "coverage", str(tmp_path / "p.csv"), "--on", "2026-03-01", "--held", "1", *more)
    assert result.exit_code == 2
    assert why in result.stderr


def test_a_margin_against_the_past(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("Unix,Close\n3600,100\n7200,90\n10800,99\n")
    line = ["stress", "coverage", str(tmp_path / "p.csv"), "--on", "2026-03-01", "--held", "1"]
    assert policy(*line).stdout.splitlines() == [
        "  observations  4",
        "    exceptions  2",
        "      coverage  50.0000%",
        "       largest  5000.00000000 USD",  # a tenth lost on 100,000, against a margin of five per cent
        "          mean  5000.00000000 USD",
        "         worst  buy opened 1970-01-01T01:00:00+00:00",
    ]
    assert policy(*line, "--margin", "haircut").exit_code == 2
    assert policy(*line, "--notional", "-1").exit_code == 2


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded data is not beside this folder")
def test_march_2020() -> None:
    path = f"BTC={SHARED / 'btc_usd_hourly_2018_2022.csv.gz'}"
    dates = ("--from", "2020-03-12", "--until", "2020-03-14", "--format", "json")
    told = json.loads(policy("stress", "portfolio", str(PORTFOLIO), "--path", path, *dates).stdout)
    assert len(told["rows"]) == 47
    happened = {kind: of["count"] for kind, of in told["in_all"]["events"].items()}
    assert happened["liquidation_begun"] == 3
    assert happened["deleveraged"] == 3
    assert told["in_all"]["events"]["fund_drawdown"]["uncovered"] == "0.00000000 USD"
