"""Margin accounts of ten positions each, revalued per tick: accounts a second, beside the same by hand.

    python tests/benchmarks/margin.py [ACCOUNTS ...]

A tick prices all ten assets at once; each account is then valued and judged under the example house: what its
collateral carries, whether it is to be called or sold, and what of its loan counts towards each asset. By hand is
the same arithmetic on plain objects, with no rulebook, dates, reasons or unknown facts; the answers must be equal.
All but the first figure are of the processor.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import machine
from machine import Spent

import policy
from policy.financing import commands as do
from policy.financing.engine import Engine, opened
from policy.pipeline import Rulebook

AT = 1_775_100_000_000_000
ON = "2026-04-02"
COIN = 10**8
PRICES = {"BTC": 600_000_0000, "ETH": 20_000_0000} | {f"{n:04}.HK": (20 + n) * 1_0000 for n in range(1, 9)}
FIRM = {
    "kind": "licensed_corporation",
    "lends_on_securities": True,
    "omnibus_account": True,
    "prudent_lending_policy": True,
    "live_price_monitoring": True,
    "automated_triggers": True,
    "last_stress_test": "2026-03-25",
}
BOOK = {"capital": "9999999999999999 HKD", "repledged": "0 HKD", "compensating_control": True}
CLIENT = {
    "securities_margin_client": True,
    "capacity_assessed": True,
    "strong_credit": True,
    "credit_limit": "50000000 HKD",
}


# ── by the rulebook ─────────────────────────────────────────────────────────────────────────


def desk_of(accounts: int, rulebook: Rulebook) -> Engine:
    """A lender with so many accounts, each with a loan of half of what its ten positions carry or less."""
    chance = Random(accounts)
    desk = opened(lambda _: rulebook, ON)
    desk.submit(do.SetUpLender(AT, BOOK, FIRM))
    for symbol in PRICES:
        share = {"class": "listed_security", "listing": "hang_seng_index"}
        facts = share if symbol.endswith("HK") else {"class": "virtual_asset"}
        desk.submit(do.ListCollateral(symbol, AT, COIN // 1_000, "", facts))
    desk.submit(do.PriceAssets(AT, tuple(PRICES), tuple(PRICES.values())))
    for n in range(accounts):
        id = f"a{n}"
        desk.submit(do.OpenMarginAccount(id, AT, "", CLIENT))
        for symbol in PRICES:
            most = {"BTC": 40, "ETH": 1_000}.get(symbol, 5_000_000)
            desk.submit(do.PostCollateral(id, symbol, AT, chance.randint(1, most) * COIN // 1_000))
        desk.submit(do.AdvanceLoan(id, AT, chance.randint(1, 10_000_00)))
    return desk


def tick(desk: Engine, factor: int) -> None:
    """All prices move by so many hundredths of a per cent."""
    prices = tuple(price * (10_000 + factor) // 10_000 for price in PRICES.values())
    events = desk.submit(do.PriceAssets(AT, tuple(PRICES), prices))
    assert len(events) == len(PRICES), "nothing but prices was told"


def tick_one(desk: Engine, factor: int) -> None:
    """One price moves; every account holds the asset."""
    (_,) = desk.submit(do.PriceAsset("ETH", AT, PRICES["ETH"] * (10_000 + factor) // 10_000))


# ── by hand ─────────────────────────────────────────────────────────────────────────────────


class Asset:
    __slots__ = ("accepted", "haircut", "loans", "price")

    def __init__(self, price: int, haircut: int) -> None:
        self.price, self.haircut, self.accepted, self.loans = price, haircut, True, 0


class Position:
    __slots__ = ("asset", "counted", "quantity")

    def __init__(self, asset: Asset, quantity: int) -> None:
        self.asset, self.quantity, self.counted = asset, quantity, 0


class Account:
    __slots__ = ("carried", "loan", "positions")

    def __init__(self, loan: int, positions: list[Position]) -> None:
        self.loan, self.positions, self.carried = loan, positions, 0


def by_hand(desk: Engine) -> tuple[dict[str, Asset], list[Account]]:
    assets = {s: Asset(p, 200_000 if s.endswith("HK") else 700_000) for s, p in PRICES.items()}
    accounts = [
        Account(a.facts.loan, [Position(assets[h.asset.id], h.quantity) for h in a.held.values()])
        for a in desk.accounts.values()
    ]
    return assets, accounts


def revalued_by_hand(assets: dict[str, Asset], accounts: list[Account], factor: int) -> int:
    """How many accounts are to be called or sold."""
    for symbol, asset in assets.items():
        asset.price = PRICES[symbol] * (10_000 + factor) // 10_000
    due = 0
    for account in accounts:
        loan, carried = account.loan, 0
        for position in account.positions:
            asset = position.asset
            value = asset.price * position.quantity // 10_000_000_000
            lent = value * (1_000_000 - asset.haircut) // 1_000_000 if asset.accepted and value >= 100_000 else 0
            carried += lent
            counted = lent if lent < loan else loan
            if counted != position.counted:
                asset.loans += counted - position.counted
                position.counted = counted
        account.carried = carried
        if loan > carried or loan * 100 > carried * 90 or loan * 100 > carried * 110:
            due += 1
    return due


# ── measuring ───────────────────────────────────────────────────────────────────────────────


def taken(*runs: Callable[[int], Any], rounds: int = 7) -> list[Spent]:
    """The median of each by each clock, another price each round; in turn, as the clock of a processor may change."""
    rows = [[machine.spent(partial(run, 1 + n)) for run in runs] for n in range(rounds)]
    return [machine.middle(list(column)) for column in zip(*rows, strict=True)]


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def row(accounts: int) -> str:
    rulebook = policy.load(on=ON, under="example.house")
    gc.collect()
    before, start = resident(), machine.now()
    desk = desk_of(accounts, rulebook)
    built, held = (machine.now() - start).processor, resident() - before
    gc.collect()
    gc.freeze()  # what lives on is not to be scanned during a tick
    assets, plain = by_hand(desk)
    carried = desk.context.rules.carried.fast
    ticks, *others = taken(
        lambda n: tick(desk, n),
        lambda n: revalued_by_hand(assets, plain, n),
        lambda n: tick_one(desk, n),
        lambda _: [carried(a.facts) for a in desk.accounts.values()],
    )
    whole, hand, one, values = ticks.processor, *[o.processor for o in others]
    tick(desk, 5)
    revalued_by_hand(assets, plain, 5)
    assert [a.carried for a in plain] == [carried(a.facts) for a in desk.accounts.values()]
    assert {s: a.loans for s, a in assets.items()} == desk.context.loans.by_collateral.amounts
    per = 1e6 / accounts
    memory = f"{held / accounts / 1024:.1f}" if accounts >= 10_000 else "–"  # fewer fit into what loading left free
    cells = (
        f"{accounts:,}",
        f"{ticks.wall * per:.1f}",
        f"{whole * per:.1f}",
        f"{accounts / whole:,.0f}",
        f"{hand * per:.1f}",
        f"{whole / hand:.1f}",
        f"{one * per:.1f}",
        f"{values * per:.1f}",
        memory,
        f"{built * per:.0f}",
    )
    return f"| {' | '.join(cells)} |"


HEADINGS = (
    "accounts",
    "ten prices, µs an account by the clock",
    "µs of processor",
    "accounts a second",
    "by hand, µs",
    "ratio",
    "one price, µs",
    "collateral value alone, µs",
    "KiB an account",
    "set up, µs",
)
HEAD = f"| {' | '.join(HEADINGS)} |\n{'|---:' * len(HEADINGS)}|"


def main(sizes: list[int]) -> None:
    """A row for each size, each in a process of its own, so that memory is that of this size alone."""
    print(HEAD, flush=True)
    for accounts in sizes:
        subprocess.run([sys.executable, __file__, "--row", str(accounts)], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--row"]:
        print(row(int(sys.argv[2])))
    else:
        with machine.watched() as watch:
            main([int(n) for n in sys.argv[1:]] or [1_000, 10_000, 100_000])
        print(f"\n{watch.told()}")
