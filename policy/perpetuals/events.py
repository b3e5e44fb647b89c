"""What comes out of the perpetuals desk, in the order in which it happened.

In: nothing. Out: frozen records of flat data. What the rules decided carries the `Verdict`, what they computed the
provisions it stands on (`per`), and where they said no, the facts they were told too. The amounts are complete:
every balance, position and fund can be added up from the events alone (those of `mark_events` included). Absent:
any state. An invalid command is answered by `CommandInvalid`.
"""

from __future__ import annotations

from typing import Literal, get_args

from attrs import frozen

from policy.answers import Verdict
from policy.market.book import OrderType, Side
from policy.market.commands import ORDER_TYPE, SIDE
from policy.market.events import CommandInvalid, CommandRepeated
from policy.market.matcher import Reason
from policy.model import types
from policy.model.types import ListOf, OptionalOf, QuotedAmount
from policy.perpetuals.commands import MONEY, PRICE, SIZE
from policy.perpetuals.mark_events import (
    ClosedAgainstOwn,
    Deleveraged,
    FundDrawdown,
    FundingNotSettled,
    FundingPaid,
    FundingSettled,
    IndexUnavailable,
    LiquidationBegun,
    LiquidationEnded,
    LiquidationStep,
    LiquidationUndecided,
    Marked,
    PremiumSampled,
)
from policy.vocabulary import FactsJson
from policy.wire import made_quickly, standing, typed

CancelReason = Reason | Literal["liquidation", "nothing_to_reduce"]

# ── set-up and money ────────────────────────────────────────────────────────────────────────


@frozen
class PerpetualListed:
    """The contract may be offered, and is traded from here on."""

    contract: str
    verdict: Verdict
    tick: QuotedAmount = typed(PRICE)
    lot: QuotedAmount = typed(SIZE)


@frozen
class PerpetualNotListed:
    """The contract may not be offered, or the rules cannot say."""

    contract: str
    verdict: Verdict
    facts: FactsJson


@frozen
class PerpetualAccountOpened:
    """The client has an account; what may be done with it is asked order by order."""

    account: str
    group: str


@frozen
class MarginDeposited:
    """The asset is accepted as margin; its value is free."""

    account: str
    verdict: Verdict
    value: int = typed(MONEY)
    free: int = standing(MONEY)


@frozen
class DepositRejected:
    """The asset is not accepted as margin, or the rules cannot say; it stays with the client."""

    account: str
    verdict: Verdict
    facts: FactsJson


@frozen
class MarginWithdrawn:
    """What was free has been paid out."""

    account: str
    value: int = typed(MONEY)
    free: int = standing(MONEY)


@frozen
class MarginPosted:
    """What was free is margin now."""

    account: str
    bucket: str
    amount: int = typed(MONEY)
    margin: int = standing(MONEY)
    free: int = standing(MONEY)


@frozen
class MarginReleased:
    """What was margin is free now."""

    account: str
    bucket: str
    verdict: Verdict
    amount: int = typed(MONEY)
    margin: int = standing(MONEY)
    free: int = standing(MONEY)


@frozen
class ReleaseRejected:
    """The margin has to stay, or the rules cannot say."""

    account: str
    bucket: str
    verdict: Verdict
    facts: FactsJson


@frozen
class FundToppedUp:
    """The platform paid into its insurance fund."""

    amount: int = typed(MONEY)
    fund: int = standing(MONEY)


# ── orders ──────────────────────────────────────────────────────────────────────────────────


@frozen
class PerpetualAccepted:
    """The margin is in, and the rules let the order in. `size_verdict` is asked where a position may grow.

    The size of an order that may only reduce a position is no more than there is to reduce.
    """

    id: str
    account: str
    bucket: str
    contract: str
    reduces: bool
    verdict: Verdict
    size_verdict: Verdict | None
    side: Side = typed(SIDE)
    type: OrderType = typed(ORDER_TYPE)
    size: QuotedAmount = typed(SIZE)
    price: QuotedAmount | None = typed(OptionalOf(PRICE))
    margin_required: int = standing(MONEY)
    margin_collected: int = standing(MONEY)


@frozen
class PerpetualRejected:
    """The rules do not let the order in, or cannot say."""

    id: str
    account: str
    verdict: Verdict
    size_verdict: Verdict | None
    facts: FactsJson


@frozen
class PerpetualReplaced:
    """The order has another price, or another size is left of it."""

    id: str
    account: str
    verdict: Verdict
    size_verdict: Verdict | None
    kept_its_place: bool
    price: QuotedAmount = typed(PRICE)
    remaining: QuotedAmount = typed(SIZE)


@frozen
class PerpetualReplaceRejected:
    """The rules do not let the order be what is asked, or cannot say; it stays as it was."""

    id: str
    account: str
    verdict: Verdict
    size_verdict: Verdict | None
    facts: FactsJson


@frozen
class ReduceOnlyCut:
    """An order that may only reduce a position has been cut to what is left to reduce; it keeps its place."""

    id: str
    account: str
    remaining: QuotedAmount = typed(SIZE)


@frozen
class PerpetualTraded:
    """Two orders met at the price of the one at rest. A liquidation has no order, and pays no fee for trading.

    What a side closes of its position is realised, a loss being negative; both it and the fee are in its margin.
    """

    number: int
    contract: str
    resting: str
    incoming: str | None
    buyer: str
    buyer_bucket: str
    seller: str
    seller_bucket: str
    per: tuple[str, ...]  # what the order of the queue stands on
    price: QuotedAmount = typed(PRICE)
    size: QuotedAmount = typed(SIZE)
    value: int = typed(MONEY)
    buyer_realised: int = typed(MONEY)
    seller_realised: int = typed(MONEY)
    buyer_fee: int = typed(MONEY)
    seller_fee: int = typed(MONEY)


@frozen
class ProfitRealised:
    """A bucket's loss was paid from the profit of a position, whose entry value moves by as much."""

    account: str
    bucket: str
    contract: str
    amount: int = typed(MONEY)
    margin: int = standing(MONEY)


@frozen
class PerpetualCancelled:
    """What was left of the order is gone."""

    id: str
    account: str
    reason: CancelReason
    remaining: QuotedAmount = typed(SIZE)


@frozen
class PerpetualDecremented:
    """The order met a smaller one of the same client group, and lost as much; it keeps its place."""

    id: str
    account: str
    remaining: QuotedAmount = typed(SIZE)


@frozen
class PerpetualExpelled:
    """The rules no longer let the order rest, or can no longer say."""

    id: str
    account: str
    verdict: Verdict
    size_verdict: Verdict | None
    facts: FactsJson
    remaining: QuotedAmount = typed(SIZE)


@frozen
class Unanswered:
    """The rulebook could not compute what the desk needs; what was done before it stands."""

    question: str
    verdict: Verdict


# ── statements ──────────────────────────────────────────────────────────────────────────────


@frozen
class PositionStated:
    """A position at the mark; without an index there is none, and no profit that could be told."""

    contract: str
    side: Side = typed(SIDE)
    size: QuotedAmount = typed(SIZE)
    entry_value: int = typed(MONEY)
    mark: QuotedAmount | None = typed(OptionalOf(PRICE))
    profit: int | None = typed(OptionalOf(MONEY))


@frozen
class BucketStated:
    """Margin with what it stands for; the verdict tells whether it is to be liquidated.

    Where a contract has no index, there is no equity that could be told.
    """

    account: str
    bucket: str
    verdict: Verdict
    free: int = standing(MONEY)  # of the account, beside its buckets
    margin: int = standing(MONEY)
    equity: int | None = standing(OptionalOf(MONEY))
    orders: tuple[str, ...] = typed(ListOf(types.TEXT))
    positions: tuple[PositionStated, ...] = ()


Event = (
    CommandInvalid
    | CommandRepeated
    | PerpetualListed
    | PerpetualNotListed
    | PerpetualAccountOpened
    | MarginDeposited
    | DepositRejected
    | MarginWithdrawn
    | MarginPosted
    | MarginReleased
    | ReleaseRejected
    | FundToppedUp
    | PerpetualAccepted
    | PerpetualRejected
    | PerpetualReplaced
    | PerpetualReplaceRejected
    | ReduceOnlyCut
    | PerpetualTraded
    | ProfitRealised
    | PerpetualCancelled
    | PerpetualDecremented
    | PerpetualExpelled
    | Marked
    | IndexUnavailable
    | PremiumSampled
    | FundingPaid
    | FundingSettled
    | FundingNotSettled
    | LiquidationBegun
    | LiquidationUndecided
    | LiquidationStep
    | ClosedAgainstOwn
    | Deleveraged
    | FundDrawdown
    | LiquidationEnded
    | Unanswered
    | BucketStated
)

made_quickly(get_args(Event))
