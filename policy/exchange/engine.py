"""The exchange under rules: one command in, what came of it out.

In: commands in the order of their times, and the rules of any date. Out: events. This file says who deals with
what: `register` knows everyone, `trading` the orders, `clearing` what waits for settlement, `checks` what makes no
sense; the rules decide the rest. Absent: clock (time is what commands say it is) and I/O; orders executed off the
platforms; any rule of the law. The same commands give the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, get_args

from attrs import define, evolve, field

from policy.decisions import Verdict
from policy.diagnostics import PolicyError
from policy.exchange import checks
from policy.exchange.book import KINDS, MARKET
from policy.exchange.clearing import ARRANGEMENT, ASKED, INTERVAL, NEW_DAY, Clearing
from policy.exchange.events import (
    Answered,
    Event,
    InstrumentListed,
    MoneyDeposited,
    ParticipantAdmitted,
    PlatformAdmitted,
    PlatformRecovered,
    PlatformStopped,
    TokensDeposited,
)
from policy.exchange.ledger import Ledger
from policy.exchange.orders import (
    AdmitParticipant,
    AdmitPlatform,
    ArrangeSettlement,
    Ask,
    Cancel,
    Command,
    DepositMoney,
    DepositTokens,
    FailSettlement,
    ListInstrument,
    NewDay,
    Place,
    RecoverSettlement,
    Rejected,
    Replace,
    Settle,
)
from policy.exchange.register import INSTRUMENT, MONEY, PARTICIPANT, PLATFORM, Account, Market, Register, Seat
from policy.exchange.rules import Rules, exchange_rules
from policy.exchange.trading import Floor
from policy.rulebook import Rulebook
from policy.wire import Commands, word

COMMANDS: tuple[type[Any], ...] = get_args(Command)
READS = Commands.of(*COMMANDS)
PRICED = frozenset(KINDS) - {MARKET}


def opened(rulebook_on: Callable[[str], Rulebook], on: str, evidence: bool = False) -> Engine:
    """An exchange under the rulebook of a date. Raises PolicyError with every question that it lacks."""
    return Engine(lambda day: exchange_rules(rulebook_on(day)), on, evidence)


@define(eq=False, repr=False)
class Engine:
    """Platforms' own books and the book they share, all paid for in one money.

    `evidence` makes accepted orders tell their facts, and trades the queue they were made in.
    """

    rules_on: Callable[[str], Rules]
    on: str
    evidence: bool = False
    ledger: Ledger = field(factory=Ledger)
    register: Register = field(init=False)
    clearing: Clearing = field(init=False)
    floor: Floor = field(init=False)
    _at: int | None = None
    _answered: dict[str, tuple[Place, list[Event]]] = field(factory=dict)  # every order that was decided
    _carry_out: dict[type[Any], Callable[[Any], list[Event]]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        rules = self.rules_on(self.on)
        self.register = Register(rules, self.ledger)
        self.clearing = Clearing(rules, self.ledger)
        self.floor = Floor(self.register, self.clearing, rules, self.evidence)
        self._carry_out = {
            NewDay: self._new_day,
            ListInstrument: self._list_instrument,
            AdmitPlatform: self._admit_platform,
            AdmitParticipant: self._admit_participant,
            Ask: self._ask,
            DepositMoney: self._deposit_money,
            DepositTokens: self._deposit_tokens,
            ArrangeSettlement: self._arrange,
            Place: self._place,
            Cancel: self._cancel,
            Replace: self._replace,
            Settle: self._settle,
            FailSettlement: self._fail,
            RecoverSettlement: self._recover,
        }

    def submit(self, command: Command) -> list[Event]:
        """Carries out one command. Trades that have waited as long as they may are settled first."""
        if unfit := READS.unfit(command):
            return [checks.misread(command, unfit)]
        at = command.at
        if self._at is None:
            self.clearing.begin(at)
        elif at < self._at:
            return [Rejected(word(type(command)), "out_of_sequence", "this comes before what has already happened")]
        self._at = at
        if at < self.clearing.due:
            return self._carry_out[type(command)](command)
        return [*self.clearing.settle(at, INTERVAL), *self._carry_out[type(command)](command)]

    # ── orders ──────────────────────────────────────────────────────────────────────────────

    def _place(self, command: Place) -> list[Event]:
        known = self._answered.get(command.id)
        if known is not None:
            return _again(command, *known)
        seat = self.register.seats.get((command.by, command.venue, command.instrument)) or self._seat(command)
        if isinstance(seat, Rejected):
            return [seat]
        market, price = seat.market, command.price
        if (
            price is None
            or price % market.tick
            or command.quantity % market.lot
            or price <= 0
            or command.quantity <= 0
            or command.fees
            or command.facts
            or command.type not in PRICED
        ):
            if nonsense := self._nonsense(command, market):
                return [nonsense]
        events = self.floor.place(command, seat)
        if not isinstance(events[0], Rejected):
            self._answered[command.id] = (command, events)
        return events

    def _nonsense(self, command: Place, market: Market) -> Rejected | None:
        """What is wrong with an order that is not quite plain."""
        findings = self.register.read(command.facts) if command.facts else None
        if isinstance(findings, list):
            return checks.misread(command, findings)
        return checks.unplaceable(command, market)

    def _seat(self, command: Place) -> Seat | Rejected:
        """Someone's first order in a market."""
        if command.by not in self.register.accounts:
            return checks.unknown(command, PARTICIPANT, command.by)
        if command.instrument not in self.register.instruments:
            return checks.unknown(command, INSTRUMENT, command.instrument)
        return self.register.take_seat(command.by, command.venue, command.instrument)

    def _cancel(self, command: Cancel) -> list[Event]:
        order = self.floor.live.get(command.id)
        if order is None or order.owner != command.by:
            return [self._no_order(command)]
        return [self.floor.cancel(order)]

    def _replace(self, command: Replace) -> list[Event]:
        order = self.floor.live.get(command.id)
        if order is None or order.owner != command.by:
            return [self._no_order(command)]
        market = order.data.seat.market
        if nonsense := checks.unfit("replace", command.id, command.price, command.quantity, market):
            return [nonsense]
        return self.floor.replace(command, order)

    def _no_order(self, command: Cancel | Replace) -> Rejected:
        known = self._answered.get(command.id)
        if known is None or known[0].by != command.by:
            return Rejected(word(type(command)), "unknown_order", f"`{command.by}` has no order `{command.id}`")
        return Rejected(word(type(command)), "not_resting", f"nothing of order `{command.id}` rests")

    # ── settlement ──────────────────────────────────────────────────────────────────────────

    def _settle(self, command: Settle) -> list[Event]:
        return self.clearing.settle(command.at, ASKED)

    def _arrange(self, command: ArrangeSettlement) -> list[Event]:
        arrangement = self.clearing.read(command.facts)
        if isinstance(arrangement, list):
            return [checks.misread(command, arrangement)]
        if self.clearing.too_large(arrangement, checks.TOO_LARGE):
            return [checks.too_much(command)]
        waiting = self.clearing.settle(command.at, ARRANGEMENT) if self.clearing.unsettled else []
        return [*waiting, self.clearing.arrange(command)]

    def _fail(self, command: FailSettlement) -> list[Event]:
        if command.platform not in self.register.platforms:
            return [checks.unknown(command, PLATFORM, command.platform)]
        self.register.failed.add(command.platform)
        events = [*self.clearing.fail(command.platform), PlatformStopped(command.platform)]
        return [*events, *self._changed(PLATFORM, command.platform)]

    def _recover(self, command: RecoverSettlement) -> list[Event]:
        if command.platform not in self.register.failed:
            return [Rejected("recover_settlement", "not_failed", f"`{command.platform}` has not failed to settle")]
        self.register.failed.remove(command.platform)
        return [PlatformRecovered(command.platform), *self._changed(PLATFORM, command.platform)]

    # ── what the exchange is made of ────────────────────────────────────────────────────────

    def _list_instrument(self, command: ListInstrument) -> list[Event]:
        before = self.register.instruments.get(command.id)
        if command.id in checks.RESERVED or command.id == MONEY:
            return [checks.reserved(command, command.id)]
        if command.tick <= 0 or command.lot <= 0:
            return [Rejected("list_instrument", "not_positive", "a tick and a lot are more than 0")]
        if before is not None and evolve(before, at=command.at, facts=command.facts) != command:
            return [Rejected("list_instrument", "listed_otherwise", f"only the facts of `{command.id}` may change")]
        if nonsense := self._unstatable(command, command.facts):
            return [nonsense]
        self.register.instruments[command.id] = command
        return [InstrumentListed(command.id), *self._changed(INSTRUMENT, command.id)]

    def _admit_platform(self, command: AdmitPlatform) -> list[Event]:
        if nonsense := self._unstatable(command, command.facts):
            return [nonsense]
        self.register.platforms[command.id] = command
        return [PlatformAdmitted(command.id), *self._changed(PLATFORM, command.id)]

    def _admit_participant(self, command: AdmitParticipant) -> list[Event]:
        if command.id in checks.RESERVED:
            return [checks.reserved(command, command.id)]
        if command.platform not in self.register.platforms:
            return [checks.unknown(command, PLATFORM, command.platform)]
        account = self.register.accounts.get(command.id)
        if account is not None and account.platform != command.platform:
            return [
                Rejected("admit_participant", "other_platform", f"`{command.id}` stays with `{account.platform}`")
            ]
        if nonsense := self._unstatable(command, command.facts, frozenset(("exposure",))):
            return [nonsense]
        if account is None:
            account = self.register.accounts[command.id] = Account(command, self.ledger.balance(command.id, MONEY))
        account.admitted = command
        account.opening = self.register.read(command.facts).exposure
        account.exposure = None
        return [ParticipantAdmitted(command.id, command.platform), *self._changed(PARTICIPANT, command.id)]

    def _unstatable(
        self, command: Any, facts: Mapping[str, Any], allowed: frozenset[str] = frozenset()
    ) -> Rejected | None:
        """Facts that no order can state."""
        findings = self.register.read(facts)
        if isinstance(findings, list):
            return checks.misread(command, findings)
        return checks.filled_in(command, facts, allowed)

    def _ask(self, command: Ask) -> list[Event]:
        known: Mapping[str, Mapping[str, Any]] = {
            PLATFORM: self.register.platforms,
            INSTRUMENT: self.register.instruments,
            PARTICIPANT: self.register.accounts,
        }
        if command.id not in known.get(command.about, {}):
            return [checks.unknown(command, command.about, command.id)]
        if command.fact and (nonsense := self._unstatable(command, {command.fact: True})):
            return [nonsense]
        try:
            verdict = self.register.ask(command)
        except PolicyError as error:
            return [checks.misread(command, error.diagnostics)]
        if isinstance(verdict, list):
            return [checks.misread(command, verdict)]
        return [_answered(command, verdict), *self._changed(command.about, command.id)]

    def _deposit_money(self, command: DepositMoney) -> list[Event]:
        account = self.register.accounts.get(command.by)
        if account is None:
            return [checks.unknown(command, PARTICIPANT, command.by)]
        if nonsense := checks.amount_out_of_range(command, command.amount, self.ledger.brought.get(MONEY, 0)):
            return [nonsense]
        self.ledger.bring(account.money, MONEY, command.amount)
        return [MoneyDeposited(command.by, command.amount, account.money.free)]

    def _deposit_tokens(self, command: DepositTokens) -> list[Event]:
        token, quantity = command.instrument, command.quantity
        if command.by not in self.register.accounts:
            return [checks.unknown(command, PARTICIPANT, command.by)]
        if token not in self.register.instruments:
            return [checks.unknown(command, INSTRUMENT, token)]
        if nonsense := checks.amount_out_of_range(command, quantity, self.ledger.brought.get(token, 0)):
            return [nonsense]
        balance = self.ledger.balance(command.by, token)
        self.ledger.bring(balance, token, quantity)
        return [TokensDeposited(command.by, token, quantity, balance.free)]

    # ── changes ─────────────────────────────────────────────────────────────────────────────

    def _new_day(self, command: NewDay) -> list[Event]:
        """Settles, takes the rules of the date, and asks and judges everything again by them."""
        on = date.fromordinal(command.on).isoformat()
        if on < self.on:
            return [Rejected("new_day", "earlier_day", f"it is {self.on} already")]
        events = self.clearing.settle(command.at, NEW_DAY)
        rules = self.rules_on(on)
        self.on = on
        self.register.rules = rules
        self.floor.follow(rules)
        events += self.clearing.follow(rules)
        events += [_answered(ask, verdict) for ask, verdict in self.register.ask_again()]
        self.register.restate(_everyone)
        return [*events, *self.floor.judge_again(_everyone, ranked_anew=True)]

    def _changed(self, about: str, id: str) -> list[Event]:
        """Orders whose facts have changed state them anew, and are judged again."""
        concerned = self.register.touched(about, id)
        self.register.restate(concerned)
        return self.floor.judge_again(concerned)


def _everyone(_: Seat) -> bool:
    return True


def _answered(ask: Ask, verdict: Verdict) -> Answered:
    return Answered(ask.id, ask.question, ask.fact, verdict, ask.about, ask.investors)


def _again(command: Place, first: Place, events: list[Event]) -> list[Event]:
    """An order whose id is known: the same answer if it is the same order, and no effect."""
    if evolve(first, at=command.at) == command:
        return list(events)
    return [Rejected("place", "duplicate_order", f"there was another order `{command.id}`")]
