"""Records and evaluators in Python: checked when made, frozen, told in one line."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import policy
from policy.answers import MISSING
from policy.facts.records import checking, unchecked


@pytest.fixture(scope="module")
def rulebook() -> policy.Rulebook:
    return policy.load(on="2026-03-01")


GOOD: dict[str, Any] = {
    "venue": "shared_book",
    "side": "buy",
    "price": 600_000_00,
    "quantity": 1_0000_0000,
    "admitted": True,
}


def test_every_wrong_field_is_told_at_once(rulebook: policy.Rulebook) -> None:
    with pytest.raises(policy.PolicyError) as caught:
        rulebook.records["hk.sfc.orders.Order"](venue="sharedbook", side="BUY", price=1.5)
    assert len(caught.value.diagnostics) == 3


@pytest.mark.parametrize("argument", [1, "order", None, 1.5, []])
def test_what_is_no_record_is_a_fault(rulebook: policy.Rulebook, argument: Any) -> None:
    assert rulebook.evaluator("order_accepted").answer(argument).outcome is policy.Outcome.FAILED


@pytest.mark.parametrize("argument", [1.5, True, "1", 10**18])
def test_numbers_that_are_passed_alone_are_checked_too(rulebook: policy.Rulebook, argument: Any) -> None:
    exposure = rulebook.evaluator("client_exposure")
    assert exposure.answer(argument, 0, 0, 0).outcome is policy.Outcome.FAILED
    assert exposure.answer(0, 0, 0, 0).outcome is policy.Outcome.VALUE


def test_records_are_frozen_and_copied_with_changes(rulebook: policy.Rulebook) -> None:
    order = rulebook.records["hk.sfc.orders.Order"](**GOOD)
    with pytest.raises(AttributeError, match="frozen"):
        order.price = 1
    assert order.replace(price=1_00).price == 1_00
    assert order == order.replace(price=600_000_00)
    with pytest.raises(policy.PolicyError, match="did you mean `shared_book`"):
        order.replace(venue="sharedbook")
    assert type(order.unchecked(order)) is not type(order)


def test_a_record_of_another_load_is_taken(rulebook: policy.Rulebook) -> None:
    order = policy.load(on="2026-03-01").records["hk.sfc.orders.Order"](**GOOD)
    mine = rulebook.records["hk.sfc.orders.Order"](**GOOD)
    evaluator = rulebook.evaluator("order_accepted")
    assert evaluator.answer(order) == evaluator.answer(mine)


@pytest.mark.parametrize("on", ["2026-13-01", "soon", "20260301", 5])
def test_a_date_that_is_none_is_refused(on: Any) -> None:
    with pytest.raises(policy.PolicyError, match="bad-date"):
        policy.load(on=on)


def test_a_reader_takes_a_text_or_says_what_it_takes(rulebook: policy.Rulebook) -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="JSON text"):
        rulebook.reader("order_accepted").read(wrong)


def test_what_is_logged_is_one_short_line(rulebook: policy.Rulebook) -> None:
    evaluator, question = rulebook.evaluator("order_accepted"), rulebook.question("order_accepted")
    for thing in (
        rulebook,
        rulebook.reader("order_accepted"),
        evaluator,
        evaluator.question,
        rulebook.program,
        question,
    ):
        assert len(repr(thing)) < 120


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(policy.__file__).parent / "py.typed").is_file()


def test_what_was_looked_at_when_it_changed_is_taken_and_what_does_not_fit_is_not(rulebook: policy.Rulebook) -> None:
    classes = rulebook.records
    look = checking(classes, "hk.sfc.orders.Order", {"price", "side"})
    order = unchecked(classes["hk.sfc.orders.Order"], classes["hk.sfc.orders.Order"](**GOOD))
    evaluator = rulebook.evaluator("order_accepted")
    for price, side, fits in (
        (700_000_00, "buy", True),
        (10**18, "buy", False),
        (1.5, "buy", False),
        (1, "up", False),
    ):
        order.price, order.side = price, side
        look((order,))
        assert (order._checked_as is classes["hk.sfc.orders.Order"]) is fits
        assert (evaluator.answer(order).outcome is policy.Outcome.FAILED) is not fits
    order.price, order.side = MISSING, "buy"
    look((order,))
    assert evaluator.answer(order).outcome is policy.Outcome.UNDECIDED


def test_a_record_of_another_rulebook_is_looked_at_each_time(rulebook: policy.Rulebook) -> None:
    other = policy.load(on="2026-04-02").records["hk.sfc.orders.Order"]
    order = unchecked(other, other(**GOOD))
    checking(rulebook.records, "hk.sfc.orders.Order", {"price"})((order,))
    assert order._checked_as is None


def test_a_deep_copy_of_what_can_be_changed_shares_nothing_that_can(rulebook: policy.Rulebook) -> None:
    position = rulebook.records["Position"].unchecked(
        asset=rulebook.records["Asset"].unchecked(symbol="BTC"), market_value=1
    )
    account = rulebook.records["Account"].unchecked(loan=1, collateral=(position,))
    copied = deepcopy(account)
    assert copied == account
    copied.loan, copied.collateral[0].market_value, copied.collateral[0].asset.symbol = 2, 2, "ETH"
    assert (account.loan, position.market_value, position.asset.symbol) == (1, 1, "BTC")
    assert copied.lender is MISSING
    frozen = rulebook.records["Asset"](symbol="BTC")
    assert deepcopy(frozen) is frozen
