"""Five days of order flow for a matching engine: made from a seed, the same messages on every machine.

After the shape of the public benchmark of matching engines (github.com/flash1-dev/matching-engine-benchmark): a day
is calm, or the price wanders so far; all orders are placed on their own side of it, most near, some deep. Buyers
follow the first half of the path and sellers the second, shuffled, so that they meet. Of the orders 15 % are
immediate or cancel. Of the others a fifth are modified (one more, most a tick better) and 95 % cancelled, deep ones
later; some cancels and modifies are sent twice, or too late. Every draw is of integers: logarithms differ between
machines.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import accumulate
from math import isqrt
from random import Random
from typing import Literal

Kind = Literal["new", "cancel", "modify"]
NEW, CANCEL, MODIFY = "new", "cancel", "modify"

Message = tuple[Kind, int, bool, int, int, bool]
"""Kind, order, whether it buys, price in ticks, quantity, whether it is immediate or cancel."""

SWINGS = {"static": 0, "normal": 2, "swing-25": 25, "swing-40": 40, "flash-crash": 60}
"""How far the price wanders in a day, in per cent."""

_MIDDLE = 33_504  # ticks
_FINE = 10**6  # parts of a tick that the path is kept in
_LIFE = 40  # arrivals of others that half of the cancelled orders see, at the best price
_HUMP = {5: 5, 6: 68, 7: 303, 8: 500, 9: 303, 10: 68, 11: 5}  # more orders some ticks away, of 100 at the best price
_DEPTHS = list(accumulate(10**6 // (k + 1) ** 2 + 10**4 * _HUMP.get(k, 0) for k in range(400)))


def messages(workload: str, orders: int, seed: int = 23) -> Iterator[Message]:
    """The messages of a day with so many new orders: some two for each."""
    chance = Random(f"{workload} {seed}")
    path = _path(SWINGS[workload], orders, chance)
    turns = _shuffled(orders, chance)
    due: list[tuple[int, int, Message]] = []
    sent = 0
    for now, order in enumerate(turns):
        while due and due[0][0] <= now:
            yield heappop(due)[2]
        depth = _depth(chance)
        buys = order < orders // 2
        price = max(1, path[order] - depth - 1 if buys else path[order] + depth + 1)
        quantity = 1 + _below(100, chance)
        immediate = _below(100, chance) < 15
        yield NEW, order, buys, price, quantity, immediate
        if not immediate:
            for at, message in _later(now, depth, (NEW, order, buys, price, quantity, False), chance):
                sent += 1
                heappush(due, (at, sent, message))
    while due:
        yield heappop(due)[2]


def _later(now: int, depth: int, placed: Message, chance: Random) -> Iterator[tuple[int, Message]]:
    """What is sent for an order at rest, each with its time."""
    _, order, buys, price, quantity, _ = placed
    modify: Message | None = None
    if _below(100, chance) < 20:
        better = (1 if buys else -1) if _below(100, chance) < 80 else 0
        modify = MODIFY, order, buys, price + better, quantity + 1, False
        now += 1 + _below(_LIFE, chance)
        yield now, modify
    if _below(100, chance) < 95:
        cancel: Message = CANCEL, order, buys, 0, 0, False
        now += _life(depth, chance)
        yield now, cancel
        if _below(100, chance) < 2:
            yield now + 1 + _below(20, chance), cancel
        if modify is not None and _below(100, chance) < 2:
            yield now + 1 + _below(20, chance), modify


def _path(swing: int, orders: int, chance: Random) -> list[int]:
    """The middle at each order: steps up and down that come to the swing, as a rule."""
    middle, path = _MIDDLE * _FINE, []
    step = swing * 10**10 // isqrt(orders) if swing else 0  # of 10¹²
    for _ in range(orders):
        change = middle * step // 10**12
        middle += change if chance.getrandbits(1) else -change
        path.append(middle // _FINE)
    return path


def _shuffled(orders: int, chance: Random) -> list[int]:
    turns = list(range(orders))
    for last in range(orders - 1, 0, -1):
        other = _below(last + 1, chance)
        turns[last], turns[other] = turns[other], turns[last]
    return turns


def _depth(chance: Random) -> int:
    """Ticks behind the best price: as a rule few, with a hump some way off."""
    drawn = _below(_DEPTHS[-1], chance)
    low, high = 0, len(_DEPTHS) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if drawn < _DEPTHS[middle] else (middle + 1, high)
    return low


def _life(depth: int, chance: Random) -> int:
    """Arrivals that an order waits for its cancel: after each half-life half of those are left that were."""
    half = _LIFE * isqrt(100 * (1 + depth)) // 10
    halves = 0
    while chance.getrandbits(1):
        halves += 1
    return 1 + half * halves + _below(half, chance)


def _below(bound: int, chance: Random) -> int:
    """A number from 0 below the bound."""
    return chance.getrandbits(53) * bound >> 53
