"""This project's engine, on the same decision: `order_acceptance.policy`, as of 22 November 2026.

`load_fast`, `load_reasons` and `load_explained` return the generated functions themselves, not wrappers, so what
is timed is what a trading loop would call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from by_hand import Facts

import policy
from policy.pipeline import Rulebook

QUESTION = "order_accepted"


@cache
def rulebook() -> Rulebook:
    """The rulebook of this benchmark, compiled for one date."""
    return policy.load(Path(__file__).parent / "order_acceptance.policy", on="2026-11-22")


def prepare(facts: Facts) -> Any:
    """One order as the engine's own record; money is already an integer of a hundred-millionth of a dollar."""
    return rulebook().records["Order"](**facts)


def load_fast() -> Callable[[Any], bool]:
    """Yes or no, stopping at the first rule that denies."""
    return rulebook().evaluator(QUESTION).fast


def load_reasons() -> Callable[[Any], Any]:
    """The verdict: outcome and every reason, with provisions, statuses and what it turned on."""
    return rulebook().evaluator(QUESTION).verdict


def load_explained() -> Callable[[Any], Any]:
    """The whole answer: the verdict with the facts, the date and the rulebook's digest."""
    return rulebook().evaluator(QUESTION).answer


def reasons_of(answer: Any) -> Iterable[str]:
    """The names of the rules that deny the order."""
    return [] if answer.outcome is policy.Outcome.PERMITTED else [r.rule for r in answer.reasons]
