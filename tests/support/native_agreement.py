"""Random rulebooks, asked in C and of the reference interpreter: their answers are the same.

`python tests/support/native_agreement.py 1000000` asks generated Python and columns too, until so many answers of
each have been compared, and prints how many there were of each outcome. It ends with 1 where two differ.
`… 1000000 250` begins with random rulebook 250; further words are flags for the compiler.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path
from random import Random

from native import UNDEFINED, Library, built, told
from policy.answers import Answer
from policy.backends.c.compile import compiled
from policy.diagnostics import PolicyError
from policy.facts.records import FactsRecord, record_from
from policy.ir.from_model import program_of
from policy.ir.program import Function, Program
from policy.model.overlays import overlaid
from policy.pipeline import Rulebook, RulesFile, check, dated
from random_expressions import DAYS
from random_facts import facts_of_a_table
from random_rules import Rules

Others = Callable[[Rulebook, str, list[FactsRecord], list[Answer]], None]  # other engines, asked the same


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


def agree(seed: int, most: int, folder: Path, *flags: str, others: Others | None = None) -> Counter[str]:
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
        for missing in (0.0, 0.15, 0.4):
            made = facts_of_a_table(chance, missing, max(1, most // 6))
            rows = [record_from(given, record, book.records, book.program) for given in made]
            for question in questions:
                interpreter = book.interpreter(question.id)
                answers = [interpreter.answer(row) for row in rows]
                for row, answer in zip(rows, answers, strict=True):
                    meant, in_c_ = told(answer), library.ask(question.id, on, (row,))
                    assert in_c_ == meant, (
                        f"seed {seed}, {question.id} on {day}: {in_c_}, but {meant}\n{row}\n{rules.text}"
                    )
                    counted[meant[0]] += 1
                if others is not None:
                    others(book, question.id, rows, answers)
    return counted


def in_python_and_in_columns(book: Rulebook, question: str, rows: list[FactsRecord], answers: list[Answer]) -> None:
    evaluator = book.evaluator(question)
    assert [evaluator.answer(row) for row in rows] == answers, f"{question}: generated Python answers otherwise"
    tables.agree(book, question, [(row,) for row in rows], answers)


if __name__ == "__main__":
    import tables  # needs Polars, which a test of C does not

    wanted, counted = int(sys.argv[1]), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for seed in count(int(sys.argv[2]) if len(sys.argv) > 2 else 0):
            counted += agree(seed, min(600, wanted), Path(folder), *sys.argv[3:], others=in_python_and_in_columns)
            print(f"seed {seed}: {counted.total():,} answers agree", file=sys.stderr, flush=True)
            if counted.total() >= wanted:
                break
    print("\n".join(f"{n:9,} {outcome}" for outcome, n in sorted(counted.items())))
