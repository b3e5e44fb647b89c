"""The rulebook as WebAssembly, in node and in wasmtime: every question gives what the conformance corpus says."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import optional
from native import FAULTS, OUTCOMES
from policy import resources
from policy.backends.c import wasm
from policy.backends.c.compile import Compiled, compiled, questions_of
from policy.cli import main
from policy.diagnostics import PolicyError
from policy.pipeline import check, program, read_folder
from policy.testing.conformance import corpus_text

pytestmark = pytest.mark.slow
SIZES = {"boolean": 1, "enum": 4}
UNITS = {"minute": 60, "hour": 3_600, "day": 86_400, "year": 12}  # of a duration a second is 1, of a period a month
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Module = tuple[Path, list[dict[str, Any]]]
SCRIPT = """
const fs = require('fs');
const [, , file, rows] = process.argv;
const module_ = new WebAssembly.Module(fs.readFileSync(file));
if (WebAssembly.Module.imports(module_).length) throw new Error('imports');
const module_exports = new WebAssembly.Instance(module_).exports;
let wrong = 0, right = 0;
for (const row of JSON.parse(fs.readFileSync(rows))) {
  const at = module_exports.__heap_base.value;
  const lacking = at + row.bytes.length / 2 - module_exports.memory.buffer.byteLength;
  if (lacking > 0) module_exports.memory.grow(Math.ceil(lacking / 65536));
  const memory = Buffer.from(module_exports.memory.buffer);
  Buffer.from(row.bytes, 'hex').copy(memory, at);
  for (const pointer of row.pointers) memory.writeUInt32LE(memory.readUInt32LE(at + pointer) + at, at + pointer);
  const status = module_exports[row.function](at + row.facts, row.on, at + row.answer);
  const after = Buffer.from(module_exports.memory.buffer);
  const same = row.expected.every(([offset, hex]) =>
    after.subarray(at + offset, at + offset + hex.length / 2).toString('hex') === hex);
  if (status === 0 && same) right++; else wrong++;
}
console.log(`${right} right, ${wrong} wrong`);
process.exit(wrong ? 1 : 0);
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Module:
    """The module, and the corpus as bytes of its memory, made from the document alone."""
    optional.library("ziglang", "native")
    file = tmp_path_factory.mktemp("wasm") / "rulebook.wasm"
    checked = check(read_folder((resources.folder("rulesets"),))[0])
    undated = program(checked)
    questions = questions_of(undated)
    text = compiled(undated, questions)
    document = json.loads(wasm.document(text))
    lines = list(corpus_text(checked.model, undated.digest, "", [q.id for q in questions], 3))[1:]
    rows = [CallMemory(document, json.loads(line)).row() for line in lines]
    file.write_bytes(wasm.module(text))
    return file, rows


class CallMemory:
    """What a call finds in memory: the facts of a line of the corpus, put there by the document, and an answer."""

    def __init__(self, document: Any, line: Any) -> None:
        self.document, self.line, self.question = document, line, document["questions"][line["question"]]
        self.bytes = bytearray()
        self.pointers: list[int] = []  # where there is one, which counts from the beginning of these bytes

    def row(self) -> dict[str, Any]:
        facts, answer = self.question["facts"], self.question["answer"]
        at = self.record(facts, [self.line["facts"]])
        end = self.room(answer["size"])
        for of, base in ((facts, at), (answer, end)):
            self.put("<I", base + of["members"]["size"]["offset"], of["size"])
            self.put("<I", base + of["members"]["version"]["offset"], self.document["version"])
        return {
            "function": self.question["function"],
            "bytes": self.bytes.hex(),
            "pointers": self.pointers,
            "facts": at,
            "answer": end,
            "on": date.fromisoformat(self.line["on"]).toordinal(),
            "expected": [(end + answer["members"][name]["offset"], data.hex()) for name, data in self.expected()],
        }

    def room(self, size: int) -> int:
        self.bytes.extend(bytes(-len(self.bytes) % 16))
        self.bytes.extend(bytes(size))
        return len(self.bytes) - size

    def put(self, form: str, at: int, *values: int) -> None:
        struct.pack_into(form, self.bytes, at, *values)

    def point(self, at: int, to: int) -> None:
        self.put("<I", at, to)
        self.pointers.append(at)

    def record(self, of: Any, elements: list[Any]) -> int:
        """Structs one after the other."""
        start = self.room(of["size"] * len(elements))
        for n, facts in enumerate(elements):
            base = start + n * of["size"]
            for c, member in of["members"].items():
                if member.get("fact") not in facts:
                    continue
                value, bit = facts[member["fact"]], of["bits"][c]
                for name in ("given", *["present"] * (value is not None)):
                    at = base + of["members"][name]["offset"] + bit // 8
                    self.bytes[at] |= 1 << bit % 8
                if value is not None:
                    self.fact(member, base + member["offset"], value)
        return start

    def fact(self, of: Any, at: int, value: Any) -> None:
        match of["is"]:
            case "record":
                self.point(at, self.record(self.document["records"][of["name"]], [value]))
            case "text":
                data = value.encode()
                start = self.room(len(data))
                self.bytes[start : start + len(data)] = data
                self.point(at, start)
                self.put("<I", at + 4, len(data))
            case "list" | "set":
                inner = of["of"]
                if inner["is"] == "record":
                    start = self.record(self.document["records"][inner["name"]], value)
                else:
                    size = {"boolean": 1, "enum": 4, "list": 12, "set": 12}.get(inner["is"], 8)
                    start = self.room(size * len(value))
                    for n, element in enumerate(value):
                        self.fact(inner, start + n * size, element)
                self.point(at, start)
                self.put("<I", at + 8, len(value))
            case _:
                data = self.number(of, value).to_bytes(SIZES.get(of["is"], 8), "little", signed=True)
                self.bytes[at : at + len(data)] = data

    def number(self, of: Any, value: Any) -> int:
        """A boolean, member, date, moment or number of the corpus as the number that it is in memory."""
        match of["is"]:
            case "boolean":
                return int(value)
            case "enum":
                return int(self.document["enums"][of["name"]][value])
            case "date":
                return date.fromisoformat(value).toordinal()
            case "instant":
                return (datetime.fromisoformat(value) - EPOCH) // timedelta(microseconds=1)
        amount, _, word = str(value).partition(" ")
        exact = Fraction(amount.rstrip("%")) * UNITS.get(word.rstrip("s"), 1) / (100 if "%" in amount else 1)
        scaled = exact * 10 ** of["scale"]
        assert scaled.denominator == 1
        return int(scaled)

    def expected(self) -> Iterator[tuple[str, bytes]]:
        line, answer = self.line, self.question["answer"]["members"]
        outcome = next(n for n, name in OUTCOMES.items() if name == line["outcome"])
        numbers = {path: int(n) for n, path in self.question["needs"].items()}
        needs = sum(1 << numbers[need] for need in {re.sub(r"\[\d+]", "[]", need) for need in line["needs"]})
        yield "outcome", struct.pack("<i", outcome)
        yield "needs", needs.to_bytes(8 * answer["needs"]["count"], "little")
        if "reasons" in answer:
            reasons = sum(1 << self.question["reasons"].index(r) for r in line["reasons"])
            yield "reasons", reasons.to_bytes(8 * answer["reasons"]["count"], "little")
        if line["fault"]:
            yield "fault", struct.pack("<i", next(n for n, text in FAULTS.items() if text == line["fault"]))
        if line["outcome"] == "value":
            yield from self.value("value", line["value"])

    def value(self, name: str, value: Any) -> Iterator[tuple[str, bytes]]:
        if isinstance(value, dict):
            for field, inner in value.items():
                yield from self.value(f"{name}_{field}", inner)
            return
        of = self.question["answer"]["members"][name]
        if of.get("optional"):
            yield f"{name}_present", bytes([value is not None])
        size = {"policy_int128": 16, "int64_t": 8, "int32_t": 4, "uint8_t": 1}.get(of["type"])
        if value is None or size is None:
            return
        inner = of["of"] if "count" in of else of
        held = (
            self.number(inner, v).to_bytes(size, "little", signed=True) for v in (value if "count" in of else [value])
        )
        yield name, b"".join(held)


def test_node(made: Module, tmp_path: Path) -> None:
    node = optional.program("nodejs", "node")
    module, rows = made
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    (tmp_path / "run.cjs").write_text(SCRIPT)
    command = [node, str(tmp_path / "run.cjs"), str(module), str(tmp_path / "rows.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{len(rows)} right, 0 wrong\n"), done.stderr


def test_wasmtime(made: Module) -> None:
    wasmtime = optional.library("wasmtime", "native")
    file, rows = made
    store = wasmtime.Store()
    module = wasmtime.Module(store.engine, file.read_bytes())
    assert not module.imports
    exports = wasmtime.Instance(store, module, []).exports(store)
    memory, at = exports["memory"], exports["__heap_base"].value(store)
    memory.grow(store, 2)
    for row in rows:
        data = bytearray.fromhex(row["bytes"])
        for pointer in row["pointers"]:
            struct.pack_into("<I", data, pointer, at + struct.unpack_from("<I", data, pointer)[0])
        memory.write(store, data, at)
        assert exports[row["function"]](store, at + row["facts"], row["on"], at + row["answer"]) == 0
        for offset, wanted in row["expected"]:
            found = memory.read(store, at + offset, at + offset + len(wanted) // 2)
            assert bytes(found).hex() == wanted


def test_where_nothing_compiles_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of other rules never stands beside a new header."""

    def refuse(_: Compiled) -> bytes:
        raise PolicyError.of("compiler-failed", "no")

    monkeypatch.setattr(wasm, "module", refuse)
    folder = tmp_path / "native"
    command = ["compile", "--question", "lending_value", "--target", "wasm", "-o", str(folder)]
    assert CliRunner().invoke(main, command).exit_code == 2
    assert not folder.exists()
