"""What the functions of one source share, and the types of expressions, which a program leaves out.

In: a layout. Out: a `TranslationUnit`, and a writer that knows of which type an expression is: texts and members of
enums are one thing in a program and two in C.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar, assert_never

from attrs import define, field, frozen

from policy.backends.c.layout import StructLayout
from policy.backends.c.writer import Env, Single, Value, Writer, Written
from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program
from policy.model import types
from policy.model.types import Type

T = TypeVar("T")
_CALLED = re.compile(r"\b(?!if\b)([a-z_0-9]+)\(")
_BY_CONSTANT = re.compile(r"divide_\w+\((?=\w+, INT64_C\(\d+\)\))")
FEW_LINES = 32


@frozen
class FunctionSignature:
    """A function of C for one of the program: its name, what it gives, and whether it can fault."""

    name: str
    result: Single
    faults: bool
    is_light: bool


@define(eq=False)
class TranslationUnit:
    """What the functions of one source share: constants, labels of rows, messages, and what has been compiled."""

    layout: StructLayout
    constants: dict[str, str] = field(factory=dict)  # the name of each by its text
    rows: dict[str, int] = field(factory=dict)
    messages: dict[str, int] = field(factory=dict)
    signatures: dict[str, FunctionSignature] = field(factory=dict)

    @property
    def program(self) -> Program:
        return self.layout.program

    def row(self, label: str) -> int:
        """The number of a row's label."""
        return self.rows.setdefault(label, len(self.rows))

    def is_light(self, lines: Sequence[str]) -> bool:
        """Whether statements cost no more than a jump that is guessed wrongly: few, without a real division."""
        heavy = {s.name for s in self.signatures.values() if not s.is_light}
        called = {name for line in lines for name in _CALLED.findall(_BY_CONSTANT.sub("", line))}
        loops = any(line.startswith(("for ", "while ")) for line in lines)
        return len(lines) <= FEW_LINES and not loops and all(n not in heavy and n[1:].isdecimal() for n in called)

    def constant(self, declared: str, body: str) -> str:
        """A constant of the file; equal ones once."""
        key = f"{declared} = {body}"
        return self.constants.setdefault(key, f"s{len(self.constants)}")


def stands_in_place(function: Function) -> bool:
    """Whether a function stands where it is called, for lists that the rules make are in its facts or answer."""
    facts = (isinstance(types.inner_of(of), types.ListOf | types.SetOf) for _, of in function.parameters)
    return isinstance(function.type, types.ListOf | types.Results) or any(facts)


class TypedWriter(Writer):
    """A writer that knows the unit and the types of expressions.

    With `complete` all facts are given: nothing is unknown, and any doubt ends the function.
    """

    def __init__(self, unit: TranslationUnit, complete: bool) -> None:
        super().__init__()
        self.unit, self.complete = unit, complete

    def aside(self, write: Callable[[], T]) -> tuple[T, list[str], bool]:
        """What is written aside, its statements, and whether they may as well run where nobody asks for them."""
        before = self.faults + self.guarded
        with self.apart() as inside:
            made = write()
        return made, inside, self.faults + self.guarded == before and self.unit.is_light(inside)

    def type_of(self, e: Expr, env: Env) -> Type | None:
        """The type of an expression; None where it does not say it itself, as texts and `none` do not."""
        match e:
            case ir.Const(value):
                return types.BOOLEAN if isinstance(value, bool) else types.INTEGER if isinstance(value, int) else None
            case ir.Missing() | ir.Fault() | ir.Items():
                return None
            case ir.Not() | ir.And() | ir.Or() | ir.Compare():
                return types.BOOLEAN
            case ir.Today() | ir.Arithmetic() | ir.Divide() | ir.Root() | ir.DatePart() | ir.MonthsLater():
                return types.INTEGER
            case ir.Variable(name):
                return self.type_of_value(env[name])
            case ir.FieldAccess(of, name):
                record = self.type_of(of, env)
                assert isinstance(record, types.Record)
                return types.inner_of(next(f.type for f in self.unit.program.records[record.name] if f.name == name))
            case ir.Check(operand, _):
                return self.type_of(operand, env)
            case ir.If(_, then, otherwise):
                return self.type_of(then, env) or self.type_of(otherwise, env)
            case ir.Let(variable, bound, body):
                return self.type_of(body, {**env, variable: Single(self.type_of(bound, env), "")})
            case ir.Choose(_, cases, none):
                return _first_of(self.type_of(x, env) for x in (*(c.value for c in cases), none))
            case ir.Call(name):
                given = self.unit.program.functions[name].type
                return None if isinstance(given, types.Results) else types.inner_of(given)
            case ir.Aggregate(kind, variable, over, _, body):
                if kind in ("any", "all"):
                    return types.BOOLEAN
                if kind not in ("first", "only", "list"):
                    return types.INTEGER
                inner = self.type_of(body, {**env, variable: Single(self.element_type(over, env), "")})
                return types.ListOf(inner) if kind == "list" and inner else None if kind == "list" else inner
            case ir.Sorted(_, over):
                element = self.element_type(over, env)
                return types.ListOf(element) if element else None
            case _:
                assert_never(e)

    def element_type(self, over: Expr, env: Env) -> Type | None:
        if isinstance(over, ir.Items):
            return _first_of(self.type_of(i, env) for i in over.items)
        of = self.type_of(over, env)
        return of.of if isinstance(of, types.ListOf | types.SetOf) else None

    def type_of_value(self, value: Value) -> Type | None:
        if isinstance(value, Single):
            return value.type
        if isinstance(value, Written):
            inner = _first_of(map(self.type_of_value, value.items))
        elif isinstance(value.e, ir.Sorted):
            return self.type_of_value(value.over)
        else:
            of = self.type_of_value(value.over)
            element = of.of if isinstance(of, types.ListOf | types.SetOf) else None
            inner = self.type_of(value.e.body, {**value.env, value.e.variable: Single(element, "")})
        return types.ListOf(inner) if inner else None


def _first_of(found: Iterable[Type | None]) -> Type | None:
    return next((of for of in found if of is not None), None)
