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


def check_order(order: PlacePerpetual, contract: Contract, bucket: Bucket) -> None:
    """A name, the size in lots, the price in ticks, the bucket one that may hold the contract."""
    not_blank(order.id, "order")
    if bucket.name not in (CROSS, contract.name):
        message = f"the bucket `{bucket.name}` holds that contract alone: use `{CROSS}` or `{contract.name}`"
        raise InvalidCommandError(InvalidCode.OTHER_CONTRACT, message)
    fits_type(order.price, order.type)
    _check_amounts(order.size, order.price, contract, bucket)


def check_replacement(command: ReplacePerpetual, order: Order) -> None:
    """The size in lots, the price in ticks."""
    _check_amounts(command.size, command.price, order.data.contract, order.data.bucket)


def _check_amounts(size: int, price: int | None, contract: Contract, bucket: Bucket) -> None:
    """On the grid, and the position that the order and all others may lead to can still be facts of the rules."""
    positive(size, SIZE, "quantity")
    on_lot(size, contract.lot, SIZE)
    if price is not None:
        positive(price, PRICE, "price")
        on_tick(price, contract.tick, PRICE)
    held = abs(bucket.positions.get(contract.name, Position()).size)
    waiting = sum(o.remaining for o in bucket.orders.values() if o.data.contract is contract)
    within_facts((held + waiting + size) * max(price or 0, contract.mark or 0), "position")


def check_index(contract: Contract, price: int) -> None:
    """Every position can be a fact of the rules at twice the price, and so at any mark that is near it."""
    positive(price, PRICE, "index price")
    largest = max((abs(b.positions[contract.name].size) for b in contract.holders()), default=1)
    within_facts(2 * price * largest, "largest position")
