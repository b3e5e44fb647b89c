"""A rulebook and the same under other names: what is said of one is said of the other, name for name.

Small random rulebooks (`ways_by_trying`) are renamed throughout, with `renamed from`: comparisons find no difference,
ways out are the same sets of changes, and mutants come to the same ends.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping

import pytest

import optional
from cases_of_rules import HEAD
from policy.pipeline import Checked, RulesFile, check, dated, program
from policy.testing.mutation import mutated
from policy.verify.counterfactual import counterfactuals, goal_of
from policy.verify.prove import Limits
from policy.verify.rulebook import comparison_of
from ways_by_trying import ON, Asked

pytestmark = pytest.mark.skipif(not optional.there_is("z3", "proofs"), reason="pip install -e '.[proofs]'")

NAMES = {
    "K": "Colour", "F": "Case", "ok": "allowed", "red": "rouge", "green": "vert", "blue": "bleu",
    **{f"x{n}": f"fact_{9 - n}" for n in range(6)},
}  # fmt: skip
LIMITS = Limits(20.0)


def renamed(text: str) -> str:
    return re.sub(r"\b\w+\b", lambda word: NAMES.get(word[0], word[0]), text)


def told(text: str) -> str:
    """Rules under other names, which say what each was called before."""
    text = renamed(text)
    for before, now in NAMES.items():
        member = rf"(?:(?<={{ )|(?<=, )){now}(?= ?[,}}])" if before in ("red", "green", "blue") else r"(?!)"
        declared = rf"(?:record|enum|decision) {now}\b|^  {now}(?=: )|{member}"
        text = re.sub(declared, rf"\g<0> renamed from {before}", text, flags=re.MULTILINE)
    return text


def checked(text: str) -> Checked:
    made = check([RulesFile("t.policy", (HEAD + text).encode())])
    assert not made.errors, made.errors
    return made


def ways(asked: Asked, made: Checked, names: Mapping[str, str]) -> tuple[set[frozenset[str]], bool, bool]:
    """The sets of facts that lead to the answer, under the old names; whether these are all, and none is needed."""
    book = dated(program(made), ON)
    ok = names.get("ok", "ok")
    values = zip(asked.fields, asked.given, strict=True)
    facts = {names.get(x.name, x.name): names.get(str(v), v) if isinstance(v, str) else v for x, v in values}
    given = book.reader(ok).read(json.dumps({"f": facts}))
    assert isinstance(given, tuple), given
    function = book.question(ok)
    found = counterfactuals(book.program, function, given, goal_of(function, asked.how), LIMITS, most_ways=1_000)
    old = {now: before for before, now in names.items()}
    changed = ([c.path.partition(".")[2] for c in w.changes] for w in found.ways)
    return {frozenset(old.get(n, n) for n in some) for some in changed}, found.is_complete, found.is_so


def fates(made: Checked) -> Counter[tuple[str, str, str]]:
    """How many mutants of each kind, told alike, come to each end."""
    return Counter((r.kind, renamed(r.says), r.fate.value) for r in mutated(made, Limits(5.0), 1).results)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_other_names_change_nothing(seed: int) -> None:
    asked = Asked.of(seed)
    before, after = checked(asked.text), checked(told(asked.text))
    differences = comparison_of(program(before), program(after), after.model, LIMITS, jobs=1)
    assert not differences.facts
    assert {d.outcome for d in differences.questions} == {"equivalent"}
    assert ways(asked, before, {}) == ways(asked, after, NAMES)
    assert fates(before) == fates(after)


@pytest.mark.slow
def test_a_name_that_is_not_told_is_another() -> None:
    text = Asked.of(1).text
    differences = comparison_of(program(checked(text)), program(checked(renamed(text))), checked(text).model, LIMITS)
    assert differences.facts or {d.outcome for d in differences.questions} != {"equivalent"}
