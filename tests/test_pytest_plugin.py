"""`pytest my-rules`: tests in rules are items, with marks, places and derivations; rulebooks are fixtures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

RULES = """\
language 1
ruleset shop

source LAW "The law" status official
provision LAW/1 measure shops "Adults may buy."
provision LAW/2 "The fee is two per cent."

decision may_buy(age: integer "age")
  "May the person buy?"
  otherwise deny "Too young." per LAW/1

  permit adult
    when age >= 18
    because "An adult."
    per LAW/1

record Buyer { age: integer at least 0 }
value of_age(buyer: Buyer) -> boolean = buyer.age >= 18 per LAW/2

value fee(amount: money(USD)) -> money(USD) "fee"
  = round up to 0.01 (amount * 2%)
  per LAW/2

property no_negative_fee "no fee is negative"
  per LAW/2
  for any amount: money(USD)
  where amount >= 0 USD
  always fee(amount) >= 0 USD
"""
TESTS = """\
language 1
ruleset shop.tests
import shop

test "nobody is younger than nought" on 2026-01-01
  expect of_age({ age: -1 }) refused

test "anybody may be ten" on 2026-01-01
  expect of_age({ age: 10 }) refused

test "an adult buys" on 2026-01-01
  expect may_buy(18) permitted by adult

test "a child buys" on 2026-01-01
  expect may_buy(17) permitted by adult

test "the fee is rounded up" on 2026-01-01
  expect fee(0.01 USD) = 0.01 USD

test "the fee is rounded up" on 2026-01-01
  expect fee(50 USD) = 1 USD
"""
FIXTURES = """\
import pytest

@pytest.mark.policy(on="2026-01-01")
def test_a_mark_dates_it(evaluator):
    assert evaluator("may_buy").fast(18)

def test_the_ini_dates_it(rulebook):
    assert rulebook.ask("may_buy", '{"age": 18}').question.on == "2026-02-01"

@pytest.mark.policy(day="2026-01-01")
def test_an_unknown_word(rulebook):
    pass

@pytest.mark.policy(under="no.such")
def test_an_unknown_overlay(rulebook):
    pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "shop.policy").write_text(RULES, "utf-8")
    (rules / "tests.policy").write_text(TESTS, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    """What a run of pytest prints in a folder."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False).stdout


def test_tests_and_properties_are_items_with_the_place_and_the_derivation_of_a_failure(folder: Path) -> None:
    said = run(folder, "rules", "-n", "0", "--junitxml", "out.xml")
    assert "2 failed, 5 passed" in said
    assert "expected  facts that are refused\n  actual    facts within their bounds; false\n" in said
    assert "FAILED rules/tests.policy::shop.tests::a child buys" in said
    assert "rules/tests.policy:15\n  expected  permitted by adult\n  actual    denied by otherwise\n  why\n" in said
    assert "age: 17" in said
    cases = ElementTree.parse(folder / "out.xml").iter("testcase")
    assert [case.get("name") for case in cases] == [
        "property no_negative_fee",
        "nobody is younger than nought",
        "anybody may be ten",
        "an adult buys",
        "a child buys",
        "the fee is rounded up",
        "the fee is rounded up (2)",
    ]


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (["rules", "-k", "adult"], {"an adult buys"}),
        (["rules/tests.policy::shop.tests::an adult buys"], {"an adult buys"}),
        (["rules", "-m", "provision(name='LAW/1')"], {"an adult buys", "a child buys"}),
        (["rules", "-m", "measure(name='shops') and not slow"], {"an adult buys", "a child buys"}),
        (["rules", "-m", "provision(name='LAW/2')", "-k", "property"], {"property no_negative_fee"}),
    ],
)
def test_items_are_chosen_as_any_others(folder: Path, arguments: list[str], chosen: set[str]) -> None:
    said = run(folder, *arguments, "--collect-only", "-q")
    assert {line.rpartition("::")[2] for line in said.splitlines() if "::" in line and "ERROR" not in line} == chosen


def test_no_two_items_have_one_name(folder: Path) -> None:
    with (folder / "rules" / "tests.policy").open("a", encoding="utf-8") as file:
        file.write('test "the fee is rounded up (2)" on 2026-01-01 expect fee(50 USD) = 1 USD\n')
    items = [line for line in run(folder, "rules", "-n", "0", "-q", "--collect-only").splitlines() if "::" in line]
    assert len(set(items)) == len(items) == 8


def test_a_file_that_goes_while_items_are_collected_is_told(folder: Path) -> None:
    (folder / "conftest.py").write_text(
        "import pathlib, pytest\n"
        "@pytest.hookimpl(trylast=True)\n"
        "def pytest_collectstart(collector):\n"
        "    if collector.name == 'tests.policy':\n"
        "        collector.path.rename(collector.path.with_name('late.policy'))\n",
        "utf-8",
    )
    assert "`rules/tests.policy` is gone" in run(folder, "rules/tests.policy", "-n", "0").replace(f"{folder}/", "")


@pytest.mark.slow
def test_processes_share_the_items_and_a_configured_rulebook_holds_a_file_alone(folder: Path) -> None:
    (folder / "pytest.ini").write_text("[pytest]\npolicy_rules = rules\n", "utf-8")
    assert "2 failed, 5 passed" in run(folder, "rules", "-n", "2")
    assert "1 passed" in run(folder, "rules/tests.policy::shop.tests::an adult buys")


def test_rules_with_errors_are_not_collected(folder: Path) -> None:
    (folder / "rules" / "shop.policy").write_text(RULES.replace("age >= 18", "aeg >= 18"), "utf-8")
    said = run(folder, "rules")
    assert "2 errors" in said
    assert "rules/shop.policy:13:10" in said
    assert "did you mean `age`?" in said
    assert "the rulebook has errors in rules/shop.policy" in said


def test_fixtures_need_a_date(folder: Path) -> None:
    (folder / "test_shop.py").write_text(FIXTURES, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\npolicy_rules = rules\n", "utf-8")
    undated = run(folder, "test_shop.py")
    assert "1 passed, 3 errors" in undated
    assert (
        'the rulebook has no date: set `policy_on`, or mark the test `@pytest.mark.policy(on="2026-03-01")`'
        in undated
    )
    (folder / "pytest.ini").write_text("[pytest]\npolicy_rules = rules\npolicy_on = 2026-02-01\n", "utf-8")
    dated = run(folder, "test_shop.py")
    assert "2 passed, 2 errors" in dated
    assert 'the mark `policy` takes `on="2026-03-01"` and `under="example.house"`' in dated
    assert "error[unknown-ruleset]" in dated
