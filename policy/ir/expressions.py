"""Expressions of a program: about twenty kinds of node over ints, booleans and strings. Part of `program`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import is_
from typing import assert_never

from attrs import evolve

from policy.answers import Citation
from policy.nodes import frozen
from policy.vocabulary import (
    ArithmeticOperator,
    ComparisonOperator,
    HitPolicy,
    PartOfDate,
    ProgramAggregate,
    RoundingMode,
    RuntimeValue,
)


@frozen
class Location:
    """Where in the rules something was written."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NO_LOCATION = Location("", 1, 1)

# ── expressions ─────────────────────────────────────────────────────────────────────────────


@frozen
class Const:
    """An int, bool, str, frozenset, or None for an optional's absence."""

    value: RuntimeValue


@frozen
class Missing:
    """A number that nobody has given: an unset parameter, or one not in force."""

    need: str


@frozen
class Fault:
    """Evaluating this is an error of the rules, and fails closed."""

    message: str


@frozen
class Today:
    """The date as of which the question is asked, in days."""


@frozen
class Variable:
    name: str


@frozen
class FieldAccess:
    of: Expr
    name: str


@frozen
class Not:
    operand: Expr


@frozen
class And:
    operands: tuple[Expr, ...]


@frozen
class Or:
    operands: tuple[Expr, ...]


@frozen
class Compare:
    operator: ComparisonOperator
    left: Expr
    right: Expr


@frozen
class Arithmetic:
    """On ints of one scale; for `*`, of any."""

    operator: ArithmeticOperator
    left: Expr
    right: Expr


@frozen
class Divide:
    """The exact quotient rounded to an int, as in decimal arithmetic."""

    mode: RoundingMode
    numerator: Expr
    denominator: Expr


@frozen
class Check:
    """The operand, which is a fault when its magnitude reaches `limit`."""

    operand: Expr
    limit: int


@frozen
class Root:
    """The square root of an int, rounded down to an int; zero of what is below zero."""

    operand: Expr


@frozen
class DatePart:
    """A number of the calendar; a fault out of it."""

    part: PartOfDate
    date: Expr


@frozen
class MonthsLater:
    date: Expr
    months: int


@frozen
class If:
    condition: Expr
    then: Expr
    otherwise: Expr


@frozen
class Let:
    """`body`, in which `variable` stands for `value`, worked out once."""

    variable: str
    value: Expr
    body: Expr


@frozen
class Items:
    """A tuple: a written-out list, or the keys of a priority."""

    items: tuple[Expr, ...]


@frozen
class Aggregate:
    """`min`, `max`, `median` and `first` are None over nothing; the `median` is the sum of the two in the middle."""

    kind: ProgramAggregate
    variable: str
    over: Expr
    where: Expr | None
    body: Expr
    most: int = 0  # of how many the sum is, of the largest or smallest


@frozen
class Sorted:
    """The elements of a list in ascending order of the first key, then of the next; equal ones keep their order."""

    variable: str
    over: Expr
    by: tuple[Expr, ...]
    most: int = 0  # how many of the first are in it; 0 for all


@frozen
class Call:
    function: str
    arguments: tuple[Expr, ...]


@frozen
class Case:
    """One row of a table or version of a value. `label` is for people.

    Of a date, `citations` are those in force, and `not_in_force` the others, where none is.
    """

    condition: Expr
    value: Expr
    label: str
    citations: tuple[Citation, ...] = ()
    place: Location = NO_LOCATION
    not_in_force: tuple[Citation, ...] = ()


@frozen
class Choose:
    """`mode`: first (the first case that holds), only (a fault when two do), highest, lowest, sum."""

    mode: HitPolicy
    cases: tuple[Case, ...]
    none: Expr


Expr = (
    Const | Missing | Fault | Today | Variable | FieldAccess | Not | And | Or | Compare | Arithmetic | Divide | Root
    | Check | DatePart | MonthsLater | If | Let | Items | Aggregate | Sorted | Call
    | Choose
)  # fmt: skip

TRUE, FALSE = Const(True), Const(False)


def parts(e: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside this one, in order of evaluation."""
    match e:
        case Const() | Missing() | Fault() | Today() | Variable():
            return ()
        case FieldAccess(of, _):
            return (of,)
        case Not(operand) | Root(operand) | Check(operand, _):
            return (operand,)
        case And(operands) | Or(operands) | Items(operands) | Call(_, operands):
            return operands
        case Compare(_, left, right) | Arithmetic(_, left, right) | Divide(_, left, right):
            return (left, right)
        case DatePart(_, date) | MonthsLater(date, _):
            return (date,)
        case If(condition, then, otherwise):
            return (condition, then, otherwise)
        case Let(_, value, body):
            return (value, body)
        case Aggregate(_, _, over, where, body, _):
            return (over, body) if where is None else (over, where, body)
        case Sorted(_, over, by, _):
            return (over, *by)
        case Choose(_, cases, none):
            return (*(x for c in cases for x in (c.condition, c.value)), none)
        case _:
            assert_never(e)


def walk(e: Expr) -> Iterator[Expr]:
    """The expression and everything inside it."""
    pending = [e]
    while pending:
        inner = pending.pop()
        yield inner
        pending.extend(reversed(parts(inner)))


def map_parts(e: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`e` with `change` applied to each expression directly inside it; `e` itself where that changes none of them."""
    before = parts(e)
    after = tuple(map(change, before))
    return e if all(map(is_, before, after)) else _with_parts(e, after)


def _with_parts(e: Expr, new: tuple[Expr, ...]) -> Expr:
    """`e` with other expressions inside it, in the order of `parts`."""
    match e:
        case Const() | Missing() | Fault() | Today() | Variable():
            return e
        case FieldAccess():
            return evolve(e, of=new[0])
        case Not() | Root() | Check():
            return evolve(e, operand=new[0])
        case And() | Or():
            return evolve(e, operands=new)
        case Compare() | Arithmetic():
            return evolve(e, left=new[0], right=new[1])
        case Divide():
            return evolve(e, numerator=new[0], denominator=new[1])
        case DatePart() | MonthsLater():
            return evolve(e, date=new[0])
        case If():
            return If(*new)
        case Let():
            return Let(e.variable, *new)
        case Items():
            return Items(new)
        case Aggregate():
            return evolve(e, over=new[0], where=None if e.where is None else new[1], body=new[-1])
        case Sorted():
            return evolve(e, over=new[0], by=new[1:])
        case Call():
            return evolve(e, arguments=new)
        case Choose():
            pairs = zip(new[:-1:2], new[1::2], strict=True)
            cases = tuple(evolve(c, condition=a, value=b) for c, (a, b) in zip(e.cases, pairs, strict=True))
            return Choose(e.mode, cases, new[-1])
        case _:
            assert_never(e)
