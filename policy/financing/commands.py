"""The commands of a lender, as plain data.

In: nothing. Out: frozen records; amounts are scaled integers of the rulebook's types, moments are microseconds
since 1970 UTC. Set-up is commands too. What is true of a lender, an asset or a client is given as the facts of
the rulebook, without what the desk keeps itself: loans, calls, collateral and the sums of the book.
Absent: any state, and any rule.
"""

from __future__ import annotations

from typing import get_args

from attrs import frozen

from policy.market.commands import NewDay
from policy.model import types
from policy.model.types import ListOf, Number, OptionalOf
from policy.vocabulary import FactsJson
from policy.wire import facts, made_quickly, typed

MONEY = Number("money:HKD", 2)
PRICE = Number("price:HKD", 4)
QUANTITY = Number("quantity", 8)


@frozen
class SetUpLender:
    """Who lends. `facts` are those of the firm, `book` those of its loan book; the same command again is a change."""

    at: int = typed(types.INSTANT)
    book: FactsJson = facts()
    facts: FactsJson = facts()


@frozen
class ListCollateral:
    """An asset that may be posted, in whole lots; assets that are `connected` to one name count as one."""

    asset: str
    at: int = typed(types.INSTANT)
    lot: int = typed(QUANTITY)
    connected: str = ""
    facts: FactsJson = facts()


@frozen
class OpenMarginAccount:
    """A client's account; those of one `group` count as one client."""

    account: str
    at: int = typed(types.INSTANT)
    group: str = ""
    facts: FactsJson = facts()


@frozen
class PostCollateral:
    """A client brings an asset: security, virtual asset, stablecoin or money."""

    account: str
    asset: str
    at: int = typed(types.INSTANT)
    quantity: int = typed(QUANTITY)


@frozen
class WithdrawCollateral:
    """A client asks for an asset back."""

    account: str
    asset: str
    at: int = typed(types.INSTANT)
    quantity: int = typed(QUANTITY)


@frozen
class PriceAsset:
    """What an asset is worth now; nothing, or zero, says that there is no price."""

    asset: str
    at: int = typed(types.INSTANT)
    price: int | None = typed(OptionalOf(PRICE))


@frozen
class PriceAssets:
    """What several assets are worth at one moment, one price for each."""

    at: int = typed(types.INSTANT)
    assets: tuple[str, ...] = typed(ListOf(types.TEXT))
    prices: tuple[int | None, ...] = typed(ListOf(OptionalOf(PRICE)))


@frozen
class AdvanceLoan:
    """A client asks to borrow."""

    account: str
    at: int = typed(types.INSTANT)
    amount: int = typed(MONEY)


@frozen
class RepayLoan:
    """A client pays back."""

    account: str
    at: int = typed(types.INSTANT)
    amount: int = typed(MONEY)


@frozen
class StateAccount:
    """Someone asks how an account stands."""

    account: str
    at: int = typed(types.INSTANT)


Command = (
    NewDay
    | SetUpLender
    | ListCollateral
    | OpenMarginAccount
    | PostCollateral
    | WithdrawCollateral
    | PriceAsset
    | PriceAssets
    | AdvanceLoan
    | RepayLoan
    | StateAccount
)

made_quickly(get_args(Command))
