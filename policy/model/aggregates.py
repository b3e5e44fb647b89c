"""Aggregates over lists: the variable and its scope, what may be aggregated, what comes of it. Part of `checker`."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import assert_never

from policy.model import expressions as typed, types
from policy.model.amounts import gathered
from policy.model.arithmetic import EQUAL, how_ordered
from policy.model.coercion import a_type
from policy.model.expressions import Expression, SortKey
from policy.model.presence import shown_present
from policy.model.records import RecordChecker
from policy.model.types import EXACT_FRACTION, Number, Type
from policy.syntax import tree


class Aggregates(RecordChecker):
    """Types aggregates; `variables` are in sight where they stand, and `rounding` is how many `round`s are around."""

    variables: dict[str, Type]
    rounding: int

    @abstractmethod
    def fresh(self, name: tree.Name) -> None: ...

    @abstractmethod
    def given(self, shown: tuple[tree.Expression, ...]) -> AbstractContextManager[None]: ...

    def aggregate(self, node: tree.Aggregate) -> Expression:
        over = self.expression(node.over)
        if not isinstance(over.type, types.ListOf | types.SetOf | types.Broken):
            return self.fail("type-mismatch", f"this is {a_type(over.type)}, not a list", node.over.span)
        if isinstance(over, typed.SetOf):
            what = "what is written out may be the same twice, and a set has it once"
            return self.fail("type-mismatch", what, node.over.span, "write a list: `[a, b]`")
        if isinstance(over.type, types.SetOf) and node.kind in ("list", "first", "only"):
            help = "of a set, count, sum, or take the least or greatest"
            return self.fail("type-mismatch", "a set has no order", node.over.span, help)
        variable = node.variable.text
        self.fresh(node.variable)
        outer, rounding = self.variables, self.rounding
        element = over.type.of if isinstance(over.type, types.ListOf | types.SetOf) else types.BROKEN
        self.variables = {**outer, variable: element}
        self.rounding = 0
        wanted = types.BOOLEAN if node.kind in ("any", "all") else types.BROKEN
        where = self.typed(node.where, types.BOOLEAN) if node.where is not None else None
        with self.given(shown_present(node.where, True) if node.where is not None else ()):
            order = tuple(self._sort_key(node, key) for key in node.order)
            body = self.handed_over(self.typed(node.body, wanted))
            if node.kind not in ("any", "all", "count"):
                body = gathered(self, node, body)
        self.variables, self.rounding = outer, rounding
        of = _result(self, node, body)
        if isinstance(of, typed.Failed):
            return of
        most = int(node.most.value) if node.most is not None else 0
        if node.most is not None and not (node.most.value == most and 0 < most <= types.LONGEST_LIST):
            example = "first 5 of" if node.kind == "list" else "sum of the 5 largest"
            help = f"write a whole number, as in `{example} (…)`"
            return self.fail("type-mismatch", "this is no number of elements", node.most.span, help)
        if node.kind == "average" and not rounding:
            help = "write `round half even to 0.01 (average of (…))`, with the direction and step you mean"
            what = "an average has no exact decimal result, so it must say how it is rounded"
            return self.fail("unrounded-division", what, node.span, help)
        return typed.Aggregate(node.kind, body, variable, over, where, order, most, type=of, span=node.span)

    def _sort_key(self, node: tree.Aggregate, key: tree.SortKey) -> SortKey:
        by = gathered(self, node, self.exact(self.expression(key.by)))
        if not types.has_order(by.type):
            by = self.fail("type-mismatch", f"{a_type(by.type)} has no order", key.by.span, how_ordered(by.type))
        return SortKey(key.direction, by)


def _result(checker: RecordChecker, node: tree.Aggregate, body: Expression) -> Type | typed.Failed:
    """The type of what comes of it, or a finding."""
    of, kind = body.type, node.kind

    def wrong(what: str, help: str = "") -> typed.Failed:
        checker.found.error("type-mismatch", what, node.body.span, help)
        return typed.Failed(type=types.BROKEN, span=node.body.span)

    match kind:
        case "any" | "all":
            return types.BOOLEAN
        case "count":
            return types.INTEGER
        case "count distinct":
            keys = body.items if isinstance(node.body, tree.Keys) and isinstance(body, typed.ListOf) else (body,)
            unequal = [k for k in keys if not isinstance(k.type, (*EQUAL, types.Broken))]
            return wrong(f"{a_type(unequal[0].type)} has no equality") if unequal else types.INTEGER
        case "average":
            if not isinstance(of, Number | types.Broken):
                return wrong(f"{a_type(of)} has no average")
            return Number(of.unit, EXACT_FRACTION) if isinstance(of, Number) else of
        case "median":
            if not isinstance(of, Number | types.Broken):
                return wrong(f"{a_type(of)} has no median")
            of = checker.exact(body).type
            return types.OptionalOf(Number(of.unit, of.scale + 1)) if isinstance(of, Number) else of
        case "sum" | "largest" | "smallest":
            return of if isinstance(of, Number | types.Broken) else wrong(f"{a_type(of)} cannot be summed")
        case "min" | "max":
            if not types.has_order(of):
                return wrong(f"{a_type(of)} has no `{kind}`", how_ordered(of))
            return types.OptionalOf(of)
        case "list":
            return types.ListOf(checker.exact(body).type)
        case "only" | "first":
            if isinstance(of, types.ListOf | types.SetOf):
                return wrong(f"this is {a_type(of)}", "find the element itself, and read what is inside it")
            found = checker.exact(body).type
            always = kind == "only" or isinstance(found, types.OptionalOf | types.Broken)
            return found if always else types.OptionalOf(found)
        case _:
            assert_never(kind)
