"""Somebody who means harm takes nothing; and with a mending undone, is found to take it, or to break the promise.

`python tests/support/attacker.py --minutes 10 --seeds 10` attacks for ten minutes. A fault that is open has a seed
that finds it, strictly expected: once it is mended, that test fails, and its line in `promises.OPEN` goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve

import arenas
from arenas import Arena, ExchangeArena, Move, OtherExchangeArena
from attacker import ARENAS, STREAM, WholeMarketArena, attacked, drawn, main, shrunk, told
from desk_arena import DeskArena, GroupArena
from desk_promises import DeskWatch
from policy.exchange import engine as exchange, events as traded, trading as exchange_trading
from policy.facts.records import unchecked
from policy.market import checks, matcher, venue
from policy.perpetuals import (
    checks as desk_checks,
    engine as desk,
    facts as desk_facts,
    funding,
    liquidation,
    trading as desk_trading,
)
from policy.perpetuals.facts import only_reduces
from promises import OPEN

Patch = pytest.MonkeyPatch
SEED, ATTEMPTS = 1, 40


# ── mendings, undone ────────────────────────────────────────────────────────────────────────


def lost_index_keeps_its_mark(patch: Patch) -> None:
    def position_facts(rules: Any, position: Any, contract: Any) -> Any:
        record = rules.due.records["PerpetualPosition"]
        size, value = abs(position.size), abs(position.entry)
        return unchecked(record, side=position.side, size=size, entry_value=value, mark=contract.mark)

    patch.setattr(desk_facts, "position_facts", position_facts)


def rejected_command_moves_the_clock(patch: Patch) -> None:
    take = venue.Venue.take

    def moved(self: Any, command: Any) -> list[Any]:
        events = take(self, command)
        self.clock.at = max(self.clock.at or 0, command.at)
        return events

    patch.setattr(venue.Venue, "take", moved)


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

    def as_limit(self: Any, *replaced: Any) -> None:
        kept = exchange_trading.match
        patch.setattr(exchange_trading, "match", lambda book, new, type, own: kept(book, new, "limit", own))
        try:
            replace(self, *replaced)
        finally:
            patch.setattr(exchange_trading, "match", kept)

    patch.setattr(exchange_trading.OrderDesk, "replace", as_limit)


def order_sent_again_tells_its_trades(patch: Patch) -> None:
    place = exchange.Engine._place

    def told_again(self: Any, command: Any) -> None:
        if command.id in self._answered:
            first, events = self._answer(command.id)
            if evolve(first, at=command.at) == command:
                self.events += events
                return
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

    for module in (desk, desk_trading, funding, liquidation):
        if hasattr(module, "revalidate"):
            patch.setattr(module, "revalidate", revalidate)


def fees_vanish_unsaid(patch: Patch) -> None:
    drain = exchange.Engine.drain

    def silent(self: Any) -> list[Any]:
        return [event for event in drain(self) if not isinstance(event, traded.FeesWaived)]

    patch.setattr(exchange.Engine, "drain", silent)


def own_order_is_nobody(patch: Patch) -> None:
    patch.setattr(matcher.MatchResult, "why_unpriced", property(lambda self: matcher.NOTHING_LEFT))


def fees_stay_as_they_were(patch: Patch) -> None:
    patch.setattr(exchange_trading, "_fees", lambda order, quantity: order.placed.fees)


def names_may_be_blank(patch: Patch) -> None:
    for module in (checks, exchange, desk_checks):
        patch.setattr(module, "not_blank", lambda name, what: None)
    patch.setattr(exchange, "check_name", lambda name, what, reserved=frozenset(): None)


def liquidations_trade_at_any_price(patch: Patch) -> None:
    into_book = liquidation._into_book

    def at_any_price(state: Any, bucket: Any, contract: Any, size: int, _: int) -> tuple[int, int]:
        worst = 1 if bucket.positions[contract.name].size > 0 else 10**12
        return into_book(state, bucket, contract, size, worst)  # type: ignore[call-arg,unused-ignore]

    patch.setattr(liquidation, "_into_book", at_any_price)


class Fee:
    """A liquidation fee as high as the lowest maintenance rate."""

    def __init__(self, asked: Any) -> None:
        self.asked = asked

    def __getattr__(self, name: str) -> Any:
        return getattr(self.asked, name)

    def fast(self, closed: int, left: int) -> int:
        return max(0, min(left, closed // 200))


def fees_heal_nothing(patch: Patch) -> None:
    rules_on = arenas.rules_on

    def dear(kind: str, day: str) -> Any:
        rules = rules_on(kind, day)
        return evolve(rules, liquidation_fee=Fee(rules.liquidation_fee)) if kind == "perpetuals" else rules

    patch.setattr(arenas, "rules_on", dear)


def closing_needs_margin_for_the_whole(patch: Patch) -> None:
    patch.setattr(desk_facts.WorstCase, "least", property(lambda self: self.largest))


def refused_id_is_burnt(patch: Patch) -> None:
    place = desk.Engine._place

    def burnt(self: Any, command: Any) -> None:
        first = len(self.events)
        place(self, command)
        self._answered.setdefault(command.id, (command, self.events[first:]))

    patch.setattr(desk.Engine, "_place", burnt)


def accounts_have_no_group(patch: Patch) -> None:
    open_account = desk.Engine._open

    def alone(self: Any, command: Any) -> None:
        open_account(self, evolve(command, group=""))

    patch.setattr(desk.Engine, "_open", alone)


def groups_share_nothing(patch: Patch) -> None:
    patch.setattr(liquidation, "_against_own", lambda *_: (0, 0))


def liquidated_side_pays_a_fee(patch: Patch) -> None:
    traded_at = liquidation.trade

    def for_both(state: Any, contract: Any, buckets: Any, fees: tuple[int, int], *others: Any) -> None:
        traded_at(state, contract, buckets, (max(fees), max(fees)), *others)

    patch.setattr(liquidation, "trade", for_both)


def moves_are_forgotten_while_an_index_is_lost(patch: Patch) -> None:
    """And whoever is closed against bears what is asked."""
    due = liquidation._due

    def forgetful(state: Any, bucket: Any) -> Any:
        bucket.unjudged = {}
        return due(state, bucket)

    patch.setattr(liquidation, "_due", forgetful)
    patch.setattr(liquidation, "_bearable", lambda state, other, name, part, asked: asked)


MENDED: Mapping[str, tuple[Callable[[Patch], None], type[Arena], str]] = {
    "F1": (liquidations_trade_at_any_price, DeskArena, "the fund pays deficits only"),
    "F2": (lost_index_keeps_its_mark, DeskArena, "nobody is sold out on a guess"),
    "F3": (rejected_command_moves_the_clock, WholeMarketArena, "an invalid command has no effect"),
    "F4": (prices_come_one_by_one, DeskArena, "told again, nothing differs"),
    "F5": (fees_heal_nothing, DeskArena, "a step heals"),
    "F6": (rejected_day_sets_the_date, WholeMarketArena, "an invalid command has no effect"),
    "F7": (closing_needs_margin_for_the_whole, DeskArena, "a client may close"),
    "F8": (replaced_order_loses_its_type, ExchangeArena, "orders keep their type"),
    "F9": (order_sent_again_tells_its_trades, ExchangeArena, "a trade is told once"),
    "F10": (orders_are_judged_newest_first, DeskArena, "an order leaves for a reason of its own"),
    "F11": (accounts_have_no_group, GroupArena, "nobody trades with oneself"),
    "F11, losses": (groups_share_nothing, GroupArena, "no loss is others' while its own group gained"),
    "F12": (liquidated_side_pays_a_fee, DeskArena, "who is liquidated pays no trading fee"),
    "F13": (fees_vanish_unsaid, ExchangeArena, "fees are paid, or said to be waived"),
    "F14": (own_order_is_nobody, ExchangeArena, "the reason told is the reason"),
    "F15": (refused_id_is_burnt, DeskArena, "what the rules refuse has no effect"),
    "F16": (fees_stay_as_they_were, OtherExchangeArena, "fees follow the quantity"),
    "F17": (names_may_be_blank, ExchangeArena, "names can be read"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", [fault for fault in MENDED if fault not in OPEN.values()])
def test_with_a_mending_undone_the_fault_is_found(fault: str, monkeypatch: Patch) -> None:
    undo, arena, promise = MENDED[fault]
    undo(monkeypatch)
    found = attacked(arena, SEED, ATTEMPTS, until=promise)
    monkeypatch.undo()
    assert promise in found.broken
    assert promise not in told(arena, found.broken[promise]).broken


@pytest.mark.slow
def test_with_the_mending_undone_the_stream_that_found_the_fault_finds_it(monkeypatch: Patch) -> None:
    """A fault that a random stream found, and that an attack of a few moves is too short for."""
    moves_are_forgotten_while_an_index_is_lost(monkeypatch)
    found = told(DeskArena, drawn(DeskArena, 175, STREAM))
    monkeypatch.undo()
    assert set(found.broken) == {"the fund pays deficits only"}


# ── what is open, and what holds ────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize(
    "promise",
    [pytest.param(each, marks=pytest.mark.xfail(strict=True, reason=fault)) for each, fault in OPEN.items()],
)
def test_a_promise_that_is_open_is_broken(promise: str) -> None:
    assert promise not in attacked(DeskArena, SEED, ATTEMPTS, until=promise).broken


@pytest.mark.parametrize("arena", ARENAS)
def test_a_short_attack_takes_nothing(arena: str) -> None:
    assert not attacked(ARENAS[arena], 0, 4).unexpected


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_the_desk_is_attacked_and_nothing_is_taken(seed: int) -> None:
    """What the fund lost is no more than what holders owed and could not pay."""
    attack = attacked(DeskArena, seed, ATTEMPTS)
    assert not attack.unexpected
    assert attack.deficit > 0
    assert "F1" in OPEN.values() or attack.fund_lost <= attack.deficit


def test_the_command_tells_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--minutes", "0.01", "--seeds", "1"]) == 0
    assert "DeskArena, seed 0" in capsys.readouterr().out


def test_moves_are_shrunk_to_those_that_matter() -> None:
    moves = [
        Move("wait", (0.1, 0.0, 0.0, 0.0)),
        Move("deal", (0.1, 0.0, 0.5, 0.2)),
        Move("gap", (0.0, 0.0, 0.7, 0.0)),
    ]
    fewest = shrunk(DeskArena, moves, lambda watch: watch.watch_of(DeskWatch).deficit > 0)
    assert [move.name for move in fewest] == ["deal", "gap"]
