"""Recorded order messages in the LOBSTER format, as order flow.

In: the lines of a message file, each `seconds,type,order,size,price,direction`. Out: messages; and from those, the
order flow that would have caused them. Raises PolicyError where the stream cannot be trusted.
Absent: the file of the book, which is for comparing; orders that were there before the file begins are unknown,
and what happens to them is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from policy.exchange.recorded import OrderUpdate, StreamLine, numbered
from policy.market.book import BUY, IMMEDIATE_OR_CANCEL, OPPOSITE, SELL, Side

PLACED, REDUCED, DELETED, EXECUTED, HIDDEN, CROSSED, HALTED = (
    "placed",
    "reduced",
    "deleted",
    "executed",
    "hidden",  # a hidden order was executed
    "crossed",  # an auction
    "halted",  # or begun again
)
_KINDS = {"1": PLACED, "2": REDUCED, "3": DELETED, "4": EXECUTED, "5": HIDDEN, "6": CROSSED, "7": HALTED}
_SIDES: dict[str, Side] = {"1": BUY, "-1": SELL}
_AT_REST = {PLACED, REDUCED, DELETED, EXECUTED}
_RECORD = "a message is `seconds,type,order,size,price,direction`"


@frozen
class Message:
    """What happened to one order. `size` is what was placed, taken off or traded, `side` that of the order."""

    at: int  # nanoseconds since midnight
    kind: str
    order: str
    size: int
    price: int  # in ticks
    side: Side


def read(lines: Iterable[str], stream: str, tick: int = 100) -> Iterator[Message]:
    """The messages of a stream. `tick` is in ten-thousandths of a dollar, as its prices are."""
    before = 0
    for line in numbered(lines, stream):
        message = _message(line, str(tick))
        if message is None:
            continue
        if message.at < before:
            raise line.out_of_order("this message is earlier than the one before", "put the messages in order")
        before = message.at
        yield message


def _message(line: StreamLine, tick: str) -> Message | None:
    parts = line.text.split(",")
    if len(parts) != 6:
        raise line.wrong(f"this line has {len(parts)} parts, not 6", _RECORD)
    at, kind, order, size, price, side = parts
    if kind not in _KINDS:
        raise line.wrong(f"there is no message of type `{kind[:20]}`", "a type is a digit from 1 to 7")
    word = _KINDS[kind]
    nanoseconds = line.units(at, "0.000000001", "the time")
    if word == HALTED:
        return None
    if side not in _SIDES:
        raise line.wrong(f"there is no direction `{side[:20]}`", "it is 1 for an order to buy, and -1 to sell")
    return Message(
        at=nanoseconds,
        kind=word,
        order=str(line.whole(order, "the order's number")),
        size=line.units(size, "1", "the size"),
        price=line.units(price, tick if word in _AT_REST else "1", "the price"),
        side=_SIDES[side],
    )


def order_flow(messages: Iterable[Message]) -> Iterator[OrderUpdate]:
    """Each execution is an order of the other side that takes so much at once."""
    remaining: dict[str, int] = {}
    for number, message in enumerate(messages):
        id, side, price, size = message.order, message.side, message.price, message.size
        if message.kind == PLACED:
            remaining[id] = size
            yield OrderUpdate("new", id, side, price, size)
        elif id in remaining and message.kind in _AT_REST:
            remaining[id] -= size
            if message.kind == EXECUTED:
                yield OrderUpdate("new", f"taker-{number}", OPPOSITE[side], price, size, IMMEDIATE_OR_CANCEL)
            elif message.kind == DELETED or remaining[id] <= 0:
                del remaining[id]
                yield OrderUpdate("delete", id, side, price, 0)
            else:
                yield OrderUpdate("change", id, side, price, remaining[id])
