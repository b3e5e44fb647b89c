"""Random rulebooks, asked of the oracle, the reference interpreter and generated Python: their answers are the same.

`python tests/support/agreement.py 2000 "median of"` takes the first 2,000 random rulebooks that use a construct, and
`python tests/support/agreement.py 2000` the first 2,000, with how many use each. It ends with 1 where two differ.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import count, islice
from random import Random

import pytest

from model_oracle import Oracle
from policy import UndecidedError
from policy.answers import Outcome
from policy.facts.records import record_from
from policy.ir.from_model import program_of
from policy.model.overlays import overlaid
from policy.pipeline import RulesFile, check, dated
from random_expressions import DAYS
from random_facts import facts
from random_rules import HEAD, Rules

CONSTRUCTS = {
    "several results of one row": r"-> Tier ",
    "record written out": r"\{ rate: ",
    "parts of dates": r"(year|month|day|weekday) of ",
    "business days": r"business days? of ",
    "period": r"-> period|: period",
    "the … where": r"\bthe \(",
    "first of": r"first of \(",
    "list made of another": r"\[[^\]]* for ",
    "list in order": r"\[[^\]]* by (lowest|highest) ",
    "first of several": r"first \d of ",
    "sum of the largest": r"sum of the \d",
    "median of": r"median of ",
    "average of": r"average of ",
    "distinct by several keys": r"distinct \(",
    "local names": r"^  where ",
    "powers": r" \^ \d",
    "remainder": r"modulo|a multiple of",
    "square root": r"square root of",
    "order of members": r"(is at least|is at most|>=?|<=?) (red|green|blue)",
    "members within bounds": r"clamp\(.*, blue\)",
    "highest of rows of members": r'-> Kind "t".*\n  (highest|lowest) of',
    "money of a currency that is a fact": r"f\.held",
    "currency that is declared": r"USDT",
}


def uses(rules: Rules, construct: str) -> bool:
    return re.search(CONSTRUCTS[construct], rules.text.removeprefix(HEAD), re.MULTILINE) is not None


def using(construct: str) -> Iterator[int]:
    """The seeds of the rulebooks that use a construct."""
    return (seed for seed in count() if uses(Rules(Random(seed)), construct))


def agree(seed: int) -> None:
    chance = Random(seed)
    rules = Rules(chance)
    checked = check(
        [RulesFile("random.policy", rules.text.encode()), RulesFile("house.policy", rules.house.encode())]
    )
    judgements = ("unreachable-row", "loosens")  # which random rules may earn
    wrong = [d for d in checked.errors if d.code not in judgements]
    assert not wrong, rules.text + rules.house + "\n".join(map(str, wrong))
    overlay = chance.choice(("", "random.house"))
    model = overlaid(checked.model, overlay)
    undated = program_of(model, "random", overlay)
    for day in chance.sample(DAYS, 2):
        rulebook = dated(undated, date.fromisoformat(day))
        oracle = Oracle(model, date.fromisoformat(day).toordinal())
        for missing in (0.0, 0.0, 0.15):
            record = rulebook.program.functions["random.rules.queue"].parameters[0][1]
            written = facts(chance, missing)
            f = record_from(written, record, rulebook.records, rulebook.program)
            for name in rules.questions:
                meant = rulebook.interpreter(name).answer(f)
                oracle.check(f"random.rules.{name}", (written,), meant)
                evaluator = rulebook.evaluator(name)
                made = evaluator.answer(f)
                assert made == meant, (
                    f"{name} on {day}: {made} {made.verdict}, but {meant} {meant.verdict}\n{rules.text}{rules.house}"
                )
                assert evaluator.verdict(f) == meant.verdict
                if meant.outcome in (Outcome.UNDECIDED, Outcome.FAILED):
                    with pytest.raises(UndecidedError):
                        evaluator.fast(f)
                else:
                    wanted = meant.value if meant.outcome is Outcome.VALUE else meant.permitted
                    assert evaluator.fast(f) == wanted
                told = meant.derivation.value  # the explanation must tell the same story
                assert all(need in told for need in meant.needs)
                assert all(isinstance(shown, str) for _, shown in meant.basis.facts)


if __name__ == "__main__":
    most, chosen = int(sys.argv[1]), sys.argv[2:]
    used: Counter[str] = Counter()
    for n, seed in enumerate(islice(using(*chosen) if chosen else count(), most), 1):
        used.update(c for c in CONSTRUCTS if uses(Rules(Random(seed)), c))
        agree(seed)
        if n % 50 == 0:
            print(f"{n} rulebooks agree, seed {seed}", file=sys.stderr, flush=True)
    print("\n".join(f"{used[c]:6} {c}" for c in CONSTRUCTS))
