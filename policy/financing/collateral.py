"""Collateral moves, is priced, and secures loans: the single changes of which every step is made.

In: positions and amounts that have been checked. Out: the same data, changed, with every sum kept in step.
Absent: whether a change may be made, which is asked before.
"""

from __future__ import annotations

from collections.abc import Collection

from policy.answers import MISSING, UndecidedError
from policy.facts.records import unchecked
from policy.financing.loans import Loans
from policy.financing.rules import FinancingRules
from policy.financing.state import Account, Asset, Held, Lending
from policy.model.types import Record
from policy.vocabulary import RuntimeValue


def worth(rules: FinancingRules, asset: Asset, quantity: int) -> RuntimeValue:
    """The market value of a quantity in cents, `MISSING` while the asset has no price; nothing is worth nothing."""
    if asset.price is None:
        return MISSING if quantity else 0
    return rules.market.fast(asset.price, quantity)


def holding(account: Account, asset: Asset, context: Lending) -> Held:
    """The account's position in an asset, opened where there was none."""
    held = account.held.get(asset.id)
    if held is None:
        ((_, of),) = context.rules.lending.function.parameters
        assert isinstance(of, Record)
        position = unchecked(context.rules.lending.records[of.name], asset=asset.facts, market_value=0)
        held = account.held[asset.id] = asset.holders[account.id] = Held(account, asset, position)
        _list(account)
    return held


def move(held: Held, change: int, context: Lending) -> None:
    """More of a position, or less; an empty one is closed."""
    held.quantity += change
    held.asset.quantity += change
    if held.quantity:
        revalue((held,), context.rules, context.loans)
        return
    context.loans.count(held.asset.connected, held.counted, 0)
    del held.account.held[held.asset.id], held.asset.holders[held.account.id]
    _list(held.account)


def revalue(positions: Collection[Held], rules: FinancingRules, loans: Loans) -> None:
    """Positions at the prices of their assets."""
    reprice(positions, rules)
    count(positions, rules, loans)


def reprice(positions: Collection[Held], rules: FinancingRules) -> None:
    """What positions are worth at the prices of their assets."""
    market = rules.market.fast
    for held in positions:
        price = held.asset.price
        held.position.market_value = MISSING if price is None else market(price, held.quantity)
    rules.look([held.position for held in positions])


def suppose(held: Held, value: RuntimeValue) -> RuntimeValue:
    """Lets a position be worth so much, for a question or two; gives what it was worth."""
    before = held.position.market_value
    held.position.market_value = value
    held.position._checked_as = None
    return before


def lend(account: Account, change: int, context: Lending) -> None:
    """A larger loan, or a smaller one where the change is negative."""
    account.facts.loan += change
    context.loans.lend(account.group, change)
    count(account.held.values(), context.rules, context.loans)


def count(positions: Collection[Held], rules: FinancingRules, loans: Loans) -> None:
    """What of their loans counts towards positions."""
    asked = rules.counted.fast
    for held in positions:
        try:
            counted = asked(held.account.facts, held.position)
        except UndecidedError:
            counted = None
        if counted != held.counted:
            loans.count(held.asset.connected, held.counted, counted)
            held.counted = counted


def _list(account: Account) -> None:
    """The positions as the rules see them."""
    account.facts.collateral = tuple(held.position for held in account.held.values())
