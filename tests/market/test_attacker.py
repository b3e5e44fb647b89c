"""Somebody who means harm takes nothing; and with a mending undone, is found to take it, or to break the promise.

`python tests/support/attacker.py --minutes 10 --seeds 10` attacks for ten minutes. A fault that is open has a seed
that finds it, strictly expected: once it is mended, that test fails, and its line in `promises.OPEN` goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve

from arenas import Arena, ExchangeArena, OtherExchangeArena
from attacker import WholeMarketArena, attacked, shrunk, told
from desk_arena import DeskArena
from policy.exchange import engine as exchange, events as traded, trading as exchange_trading
from policy.facts.records import unchecked
from policy.market import checks, matcher, venue
from policy.perpetuals import checks as desk_checks, engine as desk, facts as desk_facts, trading as desk_trading
from policy.perpetuals.facts import only_reduces

Patch = pytest.MonkeyPatch
ATTEMPTS = 60


# ── mendings, undone ────────────────────────────────────────────────────────────────────────


def lost_index_keeps_its_mark(patch: Patch) -> None:
    def position_facts(rules: Any, position: Any, contract: Any) -> Any:
        record = rules.due.records["PerpetualPosition"]
        size, value = abs(position.size), abs(position.entry)
        return unchecked(record, side=position.side, size=size, entry_value=value, mark=contract.mark)

    patch.setattr(desk_facts, "position_facts", position_facts)


def rejected_command_moves_the_clock(patch: Patch) -> None:
    advance = desk.Engine.advance

    def moved(self: Any, at: int) -> None:
        self.clock.at = at
        advance(self, at)

    patch.setattr(desk.Engine, "advance", moved)


def prices_come_one_by_one(patch: Patch) -> None:
    together = desk.Engine._take_prices

    def one_by_one(self: Any, prices: Mapping[str, int | None]) -> None:
        for name, price in prices.items():
            together(self, {name: price})

    patch.setattr(desk.Engine, "_take_prices", one_by_one)


def rejected_day_sets_the_date(patch: Patch) -> None:
    new_day = venue._new_day

    def begun(command: Any, clock: Any, venues: Any) -> list[Any]:
        try:
            return new_day(command, clock, venues)
        except checks.InvalidCommandError:
            clock.on = clock.on.fromordinal(command.on)
            raise

    patch.setattr(venue, "_new_day", begun)


def replaced_order_loses_its_type(patch: Patch) -> None:
    replace = exchange_trading.OrderDesk.replace

    def as_limit(self: Any, command: Any, order: Any) -> None:
        kept = exchange_trading.match
        patch.setattr(exchange_trading, "match", lambda book, new, type, own: kept(book, new, "limit", own))
        try:
            replace(self, command, order)
        finally:
            patch.setattr(exchange_trading, "match", kept)

    patch.setattr(exchange_trading.OrderDesk, "replace", as_limit)


def order_sent_again_tells_its_trades(patch: Patch) -> None:
    place = exchange.Engine._place

    def told_again(self: Any, command: Any) -> None:
        first, events = self._answered.get(command.id, (None, ()))
        if first is not None and evolve(first, at=command.at) == command:
            self.events += events
        else:
            place(self, command)

    patch.setattr(exchange.Engine, "_place", told_again)


def orders_are_judged_newest_first(patch: Patch) -> None:
    def revalidate(state: Any, bucket: Any) -> None:
        newest = list(reversed(bucket.orders.values()))
        orders = [(order, order.remaining) for order in newest]
        for order in sorted(newest, key=lambda order: only_reduces(bucket, order, orders)):
            judged = desk_trading.judge(state, order, order.remaining)
            if not judged.accepted:
                desk_trading.withdraw(state, order)
                told = (judged.verdict, judged.size_verdict, judged.as_facts(state), order.remaining)
                state.emit(desk_trading.PerpetualExpelled(order.id, order.owner, *told))

    for module in (desk, desk_trading):
        patch.setattr(module, "revalidate", revalidate)


def fees_vanish_unsaid(patch: Patch) -> None:
    drain = exchange.Engine.drain

    def silent(self: Any) -> list[Any]:
        return [event for event in drain(self) if not isinstance(event, traded.FeesWaived)]

    patch.setattr(exchange.Engine, "drain", silent)


def own_order_is_nobody(patch: Patch) -> None:
    patch.setattr(matcher.MatchResult, "why_unpriced", property(lambda self: matcher.NOTHING_LEFT))


def fees_stay_as_they_were(patch: Patch) -> None:
    patch.setattr(exchange_trading, "_fees", lambda placed, quantity: placed.fees)


def names_may_be_blank(patch: Patch) -> None:
    for module in (checks, exchange, desk_checks):
        patch.setattr(module, "not_blank", lambda name, what: None)
    patch.setattr(exchange, "check_name", lambda name, what, reserved=frozenset(): None)


MENDED: Mapping[str, tuple[Callable[[Patch], None], type[Arena], str]] = {
    "F2": (lost_index_keeps_its_mark, DeskArena, "nobody is sold out on a guess"),
    "F3": (rejected_command_moves_the_clock, WholeMarketArena, "an invalid command has no effect"),
    "F4": (prices_come_one_by_one, DeskArena, "told again, nothing differs"),
    "F6": (rejected_day_sets_the_date, WholeMarketArena, "an invalid command has no effect"),
    "F8": (replaced_order_loses_its_type, ExchangeArena, "orders keep their type"),
    "F9": (order_sent_again_tells_its_trades, ExchangeArena, "a trade is told once"),
    "F10": (orders_are_judged_newest_first, DeskArena, "an order leaves for a reason of its own"),
    "F13": (fees_vanish_unsaid, ExchangeArena, "fees are paid, or said to be waived"),
    "F14": (own_order_is_nobody, ExchangeArena, "the reason told is the reason"),
    "F16": (fees_stay_as_they_were, OtherExchangeArena, "fees follow the quantity"),
    "F17": (names_may_be_blank, ExchangeArena, "names can be read"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", MENDED)
def test_with_a_mending_undone_the_fault_is_found(fault: str, monkeypatch: Patch) -> None:
    undo, arena, promise = MENDED[fault]
    undo(monkeypatch)
    found = attacked(arena, 1, ATTEMPTS, until=promise)
    assert promise in found.broken
    fewest = shrunk(arena, found.broken[promise], lambda watch: promise in watch.broken)
    monkeypatch.undo()
    assert promise not in told(arena, fewest).broken
