"""Lists in columns: each list's elements are a frame of their own, worked out as columns and summed up by row.

What is asked of an element may turn on the row it is in (lifted into the elements' frame) and, where lists are
gone through inside each other, on an element further out (a frame of pairs).
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from attrs import evolve

from policy.backends.columns.graph import BOOLEAN, INT64, INT128, ROWS, Graph, Node, Scope, deepest
from policy.backends.columns.logic import Env, Logic
from policy.backends.columns.numbers import LONG, Numbers, Sum, dtype_of, fits
from policy.backends.columns.values import (
    NOTHING,
    NUMBER,
    TRUTH,
    AwkwardError,
    ListAt,
    RecordAt,
    Scalar,
    Value,
    Written,
)
from policy.ir import program as ir
from policy.ir.program import Expr
from policy.model.types import LONGEST_LIST, Type


class Lists(Logic):
    """The part of the compiler that goes through lists."""

    graph: Graph
    scopes: dict[Any, Scope]

    def fact(self, of: Type, path: str, scope: Scope) -> Value:
        raise NotImplementedError

    # ── frames ──────────────────────────────────────────────────────────────────────────────

    def scope_of(self, value: Value) -> Scope:
        """The innermost frame that a value is worked out in."""
        match value:
            case Scalar():
                nodes = (value.value, value.present, value.fault, value.needs)
                return deepest(n.scope for n in nodes if n is not None)
            case RecordAt() | ListAt():
                return value.scope
            case Written(items):
                return deepest(map(self.scope_of, items))
        return ROWS

    def elements(self, over: ListAt, user: Scope) -> Scope:
        """The frame of a list's elements: by itself, or beside each row of the frame that its use turns on."""
        crossed = user is not over.scope and user.within(over.scope)
        parent = user if crossed else over.scope
        key = (over.path, id(parent))
        if key not in self.scopes:
            self.scopes[key] = Scope(over.path + "[]", parent, crossed)
        return self.scopes[key]

    # ── membership ──────────────────────────────────────────────────────────────────────────

    def member(self, item: Scalar, items: Value) -> Scalar:
        """Whether one of the items, those that are known first, is this one."""
        match items:
            case frozenset():
                return self.among(item, items)
            case Written(written):
                return self.strictly(item, None, [self.compare("is", item, self.single(i)) for i in written])
            case ListAt():
                scope = self.elements(items, self.scope_of(item))
                same = self.compare("is", item, self.single(self.fact(items.item, scope.path, scope)))
                found = self.reduced("any", scope, self.truth(same), needs=same.needs, length=items.length)
                return self.strictly(item, items.length, [found])
        raise AwkwardError("membership in what is no list")

    def strictly(self, item: Scalar, length: Scalar | None, matches: list[Scalar]) -> Scalar:
        """Whether any of these; not known, whatever they are, where the item or the list is not."""
        g = self.graph
        known = g.known(item.decides) if length is None else g.both(g.known(item.decides), g.known(length.value))
        found = reduce(g.either, (self.truth(m) for m in matches), g.false)
        fault = self.merged(item.fault, *(m.fault for m in matches))
        result = g.where(known, found)
        first = self.needs_within(
            g.negated(known), self.together(item.needs, None if length is None else length.needs)
        )
        rest = self.needs_within(known, self.unless_known(result, *(m.needs for m in matches)))
        return Scalar(result, TRUTH, fault=fault, needs=self.together(first, rest))

    def single(self, value: Value) -> Scalar:
        if not isinstance(value, Scalar):
            raise AwkwardError("a list inside a list is compared")
        return value

    # ── aggregates ──────────────────────────────────────────────────────────────────────────

    def aggregate(self, e: ir.Aggregate, env: Env) -> Scalar:
        over = self.evaluate(e.over, env)
        if isinstance(over, Written):
            return self.written(e, over, env)
        if isinstance(over, frozenset):
            constants = tuple(self.evaluate(ir.Const(v), env) for v in sorted(over))
            return self.written(e, Written(constants), env)
        if not isinstance(over, ListAt):
            raise AwkwardError("an aggregate over what is no list")
        scope = self.elements(over, deepest(self.scope_of(env[n]) for n in _free(e, env)))
        inner = {**env, e.variable: self.fact(over.item, scope.path, scope)}
        test = self.compiled(e.where, inner) if e.where is not None else Scalar(self.graph.true, TRUTH)
        body = self.compiled(e.body, inner) if e.kind != "count" else Scalar(self.graph.true, TRUTH)
        result = self.over_elements(e.kind, scope, test, body, over.length)
        return evolve(result, fault=self.merged(result.fault, over.length.fault))

    def over_elements(self, kind: str, scope: Scope, test: Scalar, body: Scalar, length: Scalar) -> Scalar:
        g = self.graph
        condition, value = self.truth(test), body.value
        kept, maybe = g.certain(condition), g.possible(condition)
        fault = self.merged(test.fault, self.within(maybe, body.fault))
        open_still = maybe if kind in ("any", "all") else kept
        needs = self.together(test.needs, self.needs_within(open_still, body.needs))
        if kind in ("any", "all"):
            says = self.says(kind == "any", condition, self.truth(body))
            return self.reduced(kind, scope, says, fault=fault, needs=needs, length=length)
        doubtful = g.either(g.negated(g.known(condition)), g.both(kept, g.negated(g.known(body.decides))))
        doubt = (
            None
            if doubtful is g.false
            else g.reduce("any", scope, self.as_column(doubtful, scope), empty=False, dtype=BOOLEAN, nullable=False)
        )
        match kind:
            case "count":
                low, high = 0, LONGEST_LIST
                node = g.reduce("count", scope, self.as_column(kept, scope), empty=0, dtype=INT64, nullable=False)
                result = Scalar(node, NUMBER, low, high)
            case "count distinct":
                inputs = (self.as_column(value, scope), self.as_column(kept, scope))
                node = g.reduce("count distinct", scope, *inputs, empty=0, dtype=INT64, nullable=False)
                result = Scalar(node, NUMBER, 0, LONGEST_LIST)
            case "sum":
                result, too_large = self.summed(scope, kept, body)
                fault = self.merged(fault, too_large)
            case _:
                inputs = (self.as_column(value, scope), self.as_column(kept, scope))
                node = g.reduce(kind, scope, *inputs, empty=None, dtype=value.dtype, nullable=True)
                result = Scalar(
                    node, body.kind, body.low, body.high, present=g.node("known", node, dtype=BOOLEAN, nullable=False)
                )
        return self.of_list(result, scope, doubt, fault, needs, length)

    def as_column(self, node: Node, scope: Scope) -> Node:
        """A constant cannot be summed up: it becomes a column."""
        if node.is_constant:
            return self.graph.node("column", node, scope=scope, dtype=node.dtype)
        return node

    def summed(self, scope: Scope, kept: Node, body: Scalar) -> tuple[Scalar, Node | None]:
        """The sum of what is kept. Where even 128 bits may not hold it, the row is left to the interpreter."""
        numbers = Numbers(self.graph)
        x = numbers.of(body)
        filled = Sum(self.graph.or_zero(x.node), x.low, x.high)
        part = numbers.chosen(kept, filled, numbers.constant(0))
        low, high = part.low * LONGEST_LIST, part.high * LONGEST_LIST
        wide = dtype_of(low, high)
        fault = None
        if not fits(low, high, LONG):
            share = LONG // LONGEST_LIST
            wide, low, high = INT128, -LONG, LONG
            numbers.fault = None
            numbers.check(part, share)
            fault = numbers.fault
        column = self.as_column(numbers.cast(part, wide), scope)
        node = self.graph.reduce("sum", scope, column, empty=0, dtype=wide, nullable=False)
        return Scalar(node, NUMBER, low, high), fault

    def says(self, idle_is_false: bool, condition: Node, body: Node) -> Node:
        """What an element says to `any` or `all`: nothing where `where` leaves it out."""
        g = self.graph
        if condition is g.true:
            return body
        return g.both(condition, body) if idle_is_false else g.either(g.negated(condition), body)

    def reduced(
        self, kind: str, scope: Scope, says: Node, *, fault: Node | None = None, needs: Node | None, length: Scalar
    ) -> Scalar:
        column = self.as_column(says, scope)
        empty = kind == "all"
        node = self.graph.reduce(kind, scope, column, empty=empty, dtype=BOOLEAN, nullable=says.nullable)
        return self.of_list(Scalar(node, TRUTH), scope, None, fault, needs, length)

    def of_list(
        self, result: Scalar, scope: Scope, doubt: Node | None, fault: Node | None, needs: Node | None, length: Scalar
    ) -> Scalar:
        """A result of a list's elements: not known where the list is not, or where an element is in doubt."""
        g = self.graph
        sure = g.known(length.value)
        if doubt is not None:
            sure = g.both(sure, g.negated(doubt))
        present = result.present if result.present is None else g.where(sure, result.present)
        value = g.where(sure, result.value)
        faults = needed = None
        if fault is not None:
            column = self.as_column(fault, scope)
            faults = g.reduce("any", scope, column, empty=False, dtype=BOOLEAN, nullable=False)
        if needs is not None:
            column = self.as_column(needs, scope)
            needed = g.reduce("together", scope, column, empty=0, dtype=INT64, nullable=False)
        decides = value if present is None else present
        all_needs = self.unless_known(decides, length.needs, needed)
        return Scalar(value, result.kind, result.low, result.high, present, faults, all_needs)

    # ── lists that the rules write out ──────────────────────────────────────────────────────

    def written(self, e: ir.Aggregate, over: Written, env: Env) -> Scalar:
        """An aggregate over a few expressions, element by element."""
        g = self.graph
        scopes = [{**env, e.variable: item} for item in over.items]
        yes = Scalar(g.true, TRUTH)
        tests = [self.compiled(e.where, s) if e.where is not None else yes for s in scopes]
        bodies = [self.compiled(e.body, s) if e.kind != "count" else yes for s in scopes]
        if e.kind in ("any", "all"):
            said = [
                Scalar(
                    self.says(e.kind == "any", self.truth(t), self.truth(b)),
                    TRUTH,
                    fault=self.merged(t.fault, self.within(g.possible(self.truth(t)), b.fault)),
                    needs=self.together(t.needs, self.needs_within(g.possible(self.truth(t)), b.needs)),
                )
                for t, b in zip(tests, bodies, strict=True)
            ]
            return self.chain(e.kind == "any", said)
        if e.kind == "count distinct":
            raise AwkwardError("distinct values of a list that is written out")
        return self.combined(e.kind, tests, bodies)

    def combined(self, kind: str, tests: list[Scalar], bodies: list[Scalar]) -> Scalar:
        g = self.graph
        numbers = Numbers(g)
        sure, some = g.true, g.false
        best: Sum | None = None
        faults: list[Node | None] = []
        needs: list[Node | None] = []
        for t, b in zip(tests, bodies, strict=True):
            if kind != "count" and b.kind not in (NUMBER, NOTHING):
                raise AwkwardError(f"the {kind} of what are not numbers")
            condition = self.truth(t)
            kept, maybe = g.certain(condition), g.possible(condition)
            sure = g.both(sure, g.both(g.known(condition), g.either(g.negated(kept), g.known(b.value))))
            faults += [t.fault, self.within(maybe, b.fault)]
            needs += [t.needs, self.needs_within(kept, b.needs)]
            x = numbers.constant(1) if kind == "count" else numbers.of(b)
            filled = Sum(g.or_zero(x.node), x.low, x.high)
            if kind in ("sum", "count"):
                part = numbers.chosen(kept, filled, numbers.constant(0))
                best = part if best is None else numbers.arithmetic("+", best, part)
            elif best is None:
                best = filled
            else:
                either = numbers.chosen(
                    some, numbers.arithmetic("min" if kind == "min" else "max", best, filled), filled
                )
                best = numbers.chosen(kept, either, best)
            some = g.either(some, kept)
        result = best or numbers.constant(0)
        value = g.where(sure, result.node)
        present = g.where(sure, some) if kind in ("min", "max") else None
        if present is not None:
            value = g.where(g.certain(present), result.node)
        fault = self.merged(*faults, numbers.fault)
        decides = value if present is None else present
        return Scalar(value, NUMBER, result.low, result.high, present, fault, self.unless_known(decides, *needs))


def _free(e: Expr, env: Env) -> set[str]:
    """The variables of `env` that an expression turns on."""
    return {x.name for x in ir.walk(e) if isinstance(x, ir.Variable) and x.name in env}
