"""What venues promise, whatever they are told: checked after every event and after every command.

In: an engine, or a market of several, and commands. Out: their events; each promise that was broken, by its name. A
promise that `OPEN` names is known to be broken by the fault that it is named after, and is only collected. Absent:
any stream of commands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Protocol

from attrs import define, evolve, field, frozen

from desk_promises import DeskWatch
from exchange_cases import conserved, resting
from policy.audit.records import canonical
from policy.exchange import commands as orders, engine as exchange, events as traded
from policy.financing import engine as lender, events as lent
from policy.financing.sales import _certain
from policy.financing.state import NO_CALL, OVERDUE, UNMET
from policy.market.commands import NewDay
from policy.market.events import CommandInvalid, InvalidCode
from policy.market.venue import Clock, Venue
from policy.perpetuals import commands as desk_commands, engine as desk, events as told
from policy.source import Source
from policy.wire import command_json, event_json, json_line, record_bytes

OPEN: Final[Mapping[str, str]] = MappingProxyType({})
"""Promises that are broken today, and by which fault. A promise that is kept again is taken out."""

CLIENTS_FIRST = date.fromisoformat("2026-02-11")  # before, the law said nothing of the order
INVALID = (CommandInvalid,)
REFUSED = (
    traded.OrderRejected,
    traded.ReplaceRejected,
    told.PerpetualNotListed,
    told.PerpetualRejected,
    told.DepositRejected,
    told.ReleaseRejected,
    lent.AdvanceRejected,
    lent.CollateralNotReleased,
)


class BrokenPromiseError(AssertionError):
    """A venue did not keep what it promises."""

    def __init__(self, promise: str, detail: object) -> None:
        super().__init__(f"{promise}: {detail}")
        self.promise = promise


class Told(Protocol):
    """What takes commands: an engine, or a market."""

    clock: Clock

    def submit(self, command: Any) -> list[Any]: ...


class VenueWatch(Protocol):
    """What watches one venue."""

    def before(self, command: Any) -> None: ...

    def after(self, command: Any, events: Sequence[Any]) -> None: ...


@frozen
class Said:
    """A command, its events as they are written, and whether its time has come."""

    command: Any
    events: list[Any]
    came: bool

    def written(self, but: tuple[type[Any], ...] = ()) -> list[str]:
        return [json_line(event_json(e)) for e in self.events if not isinstance(e, but)]


@define(eq=False)
class Watch:
    """Tells an engine or a market commands, and sees that promises are kept. Raises BrokenPromiseError."""

    make: Callable[[], Any]  # afresh, so that the same can be told again
    collect: bool = False  # never raises
    target: Any = field(init=False)
    said: list[Said] = field(factory=list)
    broken: dict[str, str] = field(factory=dict)  # promises, each with what first broke it
    _watches: dict[int, VenueWatch] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.target = self.make()
        self._attach()

    def watch_of(self, kind: type[Any]) -> Any:
        """The watch of a kind, if there is such a venue."""
        return next((w for w in self._watches.values() if isinstance(w, kind)), None)

    def submit(self, command: Any) -> list[Any]:
        if hasattr(self.target, "open"):
            self.target.open([command])  # so that a venue is watched from its first command on
            self._attach()
        clock = self.target.clock
        before = clock.at, clock.on
        for watch in self._watches.values():
            watch.before(command)
        events: list[Any] = self.target.submit(command)
        for watch in self._watches.values():
            watch.after(command, events)
        self.hold("a journal keeps what was said", _kept_as_said(command, events), command)
        came = clock.at == command.at
        self.said.append(Said(command, events, came))
        alone = bool(events) and type(events[-1]) is CommandInvalid
        if alone and events[-1].code in (InvalidCode.OUT_OF_SEQUENCE, InvalidCode.TOO_FAR_AHEAD):
            self.hold(
                "an invalid command has no effect", len(events) == 1 and (clock.at, clock.on) == before, command
            )
        return events

    def hold(self, promise: str, kept: bool, detail: object) -> None:
        """Whether a promise was kept this time."""
        if kept or promise in self.broken:
            return
        self.broken[promise] = str(detail)
        if not self.collect and promise not in OPEN:
            raise BrokenPromiseError(promise, detail)

    def close(self) -> None:
        """Tells all of it again, as it was written down, without what was invalid; then without what was refused."""
        self._again("told again, nothing differs", INVALID)
        if any(isinstance(e, REFUSED) for said in self.said for e in said.events):
            self._again("what the rules refuse has no effect", INVALID + REFUSED)

    def _again(self, promise: str, left_out: tuple[type[Any], ...]) -> None:
        """Only time passes where a command is left out. The order in which prices of a moment are named is turned."""
        again = self.make()
        for said in self.said:
            if any(isinstance(e, left_out) for e in said.events):
                if not said.came:
                    continue
                events = _pass_time(again, said.command)
            else:
                (venue, *_) = _venues(again, said.command)
                read = venue.READS.read(Source("journal", json_line(command_json(_turned(said.command)))))
                events = again.submit(read)
            written = [json_line(event_json(e)) for e in events]
            self.hold(promise, written == said.written(left_out), (said.command, written, said.written(left_out)))
            if promise in self.broken:
                return

    def _attach(self) -> None:
        for venue in _venues(self.target):
            if id(venue) not in self._watches:
                self._watches[id(venue)] = WATCHES[type(venue)](venue, self.hold)


def _venues(target: Any, command: Any = None) -> tuple[Venue[Any, Any], ...]:
    """The venues of a market, that of a command alone if one is given; an engine is one."""
    if not hasattr(target, "venues"):
        return (target,)
    if command is not None:
        target.open([command])
    every = tuple(target.venues.values())
    return tuple(v for v in every if command is None or type(command) in v.READS.classes.values())


def _pass_time(target: Any, command: Any) -> list[Any]:
    (venue, *_) = _venues(target, command)
    venue.advance(command.at)
    return venue.drain()


def _kept_as_said(command: Any, events: Sequence[Any]) -> bool:
    """Whether the text of a journal is that of the JSON which everybody else is told."""
    said = canonical(command_json(command)), canonical([event_json(event) for event in events])
    return record_bytes(command, events) == said


def _turned(command: Any) -> Any:
    if not isinstance(command, desk_commands.IndexPrices):
        return command
    return evolve(command, contracts=command.contracts[::-1], prices=command.prices[::-1])


# ── the exchange ────────────────────────────────────────────────────────────────────────────

Hold = Callable[[str, bool, object], None]
NEVER_REST = ("market", "immediate_or_cancel", "fill_or_kill")


@define(eq=False)
class ExchangeWatch:
    """The promises of an exchange."""

    market: exchange.Engine
    hold: Hold
    trades: int = 0
    placed: dict[str, orders.Place] = field(factory=dict)  # those that were let in
    filled: dict[str, int] = field(factory=dict)
    charged: dict[str, int] = field(factory=dict)
    replaced: set[str] = field(factory=set)
    waiting: dict[str, tuple[Any, ...]] = field(factory=dict)  # at rest before the command

    def before(self, command: Any) -> None:
        self.waiting = {
            o.id: (o.owner, o.facts.capacity, id(o.data.market), o.side, o.price) for o in resting(self.market)
        }

    def after(self, command: Any, events: Sequence[Any]) -> None:
        try:
            conserved(self.market)
        except AssertionError as failure:
            self.hold("money and tokens are conserved, and reservations exact", False, (command, str(failure)))
        for event in events:
            self._told(command, event)
        self._order_types(command, events)
        for each in self.market.register.markets.values():
            bids, asks = each.book.queue("buy"), each.book.queue("sell")
            crossed = any(b.price >= a.price and b.owner != a.owner for b in bids[:5] for a in asks[:5])
            self.hold("no book is left crossed", not crossed, command)
        for order in resting(self.market):
            placed, said = order.placed, order.data.market.quotation.size_said(order.remaining)
            enough = order.fees * placed.quantity >= placed.fees * said
            self.hold("fees follow the quantity", enough, (command, order))
        names = (*self.market.register.instruments, *self.market.register.platforms, *self.market.register.accounts)
        self.hold("names can be read", all(name.strip() for name in (*names, *self.placed)), command)

    def _told(self, command: Any, event: Any) -> None:
        match event:
            case traded.OrderAccepted() if isinstance(command, orders.Place):
                self.placed[event.id] = command
            case traded.OrderReplaced():
                self.replaced.add(event.id)
            case traded.Traded():
                self._traded(command, event)
            case traded.FeesWaived():
                self.charged[event.id] = self.charged.get(event.id, 0) + event.amount
            case CommandInvalid(code=InvalidCode.NO_LIQUIDITY) if isinstance(command, orders.Place):
                other = "sell" if command.side == "buy" else "buy"
                book = self.market.register.seats[command.by, command.venue, command.instrument].market.book
                self.hold("the reason told is the reason", not book.queue(other), command)
            case _:
                pass

    def _traded(self, command: Any, event: traded.Traded) -> None:
        self.hold("a trade is told once", event.number == self.trades + 1, event)
        self.trades = max(self.trades, event.number)
        for id, fees in ((event.buyer, event.buyer_fees), (event.seller, event.seller_fees)):
            self.filled[id] = self.filled.get(id, 0) + event.quantity
            self.charged[id] = self.charged.get(id, 0) + fees
        if event.resting not in self.waiting or self.market.clock.on < CLIENTS_FIRST:
            return
        _, capacity, *level = self.waiting[event.resting]
        incoming = self.waiting.get(event.incoming, ("",))[0] or getattr(command, "by", "")
        live = self.market.desk.live
        ahead = [
            id
            for id, (other, kind, *at) in self.waiting.items()
            if at == level and id in live and kind == "client" and other != incoming and id != event.incoming
        ]
        first = capacity == "client" or not any(live[id].price == level[-1] for id in ahead)
        self.hold("clients go first", first, (command, event, ahead))

    def _order_types(self, command: Any, events: Sequence[Any]) -> None:
        """Also of an order that was replaced: its type is that of the command that placed it."""
        done: dict[str, int] = {}
        for event in events:
            if isinstance(event, traded.Traded):
                done[event.incoming] = done.get(event.incoming, 0) + event.quantity
        for id, quantity in done.items():
            placed = self.placed[id]
            all_or_nothing = placed.type != "fill_or_kill" or quantity == placed.quantity
            self.hold("orders keep their type", placed.type != "post_only" and all_or_nothing, command)
        for order in resting(self.market):
            self.hold("orders keep their type", order.placed.type not in NEVER_REST, command)
        for id, quantity in self.filled.items():
            placed = self.placed[id]
            if quantity == placed.quantity and id not in self.replaced:
                self.hold("fees are paid, or said to be waived", self.charged.get(id, 0) == placed.fees, placed)


# ── the lender ──────────────────────────────────────────────────────────────────────────────


@define(eq=False)
class LenderWatch:
    """The promises of a lender: its books, kept by its events alone, and no lot sold that need not be."""

    lender: lender.Engine
    hold: Hold
    loans: dict[str, int] = field(factory=dict)
    quantities: dict[tuple[str, str], int] = field(factory=dict)

    def before(self, command: Any) -> None:
        pass

    def after(self, command: Any, events: Sequence[Any]) -> None:
        last: dict[str, lent.CollateralSold] = {}
        for event in events:
            self._told(event)
            if isinstance(event, lent.CollateralSold):
                last[event.account] = event
        accounts = self.lender.accounts
        loans = {name: account.facts.loan for name, account in accounts.items()}
        kept = {name: self.loans.get(name, 0) for name in accounts}
        self.hold("loans are those that the events tell", loans == kept, (command, loans, kept))
        self.hold("no loan is below nothing", all(loan >= 0 for loan in loans.values()), command)
        self.hold("the book adds up", self.lender.context.loans.total == sum(loans.values()), command)
        held = {(n, id): h.quantity for n, account in accounts.items() for id, h in account.held.items()}
        self.hold("collateral is that which the events tell", held == self._held(), (command, held, self._held()))
        self.hold("nothing less than nothing is held", all(q > 0 for q in held.values()), command)
        for asset in self.lender.assets.values():
            total = sum(quantity for (_, id), quantity in held.items() if id == asset.id)
            self.hold("collateral adds up", asset.quantity == total, command)
        names = (*accounts, *self.lender.assets)
        self.hold("names can be read", all(name.strip() for name in names), command)
        if not isinstance(command, NewDay):
            for event in last.values():
                self.hold("no lot is sold that need not be", self._needed(event), event)

    def _held(self) -> dict[tuple[str, str], int]:
        return {slot: quantity for slot, quantity in self.quantities.items() if quantity}

    def _move(self, account: str, asset: str, change: int) -> None:
        self.quantities[account, asset] = self.quantities.get((account, asset), 0) + change

    def _told(self, event: Any) -> None:
        match event:
            case lent.CollateralPosted():
                self._move(event.account, event.asset, event.quantity)
            case lent.CollateralReleased():
                self._move(event.account, event.asset, -event.quantity)
            case lent.LoanAdvanced():
                self.loans[event.account] = self.loans.get(event.account, 0) + event.amount
            case lent.LoanRepaid():
                self.loans[event.account] -= event.amount
            case lent.CollateralSold():
                self._move(event.account, event.asset, -event.quantity)
                self.loans[event.account] -= event.repaid
                self.hold("a sale pays the loan first", event.proceeds == event.repaid + event.returned, event)
                self.hold("what is left of a sale is returned", not event.returned or not event.loan, event)
            case _:
                pass

    def _needed(self, event: lent.CollateralSold) -> bool:
        """Whether a sale would still be due with one lot fewer sold. Not asked where nothing of the asset is left.

        The call may be another one by now than that for which it was sold.
        """
        account, context = self.lender.accounts[event.account], self.lender.context
        asset, held = self.lender.assets[event.asset], account.held.get(event.asset)
        if held is None or event.returned or asset.price is None:
            return True
        facts, position = account.facts, held.position
        loan, value, call = facts.loan, position.market_value, facts.call
        facts.loan = loan + event.proceeds - context.rules.market.fast(asset.price, event.quantity - asset.lot)
        position.market_value = context.rules.market.fast(asset.price, held.quantity + asset.lot)
        due = False
        for facts.call in (NO_CALL, UNMET, OVERDUE):
            due |= _certain(account, context)
        facts.loan, position.market_value, facts.call = loan, value, call
        return due


WATCHES: Final[Mapping[type[Any], Callable[[Any, Hold], VenueWatch]]] = MappingProxyType(
    {exchange.Engine: ExchangeWatch, desk.Engine: DeskWatch, lender.Engine: LenderWatch}
)
