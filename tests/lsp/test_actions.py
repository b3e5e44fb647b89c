"""Fixes where the cursor is, all fixes of a file at once, and formatting as edits of lines."""

from __future__ import annotations

from cases_of_rules import HEAD
from policy.diagnostics import Edit
from policy.lsp.actions import actions, fix_all
from policy.lsp.formatting import changed_lines, formatting
from policy.pipeline import RulesFile, check
from policy.source import Source

SLIPS = HEAD + "value f(n: integer) -> boolean = n == 1,000 per LAW/1\nparameter most: integer ＝ 5 per LAW/1\n"


def made(text: str, edits: tuple[Edit, ...]) -> str:
    for e in sorted(edits, key=lambda e: -e.span.start):
        text = text[: e.span.start] + e.replacement + text[e.span.end :]
    return text


def test_the_fixes_of_a_place() -> None:
    found = check([RulesFile("t.policy", SLIPS.encode())]).diagnostics
    at = SLIPS.index("==")
    assert [a.title for a in actions(found, at, at)] == ["write `is` to compare"]
    assert [a.title for a in actions(found, SLIPS.index("value"), SLIPS.index("value"))] == []
    assert len(list(actions(found, 0, len(SLIPS)))) == 2


def test_all_fixes_of_a_file() -> None:
    text = SLIPS
    while (whole := fix_all(check([RulesFile("t.policy", text.encode())]).errors)) is not None:
        text = made(text, whole.edits)
    assert (
        text
        == HEAD + "value f(n: integer) -> boolean = n is 1_000 per LAW/1\nparameter most: integer = 5 per LAW/1\n"
    )
    assert fix_all(check([RulesFile("t.policy", text.encode())]).errors) is None


def test_one_of_two_fixes_that_overlap_is_made() -> None:
    (one,) = [d for d in check([RulesFile("t.policy", SLIPS.encode())]).errors if d.span and d.span.text == "=="]
    whole = fix_all([one, one])
    assert whole is not None
    assert whole.mends == (one,)


def test_a_removal_is_named() -> None:
    text = HEAD + "parameter most: integer = 5 per LAW/1\n"
    titles = [a.title for a in actions(check([RulesFile("t.policy", text.encode())]).diagnostics, 0, len(text))]
    assert titles == ["remove `parameter most: integer = 5 per LAW/1`"]


def test_formatting_is_edits_of_the_lines_that_change() -> None:
    text = "language 1\n\nruleset t\n\nparameter   most: integer = 5\n\nparameter least: integer = 5\n"
    edits = formatting("t.policy", text)
    assert made(text, edits) == text.replace("parameter   most", "parameter most")
    assert [e.span.text for e in edits] == ["parameter   most: integer = 5\n"]
    assert formatting("t.policy", made(text, edits)) == ()
    assert formatting("t.policy", "value value") == ()


def test_lines_that_go_and_come() -> None:
    source = Source("t.policy", "a\nb\nc")
    for after in ("", "a\nc", "x\na\nb\nc\n", "a\nb\nc"):
        assert made(source.text, changed_lines(source, after)) == after
