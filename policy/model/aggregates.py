"""Aggregates over lists: the variable and its scope, what may be aggregated, what comes of it. Part of `checker`."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from policy.model import expressions as typed, types
from policy.model.arithmetic import EQUAL, ORDERED
from policy.model.coercion import a_type
from policy.model.expressions import Expression
from policy.model.presence import shown_present
from policy.model.types import Number, Type
from policy.syntax import tree

if TYPE_CHECKING:
    from policy.model.checker import TypeChecker


def aggregate(checker: TypeChecker, node: tree.Aggregate) -> Expression:
    over = checker.expression(node.over)
    if not isinstance(over.type, types.ListOf | types.Broken):
        return checker.fail("type-mismatch", f"this is {a_type(over.type)}, not a list", node.over.span)
    variable = node.variable.text
    checker.fresh(node.variable)
    outer, rounding = checker.variables, checker.rounding
    element = over.type.of if isinstance(over.type, types.ListOf) else types.BROKEN
    checker.variables = {**outer, variable: element}
    checker.rounding = 0
    wanted = types.BOOLEAN if node.kind in ("any", "all") else types.BROKEN
    where = checker.typed(node.where, types.BOOLEAN) if node.where is not None else None
    with checker.given(shown_present(node.where, True) if node.where is not None else ()):
        order = tuple(_sort_key(checker, key) for key in node.order)
        body = checker.typed(node.body, wanted)
    checker.variables, checker.rounding = outer, rounding
    of = _result(checker, node, body)
    if isinstance(of, typed.Failed):
        return of
    return typed.Aggregate(node.kind, body, variable, over, where, order, type=of, span=node.span)


def _sort_key(checker: TypeChecker, key: tree.SortKey) -> typed.SortKey:
    by = checker.exact(checker.expression(key.by))
    if not isinstance(by.type, (*ORDERED, types.Broken)):
        help = "say what holds where it is absent: `… default …`" if isinstance(by.type, types.OptionalOf) else ""
        by = checker.fail("type-mismatch", f"{a_type(by.type)} has no order", key.by.span, help)
    return typed.SortKey(key.direction, by)


def _result(checker: TypeChecker, node: tree.Aggregate, body: Expression) -> Type | typed.Failed:
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
            return types.INTEGER if isinstance(of, (*EQUAL, types.Broken)) else wrong(f"{a_type(of)} has no equality")
        case "sum":
            return of if isinstance(of, Number | types.Broken) else wrong(f"{a_type(of)} cannot be summed")
        case "min" | "max":
            if not isinstance(of, (*ORDERED, types.Broken)):
                return wrong(f"{a_type(of)} has no `{kind}`")
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
