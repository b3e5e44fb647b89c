"""Paths valued by kernels: positions times paths, on this machine's processor or on a GPU.

In: loans, draws, and a device. Out: the ends of paths, as `policy.scenario.paths` has them. The rules are compiled:
what a quantity is worth at a price, and what a position adds to what its account carries. Where a position of an
account has no value so, the whole path is asked of the rules. Absent: rules by which an account carries anything but
the sum over its positions, which are refused.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import accumulate
from typing import Literal

from attrs import evolve, frozen

from policy.backends.c.device import DeviceKernel, device_text
from policy.backends.c.device_columns import Columns, fact
from policy.backends.c.devices import Device, Gpu, Memory, Processor
from policy.backends.c.layout import UnsupportedError
from policy.backends.c.native import NoCompilerError
from policy.diagnostics import PolicyError
from policy.financing.state import Held
from policy.ir.summands import summand
from policy.model.types import short
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
        raise UnsupportedError(f"`{short(carried.id)}` is not the sum over the positions of an account")
    program = evolve(rulebook.program, functions=rulebook.program.functions | {each.id: each})
    text, (worth, of_each) = device_text(program, [market, each])
    ours = files(__package__).joinpath("paths.c").read_text(encoding="utf-8")
    return PathKernels(text + ours, worth, of_each, each.parameters[-1][0])


def path_ends(rulebook: Rulebook, loans: Loans, draws: Draws, paths: int, engine: Engine) -> Iterator[PathEnd]:
    """The ends of the first so many paths, the same whatever the engine.

    Where they are few, without a compiler, or under rules that have no kernels, the processor asks the rules one by
    one. Raises PolicyError where there is no GPU, or the rules have no kernels for it.
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
    at_once = max(8, min(-(-paths // 8) * 8, MOST_ROWS // max(1, len(positions_of(loans))) // 8 * 8))
    run = _Run(loans, draws, kernels, device_for(kernels.text), at_once)
    return (end for first in range(0, paths, at_once) for end in run.block(first, min(at_once, paths - first)))


def positions_of(loans: Loans) -> list[Held]:
    """All positions, those of an account together."""
    return [held for account in loans.accounts for held in account.held.values()]


class _Run:
    """Memory on a device, laid out once for `at_once` paths."""

    def __init__(self, loans: Loans, draws: Draws, kernels: PathKernels, device: Device, at_once: int) -> None:
        self.loans, self.draws, self.kernels, self.device, self.at_once = loans, draws, kernels, device, at_once
        self.positions = positions_of(loans)
        rows, place = at_once * len(self.positions), {id: n for n, id in enumerate(loans.now)}
        if unpriced := next((h.asset.id for h in self.positions if h.asset.id not in place), ""):
            raise UnsupportedError(f"`{unpriced}` has no price")
        still = [ONE] * draws.moves
        self.ratios = self._numbers(n for id in loans.now for n in draws.ratios.get(id, still))
        self.now = self._numbers(loans.now.values())
        self.asset = self._numbers(place[held.asset.id] for held in self.positions)
        self.start = self._numbers(accumulate((len(account.held) for account in loans.accounts), initial=0))
        self.loan = self._numbers(account.facts.loan for account in loans.accounts)
        self.drawn = device.empty(8 * at_once * len(place))
        self.prices, self.worth, self.lent = (device.empty(8 * rows) for _ in range(3))
        self.is_worth, self.is_lent = (device.empty(rows) for _ in range(2))
        self.ends = [device.empty(8 * at_once) for _ in range(3)]
        price, quantity = (name for name, _ in loans.rules.market.function.parameters)
        quantities: list[RuntimeValue] = [held.quantity for held in self.positions]
        of_market: dict[str, Sequence[RuntimeValue] | Memory] = {price: self.prices, quantity: quantities}
        self.of_worth = Columns(device, kernels.worth, of_market.__getitem__, at_once)
        self.of_lent = Columns(device, kernels.carried, self._facts, at_once)

    def block(self, first: int, count: int) -> Iterator[PathEnd]:
        """The ends of so many paths, from the path `first` on."""
        device, draws, n, rows = self.device, self.draws, self.at_once, self.at_once * len(self.positions)
        given = (first, draws.seed, draws.held, draws.moves, len(self.loans.now))
        device.run("draw", n, *given, self.ratios, self.now, self.drawn)
        device.run("spread", rows, n, self.asset, self.drawn, self.prices)
        device.run(self.kernels.worth.name, rows, self.of_worth.at, self.worth, self.is_worth)
        device.run(self.kernels.carried.name, rows, self.of_lent.at, self.lent, self.is_lent)
        of = (self.start, self.loan, self.is_worth, self.lent, self.is_lent)
        device.run("fall_short", n, len(self.loans.accounts), *of, *self.ends)
        gaps, accounts, unvalued = (memoryview(device.read(end)).cast("q") for end in self.ends)
        for path in range(count):
            if unvalued[path]:
                yield from one_by_one(self.loans, draws, [first + path])
            else:
                yield PathEnd(gaps[path], accounts[path], 0)

    def _numbers(self, numbers: Iterable[int]) -> Memory:
        return self.device.filled(array("q", numbers).tobytes())

    def _facts(self, path: str) -> Sequence[RuntimeValue] | Memory:
        """A fact of every position, or of its account, which no path changes; or what positions are worth."""
        root, *names = path.split(".")
        if root != self.kernels.element:
            return [fact(held.account.facts, names) for held in self.positions]
        return self.worth if names == ["market_value"] else [fact(held.position, names) for held in self.positions]
