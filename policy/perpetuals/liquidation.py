"""Closing a bucket's positions against its holder's wish, and who bears what its margin cannot.

In: buckets whose mark or rules have changed. Out: events. A position that leaves a loss is closed against what the
same client group has gained in the contract; then in steps in the book, at the
rulebook's worst price or better; what is left of a step is closed against positions of the other side, in the
rulebook's order and at its price. Absent: when, how much at a time, in which order and at which price.

Before a mark moves no bucket is below nothing, and between the old marks and the new ones lie prices at which a
loser's margin is spent. Hence a loss that the fund cannot bear is borne in the contracts whose marks have moved, by
those who have just gained from them: the contract that lost most bears first, and no more than was lost in it while
another is left.

While a contract has no index its positions have no mark, and nobody who holds one is liquidated on a guess. What they
lose in other contracts meanwhile is borne in those when the index is back: a bucket keeps the marks at which it was
last judged.

Nobody is brought below nothing by another's loss, even so: whoever is closed against bears no more than is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from policy.answers import Outcome, UndecidedError, Verdict
from policy.facts.records import unchecked
from policy.interface import provisions
from policy.market.book import BUY, SELL, BookOrder
from policy.perpetuals.facts import bucket_facts, candidate_facts, position_facts
from policy.perpetuals.mark_events import (
    ClosedAgainstOwn,
    Deleveraged,
    FundDrawdown,
    LiquidationBegun,
    LiquidationEnded,
    LiquidationStep,
    LiquidationUndecided,
)
from policy.perpetuals.state import Bucket, Contract, OrderState, Position, State
from policy.perpetuals.trading import LIQUIDATION, cancel, forget_filled, realise_profit, revalidate, trade

_PERMITTED = Outcome.PERMITTED
Moved = Mapping[str, int]  # the marks of before, of the contracts whose marks have moved
NOTHING_MOVED: Final[Moved] = MappingProxyType({})


def judge(state: State, contracts: Iterable[Contract], moved: Moved = NOTHING_MOVED) -> None:
    """Judges again all that has to do with contracts: orders first, so that they can bear what follows."""
    buckets: dict[tuple[str, str], Bucket] = {}
    for contract in contracts:
        buckets |= contract.buckets
    for bucket in buckets.values():
        revalidate(state, bucket)
    review(state, buckets.values(), moved)


def review(state: State, buckets: Iterable[Bucket], moved: Moved = NOTHING_MOVED) -> None:
    """Liquidates the buckets that are due, and whomever that brings down in turn."""
    unsaid: set[int] = set()
    pending = [b for b in buckets if b.positions]
    while pending:
        closed = False
        for bucket in pending:
            if not bucket.positions:
                continue
            verdict = _due(state, bucket)
            since = {**moved, **bucket.unjudged}
            if verdict.outcome not in (_PERMITTED, Outcome.DENIED):
                bucket.unjudged = {name: mark for name, mark in since.items() if name in bucket.positions}
                if id(bucket) not in unsaid:
                    unsaid.add(id(bucket))
                    state.emit(LiquidationUndecided(bucket.account, bucket.name, verdict))
                continue
            if verdict.outcome is _PERMITTED:
                closed |= liquidate(state, bucket, verdict, since)
            bucket.unjudged = {}
        pending = [b for b in state.buckets() if b.positions] if closed else []


def _due(state: State, bucket: Bucket) -> Verdict:
    return state.rules.due.verdict(bucket_facts(state, bucket))


def liquidate(state: State, bucket: Bucket, why: Verdict, moved: Moved = NOTHING_MOVED, whole: bool = False) -> bool:
    """Closes positions until the bucket is safe (all of them, if `whole`); gives whether anything was closed."""
    facts = state.rules.due.as_facts(bucket_facts(state, bucket))
    equity = state.equity(bucket)
    state.emit(LiquidationBegun(bucket.account, bucket.name, why, facts, bucket.margin, equity))
    for order in tuple(bucket.orders.values()):
        cancel(state, order, LIQUIDATION)
    closed = False
    while bucket.positions:
        whole = whole or bucket.margin < 0  # a realised loss beyond the margin: what is left has no profit to pay it
        if not whole and _due(state, bucket).outcome is not _PERMITTED:
            break
        if not _step(state, bucket, _next(state, bucket, moved), moved, whole):
            break
        closed = True
    _absorb_loss(state, bucket)
    state.emit(LiquidationEnded(bucket.account, bucket.name, bucket.margin, state.equity(bucket), state.fund))
    return closed


def _shortfall(state: State, bucket: Bucket) -> int:
    """What neither margin nor fund can bear at the mark."""
    beyond: int = state.rules.beyond_fund.fast(max(0, -state.equity(bucket)), state.fund)
    return beyond


def _lost(state: State, bucket: Bucket, name: str, moved: Moved) -> int:
    """What a position has lost by the move of its contract's mark; nothing where it gained."""
    return max(0, bucket.positions[name].size * (moved[name] - state.mark_of(name))) if name in moved else 0


def _borne_in(state: State, bucket: Bucket, name: str, moved: Moved) -> int:
    """How much of what neither margin nor fund can bear is borne in a contract; in the last one, all that is left.

    But of a bucket that could not be judged for a while the winners may be gone: what they took no others bear.
    """
    beyond = _shortfall(state, bucket)
    last = len(bucket.positions) == 1 and not bucket.unjudged
    if bucket.unjudged and name not in moved:
        return 0
    return beyond if last or name not in moved else min(beyond, _lost(state, bucket, name, moved))


def _next(state: State, bucket: Bucket, moved: Moved) -> Contract:
    """The contract to be closed first."""
    first = state.rules.liquidated_first.fast
    names = list(bucket.positions)
    lost = {name: _lost(state, bucket, name, moved) for name in names}
    most = max(lost.values())
    if most > 0 and _shortfall(state, bucket) > 0:
        names = [name for name in names if lost[name] == most]

    def rank(name: str) -> tuple[int, ...]:
        key: tuple[int, ...] = first(position_facts(state.rules, bucket.positions[name], state.contracts[name]))
        return key

    return state.contracts[min(names, key=lambda name: (rank(name), name))]


# ── one step ────────────────────────────────────────────────────────────────────────────────


def _step(state: State, bucket: Bucket, contract: Contract, moved: Moved, whole: bool) -> bool:
    position = bucket.positions[contract.name]
    facts = position_facts(state.rules, position, contract)
    equity = state.equity(bucket)
    size = abs(position.size)
    if not whole:
        wanted = state.rules.step.fast(facts, equity)
        size = min(size, max(contract.lot, -(-wanted // contract.lot) * contract.lot))
    own, value = _against_own(state, bucket, contract, size, moved)
    worst, in_book, deleveraged = None, 0, 0
    if own < size:
        facts = position_facts(state.rules, position, contract)
        borne = _borne_in(state, bucket, contract.name, moved)
        worst = state.rules.worst_price.fast(facts, state.equity(bucket), borne)
        in_book, more = _into_book(state, bucket, contract, size - own, worst)
        value += more
    if own + in_book < size:
        deleveraged, more = _deleverage(state, bucket, contract, size - own - in_book, moved)
        value += more
    if not own + in_book + deleveraged:
        return False
    left = state.equity(bucket)
    asked = state.rules.liquidation_fee.fast(value, left)
    fee = max(0, min(asked, bucket.margin, left))
    bucket.margin -= fee
    state.fund += fee
    state.emit(
        LiquidationStep(
            account=bucket.account,
            bucket=bucket.name,
            contract=contract.name,
            per=provisions(state.rules.step, state.rules.liquidation_fee),
            price_per=provisions(state.rules.worst_price),
            worst_price=worst,
            against_own=own,
            in_book=in_book,
            deleveraged=deleveraged,
            closed=value,
            fee=fee,
            margin=bucket.margin,
            fund=state.fund,
        )
    )
    return True


def _against_own(state: State, bucket: Bucket, contract: Contract, size: int, moved: Moved) -> tuple[int, int]:
    """Closes up to `size` of a position that leaves a loss against its client group's own; gives size and value."""
    name = contract.name
    group = state.group_of(bucket)
    done = value = 0
    for other in contract.holders():
        held, against = bucket.positions.get(name), other.positions.get(name)
        if held is None or done == size or state.equity(bucket) >= 0:
            break
        if (
            against is None
            or held.size * against.size > 0
            or state.accounts[other.account] not in group
            or not _valued(state, other)
        ):
            continue
        part = min(size - done, abs(against.size))
        facts = position_facts(state.rules, held, contract)
        gained = against.profit(state.mark_of(name))
        asked = _deleveraging_price(state, bucket, contract, moved)
        deleveraged_at = _bearable(state, other, name, part, asked)
        price = state.rules.own_price.fast(
            unchecked(type(facts), facts, size=part),
            -state.equity(bucket),
            gained,
            state.equity(other),
            deleveraged_at,
        )
        sign = 1 if held.size > 0 else -1
        realised, other_realised = bucket.trade(name, -sign * part, price), other.trade(name, sign * part, price)
        done += part
        value += part * price
        state.emit(
            ClosedAgainstOwn(
                contract=name,
                account=bucket.account,
                bucket=bucket.name,
                other=other.account,
                other_bucket=other.name,
                per=provisions(state.rules.own_price),
                size=part,
                price=price,
                realised=realised,
                other_realised=other_realised,
                margin=bucket.margin,
                other_margin=other.margin,
            )
        )
        _settle_both(state, bucket, other)
    return done, value


def _valued(state: State, bucket: Bucket) -> bool:
    """Whether everything in the bucket has a mark; of another's equity nobody guesses."""
    return all(state.contracts[name].index is not None for name in bucket.positions)


def _settle_both(state: State, bucket: Bucket, other: Bucket) -> None:
    """What follows for two buckets whose positions were closed against each other."""
    realise_profit(state, bucket)
    realise_profit(state, other)
    _absorb_loss(state, other)
    revalidate(state, other)


def _into_book(state: State, bucket: Bucket, contract: Contract, size: int, worst: int) -> tuple[int, int]:
    """Closes up to `size` in the book, at the worst price or better; gives the size and its value."""
    held = bucket.positions[contract.name]
    standing = OrderState(state.accounts[bucket.account], bucket, contract)
    order = BookOrder("", standing.account.group, SELL if held.size > 0 else BUY, worst, size, standing)
    done = value = 0
    for resting, quantity in contract.book.sweep(order):
        if not quantity:  # an order of the same client group
            continue
        fee = state.rules.fee.fast(quantity * resting.price)
        contract.book.fill(order, [(resting, quantity)])
        forget_filled(state, resting)
        other = resting.data.bucket
        if order.side == BUY:
            trade(state, contract, (bucket, other), (0, fee), resting, None, quantity)
        else:
            trade(state, contract, (other, bucket), (fee, 0), resting, None, quantity)
        done += quantity
        value += quantity * resting.price
    return done, value


# ── deleveraging ────────────────────────────────────────────────────────────────────────────


def _deleverage(state: State, bucket: Bucket, contract: Contract, size: int, moved: Moved) -> tuple[int, int]:
    """Closes `size` against positions of the other side, if the rules say so; gives the size and its value."""
    loss = max(0, -state.equity(bucket))
    verdict = state.rules.deleveraging_due.verdict(loss, state.fund, size)
    if verdict.outcome is not _PERMITTED:
        return 0, 0
    name = contract.name
    position = bucket.positions[name]
    sign = 1 if position.size > 0 else -1
    asked = _deleveraging_price(state, bucket, contract, moved)
    left, value = size, 0
    for rank, other in enumerate(_adl_queue(state, contract, position, bucket), 1):
        if not left:
            break
        part = min(left, abs(other.positions[name].size))
        price = _bearable(state, other, name, part, asked)
        realised, other_realised = bucket.trade(name, -sign * part, price), other.trade(name, sign * part, price)
        left -= part
        value += part * price
        state.emit(
            Deleveraged(
                contract=name,
                verdict=verdict,
                per=provisions(state.rules.deleveraged_first, state.rules.deleveraging_price),
                account=bucket.account,
                bucket=bucket.name,
                other=other.account,
                other_bucket=other.name,
                rank=rank,
                size=part,
                price=price,
                realised=realised,
                other_realised=other_realised,
                margin=bucket.margin,
                other_margin=other.margin,
            )
        )
        _settle_both(state, bucket, other)
        if left and price != asked:  # the next in the queue bear what this one could not
            asked = _deleveraging_price(state, bucket, contract, moved)
    return size - left, value


def _deleveraging_price(state: State, bucket: Bucket, contract: Contract, moved: Moved) -> int:
    facts = position_facts(state.rules, bucket.positions[contract.name], contract)
    price: int = state.rules.deleveraging_price.fast(facts, _borne_in(state, bucket, contract.name, moved))
    return price


def _bearable(state: State, other: Bucket, name: str, part: int, asked: int) -> int:
    """The price that is asked, or else the one at which nothing is left of the other's equity.

    Where that cannot be told, as another of its contracts has no mark, what it has gained in this one stands for it.
    """
    position, mark = other.positions[name], state.mark_of(name)
    if _valued(state, other):
        most = max(0, state.equity(other)) // part
    else:
        most = max(0, position.profit(mark)) // abs(position.size)
    return max(asked, mark - most) if position.size > 0 else min(asked, mark + most)


def _adl_queue(state: State, contract: Contract, against: Position, bucket: Bucket) -> list[Bucket]:
    """The holders of the other side, in the rulebook's order; of equals, who came to the contract first.

    Last come those whose rank cannot be told, as another of their contracts has no mark.
    """
    others = [b for b in contract.holders() if b is not bucket and b.positions[contract.name].size * against.size < 0]
    ranked: list[tuple[tuple[int, ...], Bucket]] = []
    unranked: list[Bucket] = []
    for other in others:
        try:
            ranked.append((state.rules.deleveraged_first.fast(candidate_facts(state, other, contract)), other))
        except UndecidedError as unanswered:
            if unanswered.answer.outcome is not Outcome.UNDECIDED:
                raise
            unranked.append(other)
    return [*(other for _, other in sorted(ranked, key=lambda pair: pair[0])), *unranked]


def _absorb_loss(state: State, bucket: Bucket) -> None:
    """A loss beyond the margin of a bucket that holds nothing any more goes to the fund, as far as that goes."""
    if bucket.positions or bucket.margin >= 0:
        return
    loss = -bucket.margin
    beyond = state.rules.beyond_fund.fast(loss, state.fund)
    from_fund = min(state.fund, max(0, loss - beyond))
    state.fund -= from_fund
    state.uncovered += loss - from_fund
    bucket.margin = 0
    state.emit(
        FundDrawdown(
            account=bucket.account,
            bucket=bucket.name,
            per=provisions(state.rules.beyond_fund),
            loss=loss,
            from_fund=from_fund,
            uncovered=loss - from_fund,
            fund=state.fund,
        )
    )
