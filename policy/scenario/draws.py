"""Paths of prices drawn from recorded ones: moves of the record, with replacement, one after another.

In: how recorded prices moved, a seed, and of how many moves a path is. Out: of each path by its number, by what
every price is multiplied at its end. All prices move by the same moment of the record at once, so what moved together
does so here. Everything is a whole number, so that a seed means the same paths on every machine and device. Absent:
any distribution but the record's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from attrs import frozen

from policy.ir.operators import divide
from policy.scenario.stress import Move

ONE = 10**12  # a factor that changes nothing
MOST = 10**18  # of a factor; above all prices that the rules may be given
_WORD = (1 << 64) - 1


def number(seed: int, n: int) -> int:
    """The number `n` of those that splitmix64 gives for a seed: 64 bits."""
    x = (seed + 0x9E3779B97F4A7C15 * (n + 1)) & _WORD
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & _WORD
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & _WORD
    return x ^ x >> 31


@frozen(eq=False)
class Draws:
    """`ratios` has for each name by what each recorded move multiplied its price, in units of ONE."""

    ratios: Mapping[str, Sequence[int]]
    held: int  # moves of a path
    seed: int

    @property
    def moves(self) -> int:
        return len(next(iter(self.ratios.values())))

    def drawn(self, path: int) -> list[int]:
        """The recorded moves of a path, by number."""
        return [number(self.seed, path * self.held + n) * self.moves >> 64 for n in range(self.held)]

    def factors(self, path: int) -> dict[str, int]:
        """By what prices are multiplied at the end of a path, in units of ONE."""
        drawn = self.drawn(path)
        return {name: _product([ratios[n] for n in drawn]) for name, ratios in self.ratios.items()}


def _product(ratios: Sequence[int]) -> int:
    factor = ONE
    for ratio in ratios:
        factor = max(1, min(MOST, (factor * ratio + ONE // 2) // ONE))
    return factor


def moved(price: int, factor: int) -> int:
    """A price after a path: at least its smallest step."""
    return max(1, min(MOST, divide("half even", price * factor, ONE)))


def draws_of(moves: Sequence[Move], held: int, seed: int) -> Draws:
    """Draws from a recorded path, each move of which says what prices are of those at its start."""
    ratios = {}
    for name in moves[0].factors:
        whole = [Fraction(1), *(move.factors[name] for move in moves)]
        ratios[name] = [_ratio(after / before) for before, after in pairwise(whole)]
    return Draws(ratios, held, seed)


def _ratio(of: Fraction) -> int:
    return min(MOST, divide("half even", of.numerator * ONE, of.denominator))
