"""What venues promise holds in every scenario and on random streams. Cases of corpora are checked as they are played.

`python tests/support/attacker.py --streams 2000` tells every venue 2,000 streams of 250 moves.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import chain
from pathlib import Path

import pytest

from attacker import ARENAS, STREAM, drawn, told
from exchange_cases import AT, exchange, resting
from financing_cases import rulebook
from policy import resources
from policy.exchange.commands import Cancel, DepositMoney, Settle
from policy.perpetuals.commands import IndexPrice
from policy.scenario.from_folder import scenario_in
from policy.scenario.market import COMMANDS, Venues
from policy.scenario.prices import recorded_prices
from policy.scenario.stress import HOUR, Move, Prices, along, stress
from promises import OPEN, BrokenPromiseError, Watch

SCENARIOS = resources.folder("rulesets") / "hk_sfc" / "scenarios"
NAMES = sorted(path.name for path in SCENARIOS.iterdir() if path.is_dir())
HOURLY = Path(__file__).resolve().parents[3] / "shared" / "data" / "btc_usd_hourly_2018_2022.csv.gz"
MARCH = (1_583_884_800 * 10**6, 1_584_144_000 * 10**6)  # 11 March 2020, and three days later
FAST, SLOW = range(1), range(1, 11)  # seeds


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_keeps_every_promise(name: str) -> None:
    scenario = scenario_in(SCENARIOS / name)
    watch = Watch(lambda: Venues(lambda day: rulebook(day, scenario.under), scenario.on))
    for step in chain(scenario.setting(COMMANDS), scenario.stream(COMMANDS)):
        if step.command is not None:
            watch.submit(step.command)
    watch.close()
    assert len(watch.said) > 10


def staged(watch: Watch) -> Prices:
    """The portfolio, and the prices that it is set with."""
    prices = Prices()
    for step in scenario_in(SCENARIOS / "portfolio").setting(COMMANDS):
        prices.take(step.command, watch.submit(step.command))
    return prices


def portfolio() -> Venues:
    scenario = scenario_in(SCENARIOS / "portfolio")
    return Venues(lambda day: rulebook(day, scenario.under), scenario.on)


@pytest.mark.slow
@pytest.mark.skipif(not HOURLY.is_file(), reason=f"the recording is not here: {HOURLY}")
def test_march_2020_keeps_every_promise() -> None:
    """The hours from 11 to 14 March, in which half was lost."""
    path, _ = recorded_prices(HOURLY)
    hours = [price for price in path if MARCH[0] <= price.at < MARCH[1]]
    watch = Watch(portfolio)
    rows = list(stress(staged(watch), along({"BTC": hours, "BTC-PERP": hours}), watch.submit))
    watch.close()
    assert len(rows) == len(hours) - 1 > 70
    assert {"liquidation_begun", "margin_called"} <= {kind for row in rows for kind in row.counts}


@pytest.mark.slow
def test_a_fall_by_half_while_the_index_is_lost_keeps_every_promise() -> None:
    """Nobody is closed on a guess while it is away; the loss is borne once it is back."""
    watch = Watch(portfolio)
    prices = staged(watch)
    lost = watch.submit(IndexPrice("BTC-PERP", prices.at + HOUR, None))
    fallen = [e for c in prices.moved(Move(HOUR, {"BTC": Fraction(1, 2)})) for e in watch.submit(c)]
    back = watch.submit(IndexPrice("BTC-PERP", prices.at + 2 * HOUR, prices.indices["BTC-PERP"] // 2))
    watch.close()
    assert not {type(event).__name__ for event in (*lost, *fallen)} & {"LiquidationBegun", "Deleveraged"}
    assert {"LiquidationBegun", "FundDrawdown"} <= {type(event).__name__ for event in back}


@pytest.mark.parametrize("arena", ARENAS)
@pytest.mark.parametrize("seed", FAST)
def test_a_random_stream_keeps_every_promise(arena: str, seed: int) -> None:
    told(ARENAS[arena], drawn(ARENAS[arena], seed, STREAM), collect=False)


@pytest.mark.slow
@pytest.mark.parametrize("arena", ARENAS)
def test_many_random_streams_keep_every_promise(arena: str) -> None:
    for seed in SLOW:
        told(ARENAS[arena], drawn(ARENAS[arena], seed, STREAM), collect=False)


@pytest.mark.slow
@pytest.mark.parametrize(("arena", "seed"), [("desk", 52), ("market", 29)])
def test_who_was_deleveraged_in_part_beyond_the_margin_is_closed_out(arena: str, seed: int) -> None:
    """Found at random: a margin below nothing is no fact of the rules, so its liquidation was undecided for ever."""
    told(ARENAS[arena], drawn(ARENAS[arena], seed, STREAM), collect=False)


@pytest.mark.slow
def test_what_was_lost_while_an_index_was_lost_is_not_borne_in_a_small_position_elsewhere() -> None:
    """Found at random: 0.044 of a contract were closed at 298 times its mark, and the fund bore what that cost."""
    told(ARENAS["desk"], drawn(ARENAS["desk"], 175, STREAM), collect=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1093, 1195])
def test_what_a_deleveraged_player_could_not_pay_is_owed_and_not_taken(seed: int) -> None:
    told(ARENAS["desk"], drawn(ARENAS["desk"], seed, STREAM), collect=False)


@pytest.mark.parametrize("seed", range(3))
def test_when_all_is_cancelled_and_settled_nothing_is_reserved(seed: int) -> None:
    market = told(ARENAS["exchange"], drawn(ARENAS["exchange"], seed, 60), collect=False).target.venues["exchange"]
    assert resting(market)
    market.submit(Settle(market.clock.at))
    for order in resting(market):
        market.submit(Cancel(order.id, order.owner, market.clock.at))
    market.submit(Settle(market.clock.at))
    assert all(held == 0 for _, held in market.ledger.totals().values())


def test_a_broken_promise_is_named_with_its_command() -> None:
    watch = Watch(exchange)
    watch.target.ledger.balance("ann", "HKD").free += 1
    with pytest.raises(BrokenPromiseError, match=r"money and tokens are conserved.*DepositMoney"):
        watch.submit(DepositMoney("ann", AT, 1))
    assert not OPEN.keys() & watch.broken.keys()
