"""Which optional facts a condition shows to be there. Part of `checker`."""

from __future__ import annotations

from policy.syntax import tree


def shown_present(condition: tree.Expression, outcome: bool) -> tuple[tree.Expression, ...]:
    """The facts that are certainly present where `condition` is `outcome`."""
    if isinstance(condition, tree.Chain) and condition.operator == ("and" if outcome else "or"):
        return tuple(fact for operand in condition.operands for fact in shown_present(operand, outcome))
    if isinstance(condition, tree.Unary):
        if condition.operator == "not":
            return shown_present(condition.operand, not outcome)
        if condition.operator == ("is present" if outcome else "is absent"):
            return (condition.operand,)
    return ()
