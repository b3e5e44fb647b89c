"""The exchange under rules: a command in, events out.

In: commands in the order of their times, and the rules of any date. Out: events. This file says which part takes
which command: `register` knows everyone, `trading` the orders, `clearing` the trades that wait for settlement,
`checks` what is invalid whatever the rules say; the rules decide the rest. Absent: clock (time is what commands say
it is) and I/O; orders executed off the platforms; any rule of the law. The same commands give the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, assert_never, get_args

from attrs import evolve

from policy.answers import Verdict
from policy.exchange.checks import RESERVED, check_amounts, check_name, check_order
from policy.exchange.clearing import NEW_DAY, REQUESTED, Clearing
from policy.exchange.commands import (
    MONEY,
    PRICE,
    QUANTITY,
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
    Place,
    RecoverSettlement,
    Replace,
    Settle,
    WithdrawMoney,
    WithdrawTokens,
)
from policy.exchange.events import (
    Answered,
    Event,
    InstrumentListed,
    MoneyDeposited,
    MoneyWithdrawn,
    OrderAccepted,
    ParticipantAdmitted,
    PlatformAdmitted,
    PlatformRecovered,
    PlatformStopped,
    TokensDeposited,
    TokensWithdrawn,
)
from policy.exchange.ledger import Ledger
from policy.exchange.rules import Rules, exchange_rules
from policy.exchange.state import (
    CURRENCY,
    FILLED_IN,
    INSTRUMENT,
    PARTICIPANT,
    PLATFORM,
    Account,
    Market,
    MarketAccess,
    Order,
    Register,
    quoting,
)
from policy.exchange.trading import OrderDesk
from policy.market.book import MARKET
from policy.market.checks import (
    InvalidCommandError,
    available,
    known,
    not_blank,
    not_reserved,
    positive,
    within_facts,
)
from policy.market.commands import NewDay
from policy.market.events import InvalidCode
from policy.market.venue import Clock, Venue, repeated
from policy.rulebook import Rulebook
from policy.vocabulary import FactsJson
from policy.wire import Commands

COMMANDS: tuple[type[object], ...] = get_args(Command)


def opened(rulebook_on: Callable[[str], Rulebook], on: str | Clock, evidence: bool = False) -> Engine:
    """An exchange under the rulebook of a date. Raises PolicyError with every question that it lacks."""
    return Engine(on, lambda day: exchange_rules(rulebook_on(day)), evidence)


class Engine(Venue[Command, Event]):
    """Platforms' own books and the book they share, all paid for in one money.

    With `evidence`, accepted orders carry their facts, and trades the queue they were made in.
    """

    READS: ClassVar[Commands] = Commands.of(*COMMANDS)

    def __init__(self, on: str | Clock, rules_on: Callable[[str], Rules], evidence: bool = False) -> None:
        super().__init__(on)
        self.rules_on = rules_on
        rules = rules_on(self.clock.on.isoformat())
        self.ledger = Ledger()
        self.register = Register(rules, self.ledger)
        self.clearing = Clearing(rules, self.ledger, self.events.append)
        self.desk = OrderDesk(self.register, self.clearing, rules, self.events, evidence)
        self._told: list[object] = []  # each accepted order, then its events, or what its only event says
        self._answered: dict[str, int] = {}  # where an order stands there; no container for each, to be collected

    def advance(self, at: int) -> None:
        """Settles trades that have waited as long as they may."""
        self.clock.at = at
        if at >= self.clearing.due:
            self.clearing.pass_time(at)

    def carry_out(self, command: Command) -> None:
        match command:
            case Place():
                self._place(command)
            case Cancel():
                self.desk.cancel(self._order(command))
            case Replace():
                self._replace(command)
            case Settle():
                self.clearing.settle(command.at, REQUESTED)
            case DepositMoney():
                self._deposit_money(command)
            case DepositTokens():
                self._deposit_tokens(command)
            case WithdrawMoney():
                self._withdraw_money(command)
            case WithdrawTokens():
                self._withdraw_tokens(command)
            case ListInstrument():
                self._list_instrument(command)
            case AdmitPlatform():
                self._admit_platform(command)
            case AdmitParticipant():
                self._admit_participant(command)
            case Ask():
                self._ask(command)
            case ArrangeSettlement():
                self.clearing.arrange(command)
            case FailSettlement():
                self._fail(command)
            case RecoverSettlement():
                self._recover(command)
            case NewDay():  # begins on all venues at once
                raise AssertionError(command)
            case _:
                assert_never(command)

    def prepare_day(self, on: str, at: int) -> Callable[[], None]:
        """Settles, takes the rules of the date, and asks and judges everything again by them."""
        rules = self.rules_on(on)
        answers = self.register.answers(rules)
        self.clearing.prepare(rules)
        return partial(self._begin_day, at, rules, answers)

    def _begin_day(self, at: int, rules: Rules, answers: list[tuple[Ask, Verdict]]) -> None:
        self.clearing.settle(at, NEW_DAY)
        self.register.rules = rules
        self.desk.follow(rules)
        self.clearing.follow(rules)
        for ask, verdict in self.register.take(answers):
            self.events.append(_answered(ask, verdict))
        everyone = list(self.register.seats.values())
        self.register.restate(everyone)
        self.desk.revalidate(everyone, rerank=True)

    # ── orders ──────────────────────────────────────────────────────────────────────────────

    def _place(self, command: Place) -> None:
        id = command.id
        if id in self._answered:
            placed, answer = self._answer(id)
            self.events.append(repeated(command, placed, self.quoted.said(answer)))
            return
        seat = self.register.seats.get((command.by, command.venue, command.instrument)) or self._seat(command)
        market, price, quantity = seat.market, command.price, command.quantity
        if (
            (type(price) is not int and (price is not None or command.type != MARKET))
            or (price is not None and (price % market.tick or price <= 0 or command.type == MARKET))
            or type(quantity) is not int
            or quantity % market.lot
            or quantity <= 0
            or not market.as_counted
            or command.fees
            or command.facts
            or not id.strip()
        ):
            self._check(command, market)
            price, quantity = _counted(command, market)
        first = len(self.events)
        accepted = self.desk.place(command, price, quantity, seat)
        if accepted is not None:
            self._answered[id] = len(self._told)
            if len(self.events) == first + 1 and not self.desk.evidence:  # most orders
                verdict, money, tokens = accepted
                self._told += (command, verdict, money, tokens)
            else:
                self._told += (command, *self.events[first:])
            if not market.as_counted:
                self.quoted.order(id, market.quotation)

    def _check(self, command: Place, market: Market) -> None:
        """An order that is not quite plain."""
        if command.facts:
            self.register.read(command.facts)
        check_order(command, market)

    def _seat(self, command: Place) -> MarketAccess:
        """Someone's first order in a market."""
        known(self.register.accounts, command.by, PARTICIPANT)
        known(self.register.instruments, command.instrument, INSTRUMENT)
        return self.register.take_seat(command.by, command.venue, command.instrument)

    def _replace(self, command: Replace) -> None:
        order = self._order(command)
        market = order.data.market
        check_amounts(command.price, command.quantity, market)
        price, quantity = _counted(command, market)
        assert price is not None
        self.desk.replace(order, price, quantity, command.at)

    def _order(self, command: Cancel | Replace) -> Order:
        """The order at rest that its owner names."""
        order = self.desk.live.get(command.id)
        if order is not None and order.owner == command.by:
            return order
        if command.id not in self._answered or self._answer(command.id)[0].by != command.by:
            message = f"`{command.by}` has no order `{command.id}`"
            raise InvalidCommandError(InvalidCode.UNKNOWN_ORDER, message)
        raise InvalidCommandError(InvalidCode.NOT_RESTING, f"nothing of order `{command.id}` rests")

    def _answer(self, id: str) -> tuple[Place, list[object]]:
        """An order that was accepted, and what came of it at once."""
        first, told = self._answered[id], self._told
        placed, verdict = told[first], told[first + 1]
        assert isinstance(placed, Place)
        if isinstance(verdict, Verdict):
            money, tokens = told[first + 2], told[first + 3]
            assert isinstance(money, int)
            assert isinstance(tokens, int)
            return placed, [OrderAccepted(id, verdict, money, tokens)]
        last = first + 1
        while last < len(told) and not isinstance(told[last], Place):
            last += 1
        return placed, told[first + 1 : last]

    # ── settlement ──────────────────────────────────────────────────────────────────────────

    def _fail(self, command: FailSettlement) -> None:
        known(self.register.platforms, command.platform, PLATFORM)
        self.register.failed.add(command.platform)
        self.clearing.fail(command.platform)
        self.events.append(PlatformStopped(command.platform))
        self._changed(PLATFORM, command.platform)

    def _recover(self, command: RecoverSettlement) -> None:
        if command.platform not in self.register.failed:
            message = f"`{command.platform}` has not failed to settle"
            raise InvalidCommandError(InvalidCode.NOT_FAILED, message)
        self.register.failed.remove(command.platform)
        self.events.append(PlatformRecovered(command.platform))
        self._changed(PLATFORM, command.platform)

    # ── what the exchange is made of ────────────────────────────────────────────────────────

    def _list_instrument(self, command: ListInstrument) -> None:
        before = self.register.instruments.get(command.id)
        check_name(command.id, INSTRUMENT, RESERVED | {CURRENCY})
        positive(command.tick, PRICE, "tick")
        positive(command.lot, QUANTITY, "lot")
        if before is not None and evolve(before, at=command.at, facts=command.facts) != command:
            message = f"only the facts of `{command.id}` may change"
            raise InvalidCommandError(InvalidCode.CANNOT_CHANGE, message)
        made = quoting(command)
        made.price(command.tick, PRICE, "tick")
        made.size(command.lot, QUANTITY, "lot")
        self._check_facts(command.facts)
        self.quoted.listed(made)
        self.register.instruments[command.id] = command
        self.events.append(InstrumentListed(command.id))
        self._changed(INSTRUMENT, command.id)

    def _admit_platform(self, command: AdmitPlatform) -> None:
        not_blank(command.id, PLATFORM)
        self._check_facts(command.facts)
        self.register.platforms[command.id] = command
        self.events.append(PlatformAdmitted(command.id))
        self._changed(PLATFORM, command.id)

    def _admit_participant(self, command: AdmitParticipant) -> None:
        check_name(command.id, PARTICIPANT)
        known(self.register.platforms, command.platform, PLATFORM)
        account = self.register.accounts.get(command.id)
        if account is not None and account.platform != command.platform:
            message = f"`{command.id}` stays with the platform `{account.platform}`"
            raise InvalidCommandError(InvalidCode.CANNOT_CHANGE, message)
        facts = self._check_facts(command.facts, frozenset(("exposure",)))
        if account is None:
            account = self.register.accounts[command.id] = Account(command, self.ledger.balance(command.id, CURRENCY))
        account.admitted = command
        account.opening = facts.exposure
        account.exposure = None
        self.events.append(ParticipantAdmitted(command.id, command.platform))
        self._changed(PARTICIPANT, command.id)

    def _check_facts(self, facts: FactsJson, allowed: frozenset[str] = frozenset()) -> Any:
        """Facts that orders will state, as a record of an order."""
        record = self.register.read(facts)
        not_reserved(facts, FILLED_IN - allowed)
        return record

    def _ask(self, command: Ask) -> None:
        subjects: Mapping[str, FactsJson] = {
            PLATFORM: self.register.platforms,
            INSTRUMENT: self.register.instruments,
            PARTICIPANT: self.register.accounts,
        }
        known(subjects[command.about], command.id, command.about)
        if command.fact:
            self._check_facts({command.fact: True})
        verdict = self.register.ask(command)
        self.events.append(_answered(command, verdict))
        self._changed(command.about, command.id)

    def _deposit_money(self, command: DepositMoney) -> None:
        account = known(self.register.accounts, command.by, PARTICIPANT)
        positive(command.amount, MONEY, "amount")
        within_facts(self.ledger.deposited.get(CURRENCY, 0) + command.amount, "money in the exchange")
        self.ledger.deposit(account.money, CURRENCY, command.amount)
        self.events.append(MoneyDeposited(command.by, command.amount, account.money.free))

    def _deposit_tokens(self, command: DepositTokens) -> None:
        token, quantity = command.instrument, self._tokens(command)
        within_facts(self.ledger.deposited.get(token, 0) + quantity, f"quantity of `{token}` in the exchange")
        balance = self.ledger.balance(command.by, token)
        self.ledger.deposit(balance, token, quantity)
        self.events.append(TokensDeposited(command.by, token, quantity, balance.free))

    def _withdraw_money(self, command: WithdrawMoney) -> None:
        account, amount = known(self.register.accounts, command.by, PARTICIPANT), command.amount
        positive(amount, MONEY, "amount")
        available(amount, account.money.free, MONEY, "free")
        self.ledger.deposit(account.money, CURRENCY, -amount)
        self.events.append(MoneyWithdrawn(command.by, amount, account.money.free))

    def _withdraw_tokens(self, command: WithdrawTokens) -> None:
        token, quantity = command.instrument, self._tokens(command)
        balance = self.ledger.balance(command.by, token)
        available(command.quantity, self.quoted.size_said(token, balance.free), QUANTITY, "free")
        self.ledger.deposit(balance, token, -quantity)
        self.events.append(TokensWithdrawn(command.by, token, quantity, balance.free))

    def _tokens(self, command: DepositTokens | WithdrawTokens) -> int:
        """A quantity that a participant moves, in counted units."""
        known(self.register.accounts, command.by, PARTICIPANT)
        listed = known(self.register.instruments, command.instrument, INSTRUMENT)
        positive(command.quantity, QUANTITY, "quantity")
        return quoting(listed).size(command.quantity, QUANTITY)

    # ── changes ─────────────────────────────────────────────────────────────────────────────

    def _changed(self, about: str, id: str) -> None:
        """Orders whose facts have changed state them anew, and are judged again."""
        seats = self.register.touched(about, id)
        self.register.restate(seats)
        self.desk.revalidate(seats)


def _counted(command: Place | Replace, market: Market) -> tuple[int | None, int]:
    """Price and quantity of an order in counted units."""
    price, made = command.price, market.quotation
    return None if price is None else made.price(price, PRICE), made.size(command.quantity, QUANTITY)


def _answered(ask: Ask, verdict: Verdict) -> Answered:
    return Answered(ask.id, ask.question, ask.fact, verdict, ask.about, ask.investors)
