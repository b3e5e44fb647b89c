"""Tests that name provisions: what an answer stands on itself, and what it does not."""

from __future__ import annotations

import pytest

from policy.pipeline import RulesFile, check
from policy.testing.run import Runner

RULES = """language 1
ruleset t "t"
source LAW "law" status official
provision LAW/1 "one"
provision LAW/2 "two"
provision LAW/3 until 2026-07-01 "three"
parameter cap: integer stricter when lower
  from 2026-01-01 = 5 per LAW/1
  from 2026-06-01 = 6 per LAW/2, LAW/3
table fee(n: integer) -> integer
  sum of the rows that apply
  | n    | fee | per          |
  | >= 0 | cap | LAW/1        |
  | >= 5 | 2   | LAW/2, LAW/3 |
value twice(n: integer) -> integer = 2 * fee(n) per LAW/3
decision small(n: integer)
  otherwise permit per LAW/2
  deny large when n > cap per LAW/1, LAW/3
  deny larger when fee(n) > 7 per LAW/2
"""
HOUSE = """language 1
ruleset h amends t "h"
source HOUSE "house" status house
provision HOUSE/1 "own"
tighten parameter cap
  from 2026-01-01 = 4 per HOUSE/1
"""


def failures(expectation: str, on: str = "2026-02-01", house: bool = False) -> list[tuple[str, str]]:
    test = f'test "x" on {on}\n  expect {expectation}\n'
    law, own = (RULES, HOUSE + test) if house else (RULES + test, HOUSE)
    checked = check([RulesFile("t.policy", law.encode()), RulesFile("h.policy", own.encode())])
    assert not checked.errors, checked.errors
    result = Runner(checked.model, "d").run(checked.model.tests[-1])
    return [(f.expected, f.actual) for f in result.failures]


@pytest.mark.parametrize(
    "expectation",
    [
        "cap = 5 per LAW/1",
        "fee(0) = 5 per LAW/1",  # what `cap` cites is tested of `cap`
        "fee(5) = 7 per LAW/3, LAW/2, LAW/1",
        "fee(5) = 7",
        "twice(5) = 14 per LAW/3",
        "small(1) permitted by otherwise per LAW/2",
        "small(6) denied by large per LAW/1, LAW/3",
        "small(6) denied per LAW/1, LAW/3",
    ],
)
def test_an_answer_stands_on_what_it_cites(expectation: str) -> None:
    assert failures(expectation) == []


@pytest.mark.parametrize(
    ("expectation", "actual"),
    [
        ("cap = 5 per LAW/2", "5 per LAW/1"),
        ("cap = 5 per LAW/1, LAW/2", "5 per LAW/1"),
        ("fee(5) = 7 per LAW/1", "7 per LAW/1, LAW/2, LAW/3"),
        ("fee(-1) = 0 per LAW/1", "0"),
        ("twice(5) = 14 per LAW/1, LAW/2, LAW/3", "14 per LAW/3"),
        ("small(6) denied by large per LAW/1", "denied by large per LAW/1, LAW/3"),
        ("small(1) permitted per LAW/1", "permitted by otherwise per LAW/2"),
        ("small(1) denied per LAW/2", "permitted by otherwise per LAW/2"),
    ],
)
def test_no_more_and_no_less(expectation: str, actual: str) -> None:
    [(_, told)] = failures(expectation)
    assert told == actual


def test_what_is_no_longer_in_force_is_not_stood_on() -> None:
    assert failures("cap = 6 per LAW/2, LAW/3", "2026-06-30") == []
    assert failures("cap = 6 per LAW/2", "2026-07-01") == []
    assert failures("small(7) denied by large, larger per LAW/1, LAW/2", "2026-07-01") == []


def test_under_an_overlay_the_law_and_the_overlay_are_stood_on() -> None:
    assert failures("cap = 4 per LAW/1, HOUSE/1", house=True) == []
    assert failures("cap = 4 per HOUSE/1", house=True) == [("4 per HOUSE/1", "4 per HOUSE/1, LAW/1")]
