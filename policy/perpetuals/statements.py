"""How an account at the desk stands, bucket by bucket.

In: an account. Out: an event for each of its buckets, told to the state. Absent: any change.
"""

from __future__ import annotations

from policy.perpetuals.events import BucketStated, PositionStated
from policy.perpetuals.facts import bucket_facts
from policy.perpetuals.state import Account, Contract, Position, State


def state_account(state: State, account: Account) -> None:
    """Tells every bucket of an account, and whether its liquidation is due."""
    for bucket in account.buckets.values():
        positions = [_position(state.contracts[name], position) for name, position in bucket.positions.items()]
        known = all(position.mark is not None for position in positions)
        state.emit(
            BucketStated(
                account=account.name,
                bucket=bucket.name,
                verdict=state.rules.due.verdict(bucket_facts(state, bucket)),
                free=account.free,
                margin=bucket.margin,
                equity=state.equity(bucket) if known else None,
                orders=tuple(bucket.orders),
                positions=tuple(positions),
            )
        )


def _position(contract: Contract, position: Position) -> PositionStated:
    mark = None if contract.index is None else contract.mark
    profit = None if mark is None else position.profit(mark)
    return PositionStated(contract.name, position.side, abs(position.size), abs(position.entry), mark, profit)
