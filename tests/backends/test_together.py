"""Several questions as one function: it gives what each gives alone, or nothing, whatever is missing or wrong."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from attrs import evolve

import arenas
import policy
from arenas import LenderArena
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


def drawn(rules: FinancingRules, chance: Random) -> Any:
    """An account, of which something may be missing or no fact."""
    records, odd = rules.call.records, chance.random() < 0.2
    wrong = (MISSING, MISSING, -1, 1.5, "1", True, 10**18)
    positions = []
    for _ in range(chance.randint(0, 4)):
        value = chance.choice(wrong) if odd and chance.random() < 0.3 else chance.randint(0, 2_000_000)
        asset = records["Asset"](**chance.choice(ASSETS))
        positions.append(unchecked(records["Position"], asset=asset, market_value=value))
    if chance.random() < 0.7:
        rules.look(positions)
    loan = chance.choice(wrong) if odd and chance.random() < 0.3 else chance.randint(0, 2_000_000)
    lender = chance.choice(
        ("licensed_corporation", "registered_institution", MISSING if odd else "licensed_corporation")
    )
    call = chance.choice(("no_call", "no_call", "unmet", "overdue"))
    return unchecked(records["Account"], lender=lender, loan=loan, call=call, collateral=tuple(positions))


def alone(rules: FinancingRules, account: Any) -> Any:
    try:
        due = rules.call.fast(account) or rules.sale.fast(account)
        return due, tuple(rules.counted.fast(account, position) for position in account.collateral)
    except UndecidedError:
        return None


def test_what_is_asked_together_is_what_is_asked_alone(rules: FinancingRules) -> None:
    assert rules.together is not None
    chance, answered = Random(7), 0
    for _ in range(1_500):
        account = drawn(rules, chance)
        found = rules.together(account)
        answered += found is not None
        if found is not None:
            assert found == alone(rules, account), account
    assert answered > 500


@pytest.mark.parametrize("what", ["loan", "market_value"])
def test_a_missing_fact_is_no_answer(rules: FinancingRules, what: str) -> None:
    assert rules.together is not None
    account = drawn(rules, Random(1))
    while not account.collateral or rules.together(account) is None:
        account = drawn(rules, Random(account.loan))
    setattr(account if what == "loan" else account.collateral[0], what, MISSING)
    rules.look(account.collateral)
    assert rules.together(account) is None


def test_questions_about_other_records_are_asked_alone() -> None:
    rulebook = policy.load(on=ON)
    assert rulebook.together(("margin_call_due", "financing_offered"), "loan_on_position", "collateral") is None
    assert rulebook.together(("financing_offered",), "loan_on_position", "collateral") is None


def test_a_lender_says_the_same_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(seed: int) -> list[Any]:
        chance = Random(seed)
        watch = LenderArena(collect=True).play([LenderArena.drawn(chance) for _ in range(60)])
        return [said.events for said in watch.said]

    def apart(kind: str, day: str) -> Any:
        return evolve(bound(kind, day), together=None)

    bound, together = arenas.rules_on, [told(seed) for seed in range(3)]
    monkeypatch.setattr(arenas, "rules_on", apart)
    assert [told(seed) for seed in range(3)] == together
