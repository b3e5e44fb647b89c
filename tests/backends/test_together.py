"""Several questions as one function: it gives what each gives alone, or nothing, whatever is missing or wrong."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

import policy
from arenas import LenderArena, told_with_and_without
from policy.answers import MISSING, UndecidedError
from policy.facts.records import unchecked
from policy.financing.rules import FinancingRules, financing_rules

ON = "2026-04-02"
ASSETS = (
    {"class_": "virtual_asset", "symbol": "BTC"},
    {"class_": "virtual_asset", "symbol": "DOGE"},
    {"class_": "listed_security", "symbol": "0001.HK", "listing": "hang_seng_index"},
    {"class_": "listed_security", "symbol": "0002.HK"},
    {"class_": "fiat", "symbol": "HKD"},
    {"symbol": "ETH"},
)


@pytest.fixture(scope="module")
def rules() -> FinancingRules:
    return financing_rules(policy.load(on=ON, under="example.house"))


def drawn(rules: FinancingRules, chance: Random) -> tuple[Any, list[Any]]:
    """An account and what it holds, of which something may be missing or no fact."""
    records, odd = rules.call.records, chance.random() < 0.2
    wrong = (MISSING, MISSING, -1, 1.5, "1", True, 10**18)
    positions, held = [], []
    for _ in range(chance.randint(0, 4)):
        price = chance.choice((None, *wrong)) if odd and chance.random() < 0.3 else chance.randint(0, 2_000_000_00)
        asset = records["Asset"](**chance.choice(ASSETS))
        positions.append(unchecked(records["Position"], asset=asset, market_value=chance.choice((0, MISSING))))
        held.append(SimpleNamespace(asset=SimpleNamespace(price=price), quantity=chance.randint(1, 3) * 10**8))
    if chance.random() < 0.7:
        rules.look(positions)
    loan = chance.choice(wrong) if odd and chance.random() < 0.3 else chance.randint(0, 2_000_000)
    lender = chance.choice(
        ("licensed_corporation", "registered_institution", MISSING if odd else "licensed_corporation")
    )
    call = chance.choice(("no_call", "no_call", "unmet", "overdue"))
    return unchecked(records["Account"], lender=lender, loan=loan, call=call, collateral=tuple(positions)), held


def alone(rules: FinancingRules, account: Any, held: list[Any]) -> Any:
    try:
        for position, one in zip(account.collateral, held, strict=True):
            position.market_value = rules.market.fast(one.asset.price, one.quantity)
        rules.look(account.collateral)
        due = rules.call.fast(account) or rules.sale.fast(account)
        return due, [rules.counted.fast(account, position) for position in account.collateral]
    except UndecidedError:
        return None


def test_what_is_asked_together_is_what_is_asked_alone(rules: FinancingRules) -> None:
    assert rules.together is not None
    chance, answered = Random(7), 0
    for _ in range(1_500):
        account, held = drawn(rules, chance)
        found = rules.together(account, held)
        answered += found is not None
        if found is not None:
            values = [position.market_value for position in account.collateral]
            assert found == alone(rules, account, held), account
            assert values == [position.market_value for position in account.collateral]
    assert answered > 500


@pytest.mark.parametrize("what", ["loan", "price", "quantity"])
def test_a_missing_fact_is_no_answer(rules: FinancingRules, what: str) -> None:
    assert rules.together is not None
    account, held = drawn(rules, Random(1))
    while not held or rules.together(account, held) is None:
        account, held = drawn(rules, Random(account.loan))
    setattr({"loan": account, "price": held[0].asset, "quantity": held[0]}[what], what, MISSING)
    assert rules.together(account, held) is None


def test_an_asset_that_can_be_changed_is_asked_about_each_time(rules: FinancingRules) -> None:
    assert rules.together is not None
    records = rules.call.records
    asset = unchecked(records["Asset"], class_="virtual_asset", symbol="BTC")
    held = [SimpleNamespace(asset=SimpleNamespace(price=100_0000), quantity=10**11)]
    positions = (unchecked(records["Position"], asset=asset, market_value=0),)
    lender = "licensed_corporation"
    account = unchecked(records["Account"], lender=lender, loan=10_000_00, call="no_call", collateral=positions)
    of_bitcoin = rules.together(account, held)
    asset.symbol = "DOGE"
    of_another = rules.together(account, held)
    assert of_bitcoin != of_another == alone(rules, account, held)


def test_questions_about_other_records_are_asked_alone() -> None:
    rulebook = policy.load(on=ON)
    first = ("market_value", "market_value_at", ("asset.price", "quantity"))
    for decisions in (("margin_call_due", "financing_offered"), ("financing_offered",)):
        assert rulebook.together(decisions, "loan_on_position", "collateral", first) is None


def test_a_lender_says_the_same_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, apart = told_with_and_without(monkeypatch, LenderArena, "together", 60, 3)
    assert apart == at_once
