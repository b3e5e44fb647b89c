"""Several questions about one record as one function, which works out once what they share.

In: decisions about a record that has a list, and a value of the record and each element of that list. Out: whether
one of the decisions permits, and all the values; None where generated code cannot say, and each question must be
asked alone. Absent: questions of any other shape, for which there is no such function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from policy.backends.emit import Emitter, calls, is_computed, is_path, sole_version
from policy.backends.python import PythonBackend
from policy.facts.fitting import Fitting, Scope
from policy.ir.program import (
    Aggregate,
    Call,
    Choose,
    Expr,
    FieldAccess,
    Function,
    Let,
    Or,
    Sorted,
    Variable,
    map_parts,
    walk,
)
from policy.vocabulary import Together

_ELEMENT = "_element"  # what each of the list is called where no question has named it
_ELEMENTS = "_elements"


def together(
    backend: PythonBackend, decisions: Sequence[Function], of_each: Function, listed: str
) -> Together | None:
    """The function, if the questions name the record alike and are not long."""
    (name, record), *more = parameters = decisions[0].parameters
    if more or any(d.parameters != parameters for d in decisions) or of_each.parameters[0] != (name, record):
        return None
    program, called = backend.program, [f.id for f in (*decisions, of_each)]
    if any(map(backend.is_long, called)):
        return None
    elements = FieldAccess(Variable(name), listed)
    asked = Or(tuple(_expanded(d.body, name, elements, backend) for d in decisions))
    sums = list(dict.fromkeys(e for e in walk(asked) if isinstance(e, Aggregate) and _is_sum(e, elements)))
    element, value = of_each.parameters[1][0], sole_version(of_each.body)
    if isinstance(value, Choose):
        value = Call(of_each.id, (Variable(name), Variable(element)))
    each = Aggregate("list", element, elements, None, value)

    emit = _Emitter(program, backend.compiled(*called), {})
    counted = Counter(call for aggregate in (*sums, each) for call in dict.fromkeys(_of_elements(aggregate)))
    shared = {call: f"_v{n}" for n, (call, count) in enumerate(counted.items()) if count > 1}
    fields = frozenset[str]().union(*map(program.fields_read, called))
    fitting = Fitting(backend.names, program.records, backend.records, loose=True, reads=fields)
    lines = [
        f"if not ({fitting.condition(record, emit.local(name))}): return None",
        f"{_ELEMENTS} = {emit(elements)}",
    ]
    lines += [f"{local} = [{emit(call)} for {_ELEMENT} in {_ELEMENTS}]" for call, local in shared.items()]
    lines += [f"_s{n} = _sum([{emit.over(aggregate, shared)}])" for n, aggregate in enumerate(sums)]
    values = f"(*[{emit.over(each, shared)}],)"
    if not is_computed(value):
        values = f"_given({values})"
    emit.named = {aggregate: f"_s{n}" for n, aggregate in enumerate(sums)}
    lines.append(f"return {emit(asked)}, {values}")
    body = "".join(f"        {line}\n" for line in lines)
    backend.names["_zip"] = zip
    made: Scope = {}
    head = f"def together({emit.local(name)}):\n    try:\n"
    exec(f"{head}{body}    except Exception: return None", backend.names, made)
    function: Together = made["together"]
    return function


class _Emitter(Emitter):
    """Emits expressions, but those that have a local by its name."""

    named: Mapping[Expr, str] = {}

    def __call__(self, e: Expr) -> str:
        return self.named.get(e) or super().__call__(e)

    def over(self, aggregate: Aggregate, shared: Mapping[Call, str]) -> str:
        """What an aggregate of the elements is of, beside the shared values of each element."""
        used = [call for call in dict.fromkeys(_of_elements(aggregate)) if call in shared]
        locals = [shared[call] for call in used]
        over = f"_zip({', '.join((_ELEMENTS, *locals))})" if locals else _ELEMENTS
        self.named = {_renamed(call, _ELEMENT, aggregate.variable): shared[call] for call in used}
        text = f"{self(aggregate.body)} for {', '.join((self.local(aggregate.variable), *locals))} in {over}"
        if aggregate.where is not None:
            text += f" if {self(aggregate.where)}"
        self.named = {}
        return text


def _expanded(e: Expr, name: str, elements: FieldAccess, backend: PythonBackend) -> Expr:
    """The expression with sums over the elements in place of the calls that stand for them."""
    if isinstance(e, Call) and e.arguments == (Variable(name),):
        function = backend.program.functions[e.function]
        body = sole_version(function.body)
        if isinstance(body, Aggregate) and function.parameters[0][0] == name and _is_sum(body, elements):
            return body
    if isinstance(e, Let | Aggregate | Sorted):  # they may call something else by the record's name
        return e
    return map_parts(e, lambda part: _expanded(part, name, elements, backend))


def _is_sum(e: Aggregate, elements: FieldAccess) -> bool:
    return e.kind == "sum" and e.over == elements and Variable(e.variable) != elements.of


def _of_elements(aggregate: Aggregate) -> Iterator[Call]:
    """The calls about each element, as often as they stand there."""
    inside = [aggregate.body] if aggregate.where is None else [aggregate.body, aggregate.where]
    for e in inside:
        for call in calls(e):
            if all(map(is_path, call.arguments)) and Variable(aggregate.variable) in walk(call):
                yield _renamed(call, aggregate.variable, _ELEMENT)


def _renamed(call: Call, was: str, now: str) -> Call:
    def change(e: Expr) -> Expr:
        return Variable(now) if e == Variable(was) else map_parts(e, change)

    renamed = change(call)
    assert isinstance(renamed, Call)
    return renamed
