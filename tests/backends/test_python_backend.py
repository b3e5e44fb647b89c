"""Generated Python: what the trading loop calls, and where its tracebacks point."""

from __future__ import annotations

from pathlib import Path

import pytest

import policy
from policy.answers import MissingFactError

RULES = """language 1
ruleset t.rules "T" zh "試"
source S "s" zh "源" status house
provision S/1 "one" zh "一"
record Order "order" zh "盤" {
  price: price(HKD) to 0.01  size: quantity to 1  class: text  limit: optional money(HKD)
}
value worth(order: Order) -> money(HKD) "worth" zh "值"
  = round down to 0.01 (order.price * order.size) per S/1
decision ok(order: Order) "ok" zh "可"
  otherwise permit "yes" zh "是"
  deny too_large when worth(order) > 100 HKD because "too large" zh "過大" per S/1
  deny wrong_class
    when order.class is "x"
    because "wrong" zh "錯"
    per S/1
"""


@pytest.fixture
def rulebook(tmp_path: Path) -> policy.Rulebook:
    file = tmp_path / "rules.policy"
    file.write_text(RULES, encoding="utf-8")
    return policy.load(file, on="2026-03-01")


def test_fast_path_and_reasons(rulebook: policy.Rulebook) -> None:
    ok, order = rulebook.evaluator("ok"), rulebook.records["Order"]
    small = order(price=100_00, size=1, class_="y", limit=None)
    large = order(price=100_01, size=1, class_="x", limit=None)
    assert ok.fast(small) is True
    assert ok.fast(large) is False
    assert [r.rule for r in ok.verdict(large).reasons] == ["too_large", "wrong_class"]
    assert ok.verdict(large) is ok.verdict(large), "verdicts of the same rules are one object"
    assert ok.answer(large).basis.facts[0] == ("order.price", "100.01 HKD")
    assert rulebook.evaluator("worth").fast(large) == 100_01


def test_generated_functions_are_typed_and_documented(rulebook: policy.Rulebook) -> None:
    fast = rulebook.evaluator("worth").fast
    assert (fast.__name__, fast.__annotations__["return"]) == ("worth", int)
    assert "as an int of 10**-2" in (fast.__doc__ or "")
    assert "size: quantity to 1" in (rulebook.records["Order"].__doc__ or "")


def test_any_object_with_the_attributes_will_do(rulebook: policy.Rulebook) -> None:
    class Mine:
        price, size, class_, limit = 5_00, 2, "y", None

    assert rulebook.evaluator("ok").fast(Mine()) is True


def test_a_missing_fact_is_never_taken_for_false(rulebook: policy.Rulebook) -> None:
    order = rulebook.records["Order"](price=1_00, size=1)
    ok = rulebook.evaluator("ok")
    assert ok.answer(order).needs == ("order.class",)
    with pytest.raises(policy.UndecidedError, match=r"order\.class"):
        ok.fast(order)


@pytest.mark.parametrize("use", ["=={}", "=={} or True", " in frozenset({1})", " < 1", " + 1", " and 1"])
def test_every_use_of_a_missing_fact_raises(use: str) -> None:
    with pytest.raises(MissingFactError):
        eval(f"missing{use}", {"missing": policy.MISSING})


def test_an_object_without_the_attributes_is_a_fault(rulebook: policy.Rulebook) -> None:
    class Halfway:
        price, size = 1_00, 1

    ok = rulebook.evaluator("ok")
    with pytest.raises(policy.UndecidedError, match=r"`order\.class`: a `Halfway` does not have it"):
        ok.fast(Halfway())
    assert ok.answer(Halfway()) == rulebook.interpreter("ok").answer(Halfway())


def test_generated_code_has_the_lines_of_the_rules(rulebook: policy.Rulebook) -> None:
    code = rulebook.evaluator("ok").fast.__code__  # type: ignore[attr-defined]  # it is a function
    lines = {line for *_, line in code.co_lines()}
    assert code.co_filename.endswith("rules.policy")
    assert RULES.splitlines().index("  deny wrong_class") + 1 in lines


def test_overflow_is_a_fault_and_never_a_wrapped_number(rulebook: policy.Rulebook) -> None:
    order = rulebook.records["Order"](price=10**17, size=10**17, class_="y", limit=None)
    assert rulebook.evaluator("worth").fast(order) == 10**34


def test_public_names() -> None:
    assert len(policy.__all__) == 17
    for name in policy.__all__:
        assert getattr(policy, name) is not None
