"""What time brings: premiums sampled, averaged, and paid between longs and shorts; and indices that grow too old.

In: the time of a command. Out: events for every moment that has passed since the one before. Moments of funding lie
evenly, as far apart as the rulebook says, counted from midnight (UTC) of the first command; between commands
nothing moves, so a premium that stood at many moments is counted so many times. Absent: clock, and any formula.
"""

from __future__ import annotations

from typing import Final

from policy.answers import Outcome, UndecidedError
from policy.interface import provisions
from policy.market.checks import InvalidCommandError
from policy.market.events import InvalidCode
from policy.perpetuals.facts import bucket_facts
from policy.perpetuals.liquidation import judge, liquidate, review
from policy.perpetuals.mark_events import (
    FundingNotSettled,
    FundingPaid,
    FundingSettled,
    IndexUnavailable,
    PremiumSampled,
    UnsettledReason,
)
from policy.perpetuals.marking import quote
from policy.perpetuals.state import Bucket, Contract, State
from policy.perpetuals.trading import realise_profit, revalidate

_DAY = 86_400 * 10**6
MOST_PAYMENTS = 1_000  # that may fall due between two commands

NO_INDEX: Final = "no_index"
NO_SAMPLES: Final = "no_samples"
UNBALANCED: Final = "payments_do_not_cancel_out"
STUCK: Final = "cannot_be_closed_out"
UNDECIDED: Final = "undecided"


def check_reachable(state: State, since: int | None, at: int) -> None:
    """Raises InvalidCommandError where a command lies so far ahead that its time is surely mistaken.

    What has fallen due by the time `since` of the command before it, on whichever venue, is due in any case.
    """
    if state.funded_at is None or since is None:
        return
    try:
        interval = state.rules.next_funding.fast(state.funded_at) - state.funded_at
    except UndecidedError:  # `pass_time` says so
        return
    if interval > 0 and (at - since) // interval > MOST_PAYMENTS:
        message = f"more than {MOST_PAYMENTS:,} payments of funding would fall due: send commands in between"
        raise InvalidCommandError(InvalidCode.TOO_FAR_AHEAD, message)


def pass_time(state: State, at: int) -> None:
    """Samples and settles all that falls due until `at`, that moment included."""
    if state.funded_at is None:
        state.sampled_at = state.funded_at = at // _DAY * _DAY
    while state.funded_at < (due := state.rules.next_funding.fast(state.funded_at)) <= at:
        _forget_old_indices(state, due)
        _sample(state, due)
        state.funded_at = due
        for contract in state.contracts.values():
            _settle(state, contract, due)
    _forget_old_indices(state, at)
    _sample(state, at)


def _forget_old_indices(state: State, at: int) -> None:
    """Contracts whose index counts no longer at a moment have none, until there is a new price."""
    old = [c for c in state.contracts.values() if c.index is not None and c.counts_until < at]
    for until in sorted({c.counts_until for c in old}):
        _sample(state, until)
        together = [c for c in old if c.counts_until == until]
        per = provisions(state.rules.counts_until)
        for contract in together:
            contract.index = None
            state.emit(IndexUnavailable(contract.name, until, per))
        judge(state, together)


def _sample(state: State, until: int) -> None:
    since = state.sampled_at
    assert since is not None
    interval = state.rules.next_sample.fast(since) - since
    times = (until - since) // interval if interval > 0 else 0
    if times <= 0:
        return
    state.sampled_at = since + times * interval
    for contract in state.contracts.values():
        if contract.index is not None:
            premium = state.rules.premium.fast(quote(state, contract))
            contract.premiums += times * premium
            contract.samples += times
            state.emit(PremiumSampled(contract.name, premium, times))


def _settle(state: State, contract: Contract, due_at: int) -> None:
    """Funding on the premiums sampled; they count no longer, whether or not it could be paid."""
    premiums, samples = contract.premiums, contract.samples
    contract.premiums = contract.samples = 0
    if not contract.holders():
        return
    if contract.index is None or not samples:
        reason: UnsettledReason = NO_INDEX if contract.index is None else NO_SAMPLES
        state.emit(FundingNotSettled(contract.name, reason, due_at))
        return
    rules = state.rules
    rate = rules.funding_rate.fast(premiums, samples)
    per_unit = rules.funding_per_unit.fast(contract.mark, rate)
    failure = _close_out(state, contract, per_unit)
    payments = _payments(state, contract, per_unit)
    if not failure and sum(payment for _, payment in payments) != 0:
        failure = UNBALANCED
    if failure:
        state.emit(FundingNotSettled(contract.name, failure, due_at))
        return
    for bucket, payment in payments:
        bucket.margin -= payment
        state.emit(FundingPaid(bucket.account, bucket.name, contract.name, payment, bucket.margin))
        realise_profit(state, bucket)
    state.emit(
        FundingSettled(
            contract=contract.name,
            per=provisions(rules.funding_rate, rules.funding_per_unit),
            due_at=due_at,
            samples=samples,
            rate=rate,
            mark=state.mark_of(contract.name),
            per_unit=per_unit,
            paid=sum(payment for _, payment in payments if payment > 0),
        )
    )
    for bucket, _ in payments:
        revalidate(state, bucket)
    review(state, [bucket for bucket, _ in payments])


def _payments(state: State, contract: Contract, per_unit: int) -> list[tuple[Bucket, int]]:
    paid = state.rules.funding_payment.fast
    held = ((bucket, bucket.positions[contract.name]) for bucket in contract.holders())
    return [(bucket, paid(position.side, abs(position.size), per_unit)) for bucket, position in held]


def _close_out(state: State, contract: Contract, per_unit: int) -> UnsettledReason | None:
    """Liquidates who cannot pay, until all can; gives why that cannot be done, if it cannot.

    Nobody is liquidated for a payment of which it is undecided whether another can make it.
    """
    unpayable = state.rules.unpayable
    while True:
        asked = [
            (bucket, unpayable.verdict(bucket_facts(state, bucket), payment))
            for bucket, payment in _payments(state, contract, per_unit)
            if payment > 0
        ]
        if any(verdict.outcome is Outcome.UNDECIDED for _, verdict in asked):
            return UNDECIDED
        due = next(((bucket, verdict) for bucket, verdict in asked if verdict.outcome is not Outcome.DENIED), None)
        if due is None:
            return None
        bucket, verdict = due
        if verdict.outcome is not Outcome.PERMITTED or not liquidate(state, bucket, verdict, whole=True):
            return STUCK
