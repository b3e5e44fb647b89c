"""Small expressions that every stage builds and takes apart: conjunctions, presence, periods, remainders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy.ir.program import FALSE, TRUE, And, Arithmetic, Compare, Const, Divide, Expr, Or, Today


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


def is_present(e: Expr) -> Expr:
    return Compare("is not", e, Const(None))


def is_absent(e: Expr) -> Expr:
    return Compare("is", e, Const(None))


def tests_presence(e: Expr) -> bool:
    return isinstance(e, Compare) and e.operator == "is not" and e.right == Const(None)


def tests_date(e: Expr) -> bool:
    return isinstance(e, Compare) and isinstance(e.left, Today) and isinstance(e.right, Const)
