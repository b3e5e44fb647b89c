"""Facts that would hurt a careless reader: enormous, endlessly nested, or just at a limit."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from cases_of_rules import HEAD, rulebook
from policy.pipeline import RulesFile
from policy.source import Source

RULES = (
    HEAD + "record R { n: optional integer  inner: list of R }\n"
    "value number(n: decimal to 0.01) -> decimal to 0.01 = n per LAW/1\n"
    "value total(ns: list of integer) -> integer = sum(n for n in ns) per LAW/1\n"
    "value nested(r: R) -> integer = count(i for i in r.inner) per LAW/1\n"
    "value moment(at: instant) -> instant = at per LAW/1\n"
    "record M { sent: instant }\nvalue moment_of(m: M) -> instant = m.sent per LAW/1\n"
)
BOOK = rulebook([RulesFile("t.policy", RULES.encode())], "2026-03-01")


def read(question: str, facts: str) -> Any:
    """The facts, or the codes of what is wrong with them; never slowly."""
    start = time.perf_counter()
    result = BOOK.reader(question).read(Source("<facts>", facts))
    assert time.perf_counter() - start < 5
    return [d.code for d in result] if isinstance(result, list) else result


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    "number",
    [
        "1" * 10_000,
        "0." + "0" * 10_000 + "1",
        "1e1000000",
        "1E+999999999",
        "1e-1000000",
        "-1e999",
        "1e999",
        "9" * 60,
        "0." + "9" * 57,
    ],
    ids=lambda n: n[:12],
)
def test_a_number_nobody_can_mean(number: str, quote: str) -> None:
    assert read("number", f'{{"n": {quote}{number}{quote}}}') == ["facts-number"]


@pytest.mark.parametrize("number", ["0e0", "0e999", "-0", "0.00000000000000000000", "1.2500000000000000", "125e-2"])
def test_long_ways_to_write_what_is_short(number: str) -> None:
    assert read("number", f'{{"n": {number}}}')[0] in (0, 125)


@pytest.mark.parametrize("sign", ["", "-"])
def test_the_largest_fact(sign: str) -> None:
    assert read("number", f'{{"n": {sign}9999999999999999.99}}') == (int(f"{sign}{10**18 - 1}"),)
    assert read("number", f'{{"n": {sign}10000000000000000.00}}') == ["facts-number"]


@pytest.mark.parametrize("opening", ["[", '{"a": '])
def test_endless_nesting_is_one_finding(opening: str) -> None:
    assert read("number", '{"n": ' + opening * 200_000) == ["facts-json"]


@pytest.mark.parametrize("limit", [1_000, 30_000])
@pytest.mark.parametrize("depth", [50, 150, 400, 2_000, 50_000])
def test_deeply_nested_records_are_one_finding(depth: int, limit: int) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        assert read("nested", '{"r": ' + '{"inner": [' * depth + "]}" * depth + "}") == ["facts-json"]
    finally:
        sys.setrecursionlimit(before)


def test_records_as_deep_as_may_be() -> None:
    assert isinstance(read("nested", '{"r": ' + '{"inner": [' * 49 + "]}" * 49 + "}"), tuple)


def test_brackets_in_texts_and_beside_each_other_are_not_deep() -> None:
    assert read("number", '{"n": "' + "[" * 200 + '"}') == ["facts-number"]
    assert read("number", '{"n": "' + '\\"[' * 200 + '"}') == ["facts-number"]
    assert read("nested", '{"r": {"inner": [' + ", ".join(["{}"] * 300) + "]}}") != ["facts-json"]


def test_long_lists_are_read_and_summed_alike() -> None:
    [numbers] = read("total", f'{{"ns": [{", ".join(["999999999999999999"] * 20_000)}]}}')
    meant = BOOK.interpreter("total").answer(numbers)
    assert meant.value == (10**18 - 1) * 20_000
    assert BOOK.evaluator("total").answer(numbers) == meant


@pytest.mark.parametrize(
    ("moment", "is_one"),
    [
        ("0001-01-01T00:00:00+00:00", True),
        ("0001-01-01T00:00:00+00:01", False),  # in UTC the year before the first
        ("0001-01-01T00:00:00-14:00", True),
        ("9999-12-31T23:59:59.999999Z", True),
        ("9999-12-31T23:59:59-00:01", False),
        ("2026-03-01T00:00:00+05:45", True),
        ("2026-03-01T00:00:00+05:60", False),  # which Python reads as +06:00
        ("2026-03-01T00:00:00+05:99", False),
        ("2026-03-01T00:00:00+24:00", False),
    ],
)
def test_a_moment_is_one_in_utc_too(moment: str, is_one: bool) -> None:
    for question, facts in (("moment", f'{{"at": "{moment}"}}'), ("moment_of", f'{{"m": {{"sent": "{moment}"}}}}')):
        found = read(question, facts)
        assert isinstance(found, tuple) if is_one else found == ["facts-time"]


def test_a_hundred_wrong_facts_are_a_hundred_findings() -> None:
    wrong = ", ".join(['"x"'] * 100)
    assert read("total", f'{{"ns": [{wrong}]}}') == ["facts-number"] * 100
