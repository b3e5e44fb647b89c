"""Claims about `if`: each of its branches is the answer for something.

In: a declaration and its function. Out: a claim for each branch that an author wrote. What must hold for it is
followed from the outside in, as the interpreter evaluates: the period of a version, the cells of a row, the operands
before in `and` and `or`, the `if`s around, and of an aggregate that it is so for an element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policy.ir import program as ir
from policy.ir.logic import all_of
from policy.ir.lower import lower
from policy.ir.orders import rows_of
from policy.ir.program import TRUE, Expr, Function
from policy.model import expressions as typed, rules, types
from policy.model.expressions import Expression, parts
from policy.verify.claims import Claim, is_possible
from policy.verify.tables import earlier_of

Reached = Callable[[Expr], Expr]  # that an expression is evaluated and a condition holds there
MOST_SHOWN = 60  # characters of a condition


def claims(declared: rules.Declared, function: Function) -> Iterator[Claim]:
    """The claims about the branches in a declaration."""
    for e, before in _bodies(declared, function):
        for test, is_then, reached in _branches(e, _given(lambda c: c, before)):
            word = "then" if is_then else "else"
            statement = f"`{word}` of `if {_shown(test)}` is reached"
            yield Claim("branch", function.id, statement, str(test.span), is_possible(reached), False)


def _shown(test: Expression) -> str:
    words = " ".join(test.span.text.split())
    return words if len(words) <= MOST_SHOWN else words[: MOST_SHOWN - 1] + "…"


def _bodies(declared: rules.Declared, function: Function) -> Iterator[tuple[Expression, Expr]]:
    """The expressions of a declaration, each with what holds where it is evaluated."""
    body = function.body
    if isinstance(declared, rules.Asking):
        for name in declared.local:
            yield name.body, TRUE
    if isinstance(declared, rules.Value) and isinstance(body, ir.Choose):
        for version, case in zip(declared.versions, body.cases, strict=False):
            yield version.body, case.condition
    if isinstance(declared, rules.Table) and (table := rows_of(body)) and not declared.tightened:
        for column in declared.body.columns:
            yield column, TRUE
        earlier = earlier_of(table.cases) if table.mode == "first" else [TRUE] * len(table.cases)
        for row, case, before in zip(declared.body.rows, table.cases, earlier, strict=True):
            yield row.result, all_of([before, case.condition])
    if isinstance(declared, rules.Decision):
        for rule in declared.rules:
            held: list[Expr] = []
            for conditions, holds in ((rule.when, True), (rule.unless, False)):
                for condition in conditions:
                    yield condition, all_of(held)
                    held.append(lower(condition) if holds else ir.Not(lower(condition)))


def _branches(e: Expression, reached: Reached) -> Iterator[tuple[Expression, bool, Expr]]:
    """Each branch in an expression: its `if`, whether it is the `then`, and that it is reached."""
    if isinstance(e, typed.Conditional):
        yield from _branches(e.condition, reached)
        test = lower(e.condition)
        for branch, is_then, holds in ((e.then, True, test), (e.otherwise, False, ir.Not(test))):
            yield e.condition, is_then, reached(holds)
            yield from _branches(branch, _given(reached, holds))
    elif isinstance(e, typed.Chain) and e.type == types.BOOLEAN:
        for operand in e.operands:
            yield from _branches(operand, reached)
            holds = lower(operand)
            reached = _given(reached, holds if e.operator == "and" else ir.Not(holds))
    elif isinstance(e, typed.Aggregate):
        yield from _branches(e.over, reached)
        over = lower(e.over)
        if e.where is not None:
            yield from _branches(e.where, _of_some(reached, e.variable, over, None))
        where = lower(e.where) if e.where is not None else None
        yield from _branches(e.body, _of_some(reached, e.variable, over, where))
    else:
        for part in parts(e):
            yield from _branches(part, reached)


def _given(reached: Reached, holds: Expr) -> Reached:
    return lambda c: reached(all_of([holds, c]))


def _of_some(reached: Reached, variable: str, over: Expr, where: Expr | None) -> Reached:
    return lambda c: reached(ir.Aggregate("any", variable, over, where, c))
