"""The perpetuals desk of one platform: a command in, what came of it out.

In: commands in the order of their time, and a way to get the rules of a date. Out: events, each with the rules
that it stands on. What makes no sense is answered by `Rejected`, what the rules forbid or cannot tell by an event
of its own. Money that comes in is counted at the value given; what it is made of is the custodian's to know. The
mark moves when the index does, and with it orders and positions are judged again. Absent: clock and I/O, and any
formula, rate, order or size, which are the rulebook's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, assert_never, get_args

import attrs
from attrs import define, field

from policy.decisions import MISSING, Outcome, UndecidedError
from policy.exchange.checks import misread
from policy.exchange.matcher import ASKED
from policy.exchange.orders import NewDay, Rejected
from policy.facts.records import unchecked
from policy.margin.perpetuals import commands as do
from policy.margin.perpetuals.checks import (
    NonsenseError,
    account_of,
    bucket_of,
    contract_of,
    covered,
    fresh,
    markable,
    positive,
    readable,
    sensible,
    within,
)
from policy.margin.perpetuals.commands import MONEY, PRICE, SIZE
from policy.margin.perpetuals.events import (
    DepositRefused,
    Event,
    FundToppedUp,
    MarginDeposited,
    MarginPosted,
    MarginReleased,
    MarginWithdrawn,
    PerpetualAccountOpened,
    PerpetualListed,
    PerpetualNotListed,
    ReleaseRefused,
    Unanswered,
)
from policy.margin.perpetuals.facts import bucket_facts, exposure_facts, reaches
from policy.margin.perpetuals.funding import pass_time, reachable
from policy.margin.perpetuals.liquidation import review
from policy.margin.perpetuals.mark_events import IndexLost
from policy.margin.perpetuals.marking import mark
from policy.margin.perpetuals.rules import PerpetualRules, perpetual_rules
from policy.margin.perpetuals.state import Account, Bucket, Contract, State
from policy.margin.perpetuals.statements import state_account
from policy.margin.perpetuals.trading import cancel, place, trim
from policy.rulebook import Rulebook
from policy.wire import Commands, word

COMMANDS: tuple[type[Any], ...] = get_args(do.Command)
READS = Commands.of(*COMMANDS)


def opened(rulebook_on: Callable[[str], Rulebook], on: str) -> Desk:
    """A desk without contracts, under the rulebook of a first date. Raises PolicyError with what it lacks."""
    return Desk(rules_on=lambda day: perpetual_rules(rulebook_on(day)), on=date.fromisoformat(on))


@define(eq=False)
class Desk:
    """The contracts and clients of one platform."""

    rules_on: Callable[[str], PerpetualRules]
    on: date
    state: State = field(init=False)
    now: int | None = None
    _answered: dict[str, tuple[do.PlacePerpetual, Event]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.state = State(self.rules_on(self.on.isoformat()))

    def submit(self, command: do.Command) -> list[Event]:
        """Carries out one command. What has fallen due by its time comes first."""
        if unfit := READS.unfit(command):
            return [misread(command, unfit)]
        state = self.state
        state.events = []
        try:
            if self.now is not None and command.at < self.now:
                raise NonsenseError("out_of_sequence", "this comes before what has already happened")
            self._answer(lambda: reachable(state, command.at))
            self.now = command.at
            self._answer(lambda: pass_time(state, command.at))
            self._answer(lambda: self._carry_out(command))
        except NonsenseError as nonsense:
            state.tell(Rejected(word(type(command)), nonsense.code, nonsense.message))
        return state.events

    def total(self) -> int:
        """Every balance, position at mark and fund, in units; it is what came in, after every command."""
        return self.state.total()

    def _answer(self, what: Callable[[], None]) -> None:
        """Does something; where the rulebook cannot compute what it needs, that is said instead."""
        try:
            what()
        except UndecidedError as unanswered:
            answer = unanswered.answer
            self.state.tell(Unanswered(answer.question.name, answer.verdict))

    def _carry_out(self, command: do.Command) -> None:
        match command:
            case do.PlacePerpetual():
                self._place(command)
            case do.CancelPerpetual():
                self._cancel(command)
            case do.IndexPrice():
                self._index(command)
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
                state_account(self.state, account_of(self.state, command.account))
            case NewDay():
                self._new_day(command)
            case _:
                assert_never(command)

    # ── contracts, accounts, days ───────────────────────────────────────────────────────────

    def _list(self, command: do.ListPerpetual) -> None:
        fresh(command.contract, self.state.contracts, "contract")
        positive(command.tick, PRICE, "tick")
        positive(command.lot, SIZE, "lot")
        within(command.tick * command.lot, "value of a lot at one tick")
        facts = self._product(command.product)
        listed = self.state.rules.listed
        verdict = listed.verdict(facts)
        if verdict.outcome is not Outcome.PERMITTED:
            self.state.tell(PerpetualNotListed(command.contract, verdict, listed.told(facts)))
            return
        self.state.contracts[command.contract] = Contract(
            command.contract, command.tick, command.lot, command.self_trade, command.product, facts
        )
        self.state.tell(PerpetualListed(command.contract, verdict, command.tick, command.lot))

    def _product(self, product: Any) -> Any:
        """The rulebook's record of a contract; how often funding is paid is the desk's own to say."""
        facts: Any = readable(self.state.rules.listed.read({"product": product}))
        since = self.state.funded_at
        assert since is not None
        return unchecked(type(facts), facts, convergence_interval=self.state.rules.next_funding.fast(since) - since)

    def _client(self, client: Any) -> Any:
        return readable(self.state.rules.accepted.read({"order": client}))

    def _open(self, command: do.OpenPerpetualAccount) -> None:
        fresh(command.account, self.state.accounts, "account")
        facts = self._client(command.client)
        self.state.accounts[command.account] = Account(command.account, command.client, facts)
        self.state.tell(PerpetualAccountOpened(command.account))

    def _new_day(self, command: NewDay) -> None:
        """Everything is judged again by the rules of the day."""
        if command.on < self.on.toordinal():
            raise NonsenseError("out_of_sequence", f"the rules of {self.on.isoformat()} are already in force")
        self.on = date.fromordinal(command.on)
        state = self.state
        state.rules = self.rules_on(self.on.isoformat())
        for account in state.accounts.values():
            account.facts = self._client(account.client)
        for contract in state.contracts.values():
            contract.facts = self._product(contract.product)
        buckets = list(state.buckets())
        for bucket in buckets:
            trim(state, bucket)
        review(state, buckets)

    # ── money ───────────────────────────────────────────────────────────────────────────────

    def _deposit(self, command: do.DepositMargin) -> None:
        account = account_of(self.state, command.account)
        positive(command.value, MONEY, "value")
        within(self.state.came_in + command.value, "money on the desk")
        collateral = self.state.rules.collateral
        asset = readable(collateral.read({"asset": command.asset}))
        verdict = collateral.verdict(asset)
        if verdict.outcome is not Outcome.PERMITTED:
            self.state.tell(DepositRefused(account.name, verdict, collateral.told(asset)))
            return
        account.free += command.value
        self.state.came_in += command.value
        self.state.tell(MarginDeposited(account.name, verdict, command.value, account.free))

    def _withdraw(self, command: do.WithdrawMargin) -> None:
        account = account_of(self.state, command.account)
        covered(command.value, account.free, "free")
        account.free -= command.value
        self.state.came_in -= command.value
        self.state.tell(MarginWithdrawn(account.name, command.value, account.free))

    def _post(self, command: do.PostMargin) -> None:
        account = account_of(self.state, command.account)
        covered(command.amount, account.free, "free")
        bucket = bucket_of(self.state, account, command.bucket)
        account.free -= command.amount
        bucket.margin += command.amount
        self.state.tell(MarginPosted(account.name, bucket.name, command.amount, bucket.margin, account.free))

    def _release(self, command: do.ReleaseMargin) -> None:
        account = account_of(self.state, command.account)
        bucket = bucket_of(self.state, account, command.bucket)
        covered(command.amount, bucket.margin, "in the bucket")
        released = self.state.rules.released
        collected, required = self._after_release(bucket, command.amount)
        verdict = released.verdict(collected, required)
        if verdict.outcome is not Outcome.PERMITTED:
            told = released.told(collected, required)
            self.state.tell(ReleaseRefused(account.name, bucket.name, verdict, told))
            return
        bucket.margin -= command.amount
        account.free += command.amount
        self.state.tell(
            MarginReleased(account.name, bucket.name, verdict, command.amount, bucket.margin, account.free)
        )

    def _after_release(self, bucket: Bucket, amount: int) -> tuple[Any, Any]:
        """What would count as collected, and what is required; missing, where something has no index."""
        state = self.state
        orders = [(order, order.remaining) for order in bucket.orders.values()]
        names = {*bucket.positions, *(order.data.contract.name for order, _ in orders)}
        if any(state.contracts[name].index is None for name in names):
            return MISSING, MISSING
        exposures = exposure_facts(state, reaches(state, bucket, orders))
        left = bucket_facts(state, bucket, bucket.margin - amount)
        return state.rules.collected.fast(left, False), state.rules.required.fast(exposures, False)

    def _top_up(self, command: do.TopUpFund) -> None:
        positive(command.amount, MONEY, "amount")
        within(self.state.came_in + command.amount, "money on the desk")
        self.state.fund += command.amount
        self.state.came_in += command.amount
        self.state.tell(FundToppedUp(command.amount, self.state.fund))

    # ── orders and prices ───────────────────────────────────────────────────────────────────

    def _place(self, command: do.PlacePerpetual) -> None:
        body = attrs.evolve(command, at=0)
        if command.id in self._answered:
            before, answer = self._answered[command.id]
            if before != body:
                raise NonsenseError("duplicate", f"there is already another order `{command.id}`: give it another id")
            self.state.tell(answer)
            return
        account = account_of(self.state, command.account)
        contract = contract_of(self.state, command.contract)
        bucket = bucket_of(self.state, account, command.bucket)
        sensible(command, contract, bucket)
        told = len(self.state.events)
        place(self.state, command, account, bucket, contract)
        self._answered[command.id] = body, self.state.events[told]

    def _cancel(self, command: do.CancelPerpetual) -> None:
        account = account_of(self.state, command.account)
        order = self.state.live.get(command.id)
        if order is None or order.owner != account.name:
            told = f"`{account.name}` has no order `{command.id}` at rest"
            raise NonsenseError("unknown_order", told)
        cancel(self.state, order, ASKED)

    def _index(self, command: do.IndexPrice) -> None:
        """A new index price moves the mark: orders are judged at it first, so that they can bear what follows."""
        state = self.state
        contract = contract_of(state, command.contract)
        if command.price is not None:
            markable(contract, command.price)
        contract.index = command.price
        if command.price is None:
            state.tell(IndexLost(contract.name))
        else:
            mark(state, contract)
        buckets = list(contract.buckets.values())
        for bucket in buckets:
            trim(state, bucket)
        if command.price is not None:
            review(state, buckets, contract)
