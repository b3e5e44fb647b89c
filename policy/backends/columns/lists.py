"""Lists in columns: each list's elements are a frame of their own, computed as columns and reduced by row.

An expression about an element may depend on its row (lifted into the elements' frame) and, in a list inside a list,
on an element further out (a frame of pairs).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Literal, assert_never

import polars as pl
from attrs import evolve, field, frozen

from policy.backends.columns.graph import BOOLEAN, INT64, INT128, ROWS, ColumnNode, RowFrame, deepest
from policy.backends.columns.logic import Logic
from policy.backends.columns.numbers import LONG, BoundedInt, Numbers, dtype_of, fits
from policy.backends.columns.operators import Reduction
from policy.backends.columns.values import (
    NOTHING,
    NUMBER,
    TRUTH,
    Elements,
    ListAt,
    ListLiteral,
    PickedElement,
    RecordAt,
    Scalar,
    Selection,
    UnsupportedError,
    Value,
)
from policy.ir.program import Aggregate
from policy.model.types import LONGEST_LIST
from policy.vocabulary import FindingKind, ProgramAggregate


@frozen(eq=False)
class Lists:
    """Membership and aggregates, of elements that are compiled already."""

    logic: Logic
    scopes: dict[tuple[str, int], RowFrame] = field(factory=dict)

    # ── frames ──────────────────────────────────────────────────────────────────────────────

    def scope_of(self, value: Value) -> RowFrame:
        """The innermost frame that a value is computed in."""
        match value:
            case Scalar():
                nodes = (value.value, value.present, value.fault, value.needs)
                return deepest(n.scope for n in nodes if n is not None)
            case RecordAt() | ListAt():
                return value.scope
            case PickedElement(present=present):
                return self.scope_of(present)
            case Selection(over=over, env=env):
                return deepest((self.scope_of(over), *map(self.scope_of, env.values())))
            case ListLiteral(items):
                return deepest(map(self.scope_of, items))
            case frozenset():
                return ROWS
            case _:
                assert_never(value)

    def elements(self, over: ListAt, user: RowFrame) -> RowFrame:
        """The frame of a list's elements: by itself, or beside each row of the frame that its use depends on."""
        crossed = user is not over.scope and user.within(over.scope)
        parent = user if crossed else over.scope
        key = (over.path, id(parent))
        if key not in self.scopes:
            self.scopes[key] = RowFrame(over.path + "[]", parent, crossed)
        return self.scopes[key]

    # ── membership ──────────────────────────────────────────────────────────────────────────

    def member(self, item: Scalar, items: Value) -> Scalar:
        """Whether one of the items, of which the known ones come first, equals this one."""
        match items:
            case frozenset():
                return self.logic.among(item, items)
            case ListLiteral(literals):
                matches = [self.logic.compare("is", item, self.single(i)) for i in literals]
                return self.and_known(item, None, matches)
            case ListAt():
                scope = self.elements(items, self.scope_of(item))
                element = self.single(self.logic.context.fact(items.item, scope.path, scope))
                equal = self.logic.compare("is", item, element)
                node = self.logic.truth(equal)
                found = self.decided("any", scope, node, fault=None, needs=equal.needs, length=items.length)
                return self.and_known(item, items.length, [found])
            case Selection():
                raise UnsupportedError("membership in a list that is made of another")
            case Scalar() | RecordAt() | PickedElement():
                raise UnsupportedError("membership in what is no list")
            case _:
                assert_never(items)

    def and_known(self, item: Scalar, length: Scalar | None, matches: Sequence[Scalar]) -> Scalar:
        """Whether any of these holds; unknown, whatever they are, where the item or the list is."""
        g, c = self.logic.graph, self.logic.context
        known = g.known(item.decides) if length is None else g.both(g.known(item.decides), g.known(length.value))
        found = reduce(g.either, (self.logic.truth(m) for m in matches), g.false)
        fault = c.any_fault(item.fault, *(m.fault for m in matches))
        result = g.where(known, found)
        first = c.needs_where(g.negated(known), c.all_needs(item.needs, None if length is None else length.needs))
        rest = c.needs_where(known, c.needs_unless_known(result, *(m.needs for m in matches)))
        return Scalar(result, TRUTH, fault=fault, needs=c.all_needs(first, rest))

    def single(self, value: Value) -> Scalar:
        if not isinstance(value, Scalar):
            raise UnsupportedError("a list inside a list is compared")
        return value

    # ── lists made of others ────────────────────────────────────────────────────────────────

    def selected(self, below: Elements, test: Scalar, element: Value) -> Elements:
        """The elements of a list that a condition holds for; unknown where it is unknown of one of them."""
        g = self.logic.graph
        counts = g.both(below.counts, g.certain(self.logic.truth(test)))
        faults = [test.fault, *((element.fault,) if isinstance(element, Scalar) else ())]
        return self.made(evolve(below, element=element, counts=counts), below.counts, [test], faults)

    def in_order(self, below: Elements, keys: Sequence[Scalar], most: int) -> Elements:
        """The elements in the order of their keys, or so many of the first."""
        g, numbers = self.logic.graph, Numbers(self.logic.graph)
        by = [numbers.or_zero(key).node for key in keys]
        order = (*by, below.place) if below.place is not None else by
        columns = [self.as_column(x, below.scope) for x in (g.negated(below.counts), *order)]
        place = g.node("place", *columns, dtype=INT64, nullable=False, scope=below.scope)
        among = g.node("<", place, g.constant(most, INT64), dtype=BOOLEAN) if most else g.true
        result = evolve(below, counts=g.both(below.counts, among), place=place)
        return self.made(result, below.counts, keys, [key.fault for key in keys])

    def made(
        self, result: Elements, counts: ColumnNode, asked: Sequence[Scalar], faults: Sequence[ColumnNode | None]
    ) -> Elements:
        """A list with the faults of making it; unknown, without elements, where one is of what was asked of them."""
        g, c, scope, length = self.logic.graph, self.logic.context, result.scope, result.length
        fault = c.any_fault(result.fault, *(c.fault_where(counts, f) for f in faults))
        doubts = (g.negated(g.known(x.decides)) for x in asked)
        doubtful = g.both(counts, reduce(g.either, doubts, g.false))
        if doubtful is not g.false:
            sure = g.negated(self.reduced("any", scope, BOOLEAN, doubtful))
            needs = c.needs_where(counts, c.all_needs(*(x.needs for x in asked)))
            needed = None if needs is None else self.reduced("together", scope, INT64, needs)
            known = g.both(g.known(length.value), sure)
            length = evolve(length, value=g.where(known, length.value), needs=c.all_needs(length.needs, needed))
            result = evolve(result, counts=g.both(result.counts, known))
        return evolve(result, length=length, fault=fault)

    def among_elements(self, elements: Elements, test: Scalar) -> Scalar:
        """A condition on elements, false for those that do not count."""
        c, counts = self.logic.context, elements.counts
        if counts is self.logic.graph.true:
            return evolve(test, fault=c.any_fault(elements.fault, test.fault))
        node = self.logic.graph.both(counts, self.logic.truth(test))
        fault = c.any_fault(elements.fault, c.fault_where(counts, test.fault))
        return Scalar(node, TRUTH, fault=fault, needs=c.needs_where(counts, test.needs))

    def over_elements(self, e: Aggregate, elements: Elements, test: Scalar, bodies: Sequence[Scalar]) -> Scalar:
        """An aggregate over the elements of a list of facts, or of one made of such a list."""
        return self.over_facts(e, elements.scope, self.among_elements(elements, test), bodies, elements.length)

    def found(self, kind: FindingKind, elements: Elements, test: Scalar, body: Value) -> Value:
        """The one element that counts, or the first of them."""
        g, c, scope = self.logic.graph, self.logic.context, elements.scope
        test = self.among_elements(elements, test)
        condition = self.logic.truth(test)
        kept = g.certain(condition)
        sure = g.known(elements.length.value)
        unsure = g.negated(g.known(condition))
        if unsure is not g.false:
            sure = g.both(sure, g.negated(self.reduced("any", scope, BOOLEAN, unsure)))
        some = self.reduced("any", scope, BOOLEAN, kept)
        fault = None if test.fault is None else self.reduced("any", scope, BOOLEAN, test.fault)
        if kind == "only":
            one = g.node("is", self.reduced("count", scope, INT64, kept), g.constant(1, INT64), dtype=BOOLEAN)
            fault = c.any_fault(fault, g.both(sure, g.negated(one)))
        needed = None if test.needs is None else self.reduced("together", scope, INT64, test.needs)
        needs = c.needs_where(g.negated(sure), c.all_needs(elements.length.needs, needed))

        def first(column: ColumnNode, dtype: pl.DataType) -> ColumnNode:
            order = () if elements.place is None else (elements.place,)
            inputs = [self.as_column(x, scope) for x in (column, kept, *order)]
            return g.reduce("first", scope, *inputs, empty=None, dtype=dtype, nullable=True)

        def pick(x: Scalar) -> Scalar:
            of_it = None if x.needs is None else g.or_zero(first(x.needs, INT64))
            own = c.all_needs(needs, c.needs_where(sure, of_it))
            faults = None if x.fault is None else self.reduced("any", scope, BOOLEAN, g.both(kept, x.fault))
            value = g.where(sure, first(x.value, x.value.dtype))
            present = None
            if kind == "first" or x.present is not None:
                there = x.present if x.present is not None else g.known_or_null(x.value)
                present = g.where(sure, g.pick(some, first(there, BOOLEAN), g.false))
            return Scalar(value, x.kind, x.low, x.high, present, c.any_fault(fault, faults), own)

        if isinstance(body, Scalar):
            return pick(body)
        if not isinstance(body, RecordAt) or body.present is not None:
            raise UnsupportedError("a list or an optional record that is found in a list")
        there = Scalar(g.where(sure, some), TRUTH, fault=fault, needs=needs)
        return PickedElement(body, pick, there, kind == "first")

    # ── aggregates over facts ───────────────────────────────────────────────────────────────

    def together(self, bodies: Sequence[Scalar]) -> Scalar:
        """The first of some values, known where all of them are."""
        g, c = self.logic.graph, self.logic.context
        first, *more = bodies
        known = reduce(g.both, (g.known(b.decides) for b in more), g.true)
        faults, needs = (b.fault for b in bodies), (b.needs for b in bodies)
        return evolve(first, value=g.where(known, first.value), fault=c.any_fault(*faults), needs=c.all_needs(*needs))

    def over_facts(
        self, e: Aggregate, scope: RowFrame, test: Scalar, bodies: Sequence[Scalar], length: Scalar
    ) -> Scalar:
        """An aggregate over the elements of a list of facts; of several `bodies` the combinations are counted."""
        g, c, kind = self.logic.graph, self.logic.context, e.kind
        body = self.together(bodies)
        condition, value = self.logic.truth(test), body.value
        kept, maybe = g.certain(condition), g.possible(condition)
        fault = c.any_fault(test.fault, c.fault_where(maybe, body.fault))
        if kind == "any" or kind == "all":
            needs = c.all_needs(test.needs, c.needs_where(maybe, body.needs))
            node = self.contribution(kind, condition, self.logic.truth(body))
            return self.decided(kind, scope, node, fault=fault, needs=needs, length=length)
        needs = c.all_needs(test.needs, c.needs_where(kept, body.needs))
        doubtful = g.either(g.negated(g.known(condition)), g.both(kept, g.negated(g.known(body.decides))))
        doubt = None if doubtful is g.false else self.reduced("any", scope, BOOLEAN, doubtful)
        match kind:
            case "count":
                result = Scalar(self.reduced(kind, scope, INT64, kept), NUMBER, 0, LONGEST_LIST)
            case "count distinct":
                result = Scalar(
                    self.reduced(kind, scope, INT64, *(b.value for b in bodies), kept), NUMBER, 0, LONGEST_LIST
                )
            case "sum":
                result, too_large = self.summed(scope, kept, body)
                fault = c.any_fault(fault, too_large)
            case "median":
                numbers = Numbers(g)
                low, high = 2 * min(body.low, 0), 2 * max(body.high, 0)
                wide = dtype_of(low, high)
                inputs = (
                    self.as_column(numbers.cast(numbers.or_zero(body), wide), scope),
                    self.as_column(kept, scope),
                )
                node = g.reduce(kind, scope, *inputs, empty=None, dtype=wide, nullable=True)
                some = self.reduced("any", scope, BOOLEAN, kept)
                result = Scalar(node, NUMBER, low, high, present=some)
            case "largest" | "smallest":
                result = self.sum_of_most(e, scope, kept, body)
            case "list" | "first" | "only":
                raise AssertionError(f"`{kind}` is no reduction to a number")
            case "min" | "max":
                inputs = (self.as_column(value, scope), self.as_column(kept, scope))
                node = g.reduce(kind, scope, *inputs, empty=None, dtype=value.dtype, nullable=True)
                present = g.node("known", node, dtype=BOOLEAN, nullable=False)
                result = Scalar(node, body.kind, body.low, body.high, present=present)
            case _:
                assert_never(kind)
        return self.by_row(result, scope, doubt, fault, needs, length)

    def as_column(self, node: ColumnNode, scope: RowFrame) -> ColumnNode:
        """A constant cannot be reduced: it becomes a column."""
        return self.logic.graph.node("column", node, scope=scope, dtype=node.dtype) if node.is_constant else node

    def reduced(self, kind: Reduction, scope: RowFrame, dtype: pl.DataType, *inputs: ColumnNode) -> ColumnNode:
        """Columns that are never null reduced by row; an empty list gives zero, or false."""
        columns = [self.as_column(i, scope) for i in inputs]
        empty = False if dtype == BOOLEAN else 0
        return self.logic.graph.reduce(kind, scope, *columns, empty=empty, dtype=dtype, nullable=False)

    def summed(self, scope: RowFrame, kept: ColumnNode, body: Scalar) -> tuple[Scalar, ColumnNode | None]:
        """The sum of what is kept. Where even 128 bits may not hold it, the row is left to the interpreter."""
        numbers = Numbers(self.logic.graph)
        part = numbers.chosen(kept, numbers.or_zero(body), numbers.constant(0))
        low, high = part.low * LONGEST_LIST, part.high * LONGEST_LIST
        wide = dtype_of(low, high)
        fault = None
        if not fits(low, high, LONG):
            share = LONG // LONGEST_LIST
            wide, low, high = INT128, -LONG, LONG
            numbers.fault = None
            numbers.check(part, share)
            fault = numbers.fault
        return Scalar(self.reduced("sum", scope, wide, numbers.cast(part, wide)), NUMBER, low, high), fault

    def sum_of_most(self, e: Aggregate, scope: RowFrame, kept: ColumnNode, body: Scalar) -> Scalar:
        numbers = Numbers(self.logic.graph)
        low, high = e.most * min(body.low, 0), e.most * max(body.high, 0)
        if not fits(low, high, LONG):
            raise UnsupportedError("a sum of the largest that may need more than 128 bits")
        wide = dtype_of(low, high)
        value, most = numbers.cast(numbers.or_zero(body), wide), self.logic.graph.constant(e.most, INT64)
        return Scalar(self.reduced(e.kind, scope, wide, value, kept, most), NUMBER, low, high)

    def contribution(self, kind: Literal["any", "all"], condition: ColumnNode, body: ColumnNode) -> ColumnNode:
        """What an element contributes to `any` or `all`: nothing where `where` leaves it out."""
        g = self.logic.graph
        if condition is g.true:
            return body
        return g.both(condition, body) if kind == "any" else g.either(g.negated(condition), body)

    def decided(
        self,
        kind: Literal["any", "all"],
        scope: RowFrame,
        node: ColumnNode,
        *,
        fault: ColumnNode | None,
        needs: ColumnNode | None,
        length: Scalar,
    ) -> Scalar:
        """`any` or `all` of a boolean of each element."""
        column = self.as_column(node, scope)
        result = self.logic.graph.reduce(
            kind, scope, column, empty=kind == "all", dtype=BOOLEAN, nullable=node.nullable
        )
        return self.by_row(Scalar(result, TRUTH), scope, None, fault, needs, length)

    def by_row(
        self,
        result: Scalar,
        scope: RowFrame,
        doubt: ColumnNode | None,
        fault: ColumnNode | None,
        needs: ColumnNode | None,
        length: Scalar,
    ) -> Scalar:
        """An aggregate with the faults and needs of its elements; unknown where the list is, or one is in doubt."""
        g = self.logic.graph
        sure = g.known(length.value)
        if doubt is not None:
            sure = g.both(sure, g.negated(doubt))
        only = self.logic.only_where(sure, result)
        faults = None if fault is None else self.reduced("any", scope, BOOLEAN, fault)
        needed = None if needs is None else self.reduced("together", scope, INT64, needs)
        return evolve(
            only, fault=faults, needs=self.logic.context.needs_unless_known(only.decides, length.needs, needed)
        )

    # ── aggregates over list literals ───────────────────────────────────────────────────────

    def over_literal(self, kind: ProgramAggregate, tests: Sequence[Scalar], bodies: Sequence[Scalar]) -> Scalar:
        """An aggregate over a few expressions, element by element."""
        if kind == "any" or kind == "all":
            elements = zip(tests, bodies, strict=True)
            return self.logic.chain(kind == "any", [self.element(kind, test, body) for test, body in elements])
        if kind == "sum" or kind == "count" or kind == "min" or kind == "max":
            return self.combined(kind, tests, bodies)
        raise UnsupportedError(f"`{kind}` of a list literal")

    def element(self, kind: Literal["any", "all"], test: Scalar, body: Scalar) -> Scalar:
        c = self.logic.context
        condition = self.logic.truth(test)
        maybe = self.logic.graph.possible(condition)
        return Scalar(
            self.contribution(kind, condition, self.logic.truth(body)),
            TRUTH,
            fault=c.any_fault(test.fault, c.fault_where(maybe, body.fault)),
            needs=c.all_needs(test.needs, c.needs_where(maybe, body.needs)),
        )

    def combined(
        self, kind: Literal["sum", "count", "min", "max"], tests: Sequence[Scalar], bodies: Sequence[Scalar]
    ) -> Scalar:
        g, c = self.logic.graph, self.logic.context
        numbers = Numbers(g)
        sure, some = g.true, g.false
        result: BoundedInt | None = None
        faults: list[ColumnNode | None] = []
        needs: list[ColumnNode | None] = []
        for test, body in zip(tests, bodies, strict=True):
            if kind != "count" and body.kind not in (NUMBER, NOTHING):
                raise UnsupportedError(f"the {kind} of values that are not numbers")
            condition = self.logic.truth(test)
            kept, maybe = g.certain(condition), g.possible(condition)
            sure = g.both(sure, g.both(g.known(condition), g.either(g.negated(kept), g.known(body.value))))
            faults += [test.fault, c.fault_where(maybe, body.fault)]
            needs += [test.needs, c.needs_where(kept, body.needs)]
            x = numbers.constant(1) if kind == "count" else numbers.or_zero(body)
            if kind == "sum" or kind == "count":
                part = numbers.chosen(kept, x, numbers.constant(0))
                result = part if result is None else numbers.arithmetic("+", result, part)
            elif result is None:
                result = x
            else:
                better = numbers.chosen(some, numbers.arithmetic(kind, result, x), x)
                result = numbers.chosen(kept, better, result)
            some = g.either(some, kept)
        total = result or numbers.constant(0)
        present = g.where(sure, some) if kind in ("min", "max") else None
        value = g.where(sure if present is None else g.certain(present), total.node)
        fault = c.any_fault(*faults, numbers.fault)
        needed = c.needs_unless_known(value if present is None else present, *needs)
        return Scalar(value, NUMBER, total.low, total.high, present, fault, needed)
