"""How findings are drawn: the right columns, and nothing that could trick a terminal or its reader."""

from __future__ import annotations

import unicodedata

import pytest

from policy.diagnostics import Diagnostic, draw, which_member, width
from policy.pipeline import RulesFile, check
from policy.source import Source, Span


def drawn(text: str, start: int, end: int, message: str = "wrong") -> list[str]:
    return draw(Diagnostic("some-code", message, Span(Source("t.policy", text), start, end))).splitlines()


@pytest.mark.parametrize("character", ["\x1b", "\x07", "\r", "\0", "\x9b", "\u202e", "\u200b", "\u2066"])
def test_control_characters_are_never_printed(character: str) -> None:
    lines = drawn(f"a {character}[31m b", 2, 3, f"the fact `{character}`")
    assert character not in "\n".join(lines)
    assert lines[3] == "1 | a \ufffd[31m b"


def test_the_caret_stands_below_wide_characters() -> None:
    text = 'parameter 上限: "中文" x'
    at = text.index("x")
    lines = drawn(text, at, at + 1)
    assert width(lines[3].partition("x")[0]) == width(lines[4].partition("^")[0])


def test_a_tab_is_one_column() -> None:
    lines = drawn("\tx", 1, 2)
    assert lines[3:] == ["1 |  x", "  |  ^"]


def test_a_very_long_line_is_cut_around_the_span() -> None:
    lines = drawn("a" * 10_000 + "x" + "b" * 10_000, 10_000, 10_001)
    assert max(map(len, lines)) < 250
    assert lines[3].index("x") == lines[4].index("^")


def test_a_span_over_several_lines_is_marked_on_its_first() -> None:
    lines = drawn("value f\n  = 5\n", 0, 13)
    assert lines[3:] == ["1 | value f", "  | ^^^^^^^"]


def test_the_end_of_a_text_can_be_marked() -> None:
    assert drawn("abc", 3, 3)[3:] == ["1 | abc", "  |    ^"]
    assert drawn("", 0, 0)[3:] == ["1 | ", "  | ^"]


def test_nothing_printed_has_a_control_character() -> None:
    every = "".join(map(chr, [*range(0x300), 0x061C, *range(0x2000, 0x2070), 0xFEFF]))
    for line in drawn(every.replace("\n", ""), 0, 5, every):
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in line)


RATINGS = ("AAA", "AA_plus", "AA", "AA_minus", "A_plus", "A")


@pytest.mark.parametrize(
    ("word", "members", "meant"),
    [
        ("AA+", RATINGS, ""),
        ("A_pluss", RATINGS, ""),
        ("tier_2", ("tier_1", "tier_3"), ""),
        ("unlisted", ("listed", "otc"), ""),
        ("BBB", ("BB", "B"), ""),
        ("sharedbook", ("shared_book", "own_book"), "shared_book"),
        ("Buy", ("buy", "sell"), "buy"),
        ("markt_maker", ("market_maker", "client"), "market_maker"),
    ],
)
def test_a_member_is_guessed_only_where_no_other_can_have_been_meant(
    word: str, members: tuple[str, ...], meant: str
) -> None:
    told = which_member(word, members)
    assert told == f"did you mean `{meant}`?" if meant else told.startswith(f"it is one of `{members[0]}`, ")


def test_one_mistake_in_a_given_is_told_once() -> None:
    text = """language 1 ruleset t
record P { a: integer }
value f(p: P) -> integer = p.a
test "t"
  given p = { b: 1 }
  expect f(p) = 1
  expect f(p) = 1
  expect f(p) = 1
"""
    assert [d.code for d in check([RulesFile("t.policy", text.encode())]).errors] == ["unknown-field"]


def test_a_file_alone_is_never_told_to_import_itself() -> None:
    text = "language 1 ruleset broker.csa.tests\nimport broker.csa\n"
    [found] = check([RulesFile("tests.policy", text.encode())]).errors
    assert found.message == "`broker.csa.tests` imports `broker.csa`, which is not among the files given"
    assert "did you mean" not in found.help
