"""What a margin account is worth under the rulebook: to its lender, and to the lender's own capital.

In: an account's facts, as the rulebook's records, and the rulebook's questions, bound. Out: the answers,
position by position and for the account as a whole. The lending view and the capital view stand side by side
and are never merged. Absent: any haircut, level or list of accepted assets, for those are the rulebook's; and
any default, for what the rulebook cannot answer stays undecided and names what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen

from policy.decisions import Answer, Outcome
from policy.rulebook import Rulebook
from policy.wanted import Bound, bind, wants

_HKD = "money(HKD) to 0.01"
_ASSET = {"Asset": "class: AssetClass, symbol: text"}
_POSITION = {"Position": f"asset: Asset, market_value: {_HKD}"}
_ACCOUNT = {"Account": f"lender: Lender, loan: {_HKD}, collateral: list of Position"}


@frozen
class MarginRules:
    """The questions that a valuation asks."""

    accepted: Bound = wants("decision collateral_accepted(asset: Asset, lender: Lender)", **_ASSET)
    haircut: Bound = wants("table haircut(asset: Asset) -> rate", **_ASSET)
    lending: Bound = wants(f"value lending_value(position: Position) -> {_HKD}", **_POSITION)
    capital_haircut: Bound = wants("table capital_haircut(asset: Asset) -> rate", **_ASSET)
    capital: Bound = wants(f"value capital_value(position: Position) -> {_HKD}", **_POSITION)
    carried: Bound = wants(f"value collateral_value(account: Account) -> {_HKD}", **_ACCOUNT)
    from_virtual_assets: Bound = wants(f"value virtual_asset_value(account: Account) -> {_HKD}", **_ACCOUNT)
    room: Bound = wants(f"value room_to_advance(account: Account) -> {_HKD}", **_ACCOUNT)
    advance: Bound = wants(f"decision advance_allowed(account: Account, amount: {_HKD})", **_ACCOUNT)
    call: Bound = wants("decision margin_call_due(account: Account)", **_ACCOUNT)
    sale: Bound = wants("decision forced_sale_due(account: Account)", **_ACCOUNT)
    sale_order: Bound = wants("priority forced_sale(position: Position)", **_POSITION)


def margin_rules(rulebook: Rulebook) -> MarginRules:
    """The questions of a rulebook. Raises PolicyError with each that is missing or does not fit."""
    return bind(MarginRules, rulebook, "margin valuation")


@frozen
class Total:
    """A sum of money: of what is known, in cents, and what the rest of it needs."""

    known: int
    needs: tuple[str, ...] = ()


@frozen(eq=False)
class Holding:
    """One position, before and after the haircut, and as the lender's capital sees it."""

    position: Any
    accepted: Answer
    haircut: Answer
    lending: Answer
    capital_haircut: Answer
    capital: Answer

    @property
    def carries(self) -> Total:
        """What the position adds to the account's collateral: nothing where it is not accepted."""
        if self.accepted.outcome is Outcome.UNDECIDED:
            return Total(0, self.accepted.needs)
        return _amount(self.lending) if self.accepted.permitted else Total(0)

    @property
    def counts(self) -> Total:
        """What the position adds to the lender's liquid capital."""
        return _amount(self.capital)


@frozen(eq=False)
class Valuation:
    """One account: its positions, what they carry together, and what is due."""

    account: Any
    holdings: tuple[Holding, ...]
    carried: Answer
    from_virtual_assets: Answer
    room: Answer
    advance: Answer
    call: Answer
    sale: Answer
    sale_order: tuple[Holding, ...]  # what goes first; empty unless a forced sale is due

    @property
    def market_value(self) -> Total:
        return Total(sum(h.position.market_value for h in self.holdings))

    @property
    def capital(self) -> Total:
        """The account's collateral in the lender's liquid capital."""
        return total(h.counts for h in self.holdings)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Everything that was answered, for whoever asks what it all rests on."""
        own = (self.carried, self.from_virtual_assets, self.room, self.advance, self.call, self.sale)
        each = ((h.accepted, h.haircut, h.lending, h.capital_haircut, h.capital) for h in self.holdings)
        return (*own, *(answer for answers in each for answer in answers))


def total(amounts: Iterable[Total]) -> Total:
    """The sum of amounts, needing whatever any of them needs."""
    listed = list(amounts)
    needs = dict.fromkeys(need for amount in listed for need in amount.needs)
    return Total(sum(amount.known for amount in listed), tuple(sorted(needs)))


def _amount(answer: Answer) -> Total:
    """An amount of the rulebook's; zero that needs something where it gave none."""
    if answer.outcome is Outcome.VALUE:
        return Total(answer.value)
    return Total(0, answer.needs or (answer.verdict.fault,))


def value_account(account: Any, request: int, rules: MarginRules) -> Valuation:
    """The account under the rules; `request` is the advance asked for, in cents."""
    holdings = tuple(_value_position(p, account.lender, rules) for p in account.collateral)
    sale = rules.sale.answer(account)
    return Valuation(
        account=account,
        holdings=holdings,
        carried=rules.carried.answer(account),
        from_virtual_assets=rules.from_virtual_assets.answer(account),
        room=rules.room.answer(account),
        advance=rules.advance.answer(account, request),
        call=rules.call.answer(account),
        sale=sale,
        sale_order=_in_order_of_sale(holdings, rules) if sale.permitted else (),
    )


def _value_position(position: Any, lender: str, rules: MarginRules) -> Holding:
    return Holding(
        position=position,
        accepted=rules.accepted.answer(position.asset, lender),
        haircut=rules.haircut.answer(position.asset),
        lending=rules.lending.answer(position),
        capital_haircut=rules.capital_haircut.answer(position.asset),
        capital=rules.capital.answer(position),
    )


def _in_order_of_sale(holdings: tuple[Holding, ...], rules: MarginRules) -> tuple[Holding, ...]:
    """The holdings as the rulebook's priority ranks them; none where it cannot rank them all."""
    ranks = [rules.sale_order.answer(h.position) for h in holdings]
    if any(rank.outcome is not Outcome.VALUE for rank in ranks):
        return ()
    ranked = sorted(zip(ranks, holdings, strict=True), key=lambda pair: pair[0].value)
    return tuple(holding for _, holding in ranked)
