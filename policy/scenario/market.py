"""One market: the exchange, the lender and the perpetuals desk, under one clock and one date of the law.

In: commands, one at a time, and a way to get the rulebook of a date. Out: events. Each engine is made, and its
questions are found in the rulebook, when a command needs it, so that a rulebook without perpetual contracts can
still run an exchange. Absent: any rule, and any idea of what an engine does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from attrs import define, field, frozen

from policy.audit.records import Header
from policy.diagnostics import Diagnostic, PolicyError
from policy.exchange import commands as exchange
from policy.financing import commands as financing
from policy.market.commands import NewDay
from policy.market.venue import Clock, Venue, carry_out, misread, starting
from policy.perpetuals import commands as perpetuals
from policy.reports.journal.entries import Command, Event
from policy.rulebook import Rulebook
from policy.source import Source
from policy.vocabulary import Json
from policy.wire import Commands, event_json, json_line

RulebookOn = Callable[[str], Rulebook]
AnyVenue = Venue[Any, Any]


@frozen
class VenueKind:
    """A kind of venue: the commands it takes, and how one is made for the rulebook of a first date."""

    name: str
    commands: tuple[type[Any], ...]
    make: Callable[[RulebookOn, Clock], AnyVenue]


def _exchange(rulebook_on: RulebookOn, clock: Clock) -> AnyVenue:
    from policy.exchange.engine import opened

    return opened(rulebook_on, clock)


def _lender(rulebook_on: RulebookOn, clock: Clock) -> AnyVenue:
    from policy.financing.engine import opened

    return opened(rulebook_on, clock)


def _perpetuals(rulebook_on: RulebookOn, clock: Clock) -> AnyVenue:
    from policy.perpetuals.engine import opened

    return opened(rulebook_on, clock)


KINDS = (
    VenueKind("exchange", get_args(exchange.Command), _exchange),
    VenueKind("lender", get_args(financing.Command), _lender),
    VenueKind("perpetuals", get_args(perpetuals.Command), _perpetuals),
)
KIND_OF: Mapping[type[object], VenueKind] = MappingProxyType(
    {command: kind for kind in KINDS for command in kind.commands if command is not NewDay}
)
COMMANDS = Commands.of(NewDay, *KIND_OF)


@define(eq=False)
class Venues:
    """The venues that have been needed so far. They share the clock."""

    rulebook_on: RulebookOn
    clock: Clock = field(converter=starting)
    venues: dict[str, AnyVenue] = field(factory=dict)

    @property
    def rules(self) -> str:
        """The digest of the rulebook in force."""
        return self.rulebook_on(self.on).program.digest

    @property
    def offset(self) -> int:
        """Of the rulebook's time, in minutes ahead of UTC."""
        return self.rulebook_on(self.on).program.offset

    @property
    def on(self) -> str:
        """The date whose rules are in force."""
        return self.clock.on.isoformat()

    def open(self, commands: Iterable[Command]) -> None:
        """Makes the venues that these commands need. Raises PolicyError with every question that is missing."""
        wrong: list[Diagnostic] = []
        for kind in dict.fromkeys(KIND_OF[type(c)] for c in commands if type(c) in KIND_OF):
            try:
                self._venue(kind)
            except PolicyError as error:
                wrong += error.diagnostics
        if wrong:
            raise PolicyError(wrong)

    def submit(self, command: Command) -> list[Event]:
        """Carries out one command; a new day begins on every venue, or on none."""
        if wrong := COMMANDS.unfit(command):
            return [misread(command, wrong)]
        kind = KIND_OF.get(type(command))
        return carry_out(command, self.clock, (self._venue(kind),) if kind else tuple(self.venues.values()))

    def _venue(self, kind: VenueKind) -> AnyVenue:
        if kind.name not in self.venues:
            self.venues[kind.name] = kind.make(self.rulebook_on, self.clock)
        return self.venues[kind.name]


def recorded_command(document: Json, file: str = "<journal>", before: int = 0) -> Command:
    """The command of a record, which stands after so many lines of its file. Raises PolicyError."""
    command: Command | list[Diagnostic] = COMMANDS.read(Source(file, json_line(document), before))
    if isinstance(command, list):
        raise PolicyError(command)
    return command


def engine_for(header: Header, rulebook_on: RulebookOn) -> Callable[[Json], tuple[list[Json], str]]:
    """A fresh market for the commands of a journal, as `policy.audit.replay` wants it."""
    market = Venues(rulebook_on, header.on)

    def submit(document: Json) -> tuple[list[Json], str]:
        return list(map(event_json, market.submit(recorded_command(document)))), market.rules

    return submit
