"""The grammar as LALR tables: read from the file beside it, or made by Lark where the grammar has changed since.

In: grammar/policy.lark and grammar/policy.tables. Out: `Grammar`, for `parsing`. The only importer of Lark. Whoever
changes the grammar writes the tables anew with `pytest tests/syntax/test_grammar.py --update`; until then
everything works, half a second later. Absent: conflicts, which Lark refuses.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen

from policy import resources

END = "$END"
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
    folder = resources.folder("grammar")
    text = (folder / "policy.lark").read_text(encoding="utf-8")
    return _read(folder / "policy.tables", _digest(text)) or made(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# ── the file ────────────────────────────────────────────────────────────────────────────────


def written(text: str, made: Grammar) -> str:
    """The file of the tables of a grammar's text: JSON, a state a line."""
    symbols = sorted({symbol for row in made.rows for symbol in row})
    number = {symbol: n for n, symbol in enumerate(symbols)}
    head = {
        "grammar": _digest(text),
        "terminals": [[t.name, t.pattern, t.literal, t.kept] for t in made.terminals],
        "ignored": made.ignored,
        "productions": [[p.origin, p.name, p.size, p.kept, p.spread, p.lone] for p in made.productions],
        "symbols": symbols,
        "start": made.start,
        "end": made.end,
    }
    lines = [
        f'"{key}": {json.dumps(value, ensure_ascii=False, separators=(",", ":"))}' for key, value in head.items()
    ]
    rows = [[n for symbol, to in row.items() for n in (number[symbol], to)] for row in made.rows]
    states = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    return "{" + ",\n".join([*lines, f'"rows": [\n{states}\n]']) + "}\n"


def _read(file: Path, digest: str) -> Grammar | None:
    """What the file says; None where there is none, or where it was made of another grammar."""
    if not file.exists():
        return None
    kept = json.loads(file.read_bytes())
    if kept["grammar"] != digest:
        return None
    name = kept["symbols"].__getitem__
    return Grammar(
        tuple(Terminal(*t) for t in kept["terminals"]),
        tuple(kept["ignored"]),
        tuple(
            Production(origin, called, size, tuple(places), tuple(spread), lone)
            for origin, called, size, places, spread, lone in kept["productions"]
        ),
        tuple(dict(zip(map(name, row[::2]), row[1::2], strict=True)) for row in kept["rows"]),
        kept["start"],
        kept["end"],
    )


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
