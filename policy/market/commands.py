"""The command that every venue takes, as plain data, and the types that orders share.

In: nothing. Out: `NewDay`; moments are microseconds since 1970 UTC. Absent: the commands of one venue.
"""

from __future__ import annotations

from attrs import frozen

from policy.market.book import ORDER_TYPES, SIDES
from policy.market.matcher import SELF_TRADES
from policy.model import types
from policy.model.types import Enum
from policy.wire import typed

SIDE = Enum("Side", SIDES)
ORDER_TYPE = Enum("OrderType", ORDER_TYPES)
SELF_TRADE = Enum("SelfTrade", SELF_TRADES)


@frozen
class NewDay:
    """The rules of another date come into force, on every venue at once."""

    at: int = typed(types.INSTANT)
    on: int = typed(types.DATE)
