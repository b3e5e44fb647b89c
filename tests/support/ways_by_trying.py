"""What `--how` finds on small random rulebooks, against trying every change of every changeable fact.

PYTHONPATH=tests/support python -m ways_by_trying 1 300    # the rulebooks of seeds 1 to 300
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any

from attrs import frozen

from cases_of_rules import HEAD
from policy.pipeline import RulesFile, dated, load_program
from policy.rulebook import Rulebook
from policy.verify.counterfactual import counterfactuals, goal_of
from policy.verify.prove import Limits

ON = date(2026, 3, 1)
DAYS = [(ON + timedelta(n)).isoformat() for n in (-1, 0, 1, 2)]
FORMS: dict[str, list[Any]] = {
    "boolean": [False, True],
    "integer at least 0 at most 2": ["0", "1", "2"],
    "K": ["red", "green", "blue"],
    f"date at least {DAYS[0]} at most {DAYS[-1]}": DAYS,
}
TESTS = {"b": ["{}"], "i": ["{} > 0", "{} is 1", "{} < 2"], "K": ["{} is red", "{} is not green"]}


@frozen
class Field:
    name: str
    form: str
    is_optional: bool
    is_changeable: bool

    @property
    def values(self) -> list[Any]:
        return [*FORMS[self.form], *([None] if self.is_optional else [])]

    @property
    def is_date(self) -> bool:
        return self.form.startswith("date")

    def __str__(self) -> str:
        marks = ("changeable " if self.is_changeable else "") + ("optional " if self.is_optional else "")
        return f"{self.name}: {marks}{self.form}"

    def may_become(self, before: Any, after: Any) -> bool:
        """No date moves to before the day, and what has happened by then does not become absent."""
        if before == after or not self.is_date:
            return before == after or self.is_changeable
        today = ON.isoformat()
        happened = before is not None and before <= today
        return self.is_changeable and (not happened if after is None else after >= today)


def test_of(chance: Random, field: Field) -> str:
    """A condition on a field."""
    fact = f"f.{field.name}"
    if field.is_optional and chance.random() < 0.5:
        return f"{fact} is {chance.choice(('present', 'absent'))}"
    if field.is_date:
        return f"({fact} default {chance.choice(DAYS)}) > {DAYS[1]}" if field.is_optional else f"{fact} > {DAYS[1]}"
    form = chance.choice(TESTS[field.form[0]])
    usual = {"b": "false", "i": "0", "K": "blue"}[field.form[0]]
    return form.format(f"({fact} default {usual})" if field.is_optional else fact)


@frozen(eq=False)
class Asked:
    """A rulebook, the fields of its facts, those that are given, and an answer that is wanted."""

    text: str
    fields: list[Field]
    given: list[Any]
    how: str

    @staticmethod
    def of(seed: int) -> Asked:
        chance = Random(seed)
        fields = [
            Field(f"x{n}", chance.choice(list(FORMS)), chance.random() < 0.4, chance.random() < 0.8)
            for n in range(chance.randint(2, 5))
        ]

        def conditions() -> str:
            chosen = [test_of(chance, chance.choice(fields)) for _ in range(chance.randint(1, 5))]
            return chance.choice((" and ", " and ", " or ")).join(chosen)

        effects = chance.choices(("permit", "deny"), k=3)
        rules = " ".join(f"{e} r{n} when {conditions()} per LAW/1" for n, e in enumerate(effects))
        record = "\n".join(f"  {f}" for f in fields)
        text = f"enum K {{ red, green, blue }}\nrecord F {{\n{record}\n}}\ndecision ok(f: F) otherwise deny {rules}"
        given = [chance.choice(f.values) for f in fields]
        return Asked(text, fields, given, chance.choice(("permitted", "permitted", "denied")))

    def read(self, book: Rulebook, values: Any) -> Any:
        facts = {f.name: v for f, v in zip(self.fields, values, strict=True)}
        return book.reader("ok").read(json.dumps({"f": facts}))

    def outcome(self, book: Rulebook, values: Any) -> str:
        return book.interpreter("ok").answer(*self.read(book, values)).outcome.value

    def by_trying(self, book: Rulebook) -> set[frozenset[str]]:
        """The sets of fields of which some change leads to the answer, and no change of fewer of them."""
        reached: set[frozenset[str]] = set()
        for values in product(*(f.values for f in self.fields)):
            changes = list(zip(self.fields, self.given, values, strict=True))
            if all(f.may_become(b, a) for f, b, a in changes) and self.outcome(book, values) == self.how:
                reached.add(frozenset(f.name for f, b, a in changes if b != a))
        return {r for r in reached if not any(other < r for other in reached)}


def wrong(seed: int) -> Iterator[str]:
    """What is wrong with the ways found for a rulebook."""
    asked = Asked.of(seed)
    book = dated(load_program([RulesFile("t.policy", (HEAD + asked.text).encode())]), ON)
    function = book.question("ok")
    given = asked.read(book, asked.given)
    goal = goal_of(function, asked.how)
    found = counterfactuals(book.program, function, given, goal, Limits(20.0), most_ways=1_000)
    sets = [frozenset(c.path.partition(".")[2] for c in w.changes) for w in found.ways]
    expected = asked.by_trying(book)
    if found.is_so is not (expected == {frozenset()}) or not found.is_complete:
        yield f"already {found.is_so}, complete {found.is_complete}"
    if set(sets) != expected - {frozenset()} or len(sets) != len(set(sets)):
        yield f"{sorted(map(sorted, sets))}, but it is {sorted(map(sorted, expected))}"
    for way in found.ways:
        changed = {c.path.partition(".")[2]: c.after for c in way.changes}
        before = dict(zip((f.name for f in asked.fields), asked.given, strict=True))
        after = [_value(changed[n]) if n in changed else v for n, v in before.items()]
        may = all(f.may_become(b, a) for f, b, a in zip(asked.fields, asked.given, after, strict=True))
        if not may or isinstance(asked.read(book, after), list) or asked.outcome(book, after) != asked.how:
            yield f"{way}: no way to {asked.how}"


def _value(text: str) -> Any:
    return {"none": None, "true": True, "false": False}.get(text, text)


def judged(seed: int) -> list[str]:
    """What is wrong, with the rulebook and the facts."""
    asked = Asked.of(seed)
    return [f"seed {seed}: {w}\n{asked.text}\n{asked.given} {asked.how}" for w in wrong(seed)]


def _ways(seed: int) -> int:
    asked = Asked.of(seed)
    return len(asked.by_trying(dated(load_program([RulesFile("t.policy", (HEAD + asked.text).encode())]), ON)))


if __name__ == "__main__":
    first, last = map(int, sys.argv[1:3])
    all_wrong = [w for seed in range(first, last + 1) for w in judged(seed)]
    print("\n\n".join(all_wrong))
    ways = sum(_ways(seed) for seed in range(first, last + 1))
    print(f"{last - first + 1} questions with {ways} ways, {len(all_wrong)} wrong")
