"""What a command says, checked before anything changes: known names, whole lots, sound amounts, readable facts.

In: commands and the live data. Out: what they name, and facts as the rulebook's records; `RefusedError` with a code
and a sentence where a command makes no sense here. Absent: any rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from policy.decisions import MISSING
from policy.diagnostics import in_one_line
from policy.exchange.checks import code_of
from policy.facts.records import unchecked
from policy.margin.financing.commands import MONEY, QUANTITY, ListCollateral, OpenMarginAccount, SetUpLender
from policy.margin.financing.rules import FinancingRules
from policy.margin.financing.state import LARGEST_FACT, NO_CALL, Asset, Lender
from policy.model.values import show
from policy.wanted import Bound

T = TypeVar("T")

KEPT = {"lender", "loan", "call", "collateral"}  # facts of an account
SUMMED = {"total_loans", "largest_client_group", "largest_collateral"}  # facts of the loan book


class RefusedError(Exception):
    """A command makes no sense here, whatever the rules say."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def found(known: Mapping[str, T], name: str, what: str) -> T:
    """What is known by a name."""
    if name not in known:
        raise RefusedError(f"unknown_{what}", f"there is no {what} `{name}`")
    return known[name]


def money(amount: int) -> None:
    """An amount to be moved."""
    if amount <= 0:
        raise RefusedError("not_positive", f"the amount is {show(amount, MONEY)}: give more than nothing")


def lots(asset: Asset, quantity: int) -> None:
    """A quantity to be moved."""
    if quantity <= 0:
        raise RefusedError("not_positive", f"the quantity is {show(quantity, QUANTITY)}: give more than nothing")
    if quantity % asset.lot:
        told = f"{show(quantity, QUANTITY)} is not a multiple of the lot of `{asset.id}`, {show(asset.lot, QUANTITY)}"
        raise RefusedError("off_lot", told)


def within_facts(amount: int, what: str) -> None:
    """An amount that the rules will be asked about."""
    if amount >= LARGEST_FACT:
        raise RefusedError("too_large", f"{what} would be larger than the rules can be asked about")


# ── facts ───────────────────────────────────────────────────────────────────────────────────


def lender_facts(command: SetUpLender, rules: FinancingRules) -> Lender:
    (firm,) = _read(rules.offered, {"firm": command.facts})
    _kept(command.book, SUMMED)
    (book,) = _read(rules.book, {"book": command.book})
    return Lender(firm, unchecked(type(book), book), rules.offered.verdict(firm))


def asset_facts(command: ListCollateral, lender: Lender, rules: FinancingRules) -> Any:
    asset, _ = _read(rules.accepted, {"asset": {"symbol": command.asset, **command.facts}} | _of(lender))
    return asset


def account_facts(command: OpenMarginAccount, lender: Lender, rules: FinancingRules) -> Any:
    """A new account: nothing lent, nothing called, nothing held."""
    _kept(command.facts, KEPT)
    known = {"loan": "0", "call": NO_CALL, "collateral": [], **command.facts} | _of(lender)
    account, _ = _read(rules.advance, {"account": known})
    return unchecked(type(account), account, collateral=())


def _of(lender: Lender) -> dict[str, Any]:
    return {} if lender.firm.kind is MISSING else {"lender": lender.firm.kind}


def _kept(facts: Mapping[str, Any], own: set[str]) -> None:
    for name in sorted(own & facts.keys()):
        raise RefusedError("facts", f"`{name}` is known here: leave it out")


def _read(asked: Bound, facts: dict[str, Any]) -> tuple[Any, ...]:
    read = asked.read(facts)
    if isinstance(read, list):
        raise RefusedError(code_of(read), in_one_line(read))
    return read
