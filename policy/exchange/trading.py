"""Orders: let in by the rules, funded, matched, replaced, cancelled, and judged again when something changes.

In: orders whose commands make sense, seats, and the rules of the day. Out: events. What an order is worth, whether
it may be there and who goes first is asked of the rulebook; what an order type means is `matcher`'s to say. What
is reserved for an order is at every moment exactly what the rulebook says that the rest of it needs. Absent:
clock, set-up, and what becomes of trades that wait for settlement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from policy.decisions import Outcome, UndecidedError, Verdict
from policy.exchange.book import BUY, FILL_OR_KILL, LIMIT, BookOrder, Fill
from policy.exchange.checks import not_covered, nothing_to_meet
from policy.exchange.clearing import Clearing, Pending, exchanged, moved
from policy.exchange.events import (
    Accepted,
    Cancelled,
    Event,
    Refused,
    Removed,
    Replaced,
    ReplaceRefused,
    Traded,
    TradeRefused,
)
from policy.exchange.funding import Funding, Live, balance_of, reserve, split
from policy.exchange.matcher import ASKED, OWN_ORDER, RESTED, Report, meet
from policy.exchange.orders import Place, Replace
from policy.exchange.register import Register, Seat
from policy.exchange.rules import Rules

TRADE_REFUSED, NOT_COVERED = "trade_refused", "not_covered"  # why an order is cancelled, beside `matcher`'s reasons
_PERMITTED = Outcome.PERMITTED


@define(eq=False, repr=False)
class Floor:
    """Every order that rests, under the rules of the day. With `evidence`, events tell more than a trader needs."""

    register: Register
    clearing: Clearing
    rules: Rules
    evidence: bool = False
    live: dict[str, BookOrder] = field(factory=dict)
    _sequence: int = 0
    _trades: int = 0
    _funding: Funding = field(init=False)
    _notional: Callable[..., int] = field(init=False)
    _accepted: Callable[..., Verdict] = field(init=False)
    _priority: Callable[..., tuple[int, ...]] = field(init=False)
    _per: tuple[str, ...] = field(init=False)  # what the order of the queue stands on

    def __attrs_post_init__(self) -> None:
        self.follow(self.rules)

    def follow(self, rules: Rules) -> None:
        """Takes the rules of another day; what rests is not judged by them yet."""
        self.rules = rules
        self._funding = Funding(rules.asked)
        self._notional = self._funding.notional
        self._accepted, self._priority = rules.asked.accepted.verdict, rules.asked.priority.fast
        self._per = rules.asked.priority.per

    # ── an order comes in ───────────────────────────────────────────────────────────────────

    def place(self, command: Place, seat: Seat) -> list[Event]:
        """Decides an order, and carries it out."""
        side, quantity, kind, own = command.side, command.quantity, command.type, command.facts
        order = BookOrder(command.id, command.by, side, command.price or 0, quantity)
        meeting = meet(seat.market.book, order, kind, seat.market.listed.self_trade)
        if command.price is None:  # a market order is funded at the worst price that it would meet
            if not meeting.fills:
                return [nothing_to_meet(order.id)]
            order.price = meeting.fills[-1][0].price
        facts = self.register.facts(seat, own) if own else seat.facts
        order.data = live = Live(seat, facts, own, command.fees, command.at, self._sequence + 1)
        self._funding.state(live, side, order.price, quantity)
        verdict = self._accepted(facts)
        if verdict.outcome is not _PERMITTED:
            return [Refused(order.id, verdict, self._funding.told(facts))]
        rests = meeting.outcome == RESTED
        try:
            needed = self._notional(facts) + live.fees if side == BUY else quantity
            if rests:
                order.key = self._priority(facts)
        except UndecidedError as unanswered:
            return [Refused(order.id, unanswered.answer.verdict, self._funding.told(facts))]
        money, tokens = (needed, 0) if side == BUY else (0, needed)
        if money > seat.money.free or tokens > seat.tokens.free:
            return [not_covered("place", order.id)]
        self._sequence = live.sequence
        reserve(live, side, needed)
        told = self._funding.told(facts) if self.evidence else None
        events: list[Event] = [Accepted(order.id, verdict, money, tokens, told)]
        if rests and not meeting.fills and not meeting.leaving:  # most orders
            seat.market.book.rest(order)
            self.live[order.id] = order
        else:
            self._carry_out(order, live, meeting, kind, events)
        return events

    def _carry_out(self, order: BookOrder, live: Live, meeting: Report, kind: str, events: list[Event]) -> None:
        """Trades with what an accepted order meets; what is left rests, or is cancelled."""
        for own in meeting.leaving:
            events.append(self.cancel(own, OWN_ORDER))
        if meeting.fills and not self._trade_all(order, live, meeting.fills, kind, events):
            events.append(self._cancelled(order, TRADE_REFUSED))
        elif meeting.outcome == RESTED:
            live.seat.market.book.rest(order)
            self.live[order.id] = order
        elif order.remaining:
            events.append(self._cancelled(order, meeting.why))

    # ── trades ──────────────────────────────────────────────────────────────────────────────

    def _trade_all(self, order: BookOrder, live: Live, fills: Sequence[Fill], kind: str, events: list[Event]) -> bool:
        """Trades until everything is filled; false as soon as the rules forbid a trade, or cannot say."""
        platform = live.seat.account.platform
        meets = fills
        try:
            if kind == FILL_OR_KILL:
                meets = [fill for fill in fills if fill[0].data.seat.account.platform != platform]
                value = sum(self._worth(order, *fill)[0] for fill in meets)
                if meets and self._forbidden(order, meets, value, events):
                    return False
            for fill in fills:
                meets = [fill]
                value, still = self._worth(order, *fill)
                waits = fill[0].data.seat.account.platform != platform
                if waits and kind != FILL_OR_KILL and self._forbidden(order, meets, value, events):
                    return False
                self._trade(order, *fill, value, still, waits, events)
        except UndecidedError as unanswered:
            answer = unanswered.answer
            facts = self.rules.asked.notional.told(*answer.arguments)
            events.append(TradeRefused(order.id, tuple(o.id for o, _ in meets), answer.verdict, facts))
            return False
        return True

    def _worth(self, order: BookOrder, resting: BookOrder, quantity: int) -> tuple[int, int]:
        """What so much is worth at the price of the order at rest, and what the rest of the buyer's order is then.

        Never more than the reservation gives up, so that roundings of parts cannot add up to more than was
        reserved for the whole.
        """
        buyer = order if order.side == BUY else resting
        live: Live = buyer.data
        still = 0
        if left := buyer.remaining - quantity:
            still = self._funding.value(live, buyer.price, left)
        return min(self._funding.value(live, resting.price, quantity), live.held - live.fees - still), still

    def _forbidden(self, order: BookOrder, meets: Sequence[Fill], value: int, events: list[Event]) -> bool:
        """Whether the rules do not let trades of this value wait for settlement."""
        refused = self.clearing.refuses(value)
        if refused is not None:
            events.append(TradeRefused(order.id, tuple(resting.id for resting, _ in meets), *refused))
        return refused is not None

    def _trade(
        self,
        order: BookOrder,
        resting: BookOrder,
        quantity: int,
        value: int,
        still: int,
        waits: bool,
        events: list[Event],
    ) -> None:
        """One trade: paid at once within a platform, and reserved until settlement across platforms."""
        buyer, seller = (order, resting) if order.side == BUY else (resting, order)
        bought: Live = buyer.data
        sold: Live = seller.data
        market = bought.seat.market
        queue = tuple(o.id for o in market.book.level(resting.side, resting.price)) if self.evidence else ()
        charged = bought.fees * quantity // buyer.remaining
        due = sold.fees * quantity // seller.remaining
        kept = min(due, value)
        market.book.take(order, ((resting, quantity),))
        if not resting.remaining:
            del self.live[resting.id]
        self._trades += 1
        market.last_price = resting.price
        given_up = bought.held - bought.fees - still
        bought.fees -= charged
        bought.held = still + bought.fees
        bought.seat.account.open_buys -= given_up
        bought.seat.money.release(given_up - value)
        sold.fees -= due
        sold.held -= quantity
        moved(bought.seat.account, sold.seat.account, value)
        events.append(
            Traded(
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
        if waits:
            trade = Pending(
                number=self._trades,
                at=order.data.at,
                market=market,
                buyer=bought.seat,
                seller=sold.seat,
                buy=buyer.id,
                sell=seller.id,
                price=resting.price,
                quantity=quantity,
                value=value,
                buyer_fees=charged,
                seller_fees=kept,
            )
            events += self.clearing.add(trade)
        else:
            exchanged(bought.seat, sold.seat, quantity, value, charged, kept, self.clearing.fees)

    # ── an order at rest ────────────────────────────────────────────────────────────────────

    def cancel(self, order: BookOrder, why: str = ASKED) -> Cancelled:
        """Takes an order at rest out."""
        order.data.seat.market.book.cancel(order)
        del self.live[order.id]
        return self._cancelled(order, why)

    def _cancelled(self, order: BookOrder, why: str) -> Cancelled:
        """Frees what an order holds that rests no longer, or never did."""
        live: Live = order.data
        held = live.held
        reserve(live, order.side, 0)
        return Cancelled(order.id, why, order.remaining, *split(order.side, held))

    def replace(self, command: Replace, order: BookOrder) -> list[Event]:
        """Another price or quantity for an order at rest, decided as if it were new; what it holds is available."""
        old: Live = order.data
        seat, side, quantity = old.seat, order.side, command.quantity
        stays = command.price == order.price and quantity <= order.remaining
        at, sequence = (old.at, old.sequence) if stays else (command.at, self._sequence + 1)
        live = Live(seat, old.facts, old.own, old.fees, at, sequence)
        live.held = old.held
        self._funding.state(live, side, command.price, quantity)
        verdict = self._accepted(live.facts)
        if verdict.outcome is not _PERMITTED:
            return [ReplaceRefused(order.id, verdict, self._funding.told(live.facts))]
        new = BookOrder(order.id, order.owner, side, command.price, quantity, order.key, live)
        try:
            needed = self._funding.needed(live, side, quantity)
            if not stays:
                new.key = self._priority(live.facts)
        except UndecidedError as unanswered:
            return [ReplaceRefused(order.id, unanswered.answer.verdict, self._funding.told(live.facts))]
        if needed > balance_of(live, side).free + live.held:
            return [not_covered("replace", order.id)]
        reserve(live, side, needed)
        money, tokens = split(side, needed)
        events: list[Event] = [Replaced(order.id, verdict, stays, command.price, quantity, money, tokens)]
        book = seat.market.book
        if stays:
            order.data = live
            book.reduce(order, quantity)
            return events
        self._sequence = sequence
        book.cancel(order)
        del self.live[order.id]
        meeting = meet(book, new, LIMIT, seat.market.listed.self_trade)
        self._carry_out(new, live, meeting, LIMIT, events)
        return events

    # ── what rests is judged again ──────────────────────────────────────────────────────────

    def judge_again(self, concerned: Callable[[Seat], bool], ranked_anew: bool = False) -> list[Event]:
        """Decides orders at rest again, in the order they came, when what they state or the rules have changed."""
        events: list[Event] = []
        for order in [o for o in self.live.values() if concerned(o.data.seat)]:
            live: Live = order.data
            live.facts = self.register.facts(live.seat, live.own) if live.own else live.seat.facts
            events += self._judge(order, live, ranked_anew)
        return events

    def _judge(self, order: BookOrder, live: Live, ranked_anew: bool) -> list[Event]:
        self._funding.state(live, order.side, order.price, order.remaining)
        verdict = self._accepted(live.facts)
        if verdict.outcome is not _PERMITTED:
            return [self._removed(order, live, verdict)]
        try:
            needed = self._funding.needed(live, order.side, order.remaining)
            key = self._priority(live.facts) if ranked_anew else order.key
        except UndecidedError as unanswered:
            return [self._removed(order, live, unanswered.answer.verdict)]
        if needed > balance_of(live, order.side).free + live.held:
            return [self.cancel(order, NOT_COVERED)]
        reserve(live, order.side, needed)
        if key != order.key:
            book = live.seat.market.book
            book.cancel(order)
            order.key = key
            book.rest(order)
        return []

    def _removed(self, order: BookOrder, live: Live, verdict: Verdict) -> Removed:
        facts = self._funding.told(live.facts)
        gone = self.cancel(order)
        return Removed(order.id, verdict, facts, gone.remaining, gone.money, gone.tokens)
