"""Texts gone wrong: tokens and lines lost, doubled, swapped or replaced, and comments wherever one may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import policy
from case_files import CORPUS, read
from cases_of_rules import split
from policy.pipeline import RulesFile
from policy.source import Source
from policy.syntax.from_text import comments_and_tokens
from random_rules import Rules

RULESETS = Path(policy.__file__).parents[1] / "rulesets"
TOKEN = re.compile(
    r'"(?:[^"\\\n]|\\["\\])*"|#[^\n]*|[A-Z][A-Z0-9_]*/[\w().-]+|\w+(?:\.\w+)*%?|->|[<>]=|\s+|.', re.DOTALL
)
STRANGE = [
    *'\0 \ufeff \u202e ٣ １ 𝕏 é e\u0301 \r \x0b \x85 \u2028 " \\ # { } | ( ) % 0 100% today true none [] {}'.split(
        " "
    ),
    *"XXX HKD E/1 any other - per from until optional default is in not if sum( min( /0 *0 0001-01-01".split(" "),
    *"9999-99-99 2026-02-30 2026-02-11T25:00:00Z 0.00000000000000000000000001".split(" "),
    *("10000 years", "9999999 days", "list of", 'round down to "a" (', "round up to 0 (", "1 million", "9" * 40),
]


def rulebooks() -> list[list[RulesFile]]:
    """Rules of every kind: the shipped ones file by file, the corpus, random ones."""
    found = [[RulesFile(f.name, f.read_bytes())] for f in sorted(RULESETS.rglob("*.policy"))]
    for kind in ("decisions", "errors"):
        for file in sorted((CORPUS / kind).glob("*.txt")):
            found += [split(case.input)[0] for case in read(file)[1]]
    return found + [[RulesFile("random.policy", Rules(Random(n)).text.encode())] for n in range(20)]


def mutated(text: str, chance: Random) -> str:
    """The text after one to four accidents."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        tokens = TOKEN.findall(text)
        words = [n for n, t in enumerate(tokens) if not t.isspace()]
        if not words:
            return text
        at, other = chance.choice(words), chance.choice(words)
        match chance.randrange(8):
            case 0:
                del tokens[at]
            case 1:
                tokens.insert(at, tokens[at] + " ")
            case 2:
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 3 | 4:
                tokens[at] = tokens[other]
            case 5:
                tokens[at] = chance.choice(STRANGE)
            case 6:
                tokens.insert(at, chance.choice(STRANGE) + " ")
            case _ if chance.random() < 0.3:
                del tokens[at:]
            case _:
                lines = "".join(tokens).split("\n")
                line = lines.pop(chance.randrange(len(lines)))
                lines[chance.randrange(len(lines) + 1) : 0] = [line] * chance.randrange(3)
                tokens = ["\n".join(lines)]
        text = "".join(tokens)
    return text


def edits(good: Mapping[str, str], chance: Random, times: int) -> Iterator[list[RulesFile]]:
    """Files, of which each time one goes wrong, goes wrong further, or is as it was."""
    now = dict(good)
    for _ in range(times):
        name = chance.choice(list(good))
        now[name] = chance.choice([good[name], mutated(good[name], chance), mutated(now[name], chance)])
        yield [RulesFile(n, t.encode("utf-8", "replace")) for n, t in now.items()]


def other_words(texts: Sequence[RulesFile], chance: Random, times: int) -> Iterator[list[RulesFile]]:
    """A word is replaced by another of the same file, now and then in several files at once; then all is mended."""
    now = list(texts)
    yield now
    for _ in range(times):
        n = chance.choice([n for n, t in enumerate(texts) if Path(t.name).suffix == ".policy"])
        tokens = TOKEN.findall(texts[n].data.decode())
        words = [at for at, token in enumerate(tokens) if token[0].isalnum()]
        at = chance.choice(words)
        tokens[at] = tokens[chance.choice(words)]
        now[n] = RulesFile(texts[n].name, "".join(tokens).encode())
        yield now
        if chance.random() < 0.7:
            now[n] = texts[n]
    yield list(texts)


def remarked(text: str, chance: Random, often: float) -> str:
    """A text that parses, with comments and line breaks between its tokens, and some line breaks gone."""
    breaks: Sequence[str] = (
        "\n",
        "\n\n\n",
        '  # remark | " zh\n',
        "# one\n# two\n",
        "\r\n",
        "\t",
        "#\n",
        " # 註解\n",
    )
    result, at = "", 0
    for token in comments_and_tokens(Source("t", text)):
        word, start = str(token).rstrip(), token.start_pos or 0
        between = text[at:start]
        if chance.random() < often:
            between += chance.choice(breaks)
        elif (
            chance.random() < often and "#" not in between and not result.endswith("\n") and "#" not in result[-200:]
        ):
            between = between.replace("\n", " ")
        result += between + word
        at = start + len(word)
    return result + chance.choice(("", "\n", "\n\n# the end", "# the end\n\n"))
