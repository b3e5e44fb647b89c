"""The questions that margin financing asks of a rulebook, with the signatures they must have.

In: a rulebook as of one date. Out: every question bound, or a PolicyError that names each that is missing.
Absent: any answer.
"""

from __future__ import annotations

from attrs import frozen

from policy.rulebook import Rulebook
from policy.wanted import Bound, bind, wants

_HKD = "money(HKD) to 0.01"
_FIRM = {"LendingFirm": "kind: Lender"}
_BOOK = {"LendingBook": f"total_loans: {_HKD}, largest_client_group: {_HKD}, largest_collateral: {_HKD}"}
_ASSET = {"Asset": "symbol: text"}
_POSITION = {"Position": f"asset: Asset, market_value: {_HKD}"}
_ACCOUNT = {"Account": f"lender: Lender, loan: {_HKD}, call: CallStatus, collateral: list of Position"}


@frozen
class FinancingRules:
    """The questions by what they are asked for; amounts are in cents, prices and quantities in their finest steps."""

    offered: Bound = wants("decision financing_offered(firm: LendingFirm)", **_FIRM)
    book: Bound = wants("decision book_within_limits(book: LendingBook)", **_BOOK)
    accepted: Bound = wants("decision collateral_accepted(asset: Asset, lender: Lender)", **_ASSET)
    market: Bound = wants(
        f"value market_value_at(price: price(HKD) to 0.0001, quantity: quantity to 0.00000001) -> {_HKD}"
    )
    lending: Bound = wants(f"value lending_value(position: Position) -> {_HKD}", **_POSITION)
    capital: Bound = wants(f"value capital_value(position: Position) -> {_HKD}", **_POSITION)
    carried: Bound = wants(f"value collateral_value(account: Account) -> {_HKD}", **_ACCOUNT)
    counted: Bound = wants(f"value loan_on_position(account: Account, position: Position) -> {_HKD}", **_ACCOUNT)
    advance: Bound = wants(f"decision advance_allowed(account: Account, amount: {_HKD})", **_ACCOUNT)
    released: Bound = wants("decision collateral_released(account: Account)", **_ACCOUNT)
    call: Bound = wants("decision margin_call_due(account: Account)", **_ACCOUNT)
    amount: Bound = wants(f"value call_amount(account: Account) -> {_HKD}", **_ACCOUNT)
    deadline: Bound = wants("value call_deadline(called_at: instant) -> instant")
    met: Bound = wants("decision margin_call_met(account: Account)", **_ACCOUNT)
    overdue: Bound = wants("decision margin_call_overdue(due_by: instant, now: instant)")
    sale: Bound = wants("decision forced_sale_due(account: Account)", **_ACCOUNT)
    order: Bound = wants("priority forced_sale(position: Position)", **_POSITION)


def financing_rules(rulebook: Rulebook) -> FinancingRules:
    """The questions of a rulebook. Raises PolicyError with each that is missing or does not fit."""
    return bind(FinancingRules, rulebook, "margin financing")
