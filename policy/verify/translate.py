"""A program written over other facts: fields under other names, and what is read of them converted.

In: a program, and for its fields the names and conversions of the common ones. Out: the same answers, asked about
common facts. Records are facts wherever they occur, so that each access to a field finds its record by its type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from attrs import evolve, frozen

from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program, map_parts
from policy.model import types
from policy.model.types import Type
from policy.verify.common_type import Conversion

Env = dict[str, Type | None]  # the types of variables, None where one holds no record


@frozen(eq=False)
class Translation:
    """A program; the other names of its functions and records; of each field the name and conversion; and the fields
    that have no common facts."""

    program: Program
    ids: dict[str, str]
    records: dict[str, str]
    fields: dict[tuple[str, str], tuple[str, Conversion]]
    lost: set[tuple[str, str]]


def translated(t: Translation) -> Program:
    """The program over common facts; itself where nothing has another name or form."""
    renames = any(old != new for names in (t.ids, t.records) for old, new in names.items())
    converts = any(name != new or not c.is_none for (_, name), (new, c) in t.fields.items())
    if not renames and not converts and not t.lost:
        return t.program
    functions = [_function(t, f) for f in t.program.functions.values()]
    return evolve(t.program, functions={f.id: f for f in functions})


def _function(t: Translation, f: Function) -> Function:
    env: Env = dict(f.parameters)
    parameters = tuple((n, with_records(of, t.records)) for n, of in f.parameters)
    rules = tuple(evolve(r, condition=_written(t, r.condition, env)) for r in f.rules)
    body = _written(t, f.body, env)
    return evolve(f, id=t.ids.get(f.id, f.id), parameters=parameters, body=body, rules=rules)


def with_records(of: Type, names: Mapping[str, str]) -> Type:
    """A type with the records in it under other names."""
    match of:
        case types.OptionalOf(item) | types.ListOf(item) | types.SetOf(item):
            return type(of)(with_records(item, names))
        case types.Record(name):
            return types.Record(names.get(name, name))
        case types.Boolean() | types.Text() | types.Date() | types.Instant() | types.Number() | types.Enum():
            return of
        case types.Broken():
            return of
        case _:
            assert_never(of)


def _written(t: Translation, e: Expr, env: Env) -> Expr:
    """An expression over common facts."""
    match e:
        case ir.FieldAccess(of, name):
            record = _record(_type(t, of, env))
            if (record, name) in t.lost:
                return ir.Missing(name)
            new, conversion = t.fields.get((record, name), (name, Conversion()))
            return conversion.of(evolve(e, of=_written(t, of, env), name=new))
        case ir.Call(name, arguments):
            return ir.Call(t.ids.get(name, name), tuple(_written(t, a, env) for a in arguments))
        case ir.Let(variable, value, body):
            inner = {**env, variable: _type(t, value, env)}
            return ir.Let(variable, _written(t, value, env), _written(t, body, inner))
        case ir.Aggregate(_, variable, over, where, body):
            inner = {**env, variable: _element(_type(t, over, env))}
            kept = None if where is None else _written(t, where, inner)
            return evolve(e, over=_written(t, over, env), where=kept, body=_written(t, body, inner))
        case ir.Sorted(variable, over, by):
            inner = {**env, variable: _element(_type(t, over, env))}
            return evolve(e, over=_written(t, over, env), by=tuple(_written(t, key, inner) for key in by))
        case _:
            return map_parts(e, lambda part: _written(t, part, env))


# ── which record an expression is ───────────────────────────────────────────────────────────


def _record(of: Type | None) -> str:
    inner = types.inner_of(of)
    return inner.name if isinstance(inner, types.Record) else ""


def _element(of: Type | None) -> Type | None:
    inner = types.inner_of(of)
    return inner.of if isinstance(inner, types.ListOf | types.SetOf) else None


def _type(t: Translation, e: Expr, env: Env) -> Type | None:
    """The type of a fact, by the program's own names; None of what is worked out."""
    match e:
        case ir.Variable(name):
            return env.get(name)
        case ir.FieldAccess(of, name):
            fields = t.program.records.get(_record(_type(t, of, env)), ())
            return next((f.type for f in fields if f.name == name), None)
        case ir.Call(name, _):
            answered = t.program.functions[name].type
            return None if isinstance(answered, types.Results) else answered
        case ir.Let(variable, value, body):
            return _type(t, body, {**env, variable: _type(t, value, env)})
        case ir.Sorted(_, over):
            return _type(t, over, env)
        case ir.If(_, then, otherwise):
            return _first(t, (then, otherwise), env)
        case ir.Choose(_, cases, none):
            return _first(t, (*(c.value for c in cases), none), env)
        case ir.Items(items):
            element = _first(t, items, env)
            return None if element is None else types.ListOf(element)
        case (
            ir.Const() | ir.Missing() | ir.Fault() | ir.Today() | ir.Not() | ir.And() | ir.Or() | ir.Compare()
            | ir.Arithmetic() | ir.Divide() | ir.Root() | ir.Check() | ir.MonthsLater() | ir.DatePart()
            | ir.Aggregate()
        ):  # fmt: skip
            return None
        case _:
            assert_never(e)


def _first(t: Translation, expressions: Iterable[Expr], env: Env) -> Type | None:
    return next((of for e in expressions if (of := _type(t, e, env)) is not None), None)
