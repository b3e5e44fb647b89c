"""A Python class for every record of a program: checked when made, frozen, numbers as scaled ints.

In: a program's records. Out: classes that hold only facts of their types within their bounds, `MISSING` where none
was given. `unchecked` makes a record of the same fields that can be changed and that nobody has checked: evaluators
look at what they read of one each time. Absent: what a fact must be, which `policy/ir/validation.py` says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, ClassVar, Self, assert_never

from policy.answers import MISSING
from policy.diagnostics import Collector, PolicyError
from policy.facts.fitting import Fitting, Scope
from policy.ir.program import FieldDeclaration, Program
from policy.ir.validation import RuntimeValidator, attribute, is_checked
from policy.model import types
from policy.model.types import AnswerType, Type, describe, short
from policy.model.written import Wrong
from policy.vocabulary import RecordClass, RuntimeValue

LONGEST_REPR = 200  # characters


class FactsRecord:
    """What the classes of all records share."""

    __slots__ = ("_checked_as",)  # the class that checked it; None where nobody did
    _name: ClassVar[str]
    _fields: ClassVar[tuple[str, ...]]  # as attributes
    _checked_against: ClassVar[Mapping[str, tuple[FieldDeclaration, ...]] | None]  # None where nothing was checked
    _plain: ClassVar[RecordClass]  # the class that is not checked
    _copied: ClassVar[Callable[[RuntimeValue], RuntimeValue]]  # a copy of that class

    def __setattr__(self, name: str, value: RuntimeValue) -> None:
        raise AttributeError(f"`{type(self).__name__}` is frozen; `.replace({name}=…)` makes a changed copy")

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __repr__(self) -> str:
        given = ((name, getattr(self, name)) for name in self._fields)
        shown = ", ".join(f"{name}={_shown(value)}" for name, value in given if value is not MISSING)
        whole = f"{type(self).__name__}({shown})"
        return whole if len(whole) <= LONGEST_REPR else whole[: LONGEST_REPR - 2] + "…)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FactsRecord) or self._name != other._name or self._fields != other._fields:
            return NotImplemented
        return all(_alike(getattr(self, name), getattr(other, name)) for name in self._fields)

    def __hash__(self) -> int:
        return hash((self._name, *(v for n in self._fields if (v := getattr(self, n)) is not MISSING)))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __replace__(self, **changes: RuntimeValue) -> RuntimeValue:
        return replaced(self, **changes)

    def replace(self, /, **changes: RuntimeValue) -> RuntimeValue:
        """A changed copy, checked as every record is. Raises PolicyError."""
        return replaced(self, **changes)

    @classmethod
    def unchecked(cls, like: RuntimeValue = None, /, **fields: RuntimeValue) -> RuntimeValue:
        """A record that can be changed and is not checked, beginning as `like` where that is given."""
        return unchecked(cls, like, **fields)


def _deep_copy(record: RuntimeValue, memo: dict[int, RuntimeValue]) -> RuntimeValue:
    """A copy of a record that can be changed, with those inside it; one that cannot is its own copy."""
    made = memo[id(record)] = record._copied(record)
    for name in record._fields:
        setattr(made, name, deepcopy(getattr(record, name), memo))
    return made


def _shown(value: RuntimeValue) -> str:
    """As `repr`, with the elements of a set in order."""
    if isinstance(value, frozenset):
        return "{" + ", ".join(map(repr, sorted(value))) + "}"
    return repr(value)


def _alike(a: RuntimeValue, b: RuntimeValue) -> bool:
    return a is b or (a is not MISSING and b is not MISSING and bool(a == b))


def replaced(record: RuntimeValue, /, **changes: RuntimeValue) -> RuntimeValue:
    """A changed copy of a record, also of one with a field called `replace`. Raises PolicyError."""
    return type(record)(**{name: getattr(record, name) for name in record._fields} | changes)


def unchecked(cls: RecordClass, like: RuntimeValue = None, /, **fields: RuntimeValue) -> RuntimeValue:
    """A record that can be changed and is not checked, also of one with a field called `unchecked`."""
    if like is None:
        return cls._plain(**fields)
    made = cls._copied(like)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def checking(
    classes: Mapping[str, RecordClass], name: str, changing: Collection[str]
) -> Callable[[Iterable[RuntimeValue]], None]:
    """Looks at fields that have changed of records called `name`, so that no question need look at the records again.

    All else in such a record must have been checked. One of another rulebook, or that does not fit, is looked at by
    every question, as every record is that has been changed since.
    """
    made = classes[name]
    declared, checked = made._checked_against, {c._name: c for c in classes.values()}
    scope: Scope = {"_checked": made, "_plain": made._plain}
    reads = frozenset(f.name for fields in declared.values() for f in fields)
    fitting = Fitting(scope, declared, checked, loose=True, reads=reads)
    lines = ["def look(_records):", "    for _r in _records:", "        _r._checked_as = None"]
    lines.append("        if type(_r) is not _plain: continue")
    for f in declared[made._name]:
        if f.name in changing:
            test = fitting.condition(f.type, "_v", f.least, f.most)
            lines += [f"        _v = _r.{attribute(f.name)}", f"        if not ({test} or _v is _M): continue"]
    exec("\n".join([*lines, "        _r._checked_as = _checked"]), scope)
    looked: Callable[[Iterable[RuntimeValue]], None] = scope["look"]
    return looked


# ── making classes ──────────────────────────────────────────────────────────────────────────


def record_classes(program: Program) -> dict[str, RecordClass]:
    """Classes by the full name of the record. A field named by a Python keyword gains an underscore."""
    classes: dict[str, RecordClass] = {}
    for name, fields in program.records.items():
        classes[name] = _record_class(name, fields, program)
    names: Scope = {}
    fitting = Fitting(names, program.records, classes)
    for name, made in classes.items():
        made.__new__ = staticmethod(_constructor(made, program.records[name], fitting, program, classes))
    return classes


def _record_class(name: str, fields: tuple[FieldDeclaration, ...], program: Program) -> RecordClass:
    """The class of one record; its docstring tells how each field is held."""
    lines = [
        f"    {attribute(f.name)}: {in_words(f.type)}" + (f" — {f.title.en}" if f.title.en else "") for f in fields
    ]
    attributes = tuple(attribute(f.name) for f in fields)
    body = {
        "__slots__": attributes,
        "__doc__": "\n".join([f"A `{name}`. What is not given is `MISSING`.", "", *lines]),
        "__annotations__": {attribute(f.name): held_as(f.type) for f in fields},
        "__match_args__": (),
        "_name": name,
        "_fields": attributes,
        "_checked_against": program.records,
    }
    made: RecordClass = type(short(name), (FactsRecord,), body)
    plain = {
        "__slots__": (),
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
        "__hash__": None,
        "__deepcopy__": _deep_copy,
        "_checked_against": None,
        **_written_out(attributes, scope := {"_new": object.__new__, "_M": MISSING}),
    }
    made._plain = scope["_plain"] = type("Unchecked" + short(name), (made,), plain)
    made._copied = staticmethod(plain["__copy__"])
    return made


def _written_out(attributes: tuple[str, ...], scope: Scope) -> Scope:
    """What makes and copies a record that is not checked, slot by slot; `scope` is to receive its class."""
    lines = [
        f"def __new__(_c, /{_keywords(attributes)}):",
        "    _made = _new(_c)",
        *(f"    _made.{n} = {n}" for n in attributes),
        "    _made._checked_as = None",
        "    return _made",
        "def __copy__(_like):",
        "    _made = _new(_plain)",
        *(f"    _made.{n} = _like.{n}" for n in attributes),
        "    _made._checked_as = None",
        "    return _made",
    ]
    exec("\n".join(lines), scope)
    return {name: scope[name] for name in ("__new__", "__copy__")}


def _keywords(attributes: Sequence[str]) -> str:
    return ", *, " + ", ".join(f"{n}=_M" for n in attributes) if attributes else ""


def _constructor(
    made: RecordClass,
    fields: tuple[FieldDeclaration, ...],
    fitting: Fitting,
    program: Program,
    classes: dict[str, RecordClass],
) -> Any:
    """`__new__`: conditions in line, then the slots; what does not meet them is read field by field, to say why."""

    def read(given: dict[str, RuntimeValue], more: dict[str, RuntimeValue]) -> dict[str, RuntimeValue]:
        reading = _Construction(program, classes)
        held = reading.fields({**given, **more}, made._name, short(made._name))
        if reading.found.found:
            raise PolicyError(reading.found.found)
        return held

    names = [attribute(f.name) for f in fields]
    tests = [
        f"({fitting.condition(f.type, n, f.least, f.most)} or {n} is _M)" for n, f in zip(names, fields, strict=True)
    ]
    lines = [
        f"def __new__(_c, /{_keywords(names)}, **_more):",
        f"    if not ({' and '.join(['not _more', *tests])}):",
        f"        _held = _read(dict({', '.join(f'{n}={n}' for n in names)}), _more)",
        *(f"        {n} = _held[{n!r}]" for n in names),
        "    _made = _new(_plain)",
        *(f"    _made.{n} = {n}" for n in names),
        "    _made._checked_as = _checked",
        "    _made.__class__ = _checked",
        "    return _made",
    ]
    of_class = {"_new": object.__new__, "_plain": made._plain, "_checked": made, "_read": read}
    scope = {**fitting.names, **of_class}
    exec("\n".join(lines), scope)
    constructor = scope["__new__"]
    constructor.__qualname__ = f"{made.__name__}.__new__"
    return constructor


class _Construction(RuntimeValidator):
    """The fields of a record being made; gives what they are held as."""

    def __init__(self, program: Program, classes: dict[str, RecordClass]) -> None:
        self.program, self.classes, self.found = program, classes, Collector()

    def wrong(self, path: str, wrong: Wrong) -> RuntimeValue:
        self.found.error(wrong.code, f"`{path}`: {wrong.message}", None, wrong.help)
        return MISSING

    def fields(self, given: dict[str, RuntimeValue], name: str, path: str) -> dict[str, RuntimeValue]:
        known = {attribute(f.name): f for f in self.program.records[name]}
        for key, value in given.items():
            if key not in known and value is not MISSING:
                self.unknown_field(key, name, known, path)
        return {n: self.field(given.get(n, MISSING), f, f"{path}.{f.name}") for n, f in known.items()}

    def value(self, given: RuntimeValue, of: Type, path: str) -> RuntimeValue:
        value = super().value(given, of, path)
        return str.__str__(value) if isinstance(value, str) and type(value) is not str else value

    def record(self, given: RuntimeValue, of: types.Record, path: str) -> RuntimeValue:
        wanted = self.classes[of.name]
        if type(given) is wanted:
            return given
        if not isinstance(given, FactsRecord) or short(given._name) != short(of.name):
            return self.mismatch(given, of, path)
        fields = {n: getattr(given, n) for n in given._fields}
        if not is_checked(given, of.name, self.program):
            fields = self.fields(fields, of.name, path)
        return MISSING if self.found.found else wanted(**fields)


def held_as(of: AnswerType) -> RuntimeValue:
    """The Python type that a fact or an answer of type `of` is held as."""
    match of:
        case types.Results():
            return tuple
        case types.OptionalOf(item):
            return held_as(item) | None
        case types.Boolean():
            return bool
        case types.Text() | types.Enum():
            return str
        case types.ListOf():
            return tuple
        case types.SetOf():
            return frozenset
        case types.Record():
            return object
        case types.Number() | types.Date() | types.Instant():
            return int
        case types.Broken():
            raise AssertionError("a program has no broken types")
        case _:
            assert_never(of)


def in_words(of: AnswerType) -> str:
    """The type as an author writes it, and how it is held where that is not plain."""
    if isinstance(of, types.Results):
        return f"{describe(of)}, as a tuple: " + "; ".join(f"{name}: {in_words(t)}" for name, t in of.fields)
    inner = types.inner_of(of)
    if isinstance(inner, types.Number) and inner.scale > 0:
        return f"{describe(of)}, as an int of 10**-{inner.scale}"
    if isinstance(inner, types.Date):
        return f"{describe(of)}, as its ordinal day"
    if isinstance(inner, types.Instant):
        return f"{describe(of)}, as microseconds since 1970 UTC"
    return describe(of)


def record_from(
    value: RuntimeValue, of: Type, classes: dict[str, RecordClass], program: Program, checked: bool = True
) -> RuntimeValue:
    """Facts written as dicts (as tests do) turned into records; what is not in a dict is `MISSING`.

    Facts that a solver found are not checked: it keeps no bounds of what its question does not turn on.
    """
    inner = types.inner_of(of)
    if isinstance(inner, types.Record) and isinstance(value, dict):
        fields = {f.name: f.type for f in program.records[inner.name]}
        made = classes[inner.name]
        given = {attribute(n): record_from(v, fields[n], classes, program, checked) for n, v in value.items()}
        return made(**given) if checked else unchecked(made, **given)
    if isinstance(inner, types.ListOf) and isinstance(value, list):
        return tuple(record_from(v, inner.of, classes, program, checked) for v in value)
    return value
