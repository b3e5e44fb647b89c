"""Commands and events of a journal, read back as the classes of the engines.

In: JSON objects as `policy.wire` writes them, from a journal that was verified. Out: the command or event each was
written from. Of a verdict only what is written comes back: of a citation its provision, of a reason no place.
Absent: any check of the values; the engines made them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, assert_never, get_args, get_origin, get_type_hints

import attrs

from policy.answers import BilingualText, Citation, Outcome, Reason, Status, Verdict
from policy.diagnostics import Diagnostic, PolicyError
from policy.exchange import commands as exchange_commands, events as exchange
from policy.financing import commands as financing_commands, events as financing
from policy.model import types
from policy.model.types import Type
from policy.model.values import microseconds
from policy.perpetuals import commands as perpetuals_commands, events as perpetuals
from policy.vocabulary import Effect
from policy.wire import DO, EVENT, word

Event = exchange.Event | financing.Event | perpetuals.Event
Command = exchange_commands.Command | financing_commands.Command | perpetuals_commands.Command

EVENTS: Mapping[str, type[Event]] = MappingProxyType({word(cls): cls for cls in get_args(Event)})
COMMANDS: Mapping[str, type[Command]] = MappingProxyType({word(cls): cls for cls in get_args(Command)})

_Read = Callable[[Any], Any]
_UNTYPED = object()


def read_event(document: Mapping[str, Any]) -> Event:
    """The event of a JSON object. Raises PolicyError where this version has no such event, or it has other fields."""
    event: Event = _read(document, EVENT, EVENTS)
    return event


def read_command(document: Mapping[str, Any]) -> Command:
    """The command of a JSON object. Raises PolicyError where this version has no such command."""
    command: Command = _read(document, DO, COMMANDS)
    return command


def _read(document: Mapping[str, Any], key: str, classes: Mapping[str, type[Any]]) -> Any:
    name = str(document.get(key))
    try:
        cls: Any = classes[name]
        return cls(**{field: read(document[field]) for field, read in _fields(cls).items() if field in document})
    except (AttributeError, KeyError, TypeError, ValueError) as failure:
        message = f"this version cannot read `{name}` in the journal"
        help = "run its commands again into a new journal"
        raise PolicyError([Diagnostic("journal-header", message, None, help)]) from failure


@cache
def _fields(cls: Any) -> Mapping[str, _Read]:
    """How each field of a class is read."""
    annotations = get_type_hints(cls)
    found = {}
    for f in attrs.fields(cls):
        of = f.metadata.get("type", _UNTYPED)
        found[f.name] = _by_annotation(annotations[f.name]) if of is _UNTYPED else _by_type(of)
    return MappingProxyType(found)


def _same(value: Any) -> Any:
    return value


def _optional(read: _Read) -> _Read:
    return lambda value: None if value is None else read(value)


def _several(read: _Read) -> _Read:
    return lambda values: tuple(map(read, values))


def _by_type(of: Type | None) -> _Read:
    """How a field of a type is read; facts of the rulebook, which have none, as they are."""
    match of:
        case types.OptionalOf(item):
            return _optional(_by_type(item))
        case types.ListOf(item):
            return _several(_by_type(item))
        case types.INTEGER:
            return _same
        case types.Number("rate", scale):
            return lambda text: _digits(text.removesuffix("%"), scale - 2)
        case types.Number(_, scale):
            return lambda text: _digits(text.partition(" ")[0], scale)
        case types.Instant():
            return lambda text: microseconds(datetime.fromisoformat(text))
        case types.Date():
            return lambda text: date.fromisoformat(text).toordinal()
        case None | types.Text() | types.Boolean() | types.Enum():
            return _same
        case types.SetOf() | types.Record() | types.Broken():
            raise TypeError(f"no field of a command or event has the type {of}")
    assert_never(of)


def _digits(number: str, scale: int) -> int:
    whole, _, part = number.partition(".")
    if len(part) > scale:
        raise ValueError(number)
    return int(whole + part.ljust(scale, "0"))


def _by_annotation(of: Any) -> _Read:
    if get_origin(of) is UnionType:
        (item,) = (a for a in get_args(of) if a is not NoneType)
        return _optional(_by_annotation(item))
    if get_origin(of) is tuple:
        return _several(_by_annotation(get_args(of)[0]))
    if of is Verdict:
        return _verdict
    if attrs.has(of):
        return lambda value: of(**{name: read(value[name]) for name, read in _fields(of).items()})
    return _same


def _verdict(written: Mapping[str, Any]) -> Verdict:
    return Verdict(
        Outcome(written["outcome"]),
        tuple(map(_reason, written.get("reasons", ()))),
        needs=tuple(written.get("needs", ())),
        fault=written.get("fault", ""),
    )


def _reason(written: Mapping[str, Any]) -> Reason:
    text, status = written["text"], written["status"]
    return _shared_reason(
        written["rule"], written["effect"], text["en"], text.get("zh", ""), tuple(written.get("per", ())), status
    )


@lru_cache(maxsize=4096)
def _shared_reason(rule: str, effect: Effect, en: str, zh: str, per: tuple[str, ...], status: str | None) -> Reason:
    known = Status(status) if status else None
    cited = tuple(Citation(p, p.partition("/")[0], "", known or Status.HOUSE, BilingualText("")) for p in per)
    return Reason(rule, effect, BilingualText(en, zh), cited, known, "")
