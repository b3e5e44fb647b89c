"""Long tables in columns: found by one look-up, and answered as the interpreter answers each row."""

from __future__ import annotations

from random import Random

import pytest

import optional

pl = optional.columns()

from cases_of_rules import HEAD, rulebook  # noqa: E402
from policy.pipeline import Rulebook, RulesFile  # noqa: E402
from tables import agree  # noqa: E402

NAMES = ("btc", "eth", "sol")


def book_of(head: str, cells: list[str], more: str = "") -> Rulebook:
    rows = "\n".join(f"| {c} | LAW/1 |" for c in cells)
    return rulebook([RulesFile("t.policy", f"{HEAD}{more}\n{head}\n{rows}\n".encode())], "2026-03-01")


def tiers(name: str) -> list[str]:
    """Twenty ranges, some with a gap behind them."""
    return [f"{name} | >= {10 * n} and < {10 * n + 10 - n % 2} | {n * n}%" for n in range(20)]


HEADS = {
    "texts": ("table t(name: text, size: integer) -> rate first row that applies | name | size | t | per |", '"{}"'),
    "members": ("table t(name: Name, size: integer) -> rate first row that applies | name | size | t | per |", "{}"),
}


@pytest.mark.parametrize("kind", HEADS)
def test_tiers_of_each_name_are_found(kind: str) -> None:
    head, name = HEADS[kind]
    cells = [cell for n in NAMES for cell in tiers(name.format(n))]
    book = book_of(head, cells, "enum Name { btc, eth, sol, xrp }")
    chance = Random(1)
    rows = [(chance.choice((*NAMES, "xrp")), chance.randrange(-5, 220)) for _ in range(300)]
    agree(book, "t", rows, [book.interpreter("t").answer(*row) for row in rows])
    plan = book.columns("t", {"name": pl.String, "size": pl.Int64}, scaled=True)
    assert not plan.unsupported
    assert _looks_up(book)


def test_rows_that_turn_on_a_missing_fact_are_answered_by_the_interpreter() -> None:
    head, name = HEADS["texts"]
    cells = [*(cell for n in NAMES for cell in tiers(name.format(n))), '"any" | any | 7%']
    book = book_of(head, cells)
    from policy.answers import MISSING

    rows = [("btc", 5), ("btc", MISSING), (MISSING, 5), (MISSING, MISSING), ("any", MISSING), ("any", 3), ("no", 3)]
    agree(book, "t", rows, [book.interpreter("t").answer(*row) for row in rows])


def test_texts_booleans_and_what_is_absent_are_looked_up_too() -> None:
    for of, value in (
        ("text", '"v{}"'),
        ("boolean", "true"),
        ("optional integer", "{}"),
        ("optional integer", "none"),
    ):
        head = f"table t(size: integer) -> {of} first row that applies | size | t | per |"
        cells = [f">= {n} and < {n + 1} | {value.format(n)}" for n in range(40)]
        if of == "optional integer":
            cells[7] = ">= 7 and < 8 | none"
        book = book_of(head, cells)
        rows = [(n,) for n in range(-2, 43)]
        agree(book, "t", rows, [book.interpreter("t").answer(*row) for row in rows])


def test_rows_that_are_worked_out_or_turn_on_two_numbers_are_compiled() -> None:
    worked = [f">= {n} and < {n + 1} | size * 2" for n in range(20)]
    book = book_of("table t(size: integer) -> integer first row that applies | size | t | per |", worked)
    rows = [(n,) for n in range(-2, 23)]
    agree(book, "t", rows, [book.interpreter("t").answer(*row) for row in rows])
    two = [f">= {n} and < {n + 1} | < {n} | {n}" for n in range(20)]
    book = book_of("table t(a: integer, b: integer) -> integer first row that applies | a | b | t | per |", two)
    pairs = [(a, b) for a in range(0, 20, 3) for b in range(0, 20, 3)]
    agree(book, "t", pairs, [book.interpreter("t").answer(*row) for row in pairs])


def _looks_up(book: Rulebook) -> bool:
    """Whether generated Python finds the row by an index."""
    book.evaluator("t")
    return "_row_" in book._python.source("t.t")
