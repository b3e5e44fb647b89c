"""Somebody who means harm: a seeded search for moves by which a promise breaks, or the fund pays more than it must.

In: an arena and a seed. Out: broken promises, each with the fewest moves that break it, and two figures: what the
fund lost per dollar of true deficit, and what the players took beyond what others gave, lost or owed. Absent: any
idea of how a venue works; the search keeps the moves that took most, and by turns changes them and draws others.

    python tests/support/attacker.py --minutes 10 --seeds 10            # the attacker
    python tests/support/attacker.py --streams 2000                     # streams of 250 random moves for every venue
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Final

from attrs import define, evolve, field

from arenas import Arena, ExchangeArena, LenderArena, MarketArena, Move, OtherExchangeArena
from desk_arena import DeskArena, GroupArena
from desk_promises import DeskWatch
from promises import OPEN, Watch

Moves = list[Move]
LENGTH = 40  # moves of an attack
PATIENCE = 20  # attempts without a better one before the search begins anew
SLACK = 10**6  # a cent, in units: what prices are rounded by, many times over
STREAM = 250  # moves of a random stream


class WholeMarketArena(MarketArena):
    """All venues under one clock."""

    parts = MappingProxyType({"desk": DeskArena, "exchange": ExchangeArena, "lender": LenderArena})


ARENAS: Final[Mapping[str, type[Arena]]] = MappingProxyType(
    {
        "desk": DeskArena,
        "desk, two accounts are one client's": GroupArena,
        "exchange": ExchangeArena,
        "exchange, the larger order loses as much": OtherExchangeArena,
        "lender": LenderArena,
        "market": WholeMarketArena,
    }
)


def drawn(arena: type[Arena], seed: int, length: int) -> Moves:
    """A random stream."""
    random = Random(seed)
    return [arena.drawn(random) for _ in range(length)]


def told(arena: type[Arena], moves: Sequence[Move], collect: bool = True) -> Watch:
    """What became of moves, told twice."""
    watch = arena(collect=collect).play(moves)
    watch.close()
    watch.hold("nobody gains beyond what others gave, lost or owed", gain(watch) < SLACK, gain(watch))
    return watch


def gain(watch: Watch) -> int:
    """What was taken that nobody gave, lost or owed, and what the fund lost beyond true deficits."""
    desk = watch.watch_of(DeskWatch)
    if desk is None:
        return 0
    return max(desk.fund_lost - desk.deficit, desk.took() - desk.given - desk.owed)


def shrunk(arena: type[Arena], moves: Moves, breaks: Callable[[Watch], bool]) -> Moves:
    """Fewer moves, of which none can be left out: first halves are, then quarters, then one at a time."""
    size = len(moves) // 2
    while size:
        start = 0
        while start < len(moves):
            fewer = moves[:start] + moves[start + size :]
            if fewer and breaks(told(arena, fewer)):
                moves = fewer
            else:
                start += size
        size //= 2
    return moves


@define
class Attack:
    """A search that goes on attempt by attempt."""

    arena: type[Arena]
    seed: int
    length: int = LENGTH
    attempts: int = 0
    fund_lost: int = 0
    deficit: int = 0
    taken: int = 0  # by the best attempt
    broken: dict[str, Moves] = field(factory=dict)
    _random: Random = field(init=False)
    _best: Moves = field(factory=list)
    _worth: int = 0
    _stale: int = 0

    def __attrs_post_init__(self) -> None:
        self._random = Random(self.seed)

    def attempt(self) -> None:
        self.attempts += 1
        changed = self._best and self.attempts % 2
        moves = self._changed() if changed else [self.arena.drawn(self._random) for _ in range(self.length)]
        watch = told(self.arena, moves)
        for promise in watch.broken:
            self.broken.setdefault(promise, moves)
        if (desk := watch.watch_of(DeskWatch)) is not None:
            self.fund_lost += desk.fund_lost
            self.deficit += desk.deficit
        worth = gain(watch)
        self.taken = max(self.taken, worth)
        self._stale += 1
        if not self._best or worth > self._worth:
            self._best, self._worth, self._stale = moves, worth, 0
        elif self._stale > PATIENCE:
            self._best, self._worth, self._stale = [], 0, 0

    def _changed(self) -> Moves:
        random, moves = self._random, list(self._best)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(moves))
            match random.randrange(4):
                case 0:
                    moves[at] = self.arena.drawn(random)
                case 1:
                    numbers = list(moves[at].u)
                    numbers[random.randrange(4)] = random.random()
                    moves[at] = evolve(moves[at], u=tuple(numbers))
                case 2:
                    moves.insert(at, self.arena.drawn(random))
                case _:
                    other = random.randrange(len(moves))
                    moves[at], moves[other] = moves[other], moves[at]
        return moves

    @property
    def unexpected(self) -> dict[str, Moves]:
        """Broken promises that no known fault explains."""
        return {promise: moves for promise, moves in self.broken.items() if promise not in OPEN}


def attacked(arena: type[Arena], seed: int, attempts: int, until: str = "") -> Attack:
    """An attack of so many attempts; it ends early once it has broken the promise `until`."""
    attack = Attack(arena, seed)
    while attack.attempts < attempts and until not in attack.broken:
        attack.attempt()
    return attack


# ── by a command ────────────────────────────────────────────────────────────────────────────


def _attack_for(seconds: float, seeds: Sequence[int]) -> Iterator[Attack]:
    """An attack on every arena from every seed, half of the time on the desk."""
    others = [name for name in ARENAS if name != "desk"]
    for name, arena in ARENAS.items():
        share = seconds / 2 if name == "desk" else seconds / 2 / len(others)
        for seed in seeds:
            attack, end = Attack(arena, seed), time.monotonic() + share / len(seeds)
            while time.monotonic() < end:
                attack.attempt()
            yield attack


def _shown(moves: Moves) -> str:
    return "\n".join(f"    {move.name} {', '.join(f'{u:.4f}' for u in move.u)}" for move in moves)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 where a promise broke that no known fault explains."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--streams", type=int, default=0, help="so many random streams instead")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args(arguments)
    seeds = range(given.first, given.first + (given.streams or given.seeds))
    failed = 0
    if given.streams:
        for name, arena in ARENAS.items():
            for seed in seeds:
                watch = told(arena, drawn(arena, seed, STREAM))
                for promise in watch.broken.keys() - OPEN.keys():
                    failed = 1
                    print(f"{name}, seed {seed}: {promise}: {watch.broken[promise][:2000]}")
            print(f"{name}: {given.streams} streams of {STREAM} moves", flush=True)
        return failed
    for attack in _attack_for(given.minutes * 60, seeds):
        per = f"{attack.fund_lost / attack.deficit:.6f}" if attack.deficit else "none"
        known = sorted({OPEN[promise] for promise in attack.broken if promise in OPEN})
        print(
            f"{attack.arena.__name__}, seed {attack.seed}: {attack.attempts} attempts,"
            f" took {attack.taken / 10**8:.2f} USD, fund's loss per dollar of deficit {per}, known faults {known}",
            flush=True,
        )
        for promise, moves in attack.unexpected.items():
            failed = 1
            fewest = shrunk(attack.arena, moves, lambda watch, promise=promise: promise in watch.broken)
            print(f"  {promise}\n{_shown(fewest)}\n  {told(attack.arena, fewest).broken[promise][:2000]}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
