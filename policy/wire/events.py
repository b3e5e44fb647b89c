"""Events from JSON objects: what a journal recorded, as the classes that the venues emit.

In: JSON objects, as `event_json` writes them. Out: events that `event_json` would write the same. Of a citation only
the provision is written, so the one that is read back has the status of its reason, and no text. Raises ValueError
for what `event_json` did not write. Absent: any event in particular.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen

from policy.answers import BilingualText, Citation, Outcome, Reason, Status, Verdict
from policy.model import types, written
from policy.model.types import Number
from policy.wire.fields import EVENT, PLAIN, types_of, word

Read = Callable[[Any], Any]


@frozen
class Events:
    """The events that a journal may hold, by their words."""

    classes: Mapping[str, type[Any]]

    @classmethod
    def of(cls, *classes: type[Any]) -> Events:
        return cls(MappingProxyType({word(c): c for c in classes}))

    def read(self, document: Mapping[str, Any]) -> Any:
        """The event that a JSON object says."""
        cls: Any = self.classes.get(document[EVENT])
        if cls is None:
            raise ValueError(f"there is no event `{document[EVENT]}`")
        return _record(cls)({name: value for name, value in document.items() if name != EVENT})


@cache
def _record(cls: Any) -> Read:
    hints = get_type_hints(cls)
    readers = {name: _plain(hints[name]) if of is PLAIN else _typed(of) for name, of in types_of(cls).items()}

    def read(document: Mapping[str, Any]) -> Any:
        if document.keys() != readers.keys():
            raise ValueError(f"`{word(cls)}` has other fields: {', '.join(document.keys() ^ readers.keys())}")
        return cls(**{name: reader(document[name]) for name, reader in readers.items()})

    return read


def _typed(of: Any) -> Read:
    """Reads a field of a type of the rulebook language."""
    match of:
        case types.OptionalOf(item):
            inner = _typed(item)
            return lambda value: None if value is None else inner(value)
        case types.ListOf(item):
            element = _typed(item)
            return lambda value: tuple([element(v) for v in value])
        case types.INTEGER | types.TEXT | types.BOOLEAN | types.Enum() | None:
            return _as_it_is
        case Number():
            return lambda value: _known(written.number(value, of))
        case types.Instant():
            return lambda value: _known(written.instant(value))
        case types.Date():
            return lambda value: _known(written.date(value))
    raise AssertionError(of)


def _known(value: int | written.Wrong) -> int:
    if isinstance(value, written.Wrong):
        raise ValueError(value.message)
    return value


def _plain(hint: Any) -> Read:
    """Reads a field that declares no type: verdicts, records and tuples of them, and plain values."""
    if hint is Verdict:
        return _verdict
    if isinstance(hint, type) and attrs.has(hint):
        return _record(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if get_origin(hint) is tuple:
        element = _plain(get_args(hint)[0])
        return lambda value: tuple([element(v) for v in value])
    if get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint):
        inner, *others = [_plain(h) for h in get_args(hint) if h is not type(None)]
        return inner if others else lambda value: None if value is None else inner(value)
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _verdict(document: Mapping[str, Any]) -> Verdict:
    return Verdict(
        Outcome(document["outcome"]),
        tuple([_reason(reason) for reason in document.get("reasons", ())]),
        needs=tuple(document.get("needs", ())),
        fault=document.get("fault", ""),
    )


def _reason(document: Mapping[str, Any]) -> Reason:
    status = None if document["status"] is None else Status(document["status"])
    text = BilingualText(document["text"]["en"], document["text"]["zh"])
    cited = [
        Citation(provision, provision.partition("/")[0], "", status or Status.OFFICIAL, BilingualText(""))
        for provision in document["per"]
    ]
    return Reason(document["rule"], document["effect"], text, tuple(cited), status, "")
