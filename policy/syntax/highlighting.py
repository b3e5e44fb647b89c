"""How a text is coloured without being parsed: one list of patterns for Pygments, TextMate and Vim.

In: the grammar, with what its states accept. Out: `patterns`, in the order in which they are tried, in regular
expressions that Python and Oniguruma read alike. Absent: what a name means, which a language server tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Literal, get_args

from attrs import frozen

from policy.syntax.grammar import Terminal, grammar
from policy.vocabulary import Effect

Category = Literal[
    "comment", "string", "date", "number", "citation", "declaration", "declared", "type", "constant", "effect",
    "operator", "phrase", "keyword", "capitals", "function", "attribute", "name", "sign", "rule line",
]  # fmt: skip

NAME, STRING = "NAME", "STRING"
_CATEGORY: dict[str, Category] = {
    "COMMENT": "comment", "RULE_LINE": "rule line", STRING: "string", "CITATION": "citation", "CURRENCY": "capitals",
    "INSTANT": "date", "DATE": "date",
    "DURATION": "number", "PERCENT": "number", "BASIS_POINTS": "number", "NUMBER": "number",
}  # fmt: skip
# Terminals that are read differently here: a name is cut at its dots, a word like `days` is a unit after a value, and
# the tag of a language stands behind a text.
_APART = frozenset({NAME, "DOTTED", "LENGTH", "TAG"})
_CONSTANTS = frozenset({"true", "false", "none", "today"})
_OPERATORS = frozenset({"and", "or", "not", "is", "in", "modulo", "default", "if", "then", "else", "with"})
_CALLED = frozenset(
    {"abs", "all", "any", "clamp", "count", "max", "min", "sum"}
)  # written before a bracket, as a name is
_A_NAME = r"[A-Za-z][A-Za-z0-9_]*"


@frozen
class Pattern:
    """A regular expression, and the category of each of its groups; of the whole where it has none."""

    regex: str
    categories: tuple[Category, ...]


def keywords() -> frozenset[str]:
    """Every word that the grammar has."""
    return frozenset(t.pattern for t in grammar().terminals if t.literal and t.pattern.isidentifier())


def declarations() -> frozenset[str]:
    """The words that begin a declaration."""
    return _words_after()


def types() -> frozenset[str]:
    """The words that begin a type."""
    return _words_after("PARAMETER", NAME, "COLON")


def words() -> dict[Category, frozenset[str]]:
    """Every word of the grammar under its category; `set` declares, and is a type."""
    groups: dict[Category, frozenset[str]] = {
        "declaration": declarations(),
        "type": types(),
        "effect": frozenset(get_args(Effect)),
        "constant": _CONSTANTS,
        "operator": _OPERATORS,
    }
    return groups | {"keyword": keywords().difference(*groups.values())}


def _words_after(*symbols: str) -> frozenset[str]:
    """The words that the grammar accepts after these symbols."""
    found = grammar()
    state = found.start
    for symbol in symbols:
        state = found.rows[state][symbol]
    return frozenset(t.pattern for t in found.terminals if t.literal and found.rows[state].get(t.name, -1) >= 0)


@cache
def patterns() -> tuple[Pattern, ...]:
    """The patterns, in the order in which they are tried."""
    terminals = [t for t in grammar().terminals if t.name not in _APART and not t.name.startswith("__IGNORE")]
    length, tag = (next(t.pattern for t in grammar().terminals if t.name == name) for name in ("LENGTH", "TAG"))
    begin, group = _either(declarations()), words()
    no_name = f"(?!{_either(keywords() - types())}(?!\\())"
    return (
        *_written(terminals, before_names=True),
        Pattern(rf"\b{_A_NAME}(?=[ \t]*:)", ("attribute",)),
        Pattern(rf"(\.)({_A_NAME})", ("sign", "attribute")),
        Pattern(rf"(:|->)([ \t]+)({_type()})", ("sign", "sign", "type")),
        Pattern(rf"(\bof\b)([ \t]+)({_type()})", ("keyword", "sign", "type")),
        Pattern(rf"({begin})([ \t]+){no_name}({_A_NAME})(?!\w*/)", ("declaration", "sign", "declared")),
        Pattern(rf'{begin}(?=[ \t]+(?:"|{begin}|{no_name}\w))', ("declaration",)),
        Pattern(rf"(?<=[\w)] ){length}(?![ \t]*[(=])", ("number",)),
        Pattern(rf'(?<=" ){tag}', ("keyword",)),
        Pattern(_either(group["effect"]), ("effect",)),
        Pattern(_either(group["constant"]), ("constant",)),
        Pattern(_either(group["operator"]), ("operator",)),
        Pattern(_in_their_places(group["keyword"] | {"set"}), ("keyword",)),
        *_written(terminals, before_names=False),
        Pattern(rf"\b{_A_NAME}(?=\()", ("function",)),
        Pattern(rf"\b{_A_NAME}", ("name",)),
        Pattern(_signs({t.pattern for t in terminals if t.literal}), ("sign",)),
    )


def _written(terminals: list[Terminal], before_names: bool) -> list[Pattern]:
    """Terminals with patterns of their own; capitals are tried after the words, which names are told from."""
    return [
        Pattern(_at_a_word(t.pattern), (_CATEGORY.get(t.name, "phrase"),))
        for t in terminals
        if not t.literal and before_names == (t.name != "CURRENCY")
    ]


def _at_a_word(pattern: str) -> str:
    return rf"\b(?:{pattern})" if re.match(r"[\[(]*[\w(]|\[[A-Za-z0-9]", pattern) else pattern


def _either(words: frozenset[str]) -> str:
    return rf"\b(?:{'|'.join(sorted(words))})\b"


def _in_their_places(words: frozenset[str]) -> str:
    """Words where they are words of the language: what follows is what the grammar accepts after them.

    Where only some words or signs can follow, as in `first row`, one of them does; else no sign or operator
    that cannot.
    """
    found = grammar()
    literal = {t.name: t.pattern for t in found.terminals if t.literal}
    after: dict[str, set[str]] = {text: set() for text in words}
    for row in found.rows:
        for symbol, action in row.items():
            if action >= 0 and literal.get(symbol) in words:
                after[literal[symbol]] |= {s for s in found.rows[action] if s.isupper()}
    signs = {text[0] for text in literal.values() if not text.isidentifier()}
    followed: dict[str, list[str]] = {}
    for text in sorted(words):
        nexts = {literal.get(name, "") for name in after[text]}
        if all(nexts):
            possible = "|".join(filter(None, (_words(nexts), f"{_signs(nexts)}|$" if _signs(nexts) else "")))
            ahead = rf"(?=[ \t]*(?:{possible}))"  # a sign may stand on the next line, the word of a phrase does not
        else:
            never = "".join(map(re.escape, sorted(signs - {n[:1] for n in nexts})))
            ahead = rf"(?![ \t]*[{never}])" if never else ""
            ahead += rf"(?![ \t]+{_either(_OPERATORS - nexts)})"
        ahead += "" if text in _CALLED else r"(?!\()"
        followed.setdefault(ahead, []).append(text)
    each = [rf"(?:{'|'.join(some)})\b{ahead}" for ahead, some in followed.items()]
    return rf"\b(?:{'|'.join(each)})"


def _words(texts: Iterable[str]) -> str:
    found = frozenset(filter(str.isidentifier, texts))
    return _either(found) if found else ""


def _signs(texts: Iterable[str]) -> str:
    return "|".join(re.escape(t) for t in sorted(texts, key=lambda t: (-len(t), t)) if not t.isidentifier())


def _type() -> str:
    """A type: a word for it, with what it is made of in front."""
    return rf"(?:(?:changeable|optional|(?:list|set)[ \t]+of)[ \t]+)*(?:{_either(types())}|\b[A-Z]\w*)"
