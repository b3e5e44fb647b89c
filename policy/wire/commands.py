"""Commands from JSON objects, and whether a command made in Python is one.

In: JSON objects, or commands. Out: commands, or everything that is wrong. Absent: any command in particular.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

import attrs
from attrs import frozen

from policy.answers import MISSING, NO_WORDS
from policy.diagnostics import Collector, Diagnostic, did_you_mean
from policy.facts.fitting import Fitting
from policy.facts.from_json import NESTED, FactReader, is_nested_deeply, parse
from policy.ir.program import NO_LOCATION, Const, Function, Program
from policy.ir.validation import RuntimeValidator
from policy.model import types
from policy.model.types import Type
from policy.model.written import LONGEST_NUMBER, Wrong
from policy.source import Source, Span
from policy.vocabulary import Json, RuntimeValue
from policy.wire.fields import DO, PLAIN, AttrsClass, Message, defaults_of, types_of, word

_NO_OBJECT = "facts are a JSON object"
_FLAT = (str, bool)
_INCOMPLETE = "give every fact that it needs"
_EMPTY = Program(functions={}, records={}, enums={}, digest="")


@frozen
class Commands:
    """The commands that a stream may hold, by their words."""

    classes: Mapping[str, AttrsClass]
    _conditions: dict[AttrsClass, Callable[[Message], bool]] = attrs.field(init=False, eq=False, factory=dict)

    @classmethod
    def of(cls, *classes: AttrsClass) -> Commands:
        return cls(MappingProxyType({word(c): c for c in classes}))

    def read(self, source: Source, start: int = 0, end: int | None = None) -> Message | list[Diagnostic]:
        """The command in a text (the whole of it, or a stretch), or everything wrong with it."""
        text = source.text[start:end]
        whole = Span(source, start, start + len(text.rstrip()))
        found = Collector()
        document = parse(whole, found)
        return found.found or self.read_document(document, whole)

    def read_document(self, document: object, whole: Span) -> Message | list[Diagnostic]:
        """The command that a parsed JSON object says, or everything wrong with it."""
        found = Collector()
        known = self._known
        given = document if isinstance(document, dict) else {}
        name = given.get(DO)
        if name is None:
            found.error("command-unknown", f"a command is a JSON object with `{DO}`", whole, f"it is one of {known}")
            return found.found
        cls = self.classes.get(name) if isinstance(name, str) else None
        if cls is None:
            return self._unknown(str(name), whole)
        return _made(cls, {k: v for k, v in given.items() if k != DO}, whole)

    def unfit(self, command: Message) -> list[Diagnostic]:
        """Everything wrong with a command made in Python, told as `read` tells it."""
        cls: AttrsClass = type(command)
        fits = self._conditions.get(cls)
        if fits is None:
            if cls not in self.classes.values():
                return self._unknown(word(cls), None)
            fits = self._conditions[cls] = _fits(cls)
        return [] if fits(command) else _misfits(command)

    @property
    def _known(self) -> str:
        return ", ".join(f"`{w}`" for w in self.classes)

    def _unknown(self, name: str, whole: Span | None) -> list[Diagnostic]:
        help = did_you_mean(name, self.classes) or f"it is one of {self._known}"
        return [Diagnostic("command-unknown", f"there is no command `{name}`", whole, help)]


def _made(cls: AttrsClass, given: Json, whole: Span) -> Message | list[Diagnostic]:
    raw = _raw(cls)
    function = _form(cls)
    reader = FactReader(_EMPTY, function, {})
    arguments = reader.read_document({k: v for k, v in given.items() if k not in raw}, whole)
    found = Collector()
    if isinstance(arguments, list):
        return arguments
    values = {name: value for (name, _), value in zip(function.parameters, arguments, strict=True)}
    for name in [name for name in raw if name in given]:
        if isinstance(given[name], dict):
            values[name] = given[name]
        else:
            found.error("facts-type", f"`{name}`: {_NO_OBJECT}", whole)
    defaults = defaults_of(cls)
    for name, value in values.items():
        if value is MISSING and name not in defaults:
            found.error("command-incomplete", f"`{word(cls)}` needs `{name}`", whole, _INCOMPLETE)
    return found.found or cls(**{name: value for name, value in values.items() if value is not MISSING})


@cache
def _raw(cls: AttrsClass) -> tuple[str, ...]:
    """The fields that hold facts of the rulebook."""
    return tuple(name for name, of in types_of(cls).items() if of is None)


@cache
def _form(cls: AttrsClass) -> Function:
    """A command's fields as if they were the facts of a question, so that one reader serves both."""
    plain: dict[object, Type] = {"str": types.TEXT, "bool": types.BOOLEAN}  # as annotations are written
    parameters: list[tuple[str, Type]] = []
    for f in attrs.fields(cls):
        of = f.metadata.get("type", PLAIN)
        if of is not None:
            parameters.append((f.name, plain[f.type] if of is PLAIN else of))
    return Function(
        id=word(cls),
        kind="value",
        title=NO_WORDS,
        parameters=tuple(parameters),
        type=types.BOOLEAN,
        body=Const(True),
        place=NO_LOCATION,
    )


# ── commands made in Python ─────────────────────────────────────────────────────────────────


@cache
def _fits(cls: AttrsClass) -> Callable[[Message], bool]:
    """Whether every field of a command is a fact of its type, as one expression."""
    names: Json = {"_dict": dict, "_plainly": _plainly}
    fitting = Fitting(names, {}, {}, complete=True)
    tests = [f"({fitting.condition(of, f'_c.{name}')})" for name, of in _form(cls).parameters]
    tests += [f"_type(_c.{name}) is _dict and (not _c.{name} or _plainly(_c.{name}))" for name in _raw(cls)]
    made: Callable[[Message], bool] = eval(f"lambda _c: {' and '.join(tests)}", names)
    return made


def _misfits(command: Message) -> list[Diagnostic]:
    """What is wrong with the fields of a command, if anything is."""
    cls: AttrsClass = type(command)
    reading = _Fields()
    for name, of in _form(cls).parameters:
        value = getattr(command, name)
        if value is MISSING:
            reading.found.error("command-incomplete", f"`{word(cls)}` needs `{name}`", None, _INCOMPLETE)
        else:
            reading.value(value, of, name)
    for name in _raw(cls):
        given = getattr(command, name)
        if not isinstance(given, dict):
            reading.wrong(name, Wrong("facts-type", _NO_OBJECT))
        elif is_nested_deeply(given):
            reading.wrong(name, Wrong("facts-json", NESTED))
        else:
            reading.json(given, name)
    return reading.found.found


class _Fields(RuntimeValidator):
    """The fields of a command being read."""

    def __init__(self) -> None:
        self.program, self.found = _EMPTY, Collector()

    def wrong(self, path: str, wrong: Wrong) -> RuntimeValue:
        self.found.error(wrong.code, f"`{path}`: {wrong.message}", None, wrong.help)
        return MISSING

    def value(self, given: RuntimeValue, of: Type, path: str) -> RuntimeValue:
        if given is MISSING:
            return self.wrong(path, Wrong("command-incomplete", "a command has no unknown fields", _INCOMPLETE))
        return super().value(given, of, path)

    def json(self, given: object, path: str) -> None:
        """That facts of the rulebook are what JSON can say; whether they are facts, their own reader will judge."""
        match given:
            case dict():
                for key, value in given.items():
                    if isinstance(key, str):
                        self.json(value, f"{path}.{key}")
                    else:
                        self.wrong(path, Wrong("facts-type", f"the name of a fact is a text, not {self.kind(key)}"))
            case list() | tuple():
                for n, value in enumerate(given):
                    self.json(value, f"{path}[{n}]")
            case int() if abs(given) >= 10**LONGEST_NUMBER:
                self.wrong(path, Wrong("facts-number", f"the number has more than {LONGEST_NUMBER} digits"))
            case None | str() | int():
                pass
            case float():
                self.wrong(path, Wrong("facts-type", f"is {self.kind(given)}", 'write it as a text: "12.34"'))
            case _:
                self.wrong(path, Wrong("facts-type", f"is {self.kind(given)}, which JSON cannot say"))


def _plainly(facts: Json) -> bool:
    """Whether facts are flat, so that there is nothing to look for in them."""
    return all(type(k) is str and (v is None or isinstance(v, _FLAT)) for k, v in facts.items())
