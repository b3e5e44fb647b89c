"""What venues promise holds in every scenario and on random streams. Cases of corpora are checked as they are played.

`python tests/support/attacker.py --streams 2000` tells every venue 2,000 streams of 250 moves.
"""

from __future__ import annotations

from itertools import chain

import pytest

from attacker import ARENAS, STREAM, drawn, told
from exchange_cases import AT, exchange
from financing_cases import rulebook
from policy import resources
from policy.exchange.commands import DepositMoney
from policy.scenario.from_folder import scenario_in
from policy.scenario.market import COMMANDS, Market
from promises import OPEN, BrokenPromiseError, Watch

SCENARIOS = resources.folder("rulesets") / "hk_sfc" / "scenarios"
NAMES = sorted(path.name for path in SCENARIOS.iterdir() if path.is_dir())
FAST, SLOW = range(2), range(2, 42)  # seeds


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_keeps_every_promise(name: str) -> None:
    scenario = scenario_in(SCENARIOS / name)
    watch = Watch(lambda: Market(lambda day: rulebook(day, scenario.under), scenario.on))
    for step in chain(scenario.setting(COMMANDS), scenario.stream(COMMANDS)):
        if step.command is not None:
            watch.submit(step.command)
    watch.close()
    assert len(watch.said) > 10


@pytest.mark.parametrize("arena", ARENAS)
@pytest.mark.parametrize("seed", FAST)
def test_a_random_stream_keeps_every_promise(arena: str, seed: int) -> None:
    told(ARENAS[arena], drawn(ARENAS[arena], seed, STREAM), collect=False)


@pytest.mark.slow
@pytest.mark.parametrize("arena", ARENAS)
def test_many_random_streams_keep_every_promise(arena: str) -> None:
    for seed in SLOW:
        told(ARENAS[arena], drawn(ARENAS[arena], seed, STREAM), collect=False)


def test_a_broken_promise_is_named_with_its_command() -> None:
    watch = Watch(exchange)
    watch.target.ledger.balance("ann", "HKD").free += 1
    with pytest.raises(BrokenPromiseError, match=r"money and tokens are conserved.*DepositMoney"):
        watch.submit(DepositMoney("ann", AT, 1))
    assert not OPEN.keys() & watch.broken.keys()
