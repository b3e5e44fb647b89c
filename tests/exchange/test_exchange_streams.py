"""The exchange on any stream of commands: clients first, nothing made or lost, and the same again to the byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from examples import examples
from exchange_cases import AT, CLIENT, COIN, HOUR, MAKER, cancel, conserved, exchange, place, replace, resting
from policy.exchange.commands import AdmitPlatform, FailSettlement, RecoverSettlement, Settle
from policy.exchange.engine import COMMANDS, Engine
from policy.exchange.events import Event, Traded
from policy.market.book import ORDER_TYPES
from policy.market.commands import NewDay
from policy.source import Source
from policy.wire import Commands, command_json, event_json, json_line

PEOPLE = {"ann": ("hk", CLIENT), "ben": ("hk", CLIENT), "maker": ("hk", MAKER), "tan": ("sg", CLIENT)}
OWNERS = st.sampled_from(list(PEOPLE))
NUMBERS = st.integers(0, 40)
PRICES = st.integers(9_998, 10_003)
QUANTITIES = st.integers(1, 3 * COIN)
ORDERS = st.tuples(
    st.just("place"),
    OWNERS,
    st.sampled_from(["buy", "sell"]),
    PRICES,
    QUANTITIES,
    st.integers(0, 99),
    st.sampled_from([*ORDER_TYPES, "limit", "limit", "limit"]),
    st.sampled_from(["shared_book", "shared_book", "own_book"]),
)
OTHERS = st.one_of(
    st.tuples(st.just("cancel"), OWNERS, NUMBERS),
    st.tuples(st.just("replace"), OWNERS, NUMBERS, PRICES, QUANTITIES),
)
EVENTFUL = st.one_of(
    st.tuples(st.just("settle")),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("fail"), st.sampled_from(["hk", "sg"])),
    st.tuples(st.just("recover"), st.sampled_from(["hk", "sg"])),
    st.tuples(st.just("approve"), st.sampled_from(["hk", "sg"]), st.booleans()),
    st.tuples(st.just("day")),
)
STEPS = st.lists(st.one_of(ORDERS, ORDERS, OTHERS), max_size=40)
EVENTFUL_STEPS = st.lists(st.one_of(ORDERS, ORDERS, ORDERS, OTHERS, EVENTFUL), max_size=40)


def step(market: Engine, n: int, now: int, kind: str, rest: tuple[Any, ...]) -> list[Event]:
    match kind:
        case "place":
            by, side, price, quantity, fees, type, venue = rest
            stated = None if type == "market" else price
            return place(market, f"o{n}", by, side, stated, quantity, type, now, fees, venue)
        case "cancel":
            return cancel(market, f"o{rest[1]}", rest[0], now)
        case "replace":
            return replace(market, f"o{rest[1]}", rest[0], rest[2], rest[3], now)
        case "settle":
            return market.submit(Settle(now))
        case "fail":
            return market.submit(FailSettlement(rest[0], now))
        case "recover":
            return market.submit(RecoverSettlement(rest[0], now))
        case "approve":
            facts = {"shared_book_approved": rest[1], "overseas_platform_eligible": True}
            return market.submit(AdmitPlatform(rest[0], now, (), facts))
        case "day":
            return market.submit(NewDay(now, 739_676 + now // (24 * HOUR) - AT // (24 * HOUR)))
    return []


def carry_out(
    market: Engine, steps: list[tuple[Any, ...]], after: Callable[[list[Event]], None] = lambda _: None
) -> list[Event]:
    events = []
    now = AT
    for n, (kind, *rest) in enumerate(steps):
        now += 1 + (rest[0] * HOUR if kind == "wait" else 0)
        new = step(market, n, now, kind, tuple(rest))
        after(new)
        events += new
    return events


@examples(25, 75, STEPS)
def test_no_market_maker_is_filled_while_a_client_waits_at_the_price(steps: list[tuple[Any, ...]]) -> None:
    market = exchange(people=PEOPLE, money=50_000, coins=4 * COIN)
    waiting: dict[str, tuple[str, str, int, str]] = {}  # owner, side, price, venue

    def check(events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Traded):
                owner, *level = waiting[event.resting]
                ahead = [o for o, *at in waiting.values() if o != "maker" and at == level]
                assert owner != "maker" or not ahead
                if event.resting not in {o.id for o in resting(market)}:
                    del waiting[event.resting]
        waiting.clear()
        for o in resting(market):
            waiting[o.id] = (o.owner, o.side, o.price, o.data.seat.market.venue)

    carry_out(market, steps, check)


@examples(25, 75, EVENTFUL_STEPS)
def test_nothing_is_made_or_lost_and_reservations_are_exact(steps: list[tuple[Any, ...]]) -> None:
    market = exchange(people=PEOPLE, money=50_000, coins=4 * COIN)
    carry_out(market, steps, lambda _: conserved(market))
    for order in resting(market):
        market.submit(Settle(market.desk.clearing.due))
        cancel(market, order.id, order.owner, market.desk.clearing.due)
    market.submit(Settle(1 << 62))
    assert all(held == 0 for _, held in market.ledger.totals().values())


@examples(33, 100, EVENTFUL_STEPS)
def test_no_book_is_left_crossed_but_by_an_owner(steps: list[tuple[Any, ...]]) -> None:
    market = exchange(people=PEOPLE, money=50_000, coins=4 * COIN)

    def check(_: list[Event]) -> None:
        for each in market.register.markets.values():
            for bid in each.book.queue("buy"):
                for ask in each.book.queue("sell"):
                    assert bid.price < ask.price or bid.owner == ask.owner

    carry_out(market, steps, check)


class Recorded:
    """An exchange, and what it was told."""

    def __init__(self, market: Engine) -> None:
        self.market = market
        self.told: list[Any] = []

    def submit(self, command: Any) -> list[Event]:
        self.told.append(command)
        return self.market.submit(command)


@examples(20, 60, EVENTFUL_STEPS)
def test_the_same_commands_give_the_same_bytes_also_when_read_back(steps: list[tuple[Any, ...]]) -> None:
    recorded: Any = Recorded(exchange(people=PEOPLE, money=50_000))
    first = [json_line(event_json(e)) for e in carry_out(recorded, steps)]
    again = exchange(people=PEOPLE, money=50_000)
    second = []
    for command in recorded.told:
        read = Commands.of(*COMMANDS).read(Source("journal", json_line(command_json(command))))
        assert read == command
        second += [json_line(event_json(e)) for e in again.submit(read)]
    assert first == second
