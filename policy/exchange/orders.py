"""What goes into the exchange and what comes out of it: commands and events, as plain data.

In: nothing. Out: frozen records; amounts are scaled integers of the rulebook's types. Absent: any state.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from policy.decisions import Answer

# ── commands ────────────────────────────────────────────────────────────────────────────────


@frozen(eq=False)
class Place:
    """A limit order for a book. `facts` is the rulebook's record, without what only the exchange knows."""

    id: str
    owner: str
    market: str
    token: str
    facts: Any


@frozen
class Cancel:
    """Its owner takes back what is left of an order."""

    id: str
    owner: str


Command = Place | Cancel

# ── events ──────────────────────────────────────────────────────────────────────────────────


@frozen(eq=False)
class Accepted:
    """The order met the rules; `held` of `what` is reserved for it."""

    id: str
    answer: Answer
    what: str
    held: int


@frozen(eq=False)
class Refused:
    """The rules do not let the order in, or cannot say: the answer tells which, and why."""

    id: str
    answer: Answer


@frozen
class Traded:
    """Two orders met at the price of the one at rest. `queue` is its price level just before, first in line first."""

    number: int
    market: str
    token: str
    resting: str
    incoming: str
    buyer: str  # orders, not owners
    seller: str
    price: int
    quantity: int
    value: int
    queue: tuple[str, ...]


@frozen
class Cancelled:
    """What was left of the order is gone, and what was held for it is free."""

    id: str
    remaining: int
    what: str
    released: int


@frozen
class NotCancelled:
    """There is no such order of this owner in the book."""

    id: str
    owner: str


Event = Accepted | Refused | Traded | Cancelled | NotCancelled
