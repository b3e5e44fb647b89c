"""Prices and sizes with the decimals of their instruments: another scale changes what is said, and nothing else.

In: seeded streams of commands, told as they are and told with prices a million times as small. Out: the same events,
in the words of each. Journals and stress tests keep the decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve, has
from hypothesis import strategies as st

from arenas import Arena, ExchangeArena
from attacker import drawn
from desk_arena import DeskArena
from examples import examples
from perpetual_market import CASH, CLIENT, MIDNIGHT, PRODUCT, law_with
from policy.audit.records import JournalRecord
from policy.exchange import commands as ex, events as traded
from policy.market.commands import NewDay
from policy.market.events import CommandInvalid, CommandRepeated
from policy.model import types
from policy.model.types import is_quoted, quoted
from policy.model.values import show
from policy.perpetuals import commands as do, events as told
from policy.perpetuals.engine import opened
from policy.perpetuals.mark_events import Marked
from policy.reports.journal.decisions import Decisions
from policy.scenario.stress import Move, Prices
from policy.source import Source
from policy.wire import EVENT, Commands, JournalReader, command_json, event_json, json_line
from policy.wire.fields import types_of

DECIMALS = 6


def in_scale(message: Any, more: int) -> Any:
    """The same message of an instrument whose price has more decimals."""
    times = Fraction(10) ** more
    changed: dict[str, Any] = {}
    for name, of in types_of(type(message)).items():
        value = getattr(message, name)
        if isinstance(value, tuple) and value and has(type(value[0])):
            changed[name] = tuple(in_scale(item, more) for item in value)
        elif isinstance(of, types.ListOf) and of.of == types.OptionalOf(do.PRICE):
            changed[name] = tuple(None if price is None else quoted(price / times) for price in value)
        elif value is not None and of in (do.PRICE, types.OptionalOf(do.PRICE), ex.PRICE, types.OptionalOf(ex.PRICE)):
            changed[name] = quoted(value / times)
        elif of in (do.SIZE, ex.QUANTITY):
            changed[name] = quoted(value * times)
        elif name == "decimals":
            changed[name] = value + more
    return evolve(message, **changed)


def without_texts(event: Any) -> Any:
    """An event without what tells amounts in words."""
    if isinstance(event, CommandInvalid):
        return evolve(event, message="")
    return evolve(event, answer=()) if isinstance(event, CommandRepeated) else event


def same_in_another_scale(arena: type[Arena], seed: int, length: int) -> Sequence[Any]:
    stream = arena()
    stream.play(drawn(arena, seed, length))
    small = stream.watch.make()
    seen: list[Any] = []
    for said in stream.watch.said:
        events = [
            in_scale(without_texts(event), -DECIMALS) for event in small.submit(in_scale(said.command, DECIMALS))
        ]
        assert events == [without_texts(event) for event in said.events], said.command
        seen += events
    return seen


@pytest.mark.parametrize("seed", range(2))
def test_a_desk_is_the_same_in_another_scale(seed: int) -> None:
    seen = same_in_another_scale(DeskArena, seed, 80)
    assert any(isinstance(event, told.PerpetualTraded) for event in seen)


@pytest.mark.parametrize("seed", range(2))
def test_an_exchange_is_the_same_in_another_scale(seed: int) -> None:
    seen = same_in_another_scale(ExchangeArena, seed, 80)
    assert any(isinstance(event, traded.Traded) for event in seen)


@pytest.mark.slow
@pytest.mark.parametrize("arena", [DeskArena, ExchangeArena])
def test_many_streams_are_the_same_in_another_scale(arena: type[Arena]) -> None:
    for seed in range(10, 20):
        same_in_another_scale(arena, seed, 250)


# ── what is said ────────────────────────────────────────────────────────────────────────────

LISTED = do.ListPerpetual("SHIB", MIDNIGHT, Fraction(1, 10**6), 100 * 10**4, product=PRODUCT, decimals=10)
SAID = Fraction(147365, 10**6)  # 0.0000147365 USD


def shib() -> Any:
    desk = opened(lambda day: law_with(on=day), "2026-03-01")
    for command in (
        LISTED,
        do.OpenPerpetualAccount("ann", MIDNIGHT, client=CLIENT),
        do.DepositMargin("ann", MIDNIGHT, 10**12, CASH),
        do.PostMargin("ann", "cross", MIDNIGHT, 10**12),
        do.IndexPrice("SHIB", MIDNIGHT, SAID),
    ):
        assert not any(isinstance(e, CommandInvalid) for e in desk.submit(command))
    return desk


@examples(100, 2000, st.fractions(min_value=-(10**20), max_value=10**20), st.integers(0, 12))
def test_an_amount_is_read_as_it_is_written(amount: Fraction, decimals: int) -> None:
    value = quoted(Fraction(round(amount * 10**decimals), 10**decimals))
    command = do.IndexPrice("SHIB", MIDNIGHT, value)
    read = Commands.of(do.IndexPrice).read(Source("command", json_line(command_json(command))))
    assert read == command
    assert type(read.price) is type(value)
    event = Marked("SHIB", (), value, None, value, value)
    assert JournalReader.of(EVENT, Marked).read(event_json(event)) == event


def test_only_the_one_form_of_an_amount_is_a_command() -> None:
    reads = Commands.of(do.IndexPrice)
    for amount in (SAID, quoted(Fraction(10**18)), 10**17):
        assert not reads.unfit(do.IndexPrice("SHIB", MIDNIGHT, amount))
    for amount in (Fraction(3), Fraction(1, 3), Fraction(10**40), 10**18, 0.5):
        assert reads.unfit(do.IndexPrice("SHIB", MIDNIGHT, amount)), amount  # type: ignore[arg-type]
    assert is_quoted(Fraction(10**18))
    assert show(SAID, do.PRICE) == "0.0000147365 USD"


def test_the_first_answer_is_repeated_as_it_was_said() -> None:
    desk = shib()
    order = do.PlacePerpetual("o", "ann", "cross", "SHIB", MIDNIGHT, "buy", 300 * 10**4, SAID)
    first = desk.submit(order)
    (again,) = desk.submit(evolve(order, at=MIDNIGHT + 1))
    assert isinstance(again, CommandRepeated)
    assert list(again.answer) == [event_json(e) for e in first]
    assert again.answer[0]["price"] == "0.0000147365 USD"
    assert again.answer[0]["size"] == "300"


def test_a_shocked_price_keeps_the_decimals_of_its_contract() -> None:
    prices = Prices()
    for command in (LISTED, do.IndexPrice("SHIB", MIDNIGHT, SAID)):
        prices.take(command, [])
    (shocked,) = prices.moved(Move(1, {"SHIB": Fraction(2, 3)}))
    assert isinstance(shocked, do.IndexPrices)
    assert shocked.prices == (Fraction(98243, 10**6),)  # 0.0000098243333… USD
    assert not any(isinstance(e, CommandInvalid) for e in shib().submit(shocked))


def test_a_decision_says_by_how_many_tokens_its_facts_count() -> None:
    decisions = Decisions("2026-03-01")
    order = do.PlacePerpetual("o", "ann", "cross", "SHIB", MIDNIGHT, "buy", 2 * 10**14, SAID)
    desk = shib()
    rejected = desk.submit(order)
    for n, (command, events) in enumerate([(LISTED, []), (order, rejected)], 1):
        record = JournalRecord(n, MIDNIGHT, command_json(command), "", "", [event_json(e) for e in events], "")
        decided = list(decisions.of(record))
    assert decided[0].facts["order"]["price"] == "14.7365 USD"
    assert decided[0].asked.en == "Buy 20,000,000,000 SHIB at US$0.0000147365; the facts count by 1,000,000"


def test_an_invalid_listing_counts_nothing_and_an_invalid_day_is_not_the_law_of_a_decision() -> None:
    """A listing may be invalid for its very decimals, and a day for being years ahead."""
    desk = shib()
    for command in (evolve(LISTED, decimals=99), NewDay(MIDNIGHT, on=800_000)):
        decisions = Decisions("2026-03-01")
        (event,) = desk.submit(command)
        assert isinstance(event, CommandInvalid)
        record = JournalRecord(1, MIDNIGHT, command_json(command), "", "", [event_json(event)], "")
        assert not list(decisions.of(record))
        assert decisions.on == "2026-03-01"
