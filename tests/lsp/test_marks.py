"""Colours of names, hints between the words, help with calls: of small rules, and of the whole shipped rulebook."""

from __future__ import annotations

from datetime import date

import pytest

from cases_of_rules import HEAD
from mutations import RULESETS
from policy.lsp.hints import hints
from policy.lsp.occurrences import index_of
from policy.lsp.signatures import signature_help
from policy.lsp.snapshot import Snapshot, snapshot
from policy.lsp.tokens import token_type, tokens
from policy.pipeline import RulesFile, read_folder

RULES = (
    HEAD
    + """enum Kind { red, green }
record Facts { kind: Kind  paid: money(HKD) at least 0 HKD  price: price(USD) to 0.01 }
parameter share: rate
  "share" zh "比例"
  from 2026-01-01 until 2026-07-01 = 40% per LAW/1
  from 2027-01-01 = 50% per LAW/1
value part(f: Facts, n: quantity) -> quantity
  "a part" zh "部分"
  where half = f.paid > 1 HKD and f.kind is red
  = if half then n else round down to 0.00000001 (n * share) per LAW/2
test "a part" zh "部分" on 2026-03-01
  expect part({ kind: red, paid: 9 HKD }, 4) = 4
"""
)


def of(text: str) -> Snapshot:
    read = snapshot([RulesFile("t.policy", text.encode())])
    assert not read.checked.errors, read.checked.errors
    return read


def test_names_are_told_by_what_they_are() -> None:
    shown = [f"{t.span.text} {t.type}{' new' * t.is_declaration}" for t in tokens(of(RULES), "t.policy")]
    assert "Kind enum new" in shown
    assert "red enumMember new" in shown
    assert "paid property new" in shown
    assert "LAW/1 decorator new" in shown
    assert shown[shown.index("part function new") :] == [
        "part function new", "f parameter new", "Facts struct", "n parameter new",
        "half parameter new", "f parameter", "paid property", "f parameter", "kind property", "red enumMember",
        "half parameter", "n parameter", "n parameter", "share variable", "LAW/2 decorator",
        "part function", "kind property", "red enumMember", "paid property",
    ]  # fmt: skip
    assert tokens(of(RULES), "another.policy") == []


def hinted(on: date, failed: tuple[str, ...] | None) -> str:
    text, shown = RULES, hints(of(RULES), "t.policy", on, {"a part": failed}.get)
    for hint in reversed(shown):
        text = f"{text[: hint.offset]}«{hint.text}»{text[hint.offset :]}"
    return text.removeprefix(HEAD)


def test_what_is_not_written_is_hinted() -> None:
    assert (
        hinted(date(2026, 8, 1), ())
        == """enum Kind { red, green }
record Facts { kind: Kind  paid: money(HKD)« to 0.01» at least 0 HKD  price: price(USD) to 0.01 }
parameter share: rate« to 0.0001%»
  "share" zh "比例"
  from 2026-01-01 until 2026-07-01« (last day 2026-06-30, no longer in force on 2026-08-01)» = 40% per LAW/1
  from 2027-01-01« (not yet in force on 2026-08-01)» = 50% per LAW/1
value part(f: Facts, n: quantity« to 0.00000001») -> quantity« to 0.00000001»
  "a part" zh "部分"
  where half«: boolean» = f.paid > 1 HKD and f.kind is red
  = if half then n else round down to 0.00000001 (n * share) per LAW/2
test "a part" zh "部分" on 2026-03-01« ✓»
  expect part({ kind: red, paid: 9 HKD }, 4) = 4
"""
    )
    later = hinted(date(2027, 3, 1), ("expected 4, got 3",))
    assert 'test "a part" zh "部分" on 2026-03-01« ✗ expected 4, got 3»' in later
    assert "from 2027-01-01 = 50%" in later
    assert "✓" not in hinted(date(2027, 3, 1), None)


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("part(", "f: Facts"),
        ("part({ kind: red, paid: 1 HKD", "f: Facts"),
        ("part({ kind: red }, ", "n: quantity to 0.00000001"),
        ("part(f, max(1, 2) + ", "n: quantity to 0.00000001"),
        ('part(f, if x is "a, (b" then ', "n: quantity to 0.00000001"),
        ("part(f, 1)", ""),
        ("max(1, ", ""),
        ("share", ""),
        ("nothing(", ""),
    ],
)
def test_a_call_is_helped_with(written: str, label: str) -> None:
    text = f"{RULES}value v(f: Facts) -> boolean = {written}"
    found = signature_help(of(RULES), "t.policy", text, len(text))
    if not label:
        assert found is None
        return
    assert found is not None
    assert found.label == "part(f: Facts, n: quantity to 0.00000001) -> quantity to 0.00000001"
    start, end = found.arguments[found.at]
    assert found.label[start:end] == label
    assert found.told == "a part · 部分"


@pytest.mark.slow
def test_the_shipped_names_are_told_as_the_index_knows_them() -> None:
    read = snapshot(read_folder([RULESETS])[0])
    for file, known in index_of(read).by_file.items():
        kinds = {(o.span.start, o.span.end): token_type(o.symbol.kind) for o in known}
        shown = {(t.span.start, t.span.end): t.type for t in tokens(read, file)}
        assert shown.items() <= kinds.items(), file
        assert len(shown) >= 0.98 * len(kinds), file  # all but what lies within another
        for hint in hints(read, file, date(2026, 8, 1), lambda _: None):
            assert hint.text.startswith((" to ", " (last day ", " (no", ": ")), hint
