"""Branches that are reported are never taken: every answer that the rules can give is tried, over small facts."""

from __future__ import annotations

import re
from itertools import product
from random import Random

import pytest

from cases_of_rules import HEAD, rulebook
from policy.pipeline import RulesFile, check

SIZES = (*range(-1, 7), None)
RULES = (
    HEAD + "record R { a: integer  k: optional integer  f: boolean  s: Side }\nenum Side { buy, sell, hold }\n"
    "value chosen(r: R) -> integer =\n  "
)


def condition(chance: Random, depth: int) -> str:
    if depth and chance.random() < 0.6:
        a, b = condition(chance, depth - 1), condition(chance, depth - 1)
        return chance.choice((f"({a} and {b})", f"({a} or {b})", f"not ({a})"))
    n = chance.choice(("0", "2", "2.5", "4", "-1"))
    operator = chance.choice(("<", "<=", ">", ">=", "is", "is not"))
    return chance.choice(
        (
            f"r.a {operator} {n}",
            f"{n} {operator} r.a",
            f"r.a + 1 {operator} {n}",
            f"r.a {operator} (r.k default 3)",
            f"(r.k default 3) {operator} r.a",
            chance.choice(("r.k is present", "r.k is absent", "r.f", "r.f is false")),
            f"r.s {chance.choice(('is', 'is not'))} {chance.choice(('buy', 'sell'))}",
            f"r.s {chance.choice(('in', 'not in'))} {{buy, {chance.choice(('sell', 'hold'))}}}",
            f"r.a {chance.choice(('in', 'not in'))} {{1, 2, {chance.choice(('3', '0'))}}}",
        )
    )


def tree(chance: Random, depth: int, leaves: list[int]) -> str:
    if not depth or chance.random() < 0.2:
        leaves.append(len(leaves))
        return str(1_000 + leaves[-1])
    test, then = condition(chance, 2), tree(chance, depth - 1, leaves)
    return f"(if {test} then {then} else {tree(chance, depth - 1, leaves)})"


def test_no_branch_that_is_taken_is_reported() -> None:
    chance, reported, never = Random(11), 0, 0
    for _ in range(120):
        leaves: list[int] = []
        texts = [RulesFile("t.policy", (RULES + tree(chance, 4, leaves) + "\n").encode())]
        book = rulebook(texts, "2026-03-01")
        ask = book.evaluator("chosen").fast
        R = book.records["R"]
        given = product(SIZES[:-1], SIZES, (True, False), ("buy", "sell", "hold"))
        answers = {ask(R(a=a, k=k, f=f, s=s)) for a, k, f, s in given}
        dead = {
            int(leaf)
            for d in check(texts).diagnostics
            if d.code == "unreachable-branch" and d.span is not None
            for leaf in re.findall(r"\b1\d\d\d\b", d.span.text)
        }
        assert not dead & answers
        reported += len(dead)
        never += len({1_000 + n for n in leaves} - answers)
    assert reported > 100, "the test should meet branches that are never taken"
    assert reported >= 0.5 * never, "most are found"


@pytest.mark.parametrize("depth", [40])
def test_long_chains_are_followed(depth: int) -> None:
    body = " else ".join(f"if r.a is {n} then {1_000 + n}" for n in range(depth))
    text = RULES + body + f" else if r.a is {depth // 2} then 1999 else 1998\n"
    found = [d for d in check([RulesFile("t.policy", text.encode())]).diagnostics if d.code == "unreachable-branch"]
    assert [d.span.text for d in found if d.span is not None] == ["1999"]
