"""The state of the desk as the rulebook's records: positions, buckets, what orders may lead to, orders, quotes.

In: state. Out: records of the rulebook of the day, with what is not known left missing. Absent: any formula but
size times price.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define

from policy.answers import MISSING
from policy.facts.records import unchecked
from policy.market.book import BUY, Side
from policy.perpetuals.rules import PerpetualRules
from policy.perpetuals.state import Bucket, Contract, Order, Position, State
from policy.vocabulary import RuntimeValue


def position_facts(rules: PerpetualRules, position: Position, contract: Contract) -> RuntimeValue:
    """The position, without a mark while its contract has no index."""
    return unchecked(
        rules.due.records["PerpetualPosition"],
        side=position.side,
        size=abs(position.size),
        entry_value=abs(position.entry),
        mark=MISSING if contract.index is None else contract.mark,
    )


def bucket_facts(state: State, bucket: Bucket, margin: int | None = None) -> RuntimeValue:
    """The bucket, with another margin if one is given.

    The rules know no debt: a loss that was realised beyond the margin, by deleveraging a part, leaves nothing of it.
    """
    held = tuple(position_facts(state.rules, p, state.contracts[name]) for name, p in bucket.positions.items())
    record = state.rules.due.records["MarginBucket"]
    return unchecked(record, margin=max(0, bucket.margin) if margin is None else margin, positions=held)


def candidate_facts(state: State, bucket: Bucket, contract: Contract) -> RuntimeValue:
    """A position that may be deleveraged, with its bucket."""
    position = position_facts(state.rules, bucket.positions[contract.name], contract)
    record = state.rules.deleveraged_first.records["DeleveragingCandidate"]
    return unchecked(record, position=position, bucket=bucket_facts(state, bucket))


# ── what orders may lead to ─────────────────────────────────────────────────────────────────


Open = tuple[Order, int]  # an order, and how much of it may yet trade


@define
class WorstCase:
    """What open orders may make of one position: sizes, and against the mark losses and fees in units."""

    held: int = 0
    buys: int = 0
    sells: int = 0
    loss: int = 0
    fees: int = 0

    @property
    def largest(self) -> int:
        return max(abs(self.held + self.buys), abs(self.held - self.sells))

    @property
    def least(self) -> int:
        """What is left of the position once all orders of the other side have filled."""
        return max(0, abs(self.held) - (self.sells if self.held > 0 else self.buys))


def worst_cases(state: State, bucket: Bucket, orders: Iterable[Open]) -> dict[str, WorstCase]:
    """By contract; only of contracts that have a mark price."""
    found = {name: WorstCase(held=p.size) for name, p in bucket.positions.items()}
    fee = state.rules.fee.fast
    for order, size in orders:
        name = order.data.contract.name
        reach = found.setdefault(name, WorstCase())
        mark = state.mark_of(name)
        if order.side == BUY:
            reach.buys += size
            reach.loss += max(0, size * (order.price - mark))
        else:
            reach.sells += size
            reach.loss += max(0, size * (mark - order.price))
        reach.fees += fee(size * order.price)
    return found


def exposure_facts(state: State, found: dict[str, WorstCase]) -> tuple[Any, ...]:
    made = state.rules.required.records["PerpetualExposure"]
    return tuple(
        unchecked(
            made,
            largest=reach.largest * state.mark_of(name),
            least=reach.least * state.mark_of(name),
            loss=reach.loss,
            fees=reach.fees,
        )
        for name, reach in found.items()
    )


def group_largest(state: State, bucket: Bucket, contract: Contract) -> int:
    """The largest positions that the other buckets of a client group may come to in a contract, added up."""
    total = 0
    for account in state.group_of(bucket):
        for other in account.buckets.values():
            if other is not bucket:
                orders = [(o, o.remaining) for o in other.orders.values() if o.data.contract is contract]
                found = worst_cases(state, other, orders) if orders or contract.name in other.positions else {}
                total += found[contract.name].largest if found else 0
    return total


def only_reduces(bucket: Bucket, order: Order, orders: Iterable[Open]) -> bool:
    """Whether the order and all others of its side together can but make the position smaller."""
    name = order.data.contract.name
    held = bucket.positions.get(name, Position())
    if not held.size or held.side == order.side:
        return False
    return abs(held.size) >= sum(size for o, size in orders if o.data.contract.name == name and o.side == order.side)


def to_reduce(bucket: Bucket, contract: Contract, side: Side, beside: Iterable[Open]) -> int:
    """How much of a position an order of a side could still reduce beside others."""
    held = bucket.positions.get(contract.name)
    if held is None or held.side == side:
        return 0
    taken = sum(size for o, size in beside if o.data.contract is contract and o.side == side)
    return max(0, abs(held.size) - taken)


def as_they_reduce(bucket: Bucket, orders: Iterable[Open]) -> list[Open]:
    """Orders with how much of them may trade: those that may only reduce a position yield to all others.

    Of several the one that is named first goes first.
    """
    listed = list(orders)
    if not any(order.data.reduce_only for order, _ in listed):
        return listed
    taken = [(order, size) for order, size in listed if not order.data.reduce_only]
    sizes = dict(taken)
    for order, size in listed:
        if order.data.reduce_only:
            sizes[order] = min(size, to_reduce(bucket, order.data.contract, order.side, taken))
            taken.append((order, sizes[order]))
    return [(order, sizes[order]) for order, _ in listed]


def order_facts(order: Order, size: int) -> RuntimeValue:
    """The order as far as it can be told without a mark price. The desk lends nothing."""
    state = order.data
    made = unchecked(type(state.account.facts), state.account.facts)
    made.product = state.contract.facts
    made.side = order.side
    made.price = order.price
    made.notional = size * order.price
    made.meets_own_group = False
    made.margin_on_credit = False
    made.accepted_at = state.at
    made.sequence = state.sequence
    return made
