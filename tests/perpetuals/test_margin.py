"""Margin accounts under the shipped rulebook: two haircuts, never merged, and nothing guessed."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policy
from policy.decisions import MISSING, Outcome
from policy.diagnostics import PolicyError
from policy.margin.valuation import MarginRules, Total, Valuation, margin_rules, total, value_account
from policy.pipeline import Rulebook
from policy.resources import folder

RULEBOOK = policy.load(on="2026-03-01")
RULES = margin_rules(RULEBOOK)


def position(symbol: str, cents: int, kind: str = "virtual_asset", listing: Any = MISSING) -> Any:
    records = RULEBOOK.records
    asset = records["Asset"](class_=kind, symbol=symbol, listing=listing)
    return records["Position"](asset=asset, market_value=cents)


def share(symbol: str, cents: int, listing: str = "hang_seng_index") -> Any:
    return position(symbol, cents, "listed_security", listing)


def account(*collateral: Any, loan: int = 0, **other: Any) -> Any:
    facts = {
        "lender": "licensed_corporation",
        "securities_margin_client": True,
        "capacity_assessed": True,
        "strong_credit": True,
        "credit_limit": 10**9,
        "loan": loan,
        "call": "no_call",
        "collateral": collateral,
    }
    return RULEBOOK.records["Account"](**{**facts, **other})


def valued(facts: Any, asked: int = 100, rules: MarginRules = RULES) -> Valuation:
    return value_account(facts, asked, rules)


def test_bitcoin_is_cut_for_lending_and_counts_for_nothing_as_capital() -> None:
    (holding,) = valued(account(position("BTC", 100_00))).holdings
    assert (holding.lending.value, holding.capital.value) == (40_00, 0)
    assert holding.haircut.value < holding.capital_haircut.value


def test_a_coin_that_is_not_accepted_carries_nothing() -> None:
    result = valued(account(position("SOL", 100_00), share("5", 100_00)))
    assert [h.accepted.permitted for h in result.holdings] == [False, True]
    assert [h.carries for h in result.holdings] == [Total(0), Total(85_00)]
    assert result.carried.value == 85_00
    assert result.market_value == Total(200_00)


def test_a_capital_haircut_nobody_read_leaves_the_total_undecided() -> None:
    result = valued(account(position("BTC", 100_00), share("5", 100_00)))
    assert result.capital == Total(0, ("schedule_2_haircut",))
    assert valued(account(position("BTC", 100_00))).capital == Total(0)


@pytest.mark.parametrize(
    ("loan", "outcome", "needs"),
    [
        (85_01, Outcome.PERMITTED, ()),
        (85_00, Outcome.UNDECIDED, ("margin_call_level",)),
        (0, Outcome.DENIED, ()),
    ],
)
def test_a_margin_call_is_due_not_due_or_undecided(loan: int, outcome: Outcome, needs: tuple[str, ...]) -> None:
    call = valued(account(share("5", 100_00), loan=loan)).call
    assert (call.outcome, call.needs) == (outcome, needs)


def test_an_advance_is_asked_for_the_amount_wanted() -> None:
    facts = account(share("5", 100_00))
    assert valued(facts, 85_00).advance.permitted
    assert [r.rule for r in valued(facts, 85_01).advance.reasons] == ["above_lending_value"]
    assert valued(facts).room.value == 85_00


def test_only_a_forced_sale_has_an_order_of_sale() -> None:
    held = (share("5", 500_00), position("BTC", 100_00), position("ETH", 200_00))
    sold = valued(account(*held, loan=1, call="overdue"))
    assert [h.position.asset.symbol for h in sold.sale_order] == ["ETH", "BTC", "5"]
    assert valued(account(*held)).sale_order == ()


def test_a_share_of_unknown_listing_leaves_the_account_undecided() -> None:
    result = valued(account(position("8123", 100_00, "listed_security"), share("5", 100_00), loan=1))
    assert result.carried.needs == ("account.collateral[0].asset.listing",)
    assert result.call.outcome is Outcome.UNDECIDED
    assert [h.carries for h in result.holdings] == [Total(0, ("position.asset.listing",)), Total(85_00)]


def test_the_same_account_carried_less_before_the_circular() -> None:
    def carried(rulebook: Rulebook) -> int:
        rules = margin_rules(rulebook)
        value: int = valued(account(position("BTC", 100_00), share("5", 100_00)), rules=rules).carried.value
        return value

    assert [carried(policy.load(on=on)) for on in ("2025-10-01", "2026-02-10", "2026-02-11")] == [
        85_00,
        85_00,
        125_00,
    ]


def test_totals_need_whatever_a_part_needs() -> None:
    assert total([Total(1, ("b",)), Total(2, ("a", "b"))]) == Total(3, ("a", "b"))
    assert total([]) == Total(0)


def test_a_rulebook_without_a_question_is_refused_with_its_signature(tmp_path: Path) -> None:
    rules = Path(copytree(folder("rulesets") / "hk_sfc", tmp_path / "rules"))
    file = rules / "margin_financing.policy"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("room_to_advance(", "room_left("), encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        margin_rules(policy.load(rules, on="2026-03-01"))
    (missing,) = refused.value.diagnostics
    assert missing.message == "the margin valuation asks `room_to_advance`, which this rulebook does not have"
    assert "declare `value room_to_advance(account: Account) -> money(HKD) to 0.01`" in str(missing.help)


def test_the_two_views_stand_apart_for_every_position() -> None:
    result = valued(account(position("BTC", 100_00), position("ETH", 50_00)))
    assert [(h.carries, h.counts) for h in result.holdings] == [(Total(40_00), Total(0)), (Total(20_00), Total(0))]
    assert (result.carried.value, result.capital) == (60_00, Total(0))


HOLDINGS = st.lists(
    st.one_of(
        st.builds(position, st.sampled_from(["BTC", "ETH", "SOL"]), st.integers(0, 10**12)),
        st.builds(share, st.just("5"), st.integers(0, 10**12), st.sampled_from(["hang_seng_index", "warrant"])),
    ),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(HOLDINGS)
def test_the_positions_add_up_to_the_account(held: list[Any]) -> None:
    result = valued(account(*held))
    assert total(h.carries for h in result.holdings) == Total(result.carried.value)
    assert result.carried.value <= result.market_value.known
    for holding in result.holdings:
        if holding.position.asset.class_ == "virtual_asset":
            assert holding.capital.value == 0
            assert 5 * holding.lending.value <= 2 * holding.position.market_value
