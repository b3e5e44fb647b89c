"""Commands and events in the text that a journal keeps, without the JSON objects between.

In: commands and events. Out: the text that `canonical_text` makes of what `writing` makes of them. Each class has a
writer of its own, made once. Absent: reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from json.encoder import encode_basestring as quoted
from types import NoneType
from typing import Any, Final

import attrs

from policy.answers import Verdict
from policy.audit.records import canonical_text
from policy.model import types
from policy.model.values import FIRST_MOMENT, LAST_MOMENT, number_text, show
from policy.wire.fields import DO, EVENT, PLAIN, AttrsClass, Message, defaults_of, types_of, word
from policy.wire.writing import plain_json, verdict_json, writer_of

Writer = Callable[[Any], str]

_MOST_KEPT = 4_096  # texts of amounts, for each type, and of verdicts


def command_text(command: Message) -> str:
    """`canonical_text(command_json(command))`."""
    cls: AttrsClass = type(command)
    return _command_writer(cls)(command)


def events_text(events: Iterable[Message]) -> str:
    """`canonical_text([event_json(event) for event in events])`."""
    return f"[{','.join([_event_writer(event.__class__)(event) for event in events])}]"


@cache
def _command_writer(cls: AttrsClass) -> Writer:
    return _writer(cls, DO, defaults_of(cls))


@cache
def _event_writer(cls: AttrsClass) -> Writer:
    return _writer(cls, EVENT, {})


def _writer(cls: AttrsClass, what: str, defaults: Mapping[str, Any]) -> Writer:
    """A writer of the fields of a class in the order of their names; commas stand on the side of `what`."""
    form, values, names = "", [], dict[str, Any]()
    hints = {field.name: field.type for field in attrs.fields(cls)}  # as they are written
    for name in sorted((what, *hints)):
        if name == what:
            form += f'"{what}":"{word(cls)}"'
            continue
        value, part = f"m.{name}", f'"{name}":%s,' if name < what else f',"{name}":%s'
        of = types_of(cls)[name]
        if isinstance(of, types.Enum) and all(quoted(member) == f'"{member}"' for member in of.members):
            part = part.replace("%s", '"%s"')
        else:
            names[f"_{name}"] = _value_writer(of) if of is not PLAIN else _HINTED.get(hints[name], _plain)
            value = f"_{name}({value})"
        if name in defaults:
            names[f"_no_{name}"], names[f"_has_{name}"] = defaults[name], part
            part, value = "%s", f'"" if m.{name} == _no_{name} else _has_{name} % {value}'
        form += part
        values.append(f"{value},")
    names["_form"] = f"{{{form}}}"
    made: Writer = eval(f"lambda m: _form % ({''.join(values)})", names)
    return made


@cache
def _value_writer(of: Any) -> Writer:
    """A writer of a field's values, by its type."""
    if of is types.TEXT:
        return quoted
    if of is types.INSTANT:
        return _instant
    if isinstance(of, types.OptionalOf):
        inner = _value_writer(of.of)
        return lambda value: "null" if value is None else inner(value)
    if isinstance(of, types.Number) and of != types.INTEGER:
        return lru_cache(_MOST_KEPT)(lambda value: quoted(number_text(value, of)))
    as_json = writer_of(of)
    return lambda value: canonical_text(as_json(value))


def _instant(value: int) -> str:
    """As `show` has it; what it is without its microseconds is kept."""
    second, rest = divmod(value, 10**6)
    if not FIRST_MOMENT <= value <= LAST_MOMENT:
        return quoted(show(value, types.INSTANT))
    return f'"{_second(second)}.{rest:06d}+00:00"' if rest else f'"{_second(second)}+00:00"'


@lru_cache(_MOST_KEPT)
def _second(second: int) -> str:
    return show(second * 10**6, types.INSTANT).removesuffix("+00:00")


# ── fields without a type ───────────────────────────────────────────────────────────────────


def _plain(value: Any) -> str:
    return _PLAIN.get(type(value), _other)(value)


def _other(value: Any) -> str:
    return canonical_text(plain_json(value))


def _listed(values: tuple[Any, ...]) -> str:
    return f"[{','.join(map(_plain, values))}]"


_verdicts: dict[int, tuple[Verdict, str]] = {}  # by identity: answers share them, and to compare them is slow


def _verdict(verdict: Verdict) -> str:
    kept = _verdicts.get(id(verdict))
    if kept is None:
        if len(_verdicts) >= _MOST_KEPT:
            _verdicts.clear()
        kept = _verdicts[id(verdict)] = verdict, canonical_text(verdict_json(verdict))
    return kept[1]


def _truth(value: bool) -> str:
    return "true" if value else "false"


_HINTED: Final[Mapping[object, Writer]] = {
    "str": quoted,
    "bool": _truth,
    "Verdict": _verdict,
    "tuple[str, ...]": lru_cache(_MOST_KEPT)(_listed),
}
_PLAIN: Final[Mapping[type[Any], Writer]] = {
    str: quoted,
    bool: _truth,
    int: repr,
    NoneType: lambda _: "null",
    tuple: _listed,
    Verdict: _verdict,
}
