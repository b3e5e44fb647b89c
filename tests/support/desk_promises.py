"""What the perpetuals desk promises, and what others took from it: checked as events happen, and after every command.

In: a desk, and its commands and events. Out: each promise, kept or not, to `hold`; sums for whoever plays against
the desk: losses of the fund, true deficits, and what a set of accounts took. Absent: any command.

A *deficit* is what a bucket lacked at the mark when liquidations began: what its holder owes and cannot pay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field

from perpetual_market import Bookkeeper, Slot
from policy.answers import Outcome
from policy.market.book import BUY, SELL
from policy.perpetuals import commands as do, engine, events as told, mark_events as marked
from policy.perpetuals.facts import bucket_facts
from policy.perpetuals.state import Bucket, Contract

Hold = Callable[[str, bool, object], None]
NOT_COLLECTED = "margin_not_collected"  # the rule by which an order lacks margin


@define(eq=False)
class Liquidation:
    """One that goes on: how its bucket stood when it began, and after the last step."""

    slot: Slot
    whole: bool
    fund: int
    gap: int
    equity: int
    sizes: dict[str, int]  # of its positions when it began
    from_winners: int = 0


@define(eq=False)
class DeskWatch:
    """The promises of a perpetuals desk. `players` are those whose takings are counted."""

    desk: engine.Engine
    hold: Hold
    players: frozenset[str] = frozenset()
    kept: Bookkeeper = field(factory=Bookkeeper)
    fund_lost: int = 0
    deficit: int = 0
    honest: int = 0  # what the players' positions gained as marks moved
    given: int = 0  # to players, by orders of others and as funding
    owed: int = 0  # by players, and not paid; margin that others lost when they were liquidated
    brought: int = 0  # by players, less what they withdrew
    trades: int = 0
    lost_index: bool = False
    _marks: dict[str, int] = field(factory=dict)
    _placed: dict[str, do.PlacePerpetual] = field(factory=dict)
    _groups: dict[str, str] = field(factory=dict)  # of accounts, as they were opened
    _deficits: dict[Slot, int] = field(factory=lambda: defaultdict(int))
    _sizes: dict[Slot, int] = field(factory=lambda: defaultdict(int))  # in units, each a unit of price's rounding
    _now: Liquidation | None = None
    _unanswered: bool = False

    def __attrs_post_init__(self) -> None:
        emit = self.desk.state.emit

        def tell(event: Any) -> None:
            emit(event)
            self._told(event)

        self.desk.state.emit = tell

    # ── as events happen ────────────────────────────────────────────────────────────────────

    def _told(self, event: Any) -> None:
        before = self.kept.fund
        try:
            self.kept.read([event])
        except AssertionError as failure:
            self.hold("money is conserved", False, (event, str(failure)))
        self.hold("no balance below nothing", self.desk.state.fund >= 0, event)
        self.fund_lost += max(0, before - self.kept.fund)
        match event:
            case marked.Marked():
                old = self._marks.get(event.contract, event.mark)
                self.honest += self._position(event.contract) * (event.mark - old)
                self._marks[event.contract] = event.mark
            case told.MarginDeposited() if event.account in self.players:
                self.brought += event.value
            case told.MarginWithdrawn() if event.account in self.players:
                self.brought -= event.value
            case told.Unanswered():
                self._unanswered = True
            case marked.IndexUnavailable():
                self.lost_index = True
            case told.PerpetualTraded():
                self.hold("a trade is told once", event.number == self.trades + 1, event)
                self.trades = event.number
                self._count_trade(event)
            case marked.FundingPaid() if event.account in self.players:
                self.given += max(0, -event.payment)
            case marked.LiquidationBegun():
                self._begun(event)
            case marked.LiquidationStep():
                self._step(event)
            case marked.Deleveraged():
                self._deleveraged(event)
            case marked.FundDrawdown():
                self._drawn(event)
            case marked.LiquidationEnded():
                self._ended(event)
            case told.PerpetualExpelled():
                self._expelled(event)
            case _:
                pass

    def _position(self, contract: str) -> int:
        return sum(size for ((who, _), of), size in self.kept.size.items() if who in self.players and of == contract)

    def _count_trade(self, event: told.PerpetualTraded) -> None:
        """What others gave to players: by an order of theirs, and not by being liquidated."""
        own = self._groups[event.buyer] == self._groups[event.seller]
        self.hold("nobody trades with oneself", not own, event)
        if event.incoming is None:
            resting = self._placed[event.resting]
            fee = event.seller_fee if resting.side == BUY else event.buyer_fee
            self.hold("who is liquidated pays no trading fee", fee == 0, event)
        buyer, seller = event.buyer in self.players, event.seller in self.players
        forced = event.incoming is None and self._placed[event.resting].account in self.players
        if buyer != seller and not forced:
            off = event.size * (self._marks.get(event.contract, event.price) - event.price)
            self.given += max(0, off if buyer else -off)

    def _bucket(self, event: Any) -> Bucket:
        return self.desk.state.accounts[event.account].buckets[event.bucket]

    def _begun(self, event: marked.LiquidationBegun) -> None:
        state, bucket = self.desk.state, self._bucket(event)
        known = self._marked(bucket)
        self.hold("nobody is sold out on a guess", known, event)
        due = state.rules.due.verdict(bucket_facts(state, bucket)).outcome is Outcome.PERMITTED
        for each in state.buckets():
            slot = (each.account, each.name)
            before = self._deficits[slot]
            if self._marked(each):
                self._deficits[slot] = max(before, -state.equity(each))
            self._sizes[slot] = max(self._sizes[slot], sum(abs(p.size) for p in each.positions.values()))
            self.deficit += max(0, self._deficits[slot] - max(0, before))
        equity = state.equity(bucket)
        self.owed += max(0, equity) if event.account not in self.players else max(0, -equity)
        sizes = {name: position.size for name, position in bucket.positions.items()}
        self._now = Liquidation((event.account, event.bucket), not due, state.fund, self._gap(bucket), equity, sizes)

    def _gap(self, bucket: Bucket) -> int:
        """How much more margin the bucket would need, for its liquidation not to be due."""
        state = self.desk.state
        low, high = (
            0,
            max(1, bucket.margin)
            + sum(abs(p.entry) + 2 * abs(p.size) * state.mark_of(name) for name, p in bucket.positions.items()),
        )
        if bucket.margin < 0:
            return 0
        while low < high:
            middle = (low + high) // 2
            if state.rules.due.verdict(bucket_facts(state, bucket, middle)).outcome is Outcome.PERMITTED:
                low = middle + 1
            else:
                high = middle
        return max(0, low - bucket.margin)

    def _step(self, event: marked.LiquidationStep) -> None:
        """Unless everything has to go, a step leaves less to be healed."""
        now, bucket = self._now, self._bucket(event)
        assert now is not None
        gap = self._gap(bucket)
        if not now.whole and now.equity > 0 and bucket.positions:
            self.hold("a step heals", gap < now.gap, (event, now.gap, gap))
        now.gap, now.equity = gap, self.desk.state.equity(bucket)
        rounded = abs(now.sizes[event.contract])
        if now.equity < -rounded and event.in_book + event.deleveraged:
            self.hold("no loss is others' while its own group gained", not self._own_gain(bucket, event), event)

    def _own_gain(self, bucket: Bucket, event: marked.LiquidationStep) -> bool:
        """Whether another bucket of the same client group could bear a part of the loss."""
        state = self.desk.state
        assert self._now is not None
        for other in state.contracts[event.contract].holders():
            position = other.positions[event.contract]
            if self._groups[other.account] != self._groups[bucket.account] or not self._marked(other):
                continue
            has = min(position.profit(state.mark_of(event.contract)), state.equity(other))
            if position.size * self._now.sizes[event.contract] < 0 and has > abs(position.size):
                return True
        return False

    def _deleveraged(self, event: marked.Deleveraged) -> None:
        contract = self.desk.state.contracts[event.contract]
        self.hold("nobody is sold out on a guess", contract.index is not None, event)
        if self._now is not None and contract.mark is not None:
            self._now.from_winners += event.size * abs(event.price - contract.mark)

    def _drawn(self, event: marked.FundDrawdown) -> None:
        slot = (event.account, event.bucket)
        most = max(0, self._deficits[slot]) + self._sizes[slot]
        if event.account in self.players and (self._now is None or self._now.slot != slot):
            self.owed += event.loss  # who was deleveraged could not pay either
        self.hold("the fund pays deficits only", event.from_fund <= most, (event, most))
        self.hold("no loss is left uncovered", not event.uncovered or self.lost_index, event)

    def _ended(self, event: marked.LiquidationEnded) -> None:
        now, slot = self._now, (event.account, event.bucket)
        assert now is not None
        most = max(0, self._deficits[slot] - now.fund) + self._sizes[slot]
        if not self.lost_index:
            kept = now.from_winners <= most
            self.hold("winners give up only what is missing", kept, (event, now.from_winners, most))
        self._now = None

    def _expelled(self, event: told.PerpetualExpelled) -> None:
        """An order of a contract with an index, in a bucket whose positions are marked, can be judged."""
        if event.verdict.outcome is not Outcome.UNDECIDED:
            return
        placed = self._placed.get(event.id)
        if placed is not None and self.desk.state.contracts[placed.contract].index is not None:
            bucket = self.desk.state.accounts[placed.account].buckets[placed.bucket]
            self.hold("an order leaves for a reason of its own", not self._marked(bucket), event)

    # ── after every command ─────────────────────────────────────────────────────────────────

    def before(self, command: Any) -> None:
        if isinstance(command, do.OpenPerpetualAccount):
            self._groups.setdefault(command.account, command.group or command.account)
        self._deficits.clear()
        self._sizes.clear()
        self._now, self._unanswered = None, False

    def after(self, command: Any, events: Sequence[Any]) -> None:
        state = self.desk.state
        if isinstance(command, do.PlacePerpetual):
            self._placed.setdefault(command.id, command)
            self._closing(command, events)
        self.hold("money is conserved", self.desk.total() == state.deposited == self.kept.deposited, command)
        self.hold("the events tell it all", self._as_told(), command)
        names = (*state.accounts, *state.contracts, *state.live)
        self.hold("names can be read", all(name.strip() for name in names), command)
        for contract in state.contracts.values():
            self._contract(contract, command)
        for account in state.accounts.values():
            self.hold("no balance below nothing", account.free >= 0, command)
        for bucket in state.buckets():
            self._after_bucket(bucket, command)

    def _after_bucket(self, bucket: Bucket, command: Any) -> None:
        state = self.desk.state
        alone = bucket.name == do.CROSS or set(bucket.positions) <= {bucket.name}
        self.hold("an isolated bucket holds its contract alone", alone, command)
        if self._unanswered or not self._marked(bucket):
            return
        held = bucket.margin >= 0 and state.equity(bucket) >= 0
        self.hold("no balance below nothing", held, (command, bucket))
        orders = tuple(bucket.orders.values())
        if orders and all(o.data.contract.index is not None for o in orders):
            worst = sum(self._cost(o.side, o.price, o.remaining, o.data.contract) for o in orders)
            self.hold("orders at rest are affordable", state.equity(bucket) >= worst, (command, bucket))

    def _cost(self, side: str, price: int, size: int, contract: Contract) -> int:
        """What an order loses against the mark at once, with its fee."""
        mark = self.desk.state.mark_of(contract.name)
        loss = size * (price - mark if side == BUY else mark - price)
        fee: int = self.desk.state.rules.fee.fast(size * price)
        return max(0, loss) + fee

    def _contract(self, contract: Contract, command: Any) -> None:
        state = self.desk.state
        sizes = sum(b.positions[contract.name].size for b in contract.holders())
        self.hold("as many are sold as bought", sizes == 0, command)
        bid, ask = contract.book.best(BUY), contract.book.best(SELL)
        self.hold("no book is left crossed", bid is None or ask is None or bid < ask, command)
        at_rest = {order.id for order in contract.book}
        live = {id for id, order in state.live.items() if order.data.contract is contract}
        self.hold("what is live is in the book", at_rest == live, command)

    def _closing(self, command: do.PlacePerpetual, events: Sequence[Any]) -> None:
        """Who is not liquidated may close the whole, at a price that leaves nobody in debt."""
        rejected = [e for e in events if isinstance(e, told.PerpetualRejected)]
        if not rejected or {r.rule for r in rejected[0].verdict.reasons} != {NOT_COLLECTED} or command.price is None:
            return
        bucket = self.desk.state.accounts[command.account].buckets[command.bucket]
        held, others = bucket.positions.get(command.contract), len(bucket.positions) > 1 or bucket.orders
        if held is None or others or not self._marked(bucket) or held.side == command.side:
            return
        contract = self.desk.state.contracts[command.contract]
        made = contract.quotation
        price, size = made.price(command.price, do.PRICE), made.size(command.size, do.SIZE)
        left = self.desk.state.equity(bucket) - self._cost(command.side, price, size, contract)
        self.hold("a client may close", abs(held.size) != size or left < 0, (command, rejected[0], left))

    def _marked(self, bucket: Bucket) -> bool:
        return all(self.desk.state.contracts[name].index is not None for name in bucket.positions)

    def _as_told(self) -> bool:
        state, kept = self.desk.state, self.kept
        same = (kept.fund, kept.fees, kept.uncovered) == (state.fund, state.fees, state.uncovered)
        for account in state.accounts.values():
            same &= kept.free[account.name] == account.free
            for bucket in account.buckets.values():
                slot = (account.name, bucket.name)
                same &= kept.margin[slot] == bucket.margin
                for name in state.contracts:
                    held = bucket.positions.get(name)
                    there = (held.size, held.entry) if held else (0, 0)
                    same &= (kept.size[slot, name], kept.entry[slot, name]) == there
        return same

    # ── what the players took ───────────────────────────────────────────────────────────────

    def took(self) -> int:
        """What the players have and have withdrawn beyond what they brought and what marks moved."""
        state = self.desk.state
        total = sum(
            state.accounts[name].free + sum(state.equity(b) for b in state.accounts[name].buckets.values())
            for name in self.players
            if name in state.accounts
        )
        return total - self.brought - self.honest
