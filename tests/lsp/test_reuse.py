"""What is remembered of declarations is never out of date: after any edit, all is as if it were read afresh."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from cases_of_rules import HEAD
from mutations import RULESETS, edits, other_words
from policy.lsp.snapshot import Snapshot, snapshot
from policy.model import from_syntax
from policy.model.reuse import Memory
from policy.pipeline import RulesFile, read_folder
from policy.syntax import kept
from random_rules import Rules

LIMITS = HEAD + (
    "enum Kind { red, green } record Facts { kind: Kind  amount: integer at least 0  paid: optional integer }\n"
    "parameter most: integer = 5 per LAW/1\n"
    "value twice(n: integer) -> integer = n + n per LAW/1\n"
    'decision ok(f: Facts) otherwise permit deny big when f.amount > most because "big" per LAW/1\n'
)
USERS = (
    'language 1 ruleset u "u" import t\n'
    "value over(f: Facts) -> boolean = twice(f.amount) > most and f.kind is red per LAW/2\n"
    'test "over" on 2026-03-01 expect over({ amount: 3, kind: red }) = true\n'
    'test "ok" on 2026-03-01 given f = { amount: 9, kind: red } expect ok(f) denied by big expect over(f) = true\n'
)


@pytest.fixture(autouse=True)
def remembering() -> object:
    kept.remember()
    yield
    kept.forget()


def shown(read: Snapshot) -> tuple[object, ...]:
    """All that can be seen of a rulebook: findings with their places, the model, what every name means, and where."""
    uses = {(s.source.name, s.start, s.end): symbol for s, symbol in read.uses.items()}
    model = read.checked.model
    places = {d.span.source.text[d.span.start : d.span.end] for d in (*model.declared.values(), *model.tests)}
    inside = {(s.source.name, s.source.text) for s in read.uses}
    return [str((d, d.related, d.fix)) for d in read.checked.diagnostics], model, uses, places, inside


def same_as_fresh(texts: Sequence[RulesFile], memory: Memory) -> Snapshot:
    now, fresh = snapshot(texts, memory), snapshot(texts)
    for part, anew in zip(shown(now), shown(fresh), strict=True):
        assert part == anew, "\n".join(t.data.decode() for t in texts[:3])
    return now


def typed_again(before: Snapshot, now: Snapshot) -> list[str]:
    """The declarations and tests that were not taken as they were."""
    known = {id(d) for d in (*before.checked.model.declared.values(), *before.checked.model.tests)}
    model = now.checked.model
    return [d.id for d in model.declared.values() if id(d) not in known] + [
        t.title.en for t in model.tests if id(t) not in known
    ]


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("= 5", "= 6", []),
        ("n + n", "n * 3", []),
        ("f.amount > most", "f.amount >= most", []),
        ("most: integer", 'most: integer "most"', []),
        ("twice(n: integer) -> integer = n + n", "twice(n: integer) -> boolean = n > 1", ["u.over"]),
        ("deny big", "deny large", ["ok"]),
        ("at least 0", "at least 4", ["over", "ok"]),
        ("red, green", "red, green, blue", ["u.over", "over", "ok"]),
        ("parameter most", "parameter least", ["u.over"]),
    ],
)  # fmt: skip
def test_what_an_edit_changes_is_typed_again(old: str, new: str, again: list[str]) -> None:
    """Everything of the file that changed; of another, what names something that means something else now."""
    memory = Memory()
    before = same_as_fresh([RulesFile("t.policy", LIMITS.encode()), RulesFile("u.policy", USERS.encode())], memory)
    assert not before.checked.errors
    edited = LIMITS.replace(old, new)
    assert edited != LIMITS
    now = same_as_fresh([RulesFile("t.policy", edited.encode()), RulesFile("u.policy", USERS.encode())], memory)
    assert [name for name in typed_again(before, now) if not name.startswith("t.")] == again
    mended = same_as_fresh([RulesFile("t.policy", LIMITS.encode()), RulesFile("u.policy", USERS.encode())], memory)
    assert mended.checked.model == before.checked.model


def test_a_reading_that_failed_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    texts = [RulesFile("t.policy", LIMITS.encode()), RulesFile("u.policy", USERS.encode())]
    same_as_fresh(texts, memory)
    with monkeypatch.context() as patch:
        patch.setattr(from_syntax, "test_of", None)
        with pytest.raises(TypeError):
            snapshot([RulesFile("t.policy", LIMITS.replace("red, green", "red, blue").encode()), texts[1]], memory)
    same_as_fresh([RulesFile("t.policy", LIMITS.replace("red, green", "red").encode()), texts[1]], memory)
    same_as_fresh(texts, memory)


@pytest.mark.slow
def test_random_edits_of_random_rules() -> None:
    for seed in range(8):
        chance = Random(seed)
        good = {"random.policy": Rules(chance).text, "t.policy": LIMITS, "u.policy": USERS}
        memory = Memory()
        for texts in edits(good, chance, 30):
            same_as_fresh(texts, memory)


@pytest.mark.slow
def test_random_edits_of_the_shipped_rulebook() -> None:
    memory = Memory()
    texts, _ = read_folder([RULESETS])
    for edited in other_words(texts, Random(5), 15):
        same_as_fresh(edited, memory)
