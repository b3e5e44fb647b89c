"""Who holds what: free money, buckets of margin with their positions, contracts with their books, and the fund.

In: trades and payments. Out: balances that add up exactly, whatever the mark. A position keeps the value it was
opened for; closing a part of it relieves that value in proportion, rounded down, and the rest stays, so that
nothing is lost. Absent: any rule, and any event but the telling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import define, field

from policy.market.book import BUY, LIMIT, SELL, Book, BookOrder, OrderType, Side
from policy.market.matcher import SelfTrade
from policy.market.quotation import Quotation
from policy.perpetuals.events import Event
from policy.perpetuals.rules import PerpetualRules
from policy.vocabulary import FactsJson, RuntimeValue


@define
class Position:
    """A size, negative when sold, and what it was opened for, of the same sign."""

    size: int = 0
    entry: int = 0

    @property
    def side(self) -> Side:
        return BUY if self.size > 0 else SELL

    def profit(self, mark: int) -> int:
        return self.size * mark - self.entry


@define(eq=False)
class Bucket:
    """Margin, and what it stands for. The orders are those at rest, oldest first.

    `unjudged` are the marks at which it was last judged, of contracts that have moved since while it could not be.
    """

    account: str
    name: str
    margin: int = 0
    positions: dict[str, Position] = field(factory=dict)
    orders: dict[str, Order] = field(factory=dict)
    unjudged: dict[str, int] = field(factory=dict)

    def trade(self, contract: str, size: int, price: int) -> int:
        """Adds to a position, closes it, or both; what is realised goes into the margin and is given back."""
        if not self.positions:
            self.unjudged = {}
        if contract not in self.positions:
            self.positions[contract] = Position()
            self.unjudged.pop(contract, None)
        position = self.positions[contract]
        realised = 0
        if position.size * size < 0:
            closed = min(abs(size), abs(position.size))
            sign = 1 if position.size > 0 else -1
            relieved = sign * (abs(position.entry) * closed // abs(position.size))
            realised = sign * closed * price - relieved
            position.size -= sign * closed
            position.entry -= relieved
            size += sign * closed
        position.size += size
        position.entry += size * price
        if not position.size:
            del self.positions[contract]
        self.margin += realised
        return realised


@define(eq=False)
class Account:
    """An account of a client: what is free, and the buckets. Accounts of one group count as one client."""

    name: str
    group: str
    client: FactsJson  # raw, to be read again under the rules of another day
    facts: RuntimeValue  # the rulebook's record of an order, with what is true of all of the client's
    free: int = 0
    buckets: dict[str, Bucket] = field(factory=dict)

    def hold(self, bucket: Bucket) -> None:
        """The bucket is the account's, from when it first holds something."""
        self.buckets.setdefault(bucket.name, bucket)


@define(eq=False)
class Contract:
    """A contract, its book, its prices, and the premiums sampled since funding was last paid."""

    name: str
    quotation: Quotation
    tick: int  # counted, as all prices and sizes here
    lot: int
    self_trade: SelfTrade
    product: FactsJson  # raw, to be read again under the rules of another day
    facts: RuntimeValue  # the rulebook's record of it
    book: Book[Order] = field(factory=Book)
    index: int | None = None
    counts_until: int = 0  # the last moment at which the index counts
    mark: int | None = None
    premiums: int = 0
    samples: int = 0
    buckets: dict[tuple[str, str], Bucket] = field(factory=dict)  # that ever had to do with it

    def holders(self) -> list[Bucket]:
        """The buckets with a position, in the order in which they came to the contract."""
        return [b for b in self.buckets.values() if self.name in b.positions]

    def touch(self, bucket: Bucket) -> None:
        """The bucket has something to do with the contract from here on."""
        self.buckets.setdefault((bucket.account, bucket.name), bucket)


class OrderState:
    """What the desk keeps of an order beside its place in the book."""

    __slots__ = ("account", "at", "bucket", "contract", "reduce_only", "sequence", "type")

    def __init__(
        self,
        account: Account,
        bucket: Bucket,
        contract: Contract,
        at: int = 0,
        sequence: int = 0,
        type: OrderType = LIMIT,
        reduce_only: bool = False,
    ) -> None:
        self.type = type
        self.reduce_only = reduce_only
        self.account = account
        self.bucket = bucket
        self.contract = contract
        self.at = at
        self.sequence = sequence


Order = BookOrder[OrderState]


@define(eq=False)
class State:
    """Everything on one desk, under the rules of a day, and where events go."""

    rules: PerpetualRules
    emit: Callable[[Event], None]
    accounts: dict[str, Account] = field(factory=dict)
    groups: dict[str, list[Account]] = field(factory=dict)
    contracts: dict[str, Contract] = field(factory=dict)
    fund: int = 0
    fees: int = 0
    deposited: int = 0  # deposits and payments into the fund, less what was withdrawn
    uncovered: int = 0  # losses that nobody could bear
    trades: int = 0
    orders: int = 0
    live: dict[str, Order] = field(factory=dict)  # at rest
    sampled_at: int | None = None
    funded_at: int | None = None

    def buckets(self) -> Iterator[Bucket]:
        for account in self.accounts.values():
            yield from account.buckets.values()

    def group_of(self, bucket: Bucket) -> list[Account]:
        """All accounts that count as one client with that of the bucket."""
        return self.groups[self.accounts[bucket.account].group]

    def mark_of(self, contract: str) -> int:
        """The last mark price of a contract with positions; there is none before the first."""
        mark = self.contracts[contract].mark
        assert mark is not None
        return mark

    def profit(self, bucket: Bucket) -> int:
        return sum(p.profit(self.mark_of(name)) for name, p in bucket.positions.items())

    def equity(self, bucket: Bucket) -> int:
        return bucket.margin + self.profit(bucket)

    def total(self) -> int:
        """What is there; it is what was deposited, at any mark."""
        free = sum(a.free for a in self.accounts.values())
        held = sum(self.equity(bucket) for bucket in self.buckets())
        return free + held + self.fund + self.fees - self.uncovered
