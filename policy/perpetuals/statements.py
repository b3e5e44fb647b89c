"""How an account at the desk stands, bucket by bucket.

In: an account. Out: an event for each of its buckets, told to the state. Absent: any change.
"""

from __future__ import annotations

from policy.perpetuals.events import BucketStated, PositionStated
from policy.perpetuals.facts import bucket_facts
from policy.perpetuals.state import Account, State


def state_account(state: State, account: Account) -> None:
    """Tells every bucket of an account, and whether its liquidation is due."""
    for bucket in account.buckets.values():
        positions = []
        for contract, position in bucket.positions.items():
            mark = state.mark_of(contract)
            size, entry, profit = abs(position.size), abs(position.entry), position.profit(mark)
            positions.append(PositionStated(contract, position.side, size, entry, mark, profit))
        state.emit(
            BucketStated(
                account=account.name,
                bucket=bucket.name,
                verdict=state.rules.due.verdict(bucket_facts(state, bucket)),
                free=account.free,
                margin=bucket.margin,
                equity=state.equity(bucket),
                orders=tuple(bucket.orders),
                positions=tuple(positions),
            )
        )
