"""The same commands under the rules of several dates, side by side.

In: what was followed as of each date. Out: `DateTable`: the counts of each date, and the orders whose outcome changed
from one to the next. Absent: any explanation beyond the rules that rejected an order on one date and not the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from attrs import define, field, frozen

from policy.answers import BilingualText, Outcome, Verdict
from policy.exchange.commands import Place
from policy.exchange.events import OrderAccepted, OrderRejected
from policy.financing.events import AdvanceRejected, LoanAdvanced, MarginCalled
from policy.reports.journal.entries import Command, Event
from policy.reports.journal.market import Recorded
from policy.reports.plain.names import spaced

_OUTCOMES = {Outcome.PERMITTED: BilingualText("accepted", "接納"), Outcome.DENIED: BilingualText("rejected", "拒絕")}
_UNDECIDED = BilingualText("undecided", "未能決定")


@frozen
class DateRow:
    """A figure as of every date."""

    what: BilingualText
    values: tuple[str, ...]


@frozen
class Turned:
    """Orders whose outcome changed from one date to the next, and the rules and facts that made the difference."""

    before: str  # dates
    after: str
    was: BilingualText
    becomes: BilingualText
    count: int
    grounds: tuple[str, ...]  # rules that refuse on one date only, and what only one date's answer needed
    examples: tuple[str, ...]


@frozen
class DateTable:
    """The whole."""

    dates: tuple[str, ...]
    rows: tuple[DateRow, ...]
    turned: tuple[Turned, ...]


@define
class DateSection:
    """One date: all that was followed, and what became of every order."""

    recorded: Recorded
    orders: dict[str, tuple[str, Verdict]] = field(factory=dict)  # whose it was, and what was decided

    def follow(self, command: Command, events: Sequence[Event]) -> None:
        self.recorded.follow(command, events)
        if isinstance(command, Place):
            for event in events:
                if isinstance(event, OrderAccepted | OrderRejected):
                    self.orders[event.id] = command.by, event.verdict

    @property
    def on(self) -> str:
        return self.recorded.header.on


def dates_of(days: Sequence[DateSection]) -> DateTable:
    """What changes from date to date."""
    columns = [_figures(day) for day in days]
    rows = (DateRow(what, tuple(column[what] for column in columns)) for what in columns[0])
    turned = (row for before, after in pairwise(days) for row in _turned(before, after))
    return DateTable(tuple(day.on for day in days), tuple(rows), tuple(turned))


def _figures(day: DateSection) -> dict[BilingualText, str]:
    recorded = day.recorded
    assert recorded.trading is not None
    assert recorded.margin is not None
    tally = recorded.tally
    trading, count = recorded.trading.figures(tally.reasons, tally.counts), tally.counts.count
    return {
        BilingualText("orders accepted", "接納的買賣盤"): str(trading.accepted),
        BilingualText("orders rejected", "拒絕的買賣盤"): str(trading.refused),
        BilingualText("orders undecided", "未能決定的買賣盤"): str(trading.undecided),
        BilingualText("trades", "成交"): str(trading.trades),
        BilingualText("value traded, HKD", "成交額（港元）"): trading.value,
        BilingualText("advances made", "墊付宗數"): str(count(LoanAdvanced)),
        BilingualText("advances rejected or undecided", "拒絕或未能決定的墊付"): str(count(AdvanceRejected)),
        BilingualText("margin calls", "追繳保證金"): str(count(MarginCalled)),
        BilingualText("lending value of collateral, where known, HKD", "已知的抵押品可借貸總值（港元）"): (
            classes[-1].after if (classes := recorded.margin.collateral.classes()) else "0.00"
        ),
    }


def _turned(before: DateSection, after: DateSection) -> list[Turned]:
    """Orders whose outcome changed, by what became of them and why, the most first."""
    groups: dict[tuple[BilingualText, BilingualText, tuple[str, ...]], list[str]] = {}
    for id, (by, verdict) in before.orders.items():
        now = after.orders[id][1] if id in after.orders else verdict
        if now.outcome is not verdict.outcome:
            grounds = tuple(sorted(_grounds(verdict) ^ _grounds(now)))
            key = _outcome(verdict), _outcome(now), grounds
            groups.setdefault(key, []).append(f"{id}, {by}")
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0][0].en, item[0][1].en, item[0][2]))
    return [
        Turned(before.on, after.on, was, becomes, len(orders), grounds, tuple(orders[:1]))
        for (was, becomes, grounds), orders in ordered
    ]


def _outcome(verdict: Verdict) -> BilingualText:
    return _OUTCOMES.get(verdict.outcome, _UNDECIDED)


def _grounds(verdict: Verdict) -> frozenset[str]:
    """The rules that refuse an order, or what its answer needs."""
    refused = {spaced(r.rule) for r in verdict.reasons if r.effect == "deny"}
    return frozenset(refused | set(verdict.needs))
