"""Margin financing by one lender: a command in, events out.

In: commands in the order of their time, and a way to get the rules of a date. Out: events, each with the verdict
that it stands on. An invalid command is answered by `CommandInvalid`, what the rules forbid or cannot decide by
an event of its own. Absent: clock and I/O, and any formula, level, limit or order, which are the rulebook's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Final, assert_never, get_args

from policy.answers import Outcome, UndecidedError, Verdict
from policy.financing import commands as do
from policy.financing.advances import advance, book_judged, book_verdict, repay
from policy.financing.calls import overdue, set_deadline
from policy.financing.checks import account_facts, asset_facts, check_quantity, lender_facts
from policy.financing.collateral import holding, move, revalue, suppose, worth
from policy.financing.commands import PRICE, QUANTITY
from policy.financing.events import (
    AssetPriced,
    AssetUnpriced,
    CollateralListed,
    CollateralNotReleased,
    CollateralPosted,
    CollateralReleased,
    Event,
    LenderJudged,
    MarginAccountOpened,
)
from policy.financing.rules import FinancingRules, financing_rules
from policy.financing.sales import revalue_and_review, review
from policy.financing.state import NO_CALL, Account, Asset, Held, Lender, Lending, open_questions
from policy.financing.views import statement
from policy.interface import provisions
from policy.market.checks import (
    InvalidCommandError,
    available,
    known,
    new,
    not_blank,
    one_price_each,
    positive,
    within_facts,
)
from policy.market.commands import NewDay
from policy.market.events import CommandInvalid, InvalidCode
from policy.market.venue import Clock, Venue
from policy.model.values import show
from policy.rulebook import Rulebook
from policy.vocabulary import Json
from policy.wire import Commands

COMMANDS: tuple[type[object], ...] = get_args(do.Command)
_NEVER: Final = 1 << 63


def opened(rulebook_on: Callable[[str], Rulebook], on: str | Clock) -> Engine:
    """A lender without accounts, under the rulebook of a first date. Raises PolicyError with what it lacks."""
    return Engine(on, lambda day: financing_rules(rulebook_on(day)))


class Engine(Venue[do.Command, Event]):
    """The accounts of one lender."""

    READS: ClassVar[Commands] = Commands.of(*COMMANDS)

    def __init__(self, on: str | Clock, rules_on: Callable[[str], FinancingRules]) -> None:
        super().__init__(on)
        self.rules_on = rules_on
        self.assets: dict[str, Asset] = {}
        self.accounts: dict[str, Account] = {}
        self.lender: Lender | None = None
        self.context = Lending(rules_on(self.clock.on.isoformat()), self.clock, self.events.append)
        self._book_judged: Verdict | None = None
        self._oldest_counts_until = _NEVER  # of all prices, or before that of the oldest

    def advance(self, at: int) -> None:
        """Prices grow too old, and calls whose time has run out are overdue, each at the prices of its moment."""
        self.clock.at = at
        while self._oldest_counts_until < at:
            priced = [asset for asset in self.assets.values() if asset.price is not None]
            until = self._oldest_counts_until = min((asset.counts_until for asset in priced), default=_NEVER)
            if until < at:
                self._pass_deadlines(until)
                self._reprice({asset.id: None for asset in priced if asset.counts_until == until}, until)
        self._pass_deadlines(at)

    def _pass_deadlines(self, at: int) -> None:
        for account in overdue(self.accounts, self.context, at):
            review(account, self.context)

    def carry_out(self, command: do.Command) -> None:
        match command:
            case do.PriceAsset():
                self._take_prices({command.asset: command.price})
            case do.PriceAssets():
                self._take_prices(one_price_each(command.assets, command.prices, "asset"))
            case do.PostCollateral():
                self._post(command)
            case do.WithdrawCollateral():
                self._withdraw(command)
            case do.AdvanceLoan():
                account = known(self.accounts, command.account, "account")
                advance(account, command.amount, self._lender(), self.context)
                review(account, self.context)
            case do.RepayLoan():
                account = known(self.accounts, command.account, "account")
                repay(account, command.amount, self.context)
                review(account, self.context)
            case do.StateAccount():
                account = known(self.accounts, command.account, "account")
                self.context.emit(statement(account, self.context.rules))
            case do.SetUpLender():
                self._set_up(command)
            case do.ListCollateral():
                self._list(command)
            case do.OpenMarginAccount():
                self._open(command)
            case NewDay():  # begins on all venues at once
                raise AssertionError(command)
            case _:
                assert_never(command)

    def prepare_day(self, on: str, at: int) -> Callable[[], None]:
        """Another day's rules: everything is asked again. What time a call was given stays."""
        return partial(self._begin_day, at, self.rules_on(on))

    def _begin_day(self, at: int, rules: FinancingRules) -> None:
        context = self.context
        context.rules = rules
        if self.lender is not None:
            standing, self.lender.standing = self.lender.standing, rules.offered.verdict(self.lender.firm)
            if standing != self.lender.standing:
                context.emit(LenderJudged(verdict=self.lender.standing))
        for account in self.accounts.values():
            if account.facts.call != NO_CALL and account.due_by is None:
                set_deadline(account, at, context)
            revalue(account.held.values(), rules, context.loans)
            review(account, context)

    def drain(self) -> list[Event | CommandInvalid]:
        """Looks at the whole once more."""
        self._judge_book()
        return super().drain()

    def _judge_book(self) -> None:
        """Emits whether the book is within its limits, when that has changed."""
        if self.lender is None:
            return
        verdict, before = book_verdict(self.lender, self.context), self._book_judged
        self._book_judged = verdict
        if verdict.outcome is Outcome.PERMITTED and (before is None or before.outcome is Outcome.PERMITTED):
            return
        if verdict != before:
            self.context.emit(book_judged(verdict, self.context))

    # ── setting up ──────────────────────────────────────────────────────────────────────────

    def _set_up(self, command: do.SetUpLender) -> None:
        lender = lender_facts(command, self.context.rules)
        if self.accounts and self.lender is not None and lender.firm.kind != self.lender.firm.kind:
            message = "a lender with accounts cannot become one of another kind"
            raise InvalidCommandError(InvalidCode.CANNOT_CHANGE, message)
        self.lender = lender
        self.context.emit(LenderJudged(verdict=lender.standing))

    def _list(self, command: do.ListCollateral) -> None:
        lender = self._lender()
        new(self.assets, command.asset, "asset")
        connected = command.connected or command.asset
        not_blank(connected, "group")
        positive(command.lot, QUANTITY, "lot")
        facts = asset_facts(command, lender, self.context.rules)
        self.assets[command.asset] = Asset(command.asset, command.lot, connected, facts)
        verdict = self.context.rules.accepted.verdict(facts, lender.firm.kind)
        self.context.emit(CollateralListed(asset=command.asset, verdict=verdict))

    def _open(self, command: do.OpenMarginAccount) -> None:
        lender = self._lender()
        new(self.accounts, command.account, "account")
        facts = account_facts(command, lender, self.context.rules)
        group = command.group or command.account
        not_blank(group, "group")
        self.accounts[command.account] = Account(command.account, group, facts)
        self.context.emit(MarginAccountOpened(account=command.account, group=group))

    def _lender(self) -> Lender:
        if self.lender is None:
            raise InvalidCommandError(InvalidCode.UNKNOWN_LENDER, "the lender is not set up yet")
        return self.lender

    # ── collateral ──────────────────────────────────────────────────────────────────────────

    def _post(self, command: do.PostCollateral) -> None:
        account, asset, context = *self._named(command), self.context
        check_quantity(asset, command.quantity)
        self._all_within_facts(asset, asset.price, asset.quantity + command.quantity)
        held = holding(account, asset, context)
        move(held, command.quantity, context)
        context.emit(
            CollateralPosted(account=account.id, asset=asset.id, quantity=command.quantity, held=held.quantity)
        )
        review(account, context)

    def _withdraw(self, command: do.WithdrawCollateral) -> None:
        account, asset, context = *self._named(command), self.context
        check_quantity(asset, command.quantity)
        held = account.held.get(asset.id)
        available(command.quantity, 0 if held is None else held.quantity, QUANTITY, "in the account")
        assert held is not None  # more than 0 is available
        moved: Json = {"account": account.id, "asset": asset.id, "quantity": command.quantity}
        verdict, facts = self._as_it_would_be(held, held.quantity - command.quantity)
        if verdict.outcome is not Outcome.PERMITTED:
            context.emit(CollateralNotReleased(**moved, verdict=verdict, facts=facts))
            return
        move(held, -command.quantity, context)
        context.emit(CollateralReleased(**moved, held=held.quantity, verdict=verdict))
        review(account, context)

    def _as_it_would_be(self, held: Held, remaining: int) -> tuple[Verdict, Json]:
        """The verdict on releasing all but what remains, and the facts of the account that it is on."""
        facts, released = held.account.facts, self.context.rules.released
        value = suppose(held, worth(self.context.rules, held.asset, remaining))
        collateral = facts.collateral
        if not remaining:
            facts.collateral = tuple(position for position in collateral if position is not held.position)
        answered = released.verdict(facts), released.as_facts(facts)
        facts.collateral = collateral
        suppose(held, value)
        return answered

    def _named(self, command: do.PostCollateral | do.WithdrawCollateral) -> tuple[Account, Asset]:
        return known(self.accounts, command.account, "account"), known(self.assets, command.asset, "asset")

    # ── prices ──────────────────────────────────────────────────────────────────────────────

    def _take_prices(self, prices: Mapping[str, int | None]) -> None:
        """All of them or none."""
        for id, price in prices.items():
            asset = known(self.assets, id, "asset")
            if price is not None and price < 0:
                message = f"the price is {show(price, PRICE)}: it must be at least 0"
                raise InvalidCommandError(InvalidCode.NEGATIVE, message)
            self._all_within_facts(asset, price or None, asset.quantity)
        self._reprice({id: price or None for id, price in prices.items()})

    def _reprice(self, prices: Mapping[str, int | None], too_old: int | None = None) -> None:
        """Assets have other prices, or none; every account that holds one of them is then reviewed once."""
        context = self.context
        touched: dict[str, object] = {}
        for id, price in prices.items():
            asset = self.assets[id]
            touched.update(asset.holders)
            context.emit(self._price(asset, price, too_old))
        for account in map(self.accounts.__getitem__, touched):
            revalue_and_review(account, prices, context)

    def _price(self, asset: Asset, price: int | None, too_old: int | None) -> AssetPriced | AssetUnpriced:
        """Gives an asset its price; none where the rules cannot say how long it counts."""
        counts_until, accounts = self.context.rules.counts_until, len(asset.holders)
        asset.price = None
        if price is None:
            per = () if too_old is None else provisions(counts_until)
            return AssetUnpriced(asset=asset.id, accounts=accounts, counted_until=too_old, per=per)
        try:
            asset.counts_until = counts_until.fast(asset.facts, self.context.now)
        except UndecidedError as undecided:
            return AssetUnpriced(asset=asset.id, accounts=accounts, needs=open_questions(undecided.answer.verdict))
        asset.price = price
        self._oldest_counts_until = min(self._oldest_counts_until, asset.counts_until)
        return AssetPriced(asset=asset.id, price=price, accounts=accounts)

    def _all_within_facts(self, asset: Asset, price: int | None, quantity: int) -> None:
        """That the rules can be asked about all there is of an asset, and so about any part of it."""
        within_facts(quantity, f"quantity of `{asset.id}`")
        if price is not None:
            within_facts(self.context.rules.market.fast(price, quantity), f"market value of `{asset.id}`")
