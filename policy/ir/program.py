"""The program: what every backend computes. About twenty kinds of node over ints, booleans and strings.

Conflict resolution, dates, hit policies, units and scales are gone: decisions are a boolean expression and
a list of rules, dates are comparisons with `Today`, a table is a `Choose`, a decimal is an int.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import assert_never

from attrs import evolve, field, frozen

from policy.answers import BilingualText, Citation
from policy.model.traversal import callees_first
from policy.model.types import MOST_DIGITS, Type
from policy.vocabulary import (
    AggregateKind,
    ArithmeticOperator,
    ComparisonOperator,
    Effect,
    HitPolicy,
    PartOfDate,
    QuestionKind,
    RoundingMode,
    RuntimeValue,
)

LARGEST = 10**MOST_DIGITS  # no number of a program reaches this; a `Check` stands wherever one might


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
    """`min` and `max` are None over nothing."""

    kind: AggregateKind
    variable: str
    over: Expr
    where: Expr | None
    body: Expr


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
    | Check | DatePart | MonthsLater | If | Let | Items | Aggregate | Call | Choose
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
        case Aggregate(_, _, over, where, body):
            return (over, body) if where is None else (over, where, body)
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
    """`e` with `change` applied to each expression directly inside it."""
    match e:
        case Const() | Missing() | Fault() | Today() | Variable():
            return e
        case FieldAccess():
            return evolve(e, of=change(e.of))
        case Not() | Root() | Check():
            return evolve(e, operand=change(e.operand))
        case And() | Or():
            return evolve(e, operands=tuple(map(change, e.operands)))
        case Compare() | Arithmetic():
            return evolve(e, left=change(e.left), right=change(e.right))
        case Divide():
            return evolve(e, numerator=change(e.numerator), denominator=change(e.denominator))
        case DatePart() | MonthsLater():
            return evolve(e, date=change(e.date))
        case If():
            return If(change(e.condition), change(e.then), change(e.otherwise))
        case Let():
            return Let(e.variable, change(e.value), change(e.body))
        case Items():
            return Items(tuple(map(change, e.items)))
        case Aggregate():
            where = change(e.where) if e.where is not None else None
            return evolve(e, over=change(e.over), where=where, body=change(e.body))
        case Call():
            return evolve(e, arguments=tuple(map(change, e.arguments)))
        case Choose():
            cases = tuple(evolve(c, condition=change(c.condition), value=change(c.value)) for c in e.cases)
            return Choose(e.mode, cases, change(e.none))
        case _:
            assert_never(e)


# ── functions ───────────────────────────────────────────────────────────────────────────────


@frozen(kw_only=True)
class Rule:
    """One rule of a decision; `condition` includes its period. Its citations are as those of a `Case`."""

    name: str
    effect: Effect
    condition: Expr
    text: BilingualText
    citations: tuple[Citation, ...]
    place: Location
    not_in_force: tuple[Citation, ...] = ()

    @property
    def label(self) -> str:
        return f"otherwise {self.effect}" if self.name == "otherwise" else f"{self.effect} {self.name}"


@frozen(kw_only=True, repr=False, slots=False)
class Function:
    """A question, or a set.

    A decision's body is true where it permits. `rules` lists its rules, and last its `otherwise`, whose
    condition is true where no rule applies.
    """

    id: str
    kind: QuestionKind
    title: BilingualText
    parameters: tuple[tuple[str, Type], ...]
    type: Type
    body: Expr
    rules: tuple[Rule, ...] = ()
    citations: tuple[tuple[Expr, Citation], ...] = ()  # of the whole, each with when it is in force
    place: Location = NO_LOCATION

    def __repr__(self) -> str:
        return f"<{self.kind} {self.id}>"

    @property
    def bodies(self) -> tuple[Expr, ...]:
        """Every expression that it is made of."""
        return (self.body, *(rule.condition for rule in self.rules))

    @cached_property
    def calls(self) -> tuple[str, ...]:
        """The functions that it calls itself."""
        return tuple(dict.fromkeys(e.function for body in self.bodies for e in walk(body) if isinstance(e, Call)))

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names of the fields that it reads itself."""
        return frozenset(e.name for body in self.bodies for e in walk(body) if isinstance(e, FieldAccess))


@frozen(kw_only=True)
class FieldDeclaration:
    """A field of a record: its type, the bounds on facts, its title, and whether its fact can be changed at will."""

    name: str
    type: Type
    least: int | None
    most: int | None
    title: BilingualText
    is_changeable: bool = False
    place: Location = field(default=NO_LOCATION, eq=False)


@frozen
class Reading:
    """When a source was read, and the first day for which that reading no longer vouches."""

    on: int
    holds_until: int


@frozen(kw_only=True, repr=False)
class Program:
    """A whole rulebook, ready to run; `on` is set once it has been specialised to a date (in days)."""

    functions: dict[str, Function]
    records: dict[str, tuple[FieldDeclaration, ...]]
    enums: dict[str, dict[str, BilingualText]]
    digest: str
    overlay: str = ""
    on: int | None = None
    notes: dict[str, str] = field(factory=dict)  # by function: why a parameter has no value
    renamed: dict[str, str] = field(factory=dict)  # by full name, of a field or member too: the name it had before
    readings: dict[str, Reading] = field(factory=dict)  # by source, where it is said until when its reading holds
    depth: int = 0  # expressions inside each other, on the longest way through all calls

    def __repr__(self) -> str:
        return f"<program {self.digest[:12]} of {len(self.functions)} functions>"

    def fields_read(self, id: str) -> frozenset[str]:
        """The names of the fields that a function may read, itself or in what it calls."""
        return frozenset[str]().union(*(self.functions[i].fields for i in self.calls_first(id)))

    def calls_first(self, *ids: str) -> list[str]:
        """These functions and all they call, each after those that it calls itself."""
        return callees_first(ids, lambda id: self.functions[id].calls)

    def named(self, name: str) -> tuple[Function, ...]:
        """The functions called `name`, in full or by its last part."""
        if name in self.functions:
            return (self.functions[name],)
        return tuple(f for f in self.functions.values() if f.id.endswith("." + name))
