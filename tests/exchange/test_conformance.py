"""The benchmark of conformance: its days are what they were, and our reports those of two sorted lists.

All two million messages: `python tests/benchmarks/matching/conformance.py`.
"""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from policy.market import matcher as pure

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "matching"
ORDERS = 300  # some 600 messages a day


@pytest.fixture
def conformance(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARK))
    monkeypatch.syspath_prepend(str(BENCHMARK.parent))
    return import_module("conformance")


def runs(conformance: Any, module: Any) -> list[Any]:
    oracle, ours = conformance.ListMatcher(), conformance.Matcher(module)
    return [conformance.Run("sorted lists", oracle), conformance.Run("ours", ours)]


def test_reports_of_five_days_agree(conformance: Any) -> None:
    digests = []
    for day in conformance.SWINGS:
        both = runs(conformance, pure)
        conformance.compare(conformance.messages(day, ORDERS), both)
        assert both[0].hash.digest() == both[1].hash.digest()
        digests.append(both[1].hash.hexdigest())
    assert len(set(digests)) == 5


@pytest.mark.slow
def test_the_whole_exchange_gives_the_same_reports(conformance: Any) -> None:
    both = [runs(conformance, pure)[0], conformance.Run("exchange", conformance.WholeExchange())]
    conformance.compare(conformance.messages("flash-crash", ORDERS), both)
    assert both[0].hash.digest() == both[1].hash.digest()


def test_a_day_is_the_same_on_every_machine(conformance: Any) -> None:
    day = list(conformance.messages("swing-40", 400))[:1_000]
    assert hashlib.sha256(repr(day).encode()).hexdigest()[:16] == "67f2db0fefb313a2"
    assert {message[0] for message in day} == {"new", "cancel", "modify"}


def test_a_matcher_that_errs_is_found(conformance: Any) -> None:
    """One whose last two trades are in the wrong order."""

    def match(book: Any, order: Any, *how: Any) -> Any:
        result = pure.match(book, order, *how)
        if len(result.fills) < 2:
            return result
        fills = [*result.fills[:-2], result.fills[-1], result.fills[-2]]
        return pure.MatchResult(result.outcome, result.reason, fills)

    late = SimpleNamespace(match=match, apply=pure.apply, Book=pure.Book, BookOrder=pure.BookOrder)
    with pytest.raises(conformance.DifferError, match="is right"):
        conformance.compare(conformance.messages("flash-crash", ORDERS), runs(conformance, late))
