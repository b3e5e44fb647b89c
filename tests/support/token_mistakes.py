"""Single-token mistakes in rulebooks whose tests notice every mutant: is one that differs unnoticed?

    python tests/support/token_mistakes.py 20 770      # rulebooks, mistakes

The mistakes are made in the text, without looking at how mutants are made; whether one differs is decided by asking
both rulebooks everything; of a bound each does. Printed are the mistakes that differ and that no test notices.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from attrs import evolve, frozen

from finite_rulebooks import KINDS, FiniteRulebook, Judge, dates, difference
from policy.pipeline import Checked, RulesFile, check, program
from policy.testing.missing import as_tests, completed as naming
from policy.testing.mutation import mutated
from policy.testing.run import Runner
from policy.verify.prove import Limits

TOKEN = re.compile(r"\d{4}-\d\d-\d\d|\d+|[A-Za-z_]+(?:\.[a-z]+)?|<=|>=|.", re.DOTALL)
GROUPS: list[tuple[str, ...]] = [
    ("permit", "deny"), ("when", "unless"), ("and", "or"), ("any", "all"), ("min", "max"), ("true", "false"),
    ("<", "<=", ">", ">="), ("+", "-", "*"), ("down", "up"), ("even", "up"), ("present", "absent"),
    ("from", "until"), ("add", "remove"), ("highest", "lowest", "sum"), ("highest", "lowest"), ("then", "else"),
    KINDS, ("sum", "max", "count"), ("f.a", "f.b"), ("*", "/"),
]  # fmt: skip


@frozen
class Mistake:
    """A text with one token changed."""

    what: str
    text: str


def mistakes(text: str) -> Iterator[Mistake]:
    """Every single-token mistake in the declarations of a text, behind the types of its facts."""
    start = text.index("set good")
    end = text.index('\ntest "') if '\ntest "' in text else len(text)
    tokens = TOKEN.findall(text[start:end])
    for n, token in enumerate(tokens):
        for what, new in _instead(token, tokens[max(0, n - 2) : n]):
            changed = "".join((*tokens[:n], new, *tokens[n + 1 :]))
            yield Mistake(
                f"{what} in `{''.join(tokens[max(0, n - 6) : n + 7]).strip()}`", text[:start] + changed + text[end:]
            )
    lines = text[start:end].split("\n")
    for n, line in enumerate(lines):
        if re.match(r"  (permit|deny|\||then) ", line):
            rest = "\n".join((*lines[:n], *lines[n + 1 :]))
            yield Mistake(f"line left out: {line.strip()}", text[:start] + rest + text[end:])


BOUND = re.compile(r" at (?:least|most) (-?\d+)\b")


def of_bounds(text: str) -> Iterator[Mistake]:
    """Every bound another number, or left out, in the records that questions with an answer are asked about."""
    asked = [n for n in ("F", "G", "Item") if re.search(rf"\(\w: {'G' if n == 'Item' else n}\)", text)]
    for record in re.finditer(r"^record (\w+) \{[^}]*\}", text, re.MULTILINE):
        for bound in BOUND.finditer(text, record.start(), record.end()) if record[1] in asked else ():
            number = int(bound[1])
            for other in (None, number + 1, number - 1, 10 * number + 7, 7 - 10 * number):
                new = "" if other is None else bound[0].replace(bound[1], str(other))
                changed = text[: bound.start()] + new + text[bound.end() :]
                yield Mistake(f"`{new}` for `{bound[0]}` of {record[1]}", changed)


def _instead(token: str, before: list[str]) -> Iterator[tuple[str, str]]:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", token):
        for by in (1, -1):
            moved = date.fromisoformat(token) + timedelta(days=by)
            yield f"{moved} for {token}", moved.isoformat()
    elif token.isdigit() and not (before and before[-1].endswith("/")):
        for number in {int(token) + 1, int(token) - 1, 2 * int(token), 10 * int(token)} - {int(token), -1}:
            yield f"{number} for {token}", str(number)
    for group in GROUPS:
        for other in group if token in group else ():
            if other != token:
                yield f"{other} for {token}", other
    if token == "is":
        yield "`is not` for `is`", "is not"
    if token in ("not", "remove"):
        yield f"`{token}` lost", ""
    if token == "in":
        yield "`not in` for `in`", "not in"


# ── the trial ───────────────────────────────────────────────────────────────────────────────


def completed(text: str, limits: Limits = Limits(5)) -> Checked:  # noqa: B008  (it is frozen)
    """The rulebook with the tests that it lacks."""
    checked = check([RulesFile("t.policy", text.encode())])
    assert not checked.errors, checked.errors
    for _ in range(3):
        score = mutated(checked, limits, 1)
        if score.percent == 100:
            return checked
        assert score.missing
        named = naming(checked.texts[0].data.decode(), score.missing)
        more = "\n".join(as_tests(checked.model, score.missing).values())
        checked = check([RulesFile("t.policy", f"{named}\n{more}".encode())])
        assert not checked.errors, checked.errors
    raise AssertionError(f"{score.percent} % only")


def noticed(checked: Checked) -> bool:
    """Whether a test fails, or there are findings."""
    if checked.errors:
        return True
    runner = Runner(checked.model, checked.digest())
    return any(not runner.run(test).passed for test in checked.model.tests)


@frozen
class Trial:
    """How many mistakes were refused or compared, how many differ, and those that no test notices."""

    refused: int = 0
    same: int = 0
    differ: int = 0
    unnoticed: tuple[str, ...] = ()


def tried(seed: int, count: int) -> Trial:
    """So many mistakes in one rulebook."""
    chance = Random(seed)
    while check([RulesFile("t.policy", (text := FiniteRulebook(chance).text).encode())]).errors:
        pass  # a row that can never apply, say
    checked = completed(text)
    text = checked.texts[0].data.decode()
    judge = Judge(program(checked))
    every = list(mistakes(text))
    ends: Counter[str] = Counter()
    unnoticed = []
    for m in chance.sample(every, min(count, len(every))):
        wrong = check([RulesFile("t.policy", m.text.encode())])
        if wrong.errors:
            ends["refused"] += 1
            continue
        other = difference(judge, Judge(program(wrong)), dates(text, m.text))
        ends["differ" if other else "same"] += 1
        if other and not noticed(wrong):
            unnoticed.append(f"seed {seed}: {m.what}: {other}")
    for m in of_bounds(text):  # each accepts other facts
        wrong = check([RulesFile("t.policy", m.text.encode())])
        ends["refused" if wrong.errors else "differ"] += 1
        if not noticed(wrong):
            unnoticed.append(f"seed {seed}: {m.what}")
    return Trial(ends["refused"], ends["same"], ends["differ"], tuple(unnoticed))


def total(rulebooks: int, count: int) -> Trial:
    """So many mistakes in as many rulebooks, each printed where it goes unnoticed."""
    result = Trial()
    for seed in range(rulebooks):
        some = tried(seed, count // rulebooks)
        print(f"seed {seed}: {some}", file=sys.stderr, flush=True)
        result = evolve(
            result,
            refused=result.refused + some.refused,
            same=result.same + some.same,
            differ=result.differ + some.differ,
            unnoticed=(*result.unnoticed, *some.unnoticed),
        )
    return result


if __name__ == "__main__":
    found = total(int(sys.argv[1]), int(sys.argv[2]))
    print("\n".join(found.unnoticed))
    print(f"{found.refused} refused, {found.same} the same, {found.differ} differ, {len(found.unnoticed)} unnoticed")
    sys.exit(bool(found.unnoticed))
