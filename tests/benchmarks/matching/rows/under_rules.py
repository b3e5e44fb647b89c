"""Ours under the shipped rulebook: the decision alone, and the whole exchange.

Sixty-four participants, half of them retail clients, half of them buyers; nobody meets an order of their own. What
sets the stage is timed too; it is a hundredth of the whole. A tick is a dollar, and a lot one coin.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bare import Trade
from stream import CANCEL, LIMIT, MARKET, Op

import policy
from policy.answers import Outcome
from policy.exchange.commands import (
    AdmitParticipant,
    AdmitPlatform,
    ArrangeSettlement,
    Cancel,
    DepositMoney,
    DepositTokens,
    ListInstrument,
    Place,
)
from policy.exchange.engine import Engine, opened
from policy.exchange.events import Traded
from policy.facts.records import unchecked
from policy.market.book import Book, BookOrder
from policy.market.matcher import CANCEL_INCOMING, RESTED, apply, match
from policy.pipeline import Rulebook
from policy.source import Source

OWNERS = 64
ON = "2026-03-01"
AT = 1_772_323_200_000_000
TICK, LOT = 100, 10**8
FORTUNE = 10**15
PROFESSIONAL = {"capacity": "client", "investor": "institutional_professional", "financed": False, "admitted": True}
RETAIL = {
    "capacity": "client",
    "investor": "retail",
    "only_stablecoins": False,
    "financed": False,
    "admitted": True,
    "knowledge_assessed": True,
    "exposure_limit": "1000000000000 HKD",
    "risks_disclosed_at": "2026-01-05T10:00:00+08:00",
    "opted_in_at": "2026-01-05T11:00:00+08:00",
}
SHARED = {"shared_book_approved": True, "overseas_platform_eligible": True}
ARRANGEMENT = {
    "delivery_versus_payment": True,
    "longest_interval": "8 hours",
    "settles_within_the_day": True,
    "unsettled_limit": "1000000000 HKD",
    "limit_monitored": True,
    "reserve_fund": "1000000000 HKD",
    "reserve_in_hong_kong": True,
    "reserve_on_trust": True,
    "compensation": "1000000000 HKD",
    "covers_settlement_assets": True,
}


@cache
def rulebook(on: str) -> Rulebook:
    return policy.load(on=on)


def owner(op: Op) -> str:
    """Buyers have even numbers."""
    number = op.id * 2 % OWNERS + (not op.buy)
    return f"p{number}"


def stated(number: int) -> dict[str, Any]:
    return {**(RETAIL if number // 2 % 2 else PROFESSIONAL), "exposure": "0.00 HKD"}


Asked = tuple[str, str, str, str, int, int]
Keep = Callable[[int, Asked, Any, list[tuple[str, str, int, int]]], None]

# ── the decision alone ──────────────────────────────────────────────────────────────────────


class Decided:
    """The plain matcher; before each order the whole acceptance decision, all its reasons told.

    The facts that differ from order to order are filled in. Nobody's money is moved, and orders go by price and time.
    """

    def prepare(self, ops: Sequence[Op]) -> list[Asked]:
        rulebook(ON)
        return [
            (op.what, str(op.id), owner(op), "buy" if op.buy else "sell", op.price * TICK, op.quantity * LOT)
            for op in ops
        ]

    def run(self, prepared: list[Asked], keep: Keep | None = None) -> list[tuple[str, str, int, int]]:
        """`keep` is told of each operation: its number, what was asked, the verdict, and the trades."""
        facts_of = _records()
        decide, permitted = rulebook(ON).evaluator("order_accepted").verdict, Outcome.PERMITTED
        book: Book[None] = Book()
        live: dict[str, BookOrder[None]] = {}
        trades = []
        for number, (what, id, by, side, price, quantity) in enumerate(prepared, 1):
            if what == CANCEL:
                book.cancel(live.pop(id))
                if keep is not None:
                    keep(number, prepared[number - 1], None, [])
                continue
            before = len(trades)
            order = BookOrder(id, by, side, price, quantity, None)
            result = match(book, order, what, CANCEL_INCOMING)
            if what == MARKET:
                price = result.fills[-1][0].price
            facts = facts_of[by]
            facts.side = side
            facts.price = price
            facts.quantity = quantity
            facts.accepted_at = AT + number
            facts.sequence = number
            verdict = decide(facts)
            if verdict.outcome is permitted:
                for left in apply(book, order, result):
                    del live[left.id]
                if result.outcome == RESTED:
                    live[id] = order
                for resting, filled in result.fills:
                    trades.append((resting.id, id, resting.price, filled))
            if keep is not None:
                keep(number, prepared[number - 1], verdict, trades[before:])
        return trades

    def told(self, outcome: list[tuple[str, str, int, int]]) -> list[Trade]:
        return [(int(r), int(i), price // TICK, quantity // LOT) for r, i, price, quantity in outcome]


def _records() -> dict[str, Any]:
    """An order's record for each participant, with all that stays the same."""
    reader = rulebook(ON).reader("order_accepted")
    made = {}
    for number in range(OWNERS):
        facts = {**stated(number), **SHARED, "venue": "shared_book", "fees": "0.00 HKD", "settlement_failed": False}
        read = reader.read(Source("facts", json.dumps({"order": facts})))
        assert isinstance(read, tuple), read
        (record,) = read
        made[f"p{number}"] = unchecked(type(record), record, available=FORTUNE, available_quantity=FORTUNE)
    return made


# ── the whole exchange ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Exchange:
    """Everything: money and tokens reserved, released and paid to the last unit, exposures followed, every answer
    kept, an event for each thing that happens. With two platforms every trade waits to be settled.
    """

    platforms: int

    def prepare(self, ops: Sequence[Op]) -> list[Any]:
        rulebook(ON)
        placed = {op.id: owner(op) for op in ops if op.what != CANCEL}
        return [
            Cancel(str(op.id), placed[op.id], AT + n)
            if op.what == CANCEL
            else Place(
                str(op.id),
                owner(op),
                "BTC",
                AT + n,
                "shared_book",
                "buy" if op.buy else "sell",
                op.quantity * LOT,
                op.price * TICK if op.what == LIMIT else None,
                op.what,
            )
            for n, op in enumerate(ops)
        ]

    def run(self, prepared: list[Any]) -> list[Traded]:
        submit = self.opened().submit
        return [event for command in prepared for event in submit(command) if type(event) is Traded]

    def told(self, outcome: list[Traded]) -> list[Trade]:
        return [(int(t.resting), int(t.incoming), t.price // TICK, t.quantity // LOT) for t in outcome]

    def opened(self) -> Engine:
        """With the stage set."""
        engine = opened(rulebook, ON)
        commands: list[Any] = [ListInstrument("BTC", AT, TICK, LOT)]
        commands += [AdmitPlatform(f"x{n}", AT, (), SHARED) for n in range(self.platforms)]
        for number in range(OWNERS):
            by = f"p{number}"
            commands.append(AdmitParticipant(by, f"x{number % self.platforms}", AT, stated(number)))
            commands.append(DepositMoney(by, AT, FORTUNE))
            commands.append(DepositTokens(by, "BTC", AT, FORTUNE))
        commands.append(ArrangeSettlement(AT, ARRANGEMENT))
        for command in commands:
            engine.submit(command)
        return engine
