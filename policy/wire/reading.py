"""Commands and events of a journal, read back as the classes that they were written from.

In: JSON objects, as `command_json` and `event_json` write them. Out: objects that would be written the same. Of a
citation only the provision is written, so the one that is read back has the status of its reason, and no text.
Raises ValueError for what was not written so. Absent: any class in particular, and any check of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from fractions import Fraction
from functools import cache, lru_cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Generic, TypeVar, assert_never, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen

from policy.answers import NO_WORDS, BilingualText, Citation, Outcome, Reason, Status, Verdict
from policy.model import types
from policy.model.types import Type
from policy.model.values import microseconds
from policy.vocabulary import Effect, Json
from policy.wire.fields import PLAIN, AttrsClass, types_of, word

T = TypeVar("T")
_Read = Callable[[Any], Any]


@frozen
class JournalReader(Generic[T]):
    """The classes that a journal may hold, by their words; `key` is where an object has its word."""

    key: str
    classes: Mapping[str, type[T]]

    @classmethod
    def of(cls, key: str, *classes: type[T]) -> JournalReader[T]:
        return cls(key, MappingProxyType({word(c): c for c in classes}))

    def read(self, document: Json) -> T:
        """The command or event of a JSON object."""
        name = document.get(self.key)
        try:
            cls: AttrsClass = self.classes[str(name)]
            fields = _fields(cls)
            value: T = cls(**{f: fields[f](written) for f, written in document.items() if f != self.key})
        except (AttributeError, KeyError, TypeError) as failure:
            raise ValueError(f"`{name}` was not written so") from failure
        return value


@cache
def _fields(cls: AttrsClass) -> Mapping[str, _Read]:
    """How each field of a class is read."""
    hints = get_type_hints(cls)
    return MappingProxyType({f: _plain(hints[f]) if of is PLAIN else _typed(of) for f, of in types_of(cls).items()})


def _same(value: object) -> Any:
    return value


def _optional(read: _Read) -> _Read:
    return lambda value: None if value is None else read(value)


def _several(read: _Read) -> _Read:
    return lambda values: tuple(map(read, values))


def _typed(of: Type | None) -> _Read:
    """Reads a field of a type of the rulebook language; facts of the rulebook, which have none, as they are."""
    match of:
        case types.OptionalOf(item):
            return _optional(_typed(item))
        case types.ListOf(item):
            return _several(_typed(item))
        case types.INTEGER:
            return _same
        case types.Quoted():
            return lambda text: _quoted(text.partition(" ")[0], of.scale)
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
        case _:
            assert_never(of)


def _quoted(text: str, scale: int) -> types.QuotedAmount:
    whole, _, part = text.partition(".")
    if len(part) <= scale and len(whole) + scale <= types.MOST_FACT_DIGITS:
        return _digits(text, scale)
    return types.quoted(Fraction(text) * 10**scale)


def _digits(text: str, scale: int) -> int:
    whole, _, part = text.partition(".")
    if len(part) > scale:
        raise ValueError(f"`{text}` has more than {scale} decimals")
    return int(whole + part.ljust(scale, "0"))


def _plain(hint: Any) -> _Read:
    """Reads a field that declares no type: verdicts, records and tuples of them, and plain values."""
    if get_origin(hint) is UnionType:
        (item,) = (a for a in get_args(hint) if a is not NoneType)
        return _optional(_plain(item))
    if get_origin(hint) is tuple:
        return _several(_plain(get_args(hint)[0]))
    if hint is Verdict:
        return _verdict
    if attrs.has(hint):
        return lambda value: hint(**{f: read(value[f]) for f, read in _fields(hint).items()})
    return _same


def _verdict(written: Json) -> Verdict:
    return Verdict(
        Outcome(written["outcome"]),
        tuple(map(_reason, written.get("reasons", ()))),
        needs=tuple(written.get("needs", ())),
        fault=written.get("fault", ""),
    )


def _reason(written: Json) -> Reason:
    text = written["text"]
    return _shared_reason(
        written["rule"], written["effect"], tuple(text.items()), tuple(written["per"]), written["status"]
    )


@lru_cache(maxsize=4096)
def _shared_reason(
    rule: str, effect: Effect, text: tuple[tuple[str, str], ...], per: tuple[str, ...], status: str | None
) -> Reason:
    told = dict(text)
    words = BilingualText(told.pop("en"), told.pop("zh"), tuple(told.items()))
    known = Status(status) if status else None
    cited = tuple(Citation(p, p.partition("/")[0], "", known or Status.HOUSE, NO_WORDS) for p in per)
    return Reason(rule, effect, words, cited, known, "")
