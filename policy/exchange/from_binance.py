"""Recorded market data as Binance streams it: depth changes, best quotes, trades, and a snapshot of the book.

In: lines of a receive time in nanoseconds, a space, and the raw JSON message. Out: updates in ticks and lots; from
those, the order flow that would have caused them. Raises PolicyError where the stream cannot be
trusted. Absent: connections, other streams, and who anybody was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import define, frozen

from policy.exchange.recorded import Line, OrderUpdate, numbered
from policy.market.book import BUY, IMMEDIATE_OR_CANCEL, OPPOSITE, SELL, Side
from policy.vocabulary import Json

Amounts = tuple[tuple[int, int], ...]  # prices and what rests there


@frozen
class Snapshot:
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


Update = Snapshot | Depth | Quote | Trade


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

    def update(self, line: Line) -> Update:
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

    def _snapshot(self, line: Line, body: Json) -> Snapshot:
        last = _number(line, body, "lastUpdateId")
        if self.depth is None:
            self.depth = last
        return Snapshot(self.at, last, self._amounts(line, body, "bids"), self._amounts(line, body, "asks"))

    def _depth(self, line: Line, body: Json) -> Depth:
        first, last = _number(line, body, "U"), _number(line, body, "u")
        begin = _number(line, body, "pu") + 1 if "pu" in body else first
        if self.depth is not None:
            due = self.depth + 1
            if last < begin or (begin != due if self.begun else not begin <= due <= last):
                message = f"updates {first} to {last} do not follow on {self.depth}"
                raise line.out_of_order(message, "record the stream anew, from a new snapshot")
        self.depth, self.begun = last, True
        return Depth(self.at, first, last, self._amounts(line, body, "b"), self._amounts(line, body, "a"))

    def _quote(self, line: Line, body: Json) -> Quote:
        update = _number(line, body, "u")
        if update <= self.quote:
            raise line.out_of_order(f"quote {update} comes after {self.quote}", "put the messages in order")
        self.quote = update
        bid, ask = (self._amount(line, [body.get(p), body.get(q)], zero=False) for p, q in ("bB", "aA"))
        return Quote(self.at, update, bid, ask)

    def _trade(self, line: Line, body: Json) -> Trade:
        number = _number(line, body, "t")
        if self.trade is not None and number != self.trade + 1:
            message = f"trade {number} does not follow on {self.trade}"
            raise line.out_of_order(message, "record the stream anew, or fill the gap")
        self.trade = number
        price, quantity = self._amount(line, [body.get("p"), body.get("q")], zero=False)
        if not isinstance(body.get("m"), bool):
            raise line.wrong("`m` is not true or false", "it tells whether the buyer's order was at rest")
        return Trade(self.at, number, price, quantity, BUY if body["m"] else SELL)

    def _amounts(self, line: Line, body: Json, name: str) -> Amounts:
        given = body.get(name)
        if not isinstance(given, list):
            raise line.wrong(f"`{name}` is not a list of prices and amounts", "record the stream anew")
        return tuple([self._amount(line, pair, zero=True) for pair in given])

    def _amount(self, line: Line, pair: Any, zero: bool) -> tuple[int, int]:
        match pair:
            case [str(price), str(quantity)]:
                return line.units(price, self.tick, "a price"), line.units(quantity, self.lot, "an amount", zero)
        raise line.wrong("a price and an amount are not both there as text", "record the stream anew")


def _body(line: Line, text: str) -> Json:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise line.wrong("this is no JSON", "a line is a time, a space, and a message as it was received") from None
    body = document.get("data", document) if isinstance(document, dict) else None
    if not isinstance(body, dict):
        raise line.wrong("this is not a JSON object", "a line is a time, a space, and a message as it was received")
    return body


def _number(line: Line, body: Json, name: str) -> int:
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


def _sides(update: Snapshot | Depth) -> tuple[tuple[Side, Amounts], tuple[Side, Amounts]]:
    return (BUY, update.bids), (SELL, update.asks)


def order_flow(updates: Iterable[Update]) -> Iterator[OrderUpdate]:
    """Orders that make such a market: what is added at a price is a new order, what goes is the newest there.

    A trade is an order that takes so much at once.
    """
    known: dict[tuple[Side, int], list[tuple[str, int]]] = {}  # by side and price, the oldest first
    number = 0
    for update in updates:
        if isinstance(update, Quote):
            continue
        if isinstance(update, Trade):
            taker, side = f"taker-{update.number}", OPPOSITE[update.resting]
            yield OrderUpdate("new", taker, side, update.price, update.quantity, IMMEDIATE_OR_CANCEL)
            continue
        for side, amounts in _sides(update):
            for price, quantity in amounts:
                orders = known.setdefault((side, price), [])
                more = quantity - sum([size for _, size in orders])
                if more > 0:
                    number += 1
                    orders.append((f"order-{number}", more))
                    yield OrderUpdate("new", f"order-{number}", side, price, more)
                elif more < 0:
                    yield from _less(orders, side, price, -more)


def _less(orders: list[tuple[str, int]], side: Side, price: int, quantity: int) -> Iterator[OrderUpdate]:
    """Takes a quantity off the newest orders at a price."""
    while quantity:
        id, size = orders.pop()
        if size <= quantity:
            quantity -= size
            yield OrderUpdate("delete", id, side, price, 0)
        else:
            orders.append((id, size - quantity))
            yield OrderUpdate("change", id, side, price, size - quantity)
            return
