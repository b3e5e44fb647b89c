"""Whom a backtest is about: which client a command is of, and the money that moved for each client.

In: commands, each with its events. Out: the client of a command, and sums by client, event and field; a trade counts
for its buyer and for its seller. Absent: margin accounts at the end, which statements tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import define, field, frozen

from policy.exchange.commands import Ask, Place
from policy.exchange.events import OrderAccepted, Traded
from policy.model.types import Number
from policy.model.values import show
from policy.perpetuals.events import PerpetualTraded
from policy.reports.journal.entries import Command, Event
from policy.wire import money_of, word

_SIDES = ("buyer", "seller")


@frozen
class MoneyDiffers:
    """A sum of a client's that differs: of a field of a kind of event, as `traded value`."""

    client: str
    what: str
    before: str
    after: str
    difference: str  # after less before


def client_of(command: Command) -> str:
    """The participant or account that a command is of; nothing where it is of none, as a price."""
    if isinstance(command, Ask):
        return command.id if command.about == "participant" else ""
    return str(getattr(command, "by", "") or getattr(command, "account", ""))


@define(eq=False)
class ClientMoney:
    """Adds up as events come. Orders keep their owners for as long as an order may trade."""

    sums: dict[tuple[str, str], tuple[int, Number]] = field(factory=dict)  # by client, and event with field
    owners: dict[str, str] = field(factory=dict)

    def add(self, command: Command, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, OrderAccepted) and isinstance(command, Place):
                self.owners[event.id] = command.by
            for client, name, of in self._moved(event):
                amount = getattr(event, name)
                if client and amount is not None:
                    key = client, f"{word(type(event))} {name}"
                    self.sums[key] = self.sums.get(key, (0, of))[0] + amount, of

    def _moved(self, event: Event) -> Iterator[tuple[str, str, Number]]:
        """Whose money is in which field of an event. What is only one side's is not the other's."""
        match event:
            case Traded():
                sides = {side: self.owners.get(getattr(event, side), "") for side in _SIDES}
            case PerpetualTraded():
                sides = {side: getattr(event, side) for side in _SIDES}
            case _:
                sides = {"": str(getattr(event, "account", "") or getattr(event, "by", ""))}
        for side, client in sides.items():
            for name, of in money_of(type(event)):
                if not side or not name.startswith(tuple(f"{s}_" for s in _SIDES if s != side)):
                    yield client, name, of


def money_differing(old: ClientMoney, new: ClientMoney) -> Iterator[MoneyDiffers]:
    """The sums that differ, client by client."""
    for key in sorted(old.sums.keys() | new.sums.keys()):
        _, of = old.sums.get(key) or new.sums[key]
        before, after = (side.sums.get(key, (0, of))[0] for side in (old, new))
        if before != after:
            yield MoneyDiffers(*key, show(before, of), show(after, of), show(after - before, of))
