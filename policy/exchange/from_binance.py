"""Recorded market data as Binance streams it: depth changes, best quotes, trades, and a snapshot of the book.

In: lines of a receive time in nanoseconds, a space, and the raw JSON message. Out: updates in ticks and lots; from
those, the order flow that would have caused them. Raises PolicyError where the stream cannot be
trusted. Absent: connections, other streams, and who anybody was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import assert_never

from attrs import define, field, frozen

from policy.exchange.recorded import OrderUpdate, StreamLine, numbered
from policy.market.book import BUY, IMMEDIATE_OR_CANCEL, OPPOSITE, SELL, Side
from policy.vocabulary import Json

Amounts = tuple[tuple[int, int], ...]  # prices and what rests there


@frozen
class DepthSnapshot:
    """The book, as of an update."""

    at: int
    last: int
    bids: Amounts
    asks: Amounts


@frozen
class Depth:
    """What now rests at some prices, after updates `first` to `last`."""

    at: int
    first: int
    last: int
    bids: Amounts
    asks: Amounts


@frozen
class Quote:
    """The best of both sides, as of an update."""

    at: int
    update: int
    bid: tuple[int, int]
    ask: tuple[int, int]


@frozen
class Trade:
    """A trade, and which side's order was at rest."""

    at: int
    number: int
    price: int
    quantity: int
    resting: Side


Update = DepthSnapshot | Depth | Quote | Trade


# ── reading ─────────────────────────────────────────────────────────────────────────────────


@define
class _Reader:
    """One stream: its units, and where its numberings stand."""

    tick: str
    lot: str
    at: int = 0
    depth: int | None = None  # the last update
    begun: bool = False  # with depth, not only a snapshot, which depth may overlap
    quote: int = -1
    trade: int | None = None

    def update(self, line: StreamLine) -> Update:
        when, _, text = line.text.partition(" ")
        at = line.whole(when, "the time")
        if at < self.at:
            raise line.out_of_order("this message is earlier than the one before", "put the messages in order")
        self.at = at
        body = _body(line, text)
        if "lastUpdateId" in body:
            return self._snapshot(line, body)
        if "b" in body and isinstance(body["b"], list):
            return self._depth(line, body)
        if "B" in body:
            return self._quote(line, body)
        if "t" in body:
            return self._trade(line, body)
        raise line.wrong("this is neither depth, quote, trade nor snapshot", "record only these streams")

    def _snapshot(self, line: StreamLine, body: Json) -> DepthSnapshot:
        last = _number(line, body, "lastUpdateId")
        if self.depth is None:
            self.depth = last
        return DepthSnapshot(self.at, last, self._amounts(line, body, "bids"), self._amounts(line, body, "asks"))

    def _depth(self, line: StreamLine, body: Json) -> Depth:
        first, last = _number(line, body, "U"), _number(line, body, "u")
        begin = _number(line, body, "pu") + 1 if "pu" in body else first
        if self.depth is not None:
            due = self.depth + 1
            if last < begin or (begin != due if self.begun else not begin <= due <= last):
                message = f"updates {first} to {last} do not follow on {self.depth}"
                raise line.out_of_order(message, "record the stream anew, from a new snapshot")
        self.depth, self.begun = last, True
        return Depth(self.at, first, last, self._amounts(line, body, "b"), self._amounts(line, body, "a"))

    def _quote(self, line: StreamLine, body: Json) -> Quote:
        update = _number(line, body, "u")
        if update <= self.quote:
            raise line.out_of_order(f"quote {update} comes after {self.quote}", "put the messages in order")
        self.quote = update
        bid, ask = (self._amount(line, [body.get(p), body.get(q)], zero=False) for p, q in ("bB", "aA"))
        return Quote(self.at, update, bid, ask)

    def _trade(self, line: StreamLine, body: Json) -> Trade:
        number = _number(line, body, "t")
        if self.trade is not None and number != self.trade + 1:
            message = f"trade {number} does not follow on {self.trade}"
            raise line.out_of_order(message, "record the stream anew, or fill the gap")
        self.trade = number
        price, quantity = self._amount(line, [body.get("p"), body.get("q")], zero=False)
        if not isinstance(body.get("m"), bool):
            raise line.wrong("`m` is not true or false", "it tells whether the buyer's order was at rest")
        return Trade(self.at, number, price, quantity, BUY if body["m"] else SELL)

    def _amounts(self, line: StreamLine, body: Json, name: str) -> Amounts:
        given = body.get(name)
        if not isinstance(given, list):
            raise line.wrong(f"`{name}` is not a list of prices and amounts", "record the stream anew")
        return tuple([self._amount(line, pair, zero=True) for pair in given])

    def _amount(self, line: StreamLine, pair: object, zero: bool) -> tuple[int, int]:
        match pair:
            case [str(price), str(quantity)]:
                return line.units(price, self.tick, "a price"), line.units(quantity, self.lot, "an amount", zero)
        raise line.wrong("a price and an amount are not both there as text", "record the stream anew")


def _body(line: StreamLine, text: str) -> Json:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise line.wrong("this is no JSON", "a line is a time, a space, and a message as it was received") from None
    body = document.get("data", document) if isinstance(document, dict) else None
    if not isinstance(body, dict):
        raise line.wrong("this is not a JSON object", "a line is a time, a space, and a message as it was received")
    return body


def _number(line: StreamLine, body: Json, name: str) -> int:
    number = body.get(name)
    if type(number) is not int or number < 0:
        raise line.wrong(f"`{name}` is not a whole number", "record the stream anew")
    return number


def read(lines: Iterable[str], stream: str, tick: str, lot: str) -> Iterator[Update]:
    """The updates of a stream, with prices in ticks and amounts in lots, both given as `0.01` and the like."""
    reader = _Reader(tick, lot)
    for line in numbered(lines, stream):
        yield reader.update(line)


# ── the book and the trades as order flow ───────────────────────────────────────────────────


def order_flow(updates: Iterable[Update]) -> Iterator[OrderUpdate]:
    """Orders that make such a market: after each depth message or snapshot, what is recorded at a price rests there.

    A trade is an order that takes so much at once. What is recorded later of its price already lacks what it took, so
    the next depth message is compared with what the trade left. What is added at a price is a new order, what goes is
    the newest there; all that goes, goes first, so that nothing new meets what is gone.
    """
    flow = _OrderFlow()
    for update in updates:
        match update:
            case Quote():
                pass
            case Trade():
                yield flow.trade(update)
            case Depth():
                flow.take(update)
                yield from flow.compared()
            case DepthSnapshot():
                flow.begin(update)
                yield from flow.compared()
            case _:
                assert_never(update)


Level = tuple[Side, int]  # a side and a price


@define
class _OrderFlow:
    """The orders that were played, and what is recorded."""

    orders: dict[Side, dict[int, list[tuple[str, int]]]] = field(factory=lambda: {BUY: {}, SELL: {}})  # oldest first
    recorded: dict[Level, int] = field(factory=dict)
    unlike: dict[Level, None] = field(factory=dict)  # where the two may differ
    early: list[Depth] | None = field(factory=list)  # before there is a snapshot
    last: int = -1
    number: int = 0

    def take(self, update: Depth) -> None:
        """What now is recorded at some prices."""
        if self.early is not None:
            self.early.append(update)
        elif update.last <= self.last:
            return
        self.last = update.last
        self._record(update)

    def begin(self, update: DepthSnapshot) -> None:
        """What is recorded is all there is, unless a snapshot comes after what is newer."""
        early, self.early = self.early, None
        if early is None and update.last < self.last:
            return
        self.unlike |= dict.fromkeys(self.recorded)
        self.recorded.clear()
        self._record(update)
        for depth in early or ():
            if depth.last > update.last:
                self._record(depth)
        self.last = max(self.last, update.last)

    def _record(self, update: DepthSnapshot | Depth) -> None:
        sides: tuple[tuple[Side, Amounts], ...] = (BUY, update.bids), (SELL, update.asks)
        for side, amounts in sides:
            for price, quantity in amounts:
                self.recorded[side, price] = quantity
                self.unlike[side, price] = None

    def trade(self, update: Trade) -> OrderUpdate:
        """An order that takes what rests, the best price first and the oldest there."""
        side, left = update.resting, update.quantity
        levels, best = self.orders[side], max if side == BUY else min
        while left and levels:
            price = best(levels)
            if price < update.price if side == BUY else price > update.price:
                break
            id, size = levels[price][0]
            taken = min(left, size)
            left -= taken
            self.unlike[side, price] = None
            if taken < size:
                levels[price][0] = (id, size - taken)
            else:
                self._leave(levels, price, 0)
        return OrderUpdate(
            "new", f"taker-{update.number}", OPPOSITE[side], update.price, update.quantity, IMMEDIATE_OR_CANCEL
        )

    def _leave(self, levels: dict[int, list[tuple[str, int]]], price: int, at: int) -> None:
        del levels[price][at]
        if not levels[price]:
            del levels[price]

    def compared(self) -> Iterator[OrderUpdate]:
        """What makes the orders at rest those that are recorded."""
        missing = []
        for side, price in self.unlike:
            rests = sum([size for _, size in self.orders[side].get(price, ())])
            more = self.recorded.get((side, price), 0) - rests
            if more > 0:
                missing.append((side, price, more))
            elif more < 0:
                yield from self._less(side, price, -more)
        self.unlike.clear()
        for side, price, more in missing:
            self.number += 1
            id = f"order-{self.number}"
            self.orders[side].setdefault(price, []).append((id, more))
            yield OrderUpdate("new", id, side, price, more)

    def _less(self, side: Side, price: int, quantity: int) -> Iterator[OrderUpdate]:
        """Takes a quantity off the newest orders at a price."""
        levels = self.orders[side]
        while quantity:
            id, size = levels[price][-1]
            if size <= quantity:
                quantity -= size
                self._leave(levels, price, -1)
                yield OrderUpdate("delete", id, side, price, 0)
            else:
                levels[price][-1] = (id, size - quantity)
                yield OrderUpdate("change", id, side, price, size - quantity)
                return
