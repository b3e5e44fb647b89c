"""What proofs cost: tables of 10, 100 and 1,000 rows, and the shipped rulebook cold and from the cache.

python tests/benchmarks/verify.py [ROWS ...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import machine
from machine import Spent

from policy import resources
from policy.pipeline import RulesFile, check, program
from policy.verify.claims import Batch
from policy.verify.prove import Limits, prove
from policy.verify.questions import batches

HEAD = (
    "language 1 ruleset t source LAW status official".replace("source LAW", 'source LAW "law"')
    + ' provision LAW/1 "one"\nparameter step: integer = 1_000 per LAW/1\n'
)


def table(rows: int, hit: str) -> str:
    """A table by symbol, and by size within it; bounds are not constants, so nothing is proved when it is checked."""
    tiers = 10
    lines = [HEAD, f"table fee(symbol: text, size: integer) -> money(HKD)\n  {hit}\n  | symbol | size | fee |"]
    for row in range(rows):
        symbol, tier = divmod(row, tiers)
        low = f">= {tier} * step" if tier else ""
        high = f"< {tier + 1} * step" if tier < tiers - 1 else ""
        lines.append(f'  | "S{symbol}" | {" and ".join(x for x in (low, high) if x)} | {row} HKD |')
    return "\n".join(lines) + "\n"


def proofs(text: str) -> tuple[int, Spent]:
    """How many claims about the one table, and what they take."""
    checked = check([RulesFile("t.policy", text.encode())])
    made = program(checked)
    wanted: list[Batch] = batches(checked.model, made)
    started = machine.now()
    count = sum(len(prove(made, b, Limits())) for b in wanted)
    return count, machine.now() - started


def rulebook(cache: str) -> Spent:
    """What `policy verify` takes on the shipped rulebook."""
    started = machine.now()
    command = [sys.executable, "-m", "policy", "verify", str(resources.folder("rulesets"))]
    subprocess.run(command, env={**os.environ, "POLICY_CACHE": cache}, stdout=subprocess.DEVNULL, check=False)
    return machine.now() - started


def clocks(taken: Spent) -> str:
    return f"{taken.wall:.2f} s ({taken.processor:.2f} s of processor)"


def main(sizes: list[int]) -> None:
    print("| rows | exactly one row applies | first row that applies |\n|---:|---:|---:|")
    for rows in sizes:
        cells = []
        for hit in ("exactly one row applies", "first row that applies"):
            count, taken = proofs(table(rows, hit))
            cells.append(f"{count:,} claims, {clocks(taken)}")
        print(f"| {rows:,} | {cells[0]} | {cells[1]} |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = rulebook(str(Path(folder))), rulebook(str(Path(folder)))
    print(f"\nthe shipped rulebook: {clocks(cold)}, {clocks(warm)} from the cache")


if __name__ == "__main__":
    with machine.watched() as watch:
        main([int(n) for n in sys.argv[1:]] or [10, 100, 1_000])
    print(f"\n{watch.told()}")
