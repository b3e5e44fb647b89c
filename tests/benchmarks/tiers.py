"""Lookups in a long schedule: margin tiers of perpetual contracts, as many as a venue publishes.

    python tests/benchmarks/tiers.py [CONTRACTS]      # 349 contracts with 2,800 tiers if none are named

Writes a rulebook of one table from a file, several results a row, in the shape of public schedules: for each contract
tiers of position size, each with a higher rate, a lower leverage, and the deduction that makes the margin continuous.
Prints seconds of processor time, as other work on the machine does not change them much.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from policy.pipeline import check, dated, program, read_folder

RULES = """language 1
ruleset venue.tiers "Margin tiers" zh "保證金層級"
source VENUE "the venue's schedule" zh "交易所附表" reference "2026-11" issued 2026-01-01 status house
provision VENUE/tiers "Maintenance margin by position size." zh "按持倉規模計算維持保證金。"
record Tier "tier" zh "層級" {
  rate: rate "maintenance rate" zh "維持率"
  deduction: money(USD) "deduction" zh "扣減額"
  leverage: integer "highest leverage" zh "最高槓桿"
}
table tier(contract: text "contract" zh "合約", notional: money(USD) "size" zh "規模")
  -> Tier "margin tier" zh "保證金層級"
  exactly one row applies
  from "tiers.csv"
value margin(contract: text "contract" zh "合約", notional: money(USD) "size" zh "規模") -> money(USD)
  "margin" zh "保證金"
  = round up to 0.01 (notional * tier(contract, notional).rate) - tier(contract, notional).deduction per VENUE/tiers
test "a small position" on 2026-03-01
  expect tier("C000-PERP", 0 USD).deduction = 0 USD
"""

LEVERAGES = (125, 100, 75, 50, 40, 30, 25, 20, 10, 5, 4, 3, 2, 1)


def rows(contracts: int, seed: int = 1) -> Iterator[str]:
    """The lines of the file."""
    chance = Random(seed)
    yield "contract,notional,rate,deduction,leverage,per"
    for contract in range(contracts):
        count = chance.randint(6, 10)
        leverages = sorted(chance.sample(LEVERAGES, count), reverse=True)
        low, rate, deduction = 0, 0, 0
        for n, leverage in enumerate(leverages):
            high = (low or 5_000) * chance.choice((2, 4, 5))
            next_rate = max(rate + 10, 5_000 // leverage)  # in hundredths of a per cent
            deduction += low * (next_rate - rate) // 10_000 if n else 0
            rate = next_rate
            bounds = f">= {low} USD and < {high} USD" if n else f"< {high} USD"
            bounds = bounds if n < count - 1 else f">= {low} USD"
            percent = f"{rate // 100}.{rate % 100:02}%"
            yield f"C{contract:03}-PERP,{bounds},{percent},{deduction} USD,{leverage},VENUE/tiers"
            low = high


def write(folder: Path, contracts: int) -> int:
    """The rulebook in a folder; gives the number of rows."""
    lines = list(rows(contracts))
    (folder / "tiers.policy").write_text(RULES, encoding="utf-8")
    (folder / "tiers.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines) - 1


def main() -> None:
    contracts = int(sys.argv[1]) if len(sys.argv) > 1 else 349
    with tempfile.TemporaryDirectory() as made:
        count = write(Path(made), contracts)
        texts, _ = read_folder([made])
        clock = time.process_time()
        checked = check(texts)
        print(f"{count:,} rows: check {time.process_time() - clock:.2f} s of processor time")
        assert not checked.errors, checked.errors[0]
        clock = time.process_time()
        book = dated(program(checked), "2026-03-01")
        print(f"program of one date: {time.process_time() - clock:.2f} s")
        clock = time.process_time()
        fast = book.evaluator("margin").fast
        fast("C000-PERP", 100)
        print(f"compiled and asked once: {time.process_time() - clock:.2f} s")
        chance = Random(2)
        asked = [(f"C{chance.randrange(contracts):03}-PERP", chance.randrange(10**10)) for _ in range(2_000)]
        clock = time.process_time()
        for contract, notional in asked:
            fast(contract, notional)
        took = time.process_time() - clock
        print(f"single decisions: {len(asked) / took:,.0f} a second (two lookups each)")
        import polars as pl

        many = pl.DataFrame(asked * 250, schema={"contract": pl.String, "notional": pl.Int64}, orient="row")
        evaluator = book.columns("margin", many.schema, scaled=True)
        assert not evaluator.unsupported, evaluator.unsupported
        evaluator.answers(many.head(10_000))
        clock = time.process_time()
        evaluator.answers(many)
        took = time.process_time() - clock
        print(f"columns: {many.height / took:,.0f} rows a second of processor time")


if __name__ == "__main__":
    main()
