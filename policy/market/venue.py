"""How a command reaches the venues of a market: in time, under one date of the law, and in all of them or none.

In: a command, the clock of the market, and the venues that take the command. Out: events, in the order in which they
happened; `CommandInvalid` alone where the command is invalid before its time has come. What has fallen due by the
time of a command happens before it. Absent: any command but `NewDay`, any rule, and I/O.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar, Final, Generic, TypeVar

from attrs import evolve

from policy.diagnostics import Diagnostic, in_one_line
from policy.market.checks import InvalidCommandError, code_of, new
from policy.market.commands import NewDay
from policy.market.events import CommandInvalid, CommandRepeated, InvalidCode
from policy.market.quotation import Quotations
from policy.wire import Commands, event_json, word

DAYS_AHEAD: Final = 366  # that a command, or the rules of a date, may lie ahead of what has already happened
_DAY: Final = 86_400 * 10**6
_AHEAD: Final = DAYS_AHEAD * _DAY
_EPOCH: Final = date(1970, 1, 1).toordinal()

Command = TypeVar("Command")
Event = TypeVar("Event")


class Clock:
    """The time of the last command, and the date whose rules are in force. All venues of a market share one."""

    __slots__ = ("at", "on")

    def __init__(self, on: date) -> None:
        self.on = on
        self.at: int | None = None

    @property
    def latest(self) -> int:
        """The time of the last command; before the first, the beginning of the date."""
        return (self.on.toordinal() - _EPOCH) * _DAY if self.at is None else self.at


def starting(on: str | Clock) -> Clock:
    """A clock that stands at a date, or the clock that is given."""
    return on if isinstance(on, Clock) else Clock(date.fromisoformat(on))


class Venue(ABC, Generic[Command, Event]):
    """A deterministic state machine: a command in, its events out. Emits events by appending to `events`.

    Amounts are in counted units from the command to the events; those that leave are as they are said.
    """

    READS: ClassVar[Commands]

    def __init__(self, on: str | Clock) -> None:
        self.clock = starting(on)
        self.events: list[Event | CommandInvalid] = []
        self.quoted = Quotations()
        self._unfit = self.READS.unfit  # Python finds it sooner in an instance

    def submit(self, command: Command) -> list[Event | CommandInvalid]:
        """Carries out one command."""
        unfit = self._unfit
        if wrong := unfit(command):
            return [misread(command, wrong)]
        return carry_out(command, self.clock, (self,)) if type(command) is NewDay else self.take(command)

    def take(self, command: Any) -> list[Event | CommandInvalid]:
        """Carries out a well-formed command that is its own, once its time has come."""
        at: int = command.at
        before = self.clock.at
        try:
            if before is None or not 0 <= at - before <= _AHEAD:
                check_time(at, self.clock)
            self.advance(at)
        except InvalidCommandError as invalid:
            return [_invalid(command, invalid)]
        try:
            self.carry_out(command)
        except InvalidCommandError as invalid:
            self.events.append(_invalid(command, invalid))
        return self.drain()

    @abstractmethod
    def advance(self, at: int) -> None:
        """Moves the clock, and does what has fallen due. Raises InvalidCommandError before it changes anything."""

    @abstractmethod
    def prepare_day(self, on: str, at: int) -> Callable[[], None]:
        """Reads the rules of another date and everything by them; the result puts them in force.

        Changes nothing itself. Raises PolicyError or InvalidCommandError where the rules cannot be put in force.
        """

    @abstractmethod
    def carry_out(self, command: Command) -> None:
        """Does what a command says. Raises InvalidCommandError before it changes anything."""

    def drain(self) -> list[Event | CommandInvalid]:
        """The events since the last command."""
        events = self.events.copy()
        self.events.clear()
        return self.quoted.said(events) if self.quoted.instruments else events


def misread(command: object, wrong: Sequence[Diagnostic]) -> CommandInvalid:
    """The answer to what is no command, or to one that is not well formed."""
    return CommandInvalid(word(type(command)), code_of(wrong), in_one_line(wrong))


def repeated(command: Any, first: Any, events: Sequence[Any]) -> CommandRepeated:
    """The answer to an order whose id is known: that to the first. Raises InvalidCommandError for another order."""
    if evolve(first, at=command.at) != command:
        new((command.id,), command.id, "order")
    return CommandRepeated(word(type(command)), command.id, tuple(map(event_json, events)))


def carry_out(command: Any, clock: Clock, venues: Sequence[Venue[Any, Any]]) -> list[Any]:
    """Carries out a well-formed command on its venue, and a new day on all of them."""
    if type(command) is not NewDay:
        (venue,) = venues
        return venue.take(command)
    try:
        check_time(command.at, clock)
        return _new_day(command, clock, venues)
    except InvalidCommandError as invalid:
        return [_invalid(command, invalid)]


def check_time(at: int, clock: Clock) -> None:
    """The moment of a command, beside what has already happened."""
    if clock.at is not None and at < clock.at:
        raise _out_of_sequence("this comes before what has already happened")
    if at - clock.latest > _AHEAD:
        raise _too_far_ahead("this")


def _new_day(command: NewDay, clock: Clock, venues: Sequence[Venue[Any, Any]]) -> list[Any]:
    """Every venue must be able to begin the day before any of them does."""
    at, on = command.at, date.fromordinal(command.on)
    if on < clock.on:
        raise _out_of_sequence(f"the rules of {clock.on.isoformat()} are already in force")
    if on.toordinal() - max(clock.on.toordinal(), clock.latest // _DAY + _EPOCH) > DAYS_AHEAD:
        raise _too_far_ahead(on.isoformat())
    days = [venue.prepare_day(on.isoformat(), at) for venue in venues]
    clock.at, clock.on = at, on
    events: list[Any] = []
    for venue, begin in zip(venues, days, strict=True):
        venue.advance(at)
        begin()
        events += venue.drain()
    return events


def _out_of_sequence(message: str) -> InvalidCommandError:
    return InvalidCommandError(InvalidCode.OUT_OF_SEQUENCE, message)


def _too_far_ahead(what: str) -> InvalidCommandError:
    message = f"{what} lies more than {DAYS_AHEAD} days ahead: send commands in between"
    return InvalidCommandError(InvalidCode.TOO_FAR_AHEAD, message)


def _invalid(command: object, invalid: InvalidCommandError) -> CommandInvalid:
    return CommandInvalid(word(type(command)), invalid.code, invalid.message)
