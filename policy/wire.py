"""Commands and events as JSON objects, and commands back from them; and whether a command made in Python is one.

In: attrs classes whose fields are made by `typed` (or are plain texts and booleans). Out: objects that people can
read, with amounts and times as an author would write them, the same bytes for the same data. A class's name in
snake case is the word under which it is known. Absent: any class in particular.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import attrs
from attrs import frozen

from policy.decisions import MISSING, Verdict, Words
from policy.diagnostics import Collector, Diagnostic, did_you_mean
from policy.facts.fitting import Fitting
from policy.facts.from_json import FactReader, parse
from policy.ir.held import Held
from policy.ir.program import NO_PLACE, Const, Function, Program
from policy.model import types
from policy.model.types import Number, Type
from policy.model.values import show
from policy.model.written import LONGEST_NUMBER, Wrong
from policy.source import Source, Span

DO = "do"  # the key under which a command says what it is
EVENT = "event"  # the same of an event

_NO_OBJECT = "facts are a JSON object"
_FLAT = (str, bool)
_INCOMPLETE = "give every fact that it needs"
_EMPTY = Program(functions={}, records={}, enums={}, digest="")
_LOWER = re.compile(r"(?<=[a-z])(?=[A-Z])")


def typed(of: Type, default: Any = attrs.NOTHING) -> Any:
    """A field of a command or event: a scaled integer, instant or list of the rules' types."""
    return attrs.field(default=default, metadata={"type": of})


def standing(of: Type, default: Any = attrs.NOTHING) -> Any:
    """A field like `typed`, of an amount as it stands after the event: it can be told, and never added up."""
    return attrs.field(default=default, metadata={"type": of, "stands": True})


def facts() -> Any:
    """A field of a command with facts of the rulebook, as the JSON that its own reader will judge."""
    return attrs.field(factory=dict, metadata={"type": None})


def word(cls: type[Any]) -> str:
    """What a class is called in JSON: `NewDay` is `new_day`."""
    return _LOWER.sub("_", cls.__name__).lower()


def money_of(cls: Any) -> tuple[tuple[str, Number], ...]:
    """The fields of a class that are money that moved, with their types."""
    return _money(cls)


@cache
def _money(cls: Any) -> tuple[tuple[str, Number], ...]:
    found = []
    for f in attrs.fields(cls):
        of = f.metadata.get("type")
        inner = of.of if isinstance(of, types.OptionalOf) else of
        if isinstance(inner, Number) and inner.unit.startswith("money:") and "stands" not in f.metadata:
            found.append((f.name, inner))
    return tuple(found)


# ── writing ─────────────────────────────────────────────────────────────────────────────────


def command_json(command: Any) -> dict[str, Any]:
    """A command as it could have been written; what has its default is left out."""
    cls: Any = type(command)
    writers, defaults = _writers(cls), _defaults(cls)
    written = {name: getattr(command, name) for name in writers}
    return {DO: word(cls)} | {
        name: writers[name](value)
        for name, value in written.items()
        if name not in defaults or value != defaults[name]
    }


def event_json(event: Any) -> dict[str, Any]:
    """An event: every field, in the order declared; a verdict tells its rules and their provisions."""
    return {EVENT: word(type(event))} | _parts(event)


def canonical(document: Any) -> str:
    """The one text of a JSON document: keys in their order, no spaces, no escapes that are not needed."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """What was decided, by which rules, on which provisions; or what is missing."""
    told: dict[str, Any] = {"outcome": verdict.outcome.value}
    if verdict.reasons:
        told["reasons"] = [
            {
                "rule": r.rule,
                "effect": r.effect,
                "per": [c.provision for c in r.citations],
                "status": r.status.value if r.status else None,
                "text": {"en": r.text.en, "zh": r.text.zh},
            }
            for r in verdict.reasons
        ]
    if verdict.needs:
        told["needs"] = list(verdict.needs)
    if verdict.fault:
        told["fault"] = verdict.fault
    return told


@cache
def _writers(cls: Any) -> Mapping[str, Callable[[Any], Any]]:
    return MappingProxyType({f.name: _writer(f.metadata.get("type", _PLAIN)) for f in attrs.fields(cls)})


@cache
def _defaults(cls: Any) -> Mapping[str, Any]:
    found = {}
    for f in attrs.fields(cls):
        if isinstance(f.default, attrs.Factory):  # type: ignore[arg-type]  # a class to attrs, a function to mypy
            found[f.name] = f.default.factory()
        elif f.default is not attrs.NOTHING:
            found[f.name] = f.default
    return found


_PLAIN = object()


def _writer(of: Any) -> Callable[[Any], Any]:
    if of is _PLAIN:
        return _plain
    if of is None:
        return lambda value: value
    if isinstance(of, types.OptionalOf):
        inner = _writer(of.of)
        return lambda value: None if value is None else inner(value)
    if isinstance(of, types.ListOf):
        inner = _writer(of.of)
        return lambda value: [inner(v) for v in value]
    if of in (types.TEXT, types.BOOLEAN, types.INTEGER) or isinstance(of, types.Enum):
        return lambda value: value
    return lambda value: show(value, of)


def _plain(value: Any) -> Any:
    """Texts, numbers and booleans as they are; verdicts, records and lists of them by their parts."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Verdict):
        return verdict_json(value)
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return _parts(value)


def _parts(record: Any) -> dict[str, Any]:
    cls: Any = type(record)
    return {name: write(getattr(record, name)) for name, write in _writers(cls).items()}


# ── reading commands ────────────────────────────────────────────────────────────────────────


@frozen
class Commands:
    """The commands that a stream may hold, by their words."""

    classes: Mapping[str, type[Any]]
    _taken: frozenset[type[Any]] = attrs.field(
        init=False, eq=False, default=attrs.Factory(lambda self: frozenset(self.classes.values()), takes_self=True)
    )

    @classmethod
    def of(cls, *classes: type[Any]) -> Commands:
        return cls(MappingProxyType({word(c): c for c in classes}))

    def read(self, source: Source, start: int = 0, end: int | None = None) -> Any | list[Diagnostic]:
        """The command in a text (the whole of it, or a stretch), or everything wrong with it."""
        text = source.text[start:end]
        whole = Span(source, start, start + len(text.rstrip()))
        found = Collector()
        document = parse(whole, found)
        return found.found or self.read_document(document, whole)

    def read_document(self, document: Any, whole: Span) -> Any | list[Diagnostic]:
        """The command that a parsed JSON object says, or everything wrong with it."""
        found = Collector()
        known = self._known
        said = document.get(DO) if isinstance(document, dict) else None
        if said is None:
            found.error("command-unknown", f"a command is a JSON object with `{DO}`", whole, f"it is one of {known}")
            return found.found
        cls = self.classes.get(said) if isinstance(said, str) else None
        if cls is None:
            return self._unknown(str(said), whole)
        return _made(cls, {k: v for k, v in document.items() if k != DO}, whole)

    def unfit(self, command: Any) -> list[Diagnostic]:
        """Everything wrong with a command made in Python, told as `read` tells it."""
        cls: Any = type(command)
        if cls not in self._taken:
            return self._unknown(word(cls), None)
        return [] if _fits(cls)(command) else _misfits(command)

    @property
    def _known(self) -> str:
        return ", ".join(f"`{w}`" for w in self.classes)

    def _unknown(self, said: str, whole: Span | None) -> list[Diagnostic]:
        help = did_you_mean(said, self.classes) or f"it is one of {self._known}"
        return [Diagnostic("command-unknown", f"there is no command `{said}`", whole, help)]


def _made(cls: Any, given: dict[str, Any], whole: Span) -> Any | list[Diagnostic]:
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
    defaults = _defaults(cls)
    for name, value in values.items():
        if value is MISSING and name not in defaults:
            found.error("command-incomplete", f"`{word(cls)}` needs `{name}`", whole, _INCOMPLETE)
    return found.found or cls(**{name: value for name, value in values.items() if value is not MISSING})


@cache
def _raw(cls: Any) -> tuple[str, ...]:
    """The fields that hold facts of the rulebook."""
    return tuple(f.name for f in attrs.fields(cls) if f.metadata.get("type", _PLAIN) is None)


@cache
def _form(cls: Any) -> Function:
    """A command's fields as if they were the facts of a question, so that one reader serves both."""
    plain: dict[object, Type] = {"str": types.TEXT, "bool": types.BOOLEAN}  # as annotations are written
    parameters: list[tuple[str, Type]] = []
    for f in attrs.fields(cls):
        of = f.metadata.get("type", _PLAIN)
        if of is not None:
            parameters.append((f.name, plain[f.type] if of is _PLAIN else of))
    return Function(
        id=word(cls),
        kind="value",
        title=Words(""),
        parameters=tuple(parameters),
        type=types.BOOLEAN,
        body=Const(True),
        place=NO_PLACE,
    )


# ── commands made in Python ─────────────────────────────────────────────────────────────────


@cache
def _fits(cls: Any) -> Callable[[Any], bool]:
    """Whether every field of a command is a fact of its type, as one expression."""
    names: dict[str, Any] = {"_dict": dict, "_plainly": _plainly}
    fitting = Fitting(names, {}, {}, complete=True)
    tests = [f"({fitting.condition(of, f'_c.{name}')})" for name, of in _form(cls).parameters]
    tests += [f"_type(_c.{name}) is _dict and (not _c.{name} or _plainly(_c.{name}))" for name in _raw(cls)]
    made: Callable[[Any], bool] = eval(f"lambda _c: {' and '.join(tests)}", names)
    return made


def _misfits(command: Any) -> list[Diagnostic]:
    """What is wrong with the fields of a command, if anything is."""
    cls: Any = type(command)
    reading = _Fields()
    for name, of in _form(cls).parameters:
        value = getattr(command, name)
        if value is MISSING:
            reading.found.error("command-incomplete", f"`{word(cls)}` needs `{name}`", None, _INCOMPLETE)
        else:
            reading.value(value, of, name)
    for name in _raw(cls):
        given = getattr(command, name)
        if isinstance(given, dict):
            try:
                reading.json(given, name)
            except RecursionError:
                reading.wrong(name, Wrong("facts-json", "the facts are nested too deeply"))
        else:
            reading.wrong(name, Wrong("facts-type", _NO_OBJECT))
    return reading.found.found


class _Fields(Held):
    """The fields of a command being read."""

    def __init__(self) -> None:
        self.program, self.found = _EMPTY, Collector()

    def wrong(self, path: str, wrong: Wrong) -> Any:
        self.found.error(wrong.code, f"`{path}`: {wrong.message}", None, wrong.help)
        return MISSING

    def value(self, given: Any, of: Type, path: str) -> Any:
        if given is MISSING:
            return self.wrong(path, Wrong("command-incomplete", "a command knows all that it says", _INCOMPLETE))
        return super().value(given, of, path)

    def json(self, given: Any, path: str) -> None:
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


def _plainly(facts: dict[str, Any]) -> bool:
    """Whether facts are flat, so that there is nothing to look for in them."""
    return all(type(k) is str and (v is None or isinstance(v, _FLAT)) for k, v in facts.items())
