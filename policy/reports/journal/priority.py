"""Evidence that clients went first: every price at which they and a market maker waited in one line.

In: trades, and the lines as they stood just before. Out: `Evidence`: a row for each such price, with the line as it
was when someone was first filled there. A fill before the rule is in force is shown, and is no breach: the
trade says what the queue stands on. Absent: the rule, which is the rulebook's.
"""

from __future__ import annotations

from attrs import define, field, frozen

from policy.answers import BilingualText
from policy.exchange.commands import PRICE
from policy.exchange.events import Traded
from policy.reports.journal.book import Filled, Level, Lines, Waiting
from policy.reports.journal.glossary import CLIENT, ClientsFirst, Glossary
from policy.reports.journal.series import tidy

_MOST_LEVELS = 200


@frozen
class Queued:
    """An order in a line, by its arrival."""

    order: str
    by: str
    kind: BilingualText
    came: str
    client: bool
    filled_first: bool


@frozen
class LevelRow:
    """A price at which a client and a market maker waited, and what was filled there meanwhile."""

    at: str
    instrument: str
    venue: BilingualText
    side: BilingualText
    price: str
    in_force: bool  # whether the rule that puts clients first was
    queue: tuple[Queued, ...]  # in the order of arrival, when the first was filled
    more: int  # that waited behind those
    fills: int
    to_clients: int
    overtaken: int  # of those to clients, where a market maker had come earlier
    maker_first: int  # fills of a market maker while a client waited


@frozen
class Evidence:
    """The whole; `pre_rule_fills` are fills of market makers before waiting clients while no rule forbade it."""

    rule: ClientsFirst
    levels: tuple[LevelRow, ...]
    more_levels: int
    fills: int
    overtaken: int
    breaches: int
    pre_rule_fills: int


@define
class _AtLevel:
    at: str
    queue: tuple[Queued, ...]
    more: int
    fills: int = 0
    to_clients: int = 0
    overtaken: int = 0
    maker_first: int = 0

    def add(self, seen: Filled) -> None:
        self.fills += 1
        self.to_clients += seen.by_client
        self.overtaken += seen.overtook_a_maker
        self.maker_first += not seen.by_client


@define
class PriorityWatch:
    """Follows the trades."""

    lines: Lines
    glossary: Glossary
    levels: dict[tuple[bool, Level], _AtLevel] = field(factory=dict)

    def traded(self, at: int, event: Traded) -> None:
        """A trade, before it changes the lines."""
        seen = self.lines.seen_from(event.resting)
        if seen is None or not seen.contested:
            return
        stands_on = {cited.partition(" ")[0] for cited in event.per}
        key = not stands_on.isdisjoint(self.glossary.clients_first.provisions), seen.order.level
        if key not in self.levels:
            self.levels[key] = self._stood(at, event.resting, seen)
        self.levels[key].add(seen)

    def _stood(self, at: int, filled: str, seen: Filled) -> _AtLevel:
        waiting = dict(self.lines.waiting(seen.order.level)) | {filled: seen.order}
        queue = tuple(self._queued(id, order, id == filled) for id, order in waiting.items())
        return _AtLevel(self.glossary.at(at), queue, self.lines.length(seen.order.level) - len(queue))

    def _queued(self, id: str, order: Waiting, filled: bool) -> Queued:
        capacity = self.lines.capacity.get(order.by, CLIENT)
        came = self.glossary.at(order.at)
        return Queued(id, order.by, self.glossary.named(capacity), came, capacity == CLIENT, filled)

    def evidence(self) -> Evidence:
        """The rows, in the order in which the lines were first seen."""
        rows = list(self.levels.items())
        return Evidence(
            rule=self.glossary.clients_first,
            levels=tuple(self._row(*key, row) for key, row in rows[:_MOST_LEVELS]),
            more_levels=max(0, len(rows) - _MOST_LEVELS),
            fills=sum(row.fills for _, row in rows),
            overtaken=sum(row.overtaken for _, row in rows),
            breaches=sum(row.maker_first for (in_force, _), row in rows if in_force),
            pre_rule_fills=sum(row.maker_first for (in_force, _), row in rows if not in_force),
        )

    def _row(self, in_force: bool, level: Level, row: _AtLevel) -> LevelRow:
        instrument, venue, side, price = level
        said = self.glossary.named(venue), self.glossary.named(side), tidy(price, PRICE)
        counts = row.fills, row.to_clients, row.overtaken, row.maker_first
        return LevelRow(row.at, instrument, *said, in_force, row.queue, row.more, *counts)
