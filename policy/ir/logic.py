"""Small expressions that every stage builds and takes apart: conjunctions, presence, remainders, shared values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from policy.ir.program import (
    FALSE,
    TRUE,
    And,
    Arithmetic,
    Choose,
    Compare,
    Const,
    Divide,
    Expr,
    FieldAccess,
    Let,
    Or,
    Variable,
    map_parts,
    walk,
)

_FRESH = "_it"  # begins the names that lowering makes up; no word of the language begins with an underscore


def all_of(conditions: Sequence[Expr]) -> Expr:
    return TRUE if not conditions else conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def any_of(conditions: Sequence[Expr]) -> Expr:
    return FALSE if not conditions else conditions[0] if len(conditions) == 1 else Or(tuple(conditions))


def conjuncts(condition: Expr) -> Iterator[Expr]:
    """The conditions that must all hold, however they are nested."""
    if isinstance(condition, And):
        for operand in condition.operands:
            yield from conjuncts(operand)
    else:
        yield condition


def remainder(whole: Expr, part: Expr) -> Expr:
    """What is left of `whole` after taking `part` as often as it fits; both are evaluated more than once."""
    return Arithmetic("-", whole, Arithmetic("*", Divide("down", whole, part), part))


def sole_version(body: Expr) -> Expr:
    """The one version of a value that is in force, if there is one."""
    while isinstance(body, Choose) and body.mode == "first" and body.cases and body.cases[0].condition == TRUE:
        body = body.cases[0].value
    return body


def is_present(e: Expr) -> Expr:
    return Compare("is not", e, Const(None))


def is_absent(e: Expr) -> Expr:
    return Compare("is", e, Const(None))


def tests_presence(e: Expr) -> bool:
    return isinstance(e, Compare) and e.operator == "is not" and e.right == Const(None)


@frozen(eq=False)
class _Hole(Variable):
    """A variable that has no name yet."""


def once(value: Expr, use: Callable[[Expr], Expr]) -> Expr:
    """What `use` makes of a value that it needs more than once and that is evaluated once.

    The variable is numbered above all that are bound in the result of `use`, so none of them captures it; and as the
    number depends on nothing else, equal expressions stay equal.
    """
    if isinstance(value, Const | Variable | FieldAccess):
        return use(value)
    hole = _Hole("")
    body = use(hole)
    bound = (e.variable for e in walk(body) if isinstance(e, Let))
    numbers = (int(name.removeprefix(_FRESH)) for name in bound if name.startswith(_FRESH))
    name = f"{_FRESH}{max(numbers, default=-1) + 1}"
    return Let(name, value, _filled(body, hole, Variable(name)))


def _filled(e: Expr, hole: _Hole, by: Expr) -> Expr:
    return by if e is hole else map_parts(e, lambda part: _filled(part, hole, by))
