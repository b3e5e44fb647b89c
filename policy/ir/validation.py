"""What a fact of each type must be: the one place that says so, whatever form the facts come in.

In: facts in some form, and their types. Out: run-time facts; everything wrong is reported to `wrong`, by path.
`Validator` is common to all forms; `RuntimeValidator` is for the run-time form, which records and arguments have.
JSON is read in `policy/facts/from_json.py`. Absent: texts of numbers and times, see `policy/model/written.py`.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from policy.answers import MISSING
from policy.diagnostics import did_you_mean, which_member
from policy.ir.program import FieldDeclaration, Function, Program
from policy.model import types, written
from policy.model.types import Number, Quantity, Type, a_type, describe, short
from policy.model.written import Wrong
from policy.vocabulary import RuntimeValue


def attribute(field_name: str) -> str:
    """The Python attribute that holds a field: its name, with an underscore where Python reserves it."""
    return field_name + "_" if keyword.iskeyword(field_name) else field_name


_INSTEAD_OF_NUMBER: Mapping[type[Type], str] = {
    types.Text: 'write it in quotes: "12.34"',
    types.Date: written.DATE_HELP,
    types.Instant: written.INSTANT_HELP,
}


class Validator:
    """Facts being read. Forms say what is a text, a number, a list and a record in them."""

    program: Program

    def wrong(self, path: str, wrong: Wrong) -> RuntimeValue:
        """Notes what is wrong with the fact at `path`; stands for it as `MISSING`."""
        raise NotImplementedError

    def kind(self, given: RuntimeValue) -> str:
        """What it is in this form: a text, a number, a list…"""
        raise NotImplementedError

    def items(self, given: RuntimeValue, of: types.ListOf | types.SetOf) -> Sequence[RuntimeValue] | None:
        """The elements of a list or set, if it is one in this form."""
        raise NotImplementedError

    def record(self, given: RuntimeValue, of: types.Record, path: str) -> RuntimeValue:
        raise NotImplementedError

    def number(self, given: RuntimeValue, of: Quantity, path: str) -> RuntimeValue:
        """A number, date or instant."""
        raise NotImplementedError

    def null(self, of: Type, path: str) -> RuntimeValue:
        """What the absence of a fact stands for that is not optional."""
        message = "null says that it is absent, but it is not optional"
        return self.wrong(path, Wrong("facts-type", message, "leave it out if unknown"))

    def value(self, given: RuntimeValue, of: Type, path: str) -> RuntimeValue:
        """The run-time form of a fact."""
        if isinstance(of, types.OptionalOf):
            return None if given is None else self.value(given, of.of, path)
        if given is None:
            return self.null(of, path)
        match of:
            case types.Boolean():
                return given if given is True or given is False else self.mismatch(given, of, path)
            case types.Text():
                return given if self.kind(given) == "a text" else self.mismatch(given, of, path)
            case types.Enum():
                return self.member(given, of, path)
            case types.Record():
                return self.record(given, of, path)
            case types.ListOf(item) | types.SetOf(item):
                return self.elements(given, of, item, path)
            case types.Date() | types.Instant() | Number():
                return self.number(given, of, path)
            case types.OptionalOf() | types.Broken():
                raise AssertionError(path)
            case _:
                assert_never(of)

    def member(self, given: RuntimeValue, of: types.Enum, path: str) -> RuntimeValue:
        """A member, by its name or as it is spelt."""
        if self.kind(given) != "a text":
            return self.mismatch(given, of, path)
        if given in of.members:
            return given
        member = given if given in of.every else next((m for text, m in of.spelt if text == given), None)
        if member is None:
            return self.wrong(path, no_member(given, of))
        return member if member in of.members else self.wrong(path, written.outside(member, of))

    def elements(self, given: RuntimeValue, of: types.ListOf | types.SetOf, item: Type, path: str) -> RuntimeValue:
        items = self.items(given, of)
        if items is None:
            return self.mismatch(given, of, path)
        if len(items) > types.LONGEST_LIST:
            return self.wrong(path, Wrong("facts-type", f"has more than {types.LONGEST_LIST:,} elements"))
        read = [self.value(g, item, f"{path}[{n}]") for n, g in enumerate(items)]
        if isinstance(of, types.ListOf):
            return tuple(read)
        return MISSING if any(e is MISSING for e in read) else frozenset(read)

    def field(self, given: RuntimeValue, f: FieldDeclaration, path: str) -> RuntimeValue:
        """The value of a field, held against its bounds."""
        value = self.value(given, f.type, path)
        if type(value) is int and (wrong := written.beyond(value, f.type, f.least, f.most)):
            self.wrong(path, wrong)
        return value

    def unknown_field(self, key: str, of: str, fields: Iterable[str], path: str) -> None:
        known = list(fields)
        help = did_you_mean(key, known) or "it has " + ", ".join(f"`{f}`" for f in known)
        self.wrong(f"{path}.{key}", Wrong("facts-unknown", f"`{short(of)}` has no such field", help))

    def mismatch(self, given: RuntimeValue, of: Type, path: str) -> RuntimeValue:
        kind = self.kind(given)
        help = _INSTEAD_OF_NUMBER.get(type(of), "") if kind == "a number" else ""
        return self.wrong(path, Wrong("facts-type", f"is {kind}, but `{describe(of)}` is expected", help))


def no_member(given: str, of: types.Enum) -> Wrong:
    spelt = {member: text for text, member in reversed(of.spelt)}
    help = which_member(given, [spelt.get(m, m) for m in of.members], of.first is not None)
    return Wrong("facts-type", f"`{given}` is not {a_type(of)}", help)


# ── facts as they are held ──────────────────────────────────────────────────────────────────

_KINDS: Mapping[type[object], str] = {
    bool: "a boolean",
    int: "a number",
    float: "a binary float",
    dict: "an object",
    list: "a list",
    tuple: "a list",
    set: "a set",
    frozenset: "a set",
    type(None): "null",
}


class RuntimeValidator(Validator):
    """Facts in run-time form: numbers, dates and instants are ints, lists tuples, records objects."""

    def kind(self, given: RuntimeValue) -> str:
        if isinstance(given, str):
            return "a text"
        name = short(getattr(type(given), "_name", type(given).__name__))
        return _KINDS.get(type(given)) or f"{'an' if name[0] in 'AEIOU' else 'a'} `{name}`"

    def items(self, given: RuntimeValue, of: types.ListOf | types.SetOf) -> Sequence[RuntimeValue] | None:
        if isinstance(of, types.ListOf):
            return given if type(given) in (list, tuple) else None
        return list(given) if type(given) in (set, frozenset, list, tuple) else None

    def value(self, given: RuntimeValue, of: Type, path: str) -> RuntimeValue:
        return MISSING if given is MISSING else super().value(given, of, path)

    def number(self, given: RuntimeValue, of: Quantity, path: str) -> RuntimeValue:
        if isinstance(given, str):
            return self.wrong(path, _spelt(given, of))
        if isinstance(of, types.Quoted) and types.is_quoted(given):
            return given
        if type(given) is not int:
            help = how_held(of) if type(given) is float or type(given) not in _KINDS else ""
            message = f"is {self.kind(given)}, but `{describe(of)}` is expected"
            return self.wrong(path, Wrong("facts-type", message, help))
        low, high = written.limits(of)
        if low <= given <= high:
            return given
        if isinstance(of, Number):
            return self.wrong(path, written.too_large(of))
        what = "day" if isinstance(of, types.Date) else "moment"
        return self.wrong(path, Wrong("facts-time", f"there is no {what} `{given}`", how_held(of)))


def how_held(of: Quantity) -> str:
    """How a number or time is written in Python."""
    if isinstance(of, types.Date):
        return "hold it as its ordinal day, `date.toordinal()`"
    if isinstance(of, types.Instant):
        return "hold it as microseconds since 1970 UTC"
    return f"hold it as an int of 10**{-of.scale}" if of.scale else "hold it as an int"


def _spelt(given: str, of: Quantity) -> Wrong:
    """What is wrong with a text where Python holds an int."""
    read = written.quantity(given, of)
    if isinstance(read, Wrong):
        return read
    return Wrong("facts-type", f"is a text, but `{describe(of)}` is expected", f"{how_held(of)}: {read}")


# ── the arguments of a question ─────────────────────────────────────────────────────────────


class _Arguments(RuntimeValidator):
    """The facts that a question reads, of arguments that need not have been checked."""

    def __init__(self, program: Program, reads: frozenset[str]) -> None:
        self.program, self.reads = program, reads
        self.found: list[str] = []

    def wrong(self, path: str, wrong: Wrong) -> RuntimeValue:
        self.found.append(f"`{path}`: {wrong.message}" + (f" ({wrong.help})" if wrong.help else ""))
        return MISSING

    def member(self, given: RuntimeValue, of: types.Enum, path: str) -> RuntimeValue:
        """A member by its name: what an argument says is not changed on its way to the rules."""
        held = super().member(given, of, path)
        if held is MISSING or held == given:
            return held
        message = f"`{given}` is how records, JSON and tables may spell it"
        return self.wrong(path, Wrong("facts-type", message, f"hold it as `{held}`"))

    def record(self, given: RuntimeValue, of: types.Record, path: str) -> RuntimeValue:
        if is_checked(given, of.name, self.program):
            return given
        if isinstance(given, str) or type(given) in _KINDS or _is_other(given, of):
            return self.mismatch(given, of, path)
        for f in self.program.records[of.name]:
            if f.name in self.reads:
                try:
                    held = getattr(given, attribute(f.name))
                except AttributeError:
                    self.wrong(
                        f"{path}.{f.name}", Wrong("facts-type", f"a `{type(given).__name__}` does not have it")
                    )
                    continue
                self.field(held, f, f"{path}.{f.name}")
        return given


def _is_other(given: RuntimeValue, of: types.Record) -> bool:
    """Whether it is a record of another name; what is no record of a rulebook is looked at field by field."""
    name = getattr(type(given), "_name", None)
    return isinstance(name, str) and short(name) != short(of.name)


def is_checked(given: RuntimeValue, name: str, program: Program) -> bool:
    """Whether it is a record whose construction checked it against the same fields, in this load or an older one."""
    against: Mapping[str, tuple[FieldDeclaration, ...]] | None = getattr(type(given), "_checked_against", None)
    if against is None:
        return False
    if against is program.records:
        return bool(type(given)._name == name)
    return bool(type(given)._name == name) and _same(name, against, program.records, set())


def _same(
    name: str,
    ours: Mapping[str, tuple[FieldDeclaration, ...]],
    theirs: Mapping[str, tuple[FieldDeclaration, ...]],
    seen: set[str],
) -> bool:
    """Whether a record has the same fields in two programs, and so have the records inside it."""
    if name in seen:
        return True
    seen.add(name)
    if ours.get(name) != theirs.get(name):
        return False
    inner = (_element(f.type) for f in ours[name])
    return all(_same(of.name, ours, theirs, seen) for of in inner if isinstance(of, types.Record))


def _element(of: Type) -> Type:
    while isinstance(of, types.OptionalOf | types.ListOf | types.SetOf):
        of = of.of
    return of


def misfits(program: Program, function: Function, arguments: Sequence[RuntimeValue]) -> list[str]:
    """What is wrong with the arguments of a question, as far as it reads them."""
    reading = _Arguments(program, program.fields_read(function.id))
    for (name, of), given in zip(function.parameters, arguments, strict=True):
        reading.value(given, of, name)
    return reading.found
