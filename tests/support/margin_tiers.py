"""A large rulebook made up from a seed, of the shape of an exchange's margin tiers: 349 contracts, a table each.

    python tests/support/margin_tiers.py SEED > tiers.policy

Each contract has its table of some eight tiers, the margin and a limit that rest on it, and a test that asks about
every tier. It is 11,287 lines long.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import Random

CONTRACTS = 349
LINES = 11_287
_HEAD = """language 1
ruleset large.tiers "Margin tiers" zh "保證金等級"

source T "Tiers of margin" zh "保證金等級"
  status house
provision T/tiers "The margin of a contract rises with the value of the position." zh "保證金隨持倉價值上升。"
provision T/limit "A position beyond the last tier is not opened." zh "不得開立超出最高等級的持倉。"
"""


def margin_tiers(seed: int, contracts: int = CONTRACTS) -> str:
    """The rules, as text; of fewer contracts, fewer lines."""
    chance = Random(seed)
    tiers = [chance.randint(6, 9) for _ in range(contracts)]
    without = _HEAD.count("\n") + contracts * sum(1 for _ in _contract("c", Random(0), 0))
    left, odd = divmod(LINES - without, 2)  # two lines a tier
    while contracts == CONTRACTS and (more := left - sum(tiers)):
        tiers[chance.randrange(contracts)] += 1 if more > 0 else -1
    lines = [line for n, size in enumerate(tiers) for line in _contract(f"c{n:03}", chance, size)]
    return _HEAD + "\n".join(lines) + "\n" * (1 + odd)


def _contract(name: str, chance: Random, tiers: int) -> Iterator[str]:
    bounds, rates = [0], [chance.randint(40, 200)]  # thousands of dollars, hundredths of a percent
    for _ in range(tiers):
        bounds.append(bounds[-1] + chance.randint(5, 400))
        rates.append(rates[-1] + chance.randint(5, 300))
    yield ""
    yield f'table {name}_rate(notional: money(USD)) -> rate "rate of {name}" zh "{name}比率" stricter when higher'
    yield "  exactly one row applies"
    yield f"  | notional | {name}_rate | per |"
    yield "  |---|---|---|"
    for n, rate in enumerate(rates[:-1]):
        above = f"> {bounds[n]}_000 USD and " if n else ""
        below = f"<= {bounds[n + 1]}_000 USD" if n < tiers - 1 else ""
        cell = (above + below).removesuffix(" and ") or "any"
        yield f"  | {cell} | {rate // 100}.{rate % 100:02}% | T/tiers |"
    yield f'value {name}_margin(notional: money(USD)) -> money(USD) "margin of {name}" zh "{name}保證金"'
    yield f"  = round up to 0.01 (notional * {name}_rate(notional)) per T/tiers"
    yield f'decision {name}_opened(notional: money(USD), held: money(USD)) "{name} is opened" zh "開立{name}"'
    yield '  otherwise permit "within the tiers" zh "未超出等級"'
    yield f"  deny beyond when notional > {bounds[-1]}_000 USD"
    yield '    because "beyond the last tier" zh "超出最高等級" per T/limit'
    yield f"  deny bare when held < {name}_margin(notional)"
    yield '    because "less than the margin" zh "少於保證金" per T/tiers'
    yield f'test "{name}" on 2026-03-01'
    for n, rate in enumerate(rates[:-1]):
        notional = chance.randint(bounds[n] + 1, bounds[n + 1])
        cents = notional * 1_000 * rate // 100
        yield f"  expect {name}_margin({notional}_000 USD) = {cents // 100}.{cents % 100:02} USD"
    yield f"  expect {name}_opened({bounds[-1]}_000 USD, 0 USD) denied by bare"


if __name__ == "__main__":
    sys.stdout.write(margin_tiers(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
