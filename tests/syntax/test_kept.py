"""Declarations kept between runs are read back as they were parsed, wherever they stand now; a damaged one is not."""

from __future__ import annotations

import os
import pickle
from random import Random
from typing import Any

import attrs
import pytest

from cases_of_rules import HEAD
from mutations import mutated
from policy import cache, resources
from policy.source import Source, Span
from policy.syntax import from_text, kept
from policy.syntax.from_text import Parsed, TextReading
from policy.syntax.grammar import END, grammar

pytestmark = pytest.mark.usefixtures("all_kept")

RULES = sorted(resources.folder("rulesets").rglob("*.policy"))
LONG = HEAD + "".join(f"parameter p{n}: integer = {n} per LAW/1 # n\n" for n in range(200))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stretches that are parsed."""
    parsed: list[str] = []
    reading = TextReading.read

    def watched(self: TextReading, start: int, end: int) -> None:
        parsed.append(self.source.text[start:end])
        reading(self, start, end)

    monkeypatch.setattr(TextReading, "read", watched)
    return parsed


def shown(x: Any) -> object:
    """Everything of a result, places included, which nodes do not compare."""
    if isinstance(x, Span):
        return x.source.name, x.start, x.end
    if attrs.has(type(x)) and not isinstance(x, Source):
        return type(x), [shown(getattr(x, f.name)) for f in attrs.fields(type(x))]
    return [shown(item) for item in x] if isinstance(x, list | tuple) else x


def as_parsed(text: str) -> Parsed:
    """What is kept or read of a text, compared with what is read of it all."""
    source = Source("t.policy", text)
    now, anew = kept.parsed(source), from_text.parse(source)
    assert shown((now.file, now.diagnostics)) == shown((anew.file, anew.diagnostics)), text
    assert all(d.span.source.text == text for d in now.file.declarations)
    return now


def test_shipped_rules_are_read_back(read: list[str]) -> None:
    for file in RULES[::3]:
        as_parsed(file.read_text(encoding="utf-8"))
        read.clear()
        as_parsed(file.read_text(encoding="utf-8"))
        assert read == [], file.name


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("p7: integer = 7", "p7: integer = 8", "parameter p7: integer = 8 per LAW/1 # n\n"),
        ("# n\nparameter p9:", "# more\n\nparameter p9:", "parameter p8: integer = 8 per LAW/1 # more\n\n"),
        ("parameter p9: integer = 9 per LAW/1 # n\n", "", None),
        ("parameter p9:", "set s of text = {} per LAW/1\nparameter p9:", "set s of text = {} per LAW/1\n"),
    ],
)  # fmt: skip
def test_what_changed_is_read_and_what_moved_has_moved(
    read: list[str], old: str, new: str, again: str | None
) -> None:
    as_parsed(LONG)
    read.clear()
    kept.parsed(Source("t.policy", LONG.replace(old, new)))
    assert read == ([again] if again else [])
    as_parsed(LONG.replace(old, new))


def test_mutated_rules_are_read_as_if_nothing_were_kept() -> None:
    for seed in range(25):
        chance = Random(seed)
        text = chance.choice(RULES).read_text(encoding="utf-8")[:4_000]
        kept.parsed(Source("t.policy", text))
        as_parsed(mutated(text, chance))
        as_parsed(text)


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("/tmp/policy-kept-evil",)


@pytest.mark.parametrize("entry", [None, [1], {b"": b""}, "evil", "cut"])
def test_a_damaged_entry_is_parsed_again(entry: Any) -> None:
    kept.parsed(Source("t.policy", LONG))
    key = cache.key("trees", "t.policy")
    if isinstance(entry, str):
        found = cache.fetch(key)
        assert isinstance(found, dict)
        entry = {digest: pickle.dumps(Evil()) if entry == "evil" else data[:-9] for digest, data in found.items()}
    cache.store(key, entry)
    as_parsed(LONG)
    assert not os.path.exists("/tmp/policy-kept-evil")


def test_a_declaration_ends_before_the_next_as_before_the_end() -> None:
    """So that a text of declarations, each of which is read alone, is read as these."""
    rows = grammar().rows
    beginnings = [kind for kind in rows[0] if kind.isupper() and kind != END]
    between = [row for row in rows if END in row and all(row.get(kind, -1) >= 0 for kind in beginnings)]
    assert len(between) == 2  # before all declarations, and after any
    for row in rows:
        if END in row and row not in between:
            assert {row.get(kind) for kind in beginnings} == {row[END]}
