"""Records that are worked out, field by field: nothing of them is left in a program.

In: an expression whose type is a record, and the way to one of its fields. Out: what that field is. A question that
answers a record is a function for each field, named behind `OF`, and one that asks them all. So a field is as known
as what it is made of, whatever the others are; and rows that may apply can agree on one field and not on all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import assert_never

from attrs import evolve

from policy.ir import program as ir
from policy.ir.logic import is_absent
from policy.ir.program import Expr
from policy.model import expressions as typed, types
from policy.model.types import OF, Type

Way = tuple[str, ...]
Fields = Mapping[str, Mapping[str, Type]]  # of each record, by name
Lower = Callable[[typed.Expression, Type], Expr]


def named(id: str, way: Way) -> str:
    """The function that answers one field of a question's record."""
    return OF.join((id, *way))


def local_id(declared: str, name: str) -> str:
    """What the function of a local name is called."""
    return f"{declared}#{name}"


def picked(id: str) -> str:
    """The function of a value that picks a record of the facts, which gives it whole."""
    return f"{id}#="


def ways(of: types.Record, fields: Fields) -> Iterator[tuple[Way, Type]]:
    """The fields of a record, those of records inside it in their place, each with its type."""
    for name, inner in fields[of.name].items():
        if isinstance(inner, types.Record):
            yield from (((name, *way), last) for way, last in ways(inner, fields))
        else:
            yield (name,), inner


def in_rows(function: ir.Function, program: ir.Program) -> ir.Function:
    """A question that answers a record, with the whole record in each of its rows or versions; any other as it is."""
    each = [f.body for id, f in program.functions.items() if id.startswith(function.id + OF)]
    bodies = [body for body in each if isinstance(body, ir.Choose)]
    if not bodies or len(bodies) < len(each):
        return function
    rows = zip(*(body.cases for body in bodies), strict=True)
    cases = tuple(evolve(row[0], value=ir.Items(tuple(case.value for case in row))) for row in rows)
    return evolve(function, body=evolve(bodies[0], cases=cases))


def results_of(of: types.Record, fields: Fields) -> types.Results:
    """What a question answers that gives such a record."""
    held = ((n, results_of(t, fields) if isinstance(t, types.Record) else t) for n, t in fields[of.name].items())
    return types.Results(of.name, tuple(held))


def field(e: typed.Expression, way: Way, of: Type, lower: Lower) -> Expr:
    """The field of type `of` at the end of the way."""
    match e:
        case typed.RecordOf(names, items):
            item = items[names.index(way[0])]
            return field(item, way[1:], of, lower) if way[1:] else lower(item, of)
        case typed.Conditional(condition, then, otherwise):
            branches = (field(branch, way, of, lower) for branch in (then, otherwise))
            return ir.If(lower(condition, types.BOOLEAN), *branches)
        case typed.Binary(operator="default", left=left, right=right):
            there = lower(left, left.type)
            return ir.If(is_absent(there), field(right, way, of, lower), _facts(there, way))
        case typed.FieldAccess(of=whole, name=name):
            return field(whole, (name, *way), of, lower)
        case typed.Apply(name, arguments, takes=takes):
            return ir.Call(named(name, way), tuple(lower(a, t) for a, t in zip(arguments, takes, strict=True)))
        case typed.Named(name):
            return ir.Call(named(name, way), ())
        case typed.Defined(name, declared, arguments, made=True):
            return ir.Call(named(local_id(declared, name), way), tuple(ir.Variable(a.name) for a in arguments))
        case (
            typed.Literal() | typed.Local() | typed.Defined() | typed.Today() | typed.Unary() | typed.Binary()
            | typed.MonthsLater() | typed.OnCalendar() | typed.Chain() | typed.Round() | typed.Clamp()
            | typed.Aggregate() | typed.SetOf() | typed.ListOf() | typed.Failed()
        ):  # fmt: skip
            return _facts(lower(e, e.type), way)
        case _:
            assert_never(e)


def _facts(record: Expr, way: Way) -> Expr:
    for name in way:
        record = ir.FieldAccess(record, name)
    return record
