"""The questions that margin financing asks of a rulebook, with the signatures they must have.

In: a rulebook as of one date. Out: every question bound, or a PolicyError that names each that is missing.
Absent: any answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import evolve, field, frozen

from policy.facts.records import checking
from policy.interface import BoundQuestion, bind, question
from policy.model.types import Record
from policy.rulebook import Rulebook
from policy.vocabulary import RuntimeValue, Together

Look = Callable[[Iterable[RuntimeValue]], object]

_HKD = "money(HKD) to 0.01"
_FIRM = {"LendingFirm": "kind: Lender"}
_BOOK = {"LendingBook": f"total_loans: {_HKD}, largest_client_group: {_HKD}, largest_collateral: {_HKD}"}
_ASSET = {"Asset": "symbol: text"}
_POSITION = {"Position": f"asset: Asset, market_value: {_HKD}"}
_ACCOUNT = {"Account": f"lender: Lender, loan: {_HKD}, call: CallStatus, collateral: list of Position"}


@frozen
class FinancingRules:
    """The questions by what they are asked for; amounts are in cents, prices and quantities in their finest steps."""

    offered: BoundQuestion = question("decision financing_offered(firm: LendingFirm)", **_FIRM)
    book: BoundQuestion = question("decision book_within_limits(book: LendingBook)", **_BOOK)
    accepted: BoundQuestion = question("decision collateral_accepted(asset: Asset, lender: Lender)", **_ASSET)
    market: BoundQuestion = question(
        f"value market_value_at(price: price(HKD) to 0.0001, quantity: quantity to 0.00000001) -> {_HKD}"
    )
    counts_until: BoundQuestion = question(
        "value price_counts_until(asset: Asset, priced_at: instant) -> instant", **_ASSET
    )
    lending: BoundQuestion = question(f"value lending_value(position: Position) -> {_HKD}", **_POSITION)
    capital: BoundQuestion = question(f"value capital_value(position: Position) -> {_HKD}", **_POSITION)
    carried: BoundQuestion = question(f"value collateral_value(account: Account) -> {_HKD}", **_ACCOUNT)
    counted: BoundQuestion = question(
        f"value loan_on_position(account: Account, position: Position) -> {_HKD}", **_ACCOUNT
    )
    advance: BoundQuestion = question(f"decision advance_allowed(account: Account, amount: {_HKD})", **_ACCOUNT)
    released: BoundQuestion = question("decision collateral_released(account: Account)", **_ACCOUNT)
    call: BoundQuestion = question("decision margin_call_due(account: Account)", **_ACCOUNT)
    amount: BoundQuestion = question(f"value call_amount(account: Account) -> {_HKD}", **_ACCOUNT)
    deadline: BoundQuestion = question("value call_deadline(called_at: instant) -> instant")
    met: BoundQuestion = question("decision margin_call_met(account: Account)", **_ACCOUNT)
    overdue: BoundQuestion = question("decision margin_call_overdue(due_by: instant, now: instant)")
    sale: BoundQuestion = question("decision forced_sale_due(account: Account)", **_ACCOUNT)
    order: BoundQuestion = question("priority forced_sale(position: Position)", **_POSITION)
    together: Together | None = None  # of an account and what it holds: its values, whether a call or a sale is due
    look: Look = field(default=list)  # at positions whose market value has changed


def financing_rules(rulebook: Rulebook) -> FinancingRules:
    """The questions of a rulebook. Raises PolicyError with each that is missing or does not fit."""
    asked = bind(FinancingRules, rulebook, "margin financing")
    ((_, position),) = asked.lending.function.parameters
    assert isinstance(position, Record)
    return evolve(
        asked,
        together=rulebook.together(
            ("margin_call_due", "forced_sale_due"),
            "loan_on_position",
            "collateral",
            ("market_value", "market_value_at", ("asset.price", "quantity")),
        ),
        look=checking(asked.lending.records, position.name, {"market_value"}),
    )
