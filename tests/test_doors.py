"""The same mistake gets the same refusal, by whatever door a fact comes in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import policy
from policy.facts.records import unchecked


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

MISTAKES = [  # field, what Python holds, what JSON says, code, words of the message, help
    (
        "venue",
        "sharedbook",
        "sharedbook",
        "facts-type",
        "`sharedbook` is not a `Venue`",
        "did you mean `shared_book`?",
    ),
    ("venue", 1, 1, "facts-type", "is a number, but `Venue` is wanted", ""),
    ("side", "BUY", "BUY", "facts-type", "`BUY` is not a `Side`", "did you mean `buy`?"),
    ("price", True, True, "facts-type", "is a boolean, but", ""),
    (
        "price",
        "lots",
        "lots",
        "facts-number",
        "`lots` is not a decimal number",
        "digits 0-9, one point, no separators",
    ),
    ("price", 10**18, "10000000000000000000", "facts-number", "the number is too large", ""),
    ("quantity", -1, "-0.00000001", "facts-bounds", "is allowed", ""),
    ("venue", None, None, "facts-type", "null says that it is absent", "leave it out if unknown"),
    ("venu", "shared_book", "shared_book", "facts-unknown", "`Order` has no such field", "did you mean `venue`?"),
]


@pytest.mark.parametrize(("name", "held", "written", "code", "words", "help"), MISTAKES)
def test_records_and_json_refuse_alike(
    rulebook: policy.Rulebook, name: str, held: Any, written: Any, code: str, words: str, help: str
) -> None:
    read = rulebook.reader("order_accepted").read(json.dumps({"order": {name: written}}))
    assert isinstance(read, list)
    with pytest.raises(policy.PolicyError) as caught:
        rulebook.records["hk.sfc.orders.Order"](**{**GOOD, name: held})
    for (finding,), path in ((read, f"`order.{name}`"), (caught.value.diagnostics, f"`Order.{name}`")):
        assert finding.code == code
        assert finding.message.startswith(path)
        assert words in finding.message
        assert finding.help == help


@pytest.mark.parametrize("price", [600_000.5, 1.0])
def test_a_float_is_no_fact(rulebook: policy.Rulebook, price: float) -> None:
    with pytest.raises(policy.PolicyError, match=r"`Order\.price`: is a binary float"):
        rulebook.records["hk.sfc.orders.Order"](price=price)


def test_every_wrong_field_is_told_at_once(rulebook: policy.Rulebook) -> None:
    with pytest.raises(policy.PolicyError) as caught:
        rulebook.records["hk.sfc.orders.Order"](venue="sharedbook", side="BUY", price=1.5)
    assert len(caught.value.diagnostics) == 3


@pytest.mark.parametrize(
    ("name", "held"), [("venue", "sharedbook"), ("side", "BUY"), ("price", 600_000.5), ("quantity", True)]
)
def test_an_evaluator_faults_on_what_nobody_checked(rulebook: policy.Rulebook, name: str, held: Any) -> None:
    order = unchecked(rulebook.records["hk.sfc.orders.Order"], **{**GOOD, name: held})
    evaluator = rulebook.evaluator("order_accepted")
    answer = evaluator.answer(order)
    assert answer.outcome is policy.Outcome.FAILED
    assert f"`order.{name}`" in answer.verdict.fault
    assert answer == rulebook.interpreter("order_accepted").answer(order)
    assert evaluator.verdict(order) == answer.verdict
    with pytest.raises(policy.UndecidedError):
        evaluator.fast(order)


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
