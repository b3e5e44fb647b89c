"""Long tables looked up: the row that an index finds is the first whose condition holds, for all rows and facts."""

from __future__ import annotations

from random import Random

import pytest

from policy.ir import program as ir
from policy.ir.index import FEWEST_ROWS, NO_ROW, Ranges, RowIndex, ValueBranches, index_of
from policy.ir.interpret import Interpreter
from policy.ir.program import Case, Choose, Const, Expr, Program, Variable

PROGRAM = Program(functions={}, records={}, enums={}, digest="")
NAMES, SIDES = ("btc", "eth", "sol", "xrp"), (True, False)


def condition(chance: Random) -> Expr:
    """What a row may ask of a name, a side and two numbers."""
    tests: list[Expr] = []
    name, some = chance.choice(NAMES), frozenset(chance.sample(NAMES, 2))
    tests += chance.choice(
        (
            [],
            [ir.Compare("is", Variable("name"), Const(name))],
            [ir.Compare("in", Variable("name"), Const(some))],
            [ir.Not(ir.Compare("in", Variable("name"), Const(some)))],
            [ir.Not(ir.Compare("is", Variable("name"), Const(name)))],
        )
    )
    if chance.random() < 0.3:
        tests.append(ir.Compare("is", Variable("side"), Const(chance.choice(SIDES))))
    for number in ("size", "days"):
        scaled = ir.Arithmetic("*", Variable(number), Const(100)) if number == "days" else Variable(number)
        low = chance.randrange(20)
        tests += chance.choice(
            (
                [],
                [ir.Compare("<", scaled, Const(low))],
                [
                    ir.Compare(">=", scaled, Const(low)),
                    ir.Compare("<=", scaled, Const(low + chance.randrange(-1, 9))),
                ],
                [ir.Compare(">", scaled, Const(low))],
                [ir.Compare("is", scaled, Const(low))],
            )
        )
    chance.shuffle(tests)
    return ir.And(tuple(tests)) if len(tests) > 1 else tests[0] if tests else Const(True)


def made(conditions: list[Expr]) -> Choose:
    return Choose("first", tuple(Case(c, Const(n), "") for n, c in enumerate(conditions)), Const(NO_ROW))


@pytest.mark.parametrize("seed", range(60))
def test_an_index_finds_the_row_that_the_interpreter_does(seed: int) -> None:
    chance = Random(seed)
    table = made([condition(chance) for _ in range(FEWEST_ROWS)])
    index = index_of(table, 10_000)
    assert index is not None
    for _ in range(200):
        env = {
            "name": chance.choice((*NAMES, "doge")),
            "side": chance.choice(SIDES),
            "size": chance.randrange(-2, 30),
            "days": chance.randrange(-1, 2),
        }
        meant = Interpreter(PROGRAM).evaluate(table, dict(env))
        given = [Interpreter(PROGRAM).evaluate(column, dict(env)) for column in index.columns]
        assert index.row(*given) == meant, env


def test_an_index_that_would_be_larger_than_its_table_is_none() -> None:
    chance = Random(1)
    found = [index_of(made([condition(chance) for _ in range(FEWEST_ROWS)])) for _ in range(60)]
    assert 0 < sum(isinstance(index, RowIndex) for index in found) < 60


def test_rows_of_one_number_are_bisected_and_rows_of_names_are_told_by_them() -> None:
    tiers = [
        ir.And(
            (
                ir.Compare("is", Variable("name"), Const(name)),
                ir.Compare(">=", Variable("size"), Const(10 * n)),
                ir.Compare("<", Variable("size"), Const(10 * n + 10)),
            )
        )
        for name in NAMES
        for n in range(1_000)
    ]
    index = index_of(made(tiers))
    assert index is not None
    assert isinstance(index.place, ValueBranches)
    assert all(isinstance(place, Ranges) and len(place.edges) == 1_001 for place in index.place.places.values())
    assert index.place.other == NO_ROW
    assert index.row("sol", 9_999) == 2_999
    assert index.row("sol", 10_000) == NO_ROW


@pytest.mark.parametrize(
    "test",
    [
        ir.Compare("is", Variable("name"), Variable("side")),
        ir.Compare("<", ir.Arithmetic("+", Variable("size"), Variable("days")), Const(5)),
        ir.Compare("is", ir.Call("f", (Variable("size"),)), Const("x")),
        ir.Compare("is not", Variable("name"), Const(None)),
        ir.Or((ir.Compare("is", Variable("name"), Const("x")), ir.Compare("is", Variable("side"), Const(True)))),
    ],
)
def test_rows_that_ask_for_more_than_facts_have_none(test: Expr) -> None:
    plain = [ir.Compare("is", Variable("name"), Const(str(n))) for n in range(FEWEST_ROWS)]
    assert index_of(made(plain)) is not None
    assert index_of(made([*plain, test])) is None
    assert index_of(made(plain[1:])) is None
    assert index_of(Choose("only", made(plain).cases, Const(0))) is None
