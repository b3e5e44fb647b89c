"""When a piece of the rules is in force. Part of `from_model`."""

from __future__ import annotations

from policy.ir import program as ir
from policy.ir.program import Expr
from policy.model import types
from policy.model.values import show


def while_in_force(start: int | None, end: int | None) -> tuple[Expr, ...]:
    tests: list[Expr] = []
    if start is not None:
        tests.append(ir.Compare(">=", ir.Today(), ir.Const(start)))
    if end is not None:
        tests.append(ir.Compare("<", ir.Today(), ir.Const(end)))
    return tuple(tests)


def dated_label(start: int | None, end: int | None) -> str:
    words = []
    if start is not None:
        words.append(f"from {show(start, types.DATE)}")
    if end is not None:
        words.append(f"until {show(end, types.DATE)}")
    return " ".join(words) or "always"
