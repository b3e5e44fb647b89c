"""Validation of quantities and facts, before anything changes.

In: commands and the live data. Out: facts as the rulebook's records, or `InvalidCommandError`. Absent: any rule but
the rulebook's own types.
"""

from __future__ import annotations

from policy.answers import MISSING
from policy.facts.records import unchecked
from policy.financing.commands import QUANTITY, ListCollateral, OpenMarginAccount, SetUpLender
from policy.financing.rules import FinancingRules
from policy.financing.state import NO_CALL, Asset, Lender
from policy.market.checks import not_reserved, on_lot, positive, read
from policy.vocabulary import Json, RuntimeValue

KEPT = {"lender", "loan", "call", "collateral"}  # facts of an account
SUMMED = {"total_loans", "largest_client_group", "largest_collateral"}  # facts of the loan book


def check_quantity(asset: Asset, quantity: int) -> None:
    """A quantity of an asset to be moved."""
    positive(quantity, QUANTITY, "quantity")
    on_lot(quantity, asset.lot, QUANTITY)


# ── facts ───────────────────────────────────────────────────────────────────────────────────


def lender_facts(command: SetUpLender, rules: FinancingRules) -> Lender:
    (firm,) = read(rules.offered, {"firm": command.facts})
    not_reserved(command.book, SUMMED)
    (book,) = read(rules.book, {"book": command.book})
    return Lender(firm, unchecked(type(book), book), rules.offered.verdict(firm))


def asset_facts(command: ListCollateral, lender: Lender, rules: FinancingRules) -> RuntimeValue:
    asset, _ = read(rules.accepted, {"asset": {"symbol": command.asset, **command.facts}} | _of(lender))
    return asset


def account_facts(command: OpenMarginAccount, lender: Lender, rules: FinancingRules) -> RuntimeValue:
    """A new account: nothing lent, nothing called, nothing held."""
    not_reserved(command.facts, KEPT)
    known = {"loan": "0", "call": NO_CALL, "collateral": [], **command.facts} | _of(lender)
    account, _ = read(rules.advance, {"account": known})
    return unchecked(type(account), account, collateral=())


def _of(lender: Lender) -> Json:
    return {} if lender.firm.kind is MISSING else {"lender": lender.firm.kind}
