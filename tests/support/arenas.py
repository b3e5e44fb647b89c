"""Streams of commands, seeded: what anybody may say to a venue, and what somebody would who means harm.

In: a seed, or moves. Out: a watched venue that has been told what the moves came to. A move is a name with four
numbers from 0 to 1, read against the state that it meets; so a stream can be cut, changed and told again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache, partial
from random import Random
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar

import pytest
from attrs import evolve, frozen

from exchange_cases import ARRANGEMENT, AT, CLIENT, COIN, HOUR, MAKER, SHARED
from financing_cases import BORROWER, FIRM, rulebook
from policy.exchange import commands as ex, engine as exchange
from policy.exchange.rules import exchange_rules
from policy.financing import commands as fin, engine as lender
from policy.financing.rules import financing_rules
from policy.market.book import BUY, ORDER_TYPES, SELL
from policy.market.commands import NewDay
from policy.perpetuals import engine as desk
from policy.perpetuals.rules import perpetual_rules
from policy.scenario.market import VenueKind, Venues
from promises import Watch

T = TypeVar("T")
SIDES = (BUY, SELL)
DAY, UNDER = "2026-04-01", "example.house"
LAST_DAY = date.fromisoformat("2026-04-03").toordinal()  # the rules of each are read once
MORNING = AT + 31 * 24 * HOUR  # that day, midnight UTC


@frozen
class Move:
    """What is done, and four numbers from 0 to 1 that say to what, how much and how far."""

    name: str
    u: tuple[float, float, float, float]


def pick(among: Sequence[T], u: float) -> T:
    return among[min(len(among) - 1, int(u * len(among)))]


def between(low: int, high: int, u: float) -> int:
    return low + int(u * (high - low + 1 - 1e-9))


class Arena:
    """A watched venue, and what may be done there: every method whose name begins with `do_`."""

    stage: ClassVar[tuple[Any, ...]] = ()

    def __init__(
        self, make: Callable[[], Any] | None = None, collect: bool = False, watch: Watch | None = None
    ) -> None:
        self.watch = watch or Watch(make or market, collect)
        self.at = MORNING
        self.day = date.fromisoformat(DAY).toordinal()
        self.number = 0
        self.orders: list[Any] = []
        if watch is None:
            self.set()

    def set(self) -> None:
        """The stage."""

    def say(self, cls: type[Any], *names: str, **others: Any) -> list[Any]:
        command = cls(*names, **{"at": self.at, **others})
        events = self.watch.submit(command)
        self.at = max(self.at, self.watch.target.clock.at or 0)
        return events

    def play(self, moves: Sequence[Move]) -> Watch:
        """Carries out moves, one after another."""
        for move in moves:
            getattr(self, f"do_{move.name}")(*move.u)
        return self.watch

    def engine(self, name: str) -> Any:
        return self.watch.target.venues[name]

    # ── what may be said to any venue ───────────────────────────────────────────────────────

    def do_wait(self, u: float, v: float, w: float, x: float) -> None:
        self.at += between(1, 9 * HOUR, u * u)

    def do_new_day(self, u: float, v: float, w: float, x: float) -> None:
        """The next day; or one that has passed, or a time that has."""
        if u < 0.6 and self.day < LAST_DAY:
            self.day += 1
            self.say(NewDay, on=self.day)
        else:
            self.say(NewDay, on=self.day - between(1, 60, v), at=self.at + between(-HOUR, HOUR, w))

    def do_late(self, u: float, v: float, w: float, x: float) -> None:
        """A command whose time lies far ahead, or has passed."""
        self.wrong_time(self.at + (500 * 24 * HOUR if u < 0.5 else -1), v)

    def wrong_time(self, at: int, u: float) -> None:
        raise NotImplementedError

    def do_again(self, u: float, v: float, w: float, x: float) -> None:
        """The same order again, sometimes with another price."""
        if not self.orders:
            return
        order = pick(self.orders, u)
        other = v < 0.2 and order.price is not None
        self.watch.submit(evolve(order, at=self.at, price=order.price + 1 if other else order.price))

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(sorted(name[3:] for name in dir(cls) if name.startswith("do_")))

    weights: ClassVar[Mapping[str, int]] = MappingProxyType({})

    @classmethod
    def drawn(cls, random: Random) -> Move:
        weights = [cls.weights.get(name, 1) for name in cls.names()]
        (name,) = random.choices(cls.names(), weights)
        return Move(name, (random.random(), random.random(), random.random(), random.random()))


def told_with_and_without(
    patch: pytest.MonkeyPatch, arena: type[Arena], faster: str, length: int, streams: int
) -> tuple[list[Any], list[Any]]:
    """The events of random streams under the rules as they are, and without their way that is `faster`."""
    bound = rules_on

    def told(seed: int) -> list[Any]:
        random = Random(seed)
        watch = arena(collect=True).play([arena.drawn(random) for _ in range(length)])
        return [said.events for said in watch.said]

    with_it = [told(seed) for seed in range(streams)]
    patch.setitem(globals(), "rules_on", lambda kind, day: evolve(bound(kind, day), **{faster: None}))
    return with_it, [told(seed) for seed in range(streams)]


MAKES: Final = MappingProxyType(
    {
        "exchange": (exchange.Engine, exchange_rules),
        "lender": (lender.Engine, financing_rules),
        "perpetuals": (desk.Engine, perpetual_rules),
    }
)


@cache
def rules_on(kind: str, day: str) -> Any:
    """The questions of a venue, bound once for all streams."""
    return MAKES[kind][1](rulebook(day, UNDER))


class QuickMarket(Venues):
    """A market whose venues share their bound questions with those of other markets."""

    def _venue(self, kind: VenueKind) -> Any:
        if kind.name not in self.venues:
            self.venues[kind.name] = MAKES[kind.name][0](self.clock, lambda day: rules_on(kind.name, day))
        return self.venues[kind.name]


def market() -> Venues:
    return QuickMarket(partial(rulebook, under=UNDER), DAY)


# ── the exchange ────────────────────────────────────────────────────────────────────────────

TRADERS: Final = MappingProxyType(
    {"ann": ("hk", CLIENT), "ben": ("hk", CLIENT), "mak": ("hk", MAKER), "tan": ("sg", CLIENT)}
)
VENUES = ("shared_book", "shared_book", "own_book")


class ExchangeArena(Arena):
    """Two platforms, clients and a market maker, and a book each and one that they share."""

    weights: ClassVar[Mapping[str, int]] = MappingProxyType({"order": 12, "replace": 3, "cancel": 2})
    self_trade: ClassVar[str] = "cancel_incoming"

    def set(self) -> None:
        self.say(ex.ListInstrument, "BTC", tick=1, lot=1, self_trade=self.self_trade)
        for platform in ("hk", "sg"):
            self.say(ex.AdmitPlatform, platform, facts=SHARED)
        for name, (platform, facts) in TRADERS.items():
            self.say(ex.AdmitParticipant, name, platform, facts=facts)
            self.say(ex.DepositMoney, name, amount=50_000)
            self.say(ex.DepositTokens, name, "BTC", quantity=4 * COIN)
        self.say(ex.ArrangeSettlement, facts=ARRANGEMENT)

    def do_order(self, u: float, v: float, w: float, x: float) -> None:
        self.number += 1
        type = pick((*ORDER_TYPES, "limit", "limit", "limit", "limit"), u)
        quantity = between(1, 3 * COIN, w) if x < 0.8 else between(1, COIN // 5_000, w)
        fees = 0 if v * 5 % 1 < 0.4 else between(0, 300, v * 11 % 1)
        self.say(
            ex.Place,
            f"o{self.number}",
            pick(tuple(TRADERS), v),
            "BTC",
            venue=pick(VENUES, w * 3 % 1),
            side=pick(SIDES, x * 2 % 1),
            quantity=quantity,
            price=None if type == "market" else between(9_996, 10_003, u * 13 % 1),
            type=type,
            fees=fees,
        )
        self.orders.append(self.watch.said[-1].command)

    def _live(self, u: float) -> Any:
        live = tuple(self.engine("exchange").desk.live.values())
        return pick(live, u) if live else None

    def do_replace(self, u: float, v: float, w: float, x: float) -> None:
        order = self._live(u)
        if order is not None:
            quantity = order.remaining if v < 0.3 else between(1, 2 * order.remaining, v)
            self.say(ex.Replace, order.id, order.owner, price=between(9_996, 10_003, w), quantity=max(1, quantity))

    def do_cancel(self, u: float, v: float, w: float, x: float) -> None:
        order = self._live(u)
        if order is not None:
            self.say(ex.Cancel, order.id, order.owner if v < 0.9 else pick(tuple(TRADERS), w))

    def do_settle(self, u: float, v: float, w: float, x: float) -> None:
        self.say(ex.Settle)

    def do_fail(self, u: float, v: float, w: float, x: float) -> None:
        self.say(ex.FailSettlement if v < 0.4 else ex.RecoverSettlement, pick(("hk", "sg"), u))

    def do_approve(self, u: float, v: float, w: float, x: float) -> None:
        facts = SHARED | {"shared_book_approved": v < 0.8}
        self.say(ex.AdmitPlatform, pick(("hk", "sg"), u), facts=facts)

    def do_pay_in(self, u: float, v: float, w: float, x: float) -> None:
        who = pick(tuple(TRADERS), u)
        if v < 0.5:
            self.say(ex.DepositMoney, who, amount=between(-1, 30_000, w))
        else:
            self.say(ex.DepositTokens, who, "BTC", quantity=between(-1, COIN, w))

    def do_take_out(self, u: float, v: float, w: float, x: float) -> None:
        who = pick(tuple(TRADERS), u)
        what, cls = ("HKD", ex.WithdrawMoney) if v < 0.5 else ("BTC", ex.WithdrawTokens)
        amount = int(self.engine("exchange").ledger.balance(who, what).free * 1.2 * w)
        names, field = ((who,), "amount") if v < 0.5 else ((who, "BTC"), "quantity")
        self.say(cls, *names, **{field: amount})

    def do_blank(self, u: float, v: float, w: float, x: float) -> None:
        name = pick(("", " "), u)
        if v < 0.5:
            self.say(ex.ListInstrument, name, tick=1, lot=1)
        else:
            self.say(ex.AdmitParticipant, name, "hk", facts=CLIENT)

    def wrong_time(self, at: int, u: float) -> None:
        self.say(ex.Settle, at=at)


class OtherExchangeArena(ExchangeArena):
    """Where the smaller of two orders of one owner is cancelled, and the larger loses as much."""

    self_trade: ClassVar[str] = "decrement"


# ── the lender ──────────────────────────────────────────────────────────────────────────────

ASSETS: Final = MappingProxyType({"BTC": (600_000, 10**5), "ETH": (20_000, 10**6), "SOL": (1_000, 10**8)})
BORROWERS = ("chan", "ho", "wong")
BOOK = {"capital": "10000000 HKD", "repledged": "0 HKD", "compensating_control": True}
CAPPED = {**BORROWER, "credit_limit": "5000000 HKD"}


class LenderArena(Arena):
    """A broker that lends on three tokens and on money."""

    weights: ClassVar[Mapping[str, int]] = MappingProxyType({"borrow": 5, "post": 4, "price": 5, "prices": 3})

    def set(self) -> None:
        self.say(fin.SetUpLender, facts=FIRM, book=BOOK)
        for asset, (price, lot) in ASSETS.items():
            self.say(fin.ListCollateral, asset, lot=lot, facts={"class": "virtual_asset"})
            self.say(fin.PriceAsset, asset, price=price * 10**4)
        for name in BORROWERS:
            self.say(fin.OpenMarginAccount, name, group="family" if name != "wong" else "", facts=CAPPED)
            for asset in ASSETS:
                self.do_post(BORROWERS.index(name) / 3, list(ASSETS).index(asset) / 3, 0.5, 0.5)

    def _price(self, asset: str) -> int:
        found: int = self.engine("lender").assets[asset].price or ASSETS[asset][0] * 10**4
        return found

    def do_post(self, u: float, v: float, w: float, x: float) -> None:
        """Up to a million dollars' worth comes, or some of it goes back."""
        who, asset = pick(BORROWERS, u), pick(tuple(ASSETS), v)
        lot = ASSETS[asset][1]
        lots = max(1, int(w * 10**6 * 10**12 / max(1, self._price(asset)) / lot))
        cls = fin.PostCollateral if x < 0.7 else fin.WithdrawCollateral
        self.say(cls, who, asset, quantity=lots * lot + (x > 0.98))

    def do_borrow(self, u: float, v: float, w: float, x: float) -> None:
        """As much as could be lent on everything, or some of it is paid back."""
        account = self.engine("lender").accounts[pick(BORROWERS, u)]
        worth = sum(q.quantity * self._price(id) // 10**10 for id, q in account.held.items())
        if x < 0.7:
            self.say(fin.AdvanceLoan, account.id, amount=max(1, int(worth * (0.1 + 0.4 * v))))
        else:
            self.say(fin.RepayLoan, account.id, amount=max(1, int(account.facts.loan * w * 1.05)))

    def do_price(self, u: float, v: float, w: float, x: float) -> None:
        asset = pick(tuple(ASSETS), u)
        price = None if x < 0.1 else max(0, int(self._price(asset) * (0.6 + 0.75 * v)))
        self.say(fin.PriceAsset, asset, price=price)

    def do_prices(self, u: float, v: float, w: float, x: float) -> None:
        prices = tuple(max(1, int(self._price(a) * (0.65 + 0.6 * f))) for a, f in zip(ASSETS, (u, v, w), strict=True))
        self.say(fin.PriceAssets, assets=tuple(ASSETS), prices=prices)

    def do_state(self, u: float, v: float, w: float, x: float) -> None:
        self.say(fin.StateAccount, pick(BORROWERS, u))

    def do_blank(self, u: float, v: float, w: float, x: float) -> None:
        self.say(fin.OpenMarginAccount, pick(("", " "), u), facts=CAPPED)

    def wrong_time(self, at: int, u: float) -> None:
        self.say(fin.StateAccount, BORROWERS[0], at=at)


# ── all of them ─────────────────────────────────────────────────────────────────────────────


class MarketArena(Arena):
    """Venues that share a clock and the rules of a day; the stage of each is set when it is first used."""

    parts: ClassVar[Mapping[str, type[Arena]]] = MappingProxyType({})

    def set(self) -> None:
        self.arenas: dict[str, Arena] = {}

    def play(self, moves: Sequence[Move]) -> Watch:
        for move in moves:
            part, _, name = move.name.partition(".")
            arena = self.arenas.get(part)
            if arena is None:
                arena = self.arenas[part] = self.parts[part](watch=self.watch)
                arena.at = self.at
                arena.set()
            arena.at, arena.day = self.at, self.day
            arena.play([Move(name, move.u)])
            self.at, self.day = arena.at, arena.day
        return self.watch

    @classmethod
    def drawn(cls, random: Random) -> Move:
        part = random.choice(sorted(cls.parts))
        move = cls.parts[part].drawn(random)
        return Move(f"{part}.{move.name}", move.u)
