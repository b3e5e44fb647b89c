"""Positions of the protocol and offsets in a text: there and back, in every encoding."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from policy.lsp.positions import TextLines
from policy.source import Source, Span

TEXT = 'a"中文"𝒳b\r\nsecond\rthird\n\n𝒳'


@pytest.mark.parametrize(
    ("encoding", "unit"), [("utf-8", 1 + 1 + 6 + 1 + 4), ("utf-16", 1 + 1 + 2 + 1 + 2), ("utf-32", 6)]
)
def test_units_before_a_character(encoding: str, unit: int) -> None:
    lines = TextLines(TEXT, encoding)
    at = TEXT.index("b")
    assert lines.position(at) == (0, unit)
    assert lines.offset((0, unit)) == at


def test_every_end_of_line_counts() -> None:
    lines = TextLines(TEXT)
    assert [lines.position(TEXT.index(word)) for word in ("second", "third")] == [(1, 0), (2, 0)]
    assert lines.position(len(TEXT)) == (4, 2)
    assert lines.range(Span(Source("t", TEXT), 0, len(TEXT))) == ((0, 0), (4, 2))


@pytest.mark.parametrize(
    ("position", "offset"), [((0, 99), 7), ((9, 0), len(TEXT)), ((3, 5), TEXT.index("\n\n") + 1)]
)
def test_a_position_beyond_the_end_is_the_end(position: tuple[int, int], offset: int) -> None:
    assert TextLines(TEXT).offset(position) == offset


def test_a_position_inside_a_character_is_that_character() -> None:
    assert TextLines("𝒳b").offset((0, 1)) == 0
    assert TextLines("𝒳b").offset((0, 2)) == 1


@given(st.text("ab中𝒳\n\r"), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_there_and_back(text: str, encoding: str) -> None:
    lines = TextLines(text, encoding)
    for offset in range(len(text) + 1):
        if text[max(0, offset - 1) : offset + 1] != "\r\n":  # inside an end of line is before it
            assert lines.offset(lines.position(offset)) == offset
