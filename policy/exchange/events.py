"""What comes out of the exchange, in the order in which it happened.

In: nothing. Out: frozen records of flat data; what the rules decided carries the `Verdict`, and where they said
no, also the facts that were decided on, as the JSON that the same question would read. Absent: any state. An
invalid command is answered by `CommandInvalid` of `policy.market.events`, which every venue has.
"""

from __future__ import annotations

from typing import Literal, get_args

from attrs import frozen

from policy.answers import Verdict
from policy.exchange.commands import MONEY, PRICE, QUANTITY, SUBJECT, VENUE
from policy.market.events import CommandInvalid, CommandRepeated
from policy.market.matcher import Reason
from policy.model import types
from policy.model.types import ListOf, QuotedAmount
from policy.vocabulary import FactsJson
from policy.wire import made_quickly, maker, standing, typed

CancelReason = Reason | Literal["trade_rejected", "insufficient_balance"]
SettleReason = Literal["requested", "interval", "new_day", "arrangement", "rules"]  # `rules` with the verdict

# ── set-up ──────────────────────────────────────────────────────────────────────────────────


@frozen
class InstrumentListed:
    """The instrument is traded, or what is true of it has changed."""

    id: str


@frozen
class PlatformAdmitted:
    """The platform brings orders, or what is true of it has changed."""

    id: str


@frozen
class ParticipantAdmitted:
    """The participant may place orders, or what is true of it has changed."""

    id: str
    platform: str


@frozen
class Answered:
    """What the rulebook says of a platform, an instrument or a participant as a whole."""

    id: str
    question: str
    fact: str
    verdict: Verdict
    about: str = typed(SUBJECT)
    investors: tuple[str, ...] = typed(ListOf(types.TEXT), ())


@frozen
class MoneyDeposited:
    """A participant deposited money."""

    by: str
    amount: int = typed(MONEY)
    free: int = standing(MONEY)  # all that is free now


@frozen
class TokensDeposited:
    """A participant deposited tokens."""

    by: str
    instrument: str
    quantity: QuotedAmount = typed(QUANTITY)
    free: QuotedAmount = typed(QUANTITY)


@frozen
class MoneyWithdrawn:
    """What was free has been paid out."""

    by: str
    amount: int = typed(MONEY)
    free: int = standing(MONEY)


@frozen
class TokensWithdrawn:
    """What was free has been handed out."""

    by: str
    instrument: str
    quantity: QuotedAmount = typed(QUANTITY)
    free: QuotedAmount = typed(QUANTITY)


@frozen
class SettlementArranged:
    """Whether trades across platforms may be made under the arrangement as it is, with what its funds hold now."""

    verdict: Verdict
    facts: FactsJson
    reserve_fund: int = standing(MONEY)
    compensation: int = standing(MONEY)


# ── orders ──────────────────────────────────────────────────────────────────────────────────


@frozen
class OrderAccepted:
    """The rules let the order in; so much is reserved for it."""

    id: str
    verdict: Verdict
    money: int = typed(MONEY)
    tokens: QuotedAmount = typed(QUANTITY)
    facts: FactsJson | None = None  # with evidence only


@frozen
class OrderRejected:
    """The rules do not let the order in, or cannot say."""

    id: str
    verdict: Verdict
    facts: FactsJson


@frozen
class Traded:
    """Two orders met at the price of the one at rest; a trade within one platform is settled at once.

    `per` is what the order of the queue stands on; `queue` is the price level just before, first in line first,
    with evidence only.
    """

    number: int
    instrument: str
    resting: str
    incoming: str
    buyer: str  # orders, not owners
    seller: str
    settled: bool
    venue: str = typed(VENUE)
    price: QuotedAmount = typed(PRICE)
    quantity: QuotedAmount = typed(QUANTITY)
    value: int = typed(MONEY)
    buyer_fees: int = typed(MONEY, 0)
    seller_fees: int = typed(MONEY, 0)
    per: tuple[str, ...] = ()
    queue: tuple[str, ...] = ()


@frozen
class FeesWaived:
    """A seller's fees are more than a trade brings in: there is no credit, and nobody pays this part of them."""

    id: str  # the order
    trade: int
    amount: int = typed(MONEY)


@frozen
class TradeRejected:
    """The rules do not let orders trade, or cannot say; what is left of the incoming one is cancelled."""

    incoming: str
    resting: tuple[str, ...]
    verdict: Verdict
    facts: FactsJson


@frozen
class OrderCancelled:
    """What was left of the order is gone, and what was reserved for it is free."""

    id: str
    reason: CancelReason
    remaining: QuotedAmount = typed(QUANTITY)
    money: int = typed(MONEY)
    tokens: QuotedAmount = typed(QUANTITY)


@frozen
class OrderDecremented:
    """The order met a smaller one of the same owner, and lost as much; it keeps its place. So much is free again."""

    id: str
    remaining: QuotedAmount = typed(QUANTITY)
    money: int = typed(MONEY)
    tokens: QuotedAmount = typed(QUANTITY)


@frozen
class OrderReplaced:
    """The order has another price, or another quantity is left of it; so much is reserved for it now."""

    id: str
    verdict: Verdict
    kept_its_place: bool
    price: QuotedAmount = typed(PRICE)
    remaining: QuotedAmount = typed(QUANTITY)
    money: int = standing(MONEY)
    tokens: QuotedAmount = typed(QUANTITY)


@frozen
class ReplaceRejected:
    """The rules do not let the order be what is asked, or cannot say; it stays as it was."""

    id: str
    verdict: Verdict
    facts: FactsJson


@frozen
class OrderExpelled:
    """The rules no longer let an order rest; what was reserved for it is free."""

    id: str
    verdict: Verdict
    facts: FactsJson
    remaining: QuotedAmount = typed(QUANTITY)
    money: int = typed(MONEY)
    tokens: QuotedAmount = typed(QUANTITY)


# ── settlement ──────────────────────────────────────────────────────────────────────────────


@frozen
class Delivery:
    """Tokens that one platform owes another when all their trades are set against each other."""

    instrument: str
    deliverer: str
    quantity: QuotedAmount = typed(QUANTITY)


@frozen
class Settled:
    """Trades of two platforms: money against tokens, all of them or none."""

    party: str
    counterparty: str
    reason: SettleReason
    verdict: Verdict | None
    per: tuple[str, ...]  # the provisions that made it due, where it was not requested
    payer: str  # of the net; nobody, if nothing is left over
    trades: tuple[int, ...]
    gross: int = typed(MONEY)
    net: int = typed(MONEY)
    deliveries: tuple[Delivery, ...] = ()


@frozen
class SettlementFailed:
    """A platform did not deliver: its trades with another are undone, and what was reserved for them is free."""

    platform: str
    other: str
    trades: tuple[int, ...]
    gross: int = typed(MONEY)


@frozen
class LossCovered:
    """What a failed trade costs someone, out of which fund it is paid, and what those hold afterwards.

    Where the rules cannot say what it costs, nothing is paid, and the verdict says why.
    """

    trade: int
    order: str
    participant: str
    verdict: Verdict
    per: tuple[str, ...]  # the provisions by which it is reckoned
    loss: int = typed(MONEY)
    from_reserve_fund: int = typed(MONEY)
    from_compensation: int = typed(MONEY)
    uncovered: int = typed(MONEY)
    reserve_fund: int = standing(MONEY)
    compensation: int = standing(MONEY)


@frozen
class PlatformStopped:
    """The platform failed to settle; what that means for its orders is for the rules to say."""

    id: str


@frozen
class PlatformRecovered:
    """A platform that had failed to settle can deliver again."""

    id: str


Event = (
    CommandInvalid
    | CommandRepeated
    | InstrumentListed
    | PlatformAdmitted
    | ParticipantAdmitted
    | Answered
    | MoneyDeposited
    | TokensDeposited
    | MoneyWithdrawn
    | TokensWithdrawn
    | SettlementArranged
    | OrderAccepted
    | OrderRejected
    | Traded
    | FeesWaived
    | TradeRejected
    | OrderCancelled
    | OrderDecremented
    | OrderReplaced
    | ReplaceRejected
    | OrderExpelled
    | Settled
    | SettlementFailed
    | LossCovered
    | PlatformStopped
    | PlatformRecovered
)

made_quickly(get_args(Event))

accepted = maker(OrderAccepted)
traded = maker(Traded)
cancelled = maker(OrderCancelled)
