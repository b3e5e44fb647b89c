"""The perpetuals desk as somebody would use it who means harm: two contracts, four players, four others, a fund.

In: moves. Out: commands, sized and priced by the state that they meet. Absent: whether anything came of it, which
`promises` and the sums of `desk_promises` tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from arenas import SIDES, Arena, pick
from desk_promises import DeskWatch
from perpetual_market import CASH, CLIENT as TRADER, DOLLAR, HOUR, ONE, PRODUCT, USD
from policy.answers import Outcome
from policy.market.book import BUY, ORDER_TYPES, SELL
from policy.perpetuals import commands as do
from policy.perpetuals.engine import Engine as Desk
from policy.perpetuals.facts import bucket_facts
from policy.perpetuals.state import Bucket

# ── the desk ────────────────────────────────────────────────────────────────────────────────

CONTRACTS = ("BTC", "ETH")
PLAYERS = ("ash", "bai", "cyd", "dee")
OTHERS = ("ann", "ben", "cat", "dan")
EVERYONE = PLAYERS + OTHERS
FAR = (0.00001, 0.01, 0.3, 0.7, 0.9, 1.1, 1.5, 3.0)


class DeskArena(Arena):
    """Two contracts; four players who may work together, and four others; a fund."""

    groups: ClassVar[Mapping[str, str]] = MappingProxyType({})
    weights: ClassVar[Mapping[str, int]] = MappingProxyType(
        {"deal": 6, "order": 4, "brink": 3, "trap": 3, "gap": 2, "both": 3, "lose": 2}
    )

    def set(self) -> None:
        for contract in CONTRACTS:
            self.say(do.ListPerpetual, contract, tick=USD // 10, lot=ONE // 1000, product=PRODUCT)
        for name in EVERYONE:
            self.say(do.OpenPerpetualAccount, name, group=self.groups.get(name, ""), client=TRADER)
            if desk := self.watch.watch_of(DeskWatch):
                desk.players = frozenset(PLAYERS)
            self.say(do.DepositMargin, name, value=50_000 * DOLLAR, asset=CASH)
            for bucket, part in ((do.CROSS, 25_000), ("BTC", 10_000), ("ETH", 5_000)):
                self.say(do.PostMargin, name, bucket, amount=part * DOLLAR)
        self.say(do.TopUpFund, amount=100_000 * DOLLAR)
        self.say(do.IndexPrices, contracts=CONTRACTS, prices=(10_000 * USD, 1_000 * USD))

    @property
    def desk(self) -> Desk:
        found: Desk = self.engine("perpetuals")
        return found

    def index(self, contract: str) -> int:
        found = self.desk.state.contracts[contract]
        return found.index or found.mark or USD

    def tell(self, **prices: int | None) -> None:
        at_least = {name: None if p is None else max(1_000, min(p, 10**10)) for name, p in prices.items()}
        self.say(do.IndexPrices, contracts=tuple(at_least), prices=tuple(at_least.values()))

    def place(
        self, who: str, side: str, contract: str, bucket: str, size: int, price: int | None, type: str = "limit"
    ) -> list[Any]:
        self.number += 1
        lots = max(1, size // 10) * 10
        at = None if price is None else max(1, price // 1_000) * 1_000
        names = (f"o{self.number}", who, bucket, contract)
        events = self.say(do.PlacePerpetual, *names, side=side, size=lots, price=at, type=type)
        self.orders.append(self.watch.said[-1].command)
        return events

    def bucket(self, who: str, name: str) -> Bucket:
        return self.desk.state.accounts[who].buckets.get(name) or Bucket(who, name)

    def _slot(self, u: float, v: float, among: Sequence[str] = EVERYONE) -> tuple[str, str, str]:
        """An account, a contract and a bucket for it."""
        contract = pick(CONTRACTS, v)
        return pick(among, u), contract, do.CROSS if v * 2 % 1 < 0.7 else contract

    def _affordable(self, who: str, bucket: str, contract: str, u: float) -> int:
        """Some of what margin is there for, at a leverage of five."""
        state, of = self.desk.state, self.bucket(who, bucket)
        marks = {name: each.mark or self.index(name) for name, each in state.contracts.items()}
        held = sum(abs(p.size) * marks[name] for name, p in of.positions.items())
        waiting = sum(o.remaining * o.price for o in of.orders.values())
        profit = sum(p.profit(marks[name]) for name, p in of.positions.items())
        room = int((of.margin + min(0, profit)) * 4.9) - held - waiting
        return max(10, int(room * (0.2 + 0.79 * u)) // self.index(contract))

    def do_deal(self, u: float, v: float, w: float, x: float) -> None:
        """Two trade at the mark, as much as the first can."""
        who, contract, bucket = self._slot(u, v)
        other = pick([n for n in EVERYONE if n != who], w)
        mark, side = self.desk.state.contracts[contract].mark or self.index(contract), pick(SIDES, x)
        size = self._affordable(who, bucket, contract, x * 2 % 1)
        size = min(size, self._affordable(other, do.CROSS, contract, 0.95))
        self.place(who, side, contract, bucket, size, mark)
        self.place(other, SELL if side == BUY else BUY, contract, do.CROSS, size, mark)

    def do_order(self, u: float, v: float, w: float, x: float) -> None:
        who, contract, bucket = self._slot(u, v)
        type = pick(("limit", "limit", *ORDER_TYPES), x)
        price = None if type == "market" else int(self.index(contract) * (0.97 + 0.06 * w))
        self.place(
            who, pick(SIDES, x * 7 % 1), contract, bucket, self._affordable(who, bucket, contract, w), price, type
        )

    def do_trap(self, u: float, v: float, w: float, x: float) -> None:
        """An order far off, that nobody who is free to choose would take."""
        who, contract, bucket = self._slot(u, v)
        side = pick(SIDES, x)
        far = [f for f in FAR if (f < 1) == (side == BUY)]
        size = self._affordable(who, bucket, contract, x * 2 % 1)
        self.place(who, side, contract, bucket, size, int(self.index(contract) * pick(far, w)))

    def do_brink(self, u: float, v: float, w: float, x: float) -> None:
        """An index moves to just where a bucket's liquidation is due, or a little beyond."""
        held = [b for b in self.desk.state.buckets() if b.positions]
        if not held:
            return
        bucket = pick(held, u)
        contract = pick(tuple(bucket.positions), v)
        price, up = self._brink(bucket, contract), bucket.positions[contract].size < 0
        if price:
            beyond = pick((0, 0, 0.001, 0.01, 0.05, -0.0002), w)
            past = int(price * beyond)
            self.tell(**{contract: price + past if up else price - past})
            if beyond < 0 and contract in bucket.positions:
                self._close(bucket, contract, pick(EVERYONE, x), True)

    def _brink(self, bucket: Bucket, contract: str) -> int:
        """The index nearest to the mark at which the bucket's liquidation is due; nothing where there is none."""
        state = self.desk.state
        if any(state.contracts[name].index is None for name in bucket.positions):
            return 0
        of = state.contracts[contract]
        mark, up = of.mark or USD, bucket.positions[contract].size < 0

        def due(price: int) -> bool:
            before, of.mark = of.mark, price
            try:
                return state.rules.due.verdict(bucket_facts(state, bucket)).outcome is Outcome.PERMITTED
            finally:
                of.mark = before

        near, far = mark, 4 * mark if up else 1_000
        if due(near) or not due(far):
            return 0
        while abs(far - near) > 1:
            middle = (near + far) // 2
            near, far = (near, middle) if due(middle) else (middle, far)
        return far

    def do_gap(self, u: float, v: float, w: float, x: float) -> None:
        contract = pick(CONTRACTS, u)
        self.tell(**{contract: int(self.index(contract) * (0.8 + 0.4 * v if w < 0.6 else 0.5 + 1.2 * v))})

    def do_gap_together(self, u: float, v: float, w: float, x: float) -> None:
        """All at once, mostly alike, in any order; sometimes one of them is lost."""
        factors = (0.7 + 0.6 * u, 0.7 + 0.6 * (u if w < 0.7 else v))
        prices: dict[str, int | None] = {c: int(self.index(c) * f) for c, f in zip(CONTRACTS, factors, strict=True)}
        if x < 0.1:
            prices[pick(CONTRACTS, v)] = None
        self.tell(**dict(sorted(prices.items(), reverse=x > 0.5)))

    def do_both(self, u: float, v: float, w: float, x: float) -> None:
        """One account in both contracts, crossed: with positions, or with orders that nobody takes."""
        who, other = pick(EVERYONE, u), pick([n for n in EVERYONE if n != pick(EVERYONE, u)], v)
        for n, contract in enumerate(CONTRACTS if x < 0.5 else CONTRACTS[::-1]):
            side = pick(SIDES, (w * (1 + n)) % 1)
            mark = self.desk.state.contracts[contract].mark or self.index(contract)
            size = min(self._affordable(each, do.CROSS, contract, 0.4) for each in (who, other))
            away = 0 if w < 0.5 else mark // 50 if side == SELL else -mark // 50
            self.place(who, side, contract, do.CROSS, size, mark + away)
            if not away:
                self.place(other, SELL if side == BUY else BUY, contract, do.CROSS, size, mark)

    def do_lose(self, u: float, v: float, w: float, x: float) -> None:
        """An index is lost, and another moves, mostly against somebody who holds both; it may come back elsewhere."""
        held = [b for b in self.desk.state.buckets() if len(b.positions) > 1]
        contract = pick(CONTRACTS, u)
        price = self.index(contract)
        (other,) = (name for name in CONTRACTS if name != contract)
        down = pick(held, v).positions[other].size > 0 if held else v < 0.5
        self.tell(**{contract: None})
        if w < 0.8:
            self.tell(**{other: int(self.index(other) * (1 - w if down else 1 + w))})
        if x < 0.6:
            self.tell(**{contract: int(price * (0.7 + x))})

    def do_close(self, u: float, v: float, w: float, x: float) -> None:
        """Somebody closes a whole position, with another at the mark, or at the market."""
        held = [(b, name) for b in self.desk.state.buckets() for name in b.positions]
        if not held:
            return
        bucket, contract = pick(held, u)
        self._close(bucket, contract, pick([n for n in EVERYONE if n != bucket.account], w), v < 0.5, x < 0.3)

    def _close(self, bucket: Bucket, contract: str, other: str, alone: bool, at_market: bool = False) -> None:
        """The bucket's other orders are cancelled first, where it is to be alone."""
        position, mark = bucket.positions[contract], self.desk.state.contracts[contract].mark or USD
        for order in tuple(bucket.orders.values()) if alone else ():
            self.say(do.CancelPerpetual, order.id, bucket.account)
        self.place(other, position.side, contract, do.CROSS, abs(position.size), mark)
        side, price = SELL if position.side == BUY else BUY, None if at_market else mark
        self.place(
            bucket.account, side, contract, bucket.name, abs(position.size), price, "limit" if price else "market"
        )

    def do_take(self, u: float, v: float, w: float, x: float) -> None:
        """Somebody takes out what can be had, or puts in what is free."""
        who, _, bucket = self._slot(u, v)
        free, margin = self.desk.state.accounts[who].free, self.bucket(who, bucket).margin
        if x < 0.3 and free > 0:
            self.say(do.PostMargin, who, bucket, amount=free)
        elif x < 0.7 and margin > 0:
            self.say(do.ReleaseMargin, who, bucket, amount=max(1, int(margin * w)))
        elif free > 0:
            self.say(do.WithdrawMargin, who, value=free)

    def do_cancel(self, u: float, v: float, w: float, x: float) -> None:
        live = tuple(self.desk.state.live.values())
        if live:
            order = pick(live, u)
            self.say(do.CancelPerpetual, order.id, order.owner if v < 0.9 else pick(EVERYONE, w))

    def do_blank(self, u: float, v: float, w: float, x: float) -> None:
        name = pick(("", " "), u)
        if v < 0.5:
            self.say(do.OpenPerpetualAccount, name, client=TRADER)
        else:
            self.say(do.ListPerpetual, name, tick=USD, lot=ONE, product=PRODUCT)

    def wrong_time(self, at: int, u: float) -> None:
        """Far ahead for any venue, or only for one that would have to pay funding a thousand times."""
        nearer = at - (150 * 24 * HOUR if at > self.at and u < 0.5 else 0)
        self.say(do.TopUpFund, at=nearer, amount=DOLLAR)


class GroupArena(DeskArena):
    """Where the players are two clients with two accounts each."""

    groups: ClassVar[Mapping[str, str]] = MappingProxyType({"ash": "a", "bai": "a", "cyd": "c", "dee": "c"})
