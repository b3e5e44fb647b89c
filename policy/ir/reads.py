"""Which facts a question can read: the walk of the interpreter with every branch taken, over paths instead of values.

In: a program, of one date or of all, and a question. Out: the facts at their paths, as in `order.lines[].price`.
Like the interpreter, it counts an argument as read where it is handed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from attrs import define, field, frozen

from policy.ir import program as ir
from policy.ir.program import Expr, FieldDeclaration, Function, Program
from policy.model import types
from policy.model.types import Type


def records_of(program: Program, parameters: Sequence[tuple[str, Type]]) -> dict[str, tuple[FieldDeclaration, ...]]:
    """The records of these parameters, and those in their fields."""
    found: dict[str, tuple[FieldDeclaration, ...]] = {}
    pending = [of for _, of in parameters]
    while pending:
        of = pending.pop()
        if isinstance(of, types.OptionalOf | types.ListOf | types.SetOf):
            pending.append(of.of)
        elif isinstance(of, types.Record) and of.name not in found:
            found[of.name] = program.records[of.name]
            pending += [f.type for f in found[of.name]]
    return found


@define(eq=False)
class Fact:
    """A fact at its path, whether it `is_read`, and what is inside it: fields by name, or the elements of a list."""

    path: str
    type: Type
    declared: FieldDeclaration | None = None  # where it is a field
    is_read: bool = False
    below: dict[str, Fact] = field(factory=dict)
    inner: Type = field(init=False)  # its type where it is present
    is_plain: bool = field(init=False)  # whether nothing is inside it

    def __attrs_post_init__(self) -> None:
        self.inner = types.inner_of(self.type)
        self.is_plain = not isinstance(self.inner, types.Record | types.ListOf | types.SetOf)

    @property
    def fields(self) -> dict[str, Fact]:
        """The fields of a record that are read, in their order."""
        return {name: fact for name, fact in self.below.items() if fact.is_read}

    @property
    def elements(self) -> Fact:
        """Any element of a list."""
        if not self.below:
            assert isinstance(self.inner, types.ListOf | types.SetOf)
            self.below["[]"] = Fact(f"{self.path}[]", self.inner.of)
        return self.below["[]"]

    @property
    def has_inside(self) -> bool:
        """Whether something inside it is read, and not only the whole."""
        return any(f.is_read or f.has_inside for f in self.below.values())


def facts_read(program: Program, function: Function) -> dict[str, Fact]:
    """The parameters that the question can read, by name and in their order."""
    walk = _Walk(program)
    given = {name: Fact(name, of) for name, of in function.parameters}
    env = {name: _Value((fact,)) for name, fact in given.items()}
    walk.whole(walk.value(function.body, env))
    for rule in function.rules:
        walk.value(rule.condition, env)
    return {name: fact for name, fact in given.items() if fact.is_read}


def paths_read(program: Program, function: Function, e: Expr) -> list[str]:
    """The paths at which `e`, an expression of the function, ends up reading facts, in the order of the rules."""
    walk = _Walk(program)
    walk.value(e, {name: _Value((Fact(name, of),)) for name, of in function.parameters})
    return [f.path for f in walk.read if f.is_plain or isinstance(f.type, types.OptionalOf) or not f.has_inside]


def every(facts: Iterable[Fact]) -> Iterator[Fact]:
    """These facts and all that is read inside them: of a list, itself and then what is read of its elements."""
    for fact in facts:
        yield fact
        inner = fact
        while isinstance(inner.inner, types.ListOf | types.SetOf):
            inner = inner.elements
        yield from every(inner.fields.values())


@frozen
class _Value:
    """What a value may be: one of these facts, or a written-out list of such elements; else it is worked out."""

    facts: tuple[Fact, ...] = ()
    elements: tuple[_Value, ...] = ()


_WORKED_OUT = _Value()


def _either(values: Iterable[_Value]) -> _Value:
    known = [v for v in values if v != _WORKED_OUT]
    if len(known) < 2:
        return known[0] if known else _WORKED_OUT
    return _Value(
        tuple(dict.fromkeys(f for v in known for f in v.facts)),
        tuple(dict.fromkeys(e for v in known for e in v.elements)),
    )


class _Walk:
    """Evaluates expressions of a program to what they may be, and marks the facts met on the way as read."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.read: list[Fact] = []  # in the order they were met
        self.results: dict[tuple[str, tuple[_Value, ...]], _Value] = {}

    def met(self, value: _Value) -> _Value:
        """Marks the facts of the value as read; goes on with those that something is inside."""
        plain = False
        for fact in value.facts:
            plain |= fact.is_plain
            if not fact.is_read:
                fact.is_read = True
                self.read.append(fact)
        return _Value(tuple(f for f in value.facts if not f.is_plain), value.elements) if plain else value

    def field_of(self, of: _Value, name: str) -> _Value:
        found = []
        for fact in of.facts:
            assert isinstance(fact.inner, types.Record)
            if not fact.below:
                fields = self.program.records[fact.inner.name]
                fact.below.update({f.name: Fact(f"{fact.path}.{f.name}", f.type, f) for f in fields})
            found.append(fact.below[name])
        return self.met(_Value(tuple(found))) if found else _WORKED_OUT

    def elements_of(self, value: _Value) -> _Value:
        lists = tuple(f.elements for f in value.facts)
        return _either((*value.elements, _Value(lists))) if lists else _either(value.elements)

    def whole(self, value: _Value, inside: tuple[Type, ...] = ()) -> None:
        """Marks as read all that is inside the value, as deep as no record is inside another of its kind."""
        for element in value.elements:
            self.whole(element, inside)
        for fact in value.facts:
            match fact.inner:
                case types.Record(name) as of if of not in inside:
                    for declared in self.program.records[name]:
                        self.whole(self.field_of(_Value((fact,)), declared.name), (*inside, of))
                case types.ListOf() | types.SetOf():
                    self.whole(self.met(_Value((fact.elements,))), inside)
                case (
                    types.Boolean() | types.Text() | types.Date() | types.Instant() | types.Number() | types.Enum()
                    | types.Record() | types.OptionalOf() | types.Broken()
                ):  # fmt: skip
                    pass
                case _:
                    assert_never(fact.inner)

    def all_of(self, inner: Sequence[Expr], env: dict[str, _Value]) -> list[_Value]:
        return [self.value(e, env) for e in inner]

    def value(self, e: Expr, env: dict[str, _Value]) -> _Value:
        """What `e` may be."""
        match e:
            case ir.Const() | ir.Missing() | ir.Fault() | ir.Today():
                return _WORKED_OUT
            case ir.Variable(name):
                return self.met(env[name])
            case ir.FieldAccess(of, name):
                return self.field_of(self.value(of, env), name)
            case (
                ir.Not()
                | ir.And()
                | ir.Or()
                | ir.Compare()
                | ir.Arithmetic()
                | ir.Divide()
                | ir.Root()
                | ir.Check()
                | ir.MonthsLater()
                | ir.DatePart()
            ):  # of numbers and the like; no record is compared but with nothing
                self.all_of(ir.parts(e), env)
                return _WORKED_OUT
            case ir.If(condition, then, otherwise):
                self.value(condition, env)
                return _either(self.all_of((then, otherwise), env))
            case ir.Let(variable, bound, body):
                return self.value(body, {**env, variable: self.value(bound, env)})
            case ir.Items(items):
                return _Value((), tuple(dict.fromkeys(self.all_of(items, env))))
            case ir.Aggregate(kind, variable, over, where, body, _):
                inside = {**env, variable: self.elements_of(self.value(over, env))}
                looked_at = (where, body if kind != "count" else None)
                parts = self.all_of([part for part in looked_at if part is not None], inside)
                if kind == "list":
                    return _Value((), (parts[-1],))
                return parts[-1] if kind in ("first", "only") else _WORKED_OUT
            case ir.Sorted(variable, over, by, _):
                ordered = self.value(over, env)
                self.all_of(by, {**env, variable: self.elements_of(ordered)})
                return ordered
            case ir.Call(name, arguments):
                return self.result(self.program.functions[name], tuple(self.all_of(arguments, env)))
            case ir.Choose(_, cases, none):
                self.all_of([c.condition for c in cases], env)
                return _either(self.all_of([*(c.value for c in cases), none], env))
            case _:
                assert_never(e)

    def result(self, function: Function, arguments: tuple[_Value, ...]) -> _Value:
        """What a function may give, worked out once for the same arguments."""
        key = function.id, arguments
        if key not in self.results:
            env = {name: value for (name, _), value in zip(function.parameters, arguments, strict=True)}
            self.results[key] = self.value(function.body, env)
        return self.results[key]
