"""The same orders and accounts as of several dates, side by side.

In: sessions and margin rows, one pair a date. Out: `figures.Changes`. Absent: any explanation beyond the rules
that were reasons on one date and not on the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from attrs import frozen

from policy.decisions import Outcome
from policy.reports.figures import Amount, ChangeRow, Changes, Margin, Market, Turned
from policy.reports.from_exchange import Entry, Session


@frozen(eq=False)
class Dated:
    """What one date made of the facts."""

    on: str
    session: Session
    market: Market
    margin: Margin


_ROWS: tuple[tuple[str, str, Callable[[Dated], Amount | int | str]], ...] = (
    ("Orders accepted", "接納的買賣盤", lambda d: d.market.counts.accepted),
    ("Orders refused", "拒絕的買賣盤", lambda d: d.market.counts.refused),
    ("Orders undecided", "未能裁定的買賣盤", lambda d: d.market.counts.undecided),
    ("Trades", "成交宗數", lambda d: d.market.trades),
    ("Value traded, HKD", "成交額（港元）", lambda d: d.market.value),
    ("Lending value of all collateral, HKD", "抵押品可借貸總值（港元）", lambda d: d.margin.lending_value),
    ("Margin calls due", "須追繳保證金", lambda d: d.margin.calls),
    ("Advances allowed", "可墊付", lambda d: sum(a.advance.outcome == "permitted" for a in d.margin.accounts)),
    ("Advances refused", "不可墊付", lambda d: sum(a.advance.outcome == "denied" for a in d.margin.accounts)),
)
_WORDS = {Outcome.PERMITTED: "accepted", Outcome.DENIED: "refused"}


def changes_of(days: Sequence[Dated]) -> Changes:
    """What changes from date to date."""
    turned = [row for before, after in pairwise(days) for row in _turned(before, after)]
    return Changes(
        dates=tuple(d.on for d in days),
        rows=tuple(ChangeRow(en, zh, tuple(_amount(of(d)) for d in days)) for en, zh, of in _ROWS),
        turned=tuple(turned),
    )


def _amount(value: Amount | int | str) -> Amount:
    return value if isinstance(value, Amount) else Amount(str(value))


def _turned(before: Dated, after: Dated) -> list[Turned]:
    """Orders whose outcome changed, grouped by what became of them and the rules that did it."""
    later = {e.order.id: e for e in after.session.entries}
    groups: dict[tuple[str, str, tuple[str, ...]], list[Entry]] = {}
    for entry in before.session.entries:
        now = later.get(entry.order.id)
        if now is None or now.outcome is entry.outcome:
            continue
        rules = tuple(sorted(_grounds(entry) ^ _grounds(now)))
        groups.setdefault((_word(entry), _word(now), rules), []).append(entry)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        Turned(before.on, after.on, was, now, len(entries), rules, _example(entries[0]))
        for (was, now, rules), entries in ordered
    ]


def _word(entry: Entry) -> str:
    return _WORDS.get(entry.outcome, "undecided")


def _grounds(entry: Entry) -> frozenset[str]:
    """The rules that refused an order, or the facts and numbers that it waits for."""
    refused = {r.rule for r in entry.reasons if r.effect == "deny"}
    return frozenset(refused | set(entry.needs))


def _example(entry: Entry) -> str:
    return f"{entry.order.id}, {entry.party.name}"
