"""The LALR parser: one loop over the grammar's tables, which makes nodes as it reduces.

In: a stretch of a text, and what makes the node of each production. Out: the declarations in it, or what is not
expected there, with what could have stood in its place. A token is the first terminal, by priority, that the state
accepts; a word of the language is a name where only a name can stand. Absent: lines and columns, which nobody needs
until a finding is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from policy.syntax.grammar import END, Grammar, Production, grammar

Meta = tuple[int, int]  # where a node begins and ends in the text
Items = list[Any]  # nodes, tokens, and whatever else is made of them
Maker = Callable[[Meta, Items], object]

DEEPEST_NESTING = 100
NAME, _SIGN = "NAME", "_sign"
_NO_TOKEN = "\0"  # a character with which no token begins


class Token(str):
    """A piece of text of one kind, with its place."""

    __slots__ = ("end_pos", "start_pos", "type")
    type: str
    start_pos: int
    end_pos: int

    @classmethod
    def of(cls, type: str, text: str, start: int) -> Token:
        token = cls(text)
        token.type, token.start_pos, token.end_pos = type, start, start + len(text)
        return token

    @property
    def value(self) -> object:
        """The text alone."""
        return str(self)


class UnexpectedError(Exception):
    """A word where other terminals could have stood; "" at the end, and one character where no token begins."""

    def __init__(self, word: str, start: int, expected: Iterable[str], is_token: bool = True) -> None:
        super().__init__(word)
        self.word, self.start, self.expected, self.is_token = word, start, frozenset(expected), is_token
        self.following: frozenset[str] = frozenset()  # terminals that could stand here, words of the language too


class TooDeepError(Exception):
    """A node is nested more than `DEEPEST_NESTING` deep."""


class Parser:
    """The parser of a grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar, self.rows = grammar, grammar.rows
        self.plans = [(_same(p), p.size, p.origin) for p in grammar.productions]
        self.tokens = _Tokens(grammar)
        self.renamed: dict[tuple[int, int, str], int] = {}  # states after productions that only rename a symbol

    def parse(
        self,
        text: str,
        start: int,
        end: int,
        makers: Sequence[Maker],
        deepest: float = DEEPEST_NESTING,
        tokens: list[Token] | None = None,
    ) -> Items:
        """What is made of `text` from `start` to `end`; `tokens` get all tokens.

        Raises UnexpectedError or TooDeepError.
        """
        rows, plans, kept, token = self.rows, self.plans, self.tokens.kept, self.tokens.token
        renamed = self.renamed
        states, made = [self.grammar.start], _Made(self.grammar.productions, makers, (start, start), deepest)
        at = start
        while True:
            kind, first, word = token(text, at, end, rows[states[-1]])
            if kind is None:
                raise self._nothing_fits(text, first, end, states)
            at = first + len(word)
            if tokens is not None and kind is not END:
                tokens.append(Token.of(kind, word, first))
            while True:  # reduces as often as the token asks for
                action = rows[states[-1]].get(kind)
                if action is None:
                    if kind == NAME or not word.isidentifier() or not self._shifts(states, NAME):
                        raise UnexpectedError(word, first, self._expected(states))
                    kind = NAME
                elif action >= 0:
                    break
                else:
                    same, size, origin = plans[~action]
                    if same:  # nearly always the first of several
                        place = states[-2], states[-1], kind
                        state = renamed.get(place, -1)
                        if state < 0:
                            state = renamed[place] = self._renamed(*place)
                        states[-1] = state
                    else:
                        made.reduce(~action)
                        if size:
                            del states[-size:]
                        state = rows[states[-1]][origin]
                        states.append(state)
                    if state == self.grammar.end and kind is END:
                        return made.whole
            states.append(action)
            made.shift(Token.of(kind, word, first) if kind in kept else word, first, at)

    def _renamed(self, below: int, state: int, kind: str) -> int:
        """The state after all productions that only rename the topmost symbol, before a token of a kind."""
        while state != self.grammar.end and (action := self.rows[state].get(kind, 0)) < 0:
            same, _, origin = self.plans[~action]
            if not same:
                break
            state = self.rows[below][origin]
        return state

    def following(self, text: str, start: int, end: int) -> frozenset[str]:
        """The terminals of which one could stand after a stretch of text; none where the stretch itself is wrong."""
        ignored: list[Maker] = [lambda _, __: None] * len(self.grammar.productions)
        try:
            self.parse(text[:end] + _NO_TOKEN, start, end + 1, ignored)
        except UnexpectedError as slip:
            return slip.following if slip.start == end else frozenset()
        return frozenset()  # the stretch ends in a comment

    # what could have stood there

    def _nothing_fits(self, text: str, at: int, end: int, states: list[int]) -> UnexpectedError:
        """No terminal that is accepted: a token of another place, or a character that begins none."""
        possible = self.tokens.scanned(self.rows[states[-1]])
        anywhere = self.tokens.scan(text, at, end, self.tokens.terminals)
        if anywhere is None:
            slip = UnexpectedError(text[at], at, possible or {"<END-OF-FILE>"}, is_token=False)
            slip.following = self._expected(states)
            return slip
        return UnexpectedError(anywhere[1], at, self._expected(states) or possible)

    def _expected(self, states: list[int]) -> frozenset[str]:
        return frozenset(kind for kind in self.rows[states[-1]] if kind.isupper() and self._shifts(states, kind))

    def _shifts(self, states: list[int], kind: str) -> bool:
        """Whether a token of this kind could follow, once all is reduced that it asks for."""
        states = states.copy()
        while (action := self.rows[states[-1]].get(kind)) is not None:
            if action >= 0:
                return True
            _, size, origin = self.plans[~action]
            if size:
                del states[-size:]
            states.append(self.rows[states[-1]][origin])
            if kind == END and states[-1] == self.grammar.end:
                return True
        return False


class _Made:
    """The stack of what was made of the symbols so far, with their places and how deep they are nested."""

    def __init__(
        self, productions: Sequence[Production], makers: Sequence[Maker], nowhere: Meta, deepest: float
    ) -> None:
        self.productions, self.makers, self.nowhere, self.deepest = productions, makers, nowhere, deepest
        self.items, self.metas, self.heights = Items(), list[Meta](), list[int]()

    @property
    def whole(self) -> Items:
        """The items of the start symbol."""
        items: Items = self.items[0]
        return items

    def shift(self, item: str, start: int, end: int) -> None:
        self.items.append(item)
        self.metas.append((start, end))
        self.heights.append(-1)

    def reduce(self, number: int) -> None:
        """Makes one of the topmost symbols: an item that stands for all, a list of items, or a node."""
        p, stack = self.productions[number], self.items
        base = len(stack) - p.size
        if p.spread:
            items: Items = []
            for place in p.kept:
                if place not in p.spread:
                    items.append(stack[base + place])
                elif items:
                    items += stack[base + place]
                else:
                    items = stack[base + place]  # nobody else has it
        else:
            items = [stack[base + place] for place in p.kept]
        meta, height = self._place(base, p.size)
        if p.lone and len(items) == 1:
            item = items[0]
        elif not p.name:
            item = items
        else:
            height += 1
            if height > self.deepest:
                raise TooDeepError
            item = self.makers[number](meta, items)
        if p.size == 1:
            stack[base], self.metas[base], self.heights[base] = item, meta, height
        else:
            stack[base:], self.metas[base:], self.heights[base:] = [item], [meta], [height]

    def _place(self, base: int, size: int) -> tuple[Meta, int]:
        """From where to where the topmost symbols stand, and the height of the highest."""
        if size == 1:
            return self.metas[base], self.heights[base]
        if not size:
            return self.nowhere, -1
        first, last = self.metas[base], self.metas[-1]
        if first is self.nowhere or last is self.nowhere:
            some = [meta for meta in self.metas[base:] if meta is not self.nowhere] or [self.nowhere]
            first, last = some[0], some[-1]
        meta = self.nowhere if last is self.nowhere else (first[0], last[1])
        return meta, max(self.heights[base:])


class _Tokens:
    """The terminals: one pattern finds nearly every token, others one of those that a state accepts."""

    def __init__(self, grammar: Grammar) -> None:
        patterns = {t.name: t.pattern for t in grammar.terminals}
        self.terminals = {t.name: t for t in grammar.terminals if t.name not in grammar.ignored}
        self.kept = frozenset(name for name, t in self.terminals.items() if t.kept)
        literal = {t.pattern: t.name for t in self.terminals.values() if t.literal}
        self.like_words = [n for n, t in self.terminals.items() if t.like_words]
        self.words = {text: name for text, name in literal.items() if re.fullmatch(patterns[NAME], text)}
        self.signs = {text: name for text, name in literal.items() if text not in self.words}
        common = {n: t.pattern for n, t in self.terminals.items() if not t.literal and n not in self.like_words}
        common |= {NAME: patterns[NAME], _SIGN: "|".join(map(re.escape, self.signs))}
        ignored = f"(?:{'|'.join(patterns[name] for name in grammar.ignored)})*+"
        self.ignored, self.common = re.compile(ignored), re.compile(ignored + _either(common))
        self.scanners: dict[frozenset[str], re.Pattern[str]] = {}

    def token(self, text: str, at: int, end: int, possible: Mapping[str, int]) -> tuple[str | None, int, str]:
        """The next token: its kind, None where there is none that is possible; its beginning; its text."""
        found = self.common.match(text, at, end)
        if found is None:
            first = self.ignored.match(text, at, end).end()  # type: ignore[union-attr]  # it can be empty
            if first == end:
                return END, first, ""
        else:
            kind = found.lastgroup
            assert kind is not None
            first, word = found.start(kind), found[kind]
            if kind == NAME:
                kind = self.words.get(word, NAME)
                if kind not in possible:
                    kind = NAME
            elif kind == _SIGN:
                kind = self.signs[word]
            if kind in possible:
                return kind, first, word
        other = self.scan(text, first, end, possible)
        return (other[0], first, other[1]) if other else (None, first, "")

    def scan(self, text: str, at: int, end: int, possible: Iterable[str]) -> tuple[str, str] | None:
        """The token at a place, where only some terminals are possible: its kind and text."""
        accepted = frozenset(possible)
        if accepted not in self.scanners:
            self.scanners[accepted] = re.compile(
                _either(
                    {
                        n: re.escape(t.pattern) if (t := self.terminals[n]).literal else t.pattern
                        for n in self.scanned(accepted)
                    }
                )
            )
        found = self.scanners[accepted].match(text, at, end)
        if found is None:
            return None
        kind = str(found.lastgroup)
        word = self.words.get(found[0], kind) if kind in self.like_words else kind
        return (word if word in accepted else kind), found[0]

    def scanned(self, possible: Iterable[str]) -> list[str]:
        """The terminals of these that are looked for: not a word of the language where a name is possible."""
        accepted = frozenset(possible)
        names = not accepted.isdisjoint(self.like_words)
        words = frozenset(self.words.values()) if names else frozenset()
        return [name for name in self.terminals if name in accepted and name not in words]


def _either(patterns: Mapping[str, str]) -> str:
    return f"(?:{'|'.join(f'(?P<{name}>{pattern})' for name, pattern in patterns.items())})" if patterns else "(?!)"


def _same(p: Production) -> bool:
    """Whether a production makes nothing new: its only symbol stands for it."""
    return p.lone and p.size == 1 and p.kept == (0,) and not p.spread


@cache
def parser() -> Parser:
    """The parser of the language, made once per process."""
    return Parser(grammar())
