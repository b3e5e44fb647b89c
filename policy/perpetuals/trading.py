"""Orders: margined before they are let in, matched, and judged again when the mark or the rules change.

In: orders that make sense. Out: events. Margin is asked for the bucket as it would be at worst: with every open
order filled, so that whichever of them fill, and whenever, no bucket is brought below nothing. Absent: any margin
formula; what an order type means, which is `matcher`'s to say.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from policy.answers import MISSING, Outcome, UndecidedError, Verdict
from policy.interface import provisions
from policy.market.book import BUY, MARKET, BookOrder, OrderType, Side
from policy.market.matcher import OWN_ORDER, RESTED, MatchResult, apply, match
from policy.perpetuals.commands import PlacePerpetual
from policy.perpetuals.events import (
    CancelReason,
    PerpetualAccepted,
    PerpetualCancelled,
    PerpetualDecremented,
    PerpetualExpelled,
    PerpetualRejected,
    PerpetualReplaced,
    PerpetualReplaceRejected,
    PerpetualTraded,
    ProfitRealised,
    ReduceOnlyCut,
)
from policy.perpetuals.facts import (
    Open,
    as_they_reduce,
    bucket_facts,
    exposure_facts,
    group_largest,
    only_reduces,
    order_facts,
    to_reduce,
    worst_cases,
)
from policy.perpetuals.state import Account, Bucket, Contract, Order, OrderState, State
from policy.vocabulary import FactsJson, RuntimeValue

LIQUIDATION: Final = "liquidation"
NOTHING_TO_REDUCE: Final = "nothing_to_reduce"


@frozen
class Judged:
    """What the rules say of an order, with the facts they were told."""

    facts: RuntimeValue
    largest: RuntimeValue  # value of the largest position that it may lead to, if the mark is known
    verdict: Verdict
    size_verdict: Verdict | None  # of an order that may make a position larger
    key: tuple[int, ...] = ()

    @property
    def accepted(self) -> bool:
        asked = (self.verdict, self.size_verdict)
        return all(v is None or v.outcome is Outcome.PERMITTED for v in asked)

    def as_facts(self, state: State) -> FactsJson:
        order = state.rules.accepted.as_facts(self.facts)
        return order if self.size_verdict is None else order | state.rules.size_accepted.as_facts(self.largest)


# ── judging ─────────────────────────────────────────────────────────────────────────────────


def judge(state: State, order: Order, size: int, meets_own: bool = False, instead_of: Order | None = None) -> Judged:
    """The order, of which so much may trade, beside all others of its bucket but one that it replaces."""
    rules = state.rules
    standing = order.data
    bucket, name = standing.bucket, standing.contract.name
    others: list[Open] = [(o, o.remaining) for o in bucket.orders.values() if o not in (order, instead_of)]
    orders = as_they_reduce(bucket, [*others, (order, size)])
    facts = order_facts(order, size)
    facts.reduces = only_reduces(bucket, order, orders)
    facts.meets_own_group = meets_own
    largest: RuntimeValue = MISSING
    try:
        if _known(state, bucket, orders):
            found = worst_cases(state, bucket, orders)
            exposures = exposure_facts(state, found)
            largest = (found[name].largest + group_largest(state, bucket, standing.contract)) * state.mark_of(name)
            facts.exposure = sum(e.largest for e in exposures)
            facts.margin_required = rules.required.fast(exposures, facts.reduces)
            facts.margin_collected = rules.collected.fast(bucket_facts(state, bucket), facts.reduces)
        key = rules.queue.fast(facts)
    except UndecidedError as unanswered:
        return Judged(facts, largest, unanswered.answer.verdict, None)
    size_verdict = None if facts.reduces else rules.size_accepted.verdict(largest)
    return Judged(facts, largest, rules.accepted.verdict(facts), size_verdict, key)


def _known(state: State, bucket: Bucket, orders: list[Open]) -> bool:
    """Whether everything in the bucket has an index, and so a mark that can be relied on."""
    names = {*bucket.positions, *(o.data.contract.name for o, _ in orders)}
    return all(state.contracts[name].index is not None for name in names)


def revalidate(state: State, bucket: Bucket) -> None:
    """Judges the bucket's orders again; those that the rules no longer let in leave.

    Those whose contract has no index first, as no other can be judged beside them; then the newest first, and those
    that would enlarge a position before those that only reduce one.
    """
    _cut(state, bucket)
    newest = list(reversed(bucket.orders.values()))
    orders: list[Open] = [(o, o.remaining) for o in newest]

    def last(order: Order) -> tuple[bool, bool]:
        return order.data.contract.index is not None, only_reduces(bucket, order, orders)

    for order in sorted(newest, key=last):
        judged = judge(state, order, order.remaining)
        if not judged.accepted:
            withdraw(state, order)
            told = judged.as_facts(state)
            state.emit(
                PerpetualExpelled(
                    order.id, order.data.account.name, judged.verdict, judged.size_verdict, told, order.remaining
                )
            )


# ── an incoming order ───────────────────────────────────────────────────────────────────────


def place(
    state: State,
    command: PlacePerpetual,
    wanted: int,
    price: int | None,
    account: Account,
    bucket: Bucket,
    contract: Contract,
) -> bool:
    """Judges an order and carries it out; gives whether it was accepted. One that was not has no effect."""
    sequence, type, only_reduces = state.orders + 1, command.type, command.reduce_only
    standing = OrderState(account, bucket, contract, command.at, sequence, type, only_reduces)
    size = _size(bucket, standing, command.side, wanted)
    if not size:
        state.emit(PerpetualCancelled(command.id, account.name, NOTHING_TO_REDUCE, command.size))
        return False
    order = BookOrder(command.id, account.group, command.side, price or 0, size, standing)
    result = match(contract.book, order, command.type, contract.self_trade)
    if command.type == MARKET:
        if not result.fills:
            left = contract.quotation.size_said(size)
            state.emit(PerpetualCancelled(order.id, account.name, result.why_unpriced, left))
            return False
        order.price = result.fills[-1][0].price
        size = sum(quantity for _, quantity in result.fills)
    judged = judge(state, order, size, _meets_own_group(state, order, command.type))
    if not judged.accepted:
        told = judged.as_facts(state)
        state.emit(PerpetualRejected(order.id, order.data.account.name, judged.verdict, judged.size_verdict, told))
        return False
    fees = [state.rules.fee.fast(quantity * resting.price) for resting, quantity in result.fills]
    order.key = judged.key
    state.orders += 1
    account.hold(bucket)
    state.emit(_accepted(command, judged, order.quantity, price))
    _carry_out(state, order, result, fees)
    return True


def _meets_own_group(state: State, order: Order, type: OrderType) -> bool:
    """Whether an order of another account of the same client group is in the way."""
    account = order.data.account
    if len(state.groups[account.group]) == 1:
        return False
    met = order.data.contract.book.sweep(order, type != MARKET)
    return any(not quantity and resting.data.account is not account for resting, quantity in met)


def _size(bucket: Bucket, standing: OrderState, side: Side, wanted: int, instead_of: Order | None = None) -> int:
    """How large an order may be: one that may only reduce a position is no larger than what there is to reduce."""
    if not standing.reduce_only:
        return wanted
    others = ((o, o.remaining) for o in bucket.orders.values() if o is not instead_of)
    return min(wanted, to_reduce(bucket, standing.contract, side, others))


def _accepted(command: PlacePerpetual, judged: Judged, size: int, price: int | None) -> PerpetualAccepted:
    return PerpetualAccepted(
        id=command.id,
        account=command.account,
        bucket=command.bucket,
        contract=command.contract,
        reduces=judged.facts.reduces,
        verdict=judged.verdict,
        size_verdict=judged.size_verdict,
        side=command.side,
        type=command.type,
        size=size,
        price=price,
        margin_required=judged.facts.margin_required,
        margin_collected=judged.facts.margin_collected,
    )


def _carry_out(state: State, order: Order, result: MatchResult[Order], fees: list[int]) -> None:
    """Does what the matcher said: trades, and what becomes of the rest and of the owner's orders in the way."""
    standing = order.data
    contract, bucket = standing.contract, standing.bucket
    for own in result.self_trade_cancels:
        cancel(state, own, OWN_ORDER)
    if result.lowered:
        own, left = result.lowered
        state.emit(PerpetualDecremented(own.id, own.data.account.name, left))
    if result.decremented:
        left = order.remaining - result.decremented
        state.emit(PerpetualDecremented(order.id, standing.account.name, left))
    apply(contract.book, order, result)
    contract.touch(bucket)
    for (resting, quantity), fee in zip(result.fills, fees, strict=True):
        forget_filled(state, resting)
        sides = (bucket, resting.data.bucket) if order.side == BUY else (resting.data.bucket, bucket)
        trade(state, contract, sides, (fee, fee), resting, order.id, quantity)
    if result.outcome == RESTED:
        bucket.orders[order.id] = state.live[order.id] = order
    elif order.remaining:
        state.emit(PerpetualCancelled(order.id, order.data.account.name, result.reason, order.remaining))
    _cut(state, bucket)


def trade(
    state: State,
    contract: Contract,
    sides: tuple[Bucket, Bucket],
    fees: tuple[int, int],
    resting: Order,
    incoming: str | None,
    size: int,
) -> None:
    """A trade of a buyer and a seller, with what each realises and pays."""
    buyer, seller = sides
    price = resting.price
    state.trades += 1
    realised = buyer.trade(contract.name, size, price), seller.trade(contract.name, -size, price)
    for bucket, fee in zip(sides, fees, strict=True):
        bucket.margin -= fee
        state.fees += fee
        contract.touch(bucket)
    state.emit(
        PerpetualTraded(
            number=state.trades,
            contract=contract.name,
            resting=resting.id,
            incoming=incoming,
            buyer=buyer.account,
            buyer_bucket=buyer.name,
            seller=seller.account,
            seller_bucket=seller.name,
            price=price,
            size=size,
            value=size * price,
            buyer_realised=realised[0],
            seller_realised=realised[1],
            buyer_fee=fees[0],
            seller_fee=fees[1],
            per=provisions(state.rules.queue),
        )
    )
    realise_profit(state, buyer)
    realise_profit(state, seller)


def realise_profit(state: State, bucket: Bucket) -> None:
    """Pays what a bucket's margin cannot from the profit of its other positions, at the mark."""
    for name, position in bucket.positions.items():
        if bucket.margin >= 0:
            return
        drawn = min(position.profit(state.mark_of(name)), -bucket.margin)
        if drawn > 0:
            position.entry += drawn
            bucket.margin += drawn
            state.emit(ProfitRealised(bucket.account, bucket.name, name, drawn, bucket.margin))


# ── an order at rest ────────────────────────────────────────────────────────────────────────


def replace(state: State, order: Order, wanted: int, price: int, now: int) -> None:
    """Another price or size for an order at rest, judged as if it were new, and as if the old one were gone."""
    old, bucket = order.data, order.data.bucket
    size = _size(bucket, old, order.side, wanted, order)
    stays = price == order.price and size <= order.remaining
    at, sequence = (old.at, old.sequence) if stays else (now, state.orders + 1)
    standing = OrderState(old.account, bucket, old.contract, at, sequence, old.type, old.reduce_only)
    new = BookOrder(order.id, order.owner, order.side, price, size, standing)
    judged = judge(state, new, size, _meets_own_group(state, new, old.type), order)
    verdicts = judged.verdict, judged.size_verdict
    if not judged.accepted:
        told = judged.as_facts(state)
        state.emit(PerpetualReplaceRejected(order.id, old.account.name, *verdicts, told))
        return
    result = match(old.contract.book, new, old.type, old.contract.self_trade)
    fees = [state.rules.fee.fast(quantity * resting.price) for resting, quantity in result.fills]
    state.emit(PerpetualReplaced(order.id, old.account.name, *verdicts, stays, price, size))
    if stays:
        old.contract.book.reduce(order, size)
        _cut(state, bucket)
        return
    new.key = judged.key
    state.orders += 1
    withdraw(state, order)
    _carry_out(state, new, result, fees)


def _cut(state: State, bucket: Bucket) -> None:
    """Orders that may only reduce a position are cut to what is left to reduce, the newest first."""
    for order, size in as_they_reduce(bucket, [(o, o.remaining) for o in bucket.orders.values()]):
        if not size:
            cancel(state, order, NOTHING_TO_REDUCE)
        elif size < order.remaining:
            order.data.contract.book.reduce(order, size)
            state.emit(ReduceOnlyCut(order.id, order.data.account.name, size))


def cancel(state: State, order: Order, reason: CancelReason) -> None:
    """Takes an order at rest out of the book, and emits the reason."""
    withdraw(state, order)
    state.emit(PerpetualCancelled(order.id, order.data.account.name, reason, order.remaining))


def withdraw(state: State, order: Order) -> None:
    """Takes an order at rest out of the book."""
    order.data.contract.book.cancel(order)
    _forget(state, order)


def forget_filled(state: State, order: Order) -> None:
    """An order that the book has filled is at rest no longer."""
    if not order.remaining:
        _forget(state, order)


def _forget(state: State, order: Order) -> None:
    del order.data.bucket.orders[order.id]
    del state.live[order.id]
