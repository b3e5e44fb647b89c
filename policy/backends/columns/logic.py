"""Comparing, deciding and choosing in columns, as the interpreter does it where something is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import polars as pl
from attrs import evolve, frozen

from policy.backends.columns.context import QuestionGraph
from policy.backends.columns.graph import BOOLEAN, TEXT, ColumnNode, Graph
from policy.backends.columns.numbers import Numbers, dtype_of
from policy.backends.columns.values import NOTHING, NUMBER, TEXTS, TRUTH, Codes, Constants, Kind, Scalar, code_type
from policy.vocabulary import ComparisonOperator

FEW = 8  # values that are compared one by one sooner than searched in a set


@frozen(eq=False)
class Logic:
    """Three-valued logic over the columns of one graph."""

    context: QuestionGraph

    @property
    def graph(self) -> Graph:
        return self.context.graph

    # ── values of one type ──────────────────────────────────────────────────────────────────

    def truth(self, a: Scalar) -> ColumnNode:
        return a.value if a.kind == TRUTH else self.graph.null(BOOLEAN)

    def common(self, values: Sequence[Scalar]) -> tuple[Kind, list[ColumnNode], int, int]:
        """The kind that all the values are of, and the columns in that kind's type."""
        kinds = {v.kind for v in values} - {NOTHING}
        if not kinds:
            return NOTHING, [v.value for v in values], 0, 0
        kind = next(iter(kinds))
        if len(kinds) > 1:
            codes = [k for k in kinds if isinstance(k, Codes)]
            coded = len(codes) == 1 and all(v.is_constant for v in values if v.kind == TEXTS)
            kind = codes[0] if coded else TEXTS
        numbers = [v for v in values if v.kind == NUMBER]
        low, high = min((v.low for v in numbers), default=0), max((v.high for v in numbers), default=0)
        return kind, [self.as_kind(v, kind, low, high) for v in values], low, high

    def as_kind(self, a: Scalar, kind: Kind, low: int, high: int) -> ColumnNode:
        if a.kind == NOTHING:
            return self.graph.null(_dtype(kind, low, high))
        match kind:
            case Codes(members):
                if a.kind != TEXTS:
                    return a.value
                text = a.value.attribute  # one that is not a member equals none
                code = members.index(text) if text in members else len(members)
                return self.graph.constant(code, code_type(members))
            case "number":
                numbers = Numbers(self.graph)
                return numbers.cast(numbers.of(a), dtype_of(low, high))
            case "text":
                return self.as_text(a)
            case "truth" | "nothing":
                return a.value
            case _:
                assert_never(kind)

    def as_text(self, a: Scalar) -> ColumnNode:
        """Codes as the texts they stand for."""
        if not isinstance(a.kind, Codes):
            return a.value
        if a.value.is_constant:
            code = a.value.attribute
            member = a.kind.members[code] if code is not None and code < len(a.kind.members) else None
            return self.graph.constant(member, TEXT)
        return self.graph.node("as text", a.value, attribute=a.kind.members, dtype=TEXT, nullable=a.value.nullable)

    # ── comparing ───────────────────────────────────────────────────────────────────────────

    def compare(self, operator: ComparisonOperator, a: Scalar, b: Scalar) -> Scalar:
        g = self.graph
        fault, needs = self.context.any_fault(a.fault, b.fault), self.context.all_needs(a.needs, b.needs)
        for one, other in ((a, b), (b, a)):
            if other.present is g.false and other.kind == NOTHING and operator in ("is", "is not"):
                present = self.presence(one)
                node = present if operator == "is not" else g.negated(present)
                return Scalar(node, TRUTH, fault=fault, needs=needs)
        if operator == "is not":
            same = self.compare("is", a, b)
            return Scalar(g.negated(self.truth(same)), TRUTH, fault=fault, needs=needs)
        _, (x, y), _, _ = self.common([a, b])
        node = g.node(operator, x, y, dtype=BOOLEAN)
        if operator == "is":
            node = self.equal_if_present(node, a, b)
        return Scalar(node, TRUTH, fault=fault, needs=needs)

    def equal_if_present(self, equal: ColumnNode, a: Scalar, b: Scalar) -> ColumnNode:
        """Two absent values are equal, and an absent one equals no other."""
        g = self.graph
        present = [s.present for s in (a, b) if s.present is not None]
        if not present:
            return equal
        known = g.both(g.known(a.decides), g.known(b.decides))
        if len(present) == 1:
            equal = g.pick(g.certain(present[0]), equal, g.false)
        else:
            one, other = map(g.certain, present)
            equal = g.pick(one, g.pick(other, equal, g.false), g.negated(other))
        return g.where(known, equal)

    def among(self, a: Scalar, items: Constants) -> Scalar:
        """Whether a value is one of some constants; an absent one is none of them."""
        g = self.graph
        candidates: list[int | str] = sorted(items)
        if isinstance(a.kind, Codes):
            candidates = [n for n, m in enumerate(a.kind.members) if m in items]
        elif a.kind == NUMBER:
            candidates = [c for c in candidates if isinstance(c, int) and a.low <= c <= a.high]
        if a.kind == NOTHING or not candidates:
            found = g.false
        elif a.value.is_constant:
            found = g.constant(a.value.attribute in candidates, BOOLEAN)
        elif len(candidates) <= FEW:
            found = g.false
            for item in candidates:
                found = g.either(found, g.node("is", a.value, g.constant(item, a.value.dtype), dtype=BOOLEAN))
        else:
            found = g.node("in", a.value, attribute=tuple(candidates), dtype=BOOLEAN)
        if a.present is not None:
            found = g.pick(g.certain(a.present), found, g.false)
        if a.present is not None or not found.nullable:
            found = g.where(g.known(a.decides), found)
        return Scalar(found, TRUTH, fault=a.fault, needs=a.needs)

    # ── and, or, if ─────────────────────────────────────────────────────────────────────────

    def chain(self, deciding: bool, operands: Sequence[Scalar]) -> Scalar:
        """`or` where true decides, `and` where false does. A fault behind the deciding operand does not count."""
        g = self.graph
        result: ColumnNode = g.constant(not deciding, BOOLEAN)
        fault: ColumnNode | None = None
        for o in operands:
            reached = g.possible(g.negated(result)) if deciding else g.possible(result)
            fault = self.context.any_fault(fault, self.context.fault_where(reached, o.fault))
            result = g.either(result, self.truth(o)) if deciding else g.both(result, self.truth(o))
        needs = self.context.needs_unless_known(result, *(o.needs for o in operands))
        return Scalar(result, TRUTH, fault=fault, needs=needs)

    def choice(self, test: Scalar, then: Scalar, otherwise: Scalar) -> Scalar:
        """One of two values; where the test is unknown, the value that both are."""
        g, c = self.graph, self.context
        condition = self.truth(test)
        boolean = self.decided(condition, then, otherwise)
        yes, maybe = g.certain(condition), g.possible(condition)
        unsure = g.negated(g.known(condition))
        fault = c.any_fault(
            test.fault,
            c.fault_where(maybe, then.fault),
            c.fault_where(g.possible(g.negated(condition)), otherwise.fault),
        )
        if boolean is not None:
            needs = c.needs_unless_known(boolean, test.needs, then.needs, otherwise.needs)
            return Scalar(boolean, TRUTH, fault=fault, needs=needs)
        chosen = self.pick(yes, then, otherwise)
        needs = c.all_needs(c.needs_where(yes, then.needs), c.needs_where(g.negated(maybe), otherwise.needs))
        if unsure is not g.false:
            equal = self.equal(then, otherwise)
            chosen = self.only_where(g.either(g.negated(unsure), equal), chosen)
            all_needs = c.all_needs(test.needs, then.needs, otherwise.needs)
            needs = c.all_needs(needs, c.needs_where(g.both(unsure, g.negated(equal)), all_needs))
        return evolve(chosen, fault=fault, needs=needs)

    def decided(self, condition: ColumnNode, then: Scalar, otherwise: Scalar) -> ColumnNode | None:
        """A choice between booleans of which one is constant, as an `and` or an `or`; None for any other choice."""
        g = self.graph
        if then.kind != TRUTH or otherwise.kind != TRUTH:
            return None
        if then.is_constant:
            if then.value is g.true:
                return g.either(condition, otherwise.value)
            return g.both(g.negated(condition), otherwise.value)
        if otherwise.is_constant:
            if otherwise.value is g.false:
                return g.both(condition, then.value)
            return g.either(g.negated(condition), then.value)
        return None

    def pick(self, condition: ColumnNode, a: Scalar, b: Scalar) -> Scalar:
        """One of two values by a condition that is never null; without their faults and needs."""
        g = self.graph
        kind, (x, y), low, high = self.common([a, b])
        present: ColumnNode | None = None
        if a.present is not None or b.present is not None:
            present = g.pick(condition, self.presence(a), self.presence(b))
        node = x if kind == NOTHING else g.pick(condition, x, y)
        return Scalar(node, kind, low, high, present)

    def presence(self, a: Scalar) -> ColumnNode:
        """Whether a value is present, as if it were optional: null where that is unknown."""
        return a.present if a.present is not None else self.graph.known_or_null(a.value)

    def only_where(self, condition: ColumnNode, a: Scalar) -> Scalar:
        """The value where the condition holds, and unknown elsewhere."""
        present = None if a.present is None else self.graph.where(condition, a.present)
        return evolve(a, value=self.graph.where(condition, a.value), present=present)

    def equal(self, a: Scalar, b: Scalar) -> ColumnNode:
        """Whether two values are known and equal; never null."""
        return self.graph.certain(self.truth(self.compare("is", a, b)))


def _dtype(kind: Kind, low: int, high: int) -> pl.DataType:
    match kind:
        case Codes(members):
            return code_type(members)
        case "number":
            return dtype_of(low, high)
        case "text":
            return TEXT
        case "truth" | "nothing":
            return BOOLEAN
        case _:
            assert_never(kind)
