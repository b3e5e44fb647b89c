"""Random rulebooks, asked in C and of the reference interpreter: their answers are the same.

`python tests/support/native_agreement.py 1000000` asks until so many answers have been compared, and prints how many
there were of each outcome. It ends with 1 where two differ. `… 1000000 250` begins with random rulebook 250; further
words are flags for the compiler.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from datetime import date
from itertools import count
from pathlib import Path
from random import Random

from native import UNDEFINED, Library, built, told
from policy.backends.c.compile import compiled
from policy.diagnostics import PolicyError
from policy.facts.records import record_from
from policy.ir.from_model import program_of
from policy.ir.program import Function, Program
from policy.model.overlays import overlaid
from policy.pipeline import RulesFile, check, dated
from random_expressions import DAYS
from random_rules import Rules, facts


def in_c(program: Program, functions: list[Function]) -> list[Function]:
    """Those of the questions that can be compiled."""

    def is_in_c(function: Function) -> bool:
        try:
            compiled(program, [function])
        except PolicyError:
            return False
        return True

    try:
        compiled(program, functions)
    except PolicyError:
        return list(filter(is_in_c, functions))
    return functions


def agree(seed: int, most: int, folder: Path, *flags: str) -> Counter[str]:
    """Compares answers on so many facts, a third of them complete, on two dates; counts outcomes."""
    chance = Random(seed)
    rules = Rules(chance)
    checked = check(
        [RulesFile("random.policy", rules.text.encode()), RulesFile("house.policy", rules.house.encode())]
    )
    overlay = chance.choice(("", "random.house"))
    undated = program_of(overlaid(checked.model, overlay), "random", overlay)
    questions = in_c(undated, [undated.functions[f"random.rules.{name}"] for name in rules.questions])
    inner = folder / str(seed)
    inner.mkdir()
    library: Library = built(compiled(undated, questions), inner, "-O0", *(flags or UNDEFINED))
    counted: Counter[str] = Counter()
    for day in chance.sample(DAYS, 2):
        book, on = dated(undated, day), date.fromisoformat(day).toordinal()
        record = book.program.functions["random.rules.queue"].parameters[0][1]
        for n in range(most // 2):
            made = facts(chance, (0.0, 0.15, 0.4)[n % 3])
            f = record_from(made, record, book.records, book.program)
            for question in questions:
                meant = told(book.interpreter(question.id).answer(f))
                in_c_ = library.ask(question.id, on, (f,))
                assert in_c_ == meant, (
                    f"seed {seed}, {question.id} on {day}: {in_c_}, but {meant}\n{made}\n{rules.text}"
                )
                counted[meant[0]] += 1
    return counted


if __name__ == "__main__":
    wanted, counted = int(sys.argv[1]), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for seed in count(int(sys.argv[2]) if len(sys.argv) > 2 else 0):
            counted += agree(seed, min(600, wanted), Path(folder), *sys.argv[3:])
            print(f"seed {seed}: {counted.total():,} answers agree", file=sys.stderr, flush=True)
            if counted.total() >= wanted:
                break
    print("\n".join(f"{n:9,} {outcome}" for outcome, n in sorted(counted.items())))
