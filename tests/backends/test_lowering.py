"""Lowering: what is evaluated once has a name of its own, and dividing by zero is a fault wherever it happens."""

from __future__ import annotations

from itertools import permutations

import pytest

from cases_of_rules import HEAD, rulebook
from policy import UndecidedError
from policy.answers import BilingualText
from policy.backends.python import PythonBackend
from policy.ir import program as ir
from policy.ir.interpret import Interpreter
from policy.ir.logic import once
from policy.ir.program import Expr, Function, Program
from policy.model.types import INTEGER
from policy.pipeline import RulesFile


def plus(a: Expr, b: Expr) -> Expr:
    return ir.Arithmetic("+", a, b)


def minus(a: Expr, b: Expr) -> Expr:
    return ir.Arithmetic("-", a, b)


X, Y, Z = (ir.Variable(name) for name in "xyz")
TWO = (plus(X, Y), plus(Y, Z))  # compound, so that `once` binds them


def evaluated(body: Expr, *facts: int) -> int:
    """The value of `body`, which the interpreter and generated Python agree on."""
    parameters = (("x", INTEGER), ("y", INTEGER), ("z", INTEGER))
    function = Function(id="f", kind="value", title=BilingualText(""), parameters=parameters, type=INTEGER, body=body)
    program = Program(functions={"f": function}, records={}, enums={}, digest="", on=1)
    value = Interpreter(program).evaluate(body, dict(zip("xyz", facts, strict=True)))
    scope: dict[str, object] = {}
    backend = PythonBackend(program)
    exec(backend.source("f"), backend.names, scope)
    (compiled,) = scope.values()
    assert callable(compiled)
    assert compiled(*facts) == value
    assert isinstance(value, int)
    return value


def test_nested_values_do_not_capture_each_other() -> None:
    first, second = TWO
    nested = once(first, lambda a: once(second, lambda b: minus(a, minus(b, a))))
    for x, y, z in permutations((3, 5, 11)):
        a, b = x + y, y + z
        assert evaluated(nested, x, y, z) == a - (b - a)


def test_a_value_inside_the_value_of_another() -> None:
    first, second = TWO
    nested = once(once(first, lambda a: plus(a, a)), lambda c: once(second, lambda b: minus(plus(c, c), b)))
    assert evaluated(nested, 3, 5, 11) == 4 * 8 - 16


def test_three_deep_and_side_by_side() -> None:
    first, second = TWO
    third = plus(X, Z)
    body = once(
        first,
        lambda a: plus(
            once(second, lambda b: once(third, lambda c: minus(minus(a, b), c))),
            once(third, lambda c: minus(a, c)),
        ),
    )
    assert evaluated(body, 3, 5, 11) == (8 - 16 - 14) + (8 - 14)
    names = [e.variable for e in ir.walk(body) if isinstance(e, ir.Let)]
    assert sorted(names) == ["_it0", "_it0", "_it1", "_it2"]


def test_equal_expressions_stay_equal() -> None:
    first, second = TWO

    def made() -> Expr:
        return once(first, lambda a: once(second, lambda b: minus(a, b)))

    assert once(made(), lambda c: plus(c, made())) == once(made(), lambda c: plus(c, made()))
    assert made() == made()


@pytest.mark.parametrize(
    ("fraction", "wanted"),
    [
        ("r.a / (r.b / r.c)", {(6, 3, 4): 8, (6, -3, 4): -8, (6, 3, 0): None, (6, 0, 4): None}),
        ("r.a / (6 / (r.b / r.c))", {(8, 3, 4): 1, (8, 3, 0): None, (8, 0, 4): None}),
        ("r.a / (r.b / (r.c + 1))", {(6, 3, 3): 8, (6, 3, -1): None}),
    ],
)
def test_a_quotient_divided_by_zero_inside_is_a_fault(
    fraction: str, wanted: dict[tuple[int, ...], int | None]
) -> None:
    value_of = f"value v(r: R) -> integer = round down to 1 ({fraction})\n"
    text = HEAD + "record R { a: integer  b: integer  c: integer }\n" + value_of
    book = rulebook([RulesFile("t.policy", text.encode())], "2026-03-01")
    for (a, b, c), value in wanted.items():
        facts = book.records["R"](a=a, b=b, c=c)
        if value is None:
            assert book.interpreter("v").answer(facts).verdict.fault == "division by zero"
            with pytest.raises(UndecidedError):
                book.evaluator("v").fast(facts)
        else:
            assert book.interpreter("v").answer(facts).value == book.evaluator("v").fast(facts) == value
