"""How long checking takes as a rulebook grows, and how long one `policy decide` takes from a shell.

    python tests/benchmarks/check.py

Rulebooks of 100, 1,000 and 10,000 rules are made up (decisions of ten rules, a parameter and a table each) and
checked in one process: parsed, typed, judged by every lint, lowered, and compiled to Python. Then the commands
`policy --help` and `policy decide` are run as a user would, the second with an empty cache and with a full one,
beside a bare Click program. Medians; the numbers move by a tenth on a shared machine.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from policy.pipeline import Text, check, dated, program

ROUNDS = 5

HEAD = """language 1
ruleset big.rules{n} "Big" zh "大"
source S{n} "source" zh "來源" status house
provision S{n}/1 "one" zh "一"
enum Kind {{ red "red" zh "紅", green "green" zh "綠" }}
record Facts "facts" zh "事實" {{ amount: money(HKD) kind: Kind flag: boolean }}
"""


def rulebook(rules: int) -> list[Text]:
    """Files of a hundred rules each."""
    texts = []
    for n in range(rules // 100):
        parts = [HEAD.format(n=n)]
        for d in range(10):
            parts.append(
                f'parameter limit{d}: money(HKD) "limit" zh "上限" from 2026-01-01 = {d + 1} million HKD per S{n}/1\n'
                f'table rate{d}(f: Facts) -> rate "rate" zh "率" exactly one row applies\n'
                f"  | f.kind | f.amount | rate{d} | per |\n  | red | < 5 HKD | 1% | S{n}/1 |\n"
                f"  | red | >= 5 HKD | 2% | S{n}/1 |\n  | green | any | 3% | S{n}/1 |\n"
                f'decision ok{d}(f: Facts) "ok" zh "可" otherwise permit "yes" zh "是"\n'
            )
            parts += [
                f"  deny r{r} when f.amount > limit{d} and (f.flag or rate{d}(f) > {r}%) and f.kind is red\n"
                f'    because "reason {r}" zh "理由" per S{n}/1\n'
                for r in range(10)
            ]
            parts.append(f'test "t{d}" on 2026-03-01 expect ok{d}({{ amount: 1 HKD }}) permitted\n')
        texts.append(Text(f"rules{n}.policy", "".join(parts).encode()))
    return texts


def timed(texts: list[Text]) -> dict[str, float]:
    """Seconds of each stage."""
    gc.collect()
    start = time.perf_counter()
    checked = check(texts)
    done = time.perf_counter()
    assert not checked.errors, checked.errors[:3]
    book = dated(program(checked), "2026-03-01")
    lowered = time.perf_counter()
    for id, f in book.program.functions.items():
        if f.kind == "decision":
            book.evaluator(id)
    return {"check": done - start, "lower": lowered - done, "compile": time.perf_counter() - lowered}


def whole(command: list[str], env: dict[str, str] | None = None, rounds: int = ROUNDS) -> float:
    """Median seconds of a whole process."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    print(f"{'rules':>8} {'check s':>9} {'lower s':>9} {'compile s':>10} {'check µs a rule':>17}")
    timed(rulebook(100))
    for rules in (100, 1_000, 10_000):
        texts = rulebook(rules)
        results = [timed(texts) for _ in range(3 if rules < 10_000 else 1)]
        median = {k: statistics.median(r[k] for r in results) for k in results[0]}
        each = median["check"] / rules * 1e6
        print(f"{rules:>8,} {median['check']:>9.2f} {median['lower']:>9.2f} {median['compile']:>10.2f} {each:>17.0f}")
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text("import click\n@click.group()\ndef main(): 'bare'\n@main.command()\ndef a(): 'a'\nmain()\n")
        facts = Path(folder) / "facts.json"
        facts.write_text('{"position": {"asset": {"symbol": "BTC", "class": "virtual_asset"}, "market_value": 100}}')
        policy = [sys.executable, "-m", "policy"]
        decide = [*policy, "decide", "lending_value", "--facts", str(facts), "--on", "2026-03-01"]
        base = whole([sys.executable, str(bare), "--help"])
        rows = [
            ("a bare Click program's --help", base),
            ("policy --help", whole([*policy, "--help"])),
            ("policy decide, cold", whole(decide, {"POLICY_CACHE": "off"})),
            ("policy decide, warm", whole(decide, {"POLICY_CACHE": str(Path(folder) / "cache")})),
        ]
    print()
    for name, seconds in rows:
        print(f"{name:32} {seconds * 1000:7.0f} ms {seconds / base:6.1f} ×")


if __name__ == "__main__":
    main()
