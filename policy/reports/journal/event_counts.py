"""Events counted by kind, with the money that moved.

In: events. Out: a count for each kind, in the order in which each first came. Absent: any judgement.
"""

from __future__ import annotations

from attrs import define, field, frozen

from policy.answers import BilingualText
from policy.market.events import CommandInvalid
from policy.model.types import Number
from policy.model.values import show
from policy.reports.journal.names import EVENTS, MONEY
from policy.reports.journal.series import tidy
from policy.wire import money_of, word

_MOST_MESSAGES = 20  # of invalid commands, kept for the document


@frozen
class KindRow:
    """Events of one kind, and the sums of the money in them."""

    what: BilingualText
    count: int
    money: tuple[tuple[BilingualText, str], ...]


@define
class EventCount:
    """Events of one kind: how many, and the sums of the money in them, by field."""

    count: int = 0
    money: dict[str, tuple[int, Number]] = field(factory=dict)

    def add(self, event: object) -> None:
        self.count += 1
        for name, of in money_of(type(event)):
            amount = getattr(event, name)
            if amount is not None:
                self.money[name] = (self.money.get(name, (0, of))[0] + amount, of)

    def shown(self) -> dict[str, str]:
        """The sums as people write money."""
        return {name: show(total, of) for name, (total, of) in self.money.items()}


@define
class EventCounts:
    """Counts as events are added."""

    kinds: dict[str, EventCount] = field(factory=dict)
    invalid: dict[str, int] = field(factory=dict)  # commands, by code
    messages: dict[str, None] = field(factory=dict)  # about invalid commands

    def add(self, event: object) -> None:
        kind = word(type(event))
        count = self.kinds.get(kind)
        if count is None:
            count = self.kinds[kind] = EventCount()
        count.add(event)
        if isinstance(event, CommandInvalid):
            self.invalid[event.code] = self.invalid.get(event.code, 0) + 1
            if len(self.messages) < _MOST_MESSAGES:
                self.messages[event.message] = None

    def count(self, *classes: type[object]) -> int:
        """How many events there were of these classes."""
        return sum(self.kinds[kind].count for kind in map(word, classes) if kind in self.kinds)

    def rows(self) -> tuple[KindRow, ...]:
        return tuple(
            KindRow(
                EVENTS[kind],
                count.count,
                tuple((MONEY[name], tidy(total, of)) for name, (total, of) in count.money.items()),
            )
            for kind, count in self.kinds.items()
        )
