"""Exact arithmetic on columns of 64 or 128 bits, chosen by the proven range of each number.

In: columns with their ranges. Out: a column, its range, and where it may overflow (a fault, so that the row goes to
the interpreter, whose integers have no width). No number ever wraps unseen.
"""

from __future__ import annotations

from functools import reduce
from math import gcd, isqrt
from typing import assert_never

import polars as pl
from attrs import frozen

from policy.backends.columns.graph import BOOLEAN, FLOAT64, INT64, INT128, ColumnNode, Graph
from policy.backends.columns.values import NUMBER, Scalar
from policy.ir import operators
from policy.vocabulary import ArithmeticOperator, RoundingMode

WORD = 2**63 - 1
LONG = 2**127 - 1
NEAR = 1.70e38  # a product that a float says is below this is below 2**127, however the float was rounded


def dtype_of(low: int, high: int) -> pl.DataType:
    return INT64 if fits(low, high) else INT128


def fits(low: int, high: int, most: int = WORD) -> bool:
    return -most <= low and high <= most


@frozen(eq=False)
class BoundedInt:
    """An integer column with a proven range."""

    node: ColumnNode
    low: int
    high: int


class Numbers:
    """The arithmetic of one number; `fault` accumulates where it may overflow, or is divided by zero."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.fault: ColumnNode | None = None

    def faults_where(self, condition: ColumnNode) -> None:
        self.fault = condition if self.fault is None else self.graph.either(self.fault, condition)

    def failing(self) -> BoundedInt:
        """What is a fault in every row."""
        self.faults_where(self.graph.true)
        return BoundedInt(self.graph.null(INT64), 0, 0)

    def constant(self, value: int) -> BoundedInt:
        return BoundedInt(self.graph.constant(value, dtype_of(value, value)), value, value)

    def of(self, a: Scalar) -> BoundedInt:
        if a.kind != NUMBER:  # nothing, which is never a number
            return BoundedInt(self.graph.null(INT64), 0, 0)
        return BoundedInt(a.value, a.low, a.high)

    def or_zero(self, a: Scalar) -> BoundedInt:
        """The number, and zero where it is unknown."""
        x = self.of(a)
        return BoundedInt(self.graph.or_zero(x.node), x.low, x.high)

    def cast(self, a: BoundedInt, dtype: pl.DataType) -> ColumnNode:
        if a.node.dtype == dtype:
            return a.node
        if a.node.is_constant:
            return self.graph.constant(a.node.attribute, dtype)
        return self.graph.node("cast", a.node, dtype=dtype, nullable=a.node.nullable)

    def settled(self, node: ColumnNode, low: int, high: int) -> BoundedInt:
        """A result in the type of its range."""
        return BoundedInt(self.cast(BoundedInt(node, low, high), dtype_of(low, high)), low, high)

    # ── sums and products ───────────────────────────────────────────────────────────────────

    def arithmetic(self, operator: ArithmeticOperator, a: BoundedInt, b: BoundedInt) -> BoundedInt:
        if a.node.is_constant and b.node.is_constant and None not in (a.node.attribute, b.node.attribute):
            value = operators.ARITHMETIC[operator](a.node.attribute, b.node.attribute)
            return self.constant(value) if fits(value, value, LONG) else self.failing()
        for one, other in ((a, b), (b, a)):
            neutral = {"*": 1, "+": 0}.get(operator)
            if neutral is not None and one.node.is_constant and one.node.attribute == neutral:
                return other
        low, high = _range(operator, a, b)
        wide = dtype_of(min(low, a.low, b.low), max(high, a.high, b.high))
        x, y = self.cast(a, wide), self.cast(b, wide)
        if not fits(low, high, LONG):
            self.faults_where(self._too_large(operator, x, y))
            low, high = max(low, -LONG), min(high, LONG)
        nullable = x.nullable or y.nullable
        if operator in ("min", "max") and not nullable:
            first = self.graph.node("<=" if operator == "min" else ">=", x, y, dtype=BOOLEAN)
            return self.settled(self.graph.pick(first, x, y), low, high)
        return self.settled(self.graph.node(operator, x, y, dtype=wide), low, high)

    def _too_large(self, operator: ArithmeticOperator, x: ColumnNode, y: ColumnNode) -> ColumnNode:
        """Whether a result may not fit into 128 bits, by a float whose error is below the margin."""
        floats = (self.graph.node("cast", n, dtype=FLOAT64, nullable=n.nullable) for n in (x, y))
        about = self.graph.node(operator, *floats, dtype=FLOAT64)
        size = self.graph.node("abs", about, dtype=FLOAT64)
        near = self.graph.constant(NEAR, FLOAT64)
        return self.graph.certain(self.graph.node(">=", size, near, dtype=BOOLEAN))

    def check(self, a: BoundedInt, limit: int) -> BoundedInt:
        """The number, which is a fault where its magnitude reaches the limit."""
        if fits(a.low, a.high, limit - 1):
            return a
        if a.low >= limit or a.high <= -limit:
            return self.failing()
        wide = dtype_of(min(a.low, -limit), max(a.high, limit))
        x = self.cast(a, wide)
        over = self.graph.node(">=", x, self.graph.constant(limit, wide), dtype=BOOLEAN)
        under = self.graph.node("<=", x, self.graph.constant(-limit, wide), dtype=BOOLEAN)
        self.faults_where(self.graph.certain(self.graph.either(over, under)))
        return self.settled(a.node, max(a.low, 1 - limit), min(a.high, limit - 1))

    # ── quotients ───────────────────────────────────────────────────────────────────────────

    def divide(self, mode: RoundingMode, factors: list[BoundedInt], d: BoundedInt) -> BoundedInt:
        """The product of the factors, divided by `d` and rounded; the fault is where `d` is zero."""
        if not (d.low == d.high and d.node.is_constant and d.node.attribute is not None):
            return self._by_column(mode, self._product(factors), d)
        divisor, constant, rest = d.low, 1, []
        for f in factors:
            if f.node.is_constant and f.node.attribute is not None:
                constant *= f.node.attribute
            else:
                rest.append(f)
        if divisor == 0:
            return self.failing()
        if divisor < 0:
            constant, divisor = -constant, -divisor
        common = gcd(constant, divisor)  # the same fraction, and so rounded the same
        constant, divisor = constant // common, divisor // common
        if not rest:
            return self.constant(operators.divide(mode, constant, divisor))
        kept = rest if constant == 1 else [*rest, self.constant(constant)]
        if divisor == 1:
            return self._product(kept)
        if len(kept) == 2 and not fits(*_range("*", *kept)):
            for a, b in (kept, kept[::-1]):
                for step in _steps(divisor):
                    if split := self._split(mode, a, b, divisor, step):
                        return split
        return self._by_constant(mode, self._product(kept), divisor)

    def _product(self, factors: list[BoundedInt]) -> BoundedInt:
        return reduce(lambda a, b: self.arithmetic("*", a, b), factors)

    def _negative(self, a: BoundedInt) -> ColumnNode:
        if a.low >= 0 or a.high < 0:
            return self.graph.constant(a.high < 0, BOOLEAN)
        return self.graph.possible(self._compare("<", a, 0))

    def _compare(self, operator: str, a: BoundedInt, b: int) -> ColumnNode:
        return self.graph.node(operator, a.node, self.graph.constant(b, a.node.dtype), dtype=BOOLEAN)

    def _offset(self, mode: RoundingMode, negative: ColumnNode, divisor: int) -> BoundedInt:
        """What to add before dividing towards minus infinity, so that the result is rounded in this mode."""
        half = divisor // 2
        less, more = {
            "down": (divisor - 1, 0),
            "up": (0, divisor - 1),
            "half even": (half, half),
            "half up": (half - (divisor % 2 == 0), half),
        }[mode]
        a, b = self.constant(less), self.constant(more)
        wide = dtype_of(0, divisor)
        node = self.graph.pick(negative, self.cast(a, wide), self.cast(b, wide))
        return (
            BoundedInt(node, min(less, more), max(less, more))
            if not node.is_constant
            else self.constant(node.attribute)
        )

    def _by_constant(self, mode: RoundingMode, n: BoundedInt, divisor: int) -> BoundedInt:
        moved = self.arithmetic("+", n, self._offset(mode, self._negative(n), divisor))
        quotient = self._floor(moved, divisor)
        if mode == "half even" and divisor % 2 == 0:
            quotient = self._to_even(quotient, self._compare("is", self._rest(moved, divisor), 0))
        return quotient

    def _floor(self, a: BoundedInt, divisor: int) -> BoundedInt:
        if divisor == 1:
            return a
        wide = dtype_of(min(a.low, -divisor), max(a.high, divisor))
        node = self.graph.node("//", self.cast(a, wide), self.graph.constant(divisor, wide), dtype=wide)
        return self.settled(node, a.low // divisor, a.high // divisor)

    def _rest(self, a: BoundedInt, divisor: int) -> BoundedInt:
        if divisor == 1:
            return self.constant(0)
        wide = dtype_of(min(a.low, -divisor), max(a.high, divisor))
        node = self.graph.node("%", self.cast(a, wide), self.graph.constant(divisor, wide), dtype=wide)
        return self.settled(node, 0, divisor - 1)

    def _to_even(self, quotient: BoundedInt, tie: ColumnNode) -> BoundedInt:
        odd = self._compare("is", self._rest(quotient, 2), 1)
        less = self.arithmetic("-", quotient, self.constant(1))
        back = self.graph.certain(self.graph.both(tie, odd))
        wide = less.node.dtype
        return BoundedInt(self.graph.pick(back, less.node, self.cast(quotient, wide)), less.low, quotient.high)

    def _split(self, mode: RoundingMode, a: BoundedInt, b: BoundedInt, divisor: int, step: int) -> BoundedInt | None:
        """`a * b / divisor` in 64 bits by the parts of `a` above and below `step`; None where that is too small."""
        above, below = BoundedInt(a.node, a.low // step, a.high // step), BoundedInt(a.node, 0, step - 1)
        tops, bottoms = _range("*", above, b), _range("*", below, b)
        carried = (bottoms[0] // step, (bottoms[1] + divisor) // step)
        inner = (tops[0] + carried[0], tops[1] + carried[1])
        if not (fits(a.low, a.high) and fits(b.low, b.high) and fits(*tops) and fits(*inner)):
            return None
        if not fits(bottoms[0], bottoms[1] + divisor):
            return None
        negative = self._opposite(a, b)
        top = self._floor(a, step)
        bottom = self.arithmetic("-", a, self.arithmetic("*", top, self.constant(step)))
        bottom = BoundedInt(bottom.node, 0, step - 1)
        moved = self.arithmetic("+", self.arithmetic("*", bottom, b), self._offset(mode, negative, divisor))
        whole = self.arithmetic("+", self.arithmetic("*", top, b), self._floor(moved, step))
        quotient = self._floor(whole, divisor // step)
        if mode == "half even" and divisor % 2 == 0:
            tie = self._compare("is", self._rest(moved, step), 0)
            if divisor != step:
                tie = self.graph.both(tie, self._compare("is", self._rest(whole, divisor // step), 0))
            quotient = self._to_even(quotient, tie)
        return quotient

    def _opposite(self, a: BoundedInt, b: BoundedInt) -> ColumnNode:
        """Whether a product is negative; of a zero either answer is right."""
        x, y = self._negative(a), self._negative(b)
        for one, other in ((x, y), (y, x)):
            if one.is_constant:
                return self.graph.negated(other) if one.attribute else other
        return self.graph.node("is not", x, y, dtype=BOOLEAN)

    def _by_column(self, mode: RoundingMode, n: BoundedInt, d: BoundedInt) -> BoundedInt:
        """`2n` over `2d`, so that a half is a whole number of parts."""
        zero = d.low <= 0 <= d.high
        if zero:
            self.faults_where(self.graph.certain(self._compare("is", d, 0)))
        if d.low < 0:
            minus = self._negative(d)
            n, d = (self.chosen(minus, self.arithmetic("-", self.constant(0), x), x) for x in (n, d))
            d = BoundedInt(d.node, 0, d.high)
        negative = self._negative(n)
        twice = self.arithmetic("*", d, self.constant(2))
        double = self.arithmetic("*", n, self.constant(2))
        one = self.graph.pick(negative, self.constant(1).node, self.constant(0).node)
        less = BoundedInt(one, 0, 1)
        none = self.constant(0)
        if mode in ("down", "up"):
            most = self.arithmetic("-", twice, self.constant(1))
            offset = self.chosen(negative, most, none) if mode == "down" else self.chosen(negative, none, most)
        else:
            offset = self.arithmetic("-", d, less) if mode == "half up" else d
        moved = self.arithmetic("+", double, offset)
        wide = dtype_of(min(moved.low, -twice.high), max(moved.high, twice.high))
        x, y = self.cast(moved, wide), self.cast(twice, wide)
        node = self.graph.node("//", x, y, dtype=wide, nullable=x.nullable or y.nullable or zero)
        most_quotient = max(abs(moved.low), abs(moved.high)) + 1
        quotient = BoundedInt(node, 0 if moved.low >= 0 else -most_quotient, most_quotient)
        if mode == "half even":
            rest = self.graph.node("%", x, y, dtype=wide, nullable=node.nullable)
            tie = self.graph.node("is", rest, self.graph.constant(0, wide), dtype=BOOLEAN)
            quotient = self._to_even(self.settled(node, quotient.low, quotient.high), tie)
        return self.settled(quotient.node, max(quotient.low, -LONG), min(quotient.high, LONG))

    # ── square roots ────────────────────────────────────────────────────────────────────────

    def root(self, a: BoundedInt) -> BoundedInt:
        """The square root rounded down, from that of a float, corrected: exact, as its error is below a step."""
        one = self.constant(1)
        x = self.arithmetic("max", a, self.constant(0))
        most = isqrt(x.high)
        size = self.graph.node("cast", x.node, dtype=FLOAT64, nullable=x.node.nullable)
        about = self.graph.node("root", size, dtype=FLOAT64)
        slack = (most >> 50) + 2  # a float has 53 bits
        near = BoundedInt(
            self.graph.node("cast", about, dtype=dtype_of(0, x.high), nullable=x.node.nullable), 0, most + slack
        )
        if slack > 2:  # a step of Newton's method leaves an error below one
            near = self._floor(self.arithmetic("+", near, self._whole_quotient(x, near)), 2)
        fewer = self.chosen(self._exceeds(near, x), self.arithmetic("-", near, one), near)
        near = BoundedInt(fewer.node, 0, near.high)
        following = self.arithmetic("+", near, one)
        return self.settled(self.chosen(self._exceeds(following, x), near, following).node, 0, most)

    def _exceeds(self, r: BoundedInt, x: BoundedInt) -> ColumnNode:
        """Whether the square of `r` is greater than `x`, without the square."""
        quotient = self._whole_quotient(x, r)
        wide = dtype_of(0, max(r.high, quotient.high))
        return self.graph.possible(self.graph.node(">", self.cast(r, wide), self.cast(quotient, wide), dtype=BOOLEAN))

    def _whole_quotient(self, x: BoundedInt, r: BoundedInt) -> BoundedInt:
        """`x // r`, and `x` where `r` is zero; neither is negative."""
        divisor = self.arithmetic("max", r, self.constant(1))
        wide = dtype_of(0, max(x.high, divisor.high))
        return BoundedInt(self.graph.node("//", self.cast(x, wide), self.cast(divisor, wide), dtype=wide), 0, x.high)

    def chosen(self, condition: ColumnNode, a: BoundedInt, b: BoundedInt) -> BoundedInt:
        low, high = min(a.low, b.low), max(a.high, b.high)
        wide = dtype_of(low, high)
        node = self.graph.pick(condition, self.cast(a, wide), self.cast(b, wide))
        return BoundedInt(node, low, high)


def _range(operator: ArithmeticOperator, a: BoundedInt, b: BoundedInt) -> tuple[int, int]:
    match operator:
        case "+":
            return a.low + b.low, a.high + b.high
        case "-":
            return a.low - b.high, a.high - b.low
        case "*":
            corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
            return min(corners), max(corners)
        case "min":
            return min(a.low, b.low), min(a.high, b.high)
        case "max":
            return max(a.low, b.low), max(a.high, b.high)
        case _:
            assert_never(operator)


def _steps(divisor: int) -> list[int]:
    """Where to split: the divisor, then the divisor by 10, 100 and so on."""
    steps = [divisor]
    while steps[-1] % 10 == 0 and steps[-1] > 10:
        steps.append(steps[-1] // 10)
    return steps
