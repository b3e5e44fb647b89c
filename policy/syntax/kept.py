"""Files parsed with what the cache has kept: of a changed file, only the declarations that changed are read again.

In: a source. Out: what `from_text.parse` says of it. A declaration is kept as a pickle of its nodes, with places
relative to its beginning, under a digest of its text. Reading one back makes nodes of the syntax tree, nothing else.
Absent: files with findings, and short ones, which are parsed as a whole.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache as once
from importlib import import_module
from typing import Any

import attrs

from policy import cache
from policy.answers import BilingualText
from policy.source import NOWHERE, Source, Span
from policy.syntax import from_text
from policy.syntax.from_text import Parsed, Reading, stretches
from policy.syntax.parsing import UnexpectedError
from policy.syntax.tree import Node

SHORT = 3_000  # characters that are parsed as quickly as they are read back
_MODULES = {f"policy.syntax.{name}" for name in ("tree", "expressions", "pieces")}
_PLAIN: dict[str, Any] = {
    "datetime.date": date,
    "decimal.Decimal": Decimal,
    "policy.answers.BilingualText": BilingualText,
}


def parsed(source: Source) -> Parsed:
    """What can be read of `source`, and findings."""
    if len(source.text) < SHORT:
        return from_text.parse(source)
    key = cache.key("trees", source.name)
    found = cache.fetch(key)
    before: dict[bytes, bytes] = found if isinstance(found, dict) else {}
    now: dict[bytes, bytes] = {}
    reading = Reading(source)
    for start, end in stretches(source.text):
        digest = hashlib.sha256(source.text[start:end].encode()).digest()
        first = len(reading.declarations)
        if (declarations := _loaded(before.get(digest, b""), source, start)) is not None:
            now[digest] = before[digest]
            reading.declarations += declarations
            continue
        try:
            reading.read(start, end)
        except UnexpectedError:
            return from_text.parse(source)
        now[digest] = _dumped(reading.declarations[first:], start)
    if reading.found.found:
        return from_text.parse(source)
    if now != before:
        cache.store(key, now)
    return reading.parsed()


def _dumped(declarations: list[Any], start: int) -> bytes:
    file = io.BytesIO()
    _Pickler(file, start).dump(declarations)
    return file.getvalue()


def _loaded(data: bytes, source: Source, start: int) -> list[Any] | None:
    try:
        declarations: list[Any] | None = _Unpickler(io.BytesIO(data), source, start).load() if data else None
    except Exception:  # what is damaged is parsed again
        return None
    return declarations


class _Pickler(pickle.Pickler):
    """Writes a node as its class and fields; of its span, the beginning and end in the declaration."""

    def __init__(self, file: io.BytesIO, start: int) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.start = start

    def reducer_override(self, obj: Any) -> Any:
        cls: Any = type(obj)
        if cls is BilingualText:
            return cls, (obj.en, obj.zh)
        if issubclass(cls, Node):
            place = (-1, -1) if obj.span is NOWHERE else (obj.span.start - self.start, obj.span.end - self.start)
            return cls, (*_fields(cls)(obj), *place)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    """Reads nodes back, and refuses all else that a pickle can name."""

    def __init__(self, file: io.BytesIO, source: Source, start: int) -> None:
        super().__init__(file)
        self.source, self.start = source, start

    def find_class(self, module: str, name: str) -> Any:
        if plain := _PLAIN.get(f"{module}.{name}"):
            return plain
        bind = _binder(module, name)
        return bind(self.source, self.start)


@once
def _fields(cls: Any) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the fields of a node but for its span."""
    names = [f.name for f in attrs.fields(cls) if f.name != "span"]
    return lambda node: tuple([getattr(node, name) for name in names])


@once
def _binder(module: str, name: str) -> Callable[[Source, int], Callable[..., Node]]:
    """What makes nodes of a class, all of one declaration."""
    cls = getattr(import_module(module), name) if module in _MODULES else None
    if not (isinstance(cls, type) and issubclass(cls, Node)):
        raise pickle.UnpicklingError(f"{module}.{name} is no node")
    # a frozen class is filled by its slots, which takes half the time
    puts = [getattr(cls, f.name).__set__ for f in attrs.fields(cls) if f.name != "span"]
    put_span = cls.span.__set__  # type: ignore[attr-defined]
    new = object.__new__
    put_source, put_start, put_end = (getattr(Span, field).__set__ for field in ("source", "start", "end"))

    def bind(source: Source, start: int) -> Callable[..., Node]:
        def make(*fields: Any) -> Node:
            node: Node = new(cls)
            for put, value in zip(puts, fields):  # noqa: B905  # the last two are the place
                put(node, value)
            first, last = fields[-2:]
            if first < 0:
                span = NOWHERE
            else:
                span = new(Span)
                put_source(span, source)
                put_start(span, start + first)
                put_end(span, start + last)
            put_span(node, span)
            return node

        return make

    return bind
