"""What happened, by kind, with the money that moved.

In: events as JSON. Out: a row for each kind of event, in the order in which each first came. Absent: any judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args

from attrs import define, field, frozen

from policy.decisions import Words
from policy.exchange import events as exchange
from policy.margin.financing import events as financing
from policy.margin.perpetuals import events as perpetuals
from policy.reports.journal.names import EVENTS, MONEY
from policy.reports.journal.series import exact, tidy
from policy.wire import money_of, word

_SENSELESS = 20  # messages that are kept
MONEY_IN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        word(cls): tuple(name for name, _ in money_of(cls))
        for events in (exchange.Event, financing.Event, perpetuals.Event)
        for cls in get_args(events)
    }
)


@frozen
class Kind:
    """Events of one kind, and the sums of the money in them."""

    what: Words
    count: int
    money: tuple[tuple[Words, str], ...]


@define
class _Sums:
    count: int = 0
    money: dict[tuple[str, str], int] = field(factory=dict)  # by field and currency


@define
class Happened:
    """Counts as events are added."""

    kinds: dict[str, _Sums] = field(factory=dict)
    senseless: dict[str, None] = field(factory=dict)

    def add(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        sums = self.kinds.get(kind)
        if sums is None:
            sums = self.kinds[kind] = _Sums()
        sums.count += 1
        for name in MONEY_IN.get(kind, ()):
            amount = event.get(name)
            if amount is not None:
                key = name, amount.rpartition(" ")[2]
                sums.money[key] = sums.money.get(key, 0) + exact(amount)
        if kind == "rejected" and len(self.senseless) < _SENSELESS:
            self.senseless[event["message"]] = None

    def count(self, *kinds: str) -> int:
        return sum(self.kinds[kind].count for kind in kinds if kind in self.kinds)

    def rows(self) -> tuple[Kind, ...]:
        return tuple(
            Kind(
                EVENTS.get(kind, Words(kind.replace("_", " "))),
                sums.count,
                tuple((MONEY[name], tidy(total, currency)) for (name, currency), total in sums.money.items()),
            )
            for kind, sums in self.kinds.items()
        )
