"""Readers of recorded data, and the book and the matcher on what real markets did.

The recordings lie beside the repository, in `../shared/data`; without them, only the small samples here are read.
"""

from __future__ import annotations

import gzip
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from naive_matcher import NaiveMatcher, told
from plain_matcher import PlainMatcher
from policy.diagnostics import PolicyError
from policy.exchange import from_binance, from_lobster
from policy.exchange.from_binance import Depth, DepthSnapshot, Quote, Trade
from policy.exchange.from_lobster import DELETED, EXECUTED, HIDDEN, PLACED, REDUCED, Message
from policy.exchange.recorded import OrderUpdate
from policy.market.book import BUY, IMMEDIATE_OR_CANCEL, SELL, Book, BookOrder
from policy.market.matcher import CANCEL_INCOMING
from recorded_book import RecordedBook

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
recorded = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recordings are not here: {DATA}")

MESSAGES = """\
34200.000000001,1,11,100,5853300,1
34200.5,1,12,50,5853300,1
34200.5,2,11,40,5853300,1
34201.000000000,5,0,7,5853350,-1
34201.25,4,11,60,5853300,1
34202,3,12,50,5853300,1
34202,3,999,50,5853300,-1
34203,7,0,0,-1,-1
"""

STREAM = """\
100 {"stream":"x@depth","data":{"e":"depthUpdate","U":6,"u":9,"b":[["1.00","3.0"]],"a":[]}}
101 {"stream":"x@depth","data":{"U":10,"u":12,"b":[["1.01","2.0"],["0.99","0.0"]],"a":[["1.03","1.5"]]}}
102 {"stream":"x@bookTicker","data":{"u":12,"s":"X","b":"1.01","B":"2.0","a":"1.03","A":"1.5"}}
103 {"lastUpdateId":10,"bids":[["1.00","3.0"],["0.99","1.0"]],"asks":[["1.02","4.0"]]}
104 {"stream":"x@trade","data":{"e":"trade","t":77,"p":"1.02","q":"0.5","m":false}}
105 {"stream":"x@depth","data":{"e":"depthUpdate","U":13,"u":13,"b":[],"a":[["1.02","0.0"],["1.03","1.0"]]}}
"""


def lines(text: str) -> Iterator[str]:
    return iter(text.splitlines(keepends=True))


def first_finding(updates: Iterable[object]) -> str:
    """`code at line` of what stops a stream, and the message."""
    with pytest.raises(PolicyError) as raised:
        list(updates)
    (finding,) = raised.value.diagnostics
    assert finding.span
    assert finding.help
    return f"{finding.code} at {finding.span.line}: {finding.message}"


# ── LOBSTER ─────────────────────────────────────────────────────────────────────────────────


def test_lobster_messages_are_read() -> None:
    assert list(from_lobster.read(lines(MESSAGES), "sample")) == [
        Message(34_200_000_000_001, PLACED, "11", 100, 58_533, BUY),
        Message(34_200_500_000_000, PLACED, "12", 50, 58_533, BUY),
        Message(34_200_500_000_000, REDUCED, "11", 40, 58_533, BUY),
        Message(34_201_000_000_000, HIDDEN, "0", 7, 5_853_350, SELL),
        Message(34_201_250_000_000, EXECUTED, "11", 60, 58_533, BUY),
        Message(34_202_000_000_000, DELETED, "12", 50, 58_533, BUY),
        Message(34_202_000_000_000, DELETED, "999", 50, 58_533, SELL),
    ]


def test_lobster_messages_become_orders() -> None:
    flow = list(from_lobster.order_flow(from_lobster.read(lines(MESSAGES), "sample")))
    assert [update.action for update in flow] == ["new", "new", "change", "new", "delete"]
    matcher = PlainMatcher()
    reports = [told(matcher.update(update)) for update in flow]
    assert [report[0] for report in reports] == ["rested", "rested", "reduced", "filled", "cancelled"]
    assert reports[3][2] == [("11", 58_533, 60)]
    assert list(matcher.book) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("5853300,1\n34200.5,2", "5853300\n34200.5,2", "stream-line at 2: this line has 5 parts, not 6"),
        ("34200.5,2", "34200.4,2", "stream-order at 3: this message is earlier than the one before"),
        (",1,12,", ",9,12,", "stream-line at 2: there is no message of type `9`"),
        (",50,5853300,1\n34200", ",50,5853300,2\n34200", "stream-line at 2: there is no direction `2`"),
        (
            "11,100,5853300",
            "11,100,5853350",
            "stream-line at 1: the price is 5853350, which is not a multiple of 100",
        ),
        ("11,100,5853300", "11,100,0", "stream-line at 1: the price is zero"),
        ("11,100,5853300", "11,100,-1", "stream-line at 1: the price is `-1`, which is not a positive number"),
        ("11,100,5853300", "11,0,5853300", "stream-line at 1: the size is zero"),
        ("11,100,5853300", "11,1e3,5853300", "stream-line at 1: the size is `1e3`, which is not a positive number"),
        (
            "11,100,5853300",
            "x,100,5853300",
            "stream-line at 1: the order's number is `x`, which is not a whole number",
        ),
        ("34200.000000001", "", "stream-line at 1: the time is ``, which is not a positive number"),
        ("-1,-1\n", "-1,-", "stream-line at 8: the stream is cut in the middle of a line"),
    ],
)
def test_a_broken_lobster_stream_says_where(old: str, new: str, found: str) -> None:
    assert old in MESSAGES
    assert first_finding(from_lobster.read(lines(MESSAGES.replace(old, new, 1)), "sample")) == found


def lobster_messages() -> list[Message]:
    with open(DATA / "lobster_aapl_messages.csv", encoding="ascii") as file:
        return list(from_lobster.read(file, "lobster_aapl_messages.csv"))


class Replayed:
    """The orders that were seen to arrive, in a book."""

    def __init__(self) -> None:
        self.book = Book()
        self.seen: dict[str, BookOrder[None]] = {}

    def follow(self, message: Message) -> bool:
        """Whether it was about an order that was seen to arrive."""
        if message.kind == PLACED:
            order = BookOrder(message.order, "", message.side, message.price, message.size, None)
            self.seen[order.id] = order
            self.book.rest(order)
            return True
        order = self.seen.get(message.order)
        if order is None:
            return False
        if message.size == order.remaining:
            self.book.cancel(order)
        else:
            self.book.reduce(order, order.remaining - message.size)
        return True

    def amount(self, side: str, price: int) -> int:
        return sum(order.remaining for order in self.book.level(side, price))


@recorded
def test_every_execution_of_an_order_seen_to_arrive_is_at_the_front_of_its_queue() -> None:
    replayed, executed = Replayed(), 0
    for message in lobster_messages():
        if message.kind == EXECUTED and message.order in replayed.seen:
            order = replayed.seen[message.order]
            other = SELL if order.side == BUY else BUY
            taker = BookOrder("taker", "somebody", other, message.price, message.size, None)
            assert [*replayed.book.sweep(taker, False)] == [(order, message.size)]
            executed += 1
        replayed.follow(message)
    assert executed == 56, "every execution of a visible order in the file"


@recorded
def test_the_ten_levels_equal_the_recorded_ones() -> None:
    """Cell by cell, of price and amount, wherever a cell is determined by what was seen.

    What lay at a price before the file begins is unknown until the recorded levels first show it; so it is again
    after the price was out of the ten levels, for then the file leaves out what happens there. A price is
    determined as long as it stays within the ten, or if it was within and empty. What was at a determined price
    before counts with the orders that were seen to arrive.
    """
    replayed = Replayed()
    before: dict[tuple[str, int], int] = {}  # at determined prices: the amount of orders not seen to arrive
    reach = {BUY: 1 << 62, SELL: 0}  # the worst recorded price of a side
    compared = unknown = 0
    rows = (DATA / "lobster_aapl_book.csv").read_text(encoding="ascii").splitlines()
    for message, row in zip(lobster_messages(), rows, strict=True):
        place = (message.side, message.price)
        if not replayed.follow(message) and message.kind in (REDUCED, DELETED, EXECUTED) and place in before:
            before[place] -= message.size
        numbers = [int(n) for n in row.split(",")]
        for side, at in ((SELL, 0), (BUY, 2)):
            cells = {numbers[i] // 100: numbers[i + 1] for i in range(at, 40, 4)}
            sign = 1 if side == SELL else -1
            for price, amount in cells.items():
                if (side, price) not in before and sign * price <= sign * reach[side]:
                    before[side, price] = 0
                if (side, price) in before:
                    assert before[side, price] + replayed.amount(side, price) == amount
                    compared += 1
                else:
                    before[side, price] = amount - replayed.amount(side, price)
                    unknown += 1
            reach[side] = list(cells)[-1]
            for known_side, price in list(before):
                if known_side == side and price not in cells:
                    if sign * price <= sign * reach[side]:
                        assert before[side, price] + replayed.amount(side, price) == 0
                    del before[side, price]
    assert compared + unknown == 400 * 20
    assert compared >= 7_800, "98 in 100 are determined"


# ── Binance ─────────────────────────────────────────────────────────────────────────────────


def sample() -> Iterator[from_binance.Update]:
    return from_binance.read(lines(STREAM), "sample", tick="0.01", lot="0.5")


def test_binance_streams_are_read() -> None:
    assert list(sample()) == [
        Depth(100, 6, 9, ((100, 6),), ()),
        Depth(101, 10, 12, ((101, 4), (99, 0)), ((103, 3),)),
        Quote(102, 12, (101, 4), (103, 3)),
        DepthSnapshot(103, 10, ((100, 6), (99, 2)), ((102, 8),)),
        Trade(104, 77, 102, 1, SELL),
        Depth(105, 13, 13, (), ((102, 0), (103, 2))),
    ]


def test_depth_waits_for_its_snapshot() -> None:
    recorded_book = RecordedBook()
    changed = [recorded_book.follow(update) for update in sample()]
    assert changed == [False, False, False, True, False, True]
    assert recorded_book.last == 13
    assert recorded_book.book.depth(BUY, 9) == [(101, 4), (100, 6)]
    assert recorded_book.book.depth(SELL, 9) == [(103, 2)]


def test_binance_streams_become_orders() -> None:
    flow = list(from_binance.order_flow(sample()))
    assert [update.action for update in flow] == "new new new new new delete change".split()
    taker = flow[4]
    assert (taker.side, taker.price, taker.quantity, taker.type) == (BUY, 102, 1, IMMEDIATE_OR_CANCEL)
    assert [(u.id, u.quantity) for u in flow[5:]] == [("order-4", 0), ("order-3", 2)]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('101 {"s', '99 {"s', "stream-order at 2: this message is earlier than the one before"),
        ('"U":10,', '"U":11,', "stream-order at 2: updates 11 to 12 do not follow on 9"),
        ('"U":13,"u":13', '"U":15,"u":15', "stream-order at 6: updates 15 to 15 do not follow on 12"),
        ('"u":12,"b":[', '"u":9,"b":[', "stream-order at 2: updates 10 to 9 do not follow on 9"),
        ('"U":13,', '"pu":11,"U":13,', "stream-order at 6: updates 13 to 13 do not follow on 12"),
        ('"1.01","2.0"]', '"1.015","2.0"]', "stream-line at 2: a price is 1.015, which is not a multiple of 0.01"),
        ('"1.01","2.0"]', '"1.01","2.1"]', "stream-line at 2: an amount is 2.1, which is not a multiple of 0.5"),
        ('"1.01","2.0"]', '"0.00","2.0"]', "stream-line at 2: a price is zero"),
        ('"1.01","2.0"]', '"-1","2.0"]', "stream-line at 2: a price is `-1`, which is not a positive number"),
        ('"1.01","2.0"]', '"1.01"]', "stream-line at 2: a price and an amount are not both there as text"),
        ('"1.01","2.0"]', "1.01,2]", "stream-line at 2: a price and an amount are not both there as text"),
        ('"q":"0.5"', '"q":"0.0"', "stream-line at 5: an amount is zero"),
        ('"m":false', '"m":0', "stream-line at 5: `m` is not true or false"),
        ('"t":77', '"t":"77"', "stream-line at 5: `t` is not a whole number"),
        ('"asks"', '"offers"', "stream-line at 4: `asks` is not a list of prices and amounts"),
        ('"t":77', '"n":77', "stream-line at 5: this is neither depth, quote, trade nor snapshot"),
        ('"a":[]}}', '"a":[]}', "stream-line at 1: this is no JSON"),
        ('{"stream":"x@bookTicker","data":', "[", "stream-line at 3: this is no JSON"),
        ('{"stream":"x@trade","data":{"e":"trade","t":77,"p":"1.02","q":"0.5","m":false}}', "[" * 10_000, None),
        ('"1.0"]]}}\n', '"1.', "stream-line at 6: the stream is cut in the middle of a line"),
        ("104 {", "soon {", "stream-line at 5: the time is `soon`, which is not a whole number"),
    ],
)
def test_a_broken_binance_stream_says_where(old: str, new: str, found: str | None) -> None:
    assert old in STREAM
    told = first_finding(from_binance.read(lines(STREAM.replace(old, new, 1)), "sample", tick="0.01", lot="0.5"))
    assert told == (found or "stream-line at 5: this is no JSON")


def test_numberings_do_not_go_back() -> None:
    trade, quote = STREAM.splitlines(keepends=True)[4], STREAM.splitlines(keepends=True)[2]
    for line, found in (
        (trade, "stream-order at 2: trade 77 does not follow on 77"),
        (quote, "stream-order at 2: quote 12 comes after 12"),
    ):
        assert first_finding(from_binance.read([line, line], "sample", tick="0.01", lot="0.5")) == found


STREAMS = {
    "spot": ("binance_spot_btcusdt_20240808.jsonl.gz", "0.01", "0.00000001"),
    "perpetual": ("binance_perp_btcusdt_20240808.jsonl.gz", "0.10", "0.001"),
}


def binance(name: str) -> Iterator[from_binance.Update]:
    file, tick, lot = STREAMS[name]
    with gzip.open(DATA / file, "rt", encoding="ascii") as stream:
        yield from from_binance.read(stream, file, tick, lot)


@recorded
@pytest.mark.parametrize(
    ("name", "compared"), [("spot", 3_449), pytest.param("perpetual", 6_544, marks=pytest.mark.slow)]
)
def test_the_rebuilt_books_best_equal_the_recorded_quotes(name: str, compared: int) -> None:
    """Price and amount of both sides after every depth update, against the last quote up to that update.

    Quotes are numbered with the same updates as depth. Left out are states before the first quote or after the
    last, where the stream does not tell what the quote was.
    """
    rebuilt, quotes, states = RecordedBook(), [], []
    for update in binance(name):
        if isinstance(update, Quote):
            quotes.append(update)
        elif rebuilt.follow(update):
            states.append((rebuilt.last, rebuilt.book.depth(BUY, 1), rebuilt.book.depth(SELL, 1)))
    numbers = [quote.update for quote in quotes]
    equal = 0
    for last, bid, ask in states:
        at = bisect_right(numbers, last)
        if 0 < at < len(quotes):
            assert (bid, ask) == ([quotes[at - 1].bid], [quotes[at - 1].ask])
            equal += 1
    assert equal == compared
    assert equal >= len(states) - 2


# ── as order flow ───────────────────────────────────────────────────────────────────────────


def agree(flow: Iterable[OrderUpdate]) -> tuple[int, int]:
    """Puts an order flow to the fast matcher and to the naive one. How many updates there were, how many trades."""
    fast, naive = PlainMatcher(), NaiveMatcher(CANCEL_INCOMING)
    updates = trades = 0
    for update in flow:
        updates += 1
        report = fast.update(update)
        match update.action:
            case "new":
                u = update
                expected = naive.place(u.id, u.id, u.side, u.price, u.quantity, u.type, ())
            case "delete":
                expected = naive.cancel(update.id)
            case "change":
                expected = naive.replace(update.id, update.price, update.quantity, ())
        assert told(report) == expected
        trades += len(report.fills)
        if updates % 50 == 0:
            for side in (BUY, SELL):
                queue = [(order.id, order.remaining) for order in naive.queue(side)]
                assert [(order.id, order.remaining) for order in fast.book.queue(side)] == queue
    return updates, trades


@recorded
def test_both_matchers_agree_on_a_morning_of_apple() -> None:
    assert agree(from_lobster.order_flow(lobster_messages())) == (375, 56)


@recorded
@pytest.mark.parametrize(
    ("name", "compared"), [("spot", 3_449), pytest.param("perpetual", 6_546, marks=pytest.mark.slow)]
)
@pytest.mark.slow
def test_orders_played_back_make_the_recorded_book(name: str, compared: int) -> None:
    """The twenty best prices of both sides, and what rests there, after the snapshot and every depth message."""
    played, rebuilt, equal = PlainMatcher(), RecordedBook(), 0

    def checked() -> Iterator[from_binance.Update]:
        nonlocal equal
        for update in binance(name):
            yield update
            if rebuilt.follow(update):
                for side in (BUY, SELL):
                    assert played.book.depth(side, 20) == rebuilt.book.depth(side, 20)
                equal += 1

    for order in from_binance.order_flow(checked()):
        played.update(order)
    assert equal == compared


@recorded
def test_a_morning_of_apple_played_back_makes_the_book_of_the_orders_seen_to_arrive() -> None:
    played, replayed = PlainMatcher(), Replayed()

    def checked() -> Iterator[Message]:
        for message in lobster_messages():
            yield message
            replayed.follow(message)
            for side in (BUY, SELL):
                assert played.book.depth(side, 50) == replayed.book.depth(side, 50)

    for order in from_lobster.order_flow(checked()):
        played.update(order)
    assert any(replayed.book)


def of_the_middle(name: str, events: int, around: int) -> Iterator[OrderUpdate]:
    """Orders from real events, near where it trades: the naive matcher is slow in a full book."""
    updates = (u for u in binance(name) if not isinstance(u, DepthSnapshot))
    middle = 0
    near: list[from_binance.Update] = []
    for update in islice(updates, events):
        if isinstance(update, Quote):
            middle = (update.bid[0] + update.ask[0]) // 2
        elif isinstance(update, Depth):
            bids, asks = (
                tuple((p, q) for p, q in amounts if abs(p - middle) <= around)
                for amounts in (update.bids, update.asks)
            )
            near.append(Depth(update.at, update.first, update.last, bids, asks))
        else:
            near.append(update)
    return from_binance.order_flow(near)


@recorded
@pytest.mark.parametrize("name", STREAMS)
def test_both_matchers_agree_on_real_order_flow(name: str) -> None:
    commands, trades = agree(of_the_middle(name, events=2_000, around=100))
    assert commands > 500
    assert trades > 100


@recorded
@pytest.mark.slow
@pytest.mark.parametrize(("name", "events"), [("spot", 20_000), ("perpetual", 10_000)])
def test_both_matchers_agree_on_much_real_order_flow(name: str, events: int) -> None:
    commands, trades = agree(of_the_middle(name, events=events, around=200))
    assert commands > 5_000
    assert trades > 1_000
