"""The perpetuals desk of one platform: a command in, events out.

In: commands in the order of their time, and a way to get the rules of a date. Out: events, each with the rules that
it stands on. An invalid command is answered by `CommandInvalid`, what the rules forbid or cannot decide by one of
its own events. Money that comes in is counted at the value given; its make-up is known to the custodian. The mark
moves when the index does, and with it orders and positions are judged again. Absent: clock and I/O, and any formula,
rate, order or size, which are the rulebook's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any, ClassVar, assert_never, get_args

from policy.answers import MISSING, Outcome, UndecidedError
from policy.facts.records import unchecked
from policy.market.checks import (
    InvalidCommandError,
    known,
    not_blank,
    one_price_each,
    positive,
    read,
    within_facts,
)
from policy.market.commands import NewDay
from policy.market.events import InvalidCode
from policy.market.matcher import REQUESTED
from policy.market.quotation import quotation
from policy.market.venue import Clock, Venue, repeated
from policy.model.types import QuotedAmount
from policy.perpetuals import commands as do
from policy.perpetuals.checks import (
    bucket_of,
    check_index,
    check_name,
    check_order,
    check_replacement,
    check_transfer,
)
from policy.perpetuals.commands import MONEY, MULTIPLIER, ONE, PRICE, SIZE
from policy.perpetuals.events import (
    DepositRejected,
    Event,
    FundToppedUp,
    MarginDeposited,
    MarginPosted,
    MarginReleased,
    MarginWithdrawn,
    PerpetualAccountOpened,
    PerpetualListed,
    PerpetualNotListed,
    ReleaseRejected,
    Unanswered,
)
from policy.perpetuals.facts import bucket_facts, exposure_facts, worst_cases
from policy.perpetuals.funding import check_reachable, pass_time
from policy.perpetuals.liquidation import judge, review
from policy.perpetuals.mark_events import IndexUnavailable
from policy.perpetuals.marking import mark
from policy.perpetuals.rules import PerpetualRules, perpetual_rules
from policy.perpetuals.state import Account, Bucket, Contract, Order, State
from policy.perpetuals.statements import state_account
from policy.perpetuals.trading import cancel, place, replace, revalidate
from policy.rulebook import Rulebook
from policy.vocabulary import FactsJson, RuntimeValue
from policy.wire import Commands

COMMANDS: tuple[type[Any], ...] = get_args(do.Command)


def opened(rulebook_on: Callable[[str], Rulebook], on: str | Clock) -> Engine:
    """A desk without contracts, under the rulebook of a first date. Raises PolicyError with what it lacks."""
    return Engine(on, lambda day: perpetual_rules(rulebook_on(day)))


class Engine(Venue[do.Command, Event]):
    """The contracts and clients of one platform."""

    READS: ClassVar[Commands] = Commands.of(*COMMANDS)

    def __init__(self, on: str | Clock, rules_on: Callable[[str], PerpetualRules]) -> None:
        super().__init__(on)
        self.rules_on = rules_on
        self.state = State(rules_on(self.clock.on.isoformat()), self.events.append)
        self._answered: dict[str, tuple[do.PlacePerpetual, list[Event]]] = {}  # every order that was accepted

    def advance(self, at: int) -> None:
        """Samples premiums and settles funding that has fallen due."""
        check_reachable(self.state, self.clock.at, at)
        self.clock.at = at
        self._answer(pass_time, self.state, at)

    def carry_out(self, command: do.Command) -> None:
        self._answer(self._carry_out, command)

    def prepare_day(self, on: str, at: int) -> Callable[[], None]:
        """Everything is judged again by the rules of the day."""
        state = self.state
        check_reachable(state, self.clock.at, at)
        rules = self.rules_on(on)
        clients = {name: _client(rules, account.client) for name, account in state.accounts.items()}
        products = {name: _product(rules, contract.product) for name, contract in state.contracts.items()}
        return partial(self._begin_day, rules, clients, products)

    def _begin_day(
        self, rules: PerpetualRules, clients: dict[str, RuntimeValue], products: dict[str, RuntimeValue]
    ) -> None:
        self.state.rules = rules
        self._answer(self._judge, clients, products)

    def _judge(self, clients: dict[str, RuntimeValue], products: dict[str, RuntimeValue]) -> None:
        state = self.state
        for name, facts in clients.items():
            state.accounts[name].facts = facts
        for name, facts in products.items():
            state.contracts[name].facts = self._with_interval(facts)
        buckets = list(state.buckets())
        for bucket in buckets:
            revalidate(state, bucket)
        review(state, buckets)

    def total(self) -> int:
        """Every balance, position at mark and fund, in units; it is what was deposited, after every command."""
        return self.state.total()

    def _answer(self, step: Callable[..., None], *arguments: Any) -> None:
        """Takes a step; emits where the rulebook cannot compute what it needs."""
        try:
            step(*arguments)
        except UndecidedError as unanswered:
            answer = unanswered.answer
            self.state.emit(Unanswered(answer.question.name, answer.verdict))

    def _carry_out(self, command: do.Command) -> None:
        match command:
            case do.PlacePerpetual():
                self._place(command)
            case do.ReplacePerpetual():
                self._replace(command)
            case do.CancelPerpetual():
                self._cancel(command)
            case do.IndexPrice():
                self._take_prices({command.contract: command.price})
            case do.IndexPrices():
                self._take_prices(one_price_each(command.contracts, command.prices, "contract"))
            case do.ListPerpetual():
                self._list(command)
            case do.OpenPerpetualAccount():
                self._open(command)
            case do.DepositMargin():
                self._deposit(command)
            case do.WithdrawMargin():
                self._withdraw(command)
            case do.PostMargin():
                self._post(command)
            case do.ReleaseMargin():
                self._release(command)
            case do.TopUpFund():
                self._top_up(command)
            case do.StatePerpetualAccount():
                state_account(self.state, known(self.state.accounts, command.account, "account"))
            case NewDay():  # begins on all venues at once
                raise AssertionError(command)
            case _:
                assert_never(command)

    # ── contracts, accounts, days ───────────────────────────────────────────────────────────

    def _list(self, command: do.ListPerpetual) -> None:
        check_name(command.contract, self.state.contracts, "contract")
        positive(command.tick, PRICE, "tick")
        positive(command.lot, SIZE, "lot")
        positive(command.multiplier, MULTIPLIER, "multiplier")
        made = quotation(command.contract, command.decimals, PRICE, Fraction(command.multiplier, ONE))
        tick, lot = made.price(command.tick, PRICE, "tick"), made.size(command.lot, SIZE, "lot")
        within_facts(tick * lot, "value of a lot at one tick")
        facts = self._with_interval(_product(self.state.rules, command.product))
        listed = self.state.rules.listed
        verdict = listed.verdict(facts)
        if verdict.outcome is not Outcome.PERMITTED:
            self.state.emit(PerpetualNotListed(command.contract, verdict, listed.as_facts(facts)))
            return
        self.state.contracts[command.contract] = Contract(
            command.contract, self.quoted.listed(made), tick, lot, command.self_trade, command.product, facts
        )
        self.state.emit(PerpetualListed(command.contract, verdict, tick, lot))

    def _with_interval(self, product: RuntimeValue) -> RuntimeValue:
        """The rulebook's record of a contract; how often funding is paid is the desk's own to say."""
        since = self.state.funded_at
        assert since is not None
        interval = self.state.rules.next_funding.fast(since) - since
        return unchecked(type(product), product, convergence_interval=interval)

    def _open(self, command: do.OpenPerpetualAccount) -> None:
        check_name(command.account, self.state.accounts, "account")
        group = command.group or command.account
        not_blank(group, "group")
        facts = _client(self.state.rules, command.client)
        account = Account(command.account, group, command.client, facts)
        self.state.accounts[account.name] = account
        self.state.groups.setdefault(group, []).append(account)
        self.state.emit(PerpetualAccountOpened(account.name, group))

    # ── money ───────────────────────────────────────────────────────────────────────────────

    def _deposit(self, command: do.DepositMargin) -> None:
        account = known(self.state.accounts, command.account, "account")
        positive(command.value, MONEY, "value")
        within_facts(self.state.deposited + command.value, "money on the desk")
        collateral = self.state.rules.collateral
        (asset,) = read(collateral, {"asset": command.asset})
        verdict = collateral.verdict(asset)
        if verdict.outcome is not Outcome.PERMITTED:
            self.state.emit(DepositRejected(account.name, verdict, collateral.as_facts(asset)))
            return
        account.free += command.value
        self.state.deposited += command.value
        self.state.emit(MarginDeposited(account.name, verdict, command.value, account.free))

    def _withdraw(self, command: do.WithdrawMargin) -> None:
        account = known(self.state.accounts, command.account, "account")
        check_transfer(command.value, account.free, "free")
        account.free -= command.value
        self.state.deposited -= command.value
        self.state.emit(MarginWithdrawn(account.name, command.value, account.free))

    def _post(self, command: do.PostMargin) -> None:
        account = known(self.state.accounts, command.account, "account")
        check_transfer(command.amount, account.free, "free")
        bucket = bucket_of(self.state, account, command.bucket)
        account.hold(bucket)
        account.free -= command.amount
        bucket.margin += command.amount
        self.state.emit(MarginPosted(account.name, bucket.name, command.amount, bucket.margin, account.free))

    def _release(self, command: do.ReleaseMargin) -> None:
        account = known(self.state.accounts, command.account, "account")
        bucket = bucket_of(self.state, account, command.bucket)
        check_transfer(command.amount, bucket.margin, "in the bucket")
        released = self.state.rules.released
        collected, required = self._after_release(bucket, command.amount)
        verdict = released.verdict(collected, required)
        if verdict.outcome is not Outcome.PERMITTED:
            told = released.as_facts(collected, required)
            self.state.emit(ReleaseRejected(account.name, bucket.name, verdict, told))
            return
        bucket.margin -= command.amount
        account.free += command.amount
        self.state.emit(
            MarginReleased(account.name, bucket.name, verdict, command.amount, bucket.margin, account.free)
        )

    def _after_release(self, bucket: Bucket, amount: int) -> tuple[Any, Any]:
        """What would count as collected, and what is required; missing, where something has no index."""
        state = self.state
        orders = [(order, order.remaining) for order in bucket.orders.values()]
        names = {*bucket.positions, *(order.data.contract.name for order, _ in orders)}
        if any(state.contracts[name].index is None for name in names):
            return MISSING, MISSING
        exposures = exposure_facts(state, worst_cases(state, bucket, orders))
        left = bucket_facts(state, bucket, bucket.margin - amount)
        return state.rules.collected.fast(left, False), state.rules.required.fast(exposures, False)

    def _top_up(self, command: do.TopUpFund) -> None:
        positive(command.amount, MONEY, "amount")
        within_facts(self.state.deposited + command.amount, "money on the desk")
        self.state.fund += command.amount
        self.state.deposited += command.amount
        self.state.emit(FundToppedUp(command.amount, self.state.fund))

    # ── orders and prices ───────────────────────────────────────────────────────────────────

    def _place(self, command: do.PlacePerpetual) -> None:
        before = self._answered.get(command.id)
        if before is not None:
            self.state.emit(repeated(command, before[0], self.quoted.said(before[1])))
            return
        account = known(self.state.accounts, command.account, "account")
        contract = known(self.state.contracts, command.contract, "contract")
        bucket = bucket_of(self.state, account, command.bucket)
        size, price = check_order(command, contract, bucket)
        first = len(self.events)
        if place(self.state, command, size, price, account, bucket, contract):
            self._answered[command.id] = command, self.events[first:]
            self.quoted.order(command.id, contract.quotation)

    def _replace(self, command: do.ReplacePerpetual) -> None:
        order = self._at_rest(command)
        replace(self.state, order, *check_replacement(command, order), command.at)

    def _cancel(self, command: do.CancelPerpetual) -> None:
        cancel(self.state, self._at_rest(command), REQUESTED)

    def _at_rest(self, command: do.CancelPerpetual | do.ReplacePerpetual) -> Order:
        """The order at rest that its owner names."""
        account = known(self.state.accounts, command.account, "account")
        order = self.state.live.get(command.id)
        if order is None or order.data.account is not account:
            message = f"`{account.name}` has no order `{command.id}` at rest"
            raise InvalidCommandError(InvalidCode.UNKNOWN_ORDER, message)
        return order

    def _take_prices(self, said: Mapping[str, QuotedAmount | None]) -> None:
        """All of them or none. Every contract is marked before an order is judged, and every order before a bucket.

        Contracts are taken in the order in which they were listed.
        """
        state = self.state
        prices: dict[str, int | None] = {}
        for name, price in said.items():
            contract = known(state.contracts, name, "contract")
            prices[name] = None if price is None else check_index(contract, price)
        priced = [contract for name, contract in state.contracts.items() if name in prices]
        before = {contract.name: contract.mark for contract in priced}
        counts_until = state.rules.counts_until.fast(self.clock.at)
        for contract in priced:
            contract.index, contract.counts_until = prices[contract.name], counts_until
            if contract.index is None:
                state.emit(IndexUnavailable(contract.name))
            else:
                mark(state, contract)
        moved = {name: mark for name, mark in before.items() if mark is not None and prices[name] is not None}
        judge(state, priced, moved)


def _client(rules: PerpetualRules, client: FactsJson) -> RuntimeValue:
    (order,) = read(rules.accepted, {"order": client})
    return order


def _product(rules: PerpetualRules, product: FactsJson) -> RuntimeValue:
    (record,) = read(rules.listed, {"product": product})
    return record
