"""What generated Python calls: operations that its text does not write out.

In: values, or functions that give them. Out: a value; `NoAnswerError` where a fact is missing or an operation fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policy.answers import MISSING
from policy.ir import operators
from policy.vocabulary import RoundingMode, RuntimeValue


class NoAnswerError(Exception):
    """Raised by generated code where only the interpreter can say what is missing or at fault."""


def divider(mode: RoundingMode) -> Callable[[int, int], int]:
    return lambda numerator, denominator: operators.divide(mode, numerator, denominator)


def check(value: int, limit: int) -> int:
    if -limit < value < limit:
        return value
    raise NoAnswerError


def no_answer(*_: object) -> RuntimeValue:
    raise NoAnswerError


def given(value: RuntimeValue) -> RuntimeValue:
    """A value that must not be a fact that nobody gave, or a list with one in it."""
    if value is MISSING:
        raise NoAnswerError
    if type(value) is tuple or type(value) is list:
        for element in value:
            if type(element) is not int:
                given(element)
    return value


def in_order(
    items: Sequence[RuntimeValue], key: Callable[[RuntimeValue], tuple[int, ...]], most: int
) -> tuple[RuntimeValue, ...]:
    """The list in the order of its keys, none of which must be a fact that nobody gave."""
    keys = list(map(key, items))
    if any(k is MISSING for key in keys for k in key):
        raise NoAnswerError
    return tuple(items[n] for n in operators.in_order(keys, most))


def rank(
    take: Callable[[list[int]], int],
    tests: tuple[RuntimeValue, ...],
    values: tuple[Callable[[], int], ...],
    none: Callable[[], int],
) -> int:
    """The highest or lowest rank of the rows that apply."""
    applying = [value for test, value in zip(tests, values, strict=True) if test]
    return take([value() for value in applying]) if applying else none()
