"""The fields of commands and events: their types, and the words that classes are known by.

In: attrs classes. Out: fields with the types of the rulebook language. Absent: JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import attrs

from policy.model import types
from policy.model.types import Number, Type

DO = "do"  # the key under which a command says what it is
EVENT = "event"  # the same of an event
AttrsClass = Any  # of commands, events and records; no narrower type says that attrs made it
Message = Any  # a command or an event
PLAIN = object()  # stands for the type of a field that declares none

_LOWER = re.compile(r"(?<=[a-z])(?=[A-Z])")


def typed(of: Type, default: object = attrs.NOTHING) -> Any:
    """A field of a command or event: a scaled integer, instant or list of the rules' types."""
    return attrs.field(default=default, metadata={"type": of})


def standing(of: Type, default: object = attrs.NOTHING) -> Any:
    """A field like `typed`, of an amount as it stands after the event: it can be told, and never added up."""
    return attrs.field(default=default, metadata={"type": of, "stands": True})


def facts() -> Any:
    """A field of a command with facts of the rulebook, as the JSON that its own reader will judge."""
    return attrs.field(factory=dict, metadata={"type": None})


def word(cls: AttrsClass) -> str:
    """What a class is called in JSON: `NewDay` is `new_day`."""
    return _LOWER.sub("_", cls.__name__).lower()


def money_of(cls: AttrsClass) -> tuple[tuple[str, Number], ...]:
    """The fields of a class that are money that moved, with their types."""
    return _money(cls)


@cache
def _money(cls: AttrsClass) -> tuple[tuple[str, Number], ...]:
    found = []
    for f in attrs.fields(cls):
        of = f.metadata.get("type")
        inner = types.inner_of(of)
        if isinstance(inner, Number) and inner.is_money and "stands" not in f.metadata:
            found.append((f.name, inner))
    return tuple(found)


@cache
def types_of(cls: AttrsClass) -> Mapping[str, Any]:
    """The declared types of a class's fields; None of facts, `PLAIN` where there is none."""
    return MappingProxyType({f.name: f.metadata.get("type", PLAIN) for f in attrs.fields(cls)})


@cache
def defaults_of(cls: AttrsClass) -> Mapping[str, object]:
    """The defaults of a class's fields."""
    found = {}
    for f in attrs.fields(cls):
        if isinstance(f.default, attrs.Factory):  # type: ignore[arg-type]  # a class to attrs, a function to mypy
            found[f.name] = f.default.factory()
        elif f.default is not attrs.NOTHING:
            found[f.name] = f.default
    return found
