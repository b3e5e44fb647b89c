"""Comparing, choosing and deciding in columns, as the interpreter does it where something is not known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from policy.backends.columns.graph import BOOLEAN, INT64, TEXT, Graph, Node
from policy.backends.columns.numbers import Numbers, dtype_of
from policy.backends.columns.values import NOTHING, NUMBER, TRUTH, WORDS, Codes, Kind, Scalar, Value, code_type
from policy.ir.program import Expr

FEW = 8  # values that are compared one by one sooner than looked for in a set

Env = dict[str, Value]


class Expressions(ABC):
    """What every part of the compiler shares: the graph, the way back to it all, and how faults and needs add up."""

    graph: Graph

    @abstractmethod
    def evaluate(self, e: Expr, env: Env) -> Value: ...

    @abstractmethod
    def compiled(self, e: Expr, env: Env) -> Scalar: ...

    def merged(self, *faults: Node | None) -> Node | None:
        """Where any of these faults is."""
        merged: Node | None = None
        for fault in faults:
            if fault is not None and fault is not self.graph.false:
                merged = fault if merged is None else self.graph.either(merged, fault)
        return merged

    def together(self, *needs: Node | None) -> Node | None:
        """All these needs."""
        whole: Node | None = None
        for need in needs:
            if need is not None and need is not whole:
                whole = need if whole is None else self.graph.node("or", whole, need, dtype=INT64)
        return whole

    def within(self, condition: Node, fault: Node | None) -> Node | None:
        """A fault that matters only where the condition, which is never null, holds."""
        return None if fault is None else self.graph.both(condition, fault)

    def needs_within(self, condition: Node, needs: Node | None) -> Node | None:
        return None if needs is None else self.graph.pick(condition, needs, self.graph.constant(0, INT64))

    def unless_known(self, result: Node, *needs: Node | None) -> Node | None:
        """The needs where the result is not known."""
        return self.needs_within(self.graph.negated(self.graph.known(result)), self.together(*needs))


class Logic(Expressions):
    """The part of the compiler that deals with yes and no."""

    # ── values of one type ──────────────────────────────────────────────────────────────────

    def truth(self, a: Scalar) -> Node:
        return a.value if a.kind == TRUTH else self.graph.null(BOOLEAN)

    def common(self, values: list[Scalar]) -> tuple[Kind, list[Node], int, int]:
        """The kind that all the values are of, and the columns in that kind's type."""
        kinds = {v.kind for v in values} - {NOTHING}
        if not kinds:
            return NOTHING, [v.value for v in values], 0, 0
        kind = next(iter(kinds))
        if len(kinds) > 1:
            codes = [k for k in kinds if isinstance(k, Codes)]
            coded = len(codes) == 1 and all(v.is_constant for v in values if v.kind == WORDS)
            kind = codes[0] if coded else WORDS
        numbers = [v for v in values if v.kind == NUMBER]
        low, high = min((v.low for v in numbers), default=0), max((v.high for v in numbers), default=0)
        return kind, [self.as_kind(v, kind, low, high) for v in values], low, high

    def as_kind(self, a: Scalar, kind: Kind, low: int, high: int) -> Node:
        match kind:
            case Codes(members):
                dtype = code_type(members)
                if a.kind == NOTHING:
                    return self.graph.null(dtype)
                if a.kind != WORDS:
                    return a.value
                text = a.value.setting  # one that is not a member equals none
                return self.graph.constant(members.index(text) if text in members else len(members), dtype)
            case "number":
                dtype = dtype_of(low, high)
                numbers = Numbers(self.graph)
                return self.graph.null(dtype) if a.kind == NOTHING else numbers.cast(numbers.of(a), dtype)
            case "words":
                return self.graph.null(TEXT) if a.kind == NOTHING else self.spelt(a)
        return self.graph.null(BOOLEAN) if a.kind == NOTHING else a.value

    def spelt(self, a: Scalar) -> Node:
        """Codes as the words they stand for."""
        if not isinstance(a.kind, Codes):
            return a.value
        if a.value.is_constant:
            code = a.value.setting
            member = a.kind.members[code] if code is not None and code < len(a.kind.members) else None
            return self.graph.constant(member, TEXT)
        return self.graph.node("spelt", a.value, setting=a.kind.members, dtype=TEXT, nullable=a.value.nullable)

    # ── comparing ───────────────────────────────────────────────────────────────────────────

    def compare(self, operator: str, a: Scalar, b: Scalar) -> Scalar:
        fault, needs = self.merged(a.fault, b.fault), self.together(a.needs, b.needs)
        for one, other in ((a, b), (b, a)):
            if other.present is self.graph.false and other.kind == NOTHING and operator in ("is", "is not"):
                there = one.present if one.present is not None else self.graph.known_or_null(one.value)
                return Scalar(
                    there if operator == "is not" else self.graph.negated(there), TRUTH, 0, 0, None, fault, needs
                )
        if operator == "is not":
            same = self.compare("is", a, b)
            return Scalar(self.graph.negated(self.truth(same)), TRUTH, fault=fault, needs=needs)
        _, (x, y), _, _ = self.common([a, b])
        node = self.graph.node(operator, x, y, dtype=BOOLEAN)
        if operator == "is":
            node = self.equal_if_present(node, a, b)
        return Scalar(node, TRUTH, fault=fault, needs=needs)

    def equal_if_present(self, same: Node, a: Scalar, b: Scalar) -> Node:
        """Two absent values are the same, and an absent one is like no other."""
        g = self.graph
        there = [s.present for s in (a, b) if s.present is not None]
        if not there:
            return same
        known = g.both(g.known(a.decides), g.known(b.decides))
        if len(there) == 1:
            equal = g.pick(g.certain(there[0]), same, g.false)
        else:
            one, other = map(g.certain, there)
            equal = g.pick(one, g.pick(other, same, g.false), g.negated(other))
        return g.where(known, equal)

    def among(self, a: Scalar, items: frozenset[Any]) -> Scalar:
        """Whether a value is one of some constants, of which an absent one is none."""
        g = self.graph
        wanted = sorted(items)
        if isinstance(a.kind, Codes):
            wanted = [n for n, m in enumerate(a.kind.members) if m in items]
        elif a.kind == NUMBER:
            wanted = [w for w in wanted if a.low <= w <= a.high]
        if a.kind == NOTHING or not wanted:
            found = g.false
        elif len(wanted) <= FEW:
            found = g.false
            for item in wanted:
                found = g.either(found, g.node("is", a.value, g.constant(item, a.value.dtype), dtype=BOOLEAN))
        else:
            found = g.node("in", a.value, setting=tuple(wanted), dtype=BOOLEAN)
        if a.present is not None:
            found = g.pick(g.certain(a.present), found, g.false)
        if a.present is not None or not found.nullable:
            found = g.where(g.known(a.decides), found)
        return Scalar(found, TRUTH, fault=a.fault, needs=a.needs)

    # ── and, or, if ─────────────────────────────────────────────────────────────────────────

    def chain(self, decides: bool, operands: list[Scalar]) -> Scalar:
        """`or` where true decides, `and` where false does. A fault behind what has decided is none."""
        g = self.graph
        result: Node = g.constant(not decides, BOOLEAN)
        fault: Node | None = None
        for o in operands:
            open_still = g.possible(g.negated(result)) if decides else g.possible(result)
            fault = self.merged(fault, self.within(open_still, o.fault))
            result = g.either(result, self.truth(o)) if decides else g.both(result, self.truth(o))
        return Scalar(result, TRUTH, fault=fault, needs=self.unless_known(result, *(o.needs for o in operands)))

    def choice(self, test: Scalar, then: Scalar, otherwise: Scalar) -> Scalar:
        """One of two values; where the test is not known, the value that both are."""
        g = self.graph
        condition = self.truth(test)
        plain = self.decided(condition, then, otherwise)
        yes, maybe = g.certain(condition), g.possible(condition)
        unsure = g.negated(g.known(condition))
        fault = self.merged(
            test.fault, self.within(maybe, then.fault), self.within(g.possible(g.negated(condition)), otherwise.fault)
        )
        if plain is not None:
            needs = self.unless_known(plain, test.needs, then.needs, otherwise.needs)
            return Scalar(plain, TRUTH, fault=fault, needs=needs)
        chosen = self.pick(yes, then, otherwise)
        needs = self.together(
            self.needs_within(yes, then.needs), self.needs_within(g.negated(maybe), otherwise.needs)
        )
        if unsure is not g.false:
            same = self.same(then, otherwise)
            chosen = self.only_where(g.either(g.negated(unsure), same), chosen)
            open_needs = self.together(test.needs, then.needs, otherwise.needs)
            needs = self.together(needs, self.needs_within(g.both(unsure, g.negated(same)), open_needs))
        return Scalar(chosen.value, chosen.kind, chosen.low, chosen.high, chosen.present, fault, needs)

    def decided(self, condition: Node, then: Scalar, otherwise: Scalar) -> Node | None:
        """A choice of yes or no one side of which is settled is an `and` or an `or`, whatever is not known."""
        g = self.graph
        if then.kind != TRUTH or otherwise.kind != TRUTH:
            return None
        if then.is_constant:
            return (
                g.either(condition, otherwise.value)
                if then.value is g.true
                else g.both(g.negated(condition), otherwise.value)
            )
        if otherwise.is_constant:
            return (
                g.both(condition, then.value)
                if otherwise.value is g.false
                else g.either(g.negated(condition), then.value)
            )
        return None

    def pick(self, condition: Node, a: Scalar, b: Scalar) -> Scalar:
        """One of two values by a condition that is never null; without their faults and needs."""
        g = self.graph
        kind, (x, y), low, high = self.common([a, b])
        present: Node | None = None
        if a.present is not None or b.present is not None:
            present = g.pick(condition, self.there(a), self.there(b))
        node = x if kind == NOTHING else g.pick(condition, x, y)
        return Scalar(node, kind, low, high, present)

    def there(self, a: Scalar) -> Node:
        """Whether a value is there, as if it were optional: null where it is not known."""
        return a.present if a.present is not None else self.graph.known_or_null(a.value)

    def only_where(self, condition: Node, a: Scalar) -> Scalar:
        """The value where the condition holds, and not known elsewhere."""
        g = self.graph
        present = None if a.present is None else g.where(condition, a.present)
        return Scalar(g.where(condition, a.value), a.kind, a.low, a.high, present, a.fault, a.needs)

    def same(self, a: Scalar, b: Scalar) -> Node:
        """Whether two values are known and the same; never null."""
        return self.graph.certain(self.truth(self.compare("is", a, b)))
