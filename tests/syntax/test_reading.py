"""Files as they lie on a disk: bytes that are no text, files too large, nesting that would break a parser."""

from __future__ import annotations

import pytest

from cases_of_rules import HEAD, findings, rulebook
from policy.diagnostics import draw
from policy.pipeline import RulesFile, check
from policy.source import Source
from policy.syntax.build import Builder
from policy.syntax.from_text import LARGEST_FILE, decode, parse
from policy.syntax.grammar import grammar

RULES = (HEAD + "parameter cap: integer = 5 per LAW/1\n").encode()
DEEP = 100_000


def codes(data: bytes) -> list[str]:
    return [d.code for d in check([RulesFile("t.policy", data)]).diagnostics if d.is_error]


@pytest.mark.parametrize("data", [b"", b"   \n\t\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_an_empty_file(data: bytes) -> None:
    assert codes(data) == ["empty-file"]


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf" + RULES, RULES.replace(b"\n", b"\r\n"), RULES.rstrip(b"\n")])
def test_a_byte_order_mark_and_windows_line_ends_are_read(data: bytes) -> None:
    assert codes(data) == []
    assert rulebook([RulesFile("t.policy", data)], "2026-03-01").ask("cap", "{}").value == 5


def test_windows_line_ends_do_not_show_in_findings() -> None:
    [slip] = check([RulesFile("t.policy", RULES.replace(b"= 5", b"= x").replace(b"\n", b"\r\n"))]).errors
    assert "\r" not in draw(slip)
    assert slip.span is not None
    assert (slip.span.line, slip.span.column, slip.span.text) == (2, 26, "x")


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (RULES + b"\xff\n", 3, 1),
        (RULES + 'provision LAW/9 "中'.encode() + b"\xe4\xb8", 3, 19),
        ("language 1".encode("utf-16"), 1, 1),
        ('source S "法"'.encode("big5"), 1, 11),
        (b"\xed\xa0\x80", 1, 1),
        (b"\xc0\x80", 1, 1),
    ],
)
def test_not_utf_8(data: bytes, line: int, column: int) -> None:
    [finding] = check([RulesFile("t.policy", data)]).diagnostics
    assert finding.code == "not-utf-8"
    assert finding.span is not None
    assert (finding.span.line, finding.span.column) == (line, column)
    draw(finding)


def test_a_nul_character() -> None:
    [finding] = check([RulesFile("t.policy", RULES + b"#\0")]).diagnostics
    assert (finding.code, str(finding.span)) == ("not-text", "t.policy:3:2")


def test_a_file_of_fifty_megabytes_is_refused_unread() -> None:
    source, found = decode("t.policy", b"#" * 50_000_000)
    assert [d.code for d in found] == ["too-large"]
    assert source.text == ""
    assert not decode("t.policy", b"#" * LARGEST_FILE)[1]


def test_an_unreadable_file_hides_nothing_in_the_next() -> None:
    shown = findings([RulesFile("a.policy", b"\xff"), RulesFile("b.policy", RULES.replace(b"= 5", b"= x"))])
    assert "not-utf-8" in shown
    assert "there is nothing called `x` here" in shown


@pytest.mark.parametrize(
    "expression",
    [
        "(" * DEEP + "1" + ")" * DEEP,
        "not " * DEEP + "true",
        "-" * DEEP + "1",
        "1" + " + 1" * DEEP,
        "[" * 9_999 + "]" * 9_999,
        "f(" * 9_999 + "1" + ")" * 9_999,
        "if true then " * 9_999 + "1" + " else 1" * 9_999,
        "n" + ".n" * 9_999,
        "abs(" * 9_999 + "1" + ")" * 9_999,
    ],
    ids=["brackets", "not", "minus", "sum", "lists", "calls", "if", "fields", "abs"],
)
def test_deep_nesting_is_one_finding(expression: str) -> None:
    text = f"{HEAD}value f(n: integer) -> integer = {expression} per LAW/1\nparameter cap: integer = x per LAW/1\n"
    assert codes(text.encode()) == ["too-deep", "unknown-name"]


@pytest.mark.parametrize(
    "opening", ["(" * DEEP, "{ a: " * 9_999, "list of " * DEEP, "f(" * 9_999, "not " * 9_999, '"' * DEEP]
)
def test_nesting_that_never_closes_is_one_finding(opening: str) -> None:
    text = f"{HEAD}value f(n: integer) -> integer = {opening}\nparameter cap: integer = x per LAW/1\n"
    assert len(codes(text.encode())) == 2


def test_the_deepest_nesting_that_is_read() -> None:
    for depth in (40, 90):
        text = f"{HEAD}value f(n: integer) -> integer = {'-(' * (depth // 2)}n{')' * (depth // 2)} per LAW/1\n"
        assert codes(text.encode()) == []


def test_long_lists_are_not_deep() -> None:
    items = ", ".join(f'"{n}"' for n in range(5_000))
    rows = "".join(f"  | {n} | {n} | LAW/1 |\n" for n in range(300))
    text = (
        f"{HEAD}set many of text = {{{items}}} per LAW/1\n"
        f"table t(n: integer) -> integer first row that applies | n | t | per |\n{rows}"
        f"value f(n: integer) -> boolean = {' or '.join(f'n is {n}' for n in range(1_000))} per LAW/1\n"
    )
    assert codes(text.encode()) == []


def test_a_thousand_slips_are_a_thousand_findings() -> None:
    lines = [f"parameter p{n}: integer = = {n}" for n in range(1_000)]
    parsed = parse(Source("t.policy", "\n".join(lines)))
    assert [d.code for d in parsed.diagnostics] == ["unexpected-word"] * 1_000
    assert parsed.file.unparsed == {f"p{n}" for n in range(1_000)}


def test_everything_that_the_grammar_names_is_built() -> None:
    named = {p.name for p in grammar().productions} - {""}
    assert {name for name in named if not hasattr(Builder, name)} == set()
