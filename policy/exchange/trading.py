"""Orders: let in by the rules, funded, matched, replaced, cancelled, and judged again when something changes.

In: orders whose commands make sense, seats, and the rules of the day. Out: events. What an order is worth, whether
it may be there and who goes first is asked of the rulebook; what an order type means, `matcher` says. What
is reserved for an order is at every moment exactly what the rulebook says that the rest of it needs. Absent:
clock, set-up, and what becomes of trades that wait for settlement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from policy.answers import Outcome, UndecidedError, Verdict
from policy.exchange.checks import not_covered, unpriced
from policy.exchange.clearing import Clearing, UnsettledTrade, record_turnover, transfer
from policy.exchange.commands import QUANTITY, Place
from policy.exchange.events import (
    CancelReason,
    Event,
    FeesWaived,
    OrderDecremented,
    OrderExpelled,
    OrderRejected,
    OrderReplaced,
    ReplaceRejected,
    TradeRejected,
    accepted,
    cancelled,
    traded,
)
from policy.exchange.reservation import Reservation, balance_of, free, reserve, split
from policy.exchange.rules import Rules
from policy.exchange.state import MarketAccess, Order, Register
from policy.market.book import BUY, FILL_OR_KILL, Fill, Key, OrderType
from policy.market.checks import within_facts
from policy.market.matcher import OWN_ORDER, REQUESTED, RESTED, MatchResult, match

TRADE_REJECTED: Final = "trade_rejected"
INSUFFICIENT_BALANCE: Final = "insufficient_balance"
_PERMITTED: Final = Outcome.PERMITTED


class OrderDesk:
    """Every order that rests, under the rules of the day. With `evidence`, events carry more than a trader needs."""

    def __init__(
        self, register: Register, clearing: Clearing, rules: Rules, events: list[Event], evidence: bool
    ) -> None:
        self.register = register
        self.clearing = clearing
        self.events = events
        self.evidence = evidence
        self.live: dict[str, Order] = {}
        self._sequence = 0
        self._trades = 0
        self.follow(rules)

    def follow(self, rules: Rules) -> None:
        """Takes the rules of another day; what rests is not judged by them yet."""
        self.rules = rules
        self._reservation = Reservation(rules)
        self._notional: Callable[..., int] = self._reservation.notional
        self._accepted: Callable[..., Verdict] = rules.asked.accepted.verdict
        self._priority: Callable[..., tuple[int, ...]] = rules.asked.priority.fast
        self._per = rules.asked.priority.provisions  # what the order of the queue stands on

    # ── an order comes in ───────────────────────────────────────────────────────────────────

    def place(
        self, command: Place, price: int | None, quantity: int, seat: MarketAccess
    ) -> tuple[Verdict, int, int] | None:
        """Decides an order, and carries it out. The verdict that lets it in, and what is reserved; else nothing.

        Raises InvalidCommandError where nothing can be reserved for it.
        """
        side, type, own = command.side, command.type, command.facts
        facts = self.register.facts(seat, own) if own else seat.facts
        order = Order(command, seat, facts, price or 0, quantity, command.at, self._sequence + 1)
        result = match(seat.market.book, order, type, seat.market.self_trade)
        if price is None:  # a market order is funded at the worst price that it would meet
            if not result.fills:
                raise unpriced(order.id, result.why_unpriced)
            order.price = result.fills[-1][0].price
        rests = result.outcome == RESTED
        decided = None if own or self.evidence else self._reservation.decided(order)
        if decided is None:
            decided = self._decided(order, rests)
            if decided is None:
                return None
        verdict, worth, order.key = decided
        money, tokens = (worth + order.fees, 0) if side == BUY else (0, quantity)
        if money > seat.money.free or tokens > seat.tokens.free:
            raise not_covered(order.id)
        self._sequence = order.sequence
        reserve(order, money or tokens)
        told = self._reservation.as_facts(facts) if self.evidence else None
        self.events.append(accepted(order.id, verdict, money, tokens, told))
        if rests and not result.fills and not result.self_trade_cancels:  # most orders
            seat.market.book.rest(order)
            self.live[order.id] = order
        else:
            self._carry_out(order, result, type)
        return verdict, money, tokens

    def _decided(self, order: Order, rests: bool) -> tuple[Verdict, int, Key] | None:
        """The verdict on an order that is let in, its worth, and its key if it rests; else it is rejected."""
        facts = self._reservation.state(order)
        verdict = self._accepted(facts)
        if verdict.outcome is _PERMITTED:
            try:
                worth = self._notional(facts) if order.side == BUY else 0
                return verdict, worth, self._priority(facts) if rests else ()
            except UndecidedError as unanswered:
                verdict = unanswered.answer.verdict
        self.events.append(OrderRejected(order.id, verdict, self._reservation.as_facts(facts)))
        return None

    def _carry_out(self, order: Order, result: MatchResult[Order], type: OrderType) -> None:
        """Trades with what an accepted order meets; what is left rests, or is cancelled.

        An order that trades all or nothing leaves its owner's others as they are where the rules forbid it.
        """
        if type == FILL_OR_KILL and result.fills and not self._may_trade_whole(order, result.fills):
            self._cancelled(order, TRADE_REJECTED)
            return
        for own in result.self_trade_cancels:
            self.cancel(own, OWN_ORDER)
        if result.lowered and not self._decrement(*result.lowered):
            self.cancel(result.lowered[0], OWN_ORDER)
        if result.decremented and not self._decrement(order, order.remaining - result.decremented):
            self._cancelled(order, OWN_ORDER)
            return
        if result.fills and not self._trade_all(order, result.fills, type):
            self._cancelled(order, TRADE_REJECTED)
        elif result.outcome == RESTED:
            order.data.market.book.rest(order)
            self.live[order.id] = order
        elif order.remaining:
            self._cancelled(order, result.reason)

    # ── trades ──────────────────────────────────────────────────────────────────────────────

    def _may_trade_whole(self, order: Order, fills: Sequence[Fill[Order]]) -> bool:
        """Whether the rules let all these trades happen; false where they cannot say."""
        platform = order.data.account.platform
        meets = [fill for fill in fills if fill[0].data.account.platform != platform]
        try:
            return not meets or not self._forbidden(order, meets, sum(self._worth(order, *fill)[0] for fill in meets))
        except UndecidedError as unanswered:
            self._undecided(order, meets, unanswered)
            return False

    def _trade_all(self, order: Order, fills: Sequence[Fill[Order]], type: OrderType) -> bool:
        """Trades until everything is filled; false as soon as the rules forbid a trade, or cannot say."""
        platform, meets = order.data.account.platform, fills
        try:
            for resting, quantity in fills:
                meets = ((resting, quantity),)
                value, still = self._worth(order, resting, quantity)
                waits = resting.data.account.platform != platform
                if waits and type != FILL_OR_KILL and self._forbidden(order, meets, value):
                    return False
                self._trade(order, meets, value, still, waits)
        except UndecidedError as unanswered:
            self._undecided(order, meets, unanswered)
            return False
        return True

    def _undecided(self, order: Order, meets: Sequence[Fill[Order]], unanswered: UndecidedError) -> None:
        """What trades are worth cannot be said, so that they do not happen."""
        answer = unanswered.answer
        facts = self.rules.asked.notional.as_facts(*answer.arguments)
        self.events.append(TradeRejected(order.id, tuple(o.id for o, _ in meets), answer.verdict, facts))

    def _worth(self, order: Order, resting: Order, quantity: int) -> tuple[int, int]:
        """What so much is worth at the price of the order at rest, and what the rest of the buyer's order is then.

        Never more than the reservation gives up, so that roundings of parts cannot add up to more than was
        reserved for the whole.
        """
        buyer = order if order.side == BUY else resting
        still = 0
        if left := buyer.remaining - quantity:
            still = self._reservation.value(buyer, buyer.price, left)
        return min(self._reservation.value(buyer, resting.price, quantity), buyer.held - buyer.fees - still), still

    def _forbidden(self, order: Order, meets: Sequence[Fill[Order]], value: int) -> bool:
        """Whether the rules do not let trades of this value wait for settlement."""
        refused = self.clearing.refuses(value)
        if refused is not None:
            self.events.append(TradeRejected(order.id, tuple(resting.id for resting, _ in meets), *refused))
        return refused is not None

    def _trade(self, order: Order, fills: Sequence[Fill[Order]], value: int, still: int, waits: bool) -> None:
        """One trade: paid at once within a platform, and reserved until settlement across platforms."""
        ((resting, quantity),) = fills
        buyer, seller = (order, resting) if order.side == BUY else (resting, order)
        bought, sold = buyer.data, seller.data
        market = bought.market
        queue = tuple(o.id for o in market.book.level(resting.side, resting.price)) if self.evidence else ()
        charged, due = _used(buyer, seller, quantity, value, still)
        kept = min(due, value)
        market.book.fill(order, fills)
        if not resting.remaining:
            del self.live[resting.id]
        self._trades += 1
        market.last_price = resting.price
        record_turnover(bought.account, sold.account, value)
        self.events.append(
            traded(
                self._trades,
                market.listed.id,
                resting.id,
                order.id,
                buyer.id,
                seller.id,
                not waits,
                market.venue,
                resting.price,
                quantity,
                value,
                charged,
                kept,
                self._per,
                queue,
            )
        )
        if due > kept:
            self.events.append(FeesWaived(seller.id, self._trades, due - kept))
        if waits:
            trade = UnsettledTrade(
                number=self._trades,
                at=order.at,
                market=market,
                buyer=bought,
                seller=sold,
                buy=buyer.id,
                sell=seller.id,
                price=resting.price,
                quantity=quantity,
                value=value,
                buyer_fees=charged,
                seller_fees=kept,
            )
            self.clearing.add(trade)
        else:
            transfer(bought, sold, quantity, value, charged, kept, self.clearing.fees)

    def _decrement(self, order: Order, remaining: int) -> bool:
        """Lowers what is left of an order; false where the rules cannot say what the rest is worth."""
        fees = -(-order.fees * remaining // order.remaining)
        try:
            worth = self._reservation.value(order, order.price, remaining) if order.side == BUY else 0
        except UndecidedError:
            return False
        needed = worth + fees if order.side == BUY else remaining
        held = order.held
        order.data.market.book.reduce(order, remaining)
        _reserve_anew(order, needed, fees)
        self.events.append(OrderDecremented(order.id, remaining, *split(order.side, held - needed)))
        return True

    # ── an order at rest ────────────────────────────────────────────────────────────────────

    def cancel(self, order: Order, reason: CancelReason = REQUESTED) -> None:
        """Takes an order at rest out."""
        order.data.market.book.cancel(order)
        del self.live[order.id]
        self._cancelled(order, reason)

    def _cancelled(self, order: Order, reason: CancelReason) -> None:
        """Frees what an order holds that rests no longer, or never did."""
        money, tokens = free(order)
        self.events.append(cancelled(order.id, reason, order.remaining, money, tokens))

    def replace(self, order: Order, price: int, quantity: int, now: int) -> None:
        """Another price or quantity for an order at rest, decided as if it were new; what it holds is available.

        It keeps its type: a post-only order that would trade at its new price is cancelled. Its fees follow its
        quantity. Raises InvalidCommandError where what it needs cannot be reserved, or no fact could say its fees.
        """
        seat, side = order.data, order.side
        stays = price == order.price and quantity <= order.remaining
        at, sequence = (order.at, order.sequence) if stays else (now, self._sequence + 1)
        new = Order(order.placed, seat, order.facts, price, quantity, at, sequence)
        new.key, new.fees, new.held = order.key, order.fees, order.held
        facts = self._reservation.state(new)
        facts.fees = fees = _fees(order, quantity)
        facts._checked_as = None
        verdict = self._accepted(facts)
        if verdict.outcome is not _PERMITTED:
            self.events.append(ReplaceRejected(order.id, verdict, self._reservation.as_facts(facts)))
            return
        try:
            needed = self._notional(facts) + fees if side == BUY else quantity
            if not stays:
                new.key = self._priority(facts)
        except UndecidedError as unanswered:
            self.events.append(
                ReplaceRejected(order.id, unanswered.answer.verdict, self._reservation.as_facts(facts))
            )
            return
        if needed > balance_of(new).free + new.held:
            raise not_covered(order.id)
        _reserve_anew(new, needed, fees)
        money, tokens = split(side, needed)
        self.events.append(OrderReplaced(order.id, verdict, stays, price, quantity, money, tokens))
        book = seat.market.book
        if stays:
            order.fees, order.held = fees, needed
            book.reduce(order, quantity)
            return
        self._sequence = sequence
        book.cancel(order)
        del self.live[order.id]
        type = order.placed.type
        result = match(book, new, type, seat.market.self_trade)
        self._carry_out(new, result, type)

    # ── what rests is judged again ──────────────────────────────────────────────────────────

    def revalidate(self, seats: Iterable[MarketAccess], rerank: bool = False) -> None:
        """Decides orders of these seats that rest again, as they came, when what they state or the rules changed."""
        concerned = set(seats)
        for order in [o for o in self.live.values() if o.data in concerned]:
            own = order.placed.facts
            order.facts = self.register.facts(order.data, own) if own else order.data.facts
            self._revalidate(order, rerank)

    def _revalidate(self, order: Order, rerank: bool) -> None:
        self._reservation.state(order)
        verdict = self._accepted(order.facts)
        if verdict.outcome is not _PERMITTED:
            self._expel(order, verdict)
            return
        try:
            needed = self._reservation.needed(order)
            key = self._priority(order.facts) if rerank else order.key
        except UndecidedError as unanswered:
            self._expel(order, unanswered.answer.verdict)
            return
        if needed > balance_of(order).free + order.held:
            self.cancel(order, INSUFFICIENT_BALANCE)
            return
        free(order)
        reserve(order, needed)
        if key != order.key:
            book = order.data.market.book
            book.cancel(order)
            order.key = key
            book.rest(order)

    def _expel(self, order: Order, verdict: Verdict) -> None:
        facts = self._reservation.as_facts(order.facts)
        order.data.market.book.cancel(order)
        del self.live[order.id]
        self.events.append(OrderExpelled(order.id, verdict, facts, order.remaining, *free(order)))


def _reserve_anew(order: Order, needed: int, fees: int) -> None:
    """Reserves so much for an order with other fees, which are part of it."""
    free(order)
    order.fees = fees
    reserve(order, needed)


def _fees(order: Order, quantity: int) -> int:
    """The fees of so much of an order, in proportion; rounded up, so that nobody pays less by replacing."""
    placed, made = order.placed, order.data.market.quotation
    fees = -(-placed.fees * quantity // made.size(placed.quantity, QUANTITY))
    within_facts(fees, "fees")
    return fees


def _used(buyer: Order, seller: Order, quantity: int, value: int, still: int) -> tuple[int, int]:
    """Uses up what both orders reserved for a trade that is about to fill them; the fees of buyer and seller."""
    charged = buyer.fees * quantity // buyer.remaining
    due = seller.fees * quantity // seller.remaining
    given_up = buyer.held - buyer.fees - still
    buyer.fees -= charged
    buyer.held = still + buyer.fees
    bought = buyer.data
    bought.account.open_buys -= given_up
    bought.money.release(given_up - value)
    seller.fees -= due
    seller.held -= quantity
    return charged, due
