"""Everything that matches: the bare book, this project's matcher, and the peers.

A row is a module with `prepare(ops)`, which makes what it is given and is not timed; `run(prepared)`, which is,
and begins with an empty book; and `told(outcome)`, which is not, and gives either every trade as (at rest,
incoming, price, quantity), or their totals, or none if the engine does not tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from bare import Trade
from stream import Op

Told = list[Trade] | tuple[int, int, int] | None


class Row(Protocol):
    def prepare(self, ops: Sequence[Op]) -> Any: ...
    def run(self, prepared: Any) -> Any: ...
    def told(self, outcome: Any) -> Told: ...


@dataclass(frozen=True, slots=True)
class Engine:
    """One row of the table."""

    name: str
    module: str
    requirement: str = ""
    """What pip must have installed for it: a package of `requirements.txt`, or `this project`."""
    operations: int | None = None
    """How many of the operations it is given, if it is too slow for all."""
    compiled: bool = False
    """Whether it runs on the package as a compiled wheel."""

    def load(self) -> Row:
        """Raises whatever its module raises."""
        module: Any = import_module(self.module)
        row: Row = module.load() if hasattr(module, "load") else module
        return row


BARE = Engine("by hand: dictionary, heap, deque", "rows.by_hand")

OURS = (
    Engine("ours: a call each", "rows.ours_calls", "this project"),
    Engine("ours, compiled: a call each", "rows.ours_calls", "this project", compiled=True),
    Engine("ours, with the acceptance decision", "rows.decided", "this project"),
    Engine("ours, the whole exchange", "rows.exchange", "this project"),
    Engine("ours, compiled: the whole exchange", "rows.exchange", "this project", compiled=True),
    Engine("ours, the whole exchange, two platforms", "rows.exchange_across", "this project"),
    Engine("ours, with the decision and the journal", "rows.decided_kept", "this project"),
    Engine("ours, the whole exchange, with the journal", "rows.exchange_kept", "this project"),
    Engine(
        "ours, compiled: the whole exchange, with the journal", "rows.exchange_kept", "this project", compiled=True
    ),
)

PEERS = (
    Engine("bourse (Rust)", "peers.bourse_rust", "bourse"),
    Engine("liquibook (C++), fills told", "peers.liquibook_told", "liquibook"),
    Engine("liquibook (C++), nothing told", "peers.liquibook_untold", "liquibook"),
    Engine("akhil4n-orderbook", "peers.akhil4n", "akhil4n-orderbook"),
    Engine("lightmatchingengine", "peers.light", "lightmatchingengine"),
    Engine("pyorderbook", "peers.py_order_book", "pyorderbook"),
    Engine("order-matching", "peers.order_matching_engine", "order-matching", operations=3_000),
)

ENGINES = (BARE, *OURS, *PEERS)
