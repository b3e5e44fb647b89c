"""Commands and events as JSON objects.

In: commands and events. Out: JSON objects, and their text. Absent: reading.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from policy.answers import Verdict
from policy.model import types
from policy.model.values import show
from policy.vocabulary import Json
from policy.wire.fields import DO, EVENT, PLAIN, AttrsClass, Message, defaults_of, types_of, word


def command_json(command: Message) -> Json:
    """A command as it could have been written; what has its default is left out."""
    cls: AttrsClass = type(command)
    writers, defaults = _writers(cls), defaults_of(cls)
    written = {name: getattr(command, name) for name in writers}
    return {DO: word(cls)} | {
        name: writers[name](value)
        for name, value in written.items()
        if name not in defaults or value != defaults[name]
    }


def event_json(event: Message) -> Json:
    """An event: every field, in the order declared; a verdict tells its rules and their provisions."""
    return {EVENT: word(type(event))} | _parts(event)


def json_line(document: object) -> str:
    """A JSON document as one line: keys in their order, no spaces, no escapes that are not needed."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def verdict_json(verdict: Verdict) -> Json:
    """What was decided, by which rules, on which provisions; or what is missing."""
    written: Json = {"outcome": verdict.outcome.value}
    if verdict.reasons:
        written["reasons"] = [
            {
                "rule": r.rule,
                "effect": r.effect,
                "per": [c.provision for c in r.citations],
                "status": r.status.value if r.status else None,
                "text": r.text.by_tag(),
            }
            for r in verdict.reasons
        ]
    if verdict.needs:
        written["needs"] = list(verdict.needs)
    if verdict.fault:
        written["fault"] = verdict.fault
    return written


@cache
def _writers(cls: AttrsClass) -> Mapping[str, Callable[[Any], Any]]:
    return MappingProxyType({name: writer_of(of) for name, of in types_of(cls).items()})


def writer_of(of: Any) -> Callable[[Any], Any]:
    """What makes JSON of the values of a field, by its type."""
    if of is PLAIN:
        return plain_json
    if of is None:
        return lambda value: value
    if isinstance(of, types.OptionalOf):
        inner = writer_of(of.of)
        return lambda value: None if value is None else inner(value)
    if isinstance(of, types.ListOf):
        inner = writer_of(of.of)
        return lambda value: [inner(v) for v in value]
    if of in (types.TEXT, types.BOOLEAN, types.INTEGER) or isinstance(of, types.Enum):
        return lambda value: value
    return lambda value: show(value, of)


def plain_json(value: Any) -> Any:
    """Texts, numbers and booleans as they are; verdicts, records and lists of them by their parts."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Verdict):
        return verdict_json(value)
    if isinstance(value, tuple | list):
        return [plain_json(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): plain_json(v) for k, v in value.items()}
    return _parts(value)


def _parts(record: Message) -> Json:
    cls: AttrsClass = type(record)
    return {name: write(getattr(record, name)) for name, write in _writers(cls).items()}
