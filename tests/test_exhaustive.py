"""Every `match` over nodes or over a closed set ends in `assert_never`: what is forgotten is an error of mypy."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import policy

PACKAGE = Path(policy.__file__).parent
ROOMS = sorted({file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in PACKAGE.rglob("*.py")})

# matches that leave what they do not name as it is: rewriting rules, and what comes from outside
OPEN = {
    "backends/c/blocks.py: lacks": "what rests on numbers that the rules lack; any other condition has an answer",
    "backends/c/blocks.py: of_column": "conditions on one fact; any other is asked row by row",
    "backends/c/blocks.py: word": "what combines words; any other condition is asked row by row",
    "ir/simplify.py: simplify": "folds constants; any other node stays",
    "ir/index.py: _row": "conditions that one column decides; a table with any other has no index",
    "model/picks.py: picks": "picks one of the facts; anything else is worked out",
    "model/literals.py: fact": "facts written out; anything else is a constant",
    "model/literals.py: _wrong": "looks into lists and optional facts; any other is checked itself",
    "scenario/clients.py: _moved": "trades have two sides; any other event has one account",
    "testing/mutants.py: _label": "names rules, rows, versions and keys; any other node has no name",
    "testing/mutants.py: _per": "what rules, rows, versions and keys stand on; any other node has no provision",
    "reports/journal/margin.py: _lending": "tells of loans; any other event is told elsewhere",
    "reports/journal/margin.py: _perpetual": "tells of perpetual contracts; any other event is told elsewhere",
    "reports/journal/waterfall.py: _rows": "tells of defaults; any other event is told elsewhere",
    "reports/journal/decisions.py: _follow": "follows orders; any other event changes none",
    "reports/journal/decisions.py: asked_of": "words for orders and loans; others are told by their names",
    "reports/journal/trading.py: take": "notes who is admitted; any other command is told by its events",
    "reports/journal/trading.py: _event": "tells of trading; any other event is told elsewhere",
    "reports/sandbox/worker.py: _unescaping": "nodes of Jinja",
    "reports/sandbox/worker.py: finding": "exceptions, of any class",
    "verify/common_type.py: common_type": "types of two kinds have no fact in common",
    "verify/common_type.py: comparable": "answers of two kinds are never equal",
    "verify/translate.py: _written": "writes what names a fact or binds one; any other node has parts only",
    "scenario/stress.py: _take": "keeps prices; any other command gives none",
    "workbooks/cells.py: _number": "types that a number may be of; a number of any other is refused",
    "workbooks/from_xlsx.py: _stored": "kinds of cells, as files of other programs say them",
    "workbooks/sheets.py: of": "what has rows or versions; any other declaration has no sheet",
    "workbooks/sheets.py: _table": "dates, citations and results; any other column is one that rows test",
}

_PLAIN = {"bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}


def patterns(pattern: ast.pattern) -> Iterator[ast.pattern]:
    yield pattern
    for inner in ast.iter_child_nodes(pattern):
        if isinstance(inner, ast.pattern):
            yield from patterns(inner)


def is_closed(match: ast.Match) -> bool:
    """Whether it goes by the class of a node, by a member of an enum or by a word."""
    for pattern in (p for case in match.cases for p in patterns(case.pattern)):
        match pattern:
            case ast.MatchClass(cls=cls) if ast.unparse(cls) not in _PLAIN:
                return True
            case ast.MatchValue(value=ast.Attribute() | ast.Constant(value=str())):
                return True
    return False


def is_exhaustive(match: ast.Match) -> bool:
    """Whether the last case is `case _: assert_never(…)`."""
    match match.cases[-1]:
        case ast.match_case(
            pattern=ast.MatchAs(pattern=None),
            guard=None,
            body=[ast.Expr(value=ast.Call(func=ast.Name(id="assert_never")))],
        ):
            return True
    return False


def matches(node: ast.AST, function: str = "") -> Iterator[tuple[str, ast.Match]]:
    """Every `match` inside, with the name of the function that it stands in."""
    if isinstance(node, ast.FunctionDef):
        function = node.name
    if isinstance(node, ast.Match):
        yield function, node
    for inner in ast.iter_child_nodes(node):
        yield from matches(inner, function)


def offenders(text: str, file: str) -> list[str]:
    return [
        f"{file}:{match.lineno}: `match {ast.unparse(match.subject)}` in `{function}` has no `assert_never`"
        for function, match in matches(ast.parse(text))
        if is_closed(match) and not is_exhaustive(match) and f"{file}: {function}" not in OPEN
    ]


def of_room(room: str) -> list[str]:
    files = [PACKAGE / f"{room}.py"] if (PACKAGE / f"{room}.py").exists() else sorted((PACKAGE / room).rglob("*.py"))
    return [line for f in files for line in offenders(f.read_text("utf-8"), f.relative_to(PACKAGE).as_posix())]


@pytest.mark.parametrize("room", ROOMS)
def test_every_match_over_a_closed_set_is_exhaustive(room: str) -> None:
    assert not of_room(room), "\n".join(of_room(room))


def test_exceptions_are_needed() -> None:
    for place in OPEN:
        file, function = place.split(": ")
        named = [m for f, m in matches(ast.parse((PACKAGE / file).read_text("utf-8"))) if f == function]
        assert any(is_closed(m) and not is_exhaustive(m) for m in named), f"remove `{place}` from `OPEN`"


@pytest.mark.parametrize(
    ("case", "is_found"),
    [
        ("A(x)", True),
        ('"sum" | "count"', True),
        ("Outcome.VALUE", True),
        ("int() | str()", False),
        ("[x, *rest]", False),
    ],
)
def test_what_is_found(case: str, is_found: bool) -> None:
    text = f"def f(x):\n match x:\n  case {case}:\n   pass\n"
    assert bool(offenders(text, "f.py")) == is_found
    assert bool(offenders(text + "  case _:\n   return x\n", "f.py")) == is_found
    assert not offenders(text + "  case _:\n   assert_never(x)\n", "f.py")
