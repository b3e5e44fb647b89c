"""Edits as an author makes them: a rule typed from nothing, letter by letter; words broken and mended again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

_WORD = re.compile(r"\w{4,}")
_STRANGE = ["", "(", '"', "=", "per", "when when", "9,999", "，", "unknown_name", "|", "}"]
_RULE = """
value typed_{n}(amount: integer, limit: integer) -> boolean
  "Typed rule {n}" zh "輸入的規則{n}"
  = amount <= limit and amount >= 0
test "typed {n}" zh "輸入{n}" on 2026-03-01
  expect typed_{n}(3, 5) = true
"""


def typed(text: str, n: int) -> Iterator[str]:
    """The text while a rule is typed at its end."""
    rule = _RULE.replace("{n}", str(n))
    for end in range(1, len(rule) + 1):
        yield text + rule[:end]


def broken_and_mended(text: str, rng: Random) -> Iterator[str]:
    """The text with a word broken, and as it was."""
    word = rng.choice(list(_WORD.finditer(text)))
    yield text[: word.start()] + rng.choice(_STRANGE) + text[word.end() :]
    yield text
