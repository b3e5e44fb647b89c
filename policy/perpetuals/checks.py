"""Validation of buckets, orders and prices that does not depend on the rulebook.

In: state, and what a command names. Out: what is named, or `InvalidCommandError`. Absent: any rule.
"""

from __future__ import annotations

from collections.abc import Collection

from policy.market.checks import (
    InvalidCommandError,
    available,
    fits_type,
    new,
    not_blank,
    on_lot,
    on_tick,
    positive,
    within_facts,
)
from policy.market.events import InvalidCode
from policy.model.types import QuotedAmount
from policy.perpetuals.commands import CROSS, MONEY, PRICE, SIZE, PlacePerpetual, ReplacePerpetual
from policy.perpetuals.state import Account, Bucket, Contract, Order, Position, State


def bucket_of(state: State, account: Account, name: str) -> Bucket:
    """The crossed bucket, or the isolated one of a contract; a new one is the account's once it holds something."""
    if name != CROSS and name not in state.contracts:
        message = f"there is no bucket `{name}`: use `{CROSS}`, or the name of the one contract that it is to hold"
        raise InvalidCommandError(InvalidCode.UNKNOWN_BUCKET, message)
    return account.buckets.get(name) or Bucket(account.name, name)


def check_name(name: str, names: Collection[str], what: str) -> None:
    """A name for a new contract or account."""
    new({*names, CROSS}, name, what)


def check_transfer(amount: int, free: int, where: str) -> None:
    """What is moved must be there; there is no credit."""
    positive(amount, MONEY, "amount")
    available(amount, free, MONEY, where)


def check_order(order: PlacePerpetual, contract: Contract, bucket: Bucket) -> tuple[int, int | None]:
    """A name, the size in lots, the price in ticks, the bucket one that may hold the contract; gives both counted."""
    not_blank(order.id, "order")
    if bucket.name not in (CROSS, contract.name):
        message = f"the bucket `{bucket.name}` holds that contract alone: use `{CROSS}` or `{contract.name}`"
        raise InvalidCommandError(InvalidCode.OTHER_CONTRACT, message)
    fits_type(order.price, order.type)
    price = None if order.price is None else _price(order.price, contract)
    return _size(order.size, price, contract, bucket), price


def check_replacement(command: ReplacePerpetual, order: Order) -> tuple[int, int]:
    """The size in lots, the price in ticks; gives both counted."""
    contract, bucket = order.data.contract, order.data.bucket
    price = _price(command.price, contract)
    return _size(command.size, price, contract, bucket), price


def _price(said: QuotedAmount, contract: Contract) -> int:
    positive(said, PRICE, "price")
    on_tick(said, contract.quotation.price_said(contract.tick), PRICE)
    return contract.quotation.price(said, PRICE)


def _size(said: QuotedAmount, price: int | None, contract: Contract, bucket: Bucket) -> int:
    """In lots, and the position that the order and all others may lead to can still be a fact of the rules."""
    positive(said, SIZE, "quantity")
    on_lot(said, contract.quotation.size_said(contract.lot), SIZE)
    size = contract.quotation.size(said, SIZE)
    held = abs(bucket.positions.get(contract.name, Position()).size)
    waiting = sum(o.remaining for o in bucket.orders.values() if o.data.contract is contract)
    within_facts((held + waiting + size) * max(price or 0, contract.mark or 0), "position")
    return size


def check_index(contract: Contract, said: QuotedAmount) -> int:
    """Every position can be a fact of the rules at twice the price, and so at any mark near it; gives it counted."""
    positive(said, PRICE, "index price")
    price = contract.quotation.price(said, PRICE, "index price")
    largest = max((abs(b.positions[contract.name].size) for b in contract.holders()), default=1)
    within_facts(2 * price * largest, "largest position")
    return price
