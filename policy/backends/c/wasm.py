"""The source as WebAssembly, and where everything is in its memory.

In: what has been compiled. Out: the module, which imports nothing, and a JSON document of its structs. A compiler is
run: `ziglang` (the extra `native`), else a `clang` that knows WebAssembly.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import assert_never

from policy.backends.c.compile import Compiled
from policy.backends.c.layout import Asked, Struct
from policy.diagnostics import PolicyError
from policy.extras import program, require_extra
from policy.model import types
from policy.model.types import AnswerType, describe

_FLAGS = ("--target=wasm32-freestanding", "-std=c11", "-O2", "-mbulk-memory", "-Wl,--no-entry")
_PLAIN = {"int64_t": (8, 8), "uint64_t": (8, 8), "int32_t": (4, 4), "uint32_t": (4, 4), "uint8_t": (1, 1)}
_HEAD = ("size", "version")


def module(made: Compiled) -> bytes:
    """The module. Raises PolicyError where there is no compiler, or it fails."""
    compiler = [sys.executable, "-m", "ziglang", "cc"]
    try:
        require_extra("ziglang", "native", instead="install clang and lld")
    except PolicyError:
        if not (clang := program("clang")):
            raise
        compiler = [clang, "-nostdlib"]  # its own library of quotients, where it has one for WebAssembly
    exports = [f"-Wl,--export={name}" for name in ("__heap_base", *(a.c for a in made.layout.asked.values()))]
    with TemporaryDirectory(prefix="policy-") as folder:
        source, target = Path(folder, f"{made.name}.c"), Path(folder, f"{made.name}.wasm")
        source.write_text(made.source, encoding="utf-8")
        source.with_suffix(".h").write_text(made.header, encoding="utf-8")
        command = [*compiler, *_FLAGS, *exports, str(source), "-o", str(target)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if not done.returncode:
            return target.read_bytes()
    told = next((line for line in done.stderr.splitlines() if "error" in line), f"it ended with {done.returncode}")
    message = f"`{Path(compiler[0]).name}` does not compile to WebAssembly: {told}"
    raise PolicyError.of("compiler-failed", message, "pip install 'policy-that-runs[native]' brings one that does")


def document(made: Compiled) -> str:
    """Where the members of all structs are, for those who write into the memory of the module."""
    layout = made.layout
    said = {
        "rulebook": layout.program.digest,
        "version": layout.version,
        "enums": {name: {m: n for n, m in enumerate(members)} for name, members in layout.enums.items()},
        "records": {s.name: _struct(made, s, ()) for s in layout.structs.values()},
        "questions": {id: _question(made, asked) for id, asked in layout.asked.items()},
        "rows": made.rows,
        "messages": made.messages,
    }
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def _question(made: Compiled, asked: Asked) -> dict[str, object]:
    answer = [("uint32_t", name, 0) for name in (*_HEAD, "where")]
    answer += [("int32_t", "outcome", 0), ("int32_t", "fault", 0), ("int32_t", "detail", 2)]
    answer += [("uint64_t", "needs", made.layout.words)]
    if asked.is_decision:
        answer.append(("uint64_t", "reasons", -(-len(asked.function.rules) // 64)))
    results = made.results[asked.function.id]
    placed = _placed([*answer, *((r.held, r.c, r.count) for r in results)], {r.c: of_type(r.type) for r in results})
    return {
        "function": asked.c,
        "facts": _struct(made, asked.facts, _HEAD),
        "answer": placed,
        "reasons": [rule.name for rule in asked.function.rules],
        "needs": {str(n): path for n, path in made.layout.needs(asked)},
    }


def _struct(made: Compiled, struct: Struct, head: tuple[str, ...]) -> dict[str, object]:
    members = [("uint32_t", name, 0) for name in head]
    members += [("uint64_t", name, struct.words) for name in ("given", "present")]
    held = ((made.layout.held(m.type), m.c, 0) for m in struct.members.values())
    told: dict[str, dict[str, object]] = {}
    for m in struct.members.values():
        bounds = {"least": m.least, "most": m.most}
        told[m.c] = {"fact": m.name, **of_type(m.type), **{k: v for k, v in bounds.items() if v is not None}}
    return _placed([*members, *held], told) | {"bits": {m.c: m.bit for m in struct.members.values()}}


def of_type(of: AnswerType) -> dict[str, object]:
    """A type for machines: of a number its `scale`, of a list or set what it is `of`."""
    match of:
        case types.OptionalOf(item):
            return of_type(item) | {"optional": True}
        case types.Number(unit, scale):
            return {"is": unit, "scale": scale}
        case types.Enum(name):
            return {"is": "enum", "name": name}
        case types.Record(name) | types.Results(name):
            return {"is": "record", "name": name}
        case types.ListOf(item):
            return {"is": "list", "of": of_type(item)}
        case types.SetOf(item):
            return {"is": "set", "of": of_type(item)}
        case types.Boolean() | types.Text() | types.Date() | types.Instant():
            return {"is": describe(of)}
        case types.Broken():
            raise AssertionError(of)
        case _:
            assert_never(of)


def _placed(members: Sequence[tuple[str, str, int]], told: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """The size of a struct, and of each member the offset, the type, how many there are, and what is told of it.
    Pointers have four bytes.
    """
    offset, widest, placed = 0, 1, dict[str, object]()
    for held, name, count in members:
        size, alignment = _size(held)
        offset += -offset % alignment
        array = {"count": count} if count else {}
        placed[name] = {"offset": offset, "type": held, **array, **told.get(name, {})}
        offset += size * (count or 1)
        widest = max(widest, alignment)
    return {"size": offset + -offset % widest, "members": placed}


def _size(held: str) -> tuple[int, int]:
    """The size and alignment of a type."""
    if held.endswith("*"):
        return 4, 4
    return _PLAIN.get(held) or {"policy_text": (8, 4), "policy_int128": (16, 8)}.get(held) or (12, 4)
