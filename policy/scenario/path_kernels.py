"""Paths valued by kernels: positions times paths, on this machine's processor or on a GPU.

In: loans, draws, and a device. Out: the ends of paths, as `policy.scenario.paths` has them. The rules are compiled:
what a quantity is worth at a price, and what a position adds to what its account carries. Where a position of an
account has no value so, the whole path is asked of the rules. Absent: rules by which an account carries anything but
the sum over its positions, which are refused.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Literal

from attrs import evolve, frozen

from policy.answers import MISSING
from policy.backends.c.device import DeviceKernel, device_text
from policy.backends.c.devices import Device, Gpu, Memory, Processor
from policy.backends.c.layout import UnsupportedError
from policy.backends.c.native import NoCompilerError
from policy.backends.c.rows import Slot
from policy.diagnostics import PolicyError
from policy.financing.state import Held
from policy.ir.summands import summand
from policy.ir.validation import attribute
from policy.model import types
from policy.rulebook import Rulebook
from policy.scenario.draws import ONE, Draws
from policy.scenario.paths import Loans, PathEnd, one_by_one
from policy.vocabulary import RuntimeValue

Engine = Literal["cpu", "gpu"]
WORTH_COMPILING = 20_000  # accounts times paths
MOST_ROWS = 1 << 22  # of positions times paths at once


@frozen(eq=False)
class PathKernels:
    """The text, and the kernels for worth and for what is carried; the last is asked of an `element`."""

    text: str
    worth: DeviceKernel
    carried: DeviceKernel
    element: str


def path_kernels(rulebook: Rulebook, loans: Loans) -> PathKernels:
    """The kernels for loans under a rulebook. Raises UnsupportedError, or PolicyError."""
    market, carried = loans.rules.market.function, loans.rules.carried.function
    each = summand(rulebook.program, carried)
    if each is None:
        raise UnsupportedError(f"`{types.short(carried.id)}` is not the sum over the positions of an account")
    program = evolve(rulebook.program, functions=rulebook.program.functions | {each.id: each})
    text, (worth, of_each) = device_text(program, [market, each])
    ours = files(__package__).joinpath("paths.c").read_text(encoding="utf-8")
    return PathKernels(text + ours, worth, of_each, each.parameters[-1][0])


def path_ends(rulebook: Rulebook, loans: Loans, draws: Draws, paths: int, engine: Engine) -> Iterator[PathEnd]:
    """The ends of the first so many paths, the same whatever the engine.

    Where they are few, without a compiler, or under rules for which there are no kernels, the processor asks the rules
    one by one. Raises PolicyError where there is no GPU, or the rules have no kernels for it.
    """
    if engine == "cpu" and paths * len(loans.accounts) < WORTH_COMPILING:
        return one_by_one(loans, draws, range(paths))
    try:
        kernels = path_kernels(rulebook, loans)
        return by_kernels(loans, draws, paths, kernels, Gpu if engine == "gpu" else Processor)
    except UnsupportedError as reason:
        if engine == "gpu":
            message = f"these loans cannot be valued on a GPU: {reason}"
            raise PolicyError.of("not-in-c", message, "do without `--engine gpu`") from None
    except PolicyError:
        if engine == "gpu":
            raise
    except NoCompilerError:
        pass
    return one_by_one(loans, draws, range(paths))


def by_kernels(
    loans: Loans, draws: Draws, paths: int, kernels: PathKernels, device_for: Callable[[str], Device]
) -> Iterator[PathEnd]:
    """The ends of the first so many paths, block by block."""
    positions = [held for account in loans.accounts for held in account.held.values()]
    at_once = max(8, min(-(-paths // 8) * 8, MOST_ROWS // max(1, len(positions)) // 8 * 8))
    run = _Run(loans, draws, kernels, device_for(kernels.text), positions, at_once)
    return (end for first in range(0, paths, at_once) for end in run.block(first, min(at_once, paths - first)))


class _Run:
    """Memory on a device, laid out once for `at_once` paths."""

    def __init__(
        self,
        loans: Loans,
        draws: Draws,
        kernels: PathKernels,
        device: Device,
        positions: Sequence[Held],
        at_once: int,
    ) -> None:
        self.loans, self.draws, self.kernels, self.device = loans, draws, kernels, device
        self.positions, self.at_once = positions, at_once
        self.kept: list[Memory] = []  # what columns point to
        rows, assets = self.at_once * len(self.positions), list(self.loans.now)
        self.drawn = self.device.empty(8 * self.at_once * len(assets))
        self.prices, self.worth, self.lent = (self.device.empty(8 * rows) for _ in range(3))
        self.is_worth, self.is_lent = (self.device.empty(rows) for _ in range(2))
        self.ends = [self.device.empty(8 * self.at_once) for _ in range(3)]
        still = [ONE] * self.draws.moves
        ratios = [n for id in assets for n in self.draws.ratios.get(id, still)]
        sizes = [len(account.held) for account in self.loans.accounts]
        self.ratios, self.now, self.asset, self.start, self.loan = map(
            self._numbers,
            (
                ratios,
                list(self.loans.now.values()),
                [assets.index(held.asset.id) for held in self.positions],
                [sum(sizes[:n]) for n in range(len(sizes) + 1)],
                [account.facts.loan for account in self.loans.accounts],
            ),
        )
        price, quantity = (name for name, _ in self.loans.rules.market.function.parameters)
        held = {quantity: [held.quantity for held in self.positions]}
        self.of_worth = self._columns(self.kernels.worth, {price: self.prices}, lambda path: held[path])
        changing = {f"{self.kernels.element}.market_value": self.worth}
        self.of_lent = self._columns(self.kernels.carried, changing, self._facts)

    def block(self, first: int, count: int) -> Iterator[PathEnd]:
        """The ends of so many paths, from the path `first` on."""
        device, draws, n, rows = self.device, self.draws, self.at_once, self.at_once * len(self.positions)
        given = (first, draws.seed, draws.held, draws.moves, len(self.loans.now))
        device.run("draw", n, *given, self.ratios, self.now, self.drawn)
        device.run("spread", rows, n, self.asset, self.drawn, self.prices)
        device.run(self.kernels.worth.name, rows, self.of_worth, self.worth, self.is_worth)
        device.run(self.kernels.carried.name, rows, self.of_lent, self.lent, self.is_lent)
        of = (self.start, self.loan, self.is_worth, self.lent, self.is_lent)
        device.run("fall_short", n, len(self.loans.accounts), *of, *self.ends)
        short, accounts, unvalued = (memoryview(device.read(end)).cast("q") for end in self.ends)
        for path in range(count):
            if unvalued[path]:
                yield from one_by_one(self.loans, draws, [first + path])
            else:
                yield PathEnd(short[path], accounts[path], 0)

    # ── columns ─────────────────────────────────────────────────────────────────────────────

    def _numbers(self, numbers: Sequence[int]) -> Memory:
        return self.device.filled(array("q", numbers).tobytes())

    def _facts(self, path: str) -> list[RuntimeValue]:
        """A fact of every position, or of its account."""
        root, *names = path.split(".")
        found = []
        for held in self.positions:
            value = held.position if root == self.kernels.element else held.account.facts
            for name in names:
                value = MISSING if value is MISSING else getattr(value, attribute(name))
            found.append(value)
        return found

    def _columns(
        self, kernel: DeviceKernel, changing: Mapping[str, Memory], facts: Callable[[str], list[RuntimeValue]]
    ) -> Memory:
        """The columns of a kernel: those that change from path to path, and the others, the same on each."""
        words = array("Q")
        for slot in kernel.slots:
            if slot.path in changing:
                words.extend((changing[slot.path].at, 0, 0))
                continue
            parts = [
                self.device.filled(part) if part else None for part in _column(slot, facts(slot.path), self.at_once)
            ]
            self.kept += [part for part in parts if part is not None]
            words.extend(part.at if part is not None else 0 for part in parts)
        return self.device.filled(words.tobytes())


def _column(slot: Slot, values: Sequence[RuntimeValue], times: int) -> tuple[bytes, bytes, bytes]:
    """A column as Arrow has it, each value so many times, a multiple of eight: its elements, texts and valid bits."""
    if isinstance(slot.type, types.OptionalOf) and any(value is MISSING for value in values):
        raise UnsupportedError(f"`{slot.path}` is optional, and was not given")
    of, there = types.inner_of(slot.type), [value is not MISSING and value is not None for value in values]
    valid = b"" if all(there) else _bits(there, times)
    texts = b""
    match slot.shape:
        case "number":
            at = b"".join(
                array("q", [int(v) if t else 0]).tobytes() * times for v, t in zip(values, there, strict=True)
            )
        case "boolean":
            at = _bits([t and bool(v) for v, t in zip(values, there, strict=True)], times)
        case "code":
            assert isinstance(of, types.Enum)
            codes = [of.every.index(v) if t else 0 for v, t in zip(values, there, strict=True)]
            at = b"".join(array("B" if slot.width == 1 else "I", [code]).tobytes() * times for code in codes)
        case "text":
            each = [v.encode("utf-8", "surrogatepass") if t else b"" for v, t in zip(values, there, strict=True)]
            texts = b"".join(text * times for text in each) or b"\0"
            offsets = array("q", [0])
            for text in each:
                last = offsets[-1]
                offsets.extend(
                    range(last + len(text), last + len(text) * times + 1, len(text)) if text else [last] * times
                )
            at = offsets.tobytes()
        case _:
            raise AssertionError(slot)
    return at, texts, valid


def _bits(values: Sequence[bool], times: int) -> bytes:
    return b"".join((b"\xff" if value else b"\0") * (times // 8) for value in values)
