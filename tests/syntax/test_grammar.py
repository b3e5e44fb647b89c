"""The grammar's tables are those of its text, and the parser reads with them what Lark reads."""

from __future__ import annotations

from functools import cache, partial
from random import Random
from typing import Any

import pytest
from lark import Lark, Token as LarkToken, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.parsers.lalr_analysis import Shift

from mutations import mutated
from policy import resources
from policy.syntax.grammar import grammar, made
from policy.syntax.lalr import tables
from policy.syntax.parsing import Meta, UnexpectedError, parser

FOLDER = resources.folder("grammar")
TEXT = (FOLDER / "policy.lark").read_text(encoding="utf-8")
RULES = sorted(resources.folder("rulesets").rglob("*.policy"))


def test_the_tables_are_kept_and_are_those_of_the_grammar() -> None:
    assert grammar.__wrapped__() == grammar.__wrapped__() == made(TEXT)


def test_the_tables_are_lark_s() -> None:
    """State by state, from the first on."""
    ours, conf = grammar(), lark().parse_interactive("").parser_state.parse_conf
    pairs = {0: conf.start_state}
    for state in (pending := [0]):
        row, other = ours.rows[state], conf.states[pairs[state]]
        assert set(row) == set(map(str, other))
        for symbol, (action, to) in other.items():
            here = row[symbol]
            if action is not Shift:
                p = ours.productions[~here]
                assert (p.origin, p.size) == (to.origin.name, len(to.expansion))
                assert p.name in ("", to.alias or to.origin.name)
            elif here not in pairs:
                pairs[here] = to
                pending.append(here)
            else:
                assert pairs[here] == to
    assert len(pairs) == len(ours.rows) == len(conf.states)
    assert pairs[ours.end] == conf.end_state


def test_what_could_be_shifted_is_shifted() -> None:
    rules = [("s", ("IF", "s")), ("s", ("IF", "s", "ELSE", "s")), ("s", ("X",))]
    rows, _ = tables(rules, "s")
    [both] = [row for row in rows if "ELSE" in row and row["ELSE"] >= 0]
    assert both["$END"] == ~0


def test_two_rules_that_end_alike_are_refused() -> None:
    with pytest.raises(ValueError, match="`\\$END` ends two rules alike"):
        tables([("s", ("a",)), ("s", ("b",)), ("a", ("X",)), ("b", ("X",))], "s")


# ── Lark is the oracle ──────────────────────────────────────────────────────────────────────


@cache
def lark() -> Lark:
    return Lark(TEXT, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def by_lark(text: str) -> object:
    """Lark's tree with all places, or what it does not expect."""
    try:
        return [shown(t) for t in lark().parse(text, on_error=as_name).children]
    except UnexpectedCharacters as failure:
        return failure.pos_in_stream, text[failure.pos_in_stream], sorted(failure.allowed)
    except UnexpectedToken as failure:
        at = None if failure.token.type == "$END" else failure.token.start_pos
        return at, str(failure.token), sorted(failure.accepts or failure.expected)


def as_name(failure: UnexpectedInput) -> bool:
    if not isinstance(failure, UnexpectedToken) or not failure.token.isidentifier():
        return False
    if "NAME" not in failure.interactive_parser.accepts():
        return False
    failure.interactive_parser.feed_token(LarkToken.new_borrow_pos("NAME", failure.token, failure.token))
    return True


def shown(node: Any) -> object:
    if isinstance(node, Tree):
        place = (0, 0) if node.meta.empty else (node.meta.start_pos, node.meta.end_pos)
        return str(node.data), place, [shown(child) for child in node.children]
    return node.type, node.start_pos, str(node)


def ours(text: str) -> object:
    def node(name: str, meta: Meta, items: list[Any]) -> object:
        leaves = [item if isinstance(item, tuple) else (item.type, item.start_pos, str(item)) for item in items]
        return name, meta, leaves

    makers = [partial(node, p.name) for p in grammar().productions]
    try:
        return parser().parse(text, 0, len(text), makers, deepest=float("inf"))
    except UnexpectedError as failure:
        return failure.start if failure.word else None, failure.word, sorted(failure.expected)


def test_shipped_rules_are_read_as_lark_reads_them() -> None:
    for file in RULES[:: max(1, len(RULES) // 6)]:
        text = file.read_text(encoding="utf-8")
        assert ours(text) == by_lark(text), file.name


def agree(seeds: range) -> None:
    for seed in seeds:
        chance = Random(seed)
        lines = chance.choice(RULES).read_text(encoding="utf-8").splitlines(keepends=True)
        at = chance.randrange(len(lines))
        text = mutated("".join(lines[at : at + 25]), chance)
        assert ours(text) == by_lark(text), text


def test_mutated_rules_are_read_or_refused_as_lark_does() -> None:
    agree(range(150))


@pytest.mark.slow
def test_thousands_of_mutated_rules_are_read_or_refused_as_lark_does() -> None:
    agree(range(1_000, 4_000))
