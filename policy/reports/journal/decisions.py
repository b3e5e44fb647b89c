"""Decisions one by one, out of a journal: whose, about what, when, under the law of which day, and why.

In: records, one after another. Out: `Decided` for each event that carries a verdict, and rows of them for a document.
Owners are remembered for as long as their orders rest. Absent: the facts of what was permitted, unless the journal
was kept with evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from types import MappingProxyType

from attrs import define, field, frozen

from policy.answers import NO_WORDS, BilingualText, Outcome, Reason, Verdict
from policy.audit.records import JournalRecord
from policy.exchange.commands import PRICE, QUANTITY, Ask, ListInstrument, Place
from policy.exchange.events import (
    OrderAccepted,
    OrderCancelled,
    OrderDecremented,
    OrderExpelled,
    OrderReplaced,
    Traded,
)
from policy.financing.commands import MONEY, AdvanceLoan
from policy.market.commands import NewDay
from policy.market.events import invalid_code
from policy.market.quotation import quotation
from policy.model.types import Number, QuotedAmount
from policy.model.values import show
from policy.perpetuals.commands import ONE, PRICE as PERPETUAL_PRICE, SIZE, ListPerpetual, PlacePerpetual
from policy.reports.journal.entries import Command, Event, read_command, read_event
from policy.reports.journal.reasons import verdict_fields
from policy.reports.plain.amounts import chinese_amount, english_amount, grouped
from policy.vocabulary import Json
from policy.wire import word

# The question that each verdict of an event answers, where the event tells the facts.
_QUESTIONS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        **{
            (event, "verdict"): "order_accepted"
            for event in ("order_accepted", "order_rejected", "replace_rejected", "order_expelled")
        },
        ("trade_rejected", "verdict"): "trade_within_cap",
        ("settlement_arranged", "verdict"): "settlement_arrangement_accepted",
        ("advance_rejected", "verdict"): "advance_allowed",
        ("advance_rejected", "lender"): "financing_offered",
        ("advance_rejected", "book"): "book_within_limits",
        ("collateral_not_released", "verdict"): "collateral_released",
        ("perpetual_not_listed", "verdict"): "perpetual_listed",
        ("deposit_rejected", "verdict"): "perpetual_collateral_accepted",
        ("release_rejected", "verdict"): "margin_release_accepted",
        **{(event, "verdict"): "perpetual_order_accepted" for event in ("perpetual_rejected", "perpetual_expelled")},
        **{
            (event, "size_verdict"): "position_size_accepted"
            for event in ("perpetual_rejected", "perpetual_expelled")
        },
    }
)
_WORST_FIRST = (Outcome.DENIED, Outcome.FAILED, Outcome.UNDECIDED, Outcome.PERMITTED, Outcome.VALUE)
_SIDES = {"buy": ("Buy", "買入"), "sell": ("Sell", "賣出")}
_VENUES = {
    "own_book": ("the platform's own book", "平台本身的掛盤冊"),
    "shared_book": ("the shared book", "共享掛盤冊"),
}


@frozen
class Decided:
    """One decision. `facts` are those of `question`, and empty where the journal does not tell them."""

    record: int
    at: int
    on: str
    client: str
    about: str  # the order, asset or contract
    asked: BilingualText
    event: str
    question: str
    verdicts: tuple[Verdict, ...]  # the one that decides, then any others of the event
    facts: Json

    @property
    def outcome(self) -> Outcome:
        return self.verdicts[0].outcome

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Those of every verdict that came out as the decision did."""
        return tuple(r for v in self.verdicts if v.outcome is self.outcome for r in v.reasons)

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(n for v in self.verdicts if v.outcome is self.outcome for n in v.needs))


@define
class Decisions:
    """Follows records, so that it knows the day of the law and whose an order is."""

    on: str
    owners: dict[str, tuple[str, QuotedAmount]] = field(factory=dict)  # of orders that rest, and what is left of them
    counted_by: dict[str, str] = field(factory=dict)  # what a quantity of one is to the rules, where it is not one

    def of(self, record: JournalRecord) -> Iterator[Decided]:
        """The decisions of a record. Raises PolicyError where it is of a form that this version does not read."""
        command, events = read_command(record.input), [read_event(event) for event in record.events]
        if invalid_code(events) is None:
            self._took(command)
        for number, event in enumerate(events):
            verdicts, question = _decided(event)
            if verdicts:
                yield Decided(
                    record.seq,
                    record.at,
                    self.on,
                    self._client(command, event),
                    _about(command, event),
                    NO_WORDS if number else asked_of(command, self.counted_by),
                    word(type(event)),
                    question,
                    verdicts,
                    dict(getattr(event, "facts", None) or (command.facts if isinstance(command, Ask) else {})),
                )
            self._follow(command, event)

    def _took(self, command: Command) -> None:
        """Notes the day of the law, and how an instrument is counted."""
        if isinstance(command, NewDay):
            self.on = date.fromordinal(command.on).isoformat()
        if isinstance(command, ListInstrument):
            name, of, made = command.id, QUANTITY, quotation(command.id, command.decimals, PRICE)
        elif isinstance(command, ListPerpetual):
            name, of, multiplier = command.contract, SIZE, Fraction(command.multiplier, ONE)
            made = quotation(name, command.decimals, PERPETUAL_PRICE, multiplier)
        else:
            return
        if not made.as_counted:
            self.counted_by[name] = _number(made.size_said(10**of.scale), of)

    def _client(self, command: Command, event: Event) -> str:
        owner, _ = self.owners.get(getattr(event, "id", ""), ("", 0))
        named = (getattr(one, name, "") for one in (event, command) for name in ("account", "by"))
        return owner or next(filter(None, map(str, named)), "")

    def _follow(self, command: Command, event: Event) -> None:
        match event:
            case OrderAccepted():
                assert isinstance(command, Place)
                self.owners[event.id] = command.by, command.quantity
            case OrderReplaced() | OrderDecremented() if event.id in self.owners:
                self.owners[event.id] = self.owners[event.id][0], event.remaining
            case OrderCancelled() | OrderExpelled():
                self.owners.pop(event.id, None)
            case Traded():
                for id in (event.resting, event.incoming):
                    owner, left = self.owners.get(id, ("", 0))
                    if left > event.quantity:
                        self.owners[id] = owner, left - event.quantity
                    else:
                        self.owners.pop(id, None)
            case _:
                pass


def _decided(event: Event) -> tuple[tuple[Verdict, ...], str]:
    """The verdicts of an event, the one that decides first, and the question that it answers."""
    found = [(name, v) for name in verdict_fields(event) if (v := getattr(event, name)) is not None]
    if not found:
        return (), ""
    found.sort(key=lambda item: _WORST_FIRST.index(item[1].outcome))
    question = getattr(event, "question", "") or _QUESTIONS.get((word(type(event)), found[0][0]), "")
    return tuple(v for _, v in found), question


def _about(command: Command, event: Event) -> str:
    names = ("id", "incoming", "asset", "contract")
    named = (getattr(one, name, "") for one in (event, command) for name in names)
    return next(filter(None, map(str, named)), "")


def asked_of(command: Command, counted_by: Mapping[str, str]) -> BilingualText:
    """What a command asks for, in words: an order or a loan with its amounts; of others, nothing."""
    match command:
        case Place(instrument=token, side=side, quantity=quantity, price=price, venue=venue):
            en, zh = _VENUES[venue]
            more, more_zh = _counted(counted_by.get(token))
            where, where_zh = f" in {en}{more}", f"（{zh}）{more_zh}"
            return _order(side, _number(quantity, QUANTITY), token, price, PRICE, where, where_zh)
        case PlacePerpetual(contract=contract, side=side, size=size, price=price):
            more, more_zh = _counted(counted_by.get(contract))
            return _order(side, _number(size, SIZE), contract, price, PERPETUAL_PRICE, more, more_zh)
        case AdvanceLoan(amount=amount):
            lent = show(amount, MONEY)
            return BilingualText(f"Borrow {english_amount(lent)}", f"借入{chinese_amount(lent)}")
        case _:
            return NO_WORDS


def _counted(by: str | None) -> tuple[str, str]:
    """How the facts count what is ordered."""
    return (f"; the facts count by {by}", f"；事實以{by}為一單位") if by else ("", "")


def _order(
    side: str, quantity: str, of: str, price: QuotedAmount | None, per: Number, where: str, where_zh: str
) -> BilingualText:
    en, zh = _SIDES[side]
    if price is None:
        return BilingualText(
            f"{en} {quantity} {of} at the market price{where}", f"以市價{zh}{quantity} {of}{where_zh}"
        )
    at = show(price, per)
    return BilingualText(
        f"{en} {quantity} {of} at {english_amount(at)}{where}", f"以{chinese_amount(at)}{zh}{quantity} {of}{where_zh}"
    )


def _number(value: QuotedAmount, of: Number) -> str:
    return grouped(show(value, of))
