"""Trades across platforms until they are settled, and what stands behind them.

In: trades, each with its money and tokens reserved; the arrangement; a platform that fails. Out: events. Whether a
trade may be made, when to settle within the day, how long trades may wait and what a failed one costs is asked of
the rulebook. Trades are netted by pairs of platforms; money goes against tokens, for all trades of a pair or none.
A loss is paid by the reserve fund first and the compensation arrangement second. Absent: clock and orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, field, frozen

from policy.decisions import MISSING, Answer, Outcome, Verdict
from policy.exchange.book import BUY, SELL
from policy.exchange.events import Delivery, Event, LossCovered, Settled, SettlementArranged, SettlementFailed
from policy.exchange.ledger import Balance, Ledger
from policy.exchange.orders import ArrangeSettlement
from policy.exchange.register import COMPENSATION, FEES, MONEY, RESERVE_FUND, Account, Market, Seat
from policy.exchange.rules import Rules, rests_on
from policy.facts.records import unchecked

# why trades are settled
ASKED, INTERVAL, NEW_DAY, ARRANGEMENT, RULES = "asked", "interval", "new_day", "arrangement", "rules"
NEVER = 1 << 63
_NOT_ASKED = Verdict(Outcome.UNDECIDED)


@frozen(eq=False)
class Pending:
    """A trade whose money and tokens are reserved and have not changed hands."""

    number: int
    at: int
    market: Market
    buyer: Seat
    seller: Seat
    buy: str  # the orders
    sell: str
    price: int
    quantity: int
    value: int
    buyer_fees: int
    seller_fees: int  # kept from what the seller is paid

    @property
    def pair(self) -> tuple[str, str]:
        """The two platforms, in the order of their names."""
        one, other = sorted((self.buyer.account.platform, self.seller.account.platform))
        return one, other

    def settle(self, fees: Balance) -> None:
        """Money and tokens change hands."""
        exchanged(self.buyer, self.seller, self.quantity, self.value, self.buyer_fees, self.seller_fees, fees)

    def undo(self) -> None:
        """Both sides have back what was reserved, as if they had not traded."""
        self.buyer.money.release(self.value + self.buyer_fees)
        self.seller.tokens.release(self.quantity)
        moved(self.buyer.account, self.seller.account, -self.value)


@define(eq=False, repr=False)
class Clearing:
    """What is not settled yet, under the rules of the day."""

    rules: Rules
    ledger: Ledger
    unsettled: int = 0
    due: int = NEVER  # from then on, whatever waits is settled first
    waiting: list[Pending] = field(factory=list)
    _settled_at: int | None = None
    _stated: Mapping[str, Any] = field(factory=dict)  # the arrangement
    _arrangement: Any = None
    _accepted: Verdict = _NOT_ASKED
    fees: Balance = field(init=False)
    reserve_fund: Balance = field(init=False)
    compensation: Balance = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.fees, self.reserve_fund, self.compensation = (
            self.ledger.balance(owner, MONEY) for owner in (FEES, RESERVE_FUND, COMPENSATION)
        )
        self._ask_about_arrangement()

    # ── the arrangement ─────────────────────────────────────────────────────────────────────

    def read(self, facts: Mapping[str, Any]) -> Any:
        """The arrangement's record, or what is wrong with its facts."""
        read = self.rules.asked.arrangement_accepted.read({"arrangement": dict(facts)})
        return read if isinstance(read, list) else read[0]

    def arrange(self, command: ArrangeSettlement) -> SettlementArranged:
        """Takes the arrangement; its funds come to hold what it states. Its facts have been read."""
        self._stated = command.facts
        arrangement = self.read(command.facts)
        for fund, stated in self._funds(arrangement):
            if stated is not MISSING:
                self.ledger.bring(fund, MONEY, stated - fund.free)
        return self._ask_about_arrangement()

    def too_large(self, arrangement: Any, limit: int) -> bool:
        """Whether with these funds there would be more money than facts can tell."""
        funds = self._funds(arrangement)
        more: int = sum(stated - fund.free for fund, stated in funds if stated is not MISSING)
        return self.ledger.brought.get(MONEY, 0) + more >= limit

    def _funds(self, arrangement: Any) -> tuple[tuple[Balance, Any], ...]:
        return (self.reserve_fund, arrangement.reserve_fund), (self.compensation, arrangement.compensation)

    def _ask_about_arrangement(self) -> SettlementArranged:
        """Asks about it as it is now, with what its funds hold."""
        stated = self.read(self._stated)
        self._arrangement = arrangement = unchecked(type(stated), stated)
        if arrangement.reserve_fund is not MISSING:
            arrangement.reserve_fund = self.reserve_fund.free
        if arrangement.compensation is not MISSING:
            arrangement.compensation = self.compensation.free
        question = self.rules.asked.arrangement_accepted
        self._accepted = question.verdict(arrangement)
        facts = question.told(arrangement)
        return SettlementArranged(self._accepted, facts, self.reserve_fund.free, self.compensation.free)

    def follow(self, rules: Rules) -> list[Event]:
        """Takes the rules of another day; says what the arrangement is to them if that is another answer."""
        before, self.rules = self._accepted, rules
        arranged = self._ask_about_arrangement()
        self._next_due()
        return [arranged] if self._stated and arranged.verdict != before else []

    def refuses(self, value: int) -> tuple[Verdict, dict[str, Any]] | None:
        """Why a trade of this value may not be made across platforms, with the facts; None if it may."""
        asked, arrangement = self.rules.asked, self._arrangement
        if self._accepted.outcome is not Outcome.PERMITTED:
            return self._accepted, asked.arrangement_accepted.told(arrangement)
        verdict = asked.within_cap.verdict(arrangement, self.unsettled, value)
        if verdict.outcome is Outcome.PERMITTED:
            return None
        return verdict, asked.within_cap.told(arrangement, self.unsettled, value)

    # ── waiting and settling ────────────────────────────────────────────────────────────────

    def begin(self, at: int) -> None:
        """From the first moment on, time counts towards the next settlement."""
        self._settled_at = at
        self._next_due()

    def _next_due(self) -> None:
        known = self._settled_at is not None and self.rules.interval is not None
        self.due = self._settled_at + self.rules.interval if known else NEVER  # type: ignore[operator]  # both known

    def add(self, trade: Pending) -> list[Event]:
        """A trade that waits; all that wait are settled if the rules say that it is time."""
        self.waiting.append(trade)
        self.unsettled += trade.value
        verdict = self.rules.asked.intraday_due.verdict(self._arrangement, self.unsettled)
        return self.settle(trade.at, RULES, verdict) if verdict.outcome is Outcome.PERMITTED else []

    def settle(self, at: int, why: str, verdict: Verdict | None = None) -> list[Event]:
        """Settles everything that waits, pair by pair."""
        events: list[Event] = []
        per = self.rules.interval_per if why in (INTERVAL, NEW_DAY) else ()
        if verdict is not None:
            per = tuple(str(citation) for reason in verdict.reasons for citation in reason.citations)
        for (one, other), trades in by_pair(self.waiting):
            for trade in trades:
                trade.settle(self.fees)
            events.append(netted(one, other, trades, why, verdict, per))
        self.waiting.clear()
        self.unsettled = 0
        self.begin(at)
        return events

    # ── failing ─────────────────────────────────────────────────────────────────────────────

    def fail(self, platform: str) -> list[Event]:
        """Undoes what waits with a platform that does not deliver, and makes good what that costs clients."""
        failed = [trade for trade in self.waiting if platform in trade.pair]
        self.waiting = [trade for trade in self.waiting if platform not in trade.pair]
        events: list[Event] = []
        for (one, other), trades in by_pair(failed):
            gross = sum(trade.value for trade in trades)
            self.unsettled -= gross
            against = one if other == platform else other
            events.append(SettlementFailed(platform, against, tuple(t.number for t in trades), gross))
            for trade in trades:
                trade.undo()
                events += self._make_good(trade, platform)
        before = self._accepted
        arranged = self._ask_about_arrangement()
        return [*events, arranged] if arranged.verdict != before else events

    def _make_good(self, trade: Pending, failed: str) -> list[Event]:
        sides = ((trade.buyer, trade.buy, BUY), (trade.seller, trade.sell, SELL))
        covered = (self._cover(trade, seat, order, side, failed) for seat, order, side in sides)
        return [event for event in covered if event.loss or event.verdict.outcome is not Outcome.VALUE]

    def _cover(self, trade: Pending, seat: Seat, order: str, side: str, failed: str) -> LossCovered:
        """What one side lost, as far as the funds reach."""
        answer = self._cost(trade, seat, side, failed)
        loss = answer.value if answer.outcome is Outcome.VALUE else 0
        money = seat.account.money
        from_reserve = min(loss, self.reserve_fund.free)
        from_compensation = min(loss - from_reserve, self.compensation.free)
        for fund, amount in ((self.reserve_fund, from_reserve), (self.compensation, from_compensation)):
            fund.hold(amount)
            fund.pay(money, amount)
        return LossCovered(
            trade=trade.number,
            order=order,
            participant=seat.account.id,
            verdict=answer.verdict,
            per=rests_on(answer),
            loss=loss,
            from_reserve_fund=from_reserve,
            from_compensation=from_compensation,
            uncovered=loss - from_reserve - from_compensation,
            reserve_fund=self.reserve_fund.free,
            compensation=self.compensation.free,
        )

    def _cost(self, trade: Pending, seat: Seat, side: str, failed: str) -> Answer:
        """What a side lost, if the rules can tell."""
        question = self.rules.asked.replacement_cost
        record = unchecked(
            question.records["FailedTrade"],
            side=side,
            capacity=seat.facts.capacity,
            price=trade.price,
            quantity=trade.quantity,
            last_price=trade.market.last_price,
            own_platform_failed=seat.account.platform == failed,
        )
        return question.answer(record)


# ── one trade, and several ──────────────────────────────────────────────────────────────────


def exchanged(
    buyer: Seat, seller: Seat, quantity: int, value: int, buyer_fees: int, seller_fees: int, fees: Balance
) -> None:
    """Money against tokens, both out of what was reserved; the seller's fees are kept from what it is paid."""
    money = buyer.money
    if charged := buyer_fees + seller_fees:
        money.pay(fees, charged)
    money.pay(seller.money, value - seller_fees)
    seller.tokens.pay(buyer.tokens, quantity)


def moved(buyer: Account, seller: Account, value: int) -> None:
    """What someone bought and what someone sold counts towards their exposures."""
    buyer.bought += value
    seller.sold += value
    buyer.exposure = seller.exposure = None


def by_pair(trades: Iterable[Pending]) -> list[tuple[tuple[str, str], list[Pending]]]:
    """The trades of each two platforms, in the order of their names."""
    pairs: dict[tuple[str, str], list[Pending]] = {}
    for trade in trades:
        pairs.setdefault(trade.pair, []).append(trade)
    return sorted(pairs.items())


def netted(
    one: str, other: str, trades: list[Pending], why: str, verdict: Verdict | None, per: tuple[str, ...]
) -> Settled:
    """What the trades of two platforms come to when all are set against each other."""
    owed = 0  # by `one`
    tokens: dict[str, int] = {}  # to be delivered by `one`
    for trade in trades:
        sign = 1 if trade.buyer.account.platform == one else -1
        owed += sign * trade.value
        token = trade.market.listed.id
        tokens[token] = tokens.get(token, 0) - sign * trade.quantity
    deliveries = (Delivery(t, one if q > 0 else other, abs(q)) for t, q in sorted(tokens.items()) if q)
    return Settled(
        one=one,
        other=other,
        why=why,
        verdict=verdict,
        per=per,
        payer=(one if owed > 0 else other) if owed else "",
        trades=tuple(trade.number for trade in trades),
        gross=sum(trade.value for trade in trades),
        net=abs(owed),
        deliveries=tuple(deliveries),
    )
