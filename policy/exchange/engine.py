"""The exchange: decide, reserve, match, and say what happened.

In: commands, one at a time, and three questions of a rulebook. Out: events. The rules decide which orders come
in (`accepted`), what is reserved for them and what a trade is worth (`notional`), and who is filled first
(`priority`). An order's fees are charged as it is filled, in proportion. Absent: clock and I/O; orders executed
off the platform; any rule of the law. The same commands give the same events.
"""

from __future__ import annotations

from attrs import define, evolve, field, frozen

from policy.decisions import MISSING, Answer, Evaluator, Outcome
from policy.exchange.book import BUY, OPPOSITE, Book, Resting
from policy.exchange.ledger import Ledger
from policy.exchange.orders import (
    Accepted,
    Cancel,
    Cancelled,
    Command,
    Event,
    NotCancelled,
    Place,
    Refused,
    Traded,
)


@frozen
class ExchangeRules:
    """What the engine asks, each of an order's facts."""

    accepted: Evaluator
    notional: Evaluator
    priority: Evaluator


@define(eq=False)
class Engine:
    """Books of tokens, all paid for in `money`. Fees go to the account `fees`."""

    rules: ExchangeRules
    ledger: Ledger
    money: str
    fees: str = "fees"
    books: dict[tuple[str, str], Book] = field(factory=dict)
    _live: dict[str, Resting] = field(factory=dict)
    _orders: int = 0
    _trades: int = 0

    def submit(self, command: Command) -> list[Event]:
        """Carries out one command."""
        match command:
            case Place():
                return self._place(command)
            case Cancel():
                return self._cancel(command)

    # ── decide and reserve ──────────────────────────────────────────────────────────────────

    def _place(self, command: Place) -> list[Event]:
        self._orders += 1
        facts = evolve(
            command.facts,
            sequence=self._orders,
            available=self.ledger.available(command.owner, self.money),
            available_quantity=self.ledger.available(command.owner, command.token),
        )
        answer = self.rules.accepted.answer(facts)
        if not answer.permitted:
            return [Refused(command.id, answer)]
        notional, priority = self.rules.notional.answer(facts), self.rules.priority.answer(facts)
        for needed in (notional, priority):
            if needed.outcome is not Outcome.VALUE:
                return [Refused(command.id, needed)]
        fees = 0 if facts.fees is MISSING else facts.fees
        order = Resting(
            id=command.id,
            owner=command.owner,
            market=command.market,
            token=command.token,
            side=facts.side,
            price=facts.price,
            quantity=facts.quantity,
            remaining=facts.quantity,
            key=priority.value,
            held=notional.value + fees if facts.side == BUY else facts.quantity,
            fees=fees,
            facts=facts,
        )
        return self._enter(order, answer)

    def _enter(self, order: Resting, answer: Answer) -> list[Event]:
        """Reserves for the order, matches it, and queues what is left."""
        what = self._pays_with(order)
        self.ledger.hold(order.owner, what, order.held)
        events: list[Event] = [Accepted(order.id, answer, what, order.held)]
        events += self._match(order)
        if order.remaining:
            self._live[order.id] = order
            self._book(order).add(order)
        return events

    # ── match ───────────────────────────────────────────────────────────────────────────────

    def _match(self, incoming: Resting) -> list[Event]:
        """Trades with the other side, in its queue's order, at the prices of the orders at rest."""
        events: list[Event] = []
        book = self._book(incoming)
        for resting in book.queue(OPPOSITE[incoming.side]):
            if not incoming.remaining:
                break
            if not incoming.crosses(resting):
                continue
            queue = tuple(order.id for order in book.level(resting.side, resting.price))
            events.append(self._trade(resting, incoming, queue))
            if not resting.remaining:
                book.remove(resting)
                del self._live[resting.id]
        return events

    def _trade(self, resting: Resting, incoming: Resting, queue: tuple[str, ...]) -> Traded:
        quantity = min(resting.remaining, incoming.remaining)
        buyer, seller = (incoming, resting) if incoming.side == BUY else (resting, incoming)
        value = self._settle(buyer, seller, resting.price, quantity)
        self._trades += 1
        return Traded(
            number=self._trades,
            market=resting.market,
            token=resting.token,
            resting=resting.id,
            incoming=incoming.id,
            buyer=buyer.id,
            seller=seller.id,
            price=resting.price,
            quantity=quantity,
            value=value,
            queue=queue,
        )

    def _settle(self, buyer: Resting, seller: Resting, price: int, quantity: int) -> int:
        """Money against tokens, both out of what was reserved; what the buyer no longer needs is freed.

        What is paid never exceeds what the reservation gives up, so that roundings of parts cannot add up to
        more than was reserved for the whole.
        """
        charged_to_buyer, charged_to_seller = _fill(buyer, quantity), _fill(seller, quantity)
        still = self._notional(buyer, buyer.price, buyer.remaining) if buyer.remaining else 0
        given_up = buyer.held - buyer.fees - charged_to_buyer - still
        value = min(self._notional(buyer, price, quantity), given_up)
        kept_from_seller = min(charged_to_seller, value)
        self.ledger.pay(buyer.owner, self.fees, self.money, charged_to_buyer + kept_from_seller)
        self.ledger.pay(buyer.owner, seller.owner, self.money, value - kept_from_seller)
        self.ledger.release(buyer.owner, self.money, given_up - value)
        self.ledger.pay(seller.owner, buyer.owner, seller.token, quantity)
        buyer.held, seller.held = still + buyer.fees, seller.remaining
        return value

    def _notional(self, order: Resting, price: int, quantity: int) -> int:
        """What the rulebook says so much of the order is worth at a price."""
        value: int = self.rules.notional.answer(evolve(order.facts, price=price, quantity=quantity)).value
        return value

    # ── cancel ──────────────────────────────────────────────────────────────────────────────

    def _cancel(self, command: Cancel) -> list[Event]:
        order = self._live.get(command.id)
        if order is None or order.owner != command.owner:
            return [NotCancelled(command.id, command.owner)]
        self._book(order).remove(order)
        del self._live[order.id]
        what = self._pays_with(order)
        self.ledger.release(order.owner, what, order.held)
        return [Cancelled(order.id, order.remaining, what, order.held)]

    # ── small questions ─────────────────────────────────────────────────────────────────────

    def _book(self, order: Resting) -> Book:
        return self.books.setdefault((order.market, order.token), Book())

    def _pays_with(self, order: Resting) -> str:
        return self.money if order.side == BUY else order.token


def _fill(order: Resting, quantity: int) -> int:
    """Takes a quantity off an order; the fees due for it, rounded down until the last of it."""
    due = order.fees * quantity // order.remaining
    order.remaining -= quantity
    order.fees -= due
    return due
