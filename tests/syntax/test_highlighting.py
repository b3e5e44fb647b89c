"""Colours of rules: every token of every rule is coloured as what the parser reads it as."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Error, Text, Whitespace

import editor_files
import optional
from coloured import Place, coloured_otherwise, texts, tokens
from policy.pygments_lexer import TOKENS, PolicyLexer
from policy.syntax import highlighting
from policy.syntax.slips import DECLARATION_WORDS

TEXTS = dict(texts())


@cache
def whole() -> dict[str, str]:
    """The texts that are read to their end."""
    return {name: text for name, text in TEXTS.items() if tokens(text) is not None}


def lexed(text: str) -> list[Place]:
    return [
        (at, at + len(value), frozenset(c for c, kind in TOKENS.items() if kind is found))
        for at, found, value in PolicyLexer().get_tokens_unprocessed(text)
    ]


def test_all_shipped_rules_and_most_examples_of_the_reference_are_read() -> None:
    shipped = [name for name in TEXTS if name.startswith("rulesets/")]
    assert set(shipped) <= whole().keys()
    assert len(shipped) >= 50
    assert len(whole()) - len(shipped) >= 40


@pytest.mark.slow
def test_every_token_is_coloured_as_the_parser_reads_it() -> None:
    wrong = {name: found for name, text in whole().items() if (found := coloured_otherwise(text, lexed(text)))}
    assert not wrong, "\n".join(f"{name}: {line}" for name, found in wrong.items() for line in found)


def test_no_text_has_a_piece_that_the_lexer_does_not_know() -> None:
    for name, text in whole().items():
        found = list(PolicyLexer().get_tokens_unprocessed(text))
        assert "".join(value for _, _, value in found) == text
        assert not [(name, at, value) for at, kind, value in found if kind is Error]


def test_a_word_that_is_a_name_where_it_stands_is_coloured_as_one() -> None:
    [first] = [kind for _, kind, value in PolicyLexer().get_tokens_unprocessed("x = first * 2") if value == "first"]
    [row] = [kind for _, kind, value in PolicyLexer().get_tokens_unprocessed("first row that") if value == "first"]
    assert (first, row) == (TOKENS["name"], TOKENS["keyword"])
    assert coloured_otherwise(
        'value v(a: integer) -> integer = a\ntest "t"\n  given first = 1\n  expect v(first) = 1\n',
        [(0, 1000, frozenset({"keyword"}))],
    ), "a text in one colour is no colouring"


def test_the_words_are_those_of_the_grammar() -> None:
    groups = highlighting.words()
    assert frozenset().union(*groups.values()) == highlighting.keywords()
    assert groups["declaration"] == frozenset(DECLARATION_WORDS)
    assert {"boolean", "money", "list"} <= groups["type"]
    for word in highlighting.keywords() - groups["type"]:
        assert any(word in p.regex for p in highlighting.patterns()), word


def test_pygments_finds_the_lexer_by_name_and_file() -> None:
    assert isinstance(get_lexer_by_name("policy"), PolicyLexer)
    assert isinstance(get_lexer_for_filename("haircuts.policy"), PolicyLexer)
    kinds = {kind for _, kind, _ in PolicyLexer().get_tokens_unprocessed("# note\nlanguage 1\n")}
    assert kinds - {Text, Whitespace} == {TOKENS["comment"], TOKENS["declaration"], TOKENS["number"]}


@pytest.mark.parametrize("file", editor_files.FILES, ids=lambda f: f.name)
def test_the_files_for_editors_are_made_of_the_grammar_as_it_is(file: Path, update: bool) -> None:
    made = editor_files.FILES[file]()
    if update:
        file.write_text(made, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == made, "run: python tests/support/editor_files.py"


def test_vim_colours_a_rule(tmp_path: Path) -> None:
    nvim = optional.program("neovim", "nvim")
    rule, script, out = tmp_path / "a.policy", tmp_path / "s.vim", tmp_path / "out"
    rule.write_text('# n\nparameter p: rate = 5% per HOUSE/1\ntest "a \\" b" on 2026-03-01\n', encoding="utf-8")
    places = {(1, 1): "policyComment", (2, 1): "policyDeclaration", (2, 11): "policyAttribute", (2, 14): "policyType",
              (2, 21): "policyNumber", (2, 24): "policyKeyword", (2, 28): "policyCitation", (3, 11): "policyString",
              (3, 18): "policyDate"}  # fmt: skip
    asked = ", ".join(f"synIDattr(synID({line}, {column}, 1), 'name')" for line, column in places)
    script.write_text(f"call writefile([{asked}], '{out}')\nqa!\n", encoding="utf-8")
    path = editor_files.EDITORS / "vim"
    subprocess.run(
        [nvim, "--headless", "-u", "NONE", "-i", "NONE", "--cmd", f"set rtp^={path}", "--cmd", "filetype on",
         "--cmd", "syntax on", str(rule), "-S", str(script)],
        check=True, timeout=60, capture_output=True,
    )  # fmt: skip
    assert dict(zip(places, out.read_text(encoding="utf-8").split("\n"), strict=False)) == places
