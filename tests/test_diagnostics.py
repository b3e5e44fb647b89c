"""How findings are drawn: the right columns, and nothing that could trick a terminal or its reader."""

from __future__ import annotations

import unicodedata

import pytest

from policy.diagnostics import Diagnostic, draw, width
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
