"""Tests that are unchanged are not read again, and what is found is what is found without a cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from cases_of_rules import HEAD
from mutations import RULESETS, edits, other_words
from policy import cache
from policy.diagnostics import draw
from policy.folders import read_folder
from policy.model import from_syntax, rules
from policy.model.context import Context
from policy.model.lints import branches
from policy.pipeline import RulesFile, check, findings
from policy.syntax import kept, tree
from random_rules import Rules

pytestmark = pytest.mark.usefixtures("all_kept")

LIMITS = HEAD + (
    'enum Kind { red "r" zh "紅", green "g" zh "綠" }\n'
    'record Facts "f" zh "事" { kind: Kind "k" zh "類" amount: integer at least 0 "a" zh "額" }\n'
    'parameter most: integer "most" zh "最多" = 5 per LAW/1\n'
    'value twice(n: integer) -> integer "twice" zh "倍" = n + n per LAW/1\n'
    'decision ok(f: Facts) "ok" zh "可" otherwise permit "yes" zh "是"\n'
    '  deny big when f.amount > most and f.kind is red because "big" zh "大" per LAW/1\n'
    'test "twice" zh "倍" expect twice(3) = 6 per LAW/1\n'
)
USERS = (
    'language 1 ruleset u amends t "u" zh "用"\n'
    'tighten decision ok deny small when f.amount < 2 because "small" zh "小" per LAW/2\n'
    'test "ok" zh "可" on 2026-03-01 given f = { amount: 9, kind: red } expect ok(f) denied by big\n'
    'test "small" on 2026-03-01 expect ok({ amount: 1, kind: green }) denied by small\n'  # it has no Chinese
)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles of the tests that are typed."""
    titles: list[str] = []
    test_of = from_syntax.test_of

    def watched(context: Context, test: tree.Test) -> object:
        titles.append(test.title.en)
        return test_of(context, test)

    monkeypatch.setattr(from_syntax, "test_of", watched)
    return titles


def same_as_fresh(texts: Sequence[RulesFile]) -> list[str]:
    """What is found, compared with what is found where nothing is kept."""
    found = findings(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "SHORT", 1 << 60)
        fresh = check(texts)
    shown, anew = ([f"{draw(d)} {d.fix}" for d in each.diagnostics] for each in (found, fresh))
    assert shown == anew, "\n".join(t.data.decode() for t in texts[:3])
    assert found.tests == len(fresh.model.tests)
    return shown


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ('because "big"', 'because "too big"', []),
        ("= 5 per", "= 6 per", []),
        ("enum Kind", "\n# moved\n\nenum Kind", []),
        ("twice(3) = 6", "twice(4) = 8", ["twice"]),
        ("given f = { amount: 9", "given f = { amount: 8", ["ok"]),
        ("n + n", "n + most + true", []),
        ("twice(n: integer)", "twice(n: boolean)", ["twice", "ok", "small"]),
        ("deny big", "deny large", ["twice", "ok", "small"]),
        ("deny small", "deny tiny", ["twice", "ok", "small"]),
        ("at least 0", "at least 4", ["twice", "ok", "small"]),
        ("red \"r\" zh \"紅\", ", "", ["twice", "ok", "small"]),
        ("amount: integer", "size: integer", ["twice", "ok", "small"]),
        ('provision LAW/1 "one"', 'provision LAW/3 "one"', ["twice", "ok", "small"]),
        ("ruleset u amends t", "ruleset u", ["twice", "ok", "small"]),
        ("ruleset u", "ruleset v", ["twice", "ok", "small"]),
        ("parameter most", "parameter most most", ["twice", "ok", "small"]),
    ],
)  # fmt: skip
def test_what_an_edit_changes_is_read_again(old: str, new: str, again: list[str], typed: list[str]) -> None:
    def texts(*edit: str) -> list[RulesFile]:
        assert edit == ("", "") or edit[0] in LIMITS + USERS
        return [RulesFile(n, t.replace(*edit).encode()) for n, t in (("t.policy", LIMITS), ("u.policy", USERS))]

    before = same_as_fresh(texts("", ""))
    assert [d for d in before if "has no Chinese" in d]
    typed.clear()
    findings(texts(old, new))
    assert list(dict.fromkeys(typed)) == again
    same_as_fresh(texts(old, new))
    same_as_fresh(texts("big", "huge"))


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("= 5 per", "= 6 per", []),
        ("f.amount > most", "f.amount >= most", ["big"]),
        ("f.amount < 2", "f.amount < 1", []),
        ("deny big", "deny large", ["large"]),
        ("at least 0", "at least 4", ["big"]),
    ],
)  # fmt: skip
def test_what_is_reached_is_looked_through_once(
    old: str, new: str, again: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that never applies is found again; others are looked through where they or what they say changed."""
    looked: list[str] = []
    rule_of = branches._rule

    def watched(rule: rules.Rule) -> object:
        looked.append(rule.name)
        return rule_of(rule)

    monkeypatch.setattr(branches, "_rule", watched)
    never = 'decision no(f: Facts) "no" zh "否" otherwise permit "yes" zh "是"\n'
    never += '  deny never when f.amount > 2 and f.amount < 2 because "never" zh "無" per LAW/1\n'
    text = LIMITS + never + 'value nought(n: integer) -> integer "nought" zh "零" = n - n per LAW/1\n'
    assert any("never applies" in d for d in same_as_fresh([RulesFile("t.policy", text.encode())]))
    looked.clear()
    findings([RulesFile("t.policy", text.replace(old, new).encode())])
    assert [name for name in looked if name != "never"] == again
    same_as_fresh([RulesFile("t.policy", text.replace(old, new).encode())])


def test_what_was_not_kept_is_read(tmp_path: Path, typed: list[str]) -> None:
    """Tests that are known, whose declarations are kept no more."""
    findings([RulesFile("t.policy", LIMITS.encode())])
    (tmp_path / "kept" / cache.key("trees", "t.policy")).unlink()
    typed.clear()
    same_as_fresh([RulesFile("t.policy", LIMITS.replace("= 5", "= 6").encode())])
    assert typed


@pytest.mark.slow
def test_random_edits_of_random_rules() -> None:
    for seed in range(4):
        chance = Random(seed)
        good = {"random.policy": Rules(chance).text, "t.policy": LIMITS, "u.policy": USERS}
        for texts in edits(good, chance, 20):
            same_as_fresh(texts)


@pytest.mark.slow
def test_random_edits_of_the_shipped_rulebook() -> None:
    texts, _ = read_folder([RULESETS / "hk_sfc"])
    for edited in other_words(texts[:20], Random(5), 8):
        same_as_fresh(edited)
