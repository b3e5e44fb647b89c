"""A decision in C: compiled rules against the same by hand in C, and against the Python evaluator.

python tests/benchmarks/native.py [ROUNDS] # 400 rounds of 1,000 orders if none are named

The decision, its orders and the one by hand are those of `decision/`. Every answer is compared before anything is
timed. Nanoseconds of processor time a decision; the compiler is `cc`, or `CC`, with `-O2`.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "decision"), str(HERE.parent / "support")]

import by_hand  # noqa: E402
import machine  # noqa: E402
import ours  # noqa: E402
from cases import cases  # noqa: E402

from policy.backends.c.compile import Compiled, compiled, questions_of  # noqa: E402
from policy.pipeline import load_program, read_folder  # noqa: E402

ON = date(2026, 11, 22).toordinal()
RULES = [
    ("trading_halted", "o->halted"),
    ("order_too_small", "o->notional < INT64_C(10000000000)"),
    ("order_too_large", "o->notional > INT64_C(4000000000000000)"),
    ("not_prefunded", "o->notional > o->available"),
    ("over_platform_limit", "o->exposure + o->notional > INT64_C(20000000000000000)"),
    ("outside_fatf", "!(members >> o->jurisdiction & 1)"),
    ("house_order", "o->capacity == {house}"),
    ("market_maker_buying", "o->capacity == {maker} && o->side == {buy} && o->notional > INT64_C(500000000000000)"),
    ("over_retail_limit", "!o->professional && o->exposure + o->notional > INT64_C(5000000000000000)"),
    (
        "retail_not_opted_in",
        "!o->professional && o->capacity == {client} && !(o->present[0] >> {opted} & 1 && o->opted_in)",
    ),
]
PROGRAM = """#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "rulebook.h"

static const struct {record} orders[] = {{
{orders}
}};
enum {{ COUNT = sizeof orders / sizeof *orders }};
static const uint64_t members = UINT64_C({members});
static volatile uint64_t sink;

__attribute__((noinline)) static int accepted(const struct {record} *o) {{
    return !({any});
}}
__attribute__((noinline)) static uint64_t reasons(const struct {record} *o) {{
    return {all};
}}
static uint64_t by_rules(const struct {record} *o) {{
    struct {c}_facts facts;
    struct {c}_answer answer;
    facts.size = sizeof facts;
    answer.size = sizeof answer;
    facts.version = answer.version = RULEBOOK_VERSION;
    facts.given[0] = 1;
    facts.order = o;
    if ({c}(&facts, {on}, &answer) != POLICY_OK) exit(3);
    return answer.outcome == POLICY_PERMITTED ? 0 : answer.reasons[0];
}}
static double now(void) {{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}}
int main(int argc, char **argv) {{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    for (int n = 0; n < COUNT; n++) printf("%llx\\n", (unsigned long long)by_rules(&orders[n]));
    for (int n = 0; n < COUNT; n++)
        if (reasons(&orders[n]) != by_rules(&orders[n]) || accepted(&orders[n]) != !reasons(&orders[n])) return 4;
    double times[4] = {{now()}};
    for (int r = 0; r < rounds; r++) for (int n = 0; n < COUNT; n++) sink += accepted(&orders[n]);
    times[1] = now();
    for (int r = 0; r < rounds; r++) for (int n = 0; n < COUNT; n++) sink += reasons(&orders[n]);
    times[2] = now();
    for (int r = 0; r < rounds; r++) for (int n = 0; n < COUNT; n++) sink += by_rules(&orders[n]);
    times[3] = now();
    for (int n = 0; n < 3; n++) printf("%.3f\\n", (times[n + 1] - times[n]) / rounds / COUNT);
    return 0;
}}
"""


def program(made: Compiled) -> str:
    """The program that times both, over the orders as constants."""
    (asked,), layout = made.layout.asked.values(), made.layout
    (struct,) = layout.structs.values()
    short = {id.rpartition(".")[2]: members for id, members in layout.enums.items()}
    numbers = {m: n for members in layout.enums.values() for n, m in enumerate(members)}
    flags = {"opted": struct.members["opted_in"].bit}
    words = {"house": numbers["house"], "client": numbers["client"], "buy": numbers["buy"]}
    words |= {"maker": numbers["affiliated_market_maker"], **flags}
    tests = [test.format(**words) for _, test in RULES]
    names = [rule.name for rule in asked.function.rules]
    bits = [f"((uint64_t)({test}) << {names.index(name)})" for (name, _), test in zip(RULES, tests, strict=True)]
    lines = []
    for facts in cases():
        values = [_value(facts[name], numbers) for name in struct.members]  # type: ignore[literal-required]
        present = sum(1 << m.bit for m in struct.members.values() if facts[m.name] is not None)  # type: ignore[literal-required]
        lines.append(f"    {{{{{2 ** len(struct.members) - 1}}}, {{{present}}}, {', '.join(values)}}},")
    return PROGRAM.format(
        record=struct.c,
        c=asked.c,
        on=ON,
        orders="\n".join(lines),
        members=sum(1 << n for n, m in enumerate(short["Jurisdiction"]) if m in by_hand.FATF_MEMBERS),
        any=" || ".join(f"({t})" for t in tests),
        all=" | ".join(bits),
    )


def _value(fact: object, numbers: dict[str, int]) -> str:
    return str(numbers[fact]) if isinstance(fact, str) else str(int(fact or 0))  # type: ignore[call-overload]


def timed(rounds: int, folder: Path) -> list[float]:
    """Nanoseconds: by hand yes or no, by hand all reasons, compiled rules; after their answers have been compared."""
    texts, wrong = read_folder((str(HERE / "decision" / "order_acceptance.policy"),))
    assert not wrong
    undated = load_program(texts)
    made = compiled(undated, [f for f in questions_of(undated) if f.kind == "decision"])
    for name, text in (("rulebook.h", made.header), ("rulebook.c", made.source), ("main.c", program(made))):
        (folder / name).write_text(text, encoding="utf-8")
    sources = [str(folder / name) for name in ("rulebook.c", "main.c")]
    subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-O2", *sources, "-o", str(folder / "main")], check=True)
    done = subprocess.run([str(folder / "main"), str(rounds)], check=True, capture_output=True, text=True)
    *answers, yes_or_no, all_reasons, rules = done.stdout.split()
    (asked,) = made.layout.asked.values()
    for facts, answer in zip(cases(), answers, strict=True):
        held = {r.name for n, r in enumerate(asked.function.rules) if int(answer, 16) >> n & 1}
        assert held == set(by_hand.reasons(by_hand.Order(**facts))), facts
    return [float(yes_or_no), float(all_reasons), float(rules)]


def of_python(rounds: int) -> float:
    """Nanoseconds of the Python evaluator, all reasons."""
    ask, orders = ours.load_reasons(), [ours.prepare(facts) for facts in cases()]
    start = time.process_time()
    for _ in range(rounds):
        for order in orders:
            ask(order)
    return (time.process_time() - start) / rounds / len(orders) * 1e9


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    with machine.watched() as watch, tempfile.TemporaryDirectory() as folder:
        yes_or_no, all_reasons, rules = timed(rounds, Path(folder))
        python = of_python(max(1, rounds // 20))
    print("| engine | ns per decision | of C by hand, all reasons |\n|---|--:|--:|")
    for name, taken in (
        ("C by hand: yes or no", yes_or_no),
        ("C by hand: all reasons", all_reasons),
        ("compiled rules: all reasons, facts checked", rules),
        ("the Python evaluator: all reasons", python),
    ):
        print(f"| {name} | {taken:.1f} | {taken / all_reasons:.1f} |")
    print(watch.told())


if __name__ == "__main__":
    main()
