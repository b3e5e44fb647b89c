"""Making a checked record: an order of the shipped rulebook beside an attrs class with the same fields, unchecked.

python tests/benchmarks/records.py [ROUNDS] # 200 rounds of 1,000 orders if none are named

The orders differ in price, quantity and fees. Microseconds of processor time an order, medians of the rounds.
"""

import sys
from collections.abc import Callable
from itertools import islice
from random import Random
from statistics import median
from time import process_time
from typing import Any

import attrs
import machine

import policy
from policy import resources

ORDERS = 1_000


def rows(order: Any, names: list[str]) -> list[tuple[Any, ...]]:
    """So many orders like the first of the examples."""
    chance, given = Random(1), {n: getattr(order, n) for n in names}
    varied = [n for n in ("price", "quantity", "fees") if n in given]
    return [tuple({**given, **{n: chance.randint(1, 10**9) for n in varied}}.values()) for _ in range(ORDERS)]


def maker(made: type, names: list[str]) -> Callable[[list[tuple[Any, ...]]], None]:
    """A loop that makes one of each row, every field by its name."""
    fields = ", ".join(f"{n}={n}" for n in names)
    scope: dict[str, Any] = {"made": made}
    exec(f"def make(rows):\n    for {', '.join(names)} in rows:\n        made({fields})", scope)
    make: Callable[[list[tuple[Any, ...]]], None] = scope["make"]
    return make


def main(rounds: int) -> None:
    """Prints a row for each number of fields given."""
    rulebook = policy.load(on="2026-03-01")
    lines = (resources.folder("rulesets") / "examples" / "orders.jsonl").read_text(encoding="utf-8").splitlines()
    (order,) = rulebook.reader("order_accepted").read(lines[0])
    checked = rulebook.records["Order"]
    known = [n for n in checked._fields if getattr(order, n) is not policy.MISSING]
    by_hand = attrs.make_class(
        "ByHand", {n: attrs.field(default=None) for n in checked._fields}, frozen=True, slots=True
    )
    with machine.watched() as watch:
        for names in (list(islice(known, 22)), known):
            orders, makers = rows(order, names), [maker(c, names) for c in (by_hand, checked)]
            samples: list[list[float]] = [[], []]
            for _ in range(rounds):
                for make, told in zip(makers, samples, strict=True):
                    start = process_time()
                    make(orders)
                    told.append((process_time() - start) / ORDERS * 1e6)
            hand, ours = map(median, samples)
            given = f"{len(names)} of {len(checked._fields)} fields"
            print(f"{given}: {ours:.2f} µs checked, {hand:.2f} µs by attrs, {ours / hand:.2f} ×")
    print(watch.told())


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 200)
