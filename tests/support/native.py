"""The C of a rulebook, compiled and called from here: its answers beside the interpreter's.

In: what `policy.backends.c` has made. Out: a `Library`, whose `ask` gives what `told` gives of an answer. Structs
are laid out from the `Layout`, not from the header, so that the two are held to each other.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optional
from policy.answers import MISSING, Answer, Outcome
from policy.backends.c.compile import Compiled
from policy.backends.c.layout import Asked, Struct
from policy.ir.validation import attribute
from policy.model import types
from policy.model.types import AnswerType, Type, inner_of

STRICT = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
UNDEFINED = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
OUTCOMES = {1: "undecided", 2: "permitted", 3: "denied", 4: "value", 5: "failed"}
FAULTS = {
    1: "a number is too large",
    2: "a date is out of the calendar",
    3: "division by zero",
    4: "there is no such element",
    5: "there are several elements where one is meant",
}
Told = tuple[str, Any, tuple[str, ...], tuple[str, ...], str]  # outcome, value, reasons, needs, fault


class Text(ctypes.Structure):
    _fields_ = [("at", ctypes.c_char_p), ("length", ctypes.c_uint32)]


class Int128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_int64)]


class List(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("given", ctypes.c_void_p), ("length", ctypes.c_uint32)]


SCALARS = {"int64_t": ctypes.c_int64, "int32_t": ctypes.c_int32, "uint8_t": ctypes.c_uint8, "policy_text": Text}


def compiler() -> str:
    return optional.program("gcc", os.environ.get("CC", "cc"), "gcc", "clang")


def written(made: Compiled, folder: Path) -> Path:
    """The source, beside its header."""
    (folder / f"{made.name}.h").write_text(made.header, encoding="utf-8")
    source = folder / f"{made.name}.c"
    source.write_text(made.source, encoding="utf-8")
    return source


def built(made: Compiled, folder: Path, *flags: str) -> Library:
    """The library, compiled with every warning an error."""
    source, library = written(made, folder), folder / f"lib{made.name}.so"
    command = [compiler(), *STRICT, *(flags or ("-O0",)), "-fPIC", "-shared", "-o", str(library), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4_000]
    return Library(made, library)


class Library:
    """Questions in C, asked with the facts of Python."""

    def __init__(self, made: Compiled, path: Path) -> None:
        self.made, self.layout = made, made.layout
        self.dll = ctypes.CDLL(str(path))
        self.structs: dict[str, Any] = {}
        self.kept: list[Any] = []  # what the facts of one call point to
        self.answers = {id: self.answer_struct(a) for id, a in self.layout.asked.items()}
        self.facts = {id: self.struct(a.facts, call=True) for id, a in self.layout.asked.items()}

    def struct(self, struct: Struct, call: bool = False) -> Any:
        if struct.c not in self.structs:
            head = [("size", ctypes.c_uint32), ("version", ctypes.c_uint32)] * call
            bits = [(name, ctypes.c_uint64 * struct.words) for name in ("given", "present")]
            made = [(m.c, self.scalar(self.layout.held(m.type))) for m in struct.members.values()]
            self.structs[struct.c] = type(struct.c, (ctypes.Structure,), {"_fields_": [*head, *bits, *made]})
        return self.structs[struct.c]

    def scalar(self, held: str) -> Any:
        return SCALARS.get(held) or (ctypes.c_void_p if held.endswith("*") else List)

    def answer_struct(self, asked: Asked) -> Any:
        fields: list[Any] = [("size", ctypes.c_uint32), ("version", ctypes.c_uint32), ("where", ctypes.c_uint32)]
        fields += [("outcome", ctypes.c_int32), ("fault", ctypes.c_int32), ("detail", ctypes.c_int32 * 2)]
        fields += [("needs", ctypes.c_uint64 * self.layout.words)]
        if asked.is_decision:
            fields += [("reasons", ctypes.c_uint64 * -(-len(asked.function.rules) // 64))]
        for r in self.made.results[asked.function.id]:
            of = Int128 if r.held == "policy_int128" else self.scalar(r.held)
            fields.append((r.c, of * r.count if r.count else of))
        return type(f"{asked.c}_answer", (ctypes.Structure,), {"_fields_": fields})

    # ── facts ───────────────────────────────────────────────────────────────────────────────

    def fill(self, struct: Struct, into: Any, values: Mapping[str, Any]) -> None:
        for m in struct.members.values():
            value = values[m.name]
            if value is MISSING:
                continue
            into.given[m.bit // 64] |= 1 << m.bit % 64
            if value is not None:
                into.present[m.bit // 64] |= 1 << m.bit % 64
                setattr(into, m.c, self.held(value, m.inner))

    def record(self, value: Any, of: types.Record) -> Any:
        struct = self.layout.structs[of.name]
        made = self.struct(struct)()
        self.fill(struct, made, {m.name: getattr(value, attribute(m.name)) for m in struct.members.values()})
        self.kept.append(made)
        return made

    def held(self, value: Any, of: Type) -> Any:
        match of:
            case types.Enum():
                return sorted(of.every).index(value)
            case types.Text():
                data = value.encode("utf-8", "surrogatepass")
                return Text(data, len(data))
            case types.Record():
                return ctypes.addressof(self.record(value, of))
            case types.ListOf(item) | types.SetOf(item):
                return self.list(sorted(value) if isinstance(value, frozenset) else value, item)
        return int(value)

    def list(self, values: Sequence[Any], item: Type) -> List:
        if isinstance(item, types.Record):
            kind = self.struct(self.layout.structs[item.name])
            elements = [kind() if v is MISSING else self.record(v, item) for v in values]
        else:
            kind = self.scalar(self.layout.held(item))
            elements = [kind() if v is MISSING else self.held(v, item) for v in values]
        array = (kind * max(1, len(values)))(*elements)
        given = (ctypes.c_uint8 * max(1, len(values)))(*(v is not MISSING for v in values))
        self.kept += [array, given, *elements]
        every = all(v is not MISSING for v in values)
        return List(ctypes.addressof(array), None if every else ctypes.addressof(given), len(values))

    # ── answers ─────────────────────────────────────────────────────────────────────────────

    def call(self, id: str, on: int, arguments: Sequence[Any]) -> tuple[int, Any]:
        """The status, and the answer as it is in C."""
        asked = self.layout.asked[id]
        facts, answer = self.facts[id](), self.answers[id]()
        facts.size, facts.version = ctypes.sizeof(facts), self.layout.version
        answer.size, answer.version = ctypes.sizeof(answer), self.layout.version
        names = [name for name, _ in asked.function.parameters]
        self.fill(asked.facts, facts, dict(zip(names, arguments, strict=True)))
        return getattr(self.dll, asked.c)(ctypes.byref(facts), on, ctypes.byref(answer)), answer

    def ask(self, id: str, on: int, arguments: Sequence[Any]) -> Told:
        self.kept.clear()
        status, answer = self.call(id, on, arguments)
        assert status == 0, f"{id}: status {status} at {answer.where}"
        asked, outcome = self.layout.asked[id], OUTCOMES[answer.outcome]
        value = self.value(answer, asked.function.type, "value") if outcome == "value" else None
        reasons = tuple(
            r.name for n, r in enumerate(asked.function.rules) if asked.is_decision and _bit(answer.reasons, n)
        )
        by_number = dict(self.layout.needs(asked))
        needs = tuple(sorted(by_number[n] for n in range(64 * self.layout.words) if _bit(answer.needs, n)))
        return outcome, value, reasons, needs, self.fault(answer)

    def fault(self, answer: Any) -> str:
        if answer.fault == 6:
            return f"{self.made.rows[answer.detail[0]]} and {self.made.rows[answer.detail[1]]} both apply"
        return self.made.messages[answer.detail[0]] if answer.fault == 7 else FAULTS.get(answer.fault, "")

    def value(self, answer: Any, of: AnswerType, name: str) -> Any:
        if isinstance(of, types.Results):
            return tuple(self.value(answer, inner, f"{name}_{field}") for field, inner in of.fields)
        if isinstance(of, types.OptionalOf) and not getattr(answer, f"{name}_present"):
            return None
        inner, held = inner_of(of), getattr(answer, name)
        if isinstance(held, ctypes.Array):
            return tuple(map(_number, held))
        if isinstance(held, List):
            assert isinstance(inner, types.ListOf | types.SetOf)
            kind = self.scalar(self.layout.held(inner.of))
            elements = (
                [(kind * held.length).from_address(held.at)[n] for n in range(held.length)] if held.length else []
            )
            read = [self.scalar_value(e, inner.of) for e in elements]
            return tuple(read) if isinstance(inner, types.ListOf) else frozenset(read)
        return self.scalar_value(held, inner)

    def scalar_value(self, held: Any, of: Type) -> Any:
        match of:
            case types.Boolean():
                return bool(held)
            case types.Enum():
                return sorted(of.every)[held]
            case types.Text():
                return ctypes.string_at(held.at, held.length).decode("utf-8", "surrogatepass") if held.length else ""
        return _number(held)


def _number(held: Any) -> int:
    return (held.high << 64) + held.low if isinstance(held, Int128) else int(held)


def _bit(words: Any, n: int) -> bool:
    return bool(words[n // 64] >> n % 64 & 1)


def told(answer: Answer) -> Told:
    """What C can say of an answer: needs without places in lists."""
    reasons = [r.rule for r in answer.reasons] if answer.outcome in (Outcome.PERMITTED, Outcome.DENIED) else []
    needs = sorted({re.sub(r"\[[0-9]+\]", "[]", need) for need in answer.needs})
    value = tuple(answer.value) if isinstance(answer.value, list) else answer.value
    return answer.outcome.value, value, tuple(reasons), tuple(needs), answer.verdict.fault
