"""The commands of the perpetuals desk, as plain data.

In: nothing. Out: frozen records; money is in units of 0.00000001 US dollar, prices of 0.0001 dollar, sizes of
0.0001 contract, so that a size at a price is a whole number of units (a fraction of these where the contract has
more decimals). Facts of the rulebook are raw JSON. Set-up
is commands too, so that a journal of commands is all that a replay needs. Absent: any state, and any rule.
"""

from __future__ import annotations

from typing import get_args

from attrs import frozen

from policy.market.book import OrderType, Side
from policy.market.commands import ORDER_TYPE, SELF_TRADE, SIDE, NewDay
from policy.market.matcher import SelfTrade
from policy.model import types
from policy.model.types import ListOf, Number, OptionalOf, Quoted, QuotedAmount
from policy.vocabulary import FactsJson
from policy.wire import facts, made_quickly, typed

MONEY = Number("money:USD", 8)
PRICE = Quoted("price:USD", 4)
SIZE = Quoted("quantity", 4)
MULTIPLIER = Number("quantity", 8)
ONE = 10**MULTIPLIER.scale
CROSS = "cross"  # the bucket that may hold any contract; an isolated one has the name of the contract it holds

# ── what the desk is made of ────────────────────────────────────────────────────────────────


@frozen
class ListPerpetual:
    """A contract is to be traded in steps of `tick` and `lot`. How often funding is paid is not for it to say.

    A size of one is `multiplier` tokens, and the price is that of one token, with so many `decimals`.
    """

    contract: str
    at: int = typed(types.INSTANT)
    tick: QuotedAmount = typed(PRICE)
    lot: QuotedAmount = typed(SIZE)
    self_trade: SelfTrade = typed(SELF_TRADE, "cancel_incoming")
    product: FactsJson = facts()
    decimals: int = typed(types.INTEGER, PRICE.scale)
    multiplier: int = typed(MULTIPLIER, ONE)


@frozen
class OpenPerpetualAccount:
    """A client may trade, as far as the rules allow; `client` is true of all the client's orders.

    Accounts of one `group` count as one client.
    """

    account: str
    at: int = typed(types.INSTANT)
    group: str = ""
    client: FactsJson = facts()


# ── money ───────────────────────────────────────────────────────────────────────────────────


@frozen
class DepositMargin:
    """A client brings in an asset of a value, which is free in the account if the asset is accepted as margin."""

    account: str
    at: int = typed(types.INSTANT)
    value: int = typed(MONEY)
    asset: FactsJson = facts()


@frozen
class WithdrawMargin:
    """A client takes out what is free."""

    account: str
    at: int = typed(types.INSTANT)
    value: int = typed(MONEY)


@frozen
class PostMargin:
    """What is free goes into a bucket."""

    account: str
    bucket: str
    at: int = typed(types.INSTANT)
    amount: int = typed(MONEY)


@frozen
class ReleaseMargin:
    """Margin in a bucket becomes free, if what stays is enough."""

    account: str
    bucket: str
    at: int = typed(types.INSTANT)
    amount: int = typed(MONEY)


@frozen
class TopUpFund:
    """The platform pays into its insurance fund."""

    at: int = typed(types.INSTANT)
    amount: int = typed(MONEY)


# ── trading and prices ──────────────────────────────────────────────────────────────────────


@frozen
class PlacePerpetual:
    """An order for a bucket; a market order has no price. `reduce_only`: it never enlarges or turns a position."""

    id: str
    account: str
    bucket: str
    contract: str
    at: int = typed(types.INSTANT)
    side: Side = typed(SIDE)
    size: QuotedAmount = typed(SIZE)
    price: QuotedAmount | None = typed(OptionalOf(PRICE), None)
    type: OrderType = typed(ORDER_TYPE, "limit")
    reduce_only: bool = typed(types.BOOLEAN, False)


@frozen
class ReplacePerpetual:
    """Its owner asks for another price, or that another size be left of an order at rest."""

    id: str
    account: str
    at: int = typed(types.INSTANT)
    size: QuotedAmount = typed(SIZE)
    price: QuotedAmount = typed(PRICE)


@frozen
class CancelPerpetual:
    """Its owner takes back what is left of an order."""

    id: str
    account: str
    at: int = typed(types.INSTANT)


@frozen
class IndexPrice:
    """The index has a new price, or none: then the contract has no mark until it has one again."""

    contract: str
    at: int = typed(types.INSTANT)
    price: QuotedAmount | None = typed(OptionalOf(PRICE), None)


@frozen
class IndexPrices:
    """Several indices have a new price, or none, at one moment, one for each contract. Their order means nothing."""

    at: int = typed(types.INSTANT)
    contracts: tuple[str, ...] = typed(ListOf(types.TEXT))
    prices: tuple[QuotedAmount | None, ...] = typed(ListOf(OptionalOf(PRICE)))


@frozen
class StatePerpetualAccount:
    """Someone asks how an account stands."""

    account: str
    at: int = typed(types.INSTANT)


Command = (
    NewDay
    | ListPerpetual
    | OpenPerpetualAccount
    | DepositMargin
    | WithdrawMargin
    | PostMargin
    | ReleaseMargin
    | TopUpFund
    | PlacePerpetual
    | ReplacePerpetual
    | CancelPerpetual
    | IndexPrice
    | IndexPrices
    | StatePerpetualAccount
)

made_quickly(get_args(Command))
