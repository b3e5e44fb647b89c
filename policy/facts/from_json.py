"""Facts from JSON text, read strictly: nothing is rounded, guessed, or silently dropped.

In: text, and the types a question asks for. Out: run-time facts, or findings that name the fact, the reason
and the remedy. Refused: duplicate keys, NaN and Infinity, numbers too long or too precise, times without an
offset, digits that are not 0-9, unknown fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from attrs import frozen

from policy.answers import MISSING
from policy.diagnostics import Collector, Diagnostic, did_you_mean, not_utf_8
from policy.ir.program import FieldDeclaration, Function, Program
from policy.ir.validation import Validator, attribute
from policy.model import types, written
from policy.model.types import Number, Quantity, Type
from policy.model.written import Wrong
from policy.source import Source, Span
from policy.vocabulary import RecordClass, RuntimeValue

LARGEST_FACTS = 100_000_000  # bytes, enough for the longest list
DEEPEST_FACTS = 100  # lists and objects inside each other, whatever Python's own stack would bear
NESTED = "the facts are nested more than 100 deep"
_BESIDE_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[^"{}\[\]]++', re.DOTALL)
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1}


class _NumberText(str):
    """A JSON number as it was written."""


class _DuplicateKeyError(Exception):
    pass


class _NotANumberError(Exception):
    pass


def _object(pairs: list[tuple[str, RuntimeValue]]) -> dict[str, RuntimeValue]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [k for k, _ in pairs]
        raise _DuplicateKeyError(next(k for k in keys if keys.count(k) > 1))
    return result


def _refuse_constant(name: str) -> RuntimeValue:
    raise _NotANumberError(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_NumberText,
    parse_int=_NumberText,
    parse_constant=_refuse_constant,
)


@frozen(eq=False, repr=False)
class FactReader:
    """Reads the facts of one question."""

    program: Program
    function: Function
    classes: dict[str, RecordClass]
    null_is_missing: bool = False  # as it is in tables, which cannot leave a cell out; in JSON it is refused

    def read_bytes(self, name: str, data: bytes) -> tuple[RuntimeValue, ...] | list[Diagnostic]:
        """The question's arguments from a file's bytes, or what is wrong with them; a byte order mark is accepted."""
        found = Collector()
        if len(data) > LARGEST_FACTS:
            start = Source(name, data[:100].decode("utf-8-sig", errors="replace"))
            found.error(
                "facts-json", f"the facts have more than {LARGEST_FACTS:,} bytes", Span(start, 0, 1), "ask in parts"
            )
            return found.found
        try:
            return self.read(Source(name, data.decode("utf-8-sig")))
        except UnicodeDecodeError as failure:
            return [not_utf_8(name, data, failure, "the facts")[1]]

    def __repr__(self) -> str:
        return f"<reader of the facts of {self.function.id}>"

    def read(
        self, source: Source | str, start: int = 0, end: int | None = None
    ) -> tuple[RuntimeValue, ...] | list[Diagnostic]:
        """The question's arguments from the JSON object in `source[start:end]`, or what is wrong with it."""
        if isinstance(source, str):
            source = Source("<facts>", source)
        if not isinstance(source, Source):
            raise TypeError(f"facts are read from a JSON text or a `Source`, not from a `{type(source).__name__}`")
        text = source.text[start:end]
        whole = Span(source, start, start + len(text.rstrip()))
        found = Collector()
        document = parse(whole, found)
        return found.found or self.read_document(document, whole)

    def read_document(self, document: RuntimeValue, whole: Span) -> tuple[RuntimeValue, ...] | list[Diagnostic]:
        """The question's arguments from what `parse` made of a text, or what is wrong with it."""
        found = Collector()
        arguments = _DocumentValidator(self, whole, found).arguments(document)
        return found.found or arguments


def parse(whole: Span, found: Collector) -> RuntimeValue:
    """The JSON document in a span, its numbers as they were written; None where it is none, with a finding."""
    text = whole.text
    if _is_deep(text):
        found.error("facts-json", NESTED, whole)
        return None
    try:
        document = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(document, ensure_ascii=False).encode()
        return document
    except UnicodeEncodeError:
        found.error(
            "facts-json", "a text contains an unpaired surrogate", whole, "`\\ud800` to `\\udfff` come in pairs"
        )
    except json.JSONDecodeError as failure:
        at = whole.start + failure.pos
        why = failure.msg.lower().removesuffix(" at")
        found.error("facts-json", f"this is not JSON: {why}", Span(whole.source, at, at + 1))
    except _DuplicateKeyError as failure:
        found.error(
            "facts-duplicate-key",
            f"`{failure}` is given twice",
            _find(whole, str(failure), last=True),
            "remove one of the two",
        )
    except _NotANumberError as failure:
        found.error("facts-number", f"`{failure}` is not a number", _find(whole, str(failure), quoted=False))
    return None


def _is_deep(text: str) -> bool:
    """Whether more than `DEEPEST_FACTS` brackets are open at one place of a JSON text."""
    if text.count("{") + text.count("[") <= DEEPEST_FACTS:
        return False
    brackets = _BESIDE_BRACKETS.sub("", text)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > DEEPEST_FACTS


def is_nested_deeply(facts: object) -> bool:
    """The same of lists and dicts made in Python, which may even contain themselves."""
    level: dict[int, Any] = {0: facts}
    for _ in range(DEEPEST_FACTS):
        inside = (x.values() if isinstance(x, dict) else x for x in level.values())
        level = {id(y): y for x in inside for y in x if isinstance(y, dict | list | tuple)}
        if not level:
            return False
    return True


def _find(whole: Span, key: str, last: bool = False, quoted: bool = True) -> Span:
    """Where `key` stands in the text, if it stands there once (or the last time)."""
    wanted = json.dumps(key, ensure_ascii=False) if quoted else key
    text = whole.text
    if text.count(wanted) == 1 or (last and wanted in text):
        at = whole.start + text.rindex(wanted)
        return Span(whole.source, at, at + len(wanted))
    return whole


class _DocumentValidator(Validator):
    """One document being read; collects everything wrong with it."""

    def __init__(self, reader: FactReader, whole: Span, found: Collector) -> None:
        self.program, self.function, self.classes = reader.program, reader.function, reader.classes
        self.whole, self.found = whole, found
        self.null_is_missing = reader.null_is_missing

    def wrong(self, path: str, wrong: Wrong) -> RuntimeValue:
        key = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
        self.found.error(wrong.code, f"`{path}`: {wrong.message}", _find(self.whole, key), wrong.help)
        return MISSING

    def arguments(self, document: RuntimeValue) -> tuple[RuntimeValue, ...]:
        names = dict(self.function.parameters)
        if not isinstance(document, dict):
            wanted = ", ".join(f'"{n}": …' for n in names)
            self.found.error("facts-type", "the facts are one JSON object", self.whole, f"write {{{wanted}}}")
            return ()
        for key in document:
            if key not in names:
                asked = ", ".join(f"`{n}`" for n in names) or "nothing"
                help = did_you_mean(key, names) or f"it asks about {asked}"
                self.wrong(key, Wrong("facts-unknown", "the question has no such fact", help))
        return tuple(
            self.value(document[name], of, name) if name in document else self.absent(of)
            for name, of in names.items()
        )

    def absent(self, of: Type) -> RuntimeValue:
        """A whole fact that was not given: a record of missing fields, so that each can be named."""
        return self.classes[of.name]() if isinstance(of, types.Record) else MISSING

    def null(self, of: Type, path: str) -> RuntimeValue:
        return self.absent(of) if self.null_is_missing else super().null(of, path)

    def kind(self, given: RuntimeValue) -> str:
        kinds = {bool: "a boolean", str: "a text", dict: "an object", list: "a list", _NumberText: "a number"}
        return kinds[type(given)]

    def items(self, given: RuntimeValue, of: types.ListOf | types.SetOf) -> Sequence[RuntimeValue] | None:
        return given if isinstance(given, list) else None

    def record(self, given: RuntimeValue, of: types.Record, path: str) -> RuntimeValue:
        fields: dict[str, FieldDeclaration] = {f.name: f for f in self.program.records[of.name]}
        if not isinstance(given, dict):
            return self.mismatch(given, of, path)
        for key in given:
            if key not in fields:
                self.unknown_field(key, of.name, fields, path)
        read = {
            attribute(key): self.field(given[key], f, f"{path}.{key}") if key in given else self.absent(f.type)
            for key, f in fields.items()
        }
        return MISSING if self.found.found else self.classes[of.name](**read)

    def number(self, given: RuntimeValue, of: Quantity, path: str) -> RuntimeValue:
        if not isinstance(given, str) or (type(given) is _NumberText and not isinstance(of, Number)):
            return self.mismatch(given, of, path)
        read = written.quantity(given, of)
        return self.wrong(path, read) if isinstance(read, Wrong) else read
