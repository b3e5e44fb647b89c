"""Whether a text is coloured as it is read: each token of the parser against the category given to its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import policy
from policy.syntax.highlighting import Category
from policy.syntax.parsing import Token, UnexpectedError, parser

ROOT = Path(policy.__file__).parent.parent
BLOCK = re.compile(r"^```policy ?(?!wrong)[^\n]*\n((?:.*\n)*?)```$", re.MULTILINE)
Place = tuple[int, int, frozenset[Category]]  # from, to, and the categories that it may be of

WORDS: frozenset[Category] = frozenset({"declaration", "type", "constant", "effect", "operator", "phrase", "keyword"})
NAMES: frozenset[Category] = frozenset({"name", "attribute", "function", "declared", "capitals"})
OF_TERMINAL: dict[str, frozenset[Category]] = {
    "NAME": NAMES | {"type"}, "DOTTED": NAMES, "CURRENCY": frozenset({"capitals", "declared", "type"}),
    "STRING": frozenset({"string"}), "CITATION": frozenset({"citation"}), "DATE": frozenset({"date"}),
    "INSTANT": frozenset({"date"}), "NUMBER": frozenset({"number"}), "PERCENT": frozenset({"number"}),
    "BASIS_POINTS": frozenset({"number"}), "DURATION": frozenset({"number"}), "LENGTH": frozenset({"number"}),
}  # fmt: skip


def texts() -> Iterator[tuple[str, str]]:
    """The shipped rules, and the examples of the language reference that are whole."""
    for file in sorted((ROOT / "rulesets").rglob("*.policy")):
        yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")
    page = (ROOT / "grammar" / "language.md").read_text(encoding="utf-8")
    for block in BLOCK.finditer(page):
        yield f"grammar/language.md:{page.count(chr(10), 0, block.start()) + 1}", block[1]


@cache
def tokens(text: str) -> Sequence[Token] | None:
    """The tokens of the parser, or None where it refuses the text."""
    found: list[Token] = []
    try:
        parser().parse(text, 0, len(text), [lambda *_: None] * len(parser().grammar.productions), tokens=found)
    except UnexpectedError:
        return None
    return found


def coloured_otherwise(text: str, places: Sequence[Place]) -> list[str]:
    """The tokens that have the colour of something else; `places` cover the text in order."""
    words = {t.name for t in parser().grammar.terminals if t.literal and t.pattern.isidentifier()}
    wrong, at = [], 0
    for token in tokens(text) or ():
        while places[at][1] <= token.start_pos:
            at += 1
        wanted = OF_TERMINAL.get(token.type, WORDS if token.type in words or token.type.isupper() else None)
        if text.startswith(":", token.end_pos):  # the parser saw a name there a step later
            wanted = NAMES
        if token.type in parser().tokens.signs.values():
            wanted = frozenset({"sign"})
        if wanted is not None and not places[at][2] & wanted:
            line = text.count("\n", 0, token.start_pos) + 1
            wrong.append(f"line {line}: {token.type} `{token}` is {'/'.join(sorted(places[at][2]))}")
    return wrong
