"""What becomes of a lender's margin accounts: events, as plain data.

In: nothing. Out: frozen records, each with the verdict it stands on where the rules had a say. What collateral
carries for a loan and what it counts for in the lender's capital stand side by side and are never added up.
An invalid command is answered by `CommandInvalid`. Absent: any state.
"""

from __future__ import annotations

from typing import get_args

from attrs import frozen

from policy.answers import Verdict
from policy.financing.commands import MONEY, PRICE, QUANTITY
from policy.market.events import CommandInvalid
from policy.model import types
from policy.model.types import OptionalOf
from policy.vocabulary import FactsJson
from policy.wire import facts, made_quickly, standing, typed

SOME_MONEY = OptionalOf(MONEY)


@frozen(kw_only=True)
class Views:
    """An account's collateral at market, as it carries a loan, and as the lender's capital sees it.

    The capital value is of what is known; `capital_needs` names what the rest of it needs.
    """

    market_value: int | None = typed(SOME_MONEY)
    lending_value: int | None = typed(SOME_MONEY)
    lending_needs: tuple[str, ...]
    capital_value: int = typed(MONEY)
    capital_needs: tuple[str, ...]


@frozen(kw_only=True)
class PositionView:
    """One position of a statement; the same two views, apart."""

    asset: str
    quantity: int = typed(QUANTITY)
    price: int | None = typed(OptionalOf(PRICE))
    market_value: int | None = typed(SOME_MONEY)
    lending_value: int | None = typed(SOME_MONEY)
    capital_value: int | None = typed(SOME_MONEY)
    needs: tuple[str, ...]


# ── setting up ──────────────────────────────────────────────────────────────────────────────


@frozen(kw_only=True)
class LenderJudged:
    """Whether the lender may offer financing; emitted when it is set up, and when the answer changes."""

    verdict: Verdict


@frozen(kw_only=True)
class CollateralListed:
    """The asset may be posted; the verdict tells whether it can secure a loan."""

    asset: str
    verdict: Verdict


@frozen(kw_only=True)
class MarginAccountOpened:
    account: str
    group: str


@frozen(kw_only=True)
class CollateralPosted:
    account: str
    asset: str
    quantity: int = typed(QUANTITY)
    held: int = typed(QUANTITY)


@frozen(kw_only=True)
class CollateralReleased:
    account: str
    asset: str
    quantity: int = typed(QUANTITY)
    held: int = typed(QUANTITY)
    verdict: Verdict


@frozen(kw_only=True)
class CollateralNotReleased:
    """What would stay behind is not enough, or nobody can tell; `facts` are the account as it would be."""

    account: str
    asset: str
    quantity: int = typed(QUANTITY)
    verdict: Verdict
    facts: FactsJson = facts()


@frozen(kw_only=True)
class AssetPriced:
    """The price is taken, and the accounts that hold the asset are valued anew."""

    asset: str
    price: int = typed(PRICE)
    accounts: int = typed(types.INTEGER)


@frozen(kw_only=True)
class AssetUnpriced:
    """There is no price, or the last one is too old, or the rules cannot say how long it counts (`needs`).

    These accounts cannot be valued, so nothing is advanced on or sold from them.
    """

    asset: str
    accounts: int = typed(types.INTEGER)
    counted_until: int | None = typed(OptionalOf(types.INSTANT), None)  # of a price that is too old
    per: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


# ── lending ─────────────────────────────────────────────────────────────────────────────────


@frozen(kw_only=True)
class LoanAdvanced:
    account: str
    amount: int = typed(MONEY)
    loan: int = standing(MONEY)
    verdict: Verdict


@frozen(kw_only=True)
class AdvanceRejected:
    """What stands against it: the verdict on the account, on the lender, on the book with the advance in it.

    Those that would let it pass are left out. `facts` are what the rules were asked on.
    """

    account: str
    amount: int = typed(MONEY)
    verdict: Verdict | None
    lender: Verdict | None
    book: Verdict | None
    facts: FactsJson = facts()


@frozen(kw_only=True)
class LoanRepaid:
    account: str
    amount: int = typed(MONEY)
    loan: int = standing(MONEY)


# ── calls ───────────────────────────────────────────────────────────────────────────────────


@frozen(kw_only=True)
class MarginCalled:
    """The client is to bring `amount` until `due_by`; where the rules give none, `needs` tells what is missing."""

    account: str
    amount: int | None = typed(SOME_MONEY)
    due_by: int | None = typed(OptionalOf(types.INSTANT))
    needs: tuple[str, ...]
    per: tuple[str, ...]  # what amount and time stand on
    loan: int = standing(MONEY)
    views: Views
    verdict: Verdict


@frozen(kw_only=True)
class CallUndecided:
    """The rules cannot tell whether the account is, or is still, to be called; the verdict names what they need."""

    account: str
    verdict: Verdict


@frozen(kw_only=True)
class CallMet:
    account: str
    loan: int = standing(MONEY)
    verdict: Verdict


@frozen(kw_only=True)
class CallOverdue:
    account: str
    due_by: int = typed(types.INSTANT)
    verdict: Verdict


@frozen(kw_only=True)
class AdvancesStopped:
    """Nothing more is advanced; the verdict is that on an advance of nothing."""

    account: str
    verdict: Verdict


@frozen(kw_only=True)
class AdvancesResumed:
    account: str
    verdict: Verdict


# ── forced sales ────────────────────────────────────────────────────────────────────────────


@frozen(kw_only=True)
class CollateralSold:
    """A forced sale at the price given; the proceeds repay the loan, and what is left of them is the client's."""

    account: str
    asset: str
    rank: int = typed(types.INTEGER)  # in the rulebook's order, the first is 1
    order_per: tuple[str, ...]  # what the order stands on
    quantity: int = typed(QUANTITY)
    price: int = typed(PRICE)
    proceeds: int = typed(MONEY)
    repaid: int = typed(MONEY)
    returned: int = typed(MONEY)
    loan: int = standing(MONEY)
    verdict: Verdict


@frozen(kw_only=True)
class SaleEnded:
    """No more is to be sold; the verdict says why."""

    account: str
    loan: int = standing(MONEY)
    views: Views
    verdict: Verdict


@frozen(kw_only=True)
class LoanUncovered:
    """A sale is due, and nothing is left to sell: so much of the loan is uncovered."""

    account: str
    shortfall: int = typed(MONEY)
    verdict: Verdict


@frozen(kw_only=True)
class SaleUndecided:
    """The rules cannot tell whether collateral is to be sold; the verdict names what they need."""

    account: str
    verdict: Verdict


@frozen(kw_only=True)
class SaleHalted:
    """A sale is due, but not how much of what: some assets have no price or no rank. Nothing is sold on a guess."""

    account: str
    assets: tuple[str, ...]
    needs: tuple[str, ...]
    verdict: Verdict


# ── the whole book ──────────────────────────────────────────────────────────────────────────


@frozen(kw_only=True)
class BookJudged:
    """Whether the loan book is within its limits; emitted when the answer or its reasons change.

    `collateral_loans` is nothing where it is unknown what some position counts for.
    """

    total_loans: int = standing(MONEY)
    client_group: str
    client_group_loans: int = standing(MONEY)
    collateral: str
    collateral_loans: int | None = standing(SOME_MONEY)
    verdict: Verdict


@frozen(kw_only=True)
class AccountStated:
    account: str
    loan: int = standing(MONEY)
    call: str
    due_by: int | None = typed(OptionalOf(types.INSTANT))
    views: Views
    positions: tuple[PositionView, ...]


Event = (
    CommandInvalid
    | LenderJudged
    | CollateralListed
    | MarginAccountOpened
    | CollateralPosted
    | CollateralReleased
    | CollateralNotReleased
    | AssetPriced
    | AssetUnpriced
    | LoanAdvanced
    | AdvanceRejected
    | LoanRepaid
    | MarginCalled
    | CallUndecided
    | CallMet
    | CallOverdue
    | AdvancesStopped
    | AdvancesResumed
    | CollateralSold
    | SaleEnded
    | LoanUncovered
    | SaleUndecided
    | SaleHalted
    | BookJudged
    | AccountStated
)

made_quickly(get_args(Event))
