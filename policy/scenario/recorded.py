"""A recorded stream as commands: thousands of real events, each with its time and its line.

In: a line of `recorded.jsonl` that says what was recorded, of which instrument, and from when on it is played. Out:
`Place`, `Cancel` and `Replace`, or what is wrong with the line at which the stream cannot be trusted, which ends
it. Recordings name nobody: all that is bought is one participant's, all that is sold another's, so that nobody
meets an order of their own. Absent: any rule, and any format; those are `from_lobster` and `from_binance`.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any, assert_never

from attrs import define, frozen

from policy import files
from policy.diagnostics import Diagnostic, PolicyError
from policy.exchange import commands, from_binance, from_lobster
from policy.exchange.commands import PRICE, QUANTITY, VENUE, BookVenue
from policy.exchange.recorded import OrderUpdate
from policy.market.book import BUY
from policy.model import types
from policy.model.types import Enum, Number
from policy.wire import Commands, typed

FILE = "recorded"  # the file of a scenario that names its recordings
LOBSTER, BINANCE = "lobster", "binance"
FORMAT = Enum("RecordedFormat", (LOBSTER, BINANCE))


@frozen
class Play:
    """Plays the recording in a file as orders for an instrument, its first message at `at`.

    `tick` and `lot` are those of the recording; its prices become Hong Kong dollars, number for number.
    """

    file: str  # beside the scenario, gzipped or not
    instrument: str
    buyer: str
    seller: str
    at: int = typed(types.INSTANT)
    format: str = typed(FORMAT)
    venue: BookVenue = typed(VENUE)
    tick: int = typed(Number(PRICE.unit, PRICE.scale))
    lot: int = typed(Number(QUANTITY.unit, QUANTITY.scale))


PLAYS = Commands.of(Play)
Found = tuple[int, Any]  # the line, and a command or the findings on it


def played(play: Play, folder: Path, name: str) -> Iterator[Found]:
    """The commands of a recording, in the order of its lines. Its orders are told from others by the name."""
    path = folder / play.file
    reading = _Reading(name)
    steps = {"tick": play.tick, "lot": play.lot}
    if wrong := next((n for n, step in steps.items() if step <= 0), ""):
        help = "write the smallest step of the recording, as 0.01"
        yield 0, [Diagnostic("stream-line", f"the {wrong} of `{play.file}` is not above zero", None, help)]
        return
    try:
        with open(files.opened(path, streams=False), "rb") as data:
            file = TextIOWrapper(gzip.GzipFile(fileobj=data) if path.suffix == ".gz" else data, encoding="utf-8")
            for plain in _READERS[play.format](play, reading.lines(file), reading, path):
                yield reading.line, reading.command(play, plain)
    except PolicyError as error:
        yield reading.line, list(error.diagnostics)
    except (*files.BROKEN, UnicodeDecodeError) as failure:
        help = "give the path from the scenario's folder, of a file as it was recorded"
        yield reading.line, [Diagnostic("stream-line", f"`{path}` cannot be read: {failure}", None, help)]


@define
class _Reading:
    """How far a recording has been read. Readers take one line and one message at a time, as they are asked."""

    name: str
    line: int = 0
    at: int = 0
    first: int | None = None

    def lines(self, file: Iterable[str]) -> Iterator[str]:
        for text in file:
            self.line += 1
            yield text

    def messages(self, read: Iterable[Any]) -> Iterator[Any]:
        for message in read:
            self.at = message.at
            if self.first is None:
                self.first = message.at
            yield message

    def command(self, play: Play, update: OrderUpdate) -> commands.Command:
        """An update as a command of the exchange."""
        assert self.first is not None  # there is no update without a message
        at = play.at + (self.at - self.first) // 1_000
        id = f"{self.name}/{update.id}"
        by = play.buyer if update.side == BUY else play.seller
        price, quantity = update.price * play.tick, update.quantity * play.lot
        match update.action:
            case "new":
                return commands.Place(
                    id, by, play.instrument, at, play.venue, update.side, quantity, price, update.type
                )
            case "change":
                return commands.Replace(id, by, at, price, quantity)
            case "delete":
                return commands.Cancel(id, by, at)
            case _:
                assert_never(update.action)


# ── formats ─────────────────────────────────────────────────────────────────────────────────


def _lobster(play: Play, lines: Iterator[str], reading: _Reading, path: Path) -> Iterator[OrderUpdate]:
    tick = play.tick * 10 ** (4 - PRICE.scale)  # its prices are in ten-thousandths
    return from_lobster.order_flow(reading.messages(from_lobster.read(lines, str(path), tick)))


def _binance(play: Play, lines: Iterator[str], reading: _Reading, path: Path) -> Iterator[OrderUpdate]:
    tick, lot = _decimal(play.tick, PRICE), _decimal(play.lot, QUANTITY)
    return from_binance.order_flow(reading.messages(from_binance.read(lines, str(path), tick, lot)))


def _decimal(scaled: int, of: Number) -> str:
    """A number without its unit, as recordings write it."""
    whole, part = divmod(scaled, 10**of.scale)
    return f"{whole}.{part:0{of.scale}}"


_READERS: dict[str, Callable[[Play, Iterator[str], _Reading, Path], Iterator[OrderUpdate]]] = {
    LOBSTER: _lobster,
    BINANCE: _binance,
}
