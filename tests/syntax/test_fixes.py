"""A fix mends what it is offered for: made, the finding is gone and no error is new, in every case of the corpus."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from case_files import CORPUS, read
from cases_of_rules import split
from policy.diagnostics import Diagnostic, Edit, Replacement, did_you_mean, without
from policy.pipeline import RulesFile, check
from policy.source import Source, Span

FILES = sorted([*(CORPUS / "mistakes").glob("*.txt"), *(CORPUS / "errors").glob("*.txt")])


def mended(texts: list[RulesFile], fix: tuple[Edit, ...]) -> list[RulesFile]:
    result = []
    for text in texts:
        written = text.data.decode()
        for edit in sorted(fix, key=lambda e: -e.span.start):
            if edit.span.source.name == text.name:
                written = written[: edit.span.start] + edit.replacement + written[edit.span.end :]
        result.append(RulesFile(text.name, written.encode()))
    return result


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_a_fix_mends_what_it_is_offered_for(file: Path) -> None:
    for case in read(file)[1]:
        texts, _ = split(case.input)
        before = check(texts).diagnostics
        for finding in before:
            if not finding.fix:
                continue
            after = check(mended(texts, finding.fix)).diagnostics
            assert finding.span is not None
            same = [d for d in after if d.span and (d.code, d.message) == (finding.code, finding.message)]
            assert len(same) < sum((d.code, d.message) == (finding.code, finding.message) for d in before), case.title


def test_most_slips_have_a_fix() -> None:
    found = [
        d
        for file in FILES
        if file.parent.name == "mistakes"
        for case in read(file)[1]
        for d in check(split(case.input)[0]).errors
    ]
    assert sum(bool(d.fix) for d in found) >= 45


def finding(text: str, place: str, help: str) -> Diagnostic:
    start = text.index(place)
    return Diagnostic("some-code", "wrong", Span(Source("t.policy", text), start, start + len(place)), help)


def test_a_guess_replaces_the_word_alone() -> None:
    (edit,) = finding("x.pricee > 5", "x.pricee", did_you_mean("pricee", ["price"])).fix
    assert (edit.span.text, edit.replacement) == ("pricee", "price")


@pytest.mark.parametrize("place", ["pricee + pricee", "prices"])
def test_a_guess_is_no_fix_where_the_word_is_not_there_once(place: str) -> None:
    assert not finding(f"{place} > 5", place, did_you_mean("pricee", ["price"])).fix


def test_a_replacement_does_not_grow_together_with_its_neighbours() -> None:
    (edit,) = finding("a&&b", "&&", Replacement.of("write `and`", "and")).fix
    assert edit.replacement == " and "


def test_help_that_leaves_a_choice_is_no_fix() -> None:
    assert not finding("a b", "b", "remove it, or use it").fix


def test_a_replacement_comes_back_from_the_cache() -> None:
    before = finding("a b", "b", Replacement.of("write `c`", "c"))
    after = pickle.loads(pickle.dumps(before))
    assert after.help == "write `c`"
    assert [e.replacement for e in after.fix] == ["c"]


@pytest.mark.parametrize(
    ("text", "place", "left"),
    [
        ("a\n\nb\n\nc\n", "b", "a\n\nc\n"),
        ("a\nb\nc\n", "b", "a\nc\n"),
        ("a b c\n", "b", "a c\n"),
        ("b\n\nc\n", "b", "c\n"),
        ("a\n\nb", "b", "a\n\n"),
        ("a\r\n\r\n  b\r\n\r\nc", "b", "a\r\n\r\nc"),
        ("a # b", "a", " # b"),
    ],
)
def test_what_is_removed_takes_its_lines_with_it(text: str, place: str, left: str) -> None:
    start = text.index(place)
    edit = without(Span(Source("t.policy", text), start, start + len(place)))
    assert text[: edit.span.start] + edit.replacement + text[edit.span.end :] == left


def test_a_fix_is_shown_as_json() -> None:
    shown = finding("a\nb c", "c", Replacement.of("write `d`", "d")).as_json()["fix"]
    place = {"line": 2, "column": 3, "end_line": 2, "end_column": 4}
    assert shown == [{"file": "t.policy", **place, "replacement": "d"}]
