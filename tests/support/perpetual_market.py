"""What the tests of the perpetuals desk share: rulebooks, a market in few words, and a bookkeeper.

The bookkeeper adds up money and positions from the events alone, so that it can be held against the desk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any

import changed_rules
import policy
from changed_rules import Change
from policy.perpetuals import commands as do, events as told, mark_events as marked
from policy.perpetuals.engine import Engine, opened
from policy.pipeline import Rulebook

LAW_DAY, HOUSE_DAY, LICENCE_DAY = "2026-03-01", "2026-04-01", "2026-04-10"
MIDNIGHT = 1_772_323_200 * 10**6  # 2026-03-01T00:00Z
HOUR = 3_600 * 10**6
DOLLAR = 10**8  # in units of money
USD = 10**4  # in units of price
ONE = 10**4  # in units of size

PRODUCT = {
    "on_platform": True,
    "expires": False,
    "references_index": False,
    "open_to_retail_spot": True,
    "index_meets_iosco": False,
    "loss_limited_to_margin": True,
    "mechanisms_transparent": True,
    "published_methodology": True,
    "enforceable_rules": True,
    "markets_monitored": True,
    "approved_by_sfc": True,
    "ban_disapplied": True,
}
CLIENT = {"investor": "institutional_professional", "knows_derivatives": True}
CASH = {"class": "fiat", "symbol": "USD"}

# ── rulebooks ───────────────────────────────────────────────────────────────────────────────

LEVERAGE = (
    'unset "One machine-translated post gives a number; no text of the rules that was read does."'
    ' zh "只有一則機器翻譯帖文載有數字，所閱規則文本並無載明。"',
    "= 20",
)
SMALL = (  # so that a small market shows what only a large one would
    LEVERAGE,
    ("= 10_000 USD per HOUSE/impact", "= 100 USD per HOUSE/impact"),
    ("= 100_000 USD per HOUSE/liquidation_steps", "= 200 USD per HOUSE/liquidation_steps"),
    ("= 8 hours per HOUSE/index_age", "= 9000 hours per HOUSE/index_age"),
)


def law_with(*changes: Change, on: str = LAW_DAY) -> Rulebook:
    """The shipped law with some words replaced."""
    return changed_rules.law_with(*changes)(on)


@cache
def house(on: str) -> Rulebook:
    """The law under the example house, whose rules begin on 1 April 2026."""
    return policy.load(on=on, under="example.house")


# ── a market in few words ───────────────────────────────────────────────────────────────────


class Market:
    """A desk, with commands in few words: money and prices in dollars, sizes in whole contracts unless told."""

    def __init__(self, rules: Callable[[str], Rulebook] | None = None, on: str = LAW_DAY, at: int = MIDNIGHT) -> None:
        self.desk: Engine = opened(rules or (lambda day: law_with(*SMALL, on=day)), on)
        self.at = at
        self.kept = Bookkeeper()
        self.number = 0
        self.said: list[tuple[Any, list[Any]]] = []  # every command with its events

    def say(self, cls: type[Any], *names: str, at: int | None = None, **others: Any) -> list[Any]:
        """Carries out a command, and keeps the books by its events."""
        self.at = self.at if at is None else at
        command = cls(*names, at=self.at, **others)
        events = self.desk.submit(command)
        self.said.append((command, events))
        self.kept.read(events)
        return events

    def list(self, contract: str = "BTC", tick: int = USD, lot: int = ONE, **others: Any) -> list[Any]:
        return self.say(do.ListPerpetual, contract, tick=tick, lot=lot, **{"product": PRODUCT, **others})

    def client(self, name: str, dollars: int, bucket: str = "BTC", group: str = "") -> None:
        """A client with all the money in one bucket."""
        self.say(do.OpenPerpetualAccount, name, group=group, client=CLIENT)
        self.say(do.DepositMargin, name, value=dollars * DOLLAR, asset=CASH)
        self.say(do.PostMargin, name, bucket, amount=dollars * DOLLAR)

    def fund(self, dollars: int) -> None:
        self.say(do.TopUpFund, amount=dollars * DOLLAR)

    def index(self, dollars: int | None, contract: str = "BTC", at: int | None = None) -> list[Any]:
        return self.say(do.IndexPrice, contract, at=at, price=None if dollars is None else dollars * USD)

    def order(
        self,
        account: str,
        side: str,
        dollars: int | None,
        size: int,
        contract: str = "BTC",
        bucket: str = "",
        type: str = "limit",
        id: str = "",
        reduce_only: bool = False,
    ) -> list[Any]:
        self.number += 1
        price = None if dollars is None else dollars * USD
        names = (id or f"o{self.number}", account, bucket or contract, contract)
        more = {"price": price, "type": type, "reduce_only": reduce_only}
        return self.say(do.PlacePerpetual, *names, side=side, size=size * ONE, **more)

    def pair(self, buyer: str, seller: str, dollars: int, size: int, contract: str = "BTC", bucket: str = "") -> None:
        """A trade of two clients with nobody between them."""
        events = self.order(buyer, "buy", dollars, size, contract, bucket)
        assert of(told.PerpetualAccepted, events), rules(events[0].verdict)
        events = self.order(seller, "sell", dollars, size, contract, bucket)
        assert of(told.PerpetualTraded, events), rules(events[0].verdict)

    def margin(self, account: str, bucket: str = "BTC") -> int:
        return self.desk.state.accounts[account].buckets[bucket].margin

    def size(self, account: str, contract: str = "BTC", bucket: str = "") -> int:
        held = self.desk.state.accounts[account].buckets[bucket or contract].positions.get(contract)
        return held.size if held else 0

    def equity(self, account: str, bucket: str = "BTC") -> int:
        return self.desk.state.equity(self.desk.state.accounts[account].buckets[bucket])


def leveraged(day: str) -> Rulebook:
    """The shipped law, with the one number for leverage that it leaves open."""
    return law_with(LEVERAGE, on=day)


def market(rulebook: Callable[[str], Rulebook] | None = None, fund: int = 0, **clients: int) -> Market:
    """One contract, marked at 100 dollars, and clients with so many dollars in its bucket."""
    made = Market(rulebook)
    made.list()
    if fund:
        made.fund(fund)
    for name, dollars in clients.items():
        made.client(name, dollars)
    made.index(100)
    return made


def of(cls: type[Any], events: list[Any]) -> list[Any]:
    """The events of one kind."""
    return [e for e in events if isinstance(e, cls)]


def rules(verdict: Any) -> list[str]:
    return [r.rule for r in verdict.reasons]


# ── the bookkeeper ──────────────────────────────────────────────────────────────────────────

Slot = tuple[str, str]  # account, bucket
ODD_MARK = 123_457  # any mark at all, in units of price


class Bookkeeper:
    """Money and positions, added up from events; whatever the mark, they come to what came in, after each event."""

    def __init__(self) -> None:
        self.free: dict[str, int] = defaultdict(int)
        self.margin: dict[Slot, int] = defaultdict(int)
        self.size: dict[tuple[Slot, str], int] = defaultdict(int)
        self.entry: dict[tuple[Slot, str], int] = defaultdict(int)
        self.fund = self.fees = self.uncovered = self.deposited = 0
        self.paid = self.received = 0  # of the funding that is being settled: in nobody's books until it is

    def read(self, events: list[Any]) -> None:
        for event in events:
            self._read(event)
            assert self.total() == self.deposited, event
            for contract in {c for _, c in self.size}:
                assert sum(size for (_, c), size in self.size.items() if c == contract) == 0, event

    def total(self) -> int:
        held = sum(size * ODD_MARK - self.entry[key] for key, size in self.size.items())
        owned = sum(self.free.values()) + sum(self.margin.values()) + self.paid - self.received
        return owned + held + self.fund + self.fees - self.uncovered

    def _trade(self, slot: Slot, contract: str, size: int, price: int, realised: int, fee: int = 0) -> None:
        """What is closed leaves the entry value at the price less what is realised; what is opened enters at it."""
        self.size[slot, contract] += size
        self.entry[slot, contract] += size * price + realised
        self.margin[slot] += realised - fee
        self.fees += fee

    def _read(self, event: Any) -> None:
        match event:
            case told.MarginDeposited():
                self.free[event.account] += event.value
                self.deposited += event.value
            case told.MarginWithdrawn():
                self.free[event.account] -= event.value
                self.deposited -= event.value
            case told.MarginPosted():
                self.free[event.account] -= event.amount
                self.margin[event.account, event.bucket] += event.amount
            case told.MarginReleased():
                self.free[event.account] += event.amount
                self.margin[event.account, event.bucket] -= event.amount
            case told.FundToppedUp():
                self.fund += event.amount
                self.deposited += event.amount
            case told.PerpetualTraded(contract=contract, price=price, size=size):
                assert event.value == price * size
                buyer, seller = (event.buyer, event.buyer_bucket), (event.seller, event.seller_bucket)
                self._trade(buyer, contract, size, price, event.buyer_realised, event.buyer_fee)
                self._trade(seller, contract, -size, price, event.seller_realised, event.seller_fee)
            case told.ProfitRealised():
                slot = (event.account, event.bucket)
                self.entry[slot, event.contract] += event.amount
                self.margin[slot] += event.amount
            case marked.FundingPaid():
                self.margin[event.account, event.bucket] -= event.payment
                self.paid += max(0, event.payment)
                self.received += max(0, -event.payment)
            case marked.FundingSettled():
                assert event.paid == self.paid == self.received, event
                self.paid = self.received = 0
            case marked.LiquidationStep():
                self.margin[event.account, event.bucket] -= event.fee
                self.fund += event.fee
                assert event.fund == self.fund
            case (
                marked.ClosedAgainstOwn(contract=contract, price=price, size=size)
                | marked.Deleveraged(contract=contract, price=price, size=size)
            ):
                loser, other = (event.account, event.bucket), (event.other, event.other_bucket)
                sign = 1 if self.size[loser, contract] > 0 else -1
                self._trade(loser, contract, -sign * size, price, event.realised)
                self._trade(other, contract, sign * size, price, event.other_realised)
            case marked.FundDrawdown():
                self.margin[event.account, event.bucket] += event.loss
                self.fund -= event.from_fund
                self.uncovered += event.uncovered
                assert event.loss == event.from_fund + event.uncovered
                assert event.fund == self.fund
            case _:
                pass
