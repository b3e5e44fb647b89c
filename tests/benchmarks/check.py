"""How long checking takes as a rulebook grows, and how long one `policy decide` takes from a shell.

    python tests/benchmarks/check.py [RULES ...]

Rulebooks of 100, 1,000 and 10,000 rules are made up (decisions of ten rules, a parameter and a table each) and
checked in one process, without a cache: parsed, typed, judged by every lint, lowered, and compiled to Python. Then
commands are run as a user would, beside a bare Click program: `policy --help`; `policy decide` and `policy check` of
the shipped rules, with an empty cache and a full one, and with a line changed; `policy check` of 11,287 lines with
349 tables, which `tests/support/margin_tiers.py` makes up. Medians; the ratios are of processor time. Python keeps
the modules that it has compiled, as it does unless told otherwise.
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import machine
from machine import Spent

from policy import resources
from policy.pipeline import RulesFile, check, dated, program

sys.path.append(str(Path(__file__).parents[1] / "support"))
from margin_tiers import margin_tiers

ROUNDS = 5

HEAD = """language 1
ruleset big.rules{n} "Big" zh "大"
source S{n} "source" zh "來源" status house
provision S{n}/1 "one" zh "一"
enum Kind {{ red "red" zh "紅", green "green" zh "綠" }}
record Facts "facts" zh "事實" {{ amount: money(HKD) kind: Kind flag: boolean }}
"""


def rulebook(rules: int) -> list[RulesFile]:
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
        texts.append(RulesFile(f"rules{n}.policy", "".join(parts).encode()))
    return texts


def timed(texts: list[RulesFile]) -> dict[str, Spent]:
    """What each stage takes."""
    gc.collect()
    start = machine.now()
    checked = check(texts)
    done = machine.now()
    assert not checked.errors, checked.errors[:3]
    book = dated(program(checked), "2026-03-01")
    lowered = machine.now()
    for id, f in book.program.functions.items():
        if f.kind == "decision":
            book.evaluator(id)
    return {"check": done - start, "lower": lowered - done, "compile": machine.now() - lowered}


def whole(
    command: list[str], env: dict[str, str] | None = None, before: Callable[[], object] = lambda: None
) -> Spent:
    """What a whole process takes, the median by each clock; each time after `before`, and once unmeasured."""
    environment = {**os.environ, **(env or {})}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    run = partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL, env=environment)
    taken = []
    for _ in range(ROUNDS + 1):
        before()
        taken.append(machine.spent(run))
    return machine.middle(taken[1:])


def checks(policy: list[str], place: Path) -> Iterator[tuple[str, Spent]]:
    """Whole checks of the shipped rulebook and of a large one: with an empty cache, a full one, a line changed."""
    shipped, large, cache = place / "rulesets", place / "large", place / "checked"
    shutil.copytree(resources.folder("rulesets"), shipped)
    large.mkdir()
    (large / "tiers.policy").write_text(margin_tiers(1), encoding="utf-8")
    changed = shipped / "hk_sfc" / "margin_financing.policy"
    text, versions = changed.read_text(encoding="utf-8"), count()

    def change() -> None:
        changed.write_text(text.replace('because "', f'because "{next(versions)} ', 1), encoding="utf-8")

    kept = {"POLICY_CACHE": str(cache)}
    (place / "one.policy").write_text('language 1\nruleset one "One" zh "一"\n', encoding="utf-8")
    tables = [*policy, "check", str(place / "one.policy")]  # of the grammar, which are kept between all runs

    def empty() -> None:
        shutil.rmtree(cache, ignore_errors=True)
        subprocess.run(tables, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **kept})

    yield "policy check, shipped, nothing kept", whole([*policy, "check", str(shipped)], {"POLICY_CACHE": "off"})
    for name, rules in (("shipped", shipped), ("11,287 lines", large)):
        command = [*policy, "check", str(rules)]
        yield f"policy check, {name}, cold", whole(command, kept, empty)
        yield f"policy check, {name}, unchanged", whole(command, kept)
        if rules is shipped:
            yield f"policy check, {name}, a line changed", whole(command, kept, change)


def main(sizes: list[int]) -> None:
    os.environ["POLICY_CACHE"] = "off"  # or a second round would read back what the first has parsed
    print(
        f"{'rules':>8} {'check s':>9} {'lower s':>9} {'compile s':>10} {'check µs a rule':>17} {'of processor':>13}"
    )
    timed(rulebook(100))
    for rules in sizes:
        texts = rulebook(rules)
        results = [timed(texts) for _ in range(3 if rules < 10_000 else 1)]
        median = {k: machine.middle([r[k] for r in results]) for k in results[0]}
        each = median["check"] * (1e6 / rules)
        stages = " ".join(f"{median[k].wall:>{w}.2f}" for k, w in (("check", 9), ("lower", 9), ("compile", 10)))
        print(f"{rules:>8,} {stages} {each.wall:>17.0f} {each.processor:>13.0f}")
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
            *checks(policy, Path(folder)),
        ]
    print()
    for name, taken in rows:
        ms = f"{taken.wall * 1000:7.0f} ms {taken.processor * 1000:7.0f} ms of processor"
        print(f"{name:38} {ms} {taken.processor / base.processor:6.1f} ×")


if __name__ == "__main__":
    with machine.watched() as watch:
        main([int(n) for n in sys.argv[1:]] or [100, 1_000, 10_000])
    print(f"\n{watch.told()}")
