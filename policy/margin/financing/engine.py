"""Margin financing by one lender: a command in, what came of it out.

In: commands in the order of their time, and a way to get the rules of a date. Out: events, each with the verdict
that it stands on. What makes no sense is answered by `Rejected`, what the rules forbid or cannot tell by an
event of its own. Absent: clock and I/O, and any formula, level, limit or order, which are the rulebook's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, get_args

from attrs import define, field

from policy.decisions import Outcome, Verdict
from policy.exchange.checks import misread
from policy.exchange.orders import NewDay, Rejected
from policy.margin.financing import commands as do
from policy.margin.financing.advances import advance, book_judged, book_verdict, repay
from policy.margin.financing.calls import overdue, promise
from policy.margin.financing.collateral import holding, move, revalue, worth
from policy.margin.financing.commands import PRICE
from policy.margin.financing.events import (
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
from policy.margin.financing.reading import (
    RefusedError,
    account_facts,
    asset_facts,
    found,
    lender_facts,
    lots,
    within_facts,
)
from policy.margin.financing.rules import FinancingRules, financing_rules
from policy.margin.financing.sales import review
from policy.margin.financing.state import NO_CALL, Account, Asset, Books, Held, Lender
from policy.margin.financing.views import statement
from policy.model.values import show
from policy.rulebook import Rulebook
from policy.wire import Commands, word

COMMANDS: tuple[type[Any], ...] = get_args(do.Command)
READS = Commands.of(*COMMANDS)


def opened(rulebook_on: Callable[[str], Rulebook], on: str) -> Engine:
    """A lender without accounts, under the rulebook of a first date. Raises PolicyError with what it lacks."""
    return Engine(rules_on=lambda day: financing_rules(rulebook_on(day)), on=date.fromisoformat(on))


@define(eq=False)
class Engine:
    """The accounts of one lender."""

    rules_on: Callable[[str], FinancingRules]
    on: date
    assets: dict[str, Asset] = field(factory=dict)
    accounts: dict[str, Account] = field(factory=dict)
    lender: Lender | None = None
    books: Books = field(init=False)
    _book_told: Verdict | None = None

    def __attrs_post_init__(self) -> None:
        self.books = Books(self.rules_on(self.on.isoformat()))

    def submit(self, command: Any) -> list[Event]:
        """Carries out one command. Calls whose time has run out by then come first, at the prices so far."""
        if unfit := READS.unfit(command):
            return [misread(command, unfit)]
        books = self.books
        events = books.events = []
        if books.now is not None and command.at < books.now:
            told = "this comes before what has already happened"
            return [Rejected(word(type(command)), "out_of_sequence", told)]
        books.now = command.at
        for account in overdue(self.accounts, books):
            review(account, books)
        try:
            _CARRY_OUT[type(command)](self, command)
        except RefusedError as refused:
            books.tell(Rejected(word(type(command)), refused.code, refused.message))
        self._judge_book()
        return events

    # ── setting up ──────────────────────────────────────────────────────────────────────────

    def _set_up(self, command: do.SetUpLender) -> None:
        lender = lender_facts(command, self.books.rules)
        if self.accounts and self.lender is not None and lender.firm.kind != self.lender.firm.kind:
            raise RefusedError("another_lender", "a lender with accounts cannot become one of another kind")
        self.lender = lender
        self.books.tell(LenderJudged(verdict=lender.standing))

    def _list(self, command: do.ListCollateral) -> None:
        lender = self._lender()
        _new(self.assets, command.asset, "asset")
        if command.lot <= 0:
            raise RefusedError("not_positive", "a lot is more than nothing")
        facts = asset_facts(command, lender, self.books.rules)
        self.assets[command.asset] = Asset(command.asset, command.lot, command.connected or command.asset, facts)
        verdict = self.books.rules.accepted.verdict(facts, lender.firm.kind)
        self.books.tell(CollateralListed(asset=command.asset, verdict=verdict))

    def _open(self, command: do.OpenMarginAccount) -> None:
        lender = self._lender()
        _new(self.accounts, command.account, "account")
        facts = account_facts(command, lender, self.books.rules)
        group = command.group or command.account
        self.accounts[command.account] = Account(command.account, group, facts)
        self.books.tell(MarginAccountOpened(account=command.account, group=group))

    def _lender(self) -> Lender:
        if self.lender is None:
            raise RefusedError("no_lender", "the lender is not set up yet")
        return self.lender

    # ── collateral ──────────────────────────────────────────────────────────────────────────

    def _post(self, command: do.PostCollateral) -> None:
        account, asset, books = *self._named(command), self.books
        lots(asset, command.quantity)
        self._all_within_facts(asset, asset.price, asset.quantity + command.quantity)
        held = holding(account, asset, books)
        move(held, command.quantity, books)
        books.tell(
            CollateralPosted(account=account.id, asset=asset.id, quantity=command.quantity, held=held.quantity)
        )
        review(account, books)

    def _withdraw(self, command: do.WithdrawCollateral) -> None:
        account, asset, books = *self._named(command), self.books
        lots(asset, command.quantity)
        held = account.held.get(asset.id)
        if held is None or held.quantity < command.quantity:
            raise RefusedError("not_held", f"`{account.id}` does not hold so much of `{asset.id}`")
        moved: dict[str, Any] = {"account": account.id, "asset": asset.id, "quantity": command.quantity}
        verdict, facts = self._as_it_would_be(held, held.quantity - command.quantity)
        if verdict.outcome is not Outcome.PERMITTED:
            books.tell(CollateralNotReleased(**moved, verdict=verdict, facts=facts))
            return
        move(held, -command.quantity, books)
        books.tell(CollateralReleased(**moved, held=held.quantity, verdict=verdict))
        review(account, books)

    def _as_it_would_be(self, held: Held, remaining: int) -> tuple[Verdict, dict[str, Any]]:
        """The verdict on releasing all but what remains, and the facts of the account that it is on."""
        facts, released = held.account.facts, self.books.rules.released
        value, collateral = held.position.market_value, facts.collateral
        if remaining:
            held.position.market_value = worth(self.books.rules, held.asset, remaining)
        else:
            facts.collateral = tuple(position for position in collateral if position is not held.position)
        answered = released.verdict(facts), released.told(facts)
        held.position.market_value, facts.collateral = value, collateral
        return answered

    def _named(self, command: do.PostCollateral | do.WithdrawCollateral) -> tuple[Account, Asset]:
        return found(self.accounts, command.account, "account"), found(self.assets, command.asset, "asset")

    # ── prices ──────────────────────────────────────────────────────────────────────────────

    def _price(self, command: do.PriceAsset) -> None:
        self._take_prices({command.asset: command.price})

    def _prices(self, command: do.PriceAssets) -> None:
        prices = dict(zip(command.assets, command.prices, strict=False))
        if not len(prices) == len(command.assets) == len(command.prices):
            raise RefusedError("prices", "there is one price for each asset, and each asset is named once")
        self._take_prices(prices)

    def _take_prices(self, prices: Mapping[str, int | None]) -> None:
        """All of them or none; every account that holds one of the assets is then reviewed once."""
        books = self.books
        moved = [(found(self.assets, id, "asset"), price or None) for id, price in prices.items()]
        for asset, price in moved:
            if price is not None and price < 0:
                raise RefusedError("negative_price", f"{show(price, PRICE)} is no price")
            self._all_within_facts(asset, price, asset.quantity)
        touched: dict[str, None] = {}
        for asset, price in moved:
            asset.price = price
            touched |= dict.fromkeys(asset.holders)
            accounts = len(asset.holders)
            if price is None:
                books.tell(AssetUnpriced(asset=asset.id, accounts=accounts))
            else:
                books.tell(AssetPriced(asset=asset.id, price=price, accounts=accounts))
        for account in map(self.accounts.__getitem__, touched):
            revalue([held for id, held in account.held.items() if id in prices], books.rules, books.loans)
            review(account, books)

    def _all_within_facts(self, asset: Asset, price: int | None, quantity: int) -> None:
        """That the rules can be asked about all there is of an asset, and so about any part of it."""
        within_facts(quantity, f"the quantity of `{asset.id}`")
        if price is not None:
            within_facts(self.books.rules.market.fast(price, quantity), f"the market value of `{asset.id}`")

    # ── loans ───────────────────────────────────────────────────────────────────────────────

    def _advance(self, command: do.AdvanceLoan) -> None:
        account = found(self.accounts, command.account, "account")
        advance(account, command.amount, self._lender(), self.books)
        review(account, self.books)

    def _repay(self, command: do.RepayLoan) -> None:
        account = found(self.accounts, command.account, "account")
        repay(account, command.amount, self.books)
        review(account, self.books)

    def _state(self, command: do.StateAccount) -> None:
        self.books.tell(statement(found(self.accounts, command.account, "account"), self.books.rules))

    def _judge_book(self) -> None:
        """Tells whether the book is within its limits, when that has changed."""
        if self.lender is None:
            return
        verdict, told = book_verdict(self.lender, self.books), self._book_told
        self._book_told = verdict
        if verdict.outcome is Outcome.PERMITTED and (told is None or told.outcome is Outcome.PERMITTED):
            return
        if verdict != told:
            self.books.tell(book_judged(verdict, self.books))

    # ── days ────────────────────────────────────────────────────────────────────────────────

    def _begin(self, command: NewDay) -> None:
        """Another day's rules: everything is asked again. What time a call was given stays."""
        on, books = date.fromordinal(command.on), self.books
        if on < self.on:
            raise RefusedError("out_of_sequence", f"the rules of {self.on.isoformat()} are already in force")
        self.on, books.rules = on, self.rules_on(on.isoformat())
        if self.lender is not None:
            standing, self.lender.standing = self.lender.standing, books.rules.offered.verdict(self.lender.firm)
            if standing != self.lender.standing:
                books.tell(LenderJudged(verdict=self.lender.standing))
        for account in self.accounts.values():
            if account.facts.call != NO_CALL and account.due_by is None:
                promise(account, command.at, books)
            revalue(account.held.values(), books.rules, books.loans)
            review(account, books)


def _new(known: Mapping[str, Any], id: str, what: str) -> None:
    if id in known:
        raise RefusedError("duplicate", f"there is already an {what} `{id}`")


_CARRY_OUT: Mapping[type[Any], Callable[[Engine, Any], None]] = MappingProxyType(
    {
        NewDay: Engine._begin,
        do.SetUpLender: Engine._set_up,
        do.ListCollateral: Engine._list,
        do.OpenMarginAccount: Engine._open,
        do.PostCollateral: Engine._post,
        do.WithdrawCollateral: Engine._withdraw,
        do.PriceAsset: Engine._price,
        do.PriceAssets: Engine._prices,
        do.AdvanceLoan: Engine._advance,
        do.RepayLoan: Engine._repay,
        do.StateAccount: Engine._state,
    }
)
