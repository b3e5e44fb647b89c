"""The grammar as LALR tables, made by Lark and kept between runs.

In: grammar/policy.lark. Out: `Grammar`, for `parsing`. The only importer of Lark, which takes half a second for
the tables. Absent: conflicts, which Lark refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from attrs import frozen

from policy import cache as kept, resources

END = "$END"
_START = "start"


@frozen
class Terminal:
    """A kind of token: its pattern, or the very text where it is `literal`. One that is `kept` becomes an item.

    Names and whatever else a word of the language could be taken for are `like_words`.
    """

    name: str
    pattern: str
    literal: bool
    kept: bool
    like_words: bool


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
    tables = made(text)
    kept.store(key, tables)
    return tables


# ── made by Lark ────────────────────────────────────────────────────────────────────────────


def made(text: str) -> Grammar:
    """The tables of a grammar in Lark's notation; states and productions are numbered in the order they are met."""
    from lark import Lark

    lark = Lark(text, parser="lalr", maybe_placeholders=False)
    conf = lark.parse_interactive("").parser_state.parse_conf
    productions: dict[Any, int] = {}
    order = [conf.start_state]
    number = {conf.start_state: 0}
    rows: list[dict[str, int]] = []
    for state in order:
        row: dict[str, int] = {}
        for symbol, (action, to) in sorted(conf.states[state].items(), key=lambda entry: str(entry[0])):
            if str(action) == "Reduce":
                row[str(symbol)] = ~productions.setdefault(to, len(productions))
                continue
            if to not in number:
                number[to] = len(order)
                order.append(to)
            row[str(symbol)] = number[to]
        rows.append(row)
    in_order = sorted(  # as Lark's own scanner has them
        lark.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name)
    )
    kept = {str(s.name) for rule in productions for s in rule.expansion if s.is_term and not s.filter_out}
    return Grammar(
        tuple(_terminal(t, str(t.name) in kept) for t in in_order),
        tuple(map(str, lark.ignore_tokens)),
        tuple(map(_production, productions)),
        tuple(rows),
        0,
        number[conf.end_state],
    )


def _terminal(terminal: Any, kept: bool) -> Terminal:
    literal = terminal.pattern.type == "str"
    pattern = str(terminal.pattern.value if literal else terminal.pattern.to_regexp())
    like_words = not literal and re.fullmatch(pattern, "word") is not None
    return Terminal(str(terminal.name), pattern, literal, kept, like_words)


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
