"""The grammar as LALR tables, kept between runs.

In: grammar/policy.lark, as Lark reads it. Out: `Grammar`, for `parsing`. The only importer of Lark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from attrs import frozen

from policy import cache as kept, resources
from policy.syntax.lalr import END as END, tables

_START = "start"


@frozen
class Terminal:
    """A kind of token: its pattern, or the very text where it is `literal`. One that is `kept` becomes an item."""

    name: str
    pattern: str
    literal: bool
    kept: bool


@frozen
class Production:
    """A rule of the grammar: what its node is called, and which of its `size` symbols become items of the node.

    `kept` are the places of these; those in `spread` are lists of items themselves. Without a name, a list is made.
    Where it is `lone`, no node is made of a single item: that item stands for it.
    """

    origin: str
    name: str
    size: int
    kept: tuple[int, ...]
    spread: tuple[int, ...]
    lone: bool


@frozen
class Grammar:
    """A state's row says what each symbol leads to: a state to go to, or `~n`, the production `n` to reduce by.

    `terminals` are in the order in which they are tried; `ignored` are the names of those between tokens.
    """

    terminals: tuple[Terminal, ...]
    ignored: tuple[str, ...]
    productions: tuple[Production, ...]
    rows: tuple[Mapping[str, int], ...]
    start: int
    end: int


@cache
def grammar() -> Grammar:
    """The grammar of the language, read once per process."""
    text = (resources.folder("grammar") / "policy.lark").read_text(encoding="utf-8")
    key = kept.key("grammar", text)
    found = kept.fetch(key)
    if isinstance(found, Grammar):
        return found
    anew = made(text)
    kept.store(key, anew)
    return anew


# ── made of what Lark reads ────────────────────────────────────────────────────────────────────────────


def made(text: str) -> Grammar:
    """The tables of a grammar in Lark's notation."""
    from lark import Lark

    lark = Lark(text, parser=None, lexer="basic", maybe_placeholders=False)
    rows, end = tables([(str(r.origin.name), tuple(str(s.name) for s in r.expansion)) for r in lark.rules], _START)
    in_order = sorted(  # as Lark's own scanner has them
        lark.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name)
    )
    symbols: Iterable[Any] = (symbol for rule in lark.rules for symbol in rule.expansion)
    kept = {str(s.name) for s in symbols if s.is_term and not s.filter_out}
    return Grammar(
        tuple(_terminal(t, str(t.name) in kept) for t in in_order),
        tuple(map(str, lark.ignore_tokens)),
        tuple(map(_production, lark.rules)),
        tuple(rows),
        0,
        end,
    )


def _terminal(terminal: Any, kept: bool) -> Terminal:
    literal = terminal.pattern.type == "str"
    return Terminal(
        str(terminal.name), str(terminal.pattern.value if literal else terminal.pattern.to_regexp()), literal, kept
    )


def _production(rule: Any) -> Production:
    origin = str(rule.origin.name)
    kept = [n for n, symbol in enumerate(rule.expansion) if not (symbol.is_term and symbol.filter_out)]
    spread = [n for n in kept if not rule.expansion[n].is_term and rule.expansion[n].name.startswith("_")]
    lone = rule.options.expand1 and not rule.alias
    unnamed = origin.startswith("_") or origin == _START or (lone and len(kept) == 1 and not spread)
    return Production(
        origin,
        "" if unnamed else str(rule.alias or origin),
        len(rule.expansion),
        tuple(kept),
        tuple(spread),
        lone,
    )
