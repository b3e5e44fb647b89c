"""Several questions about one record as one function, which works out once what they share.

In: decisions about a record that has a list, a value of the record and each element of that list, and a fact of the
elements that is worked out first. Out: whether one of the decisions permits, and all the values; None where generated
code cannot say, and each question must be asked alone. Absent: questions of any other shape, for which there is no
such function.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from policy.backends.emit import Emitter, NamedEmitter, calls, is_computed, is_path, mangled
from policy.backends.python import PythonBackend
from policy.facts.fitting import Fitting, Scope
from policy.ir.logic import sole_version
from policy.ir.program import (
    Aggregate,
    Call,
    Choose,
    Expr,
    FieldAccess,
    FieldDeclaration,
    Function,
    Let,
    Or,
    Sorted,
    Variable,
    map_parts,
    walk,
)
from policy.ir.validation import attribute
from policy.model.types import LONGEST_LIST, Enum, Record
from policy.vocabulary import RuntimeValue, Together

MOST_KEPT = 4_096  # records of which is remembered what was said of them
_ELEMENT = "_element"  # what each of the list is called where no question has named it
_ELEMENTS = "_elements"
_BESIDE = "_beside"


@frozen
class WorkedOut:
    """A field of each element, which a question gives of attributes (`asset.price`) of the object beside it."""

    field: str
    by: Function
    about: tuple[str, ...]


def together(
    backend: PythonBackend, decisions: Sequence[Function], of_each: Function, listed: str, first: WorkedOut
) -> Together | None:
    """The function, if the questions name the record alike and are not long."""
    (name, record), *more = parameters = decisions[0].parameters
    if more or any(d.parameters != parameters for d in decisions) or of_each.parameters[0] != (name, record):
        return None
    called = [f.id for f in (*decisions, of_each, first.by)]
    if not isinstance(record, Record) or any(map(backend.is_long, called)):
        return None
    elements = FieldAccess(Variable(name), listed)
    asked = Or(tuple(_expanded(d.body, name, elements, backend) for d in decisions))
    sums = list(dict.fromkeys(e for e in walk(asked) if isinstance(e, Aggregate) and _is_sum(e, elements)))
    element, value = of_each.parameters[1][0], sole_version(of_each.body)
    if isinstance(value, Choose):
        value = Call(of_each.id, (Variable(name), Variable(element)))
    each = Aggregate("list", element, elements, None, value)

    of_element = of_each.parameters[1][1]
    assert isinstance(of_element, Record)
    emit = _Emitter(backend.program, backend.compiled(*called), {})
    kept = emit.kept = _Kept(name, record, of_element, [_ELEMENT, *(a.variable for a in (*sums, each))], backend)
    looking = _Looking(backend, called, emit)
    loop = [*emit.each(sums, each)]
    lines = [
        *looking.at_record(record, name, listed),
        f"{_ELEMENTS} = {emit(elements)}",
        f"if _type({_ELEMENTS}) is not _tuple or _len({_ELEMENTS}) > {LONGEST_LIST}: return None",
        *kept.before(),
        "_values = []",
        *(f"_s{n} = 0" for n in range(len(sums))),
        f"for {_ELEMENT}, {_BESIDE} in _zip({_ELEMENTS}, {_BESIDE}, strict=True):",
        *(f"    {line}" for line in (*looking.at_element(of_element, first), *kept.of_element(), *loop)),
    ]
    emit.named = {aggregate: f"_s{n}" for n, aggregate in enumerate(sums)}
    lines.append(f"return {emit(asked)}, {'_values' if is_computed(value) else '_given(_values)'}")
    body = "".join(f"        {line}\n" for line in lines)
    backend.names["_zip"] = zip
    made: Scope = {}
    head = f"def together({emit.local(name)}, {_BESIDE}):\n    try:\n"
    exec(f"{head}{body}    except Exception: return None", backend.names, made)
    function: Together = made["together"]
    return function


class _Looking:
    """Writes that the facts are what was declared, as far as the questions read them."""

    def __init__(self, backend: PythonBackend, called: Sequence[str], emit: Emitter) -> None:
        program = backend.program
        self.reads = frozenset[str]().union(*map(program.fields_read, called))
        self.fields, self.emit = program.records, emit
        self.fitting = Fitting(backend.names, program.records, backend.records, loose=True, reads=self.reads)

    def at_record(self, record: Record, name: str, but: str) -> Iterator[str]:
        for f in self.fields[record.name]:
            if f.name in self.reads and f.name != but:
                yield f"_v = {self.emit(FieldAccess(Variable(name), f.name))}"
                yield f"if not ({self.field(f)} or _v is _M): return None"

    def at_element(self, of: Record, first: WorkedOut) -> Iterator[str]:
        """Works out a field; a record that has been checked stays so."""
        for n, (about, (_, of_fact)) in enumerate(zip(first.about, first.by.parameters, strict=True)):
            yield f"_a{n} = {_BESIDE}.{about}"
            yield f"if not ({self.fitting.condition(of_fact, f'_a{n}')}): return None"
        (changed,) = (f for f in self.fields[of.name] if f.name == first.field)
        yield f"_v = {self.emit(Call(first.by.id, tuple(Variable(f'_a{n}') for n in range(len(first.about)))))}"
        yield f"if not ({self.field(changed)}): return None"
        yield f"{_ELEMENT}.{attribute(first.field)} = _v"
        yield f"if not ({self.fitting.condition(of, _ELEMENT)}): return None"

    def field(self, f: FieldDeclaration) -> str:
        return self.fitting.condition(f.type, "_v", f.least, f.most)


class _Kept:
    """What was said of a record that elements have: it is frozen, so it is asked once and not for every element.

    Only by calls about that record alone, or about it and facts that are members of closed sets.
    """

    def __init__(
        self, name: str, of: Record, element: Record, elements: Sequence[str], backend: PythonBackend
    ) -> None:
        fields, local = backend.program.records, Emitter.local
        self.part = next((attribute(f.name) for f in fields[element.name] if isinstance(f.type, Record)), "")
        self.parts = {f"{local(e)}.{self.part}" for e in elements}
        self.members = {f"{local(name)}.{attribute(f.name)}" for f in fields[of.name] if isinstance(f.type, Enum)}
        self.record, self.names = local(name), backend.names
        self.known, self.ask = (f"_{what}_{len(backend.names)}" for what in ("known", "ask"))
        self.asked: dict[str, str] = {}  # calls, as text, and the locals that hold what they gave

    def local(self, function: str, arguments: Sequence[str]) -> str | None:
        """The local of a call, if it is one of these."""
        if not self.parts & {*arguments} or not {*arguments} <= self.parts | self.members:
            return None
        asked = f"{function}({', '.join('_part' if a in self.parts else a for a in arguments)})"
        return self.asked.setdefault(asked, f"_k{len(self.asked)}")

    def before(self) -> Iterator[str]:
        if self.asked:
            self.names.update({"_id": id, self.ask: self._function(), self.known: defaultdict(dict)})
            by = sorted(member for member in self.members if any(member in call for call in self.asked))
            yield f"_known = {self.known}[{', '.join(by)},]" if by else f"_known = {self.known}[()]"

    def of_element(self) -> Iterator[str]:
        if self.asked:
            yield f"_part = {_ELEMENT}.{self.part}"
            locals = ", ".join(self.asked.values())
            yield f"{locals}, _ = _known.get(_id(_part)) or {self.ask}(_part, {self.record}, _known)"

    def _function(self) -> Callable[..., RuntimeValue]:
        """Asks all of them; what has no answer is `MISSING`, so that its use raises."""
        lines = [f"def ask(_part, {self.record}, _known):"]
        for call, local in self.asked.items():
            lines += [f"    try: {local} = {call}", f"    except Exception: {local} = _M"]
        lines += [
            f"    _said = {', '.join(self.asked.values())}, _part",  # which keeps its identity from another
            "    if _part._checked_as is _type(_part):",
            f"        if _len(_known) >= {MOST_KEPT}: _known.clear()",
            "        _known[_id(_part)] = _said",
            "    return _said",
        ]
        made: Scope = {}
        exec("\n".join(lines), self.names, made)
        function: Callable[..., RuntimeValue] = made["ask"]
        return function


class _Emitter(NamedEmitter):
    """Emits expressions, calls that are kept by the locals that hold what they gave."""

    kept: _Kept

    def call(self, e: Call) -> str:
        text, function = super().call(e), mangled(e.function)
        if self.nested or not text.startswith(f"{function}("):
            return text
        return self.kept.local(function, [*map(self, e.arguments)]) or text

    def each(self, sums: Sequence[Aggregate], values: Aggregate) -> Iterator[str]:
        """What is worked out of one element: once what several of these ask of it, then its part in each."""
        counted = Counter(call for aggregate in (*sums, values) for call in dict.fromkeys(_of_elements(aggregate)))
        shared = {call: f"_v{n}" for n, (call, count) in enumerate(counted.items()) if count > 1}
        for call, local in shared.items():
            yield f"{local} = {self(call)}"
        for n, aggregate in enumerate((*sums, values)):
            variable = self.local(aggregate.variable)
            self.named = {_renamed(call, _ELEMENT, aggregate.variable): local for call, local in shared.items()}
            yield f"{variable} = {_ELEMENT}"
            where = "" if aggregate.where is None else f"if {self(aggregate.where)}: "
            part = self(aggregate.body)
            yield where + (f"_values.append({part})" if aggregate is values else f"_s{n} += {part}")
        self.named = {}


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
