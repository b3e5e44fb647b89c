"""Trades across platforms until they are settled, and what stands behind them.

In: trades, each with its money and tokens reserved; the arrangement; a platform that fails. Out: events. Whether a
trade may be made, when to settle within the day, how long trades may wait and what a failed one costs is asked of
the rulebook. Trades are netted by pairs of platforms; money goes against tokens, for all trades of a pair or none.
A loss is paid by the reserve fund first and the compensation arrangement second. Absent: clock and orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from attrs import frozen

from policy.answers import MISSING, Answer, Outcome, Verdict
from policy.exchange.commands import ArrangeSettlement
from policy.exchange.events import (
    Delivery,
    Event,
    LossCovered,
    Settled,
    SettlementArranged,
    SettlementFailed,
    SettleReason,
)
from policy.exchange.ledger import Balance, Ledger
from policy.exchange.rules import Rules, rests_on
from policy.exchange.state import COMPENSATION, CURRENCY, FEES, RESERVE_FUND, Account, Market, MarketAccess
from policy.facts.records import unchecked
from policy.market.book import BUY, SELL, Side
from policy.market.checks import read, within_facts
from policy.vocabulary import FactsJson, Json, RuntimeValue

REQUESTED: Final = "requested"
INTERVAL: Final = "interval"
NEW_DAY: Final = "new_day"
ARRANGEMENT: Final = "arrangement"
RULES: Final = "rules"
AT_ONCE, NEVER = -1 << 63, 1 << 63
_NOT_ASKED = Verdict(Outcome.UNDECIDED)


@frozen(eq=False)
class UnsettledTrade:
    """A trade whose money and tokens are reserved and have not changed hands."""

    number: int
    at: int
    market: Market
    buyer: MarketAccess
    seller: MarketAccess
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
        party, counterparty = sorted((self.buyer.account.platform, self.seller.account.platform))
        return party, counterparty

    def settle(self, fees: Balance) -> None:
        """Money and tokens change hands."""
        transfer(self.buyer, self.seller, self.quantity, self.value, self.buyer_fees, self.seller_fees, fees)

    def undo(self) -> None:
        """Both sides have back what was reserved, as if they had not traded."""
        self.buyer.money.release(self.value + self.buyer_fees)
        self.seller.tokens.release(self.quantity)
        record_turnover(self.buyer.account, self.seller.account, -self.value)


class Clearing:
    """What is not settled yet, under the rules of the day."""

    def __init__(self, rules: Rules, ledger: Ledger, emit: Callable[[Event], None]) -> None:
        self.rules = rules
        self.ledger = ledger
        self.emit = emit
        self.unsettled = 0
        self.due = AT_ONCE  # from then on, whatever waits is settled first
        self.waiting: list[UnsettledTrade] = []
        self._settled_at: int | None = None
        self._stated: FactsJson = {}  # the arrangement
        self._arrangement: RuntimeValue = None
        self._accepted = _NOT_ASKED
        self.fees = ledger.balance(FEES, CURRENCY)
        self.reserve_fund = ledger.balance(RESERVE_FUND, CURRENCY)
        self.compensation = ledger.balance(COMPENSATION, CURRENCY)
        self._ask_about_arrangement()

    # ── the arrangement ─────────────────────────────────────────────────────────────────────

    def arrange(self, command: ArrangeSettlement) -> None:
        """Takes the arrangement once its trades under the old one are settled; its funds come to hold what it states.

        Raises InvalidCommandError where its facts cannot be read, or its funds are too large.
        """
        (arrangement,) = read(self.rules.asked.arrangement_accepted, {"arrangement": dict(command.facts)})
        within_facts(self._money_with(arrangement), "money in the exchange")
        if self.unsettled:
            self.settle(command.at, ARRANGEMENT)
        self._stated = command.facts
        for fund, stated in self._funds(arrangement):
            if stated is not MISSING:
                self.ledger.deposit(fund, CURRENCY, stated - fund.free)
        self.emit(self._ask_about_arrangement())

    def _money_with(self, arrangement: RuntimeValue) -> int:
        """All money once the funds hold what an arrangement states."""
        funds = self._funds(arrangement)
        more: int = sum(stated - fund.free for fund, stated in funds if stated is not MISSING)
        return self.ledger.deposited.get(CURRENCY, 0) + more

    def _funds(self, arrangement: RuntimeValue) -> tuple[tuple[Balance, Any], ...]:
        return (self.reserve_fund, arrangement.reserve_fund), (self.compensation, arrangement.compensation)

    def _ask_about_arrangement(self) -> SettlementArranged:
        """Asks about it as it is now, with what its funds hold."""
        (stated,) = read(self.rules.asked.arrangement_accepted, {"arrangement": dict(self._stated)})
        self._arrangement = arrangement = unchecked(type(stated), stated)
        if arrangement.reserve_fund is not MISSING:
            arrangement.reserve_fund = self.reserve_fund.free
        if arrangement.compensation is not MISSING:
            arrangement.compensation = self.compensation.free
        question = self.rules.asked.arrangement_accepted
        self._accepted = question.verdict(arrangement)
        facts = question.as_facts(arrangement)
        return SettlementArranged(self._accepted, facts, self.reserve_fund.free, self.compensation.free)

    def prepare(self, rules: Rules) -> None:
        """Raises InvalidCommandError where the arrangement cannot be judged by the rules of another day."""
        read(rules.asked.arrangement_accepted, {"arrangement": dict(self._stated)})

    def follow(self, rules: Rules) -> None:
        """Takes the rules of another day; emits what the arrangement is to them if that is another answer."""
        before, self.rules = self._accepted, rules
        arranged = self._ask_about_arrangement()
        self._next_due()
        if self._stated and arranged.verdict != before:
            self.emit(arranged)

    def refuses(self, value: int) -> tuple[Verdict, Json] | None:
        """Why a trade of this value may not be made across platforms, with the facts; None if it may."""
        asked, arrangement = self.rules.asked, self._arrangement
        if self._accepted.outcome is not Outcome.PERMITTED:
            return self._accepted, asked.arrangement_accepted.as_facts(arrangement)
        verdict = asked.within_cap.verdict(arrangement, self.unsettled, value)
        if verdict.outcome is Outcome.PERMITTED:
            return None
        return verdict, asked.within_cap.as_facts(arrangement, self.unsettled, value)

    # ── waiting and settling ────────────────────────────────────────────────────────────────

    def pass_time(self, at: int) -> None:
        """Settles what has waited until it is due; from the first moment on, time counts towards that."""
        if self._settled_at is None:
            self._begin(at)
        else:
            self.settle(at, INTERVAL)

    def _begin(self, at: int) -> None:
        self._settled_at = at
        self._next_due()

    def _next_due(self) -> None:
        known = self._settled_at is not None and self.rules.interval is not None
        self.due = self._settled_at + self.rules.interval if known else NEVER  # type: ignore[operator]  # both known

    def add(self, trade: UnsettledTrade) -> None:
        """A trade that waits; all that wait are settled if the rules say that it is time."""
        self.waiting.append(trade)
        self.unsettled += trade.value
        verdict = self.rules.asked.intraday_due.verdict(self._arrangement, self.unsettled)
        if verdict.outcome is Outcome.PERMITTED:
            self.settle(trade.at, RULES, verdict)

    def settle(self, at: int, reason: SettleReason, verdict: Verdict | None = None) -> None:
        """Settles everything that waits, pair by pair."""
        per = self.rules.interval_per if reason in (INTERVAL, NEW_DAY) else ()
        if verdict is not None:
            per = tuple(str(citation) for reasons in verdict.reasons for citation in reasons.citations)
        for (party, counterparty), trades in by_pair(self.waiting):
            for trade in trades:
                trade.settle(self.fees)
            self.emit(net(party, counterparty, trades, reason, verdict, per))
        self.waiting.clear()
        self.unsettled = 0
        self._begin(at)

    # ── failing ─────────────────────────────────────────────────────────────────────────────

    def fail(self, platform: str) -> None:
        """Undoes what waits with a platform that does not deliver, and compensates what that costs clients."""
        failed = [trade for trade in self.waiting if platform in trade.pair]
        self.waiting = [trade for trade in self.waiting if platform not in trade.pair]
        for (party, counterparty), trades in by_pair(failed):
            gross = sum(trade.value for trade in trades)
            self.unsettled -= gross
            against = party if counterparty == platform else counterparty
            self.emit(SettlementFailed(platform, against, tuple(t.number for t in trades), gross))
            for trade in trades:
                trade.undo()
                self._compensate(trade, platform)
        before = self._accepted
        arranged = self._ask_about_arrangement()
        if arranged.verdict != before:
            self.emit(arranged)

    def _compensate(self, trade: UnsettledTrade, failed: str) -> None:
        sides: tuple[tuple[MarketAccess, str, Side], ...]
        sides = (trade.buyer, trade.buy, BUY), (trade.seller, trade.sell, SELL)
        for seat, order, side in sides:
            covered = self._cover(trade, seat, order, side, failed)
            if covered.loss or covered.verdict.outcome is not Outcome.VALUE:
                self.emit(covered)

    def _cover(self, trade: UnsettledTrade, seat: MarketAccess, order: str, side: Side, failed: str) -> LossCovered:
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

    def _cost(self, trade: UnsettledTrade, seat: MarketAccess, side: Side, failed: str) -> Answer:
        """What a side lost, if the rules can compute it."""
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


def transfer(
    buyer: MarketAccess,
    seller: MarketAccess,
    quantity: int,
    value: int,
    buyer_fees: int,
    seller_fees: int,
    fees: Balance,
) -> None:
    """Money against tokens, both out of what was reserved; the seller's fees are kept from what it is paid."""
    money = buyer.money
    if charged := buyer_fees + seller_fees:
        money.pay(fees, charged)
    money.pay(seller.money, value - seller_fees)
    seller.tokens.pay(buyer.tokens, quantity)


def record_turnover(buyer: Account, seller: Account, value: int) -> None:
    """What someone bought and what someone sold counts towards their exposures."""
    buyer.bought += value
    seller.sold += value
    buyer.exposure = seller.exposure = None


def by_pair(trades: Iterable[UnsettledTrade]) -> list[tuple[tuple[str, str], list[UnsettledTrade]]]:
    """The trades of each two platforms, in the order of their names."""
    pairs: dict[tuple[str, str], list[UnsettledTrade]] = {}
    for trade in trades:
        pairs.setdefault(trade.pair, []).append(trade)
    return sorted(pairs.items())


def net(
    party: str,
    counterparty: str,
    trades: list[UnsettledTrade],
    reason: SettleReason,
    verdict: Verdict | None,
    per: tuple[str, ...],
) -> Settled:
    """What the trades of two platforms come to when all are set against each other."""
    owed = 0  # by the party
    tokens: dict[str, int] = {}  # to be delivered by the party
    for trade in trades:
        sign = 1 if trade.buyer.account.platform == party else -1
        owed += sign * trade.value
        token = trade.market.listed.id
        tokens[token] = tokens.get(token, 0) - sign * trade.quantity
    deliveries = (Delivery(t, party if q > 0 else counterparty, abs(q)) for t, q in sorted(tokens.items()) if q)
    return Settled(
        party=party,
        counterparty=counterparty,
        reason=reason,
        verdict=verdict,
        per=per,
        payer=(party if owed > 0 else counterparty) if owed else "",
        trades=tuple(trade.number for trade in trades),
        gross=sum(trade.value for trade in trades),
        net=abs(owed),
        deliveries=tuple(deliveries),
    )
