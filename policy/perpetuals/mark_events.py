"""What a new mark brings about: marks, funding, liquidation, deleveraging, and who bears a loss.

In: nothing. Out: frozen records of flat data, as in `events`. Absent: any state.
"""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from policy.answers import Verdict
from policy.model import types
from policy.model.types import Number, OptionalOf, QuotedAmount
from policy.perpetuals.commands import MONEY, PRICE, SIZE
from policy.vocabulary import FactsJson
from policy.wire import standing, typed

RATE = Number("rate", 6)
UnsettledReason = Literal["no_index", "no_samples", "payments_do_not_cancel_out", "cannot_be_closed_out", "undecided"]

# ── mark and funding ────────────────────────────────────────────────────────────────────────


@frozen
class Marked:
    """The contract has a new mark price. Where the book is too thin for a large order, that has no price."""

    contract: str
    per: tuple[str, ...]
    index: QuotedAmount = typed(PRICE)
    impact_bid: QuotedAmount | None = typed(OptionalOf(PRICE))
    impact_ask: QuotedAmount | None = typed(OptionalOf(PRICE))
    mark: QuotedAmount = typed(PRICE)


@frozen
class IndexUnavailable:
    """The index has no price, or its last one counts no longer. Until it has one, the contract has no mark.

    What needs a mark is undecided.
    """

    contract: str
    counted_until: int | None = typed(OptionalOf(types.INSTANT), None)  # of a price that is too old
    per: tuple[str, ...] = ()


@frozen
class PremiumSampled:
    """The premium, which stood so at so many moments of sampling."""

    contract: str
    premium: int = typed(RATE)
    times: int = typed(types.INTEGER)


@frozen
class FundingPaid:
    """What a position paid; what it received is negative."""

    account: str
    bucket: str
    contract: str
    payment: int = typed(MONEY)
    margin: int = standing(MONEY)


@frozen
class FundingSettled:
    """Longs and shorts have paid each other on the average of the premiums."""

    contract: str
    per: tuple[str, ...]
    due_at: int = typed(types.INSTANT)
    samples: int = typed(types.INTEGER)
    rate: int = typed(RATE)
    mark: QuotedAmount = typed(PRICE)
    per_unit: QuotedAmount = typed(PRICE)
    paid: int = typed(MONEY)  # by all who pay, and to all who receive


@frozen
class FundingNotSettled:
    """Nothing was paid, for the reason given."""

    contract: str
    reason: UnsettledReason
    due_at: int = typed(types.INSTANT)


# ── liquidation and who bears a loss ────────────────────────────────────────────────────────


@frozen
class LiquidationBegun:
    """The bucket's orders are cancelled and its positions closed until it is safe; all, if it cannot pay funding."""

    account: str
    bucket: str
    verdict: Verdict
    facts: FactsJson
    margin: int = standing(MONEY)
    equity: int = standing(MONEY)


@frozen
class LiquidationUndecided:
    """Whether the bucket is to be liquidated cannot be said; nothing is done on a guess."""

    account: str
    bucket: str
    verdict: Verdict


@frozen
class LiquidationStep:
    """So much of a position was closed: against the group's own, in the book, against others'.

    Trades in the book are at `worst_price` or better, if there was any left for it. The fee goes to the fund,
    and is not more than is left.
    """

    account: str
    bucket: str
    contract: str
    per: tuple[str, ...]  # of the size and of the fee
    price_per: tuple[str, ...]  # of the worst price
    worst_price: QuotedAmount | None = typed(OptionalOf(PRICE))
    against_own: QuotedAmount = typed(SIZE)
    in_book: QuotedAmount = typed(SIZE)
    deleveraged: QuotedAmount = typed(SIZE)
    closed: int = typed(MONEY)
    fee: int = typed(MONEY)
    margin: int = standing(MONEY)
    fund: int = standing(MONEY)


@frozen
class Deleveraged:
    """A position was closed against another client's, whose turn it was."""

    contract: str
    verdict: Verdict
    per: tuple[str, ...]  # of the order and of the price
    account: str  # whose position is liquidated
    bucket: str
    other: str  # whose turn it was
    other_bucket: str
    rank: int = typed(types.INTEGER)  # in the rulebook's order, 1 being first
    size: QuotedAmount = typed(SIZE)
    price: QuotedAmount = typed(PRICE)
    realised: int = typed(MONEY)
    other_realised: int = typed(MONEY)
    margin: int = standing(MONEY)
    other_margin: int = standing(MONEY)


@frozen
class ClosedAgainstOwn:
    """A position that left a loss was closed against one of the same client group, whose gain bears it."""

    contract: str
    account: str  # whose position is liquidated
    bucket: str
    other: str  # of the same group
    other_bucket: str
    per: tuple[str, ...]  # of the price
    size: QuotedAmount = typed(SIZE)
    price: QuotedAmount = typed(PRICE)
    realised: int = typed(MONEY)
    other_realised: int = typed(MONEY)
    margin: int = standing(MONEY)
    other_margin: int = standing(MONEY)


@frozen
class FundDrawdown:
    """A loss beyond the margin posted, which never is the client's; `uncovered` is left where the fund is spent."""

    account: str
    bucket: str
    per: tuple[str, ...]
    loss: int = typed(MONEY)
    from_fund: int = typed(MONEY)
    uncovered: int = typed(MONEY)
    fund: int = standing(MONEY)


@frozen
class LiquidationEnded:
    """The bucket is safe or empty; the margin left is the client's."""

    account: str
    bucket: str
    margin: int = standing(MONEY)
    equity: int = standing(MONEY)
    fund: int = standing(MONEY)
