"""The commands of the exchange, as plain data.

In: nothing. Out: frozen records; amounts are integers of the scale of their types (a price or quantity may be a
fraction, where an instrument has more decimals), moments are microseconds since 1970 UTC. Set-up is commands too,
and the same command again is a change, so that a journal of commands is all that a replay needs.
Absent: any state, and any rule.
"""

from __future__ import annotations

from typing import Literal, get_args

from attrs import frozen

from policy.market.book import OrderType, Side
from policy.market.commands import ORDER_TYPE, SELF_TRADE, SIDE, NewDay
from policy.market.matcher import SelfTrade
from policy.model import types
from policy.model.types import Enum, ListOf, Number, OptionalOf, Quoted, QuotedAmount
from policy.vocabulary import FactsJson
from policy.wire import facts, made_quickly, typed

BookVenue = Literal["own_book", "shared_book"]
Subject = Literal["platform", "instrument", "participant"]

MONEY = Number("money:HKD", 2)
PRICE = Quoted("price:HKD", 2)
QUANTITY = Quoted("quantity", 8)
VENUE = Enum("Venue", get_args(BookVenue))
SUBJECT = Enum("Subject", get_args(Subject))

# ── commands: what the exchange is made of ──────────────────────────────────────────────────


@frozen
class ListInstrument:
    """A token is traded in steps of `tick` and `lot`; `facts` are true of every order for it.

    Its price has so many `decimals`; with each more than two, a quantity has one fewer than eight.
    """

    id: str
    at: int = typed(types.INSTANT)
    tick: QuotedAmount = typed(PRICE)
    lot: QuotedAmount = typed(QUANTITY)
    self_trade: SelfTrade = typed(SELF_TRADE, "cancel_incoming")
    facts: FactsJson = facts()
    decimals: int = typed(types.INTEGER, PRICE.scale)


@frozen
class AdmitPlatform:
    """A platform brings orders; `facts` are true of all of them.

    The orders of a platform that `shares_with` others state what holds of those instead: that is how a licensed
    platform's orders state whether anyone eligible shares the book. `licensed_in` is the place
    of its licence, by its ISO 3166 code, where no question asks about it; documents show it, and no rule sees it.
    """

    id: str
    at: int = typed(types.INSTANT)
    shares_with: tuple[str, ...] = typed(ListOf(types.TEXT), ())
    facts: FactsJson = facts()
    licensed_in: str = ""


@frozen
class AdmitParticipant:
    """Someone who may place orders through a platform; `facts` are true of all of them."""

    id: str
    platform: str
    at: int = typed(types.INSTANT)
    facts: FactsJson = facts()


@frozen
class Ask:
    """What holds of a platform, an instrument or a participant as a whole is asked of the rulebook.

    The answer becomes the `fact` of its orders (of these classes of `investors`; of all, if none is named), and
    is missing while the rulebook cannot decide. Without a `fact` it is only emitted. It is asked again when
    the rules change.
    """

    id: str
    question: str
    at: int = typed(types.INSTANT)
    about: Subject = typed(SUBJECT)
    fact: str = ""
    investors: tuple[str, ...] = typed(ListOf(types.TEXT), ())
    facts: FactsJson = facts()


@frozen
class DepositMoney:
    """A participant brings in money."""

    by: str
    at: int = typed(types.INSTANT)
    amount: int = typed(MONEY)


@frozen
class DepositTokens:
    """A participant brings in tokens."""

    by: str
    instrument: str
    at: int = typed(types.INSTANT)
    quantity: QuotedAmount = typed(QUANTITY)


@frozen
class WithdrawMoney:
    """A participant takes out money that is free."""

    by: str
    at: int = typed(types.INSTANT)
    amount: int = typed(MONEY)


@frozen
class WithdrawTokens:
    """A participant takes out tokens that are free."""

    by: str
    instrument: str
    at: int = typed(types.INSTANT)
    quantity: QuotedAmount = typed(QUANTITY)


@frozen
class ArrangeSettlement:
    """How trades across platforms settle. Its reserve fund and compensation are paid in, or topped up, at once."""

    at: int = typed(types.INSTANT)
    facts: FactsJson = facts()


# ── commands: trading and settling ──────────────────────────────────────────────────────────


@frozen
class Place:
    """An order; a market order has no price. `facts` are true of it alone."""

    id: str
    by: str
    instrument: str
    at: int = typed(types.INSTANT)
    venue: BookVenue = typed(VENUE)
    side: Side = typed(SIDE)
    quantity: QuotedAmount = typed(QUANTITY)
    price: QuotedAmount | None = typed(OptionalOf(PRICE), None)
    type: OrderType = typed(ORDER_TYPE, "limit")
    fees: int = typed(MONEY, 0)
    facts: FactsJson = facts()


@frozen
class Cancel:
    """Its owner cancels what is left of an order."""

    id: str
    by: str
    at: int = typed(types.INSTANT)


@frozen
class Replace:
    """Its owner asks for another price, or that another quantity be left of an order; fees follow the quantity."""

    id: str
    by: str
    at: int = typed(types.INSTANT)
    price: QuotedAmount = typed(PRICE)
    quantity: QuotedAmount = typed(QUANTITY)


@frozen
class Settle:
    """All trades that wait for settlement are settled now."""

    at: int = typed(types.INSTANT)


@frozen
class FailSettlement:
    """A platform does not deliver what it owes."""

    platform: str
    at: int = typed(types.INSTANT)


@frozen
class RecoverSettlement:
    """A platform that had failed can deliver again."""

    platform: str
    at: int = typed(types.INSTANT)


Command = (
    NewDay
    | ListInstrument
    | AdmitPlatform
    | AdmitParticipant
    | Ask
    | DepositMoney
    | DepositTokens
    | WithdrawMoney
    | WithdrawTokens
    | ArrangeSettlement
    | Place
    | Cancel
    | Replace
    | Settle
    | FailSettlement
    | RecoverSettlement
)

made_quickly(get_args(Command))
