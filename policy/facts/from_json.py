"""Facts from JSON text, read strictly: nothing is rounded, guessed, or silently dropped.

In: text, and the types a question asks for. Out: run-time facts, or findings that name the fact, the reason
and the remedy. Refused: duplicate keys, NaN and Infinity, numbers too long or too precise, times without an
offset, digits that are not 0-9, unknown fields.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from attrs import frozen

from policy.decisions import MISSING
from policy.diagnostics import Collector, Diagnostic, did_you_mean, not_utf_8, which_member
from policy.ir.interpret import attribute
from policy.ir.program import FieldOf, Function, Program
from policy.model import types, values
from policy.model.types import MOST_FACT_DIGITS, Number, Type, a_type, describe
from policy.source import Source, Span

_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,9})?)(?: ?(%|bp|[A-Z]{3}|[a-z]+))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
LONGEST_NUMBER = 60
LARGEST_FACTS = 100_000_000  # bytes, enough for the longest list


class _NumberText(str):
    """A JSON number as it was written."""


class _DuplicateKeyError(Exception):
    pass


class _NotANumberError(Exception):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [k for k, _ in pairs]
        raise _DuplicateKeyError(next(k for k in keys if keys.count(k) > 1))
    return result


def _refuse_constant(name: str) -> Any:
    raise _NotANumberError(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_NumberText,
    parse_int=_NumberText,
    parse_constant=_refuse_constant,
)


@frozen(eq=False)
class FactReader:
    """Reads the facts of one question."""

    program: Program
    function: Function
    classes: dict[str, type[Any]]
    null_is_missing: bool = False  # as it is in tables, which cannot leave a cell out; in JSON it is refused

    def read_bytes(self, name: str, data: bytes) -> tuple[Any, ...] | list[Diagnostic]:
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

    def read(self, source: Source, start: int = 0, end: int | None = None) -> tuple[Any, ...] | list[Diagnostic]:
        """The question's arguments from the JSON object in `source[start:end]`, or what is wrong with it."""
        text = source.text[start:end]
        whole = Span(source, start, start + len(text.rstrip()))
        found = Collector()
        document = parse(whole, found)
        return found.found or self.read_document(document, whole)

    def read_document(self, document: Any, whole: Span) -> tuple[Any, ...] | list[Diagnostic]:
        """The question's arguments from what `parse` made of a text, or what is wrong with it."""
        found = Collector()
        arguments = _Reading(self, whole, found).arguments(document)
        return found.found or arguments


def parse(whole: Span, found: Collector) -> Any:
    """The JSON document in a span, its numbers as they were written; None where it is none, with a finding."""
    text = whole.text
    try:
        document = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(document, ensure_ascii=False).encode()
        return document
    except UnicodeEncodeError:
        found.error("facts-json", "a text holds half a character", whole, "`\\ud800` to `\\udfff` come in pairs")
    except json.JSONDecodeError as failure:
        at = whole.start + failure.pos
        why = failure.msg.lower().removesuffix(" at")
        found.error("facts-json", f"this is not JSON: {why}", Span(whole.source, at, at + 1))
    except _DuplicateKeyError as failure:
        found.error(
            "facts-duplicate-key",
            f"`{failure}` is given twice",
            _find(whole, str(failure), last=True),
            "leave one of the two",
        )
    except _NotANumberError as failure:
        found.error("facts-number", f"`{failure}` is not a number", _find(whole, str(failure), quoted=False))
    except RecursionError:
        found.error("facts-json", "the facts are nested too deeply", whole)
    return None


def _find(whole: Span, key: str, last: bool = False, quoted: bool = True) -> Span:
    """Where `key` stands in the text, if it stands there once (or the last time)."""
    wanted = json.dumps(key, ensure_ascii=False) if quoted else key
    text = whole.text
    if text.count(wanted) == 1 or (last and wanted in text):
        at = whole.start + text.rindex(wanted)
        return Span(whole.source, at, at + len(wanted))
    return whole


class _Reading:
    """One document being read; collects everything wrong with it."""

    def __init__(self, reader: FactReader, whole: Span, found: Collector) -> None:
        self.program, self.function, self.classes = reader.program, reader.function, reader.classes
        self.whole, self.found = whole, found
        self.null_is_missing = reader.null_is_missing

    def wrong(self, code: str, path: str, message: str, help: str = "") -> Any:
        key = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
        self.found.error(code, f"`{path}`: {message}", _find(self.whole, key), help)
        return MISSING

    def arguments(self, document: Any) -> tuple[Any, ...]:
        names = dict(self.function.parameters)
        if not isinstance(document, dict):
            wanted = ", ".join(f'"{n}": …' for n in names)
            self.found.error("facts-type", "the facts are one JSON object", self.whole, f"write {{{wanted}}}")
            return ()
        for key in document:
            if key not in names:
                asked = ", ".join(f"`{n}`" for n in names) or "nothing"
                help = did_you_mean(key, names) or f"it asks about {asked}"
                self.wrong("facts-unknown", key, "the question does not ask about this", help)
        return tuple(
            self.value(document[name], of, name) if name in document else self.absent(of)
            for name, of in names.items()
        )

    def absent(self, of: Type) -> Any:
        """A whole fact that was not given: a record of missing fields, so that each can be named."""
        return self.classes[of.name]() if isinstance(of, types.Record) else MISSING

    def value(self, given: Any, of: Type, path: str) -> Any:
        if isinstance(of, types.OptionalOf):
            return None if given is None else self.value(given, of.of, path)
        if given is None and self.null_is_missing:
            return self.absent(of)
        if given is None:
            return self.wrong(
                "facts-type",
                path,
                "null says that it is absent, but it is not optional",
                "leave it out if unknown",
            )
        match of:
            case types.Boolean():
                return given if isinstance(given, bool) else self.mismatch(given, of, path)
            case types.Text():
                if isinstance(given, _NumberText) or not isinstance(given, str):
                    return self.mismatch(given, of, path)
                return given
            case types.Enum(_, members):
                if isinstance(given, _NumberText) or not isinstance(given, str):
                    return self.mismatch(given, of, path)
                if given not in members:
                    help = which_member(given, members)
                    return self.wrong("facts-type", path, f"`{given}` is not {a_type(of)}", help)
                return given
            case types.Record(name):
                return self.record(given, name, path)
            case types.ListOf(item) | types.SetOf(item):
                if not isinstance(given, list):
                    return self.mismatch(given, of, path)
                if len(given) > types.LONGEST_LIST:
                    return self.wrong("facts-type", path, f"has more than {types.LONGEST_LIST:,} elements")
                elements = [self.value(g, item, f"{path}[{n}]") for n, g in enumerate(given)]
                if isinstance(of, types.ListOf):
                    return tuple(elements)
                return MISSING if any(e is MISSING for e in elements) else frozenset(elements)
            case types.Date():
                return self.date(given, path)
            case types.Instant():
                return self.instant(given, path)
            case Number():
                return self.number(given, of, path)
            case types.Broken():
                raise AssertionError(path)

    def mismatch(self, given: Any, of: Type, path: str) -> Any:
        kind = {bool: "a boolean", str: "a text", dict: "an object", list: "a list", _NumberText: "a number"}
        help = 'write it in quotes: "12.34"' if isinstance(of, types.Text) and isinstance(given, _NumberText) else ""
        return self.wrong("facts-type", path, f"is {kind[type(given)]}, but `{describe(of)}` is wanted", help)

    def record(self, given: Any, name: str, path: str) -> Any:
        fields: dict[str, FieldOf] = {f.name: f for f in self.program.records[name]}
        if not isinstance(given, dict):
            return self.mismatch(given, types.Record(name), path)
        for key in given:
            if key not in fields:
                help = did_you_mean(key, fields) or "it has " + ", ".join(f"`{f}`" for f in fields)
                self.wrong("facts-unknown", f"{path}.{key}", f"`{types.short(name)}` has no such field", help)
        read = {}
        for key, f in fields.items():
            inner = f"{path}.{key}"
            if key not in given:
                nested = f.type
                read[attribute(key)] = self.absent(nested)
                continue
            value = self.value(given[key], f.type, inner)
            if isinstance(value, int) and not isinstance(value, bool):
                for bound, beyond, word in ((f.least, -1, "at least"), (f.most, 1, "at most")):
                    if bound is not None and (value - bound) * beyond > 0:
                        limit = values.show(bound, f.type)
                        self.wrong(
                            "facts-bounds",
                            inner,
                            f"is {values.show(value, f.type)}, but {word} {limit} is allowed",
                        )
            read[attribute(key)] = value
        return self.classes[name](**read)

    def number(self, given: Any, of: Number, path: str) -> Any:
        if isinstance(given, bool) or not isinstance(given, str):
            return self.mismatch(given, of, path)
        if len(given) > LONGEST_NUMBER:
            return self.wrong("facts-number", path, f"the number has more than {LONGEST_NUMBER} characters")
        match = _NUMBER.fullmatch(given)
        if match is None:
            return self.wrong(
                "facts-number",
                path,
                f"`{given}` is not a decimal number",
                "digits 0-9, one point, no separators",
            )
        number, unit = Decimal(match[1]) or Decimal(0), match[2] or ""
        scale = of.scale
        if unit:
            if of.unit == "rate" and unit in ("%", "bp"):
                scale -= 2 if unit == "%" else 4
            elif of.unit == "duration" and unit.rstrip("s") in _SECONDS:
                number *= _SECONDS[unit.rstrip("s")]
            elif unit != of.currency:
                return self.wrong("facts-type", path, f"is in `{unit}`, but `{describe(of)}` is wanted")
        exponent = number.as_tuple().exponent
        assert isinstance(exponent, int)
        if number.adjusted() + scale >= MOST_FACT_DIGITS and number:
            return self.wrong("facts-number", path, f"the number is too large for `{describe(of)}`")
        if -exponent > LONGEST_NUMBER:
            return self.wrong("facts-number", path, "the number has too many decimals")
        result = values.scaled(number, scale)
        if result is None:
            return self.wrong(
                "facts-number",
                path,
                f"`{given}` has more decimals than `{describe(of)}`",
                "nothing is rounded silently",
            )
        return result

    def date(self, given: Any, path: str) -> Any:
        if isinstance(given, str) and _DATE.fullmatch(given):
            try:
                return date.fromisoformat(given).toordinal()
            except ValueError:
                return self.wrong("facts-time", path, f"there is no day `{given}`")
        return self.wrong("facts-time", path, "is not a date", "write it as 2026-02-11")

    def instant(self, given: Any, path: str) -> Any:
        help = "write it as 2026-02-11T16:10:00+08:00, with its offset"
        if isinstance(given, str) and _INSTANT.fullmatch(given):
            try:
                return values.microseconds(datetime.fromisoformat(given))
            except ValueError:
                return self.wrong("facts-time", path, f"there is no moment `{given}`", help)
        return self.wrong("facts-time", path, "is not an instant", help)
