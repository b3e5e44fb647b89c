"""Rulebooks with one small mistake each: what tests must tell from the right one.

In: a program. Out: mutants, each a function with one thing changed: a bound moved by one step, a condition left out,
a day moved, two results swapped, a number changed by one step, a rounding turned round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from attrs import evolve, frozen

from policy.ir import program as ir
from policy.ir.from_model import outcome_of
from policy.ir.logic import all_of, conjuncts, tests_date, tests_presence
from policy.ir.program import TRUE, Case, Expr, Function, Location, Program, Rule, map_parts
from policy.model.types import DATE
from policy.model.values import show
from policy.vocabulary import OrderOperator, RoundingMode

_BOUNDS: dict[str, OrderOperator] = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_ROUNDINGS: dict[RoundingMode, RoundingMode] = {"down": "up", "up": "down", "half up": "down", "half even": "down"}


@frozen(eq=False)
class Mutant:
    """A function with one mistake, told in words; `rule` is the number of the rule it is in, or -1."""

    function: Function
    says: str
    place: Location
    rule: int = -1


def mutants(program: Program, files: frozenset[str] | None = None) -> Iterator[Mutant]:
    """Every mutant of what is written in these files, or in any."""
    for function in program.functions.values():
        if function.kind in ("property", "set", "priority"):
            continue
        for mutant in _of(function):
            if files is None or mutant.place.file in files:
                yield mutant


def _of(function: Function) -> Iterator[Mutant]:
    if function.kind == "decision":
        for n, rule in enumerate(function.rules[:-1]):
            for condition, says in _conditions(rule.condition):
                yield Mutant(_with_rule(function, n, condition), f"{says} in {rule.name}", rule.place, n)
        return
    body = function.body
    if not isinstance(body, ir.Choose):
        return
    for n, case in enumerate(body.cases):
        where = f"in {case.label}" if function.kind == "table" else f"in the version {case.label}"
        for condition, says in _conditions(case.condition):
            yield Mutant(
                _with_case(function, body, n, evolve(case, condition=condition)), f"{says} {where}", case.place
            )
        for value, says in _values(case.value):
            yield Mutant(_with_case(function, body, n, evolve(case, value=value)), f"{says} {where}", case.place)
        if n + 1 < len(body.cases) and body.cases[n + 1].value != case.value and function.kind == "table":
            yield _swapped(function, body, n)


def _with_rule(function: Function, n: int, condition: Expr) -> Function:
    rules: list[Rule] = list(function.rules)
    rules[n] = evolve(rules[n], condition=condition)
    otherwise = rules[-1]
    any_applies = ir.Or(tuple(r.condition for r in rules[:-1]))
    rules[-1] = evolve(otherwise, condition=ir.Not(any_applies))
    return evolve(function, body=outcome_of(rules[:-1], otherwise.effect), rules=tuple(rules))


def _with_case(function: Function, body: ir.Choose, n: int, case: Case) -> Function:
    cases = (*body.cases[:n], case, *body.cases[n + 1 :])
    return evolve(function, body=evolve(body, cases=cases))


def _swapped(function: Function, body: ir.Choose, n: int) -> Mutant:
    a, b = body.cases[n], body.cases[n + 1]
    cases = (*body.cases[:n], evolve(a, value=b.value), evolve(b, value=a.value), *body.cases[n + 2 :])
    return Mutant(evolve(function, body=evolve(body, cases=cases)), f"{a.label} and {b.label} swapped", a.place)


# ── what can be wrong with an expression ────────────────────────────────────────────────────


def _conditions(condition: Expr) -> Iterator[tuple[Expr, str]]:
    """A condition with one conjunct left out, or with one mistake inside."""
    if condition == TRUE:
        return
    parts = list(conjuncts(condition))
    periods = sum(tests_date(part) for part in parts)  # these stand in front
    for n, part in enumerate(parts):
        if not tests_presence(part) and not tests_date(part):
            yield all_of([*parts[:n], *parts[n + 1 :]]), f"condition {n + 1 - periods} left out"
    yield from _changed(condition, _slips)


def _values(value: Expr) -> Iterator[tuple[Expr, str]]:
    """A result with one mistake: a number one step off, or a slip inside."""
    if isinstance(value, ir.Const):
        if isinstance(value.value, bool):
            yield ir.Const(not value.value), "the result turned round"
        elif isinstance(value.value, int):
            yield ir.Const(value.value + 1), "the result one step higher"
        return
    yield from _changed(value, _slips)


def _slips(e: Expr) -> Iterator[tuple[Expr, str]]:
    """What can be wrong with a single node."""
    match e:
        case ir.Compare(operator, ir.Today(), ir.Const(day)) if operator in _BOUNDS:
            yield ir.Compare(operator, ir.Today(), ir.Const(day + 1)), f"{show(day, DATE)} a day later"
        case ir.Compare(operator, left, right) if operator in _BOUNDS:
            yield ir.Compare(_BOUNDS[operator], left, right), f"`{_BOUNDS[operator]}` for `{operator}`"
        case ir.Divide(mode, numerator, denominator):
            yield ir.Divide(_ROUNDINGS[mode], numerator, denominator), f"rounded {_ROUNDINGS[mode]}, not {mode}"
        case ir.MonthsLater(date, months):
            longer = abs(months) + 1
            says = f"{longer} months for {abs(months)} month{'' if abs(months) == 1 else 's'}"
            yield ir.MonthsLater(date, longer if months >= 0 else -longer), says


def _changed(e: Expr, slips: Callable[[Expr], Iterator[tuple[Expr, str]]]) -> Iterator[tuple[Expr, str]]:
    """The expression with one node changed, for each node and each slip."""
    yield from slips(e)
    for n, part in enumerate(_inner(e)):
        for changed, says in _changed(part, slips):
            yield _with_part(e, n, changed), says


def _inner(e: Expr) -> list[Expr]:
    """What `map_parts` goes over, in its order."""
    found: list[Expr] = []

    def noted(part: Expr) -> Expr:
        found.append(part)
        return part

    map_parts(e, noted)
    return found


def _with_part(e: Expr, n: int, changed: Expr) -> Expr:
    """`e` with its part number `n` changed."""
    numbers = count()
    return map_parts(e, lambda part: changed if next(numbers) == n else part)
