"""What another rulebook would have made of the same commands: every answer that flips, the accounts, and the money.

In: commands, and two markets under two rulebooks. Out: flips in order, counted by what became of what, in all and by
client; what every margin account comes to at the end, where the two differ; and the sums of money of both. Absent:
clients who would have acted otherwise; the commands are what they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from attrs import asdict, define, field, frozen

from policy.audit.records import Header
from policy.audit.replay import records
from policy.financing.commands import MONEY as LENT
from policy.financing.events import AccountStated
from policy.model import types
from policy.model.values import show
from policy.perpetuals.commands import MONEY as POSTED
from policy.perpetuals.events import BucketStated
from policy.reports.journal.entries import Command, Event
from policy.reports.journal.reasons import verdicts_in
from policy.reports.journal.tally import Tally
from policy.scenario.clients import ClientMoney, MoneyDiffers, client_of, money_differing
from policy.scenario.market import Venues, recorded_command
from policy.scenario.statements import statements
from policy.vocabulary import Json
from policy.wire import word

EXAMPLES = 3


@frozen
class CommandFate:
    """What became of a command: its events, each with the rules that were the reasons, but no amounts."""

    steps: tuple[tuple[str, tuple[str, ...]], ...]

    def __str__(self) -> str:
        steps = [f"{kind} ({', '.join(rules)})" if rules else kind for kind, rules in self.steps]
        return ", ".join(steps) or "nothing"


@define
class Flips:
    """Flips of one sort: how many, the first few, and the provisions that answered on either side."""

    before: CommandFate
    after: CommandFate
    cited_before: tuple[str, ...]
    cited_after: tuple[str, ...]
    count: int = 0
    examples: list[str] = field(factory=list)


FIGURES = (
    "loan", "market value", "lending value", "headroom", "capital value", "call", "call due by",
    "free margin", "margin", "equity", "liquidation",
)  # fmt: skip


@frozen
class AccountDiffers:
    """A figure of a margin account (`FIGURES`), as it stands under either rulebook after all commands."""

    account: str
    figure: str
    before: str
    after: str


@define(eq=False)
class Backtest:
    """Two runs of the same commands. `accounts` counts the statements that were compared."""

    old: Tally = field(factory=Tally)
    new: Tally = field(factory=Tally)
    commands: int = 0
    flipped: int = 0
    sorts: dict[tuple[str, CommandFate, CommandFate], Flips] = field(factory=dict)
    accounts: int = 0
    differing: tuple[AccountDiffers, ...] = ()
    clients: dict[str, dict[tuple[str, CommandFate, CommandFate], Flips]] = field(factory=dict)
    moved: tuple[MoneyDiffers, ...] = ()

    def by_client(self) -> list[tuple[str, list[tuple[str, Flips]], list[MoneyDiffers]]]:
        """Each client with a flip or a sum that differs: the most flips first, then by name."""
        money: dict[str, list[MoneyDiffers]] = {}
        for moved in self.moved:
            money.setdefault(moved.client, []).append(moved)
        found = []
        for client in self.clients.keys() | money.keys():
            sorts = [(kind, sort) for (kind, _, _), sort in self.clients.get(client, {}).items()]
            found.append((client, sorted(sorts, key=lambda s: -s[1].count), money.get(client, [])))
        return sorted(found, key=lambda row: (-sum(sort.count for _, sort in row[1]), row[0]))

    @property
    def differs(self) -> bool:
        """Whether anything flips: what became of a command, or a value, a call or the headroom of an account."""
        return bool(self.flipped or self.differing)

    def money(self) -> dict[str, tuple[str, str]]:
        """By event and field: the sum under either rulebook, where they differ."""
        sums: dict[str, list[str]] = {}
        for side, tally in enumerate((self.old, self.new)):
            for kind, counted in tally.events.items():
                for name, text in counted.shown().items():
                    sums.setdefault(f"{kind} {name}", ["none", "none"])[side] = text
        return {what: (before, after) for what, (before, after) in sums.items() if before != after}

    def as_json(self) -> Json:
        return {
            "commands": self.commands,
            "flipped": self.flipped,
            "flips": [{**_sort(kind, sort), "per": _per(sort)} for (kind, _, _), sort in self.sorts.items()],
            "clients": [
                {
                    "client": client,
                    "flips": [_sort(kind, sort) for kind, sort in sorts],
                    "money": [asdict(m, filter=lambda of, _: of.name != "client") for m in money],
                }
                for client, sorts, money in self.by_client()
            ],
            "accounts": {
                "compared": self.accounts,
                "differing": list(map(asdict, self.differing)),
            },
            "money": {what: {"before": before, "after": after} for what, (before, after) in self.money().items()},
        }


def _sort(kind: str, sort: Flips) -> Json:
    return {
        "command": kind,
        "before": str(sort.before),
        "after": str(sort.after),
        "count": sort.count,
        "examples": sort.examples,
    }


def _per(sort: Flips) -> Json:
    return {"before": list(sort.cited_before), "after": list(sort.cited_after)}


def backtest(commands: Iterable[Command], old: Venues, new: Venues) -> Backtest:
    """Runs the commands through both markets."""
    result = Backtest()
    money = ClientMoney(), ClientMoney()
    for number, command in enumerate(commands, 1):
        before, after = old.submit(command), new.submit(command)
        result.commands += 1
        result.old.add(command, before)
        result.new.add(command, after)
        money[0].add(command, before)
        money[1].add(command, after)
        fates = _fate(before), _fate(after)
        if fates[0] != fates[1]:
            result.flipped += 1
            _count(result.sorts, number, command, fates, (before, after))
            if client := client_of(command):
                _count(result.clients.setdefault(client, {}), number, command, fates, (before, after))
    stood = [_standing(market) for market in (old, new)]
    result.accounts = len(stood[0].keys() | stood[1].keys())
    result.differing = tuple(_differing(*stood))
    result.moved = tuple(money_differing(*money))
    return result


def commands_of(journal: str, last: int) -> Iterator[Command]:
    """The commands of a whole journal up to record number `last`."""
    for place, record in records(journal, last):
        yield recorded_command(record.input, journal, place.number - 1)


def other_rules(header: Header, markets: Iterable[Venues]) -> str:
    """The rulebook that a journal was kept under, where it is none of these markets'; else empty."""
    return "" if header.rules in {market.rules for market in markets} else header.rules


# ── accounts ────────────────────────────────────────────────────────────────────────────────


def _standing(market: Venues) -> dict[str, dict[str, str]]:
    """What every margin account comes to, by figure."""
    return dict(map(_figures, statements(market)))


def _figures(stated: AccountStated | BucketStated) -> tuple[str, dict[str, str]]:
    match stated:
        case AccountStated(views=views):
            lent = views.lending_value
            figures = {
                "loan": show(stated.loan, LENT),
                "market value": _amount(views.market_value, ()),
                "lending value": _amount(lent, views.lending_needs),
                "headroom": _amount(lent - stated.loan if lent is not None else None, views.lending_needs),
                "capital value": _amount(views.capital_value, ()) + _needing(views.capital_needs),
                "call": stated.call,
                "call due by": show(stated.due_by, types.INSTANT),
            }
            return stated.account, figures
        case BucketStated():
            figures = {
                "free margin": show(stated.free, POSTED),
                "margin": show(stated.margin, POSTED),
                "equity": "undecided" if stated.equity is None else show(stated.equity, POSTED),
                "liquidation": stated.verdict.outcome.value + _needing(stated.verdict.needs),
            }
            return f"{stated.account} {stated.bucket}", figures
        case _:
            assert_never(stated)


def _amount(amount: int | None, needs: tuple[str, ...]) -> str:
    return show(amount, LENT) if amount is not None else "undecided" + _needing(needs)


def _needing(needs: tuple[str, ...]) -> str:
    return f", needs {', '.join(needs)}" if needs else ""


def _differing(old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]) -> Iterator[AccountDiffers]:
    for account in dict.fromkeys((*old, *new)):
        before, after = old.get(account, {}), new.get(account, {})
        for figure in FIGURES:
            was, now = before.get(figure, "none"), after.get(figure, "none")
            if was != now:
                yield AccountDiffers(account, figure, was, now)


# ── commands ────────────────────────────────────────────────────────────────────────────────


def _count(
    sorts: dict[tuple[str, CommandFate, CommandFate], Flips],
    number: int,
    command: Command,
    fates: tuple[CommandFate, CommandFate],
    events: tuple[list[Event], list[Event]],
) -> None:
    kind, id = word(type(command)), getattr(command, "id", "")
    sort = sorts.get((kind, *fates))
    if sort is None:
        sort = sorts[kind, *fates] = Flips(*fates, _cited(events[0]), _cited(events[1]))
    sort.count += 1
    if len(sort.examples) < EXAMPLES:
        sort.examples.append(id or str(number))


def _fate(events: Iterable[Event]) -> CommandFate:
    """Events of one kind and reason count once: filled in two parts or in three is one fate."""
    steps = ((word(type(e)), tuple(r.rule for v in verdicts_in(e) for r in v.reasons)) for e in events)
    return CommandFate(tuple(dict.fromkeys(steps)))


def _cited(events: Iterable[Event]) -> tuple[str, ...]:
    cited = (str(c) for e in events for v in verdicts_in(e) for r in v.reasons for c in r.citations)
    return tuple(dict.fromkeys(cited))
