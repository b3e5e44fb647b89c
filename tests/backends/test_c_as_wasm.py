"""The rulebook as WebAssembly, in node and in wasmtime: `order_accepted` gives what the conformance corpus says."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import optional
from native import OUTCOMES, told
from policy import resources
from policy.backends.c import wasm
from policy.backends.c.compile import Compiled, compiled
from policy.cli import main
from policy.diagnostics import PolicyError
from policy.ir.validation import attribute
from policy.pipeline import check, dated, program, read_folder
from policy.testing.conformance import corpus_text

pytestmark = pytest.mark.slow
QUESTION, RECORD = "hk.sfc.orders.order_accepted", "hk.sfc.orders.Order"
FORMATS = {"int64_t": "<q", "uint64_t": "<Q", "int32_t": "<i", "uint32_t": "<I", "uint8_t": "<B"}
Module = tuple[Compiled, Path, dict[str, Any], list[dict[str, Any]]]
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
    """The module, its document, and rows as bytes of memory: a record, the facts behind it, then the answer."""
    optional.library("ziglang", "native")
    folder = tmp_path_factory.mktemp("wasm")
    checked = check(read_folder((resources.folder("rulesets"),))[0])
    undated = program(checked)
    text = compiled(undated, [undated.functions[QUESTION]])
    document = json.loads(wasm.document(text))
    lines = list(corpus_text(checked.model, undated.digest, "", [QUESTION], 100))[1:]
    rows = list(rows_of(text, document, [json.loads(line) for line in lines], undated))
    assert len({row["expected"][0][1] for row in rows}) == 3, "permitted, denied, undecided"
    (folder / "rulebook.wasm").write_bytes(wasm.module(text))
    return text, folder / "rulebook.wasm", document, rows


def rows_of(made: Compiled, document: dict[str, Any], lines: Sequence[Any], undated: Any) -> Iterator[dict[str, Any]]:
    record, question = document["records"][RECORD], document["questions"][QUESTION]
    facts, answer, members = question["facts"], question["answer"], made.layout.structs[RECORD].members.values()
    start = record["size"] + -record["size"] % 16
    end = start + facts["size"] + -facts["size"] % 16
    for line in lines:
        book = dated(undated, line["on"])
        read = book.reader(QUESTION).read(json.dumps(line["facts"]))
        assert isinstance(read, tuple)
        outcome, _, reasons, needs, _ = told(book.interpreter(QUESTION).answer(*read))
        memory = bytearray(end + answer["size"])

        def put(of: Any, base: int, name: str, value: int, memory: bytearray = memory) -> None:
            place = of["members"][name]
            kind = "uint32_t" if place["type"].endswith("*") else place["type"]
            struct.pack_into(FORMATS[kind], memory, base + place["offset"], value)

        given = present = 0
        for m in members:
            value = getattr(read[0], attribute(m.name))
            if type(value) in (int, bool, str) or value is None:
                given |= 1 << record["bits"][m.c]
            if type(value) in (int, bool, str):
                present |= 1 << record["bits"][m.c]
                names = document["enums"].get(getattr(m.inner, "name", ""), {})
                put(record, 0, m.c, names[value] if isinstance(value, str) else value)
        put(record, 0, "given", given)
        put(record, 0, "present", present)
        for of, base in ((facts, start), (answer, end)):
            put(of, base, "size", of["size"])
            put(of, base, "version", document["version"])
        put(facts, start, "given", 1)
        numbers = {path: int(n) for n, path in question["needs"].items()}
        bits = sum(1 << numbers[need] for need in needs)
        said = {
            "outcome": struct.pack("<i", next(n for n, name in OUTCOMES.items() if name == outcome)),
            "reasons": struct.pack("<Q", sum(1 << question["reasons"].index(r) for r in reasons)),
            "needs": bits.to_bytes(8 * made.layout.words, "little"),
        }
        yield {
            "function": question["function"],
            "bytes": memory.hex(),
            "pointers": [start + facts["members"]["order"]["offset"]],
            "facts": start,
            "answer": end,
            "on": book.program.on,
            "expected": [(end + answer["members"][name]["offset"], data.hex()) for name, data in said.items()],
        }


def test_node(made: Module, tmp_path: Path) -> None:
    node = optional.program("nodejs", "node")
    _, module, _, rows = made
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    (tmp_path / "run.cjs").write_text(SCRIPT)
    command = [node, str(tmp_path / "run.cjs"), str(module), str(tmp_path / "rows.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{len(rows)} right, 0 wrong\n"), done.stderr


def test_wasmtime(made: Module) -> None:
    wasmtime = optional.library("wasmtime", "native")
    _, file, _, rows = made
    store = wasmtime.Store()
    module = wasmtime.Module(store.engine, file.read_bytes())
    assert not module.imports
    exports = wasmtime.Instance(store, module, []).exports(store)
    memory, at = exports["memory"], exports["__heap_base"].value(store)
    memory.grow(store, 2)
    for row in rows:
        data = bytearray.fromhex(row["bytes"])
        for pointer in row["pointers"]:
            struct.pack_into("<I", data, pointer, at)
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
