"""Commands and events in the bytes that a journal keeps, without the JSON objects between.

In: commands and events. Out: the bytes that `canonical` makes of what `writing` makes of them, and records of them
in a journal. Each class has a writer of its own, made once. Absent: reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from json.encoder import encode_basestring as quoted
from operator import attrgetter
from typing import Any, Final

import attrs

from policy.answers import Verdict
from policy.audit.journal import Journal, as_they_are
from policy.audit.records import canonical, canonical_text
from policy.model import types
from policy.model.values import FIRST_MOMENT, LAST_MOMENT, number_text, show
from policy.wire.fields import DO, EVENT, PLAIN, AttrsClass, Message, defaults_of, types_of, word
from policy.wire.writing import plain_json, verdict_json, writer_of

Writer = Callable[[Any], bytes]

_MOST_KEPT = 1 << 14  # texts of amounts, for each type, and verdicts


def keep(journal: Journal, command: Message, events: Sequence[Message], rules: str) -> int:
    """Adds a record to a journal, as `append` does. Its bytes are made later where nothing in it can change.

    A command is frozen, but facts in it are its maker's. Raises JournalStopped.
    """
    if _facts[command.__class__](command):
        return journal.append_later(command.at, *record_bytes(command, events), rules, as_they_are)
    return journal.append_later(command.at, command, events, rules, record_bytes)


def record_bytes(command: Message, events: Sequence[Message]) -> tuple[bytes, bytes]:
    """`canonical` of what `command_json` and `event_json` make of a command and of its events."""
    given = _commands[command.__class__](command)
    if len(events) == 1:  # as a rule
        event = events[0]
        return given, b"[%b]" % _events[event.__class__](event)
    return given, b"[%b]" % b",".join([_events[event.__class__](event) for event in events])


class _Kept(dict[Any, Any]):
    """What has been made of values. It is let go of when it has become much."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __missing__(self, value: Any) -> Any:
        if len(self) >= _MOST_KEPT:
            self.clear()
        made = self[value] = self._make(value)
        return made


def _writer(what: str, defaults_of: Callable[[AttrsClass], Mapping[str, Any]], cls: AttrsClass) -> Writer:
    """A writer of the fields of a class in the order of their names; commas stand on the side of `what`.

    Verdicts come as bytes: most have Chinese in them, beside which any text takes longer to make and to encode.
    """
    form, parts, names = "{{", list[str](), dict[str, Any](_NAMES)
    hints = {field.name: field.type for field in attrs.fields(cls)}  # as they are written
    for name in sorted((what, *hints)):
        if name == what:
            form += f'"{what}":"{word(cls)}"'
            continue
        value = f"m.{name}"
        before, behind = ("", ",") if name < what else (",", "")
        if hints[name] in ("Verdict", "Verdict | None"):
            parts += (f'{form}{before}"{name}":', f"_verdict({value})")
            form = behind
            continue
        of = types_of(cls)[name]
        if isinstance(of, types.Enum) and all(quoted(member) == f'"{member}"' for member in of.members):
            text = f'"{{{value}}}"'
        else:
            text = f"{{{_text(name, of, hints[name] if of is PLAIN else None, names)}}}"
        field = f'{before}"{name}":{text}{behind}'
        if name in defaults_of(cls):
            names[f"_no_{name}"] = defaults_of(cls)[name]
            field = f"""{{"" if {value} == _no_{name} else f'{field}'}}"""
        form += field
    parts.append(f"{form}}}}}")
    parts[::2] = [f"""f'''{form}'''.encode("utf-8", "backslashreplace")""" for form in parts[::2]]  # as `as_bytes`
    made: Writer = eval(f"lambda m: {' + '.join(parts)}", names)
    return made


def _facts_of(cls: AttrsClass) -> Callable[[Any], object]:
    """What a command has of facts; something even if none, where it has several sorts of them."""
    names = [name for name, of in types_of(cls).items() if of is None]
    return attrgetter(*names) if names else lambda _: None


def _text(field: str, of: Any, hint: Any, names: dict[str, Any]) -> str:
    """The source of the text of a field's value, by its type; where it has none, by its annotation."""
    value, own = f"m.{field}", f"_{field}"
    if isinstance(of, types.OptionalOf):
        return f'"null" if {value} is None else {_text(field, of.of, None, names)}'
    if hint == "str" or isinstance(of, types.Text | types.Enum):
        return f"_quoted({value})"
    if hint == "int" or of == types.INTEGER:
        return value
    if isinstance(of, types.Instant):
        return f"_instant({value})"
    if isinstance(of, types.Number):
        names[own] = _amounts[of]
        return f"{own}[{value}]"
    if of is not PLAIN:
        as_json = writer_of(of)
        names[own] = lambda given: canonical_text(as_json(given))
        return f"{own}({value})"
    if hint == "bool":
        return f'"true" if {value} else "false"'
    if hint == "tuple[str, ...]":
        names[own] = _Kept(lambda texts: f"[{','.join(map(quoted, texts))}]")
        return f"{own}[{value}]"
    return f'"null" if {value} is None else _plain({value})'


def _instant(value: int) -> str:
    """As `show` has it; what it is without its microseconds is kept."""
    second, rest = divmod(value, 10**6)
    said = _seconds[second]
    if not said:
        return quoted(show(value, types.INSTANT))
    return f'"{said}.{_DIGITS[rest // 1000]}{_DIGITS[rest % 1000]}+00:00"' if rest else f'"{said}+00:00"'


def _second(second: int) -> str:
    """Nothing for one out of the calendar."""
    value = second * 10**6
    return show(value, types.INSTANT).removesuffix("+00:00") if FIRST_MOMENT <= value <= LAST_MOMENT else ""


# ── fields without a type ───────────────────────────────────────────────────────────────────


def _plain(value: Any) -> str:
    return canonical_text(plain_json(value))


def _verdict(verdict: Verdict | None) -> bytes:
    """By identity: answers share verdicts, and to compare them is slow."""
    kept = _verdicts.get(id(verdict))
    if kept is None:
        if len(_verdicts) >= _MOST_KEPT:
            _verdicts.clear()
        kept = _verdicts[id(verdict)] = verdict, canonical(verdict and verdict_json(verdict))
    return kept[1]


_verdicts: dict[int, tuple[Verdict | None, bytes]] = {}
_DIGITS: Final = [f"{n:03}" for n in range(1000)]
_seconds: Final = _Kept(_second)
_amounts: Final = _Kept(lambda of: _Kept(lambda amount: quoted(number_text(amount, of))))
_NAMES: Final = {"_quoted": quoted, "_instant": _instant, "_plain": _plain, "_verdict": _verdict}
_facts: Final = _Kept(_facts_of)
_commands: Final = _Kept(partial(_writer, DO, defaults_of))
_events: Final = _Kept(partial(_writer, EVENT, lambda _: {}))
