"""One market: the exchange, the lender and the perpetuals desk, behind one door.

In: commands, one at a time, and a way to get the rulebook of a date. Out: events. Each engine is made, and its
questions are found in the rulebook, when the stage needs it, so that a rulebook without perpetual contracts can
still run an exchange. Absent: any rule, and any idea of what an engine does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Protocol, get_args

from attrs import define, field, frozen

from policy.audit.records import Header
from policy.diagnostics import Diagnostic, PolicyError
from policy.exchange import orders
from policy.exchange.checks import misread
from policy.exchange.orders import NewDay, Rejected
from policy.margin.financing import commands as financing
from policy.margin.perpetuals import commands as perpetuals
from policy.rulebook import Rulebook
from policy.source import Source
from policy.wire import Commands, canonical, event_json, word

RulebookOn = Callable[[str], Rulebook]


class Engine(Protocol):
    """A deterministic state machine: a command in, what came of it out."""

    def submit(self, command: Any) -> list[Any]: ...


@frozen
class Desk:
    """A kind of engine: the commands it takes, and how one is made for the rulebook of a first date."""

    name: str
    commands: tuple[type[Any], ...]
    make: Callable[[RulebookOn, str], Engine]


def _exchange(rulebook_on: RulebookOn, on: str) -> Engine:
    from policy.exchange.engine import opened

    return opened(rulebook_on, on)


def _lender(rulebook_on: RulebookOn, on: str) -> Engine:
    from policy.margin.financing.engine import opened

    return opened(rulebook_on, on)


def _perpetuals(rulebook_on: RulebookOn, on: str) -> Engine:
    from policy.margin.perpetuals.desk import opened

    return opened(rulebook_on, on)


DESKS = (
    Desk("exchange", get_args(orders.Command), _exchange),
    Desk("lender", get_args(financing.Command), _lender),
    Desk("perpetuals", get_args(perpetuals.Command), _perpetuals),
)
DESK_OF: Mapping[type[Any], Desk] = MappingProxyType(
    {command: desk for desk in DESKS for command in desk.commands if command is not NewDay}
)
COMMANDS = Commands.of(NewDay, *DESK_OF)


@define(eq=False)
class Market:
    """The engines that have been needed so far, all under the rulebook of one date."""

    rulebook_on: RulebookOn
    on: str
    engines: dict[str, Engine] = field(factory=dict)
    at: int = 0

    @property
    def rules(self) -> str:
        """The digest of the rulebook in force."""
        return self.rulebook_on(self.on).program.digest

    def open(self, commands: Iterable[Any]) -> None:
        """Makes the engines that these commands need. Raises PolicyError with every question that is missing."""
        wrong: list[Diagnostic] = []
        for desk in dict.fromkeys(DESK_OF[type(c)] for c in commands if type(c) in DESK_OF):
            try:
                self._engine(desk)
            except PolicyError as error:
                wrong += error.diagnostics
        if wrong:
            raise PolicyError(wrong)

    def submit(self, command: Any) -> list[Any]:
        """Carries out one command; a new day reaches every engine."""
        if unfit := COMMANDS.unfit(command):
            return [misread(command, unfit)]
        if command.at < self.at:
            return [Rejected(word(type(command)), "out_of_sequence", "this comes before what has already happened")]
        self.at = command.at
        if not isinstance(command, NewDay):
            return self._engine(DESK_OF[type(command)]).submit(command)
        self.on = date.fromordinal(command.on).isoformat()
        return [event for engine in self.engines.values() for event in engine.submit(command)]

    def _engine(self, desk: Desk) -> Engine:
        if desk.name not in self.engines:
            self.engines[desk.name] = desk.make(self.rulebook_on, self.on)
        return self.engines[desk.name]


def recorded_command(document: dict[str, Any], file: str = "<journal>", before: int = 0) -> Any:
    """The command of a record, which stands after so many lines of its file. Raises PolicyError."""
    command = COMMANDS.read(Source(file, canonical(document), before))
    if isinstance(command, list):
        raise PolicyError(command)
    return command


def engine_for(
    header: Header, rulebook_on: RulebookOn
) -> Callable[[dict[str, Any]], tuple[list[dict[str, Any]], str]]:
    """A fresh market for the commands of a journal, as `policy.audit.replay` wants it."""
    market = Market(rulebook_on, header.on)

    def submit(document: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
        return list(map(event_json, market.submit(recorded_command(document)))), market.rules

    return submit
