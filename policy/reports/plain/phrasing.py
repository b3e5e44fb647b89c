"""Typed expressions as phrases: what English and Chinese do in the same way.

In: expressions of a model. Out: phrases; a condition is said as holding or as not holding, so that negation ends up
in the verb. Absent: words, which are those of `english` and `chinese`, and any look at the rules' text.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, assert_never

from policy.answers import BilingualText
from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.model.rules import Parameters
from policy.model.types import Type
from policy.reports.plain.names import Names, spaced
from policy.vocabulary import EqualityOperator, ExtremumOperator, OrderOperator, RoundingMode

Comparison = Literal[EqualityOperator, OrderOperator]
Calculation = Literal["+", "-", "*", "/"]
OPPOSITE: dict[Comparison, Comparison] = {"is": "is not", "is not": "is", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MANY = types.ListOf | types.SetOf


class Phrasing(ABC):
    """Phrases of the expressions of one declaration, whose parameters are `parameters`."""

    def __init__(self, names: Names, parameters: Parameters = ()) -> None:
        self.names = names
        self.parameters = dict(parameters)
        self.variables: dict[str, Type] = {}  # of the loops that are being said, the innermost last

    # ── terms ───────────────────────────────────────────────────────────────────────────────

    def term(self, e: Expression) -> str:
        """What an expression stands for, as a noun phrase."""
        match e:
            case x.Literal(value=value):
                return self.literal(value, e.type)
            case x.Local(name=name):
                return self.local(name, e.type)
            case x.Today():
                return self.today
            case x.Named(name=name):
                return self.titled(self.names.declared(name))
            case x.FieldAccess(of=of, name=name):
                return self.field(of, self.field_title(of, name), e.type)
            case x.Apply() if not isinstance(e.type, types.Boolean):
                return self.applied(self.names.declared(e.name), e)
            case x.Binary():
                return self._binary(e)
            case x.Unary(operator="-", operand=operand):
                return self.negative(self.inner(operand))
            case x.Unary(operator="abs", operand=operand):
                return self.size_of(self.inner(operand))
            case x.Unary(operator="square root", operand=operand):
                return self.root_of(self.inner(operand))
            case x.MonthsLater(date=day, months=months):
                return self.months_later(self.term(day), months)
            case x.Chain(operator="min" | "max" as operator, operands=operands):
                return self.extreme(operator, [self.inner(o) for o in operands])
            case x.Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.either(self.condition(condition), self.term(then), self.term(otherwise))
            case x.Round(mode=mode, step=step, operand=operand):
                return self.rounded(self.term(operand), mode, self.literal(step, e.type))
            case x.Clamp(operand=operand, low=low, high=high):
                return self.kept_between(self.term(operand), self.term(low), self.term(high))
            case x.Aggregate(kind=kind) if kind not in ("any", "all"):
                with self.saying(e):
                    return self.gathered(e)
            case x.SetOf(items=items) | x.ListOf(items=items):
                return self.listed([self.term(i) for i in items])
            case x.Apply() | x.Unary() | x.Chain() | x.Aggregate():
                return self.whether(self.condition(e))
            case x.Failed():
                raise AssertionError("a model with errors is not put into words")
            case _:
                assert_never(e)

    def _binary(self, e: x.Binary) -> str:
        match e.operator:
            case "default":
                return self.or_else(self.term(e.left), self.term(e.right))
            case "+" | "-" as operator if isinstance(e.type, types.Date):
                return self.days_later(operator == "+", self.term(e.left), self.term(e.right))
            case "+" | "-" | "*" | "/" as operator:
                return self.arithmetic(operator, self.inner(e.left), self.inner(e.right))
            case "modulo":
                return self.remainder(self.inner(e.left), self.inner(e.right))
            case "is" | "is not" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "is a multiple of":
                return self.whether(self.condition(e))
            case _:
                assert_never(e.operator)

    def inner(self, e: Expression) -> str:
        """A term inside another, set apart where the two could be misread."""
        text = self.term(e)
        plain = isinstance(e, x.Literal | x.Local | x.Named | x.FieldAccess | x.Today)
        bracketed = isinstance(e, x.Binary) and e.operator == "default"  # it has brackets of its own
        called = isinstance(e, x.Apply) and all(isinstance(a, x.Local) for a in e.arguments)
        return text if plain or bracketed or called else self.bracketed(text)

    def side(self, e: Expression) -> str:
        """A term on one side of a comparison, set apart where it has clauses of its own."""
        clauses = isinstance(e, x.Round | x.Conditional | x.Clamp | x.Aggregate)
        return self.inner(e) if clauses else self.term(e)

    def literal(self, value: object, of: Type) -> str:
        inner = of.of if isinstance(of, types.OptionalOf) else of
        if value is None:
            return self.none
        if isinstance(inner, types.Enum):
            return self.member(self.names.member(inner, str(value)))
        return self.amount(value, inner)

    def bare(self, e: Expression) -> str:
        """A term in the cell of a table, where the name of a member needs no quotation marks."""
        if isinstance(e, x.Literal) and isinstance(e.type, types.Enum):
            return self.pick(self.names.member(e.type, str(e.value)))
        return self.term(e)

    def about(self, e: x.Apply) -> tuple[list[str], list[tuple[str, bool]]]:
        """What a question is asked about: things, and names that are given as so or not so."""
        parameters = getattr(self.names.model.declared[e.name], "parameters", ())
        things: list[str] = []
        taken: list[tuple[str, bool]] = []
        for (name, _), a in zip(parameters, e.arguments, strict=True):
            if isinstance(a, x.Literal) and isinstance(a.type, types.Boolean):
                taken.append((spaced(name), a.value))
            else:
                things.append(self.term(a))
        return things, taken

    def field_title(self, of: Expression, name: str) -> BilingualText:
        record = of.type.of if isinstance(of.type, types.OptionalOf) else of.type
        assert isinstance(record, types.Record)
        return self.names.field(record, name)

    def alone(self, of: Expression) -> bool:
        """Whether an owner goes without saying: the only thing the declaration is about."""
        return isinstance(of, x.Local) and list(self.parameters) == [of.name]

    @contextmanager
    def saying(self, e: x.Aggregate) -> Iterator[None]:
        """While a loop is said, its variable is known."""
        around = self.variables
        self.variables = around | {e.variable: e.over.type.of if isinstance(e.over.type, _MANY) else types.BROKEN}
        try:
            yield
        finally:
            self.variables = around

    def in_scope(self) -> dict[str, Type]:
        return self.parameters | self.variables

    # ── conditions ──────────────────────────────────────────────────────────────────────────

    def condition(self, e: Expression, holds: bool = True) -> str:
        """What has to be so for a boolean expression to be true, or to be false."""
        match e:
            case x.Unary(operator="not", operand=operand):
                return self.condition(operand, not holds)
            case x.Unary(operator="is present" | "is absent" as operator, operand=operand):
                return self.exists(self.term(operand), (operator == "is present") is holds)
            case x.Chain(operator="and" | "or" as operator, operands=operands):
                every = (operator == "and") is holds
                return self.joined(every, [self.part(o, holds, every) for o in operands])
            case x.Binary(operator="is" | "is not" as operator, left=left, right=x.Literal(value=bool() as value)):
                return self.condition(left, (value is (operator == "is")) is holds)
            case x.Binary():
                return self._comparison(e, holds)
            case x.Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.either(
                    self.condition(condition), self.condition(then, holds), self.condition(otherwise, holds)
                )
            case x.Aggregate(kind="any" | "all"):
                with self.saying(e):
                    return self.for_some(e, holds)
            case x.Literal(value=value):
                return self.settled(bool(value) is holds)
            case x.Apply(name=name):
                return self.answered(self.names.declared(name), e, holds)
            case x.Named(name=name):
                return self.parameter_so(self.names.declared(name), holds)
            case x.FieldAccess(of=of, name=name):
                return self.stated(of, self.field_title(of, name), holds)
            case x.Local() | x.Unary() | x.Chain() | x.Round() | x.Clamp() | x.Aggregate() | x.Failed():
                return self.true_of(self.term(e), holds)
            case x.Today() | x.MonthsLater() | x.SetOf() | x.ListOf():
                raise AssertionError(f"`{type(e).__name__}` is no condition")
            case _:
                assert_never(e)

    def _comparison(self, e: x.Binary, holds: bool) -> str:
        match e.operator:
            case "in" | "not in" as operator:
                inside = (operator == "in") is holds
                return self.among(self.side(e.left), inside, self.term(e.right), isinstance(e.right, x.SetOf))
            case "is" | "is not" | "<" | "<=" | ">" | ">=" as operator:
                said = operator if holds else OPPOSITE[operator]
                return self.compared(self.side(e.left), said, self.side(e.right), e.left.type)
            case "default":
                return self.true_of(self.term(e), holds)
            case "is a multiple of":
                return self.multiple(self.side(e.left), self.side(e.right), holds)
            case "+" | "-" | "*" | "/" | "modulo":
                raise AssertionError(f"`{e.operator}` is no condition")
            case _:
                assert_never(e.operator)

    def part(self, e: Expression, holds: bool, every: bool) -> str:
        """One of several conditions; brackets where its own parts are joined the other way."""
        text = self.condition(e, holds)
        inner, said = e, holds
        while isinstance(inner, x.Unary) and inner.operator == "not":
            inner, said = inner.operand, not said
        joins = isinstance(inner, x.Chain) and ((inner.operator == "and") is said) is not every
        return self.bracketed(text) if joins or isinstance(inner, x.Conditional | x.Aggregate) else text

    # ── what a language says ────────────────────────────────────────────────────────────────

    today: str
    none: str

    @abstractmethod
    def pick(self, words: BilingualText) -> str: ...

    @abstractmethod
    def member(self, words: BilingualText) -> str: ...

    @abstractmethod
    def amount(self, value: object, of: Type) -> str: ...

    @abstractmethod
    def bracketed(self, text: str) -> str: ...

    @abstractmethod
    def local(self, name: str, of: Type) -> str: ...

    @abstractmethod
    def titled(self, title: BilingualText) -> str: ...

    @abstractmethod
    def field(self, of: Expression, title: BilingualText, kind: Type) -> str: ...

    @abstractmethod
    def applied(self, title: BilingualText, e: x.Apply) -> str: ...

    @abstractmethod
    def or_else(self, first: str, second: str) -> str: ...

    @abstractmethod
    def arithmetic(self, operator: Calculation, left: str, right: str) -> str: ...

    @abstractmethod
    def negative(self, term: str) -> str: ...

    @abstractmethod
    def size_of(self, term: str) -> str: ...

    @abstractmethod
    def root_of(self, term: str) -> str: ...

    @abstractmethod
    def remainder(self, whole: str, part: str) -> str: ...

    @abstractmethod
    def multiple(self, whole: str, part: str, holds: bool) -> str: ...

    @abstractmethod
    def days_later(self, later: bool, day: str, days: str) -> str: ...

    @abstractmethod
    def months_later(self, day: str, months: int) -> str: ...

    @abstractmethod
    def extreme(self, operator: ExtremumOperator, terms: list[str]) -> str: ...

    @abstractmethod
    def either(self, condition: str, then: str, otherwise: str) -> str: ...

    @abstractmethod
    def rounded(self, term: str, mode: RoundingMode, step: str) -> str: ...

    @abstractmethod
    def kept_between(self, term: str, low: str, high: str) -> str: ...

    @abstractmethod
    def gathered(self, e: x.Aggregate) -> str: ...

    @abstractmethod
    def listed(self, terms: list[str]) -> str: ...

    @abstractmethod
    def whether(self, condition: str) -> str: ...

    @abstractmethod
    def exists(self, term: str, holds: bool) -> str: ...

    @abstractmethod
    def joined(self, every: bool, conditions: list[str]) -> str: ...

    @abstractmethod
    def among(self, term: str, inside: bool, items: str, written_out: bool) -> str: ...

    @abstractmethod
    def compared(self, left: str, operator: Comparison, right: str, of: Type) -> str: ...

    @abstractmethod
    def bound(self, operator: OrderOperator, bound: str, of: Type) -> str: ...

    @abstractmethod
    def for_some(self, e: x.Aggregate, holds: bool) -> str: ...

    @abstractmethod
    def settled(self, true: bool) -> str: ...

    @abstractmethod
    def answered(self, title: BilingualText, e: x.Apply, yes: bool) -> str: ...

    @abstractmethod
    def stated(self, of: Expression, title: BilingualText, true: bool) -> str: ...

    @abstractmethod
    def parameter_so(self, title: BilingualText, yes: bool) -> str: ...

    @abstractmethod
    def true_of(self, term: str, true: bool) -> str: ...
