"""Paths drawn from recorded prices: the same from the rules, from C and from CUDA, and nothing is left changed."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

import cuda_on_host
import optional
from changed_rules import law_with
from financing_cases import rulebook
from policy import resources
from policy.backends.c import devices
from policy.backends.c.devices import Gpu, Processor
from policy.batch import path_kernels as kernels_of_paths
from policy.batch.path_kernels import by_kernels, path_ends, path_kernels
from policy.cli import main
from policy.diagnostics import PolicyError
from policy.financing.commands import PRICE, ListCollateral, PostCollateral, PriceAsset
from policy.financing.engine import Engine as Lender
from policy.model.values import show
from policy.rulebook import Rulebook
from policy.scenario.draws import MOST, ONE, Draws, draws_of, moved, number
from policy.scenario.from_folder import scenario_in
from policy.scenario.market import Venues
from policy.scenario.paths import Loans, PathEnd, figures, loans_of, one_by_one
from policy.scenario.prices import recorded_prices
from policy.scenario.run import Run, stage_of
from policy.scenario.statements import statements
from policy.scenario.stress import Move, along, concerned

RULESETS = resources.folder("rulesets")
PORTFOLIO = RULESETS / "hk_sfc" / "scenarios" / "portfolio"
ON = "2026-07-06"
RECORDED = f"BTC={RULESETS / 'examples' / 'btc_hourly.csv'}"


def house(day: str) -> Rulebook:
    return rulebook(day, "example.house")


def staged(rulebook_on: Callable[[str], Rulebook] = house) -> Venues:
    scenario = scenario_in(PORTFOLIO)
    market = Venues(rulebook_on, ON)
    market.open(stage_of(scenario))
    Run(market).carry_out(scenario)
    return market


def loans_in(market: Venues) -> Loans:
    lender = market.venues["lender"]
    assert isinstance(lender, Lender)
    return loans_of(lender)


def draws(seed: int = 1, held: int = 12) -> Draws:
    """Of made-up moves, some of which are steep."""
    chance = Random(3)
    names = ("BTC", "ETH", "KOWLOON", "HKDX")
    return Draws({name: [chance.randint(ONE // 2, 3 * ONE // 2) for _ in range(50)] for name in names}, held, seed)


# ── draws ───────────────────────────────────────────────────────────────────────────────────


def test_numbers_are_those_of_splitmix64() -> None:
    assert [number(1234567, n) for n in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_a_path_is_the_moves_that_are_drawn_one_after_another() -> None:
    path = [Move(1, {"A": Fraction(1, 2), "B": Fraction(1)}), Move(2, {"A": Fraction(3, 2), "B": Fraction(1, 3)})]
    made = draws_of(path, 2, 5)
    assert made.ratios == {"A": [ONE // 2, 3 * ONE], "B": [ONE, ONE // 3]}
    for n in range(20):
        first, second = made.drawn(n)
        assert made.factors(n)["A"] == made.ratios["A"][first] * made.ratios["A"][second] // ONE
    assert {tuple(made.drawn(n)) for n in range(20)} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_factors_and_prices_stay_within_bounds() -> None:
    up, down = Draws({"A": [MOST]}, 9, 0), Draws({"A": [0]}, 9, 0)
    assert (up.factors(0)["A"], down.factors(0)["A"]) == (MOST, 1)
    assert (moved(10**17, MOST), moved(5, 1)) == (MOST, 1)
    assert [moved(price, ONE // 2) for price in (1, 3, 5, 7)] == [1, 2, 2, 4]


# ── the rules ───────────────────────────────────────────────────────────────────────────────


def test_what_is_short_is_what_the_loan_has_beyond_the_lending_value() -> None:
    """Under the house, 80% of 600,000 HKD of shares and 30% of a bitcoin at 390,000, for a loan of 600,000."""
    loans = loans_in(staged())
    assert list(one_by_one(loans, Draws({"BTC": [ONE // 2]}, 1, 1), range(2))) == [PathEnd(300_000, 1, 0)] * 2
    assert list(one_by_one(loans, Draws({"BTC": [ONE]}, 1, 1), range(1))) == [PathEnd(0, 0, 0)]


def test_the_market_is_as_it_was() -> None:
    market = staged()
    before = list(statements(market))
    loans = loans_in(market)
    assert any(end.short for end in one_by_one(loans, draws(), range(30)))
    assert list(statements(market)) == before


def test_accounts_that_cannot_be_valued_are_named() -> None:
    market = staged()
    market.submit(PriceAsset("ETH", at=market.clock.at or 0, price=None))
    loans = loans_in(market)
    assert loans.undecided == {"lee": ("account.collateral[1].market_value",)}
    assert len(loans.accounts) == 6
    assert {end.unvalued for end in one_by_one(loans, draws(), range(5))} == {0}


def test_figures() -> None:
    ends = [PathEnd(n if n > 890 else 0, int(n > 890), int(n == 3)) for n in range(1, 1001)]
    found = figures(ends)
    assert [amount for _, amount in found.at_most] == [0, 900, 950, 990, 999]
    assert found.mean_of_worst == 996  # of 991 to 1000, rounded up
    assert (found.short, found.unvalued, found.worst, found.of_worst) == (110, 1, 999, PathEnd(1000, 1, 0))
    assert figures(ends[:1]).at_most[-1][1] == 0


# ── the same from kernels ───────────────────────────────────────────────────────────────────


def a_gpu(text: str) -> Gpu:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(devices, "required", cuda_on_host.cupy)
        return Gpu(text)


def ready(device_for: Callable[[str], Any]) -> None:
    optional.program("gcc", "cc", "gcc") if device_for is Processor else cuda_on_host.compiler()


@pytest.mark.parametrize("device_for", [Processor, cuda_on_host.CudaOnHost])
def test_every_device_draws_the_same_prices(device_for: Callable[[str], Any]) -> None:
    """To the last of eighteen digits, and at the bounds of factors and prices."""
    ready(device_for)
    device, paths, first = device_for(path_kernels(house(ON), loans_in(staged())).text), 100, 2**40
    made = Draws({**draws().ratios, "UP": [MOST] * 50, "DOWN": [0] * 50}, 12, 2**63 - 1)
    now = [10**18 - 1, 10**17 + 7, 3, 1, 10**13, 10**13]
    ratios, prices = (
        device.filled(array("q", [*n]).tobytes()) for n in ((r for of in made.ratios.values() for r in of), now)
    )
    drawn = device.empty(8 * paths * len(now))
    device.run("draw", paths, first, made.seed, made.held, made.moves, len(now), ratios, prices, drawn)
    ends = [made.factors(first + path) for path in range(paths)]
    meant = [moved(price, end[name]) for price, name in zip(now, made.ratios, strict=True) for end in ends]
    assert memoryview(device.read(drawn)).cast("q").tolist() == meant


@pytest.mark.parametrize("device_for", [Processor, cuda_on_host.CudaOnHost, a_gpu])
def test_every_device_gives_the_ends_that_the_rules_give(
    device_for: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(device_for)
    market = staged()
    loans, made = loans_in(market), path_kernels(house(ON), loans_in(market))
    meant = list(one_by_one(loans, draws(), range(301)))
    assert len({end.short for end in meant}) > 100
    positions = sum(len(account.held) for account in loans.accounts)
    for at_once in (8, 64, 1_000):
        monkeypatch.setattr(kernels_of_paths, "MOST_ROWS", at_once * positions)
        assert list(by_kernels(loans, draws(), 301, made, device_for)) == meant


@pytest.mark.parametrize("compiled", [cuda_on_host.by_nvcc, cuda_on_host.by_nvrtc])
def test_compilers_for_devices_compile_them(compiled: Callable[[str], str]) -> None:
    told = compiled(path_kernels(house(ON), loans_in(staged())).text)
    assert [
        name for name in ("draw", "spread", "rows_0", "rows_1", "fall_short") if f".entry {name}" not in told
    ] == []


def test_a_path_on_which_a_value_is_beyond_all_facts_is_asked_of_the_rules() -> None:
    ready(Processor)
    market = staged()
    loans, made = loans_in(market), path_kernels(house(ON), loans_in(market))
    loans.now["KOWLOON"] = 10**15
    steep = Draws({"KOWLOON": [MOST, ONE // 10**9]}, 1, 4)
    ends = list(one_by_one(loans, steep, range(20)))
    assert {end.unvalued for end in ends} == {0, 5}
    assert list(by_kernels(loans, steep, 20, made, Processor)) == ends


def test_rules_that_are_no_sum_are_asked_one_by_one_and_have_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    law = law_with(("= sum(lending_value(held)", "= 1 HKD + sum(lending_value(held)"))
    loans = loans_in(staged(law))
    monkeypatch.setattr(kernels_of_paths, "WORTH_COMPILING", 0)
    ends = list(path_ends(law(ON), loans, draws(), 20, "cpu"))
    assert ends == list(one_by_one(loans, draws(), range(20)))
    with pytest.raises(PolicyError) as refused:
        path_ends(law(ON), loans, draws(), 20, "gpu")
    (found,) = refused.value.diagnostics
    assert found.code == "not-in-c"
    assert found.message.endswith("`collateral_value` is not the sum over the positions of an account")


def test_collateral_that_counts_for_nothing_needs_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it stand in the way of the account; but a kernel would have nothing to value."""
    ready(Processor)
    market = staged()
    assert market.clock.at is not None
    listed = {"symbol": "SOL", "class": "virtual_asset"}
    for command in (
        ListCollateral("SOL", at=market.clock.at, lot=1, facts=listed),
        PostCollateral("chan", "SOL", at=market.clock.at, quantity=5),
    ):
        market.submit(command)
    loans = loans_in(market)
    assert not loans.undecided
    monkeypatch.setattr(kernels_of_paths, "WORTH_COMPILING", 0)
    ends = list(path_ends(house(ON), loans, draws(), 20, "cpu"))
    assert ends == list(one_by_one(loans, draws(), range(20)))
    assert {end.unvalued for end in ends} == {0}


def test_without_a_compiler_the_rules_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/no/such/compiler")
    monkeypatch.setattr(kernels_of_paths, "WORTH_COMPILING", 0)
    loans = loans_in(staged())
    ends = list(path_ends(house(ON), loans, draws(), 20, "cpu"))
    assert ends == list(one_by_one(loans, draws(), range(20)))


# ── the command ─────────────────────────────────────────────────────────────────────────────


def policy(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["stress", "portfolio", str(PORTFOLIO), *arguments], prog_name="policy")


def recorded_draws(held: int, seed: int) -> Draws:
    recorded, _ = recorded_prices(Path(RECORDED.partition("=")[2]))
    return draws_of(along(dict.fromkeys(concerned("BTC", ["BTC", "BTC-PERP"]), recorded)), held, seed)


PATHS = ("--path", RECORDED, "--paths", "400", "--held", "72", "--seed", "7")


def test_the_figures_and_what_the_rules_do_on_the_worst_path() -> None:
    told = policy(*PATHS)
    assert told.exit_code == 0, told.output
    lines = told.stdout.splitlines()
    assert lines[1] == "400 paths of 72 recorded moves each, seed 7"
    as_json = json.loads(policy(*PATHS, "--format", "json").stdout)
    paths = as_json["paths"]
    assert list(paths["short_at_most"]) == ["50%", "90%", "95%", "99%", "99.9%"]
    assert paths["worst"]["accounts"] >= 1
    assert f"the worst, path {paths['worst']['path']}, and what the rules do on it:" in lines
    assert "margin_called" in as_json["in_all"]["events"]
    factor = recorded_draws(72, 7).factors(paths["worst"]["path"])["BTC"]
    (row,) = as_json["rows"]
    assert row["prices"]["BTC"] == show(moved(7_800_000_000, factor), PRICE)
    assert set(row["prices"]) == {"BTC", "BTC-PERP"}


def test_a_seed_is_a_seed_on_every_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda_on_host.compiler()
    monkeypatch.setattr(devices, "required", cuda_on_host.cupy)
    one, other = policy(*PATHS), policy(*PATHS, "--engine", "gpu")
    assert other.exit_code == 0, other.output
    assert one.stdout == other.stdout != policy(*PATHS[:-1], "8").stdout


def test_where_no_loan_is_ever_short_nothing_is_told_of_a_worst_path() -> None:
    mild = (*PATHS[:2], "--paths", "20", "--held", "1")
    assert "and what the rules do on it" not in policy(*mild).stdout
    told = json.loads(policy(*mild, "--format", "json").stdout)
    assert told["paths"]["worst"] is None
    assert told["rows"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--shock", "BTC=-30%", "--paths", "10"), "`--paths` draws from recorded prices"),
        (("--path", RECORDED, "--seed", "3"), "are about paths: give their number with `--paths`"),
        (("--path", RECORDED, "--engine", "cpu"), "are about paths: give their number with `--paths`"),
    ],
)
def test_options_that_do_not_go_together(words: Sequence[str], message: str) -> None:
    told = policy(*words)
    assert told.exit_code == 2
    assert message in told.stderr


def test_a_scenario_without_loans_has_no_paths() -> None:
    march = PORTFOLIO.parent / "lost_index"
    told = CliRunner().invoke(main, ["stress", "portfolio", str(march), *PATHS], prog_name="policy")
    assert told.exit_code == 2
    assert "`--paths` is about margin loans, and the scenario has none" in told.stderr


def test_names_that_are_concerned_move_alike() -> None:
    factors = recorded_draws(24, 1).factors(5)
    assert factors["BTC"] == factors["BTC-PERP"]
