"""Questions as kernels for a device: their CUDA text, run on this machine, answers as the interpreter does."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from random import Random
from typing import Any

import pytest

import optional
from cases_of_rules import HEAD, rulebook
from cuda_on_host import CudaOnHost, by_nvcc, by_nvrtc, compiler, cupy
from policy import resources
from policy.answers import MISSING, Answer, Outcome
from policy.backends.c import devices
from policy.backends.c.compile import questions_of
from policy.backends.c.device import DeviceKernel, device_text
from policy.backends.c.device_columns import Columns, fact
from policy.backends.c.devices import Device, Gpu, Processor
from policy.backends.c.layout import UnsupportedError
from policy.diagnostics import PolicyError
from policy.facts.from_json import FactReader
from policy.facts.records import record_from
from policy.ir.from_model import program_of
from policy.ir.program import Function, Program
from policy.model.types import OptionalOf
from policy.pipeline import RulesFile, check, dated, load, read_folder
from policy.source import Source
from policy.testing.conformance import Corpus
from policy.testing.run import Runner
from random_expressions import DAYS
from random_facts import facts
from random_rules import Rules

TIMES = 8  # every row so often
Case = tuple[tuple[Any, ...], Answer]

RULES = """
enum Class { stock "stock" zh "股票", token "token" zh "代幣", bond "bond" zh "債券" }
record Asset { class: Class symbol: text }
record Position { asset: Asset worth: money(HKD) at least 0 HKD share: rate held: boolean note: optional integer }
value cube(a: integer, b: integer, c: integer) -> integer = a * b * c per LAW/1
value sums(a: integer, b: integer, c: integer) -> integer = a * b - b * c + a * c per LAW/1
value quotient(a: integer, b: integer) -> integer = round half even to 1 (a / b) per LAW/1
value lent(p: Position) -> money(HKD) = if p.held then round down to 0.01 (p.worth * p.share) else 0 HKD per LAW/1
value is_token(p: Position) -> boolean = p.asset.class is token and p.asset.symbol is not "X" per LAW/1
value class_of(p: Position) -> Class = if p.held then p.asset.class else bond per LAW/1
value noted(p: Position) -> integer = if p.note is present then p.note else 7 per LAW/1
value perhaps(p: Position) -> optional integer = p.note per LAW/1
value listed(ns: list of integer) -> integer = count(n for n in ns) per LAW/1
decision accepted(p: Position) otherwise permit "yes" zh "可" per LAW/1
"""


def book() -> Any:
    return rulebook([RulesFile("t.policy", (HEAD + RULES).encode())], "2026-03-01")


def kernels_of(program: Program, functions: Sequence[Function]) -> Iterator[Function]:
    """Those of the questions that have a kernel."""
    for function in functions:
        try:
            device_text(program, [function])
        except (UnsupportedError, PolicyError):
            continue
        yield function


def looked_up(function: Function, arguments: Sequence[Any], path: str) -> Any:
    root, *names = path.split(".")
    return fact(dict(zip((name for name, _ in function.parameters), arguments, strict=True))[root], names)


def is_taken(kernel: DeviceKernel, function: Function, arguments: Sequence[Any]) -> bool:
    """Whether no optional fact is unknown, for which columns have no form."""
    optionals = [slot.path for slot in kernel.slots if isinstance(slot.type, OptionalOf)]
    return all(looked_up(function, arguments, path) is not MISSING for path in optionals)


def agree(device: Device, kernel: DeviceKernel, function: Function, cases: Sequence[Case]) -> int:
    """How many cases have a value, the same from the kernel as from the interpreter; of the others it has none."""
    cases = [case for case in cases if is_taken(kernel, function, case[0])]
    n = len(cases) * TIMES
    columns = Columns(device, kernel, lambda path: [looked_up(function, c[0], path) for c in cases], TIMES)
    value, has = device.empty(8 * n), device.empty(n)
    device.run(kernel.name, n, columns.at, value, has)
    values, there = memoryview(device.read(value)).cast("q"), device.read(has)
    for number, (arguments, meant) in enumerate(cases):
        for row in range(number * TIMES, (number + 1) * TIMES):
            told = values[row] if there[row] else None
            assert told == number_of(meant, function), (function.id, arguments, meant)
    return sum(there) // TIMES


def number_of(meant: Answer, function: Function) -> int | None:
    """The value as a kernel leaves it; none where it is no number of 64 bits."""
    if meant.outcome is not Outcome.VALUE:
        return None
    number = sorted(function.type.every).index(meant.value) if isinstance(meant.value, str) else int(meant.value)
    return number if -(2**63) <= number < 2**63 else None


# ── the same answers ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("device_for", [CudaOnHost, Processor])
def test_numbers_at_the_edges(device_for: Any) -> None:
    (compiler if device_for is CudaOnHost else lambda: optional.program("gcc", "cc", "gcc"))()
    made, chance = book(), Random(1)
    edges = (
        0,
        1,
        -1,
        2,
        2**10,
        2**59,
        -(2**59),
        10**9,
        -(10**9),
        3_037_000_500,
        10**17,
        10**18 - 1,
        1 - 10**18,
        MISSING,
    )
    functions = [made.question(name) for name in ("cube", "sums", "quotient")]
    text, kernels = device_text(made.program, functions)
    device = device_for(text)
    for function, kernel in zip(functions, kernels, strict=True):
        asked = made.interpreter(function.id)
        drawn = [tuple(chance.choice(edges) for _ in function.parameters) for _ in range(400)]
        valued = agree(device, kernel, function, [(given, asked.answer(*given)) for given in drawn])
        assert 30 < valued < 400


def test_facts_of_every_kind() -> None:
    compiler()
    made, chance = book(), Random(2)
    functions = [made.question(name) for name in ("lent", "is_token", "class_of", "noted")]
    text, kernels = device_text(made.program, functions)
    record, device = functions[0].parameters[0][1], CudaOnHost(text)

    def position() -> Any:
        asset = {"class": chance.choice(("stock", "token", "bond")), "symbol": chance.choice(("", "X", "股票"))}
        facts = {"asset": asset, "worth": chance.choice((0, 5_001, 10**18 - 1)), "share": chance.choice((0, 333_333))}
        facts |= {"held": chance.random() < 0.6}
        kept = {k: v for k, v in facts.items() if chance.random() < 0.9} | {"note": chance.choice((None, 3, -4))}
        return record_from(kept, record, made.records, made.program)

    for function, kernel in zip(functions, kernels, strict=True):
        asked = made.interpreter(function.id)
        cases = [((p,), asked.answer(p)) for p in (position() for _ in range(60))]
        assert 10 < agree(device, kernel, function, cases) <= 60


def shipped(count: int, days: int, names: Sequence[str]) -> Iterator[tuple[Program, dict[str, list[Case]]]]:
    """By date, most asked first: cases of the shipped rulebook's tests, at its numbers, and made up."""
    checked = check(read_folder((resources.folder("rulesets"),))[0])
    corpus = Corpus(Runner(checked.model, "shipped"))
    by_day: dict[str, tuple[Program, dict[str, list[Case]]]] = {}
    for row in corpus.rows(names, count):
        program, cases = by_day.setdefault(row.on, (row.program, defaultdict(list)))
        law = next(id for id, r in checked.model.rulesets.items() if not r.amends)
        _, _, classes = corpus.runner.program(law, date.fromisoformat(row.on).toordinal())
        read = load_facts(row.facts, row.function, classes, program)
        cases[row.question].append((read, row.answer))
    yield from sorted(by_day.values(), key=lambda day: -sum(map(len, day[1].values())))[:days]


def load_facts(written: dict[str, object], function: Function, classes: Any, program: Program) -> tuple[Any, ...]:
    read = FactReader(program, function, classes).read(Source("<facts>", json.dumps(written)))
    assert isinstance(read, tuple), read
    return read


FEW = ("haircuts.lending_value", "haircuts.haircut", "haircuts.market_value_at", "perpetual_margin.initial_margin")


@pytest.mark.parametrize(("names", "count", "days"), [(FEW, 20, 2), pytest.param((), 20, 3, marks=pytest.mark.slow)])
def test_the_shipped_rulebook(names: Sequence[str], count: int, days: int) -> None:
    compiler()
    program = load(on="2026-03-01").program
    asked = [f"hk.sfc.{name}" for name in names] or [f.id for f in kernels_of(program, questions_of(program))]
    valued = 0
    for law, cases in shipped(count, days, asked):
        functions = list(kernels_of(law, [law.functions[id] for id in cases]))
        text, kernels = device_text(law, functions)
        device = CudaOnHost(text)
        for function, kernel in zip(functions, kernels, strict=True):
            valued += agree(device, kernel, function, cases[function.id])
    assert valued > (20 if names else 300)


@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(2, 30), marks=pytest.mark.slow)])
def test_random_rules_and_facts(seeds: Sequence[int]) -> None:
    compiler()
    valued = 0
    for seed in seeds:
        chance = Random(seed)
        rules = Rules(chance)
        checked = check(
            [RulesFile("random.policy", rules.text.encode()), RulesFile("house.policy", rules.house.encode())]
        )
        made = dated(program_of(checked.model, "random", ""), date.fromisoformat(chance.choice(DAYS)))
        functions = list(kernels_of(made.program, [made.question(name) for name in rules.questions]))
        if not functions:
            continue
        record = functions[0].parameters[0][1]
        text, kernels = device_text(made.program, functions)
        device = CudaOnHost(text)
        drawn = [record_from(facts(chance, n % 3 / 10), record, made.records, made.program) for n in range(60)]
        for function, kernel in zip(functions, kernels, strict=True):
            asked = made.interpreter(function.id)
            valued += agree(device, kernel, function, [((f,), asked.answer(f)) for f in drawn])
    assert valued > 30


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("accepted", "a decision or an optional value"),
        ("perhaps", "a decision or an optional value"),
        ("listed", "`ns` is a list or an optional record"),
    ],
)
def test_what_has_no_kernel_is_refused(name: str, reason: str) -> None:
    made = book()
    with pytest.raises(UnsupportedError, match=reason):
        device_text(made.program, [made.question(name)])


def test_an_optional_fact_that_is_unknown_has_no_column() -> None:
    made = book()
    function = made.question("noted")
    _, (kernel,) = device_text(made.program, [function])
    record = record_from({}, function.parameters[0][1], made.records, made.program)
    with pytest.raises(UnsupportedError, match="is optional, and was not given"):
        Columns(FakeDevice(), kernel, lambda path: [looked_up(function, (record,), path)], TIMES)


class FakeDevice(Processor):
    """One that loads nothing."""

    def __init__(self) -> None:
        pass


# ── compilers for devices, and CuPy ─────────────────────────────────────────────────────────


def text_of(*names: str) -> str:
    made = load(on="2026-07-06", under="example.house")
    return device_text(made.program, [made.question(name) for name in names])[0]


@pytest.mark.parametrize("compiled", [by_nvcc, by_nvrtc])
def test_compilers_for_devices_compile_it(compiled: Callable[[str], str]) -> None:
    assert ".entry rows_1" in compiled(text_of("lending_value", "initial_margin"))


def test_a_gpu_is_asked_through_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler()
    monkeypatch.setattr(devices, "required", cupy)
    made = book()
    function = made.question("cube")
    text, (kernel,) = device_text(made.program, [function])
    asked, drawn = made.interpreter(function.id), [(a, b, 3) for a in range(-9, 9) for b in (0, 10**17, MISSING)]
    assert agree(Gpu(text), kernel, function, [(given, asked.answer(*given)) for given in drawn]) > 20


def test_a_machine_without_a_gpu_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> int:
        raise RuntimeError("cudaErrorInsufficientDriver:\n  the driver is too old")

    library = cupy()
    monkeypatch.setattr(devices, "require_extra", lambda *_: None)
    monkeypatch.setitem(sys.modules, "cupy", library)
    for count, reason in ((none, "cudaErrorInsufficientDriver: the driver is too old"), (lambda: 0, "none is found")):
        library.cuda.runtime.getDeviceCount = count
        with pytest.raises(PolicyError) as refused:
            devices.required()
        (found,) = refused.value.diagnostics
        assert (found.code, found.message) == ("missing-extra", f"this needs a GPU that CUDA drives: {reason}")


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("nvrtc: x.cu\nx.cu(3): error: no such thing\n", "x.cu(3): error: no such thing"),
        (RuntimeError('Failure finding "libnvrtc.so.12"'), 'Failure finding "libnvrtc.so.12"'),
    ],
)
def test_a_text_that_does_not_compile_for_a_gpu_is_reported(
    failure: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = cupy()

    def fails(_: object) -> None:
        raise failure if isinstance(failure, Exception) else library.cuda.compiler.CompileException(failure)

    monkeypatch.setattr(library.RawModule, "compile", fails)
    monkeypatch.setattr(devices, "required", lambda: library)
    with pytest.raises(PolicyError) as refused:
        Gpu("")
    (found,) = refused.value.diagnostics
    assert found.code == "compiler-failed"
    assert found.message == f"`nvrtc` does not compile the rules to a kernel: {reason}"


@pytest.mark.parametrize("fails", ["alloc", "copy_from_host", "get_function", "copy_to_host"])
def test_a_gpu_that_fails_at_work_is_reported(fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library = cupy()

    def failing(*_: object) -> None:
        raise MemoryError("Out of memory") if fails == "alloc" else RuntimeError("cudaErrorLaunchFailure:\n  lost")

    monkeypatch.setattr(library.RawModule, "compile", lambda _: None)
    monkeypatch.setattr(library.RawModule, "get_function", lambda *_: lambda *_: None)
    monkeypatch.setattr(devices, "required", lambda: library)
    gpu = Gpu("")
    where = {"alloc": library.cuda, "get_function": library.RawModule}.get(fails, library.cuda.alloc)
    monkeypatch.setattr(where, fails, failing)

    def works() -> None:
        memory = gpu.filled(bytes(8))
        gpu.run("rows_0", 1, memory)
        gpu.read(memory)

    with pytest.raises(PolicyError) as refused:
        works()
    (found,) = refused.value.diagnostics
    reason = "Out of memory" if fails == "alloc" else "cudaErrorLaunchFailure: lost"
    assert (found.code, found.message) == ("device-failed", f"the GPU failed: {reason}")
