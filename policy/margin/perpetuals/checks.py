"""Whether a command makes sense on this desk, whatever the rules say.

In: state, and what a command names. Out: what is named, or a `NonsenseError` with the reason for people. Absent:
any rule.
"""

from __future__ import annotations

from collections.abc import Collection

from policy.diagnostics import Diagnostic, in_one_line
from policy.exchange.book import MARKET
from policy.exchange.checks import code_of
from policy.margin.perpetuals.commands import CROSS, MONEY, PRICE, SIZE, PlacePerpetual
from policy.margin.perpetuals.state import Account, Bucket, Contract, Position, State
from policy.model.types import MOST_FACT_DIGITS, Number
from policy.model.values import show

LARGEST = 10**MOST_FACT_DIGITS


class NonsenseError(Exception):
    """The command has no effect, for this reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def account_of(state: State, name: str) -> Account:
    account = state.accounts.get(name)
    if account is None:
        raise NonsenseError("unknown_account", f"there is no account `{name}`: open it first")
    return account


def contract_of(state: State, name: str) -> Contract:
    contract = state.contracts.get(name)
    if contract is None:
        raise NonsenseError("unknown_contract", f"there is no contract `{name}`: list it first")
    return contract


def bucket_of(state: State, account: Account, name: str) -> Bucket:
    """The crossed bucket, or the isolated one of a contract; it is made when it is first named."""
    if name != CROSS and name not in state.contracts:
        told = f"there is no bucket `{name}`: it is `{CROSS}`, or the name of the contract that it is to hold alone"
        raise NonsenseError("unknown_bucket", told)
    return account.bucket(name)


def fresh(name: str, names: Collection[str], what: str) -> None:
    if name in names or name == CROSS:
        raise NonsenseError("duplicate", f"there is already a {what} `{name}`: give it another name")


def positive(amount: int, of: Number, what: str) -> None:
    if amount <= 0:
        raise NonsenseError("not_positive", f"the {what} is {show(amount, of)}: give more than nothing")


def within(amount: int, what: str) -> None:
    if amount >= LARGEST:
        raise NonsenseError("too_large", f"the {what} would be larger than the rules can be asked about")


def covered(wanted: int, there: int, where: str) -> None:
    """What is moved must be there; nothing is lent."""
    positive(wanted, MONEY, "amount")
    if wanted > there:
        told = f"{show(wanted, MONEY)} is asked for and {show(there, MONEY)} is {where}"
        raise NonsenseError("not_enough", told)


def sensible(order: PlacePerpetual, contract: Contract, bucket: Bucket) -> None:
    """The size in lots, the price in ticks, the bucket one that may hold the contract."""
    if bucket.name not in (CROSS, contract.name):
        told = f"the bucket `{bucket.name}` holds that contract alone: use `{CROSS}` or `{contract.name}`"
        raise NonsenseError("another_contract", told)
    positive(order.size, SIZE, "size")
    if order.size % contract.lot:
        told = f"the size {show(order.size, SIZE)} is no multiple of the lot {show(contract.lot, SIZE)}"
        raise NonsenseError("off_lot", told)
    if order.price is None:
        if order.type != MARKET:
            raise NonsenseError("price_missing", f"an order of type `{order.type}` needs a price")
    elif order.type == MARKET:
        raise NonsenseError("price_unwanted", "a market order takes any price: leave it out")
    else:
        positive(order.price, PRICE, "price")
        if order.price % contract.tick:
            told = f"the price {show(order.price, PRICE)} is no multiple of the tick {show(contract.tick, PRICE)}"
            raise NonsenseError("off_tick", told)
    _countable(order, contract, bucket)


def _countable(order: PlacePerpetual, contract: Contract, bucket: Bucket) -> None:
    """The position that the order and all others may lead to can still be told to the rules."""
    held = abs(bucket.positions.get(contract.name, Position()).size)
    waiting = sum(o.remaining for o in bucket.orders.values() if o.data.contract is contract)
    dearest = max(order.price or 0, contract.mark or 0)
    within((held + waiting + order.size) * dearest, "position")


def markable(contract: Contract, price: int) -> None:
    """Every position can be told to the rules at twice the price, so at any mark that is near it."""
    positive(price, PRICE, "index price")
    largest = max((abs(b.positions[contract.name].size) for b in contract.holders()), default=1)
    within(2 * price * largest, "largest position")


def readable(facts: tuple[object, ...] | list[Diagnostic]) -> object:
    """The first of the facts that were read."""
    if isinstance(facts, list):
        raise NonsenseError(code_of(facts), in_one_line(facts))
    return facts[0]
