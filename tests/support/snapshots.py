"""The whole state of an engine as plain values, so that two moments can be compared.

In: an object. Out: nested tuples, an object that was met before being its number. Absent: rulebooks, questions and
functions, which no command changes; and what a venue works with, but neither holds nor tells: records that are filled
in anew for each question, whether a record was checked, access that is looked up once, answers that are kept until
they change, sums of nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy.interface import BoundQuestion
from policy.rulebook import Rulebook

WORKING = {"_checked_as", "_top", "exposure", "facts", "markets", "seats"}
_PLAIN = (int, str, bytes, float, type(None), frozenset)


def snapshot(value: Any) -> Any:
    return _taken(value, {})


def _taken(value: Any, met: dict[int, int]) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, BoundQuestion | Rulebook | type) or callable(value):
        return type(value).__name__
    if id(value) in met:
        return ("met", met[id(value)])
    met[id(value)] = len(met)
    if isinstance(value, Mapping):
        return tuple((_taken(k, met), _taken(v, met)) for k, v in value.items() if v != 0)
    if isinstance(value, list | tuple):
        return tuple(_taken(item, met) for item in value)
    return (type(value).__name__, *((name, _taken(held, met)) for name, held in _fields(value)))


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name != "__weakref__" and name not in WORKING and hasattr(value, name):
                yield name, getattr(value, name)
    yield from ((name, held) for name, held in getattr(value, "__dict__", {}).items() if name not in WORKING)
