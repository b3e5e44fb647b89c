"""Files parsed with what the cache has kept: of a changed file, only the declarations that changed are read again.

In: a source. Out: what `from_text.parse` says of it. A declaration is kept as a pickle of its nodes, with places
relative to its beginning, under a digest of its text. Reading one back makes nodes of the syntax tree, nothing else.
Absent: short files, which are parsed as a whole, and declarations with findings.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import re
from collections.abc import Callable, Container
from datetime import date
from decimal import Decimal
from functools import cache as once
from operator import attrgetter
from typing import Any

import attrs
from attrs import evolve

from policy import cache
from policy.answers import BilingualText
from policy.source import NOWHERE, Source, Span
from policy.syntax import from_text, tree
from policy.syntax.from_text import Parsed, TextReading, stretches
from policy.syntax.parsing import UnexpectedError
from policy.syntax.slips import DECLARATION_WORDS
from policy.syntax.tree import Node

SHORT = 1_000  # characters that are parsed as quickly as they are read back
_NODES: dict[str, Any] = {
    name: cls for name, cls in vars(tree).items() if isinstance(cls, type) and issubclass(cls, tree.Node)
}


Pieces = dict[bytes, bytes]  # declarations by their digests


class _Memory:
    """What this process has parsed: of each file its last texts, and its declarations."""

    def __init__(self) -> None:
        self.files: dict[str, list[Parsed]] = {}
        self.pieces: dict[str, Pieces] = {}

    def parsed(self, source: Source) -> Parsed:
        last = self.files.setdefault(source.name, [])
        if (found := next((p for p in last if p.source.text == source.text), None)) is None:
            found, self.pieces[source.name] = _reread(source, self.pieces.get(source.name, {}))
            last.append(found)
            del last[:-2]
        return found


_memory: _Memory | None = None


def remember() -> None:
    """From now on this process keeps in memory what it parses: for an editor, which asks again at each key."""
    global _memory
    _memory = _memory or _Memory()


def forget() -> None:
    """From now on this process keeps nothing in memory."""
    global _memory
    _memory = None


def parsed(source: Source, known: Container[bytes] = ()) -> Parsed:
    """What can be read of `source`, and findings; declarations of a `known` digest are left out."""
    if _memory is not None:
        return _memory.parsed(source)
    if len(source.text) < SHORT or cache.folder() is None:
        return from_text.parse(source)
    key = cache.key("trees", source.name)
    found = cache.fetch(key)
    before: Pieces = found if isinstance(found, dict) else {}
    result, now = _reread(source, before, known)
    if now != before:
        cache.store(key, now)
    return result


def _reread(source: Source, before: Pieces, known: Container[bytes] = ()) -> tuple[Parsed, Pieces]:
    """What can be read of a source whose declarations were kept, and those to keep now."""
    reading, previous = _Rereading(source, before, known), 0
    for start, end in stretches(source.text):
        try:
            reading.read(start, end)
        except UnexpectedError as failure:
            if _parses(source, start if _begins_declaration(source.text, start) else previous):
                return from_text.parse(source), before
            broken = _Rereading(source, {**before, **reading.now})
            return from_text.by_declaration(broken, failure), {**before, **reading.now, **broken.now}
        previous = start
    read = evolve(reading.parsed(), digests=reading.digests, left_out=tuple(reading.left_out))
    return read, reading.now


def _begins_declaration(text: str, start: int) -> bool:
    word = re.compile(r"\s*(\w+)", re.ASCII).match(text, start)
    return word is not None and word[1] in DECLARATION_WORDS


def _parses(source: Source, start: int) -> bool:
    """Whether a text parses from the beginning of a declaration on; before another, one ends as before the end."""
    try:
        TextReading(source).read(start, len(source.text))
    except UnexpectedError:
        return False
    return True


class _Rereading(TextReading):
    """Reads stretches, those that were kept from their pickles; `now` are those to keep."""

    def __init__(self, source: Source, before: Pieces, known: Container[bytes] = ()) -> None:
        super().__init__(source)
        self.before, self.known, self.now = before, known, Pieces()
        self.digests: dict[int, bytes] = {}
        self.left_out: list[int] = []

    def read(self, start: int, end: int) -> None:
        digest = hashlib.sha256(self.source.text[start:end].encode()).digest()
        self.digests[start] = digest
        if digest in self.known and digest in self.before:
            self.now[digest] = self.before[digest]
            self.left_out.append(start)
            return
        if (declarations := _loaded(self.before.get(digest, b""), self.source, start)) is not None:
            self.now[digest] = self.before[digest]
            self.declarations += declarations
            return
        first, findings = len(self.declarations), len(self.found.found)
        super().read(start, end)
        if len(self.found.found) == findings:
            self.now[digest] = _dumped(self.declarations[first:], start)


def _dumped(declarations: list[object], start: int) -> bytes:
    file = io.BytesIO()
    pickler, reducers = pickle.Pickler(file, pickle.HIGHEST_PROTOCOL), _reducers()
    pickler.dispatch_table, reducers.start = reducers, start
    pickler.dump(declarations)
    return file.getvalue()


def _loaded(data: bytes, source: Source, start: int) -> list[object] | None:
    makers = _makers()
    makers.source, makers.start = source, start
    try:
        declarations: list[object] | None = _Unpickler(io.BytesIO(data), makers).load() if data else None
    except Exception:  # what is damaged is parsed again
        return None
    return declarations


class _Reducers(dict[type, Callable[[Any], Any]]):
    """What writes each class as its name and fields; of a span, its place in the declaration beginning at `start`."""

    def __init__(self) -> None:
        super().__init__({cls: self._of(cls) for cls in _NODES.values() if cls is not Node})
        self[BilingualText] = lambda t: (BilingualText, (t.en, t.zh, t.others) if t.others else (t.en, t.zh))
        self.start = 0

    def _of(self, cls: type) -> Callable[[Any], Any]:
        fields = attrgetter("span", "span", *_fields(cls))  # of which there are several, so that they are a tuple

        def reduced(node: Any) -> Any:
            span, _, *values = fields(node)
            if span is NOWHERE:
                return cls, (-1, -1, *values)
            return cls, (span.start - self.start, span.end - self.start, *values)

        return reduced


class _Unpickler(pickle.Unpickler):
    """Reads nodes back. A pickle names classes; whatever it names, it gets nodes and what they hold, nothing else."""

    def __init__(self, file: io.BytesIO, makers: _Makers) -> None:
        super().__init__(file)
        self.makers = makers

    def find_class(self, _: str, name: str) -> Any:
        return self.makers[name]


class _Makers(dict[str, Callable[..., Any]]):
    """What makes the nodes of each class, of the declaration of `source` that begins at `start`."""

    def __init__(self) -> None:
        super().__init__(date=date, Decimal=Decimal, BilingualText=BilingualText)
        self.source, self.start = NOWHERE.source, 0

    def __missing__(self, name: str) -> Callable[..., Node]:
        cls = _NODES[name]
        # a frozen class is filled by its slots, which takes half the time
        puts = [getattr(cls, field).__set__ for field in _fields(cls)]
        put_span, put_source, put_start, put_end = (
            getattr(of, field).__set__
            for of, field in ((cls, "span"), (Span, "source"), (Span, "start"), (Span, "end"))
        )
        new = object.__new__

        def make(first: int, last: int, *fields: object) -> Node:
            node: Node = new(cls)
            for put, value in zip(puts, fields):  # noqa: B905  # `strict` takes a tenth of the time
                put(node, value)
            span = NOWHERE
            if first >= 0:
                span = new(Span)
                put_source(span, self.source)
                put_start(span, self.start + first)
                put_end(span, self.start + last)
            put_span(node, span)
            return node

        self[name] = make
        return make


@once
def _reducers() -> _Reducers:
    return _Reducers()


@once
def _makers() -> _Makers:
    return _Makers()


@once
def _fields(cls: Any) -> list[str]:
    return [field.name for field in attrs.fields(cls) if field.name != "span"]
