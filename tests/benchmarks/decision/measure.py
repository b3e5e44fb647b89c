"""Checking every answer against the one written by hand, and timing all the engines side by side."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import by_hand
import machine
from by_hand import Facts, Order
from engines import Decide, Engine
from machine import Spent


@dataclass(frozen=True, slots=True)
class Loaded:
    """An engine that could be loaded, and what came of checking it."""

    engine: Engine
    decide: Decide
    inputs: list[Any]
    wrong: int
    first_wrong: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians over the rounds."""

    microseconds: float
    processor: float
    """Microseconds too."""
    ratio: float
    """Of processor time, to the hand-written row that takes the same and tells the same, within each round."""


def load(engine: Engine, orders: Sequence[Facts]) -> Loaded:
    """Load an engine and check its answer to every order. Raises whatever its loader raises."""
    decide = engine.load()
    inputs = [engine.prepare(facts) for facts in orders]
    complaints = [
        complaint
        for facts, given in zip(orders, inputs, strict=True)
        if (complaint := _complaint(engine, decide, facts, given))
    ]
    return Loaded(engine, decide, inputs, len(complaints), complaints[0] if complaints else "")


def _complaint(engine: Engine, decide: Decide, facts: Facts, given: Any) -> str:
    """What is wrong with the answer to one order, or nothing."""
    expected = by_hand.reasons(Order(**facts))
    try:
        answer = decide(given)
        if engine.reasons_of is None:
            right = isinstance(answer, bool) and answer is not bool(expected)
        else:
            right = sorted(engine.reasons_of(answer)) == sorted(expected)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "" if right else f"answered {answer!r} where {expected or 'no rule'} denies {facts}"


def timings(loaded: Sequence[Loaded], rounds: int, milliseconds: float) -> list[Timing]:
    """Time them in rounds: each engine once, for about `milliseconds`, every other round in reverse order."""
    passes = [_passes(each, milliseconds) for each in loaded]
    samples: list[list[Spent]] = [[] for _ in loaded]
    gc.collect()
    gc.freeze()
    try:
        for round_number in range(rounds):
            turns = range(len(loaded)) if round_number % 2 == 0 else reversed(range(len(loaded)))
            for turn in turns:
                gc.collect()
                gc.disable()
                samples[turn].append(_sample(loaded[turn].decide, loaded[turn].inputs, passes[turn]))
                gc.enable()
    finally:
        gc.enable()
        gc.unfreeze()
    by_name = {each.engine.name: times for each, times in zip(loaded, samples, strict=True)}
    return [_timing(times, by_name[each.engine.against]) for each, times in zip(loaded, samples, strict=True)]


def _timing(taken: list[Spent], base: list[Spent]) -> Timing:
    ratios = [mine.processor / theirs.processor for mine, theirs in zip(taken, base, strict=True)]
    middle = machine.middle(taken) * 1e6
    return Timing(middle.wall, middle.processor, median(ratios))


def _passes(loaded: Loaded, milliseconds: float) -> int:
    """How often to go through the orders to take so long; trying it out also warms the engine up."""
    for _ in range(3):
        once = _sample(loaded.decide, loaded.inputs, 1).wall * len(loaded.inputs)
    return max(1, round(milliseconds / 1e3 / once))


def _sample(decide: Decide, inputs: list[Any], passes: int) -> Spent:
    """What a decision takes, the loop's own dozen nanoseconds included."""
    start = machine.now()
    for _ in range(passes):
        for given in inputs:
            decide(given)
    return (machine.now() - start) * (1 / (passes * len(inputs)))
